// pointwise.cuh: the functions of one value that several families share, with the gates of their gradients.
//
// quantise(x) = clamp(round_half_even(x * 2^F), lo, hi) * 2^-F; its straight-through gradient passes where
// the rounded code lies within [lo, hi]. Comparisons are written so that NaN stays NaN, as on the CPU: a
// diverged training shows.
//   checked against  radars_tensor::cpu::pointwise, bit for bit

#pragma once

// A fixed-point format: codes per unit, the size of a step, the smallest and the largest code.
struct Quantiser {
    float scale;
    float step;
    float lo;
    float hi;
};

__device__ __forceinline__ float quantise(const Quantiser& q, float x) {
    const float code = rintf(x * q.scale);
    const float at_least = code < q.lo ? q.lo : code;
    const float clamped = at_least > q.hi ? q.hi : at_least;
    return clamped * q.step;
}

__device__ __forceinline__ bool in_range(const Quantiser& q, float x) {
    const float code = rintf(x * q.scale);
    return code >= q.lo && code <= q.hi;
}

__device__ __forceinline__ bool is_nan(float x) { return x != x; }

__device__ __forceinline__ float relu(float z) { return z < 0.0f ? 0.0f : z; }

// Functions with a gate: value(z), and whether the gradient passes at z.

struct Identity {
    __device__ __forceinline__ float value(float z) const { return z; }
    __device__ __forceinline__ bool passes(float) const { return true; }
};

struct Relu {
    __device__ __forceinline__ float value(float z) const { return relu(z); }
    __device__ __forceinline__ bool passes(float z) const { return z > 0.0f; }
};

struct Relu6 {
    __device__ __forceinline__ float value(float z) const {
        const float positive = relu(z);
        return positive > 6.0f ? 6.0f : positive;
    }
    __device__ __forceinline__ bool passes(float z) const { return z > 0.0f && z < 6.0f; }
};

struct FakeQuantise {
    Quantiser q;
    __device__ __forceinline__ float value(float z) const { return quantise(q, z); }
    __device__ __forceinline__ bool passes(float z) const { return in_range(q, z); }
};

struct ReluQuantise {
    Quantiser q;
    __device__ __forceinline__ float value(float z) const { return quantise(q, relu(z)); }
    __device__ __forceinline__ bool passes(float z) const {
        return z > 0.0f && rintf(z * q.scale) <= q.hi;
    }
};
