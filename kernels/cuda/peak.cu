// peak.cu: what the tensor cores can do at most, for benches to hold the convolutions against.
//
// peak_tensor_core:  acc_i += a * b, `iterations` times for each of four accumulators of every warp
//   y      [warps] f32; the sum of a corner of the accumulators, so that nothing is left out
//   grid   any; 8 warps a block; a warp does 4 * iterations products of 16x16x16, f16 with f32 sums
//   order  each accumulator sums a constant: y = 4 * 16 * iterations * 2^-10 exactly, while under 2^24 * 2^-10
//   checked against  that formula

#include <mma.h>

extern "C" __global__ void __launch_bounds__(256)
peak_tensor_core(float* __restrict__ y, unsigned iterations) {
    using namespace nvcuda;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::col_major> b;
    // Four chains of products, so that one need not wait for another.
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sums[4];
    wmma::fill_fragment(a, __float2half_rn(0.03125f));
    wmma::fill_fragment(b, __float2half_rn(0.03125f));
#pragma unroll
    for (int i = 0; i < 4; i++) wmma::fill_fragment(sums[i], 0.0f);
    for (unsigned n = 0; n < iterations; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) wmma::mma_sync(sums[i], a, b, sums[i]);
    }
    if (threadIdx.x % 32 == 0) {
        y[blockIdx.x * 8 + threadIdx.x / 32] = (sums[0].x[0] + sums[1].x[0]) + (sums[2].x[0] + sums[3].x[0]);
    }
}
