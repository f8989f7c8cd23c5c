// quad.cuh: four neighbours at a time.
//
// A kernel that works on four contiguous floats does so through these. VECTOR: one 16-byte access, for addresses that
// are multiples of 16 bytes. Otherwise 4-byte accesses to the same elements, of which only the first `left` exist:
// results are the same either way, so that no result depends on where a tensor lies.

#pragma once

__device__ __forceinline__ float4 splat(float value) { return make_float4(value, value, value, value); }

// source[0 .. 4]; `missing` stands for the elements from `left` on.
template <bool VECTOR>
__device__ __forceinline__ float4 load_quad(const float* source, unsigned left, float missing) {
    if (VECTOR) return *reinterpret_cast<const float4*>(source);
    return make_float4(left > 0 ? source[0] : missing, left > 1 ? source[1] : missing,
                       left > 2 ? source[2] : missing, left > 3 ? source[3] : missing);
}

// target[0 .. min(left, 4)] = value.
template <bool VECTOR>
__device__ __forceinline__ void store_quad(float* target, unsigned left, float4 value) {
    if (VECTOR) {
        *reinterpret_cast<float4*>(target) = value;
        return;
    }
    if (left > 0) target[0] = value.x;
    if (left > 1) target[1] = value.y;
    if (left > 2) target[2] = value.z;
    if (left > 3) target[3] = value.w;
}

// total += a * b, element by element.
__device__ __forceinline__ void multiply_add(float4& total, float4 a, float4 b) {
    total.x = fmaf(a.x, b.x, total.x);
    total.y = fmaf(a.y, b.y, total.y);
    total.z = fmaf(a.z, b.z, total.z);
    total.w = fmaf(a.w, b.w, total.w);
}

// total += x, element by element.
__device__ __forceinline__ void add(float4& total, float4 x) {
    total.x += x.x;
    total.y += x.y;
    total.z += x.z;
    total.w += x.w;
}
