// elementwise.cu: functions of one and of two operands, and accumulation.
//
// unary_OP:    y[i] = op(x[i])                    x may be y
// binary_OP:   y[i] = op(a[i], b[i % repeat])     a may be y; repeat divides n
// accumulate:  y[i] += c * x[i]                   c the element if there is one, else the constant
//   x, a, b, y   [n] f32, any layout
//   grid     grid-stride, one thread per 4 elements (16-byte accesses) where every operand starts on a
//            16-byte boundary, and so does every repetition of b; else, and for the rest, one per element
//   order    nothing is summed
//   checked against  radars_tensor::cpu, methods `unary`, `binary`, `accumulate`

#include "coefficient.cuh"
#include "pack.cuh"
#include "pointwise.cuh"

constexpr int THREADS = 256;

__device__ __forceinline__ unsigned long long first_index() {
    return static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
}

__device__ __forceinline__ unsigned long long grid_stride() {
    return static_cast<unsigned long long>(gridDim.x) * THREADS;
}

// y = f(x).
template <typename F>
__device__ __forceinline__ void map(const float* x, float* y, unsigned long long n, F f) {
    const bool wide = takes_packs(x) && takes_packs(y);
    const unsigned long long packs = wide ? n / 4 : 0;
    for (unsigned long long i = first_index(); i < packs; i += grid_stride()) {
        Pack<4> v = load<4>(x + 4 * i);
#pragma unroll
        for (float& lane : v.lane) {
            lane = f(lane);
        }
        store<4>(y + 4 * i, v);
    }
    for (unsigned long long i = 4 * packs + first_index(); i < n; i += grid_stride()) {
        y[i] = f(x[i]);
    }
}

// y = f(a, b), V elements a step from element `start` on, b repeated after `repeat` elements. The place in
// b is carried along, so that a thread divides once.
template <int V, typename F>
__device__ __forceinline__ void zip_from(
    unsigned long long start,
    unsigned long long n,
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    F f
) {
    unsigned long long i = start + V * first_index();
    if (i >= n) {
        return;
    }
    const unsigned long long stride = V * grid_stride();
    const bool repeated = repeat < n;
    unsigned long long place = repeated ? i % repeat : i;
    const unsigned long long step = repeated ? stride % repeat : stride;
    for (; i + V <= n; i += stride) {
        Pack<V> v = load<V>(a + i);
        const Pack<V> w = load<V>(b + place);
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            v.lane[lane] = f(v.lane[lane], w.lane[lane]);
        }
        store<V>(y + i, v);
        place += step;
        if (repeated && place >= repeat) {
            place -= repeat;
        }
    }
}

template <typename F>
__device__ __forceinline__ void zip(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n,
    F f
) {
    if (repeat == 1) {
        const float scalar = b[0];
        map(a, y, n, [=](float value) { return f(value, scalar); });
        return;
    }
    const bool aligned = takes_packs(a) && takes_packs(b) && takes_packs(y);
    const bool wide = aligned && (repeat == n || repeat % 4 == 0);
    const unsigned long long packed = wide ? n / 4 * 4 : 0;
    if (wide) {
        zip_from<4>(0, n, a, b, repeat, y, f);
    }
    if (packed < n) {
        zip_from<1>(packed, n, a, b, repeat, y, f);
    }
}

// The gradient b where f's gate is open at a.
template <typename F>
__device__ __forceinline__ void gate(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n,
    F f
) {
    zip(a, b, repeat, y, n, [=](float a, float b) { return f.passes(a) ? b : 0.0f; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_relu(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return relu(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_relu6(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return Relu6{}.value(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_sigmoid(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return 1.0f / (1.0f + expf(-x)); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_tanh(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return tanhf(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_exp(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return expf(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_log(const float* x, float* y, unsigned long long n) {
    map(x, y, n, [](float x) { return logf(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_affine(const float* x, float* y, unsigned long long n, float scale, float shift) {
    map(x, y, n, [=](float x) { return scale * x + shift; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_fake_quantise(const float* x, float* y, unsigned long long n, Quantiser format) {
    map(x, y, n, [=](float x) { return quantise(format, x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_relu_quantise(const float* x, float* y, unsigned long long n, Quantiser format) {
    map(x, y, n, [=](float x) { return ReluQuantise{format}.value(x); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
unary_clip_coefficient(const float* x, float* y, unsigned long long n, float max_norm) {
    map(x, y, n, [=](float x) { return fminf(max_norm / (sqrtf(x) + 1e-6f), 1.0f); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_add(const float* a, const float* b, unsigned long long repeat, float* y, unsigned long long n) {
    zip(a, b, repeat, y, n, [](float a, float b) { return a + b; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_sub(const float* a, const float* b, unsigned long long repeat, float* y, unsigned long long n) {
    zip(a, b, repeat, y, n, [](float a, float b) { return a - b; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_mul(const float* a, const float* b, unsigned long long repeat, float* y, unsigned long long n) {
    zip(a, b, repeat, y, n, [](float a, float b) { return a * b; });
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_div(const float* a, const float* b, unsigned long long repeat, float* y, unsigned long long n) {
    zip(a, b, repeat, y, n, [](float a, float b) { return a / b; });
}

// a is the sigmoid.
extern "C" __global__ void __launch_bounds__(THREADS)
binary_sigmoid_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n
) {
    zip(a, b, repeat, y, n, [](float a, float b) { return b * a * (1.0f - a); });
}

// a is the tanh.
extern "C" __global__ void __launch_bounds__(THREADS)
binary_tanh_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n
) {
    zip(a, b, repeat, y, n, [](float a, float b) { return b * (1.0f - a * a); });
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_relu_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n
) {
    gate(a, b, repeat, y, n, Relu{});
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_relu6_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n
) {
    gate(a, b, repeat, y, n, Relu6{});
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_fake_quantise_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n,
    Quantiser format
) {
    gate(a, b, repeat, y, n, FakeQuantise{format});
}

extern "C" __global__ void __launch_bounds__(THREADS)
binary_relu_quantise_backward(
    const float* a,
    const float* b,
    unsigned long long repeat,
    float* y,
    unsigned long long n,
    Quantiser format
) {
    gate(a, b, repeat, y, n, ReluQuantise{format});
}

extern "C" __global__ void __launch_bounds__(THREADS)
accumulate(
    float constant,
    const float* __restrict__ element,
    const float* __restrict__ x,
    float* y,
    unsigned long long n
) {
    const float c = coefficient(constant, element);
    zip(y, x, n, y, n, [=](float y, float x) { return y + c * x; });
}
