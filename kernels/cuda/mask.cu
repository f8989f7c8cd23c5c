// mask.cu: masks of one bit an element, the lowest bit of a byte first.
//
// mask_OP:     bit i of mask = op(x[i]); bits that belong to no element are 0
// apply_mask:  y[i] = 0 where bit i of mask is 0
//   x, y   [n] f32      mask   [ceil(n / 8)] u8
//   grid   grid-stride, one thread per byte of mask, so per 8 elements (two 16-byte accesses where x, or
//          y, starts on a 16-byte boundary)
//   order  nothing is summed
//   checked against  radars_tensor::cpu, methods `mask` and `apply_mask`

#include "pack.cuh"
#include "pointwise.cuh"

constexpr int THREADS = 256;
constexpr int BITS = 8;

__device__ __forceinline__ unsigned long long first_byte() {
    return static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
}

__device__ __forceinline__ unsigned long long grid_stride() {
    return static_cast<unsigned long long>(gridDim.x) * THREADS;
}

// The bits of the 8 elements at x.
template <typename P>
__device__ __forceinline__ unsigned byte_of_packs(const float* x, P passes) {
    unsigned byte = 0;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        const Pack<4> v = load<4>(x + 4 * half);
#pragma unroll
        for (int lane = 0; lane < 4; ++lane) {
            byte |= (passes(v.lane[lane]) ? 1u : 0u) << (4 * half + lane);
        }
    }
    return byte;
}

template <typename P>
__device__ __forceinline__ void bits(
    const float* x,
    unsigned char* mask,
    unsigned long long n,
    P passes
) {
    const bool wide = takes_packs(x);
    for (unsigned long long i = first_byte(); i < (n + BITS - 1) / BITS; i += grid_stride()) {
        const unsigned long long start = BITS * i;
        unsigned byte = 0;
        if (wide && start + BITS <= n) {
            byte = byte_of_packs(x + start, passes);
        } else {
            for (int bit = 0; bit < BITS && start + bit < n; ++bit) {
                byte |= (passes(x[start + bit]) ? 1u : 0u) << bit;
            }
        }
        mask[i] = static_cast<unsigned char>(byte);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
mask_positive(
    const float* __restrict__ x,
    unsigned char* __restrict__ mask,
    unsigned long long n
) {
    bits(x, mask, n, [](float x) { return x > 0.0f; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
mask_between(
    const float* __restrict__ x,
    unsigned char* __restrict__ mask,
    unsigned long long n,
    float lo,
    float hi
) {
    bits(x, mask, n, [=](float x) { return x > lo && x < hi; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
mask_in_range(
    const float* __restrict__ x,
    unsigned char* __restrict__ mask,
    unsigned long long n,
    Quantiser format
) {
    bits(x, mask, n, [=](float x) { return in_range(format, x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
apply_mask(const unsigned char* __restrict__ mask, float* y, unsigned long long n) {
    const bool wide = takes_packs(y);
    for (unsigned long long i = first_byte(); i < (n + BITS - 1) / BITS; i += grid_stride()) {
        const unsigned long long start = BITS * i;
        const unsigned byte = mask[i];
        if (wide && start + BITS <= n) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                Pack<4> v = load<4>(y + start + 4 * half);
#pragma unroll
                for (int lane = 0; lane < 4; ++lane) {
                    v.lane[lane] = byte >> (4 * half + lane) & 1 ? v.lane[lane] : 0.0f;
                }
                store<4>(y + start + 4 * half, v);
            }
        } else {
            for (int bit = 0; bit < BITS && start + bit < n; ++bit) {
                if (!(byte >> bit & 1)) {
                    y[start + bit] = 0.0f;
                }
            }
        }
    }
}
