// examples.cu: small kernels, right and wrong ones, that the simulator's own tests launch.
#include <cuda_fp16.h>
#include <cuda_pipeline_primitives.h>
#include <mma.h>

struct Line {
  int length;
  float step;
  const float* offset;
};

// out[i] = offset[0] + step * i for i < length.
extern "C" __global__ void __launch_bounds__(64) line(Line line, float* __restrict__ out) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < line.length) out[i] = line.offset[0] + line.step * i;
}

// out[0] = the sum of x[0..count], by shuffles and dynamic shared memory.
extern "C" __global__ void sum(const float* __restrict__ x, float* __restrict__ out, int count) {
  extern __shared__ float parts[];
  float total = 0.0f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) total += x[i];
  for (int by = 16; by > 0; by /= 2) total += __shfl_down_sync(0xFFFFFFFFu, total, by);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = total;
  __syncthreads();
  if (threadIdx.x == 0) {
    total = 0.0f;
    for (int warp = 0; warp < int(blockDim.x / 32); warp++) total += parts[warp];
    out[0] = total;
  }
}

// Wrong: reads the neighbour's value with no barrier between. Forwards it is there by chance.
extern "C" __global__ void race(float* __restrict__ out) {
  __shared__ float values[64];
  values[threadIdx.x] = float(threadIdx.x);
  out[threadIdx.x] = threadIdx.x == 0 ? 0.0f : values[threadIdx.x - 1];
}

// Wrong where count is over the length of out.
extern "C" __global__ void fill(float* __restrict__ out, int count) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    out[i] = 1.0f;  // the line that AddressSanitizer names
  }
}

// Wrong where at is over 15.
extern "C" __global__ void shared_index(float* __restrict__ out, int at) {
  __shared__ float values[16];
  values[threadIdx.x % 16] = 2.0f;
  __syncthreads();
  out[threadIdx.x] = values[at];  // the line that AddressSanitizer names
}

// Wrong: 16-byte stores to an array that is declared for 4-byte ones.
extern "C" __global__ void shared_alignment(float* __restrict__ out) {
  __shared__ float values[128];
  reinterpret_cast<float4*>(values)[threadIdx.x] = make_float4(1.0f, 2.0f, 3.0f, 4.0f);
  __syncthreads();
  out[threadIdx.x] = values[4 * threadIdx.x];
}

// Wrong: the two halves of the block wait at different barriers.
extern "C" __global__ void divergent_barrier(float* __restrict__ out) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = 1.0f;
}

// Wrong: lane 0 waits for lanes that wait for it at the barrier.
extern "C" __global__ void deadlock(float* __restrict__ out) {
  if (threadIdx.x == 0) __syncwarp();
  __syncthreads();
  out[threadIdx.x] = 1.0f;
}

// Copies x to out through shared memory; wrong where wait is 0.
extern "C" __global__ void pipeline(const float* __restrict__ x, float* __restrict__ out, int wait) {
  __shared__ __align__(16) float tile[128];
  __pipeline_memcpy_async(&tile[4 * threadIdx.x], &x[4 * threadIdx.x], 16);
  __pipeline_commit();
  if (wait != 0) __pipeline_wait_prior(0);
  __syncthreads();
  for (int i = 0; i < 4; i++) out[4 * threadIdx.x + i] = tile[4 * threadIdx.x + i];
}

// out = a b on tensor cores, one warp; a is by rows, b by columns. `pitch` is that of a: 16 is right.
template <int M, int N>
__device__ __forceinline__ void product(const float* a, const float* b, float* out, int pitch) {
  using namespace nvcuda;
  __shared__ __align__(32) __half left[M * 16 + 32], right[N * 16];
  for (int i = threadIdx.x; i < M * 16; i += 32) left[i] = __float2half_rn(a[i]);
  for (int i = threadIdx.x; i < N * 16; i += 32) right[i] = __float2half_rn(b[i]);
  __syncthreads();
  wmma::fragment<wmma::matrix_a, M, N, 16, __half, wmma::row_major> fa;
  wmma::fragment<wmma::matrix_b, M, N, 16, __half, wmma::col_major> fb;
  wmma::fragment<wmma::accumulator, M, N, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  wmma::load_matrix_sync(fa, left, pitch);
  wmma::load_matrix_sync(fb, right, 16);
  for (int time = 0; time < 3; time++) wmma::mma_sync(sum, fa, fb, sum);
  wmma::store_matrix_sync(out, sum, N, wmma::mem_row_major);
}
extern "C" __global__ void product_16x16(const float* a, const float* b, float* out, int pitch) { product<16, 16>(a, b, out, pitch); }
extern "C" __global__ void product_32x8(const float* a, const float* b, float* out, int pitch) { product<32, 8>(a, b, out, pitch); }
extern "C" __global__ void product_8x32(const float* a, const float* b, float* out, int pitch) { product<8, 32>(a, b, out, pitch); }

// out[i] = x[i] rounded to a half, as its bits.
extern "C" __global__ void half_bits(const float* __restrict__ x, float* __restrict__ out, int count) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    out[i] = float(__half_as_ushort(__float2half_rn(x[i])));
  }
}
