// conv_operand.cuh: how the values of a convolution's operand become operands of the f16 tensor cores.
//
// exact    a value of a format of at most 11 significant bits is an f16 as it is: one f16 an operand
// split    any other float x becomes two: with s a power of two that puts the tensor's largest magnitude into
//              [2^14, 2^15), hi = f16(s x) and lo = f16(s x - hi), so hi + lo keeps 22 bits of x, and of what is
//              small against the largest, an absolute 2^-25 / s. Sums of products are divided by s at the end.
//   NaN    stays NaN; an infinity gives hi = inf, lo = inf - inf = NaN: its sums are NaN, never finite numbers
//   scales [4] f32, written by conv_scale.cu: s and 1 / s of the first operand, then of the second
//   checked against  radars_tensor::FixedPoint::quantise

#pragma once

#include <cuda_fp16.h>

#include "pointwise.cuh"

// Four halves, moved as one 8-byte access.
struct __align__(8) HalfQuad {
    __half2 low;
    __half2 high;
};

// Whether there is anything to quantise to: operands that are taken as they are come with steps of zero.
__device__ __forceinline__ bool is_format(const Quantiser& q) { return q.step > 0.0f; }

// What s x loses when it is rounded to f16.
__device__ __forceinline__ float half_remainder(float scaled) {
    return scaled - __half2float(__float2half_rn(scaled));
}

__device__ __forceinline__ HalfQuad half_quad(float a, float b, float c, float d) {
    return HalfQuad{__floats2half2_rn(a, b), __floats2half2_rn(c, d)};
}

// Writes WIDTH (1 or 4) neighbours to shared memory: to `hi`, and if SPLIT, after scaling, the remainders to `lo`.
template <int WIDTH, bool SPLIT>
__device__ __forceinline__ void store_operand(const float (&x)[WIDTH], float scale, __half* hi, __half* lo) {
    float v[WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; i++) v[i] = SPLIT ? x[i] * scale : x[i];
    if constexpr (WIDTH == 4) {
        *reinterpret_cast<HalfQuad*>(hi) = half_quad(v[0], v[1], v[2], v[3]);
        if constexpr (SPLIT) {
            *reinterpret_cast<HalfQuad*>(lo) = half_quad(half_remainder(v[0]), half_remainder(v[1]),
                                                         half_remainder(v[2]), half_remainder(v[3]));
        }
    } else {
        *hi = __float2half_rn(v[0]);
        if constexpr (SPLIT) *lo = __float2half_rn(half_remainder(v[0]));
    }
}
