// optimizer.cu: steps of stochastic gradient descent and of Adam, one pass over memory each.
//
// sgd_step:   g = c * gradient + decay * p;  v = momentum * v + g;
//             p -= rate * (g + momentum * v) with Nesterov's momentum, else p -= rate * v
// adam_step:  g = c * gradient + decay * p;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
//             p -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon)
//   gradient, velocity, m, v, p   [n] f32, any layout      c   the element if there is one, else the constant
//   grid   grid-stride, one thread per 4 elements (16-byte accesses) where every operand starts on a
//          16-byte boundary; else, and for the rest, one per element
//   order  nothing is summed
//   checked against  radars_tensor::cpu, methods `sgd_step` and `adam_step`

#include "coefficient.cuh"
#include "pack.cuh"

constexpr int THREADS = 256;

// Sutskever et al. 2013, as radars_tensor::SgdStep.
struct SgdStep {
    float rate;
    float momentum;
    float weight_decay;
    int nesterov;
};

// Kingma and Ba 2015, as radars_tensor::AdamStep.
struct AdamStep {
    float rate;
    float beta1;
    float beta2;
    float epsilon;
    float weight_decay;
    float correction1;
    float correction2;
};

// Calls step.run<V>(i) for the first of every V elements of the caller's part of start .. n.
template <int V, typename Step>
__device__ __forceinline__ void steps(unsigned long long start, unsigned long long n, const Step& step) {
    const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * THREADS;
    const unsigned long long thread = static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
    for (unsigned long long i = start + V * thread; i + V <= n; i += V * stride) {
        step.template run<V>(i);
    }
}

struct Sgd {
    const SgdStep& step;
    float c;
    const float* gradient;
    float* velocity;
    float* p;

    template <int V>
    __device__ __forceinline__ void run(unsigned long long i) const {
        const Pack<V> gradients = load<V>(gradient + i);
        Pack<V> velocities = load<V>(velocity + i);
        Pack<V> values = load<V>(p + i);
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            const float value = values.lane[lane];
            const float g = c * gradients.lane[lane] + step.weight_decay * value;
            const float v = step.momentum * velocities.lane[lane] + g;
            const float along = step.nesterov ? g + step.momentum * v : v;
            velocities.lane[lane] = v;
            values.lane[lane] = value - step.rate * along;
        }
        store<V>(velocity + i, velocities);
        store<V>(p + i, values);
    }
};

struct Adam {
    const AdamStep& step;
    float c;
    const float* gradient;
    float* m;
    float* v;
    float* p;

    template <int V>
    __device__ __forceinline__ void run(unsigned long long i) const {
        const Pack<V> gradients = load<V>(gradient + i);
        Pack<V> first = load<V>(m + i);
        Pack<V> second = load<V>(v + i);
        Pack<V> values = load<V>(p + i);
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            const float value = values.lane[lane];
            const float g = c * gradients.lane[lane] + step.weight_decay * value;
            const float mean = step.beta1 * first.lane[lane] + (1.0f - step.beta1) * g;
            const float square = step.beta2 * second.lane[lane] + (1.0f - step.beta2) * (g * g);
            const float root = sqrtf(square / step.correction2) + step.epsilon;
            first.lane[lane] = mean;
            second.lane[lane] = square;
            values.lane[lane] = value - step.rate * (mean / step.correction1 / root);
        }
        store<V>(m + i, first);
        store<V>(v + i, second);
        store<V>(p + i, values);
    }
};

extern "C" __global__ void __launch_bounds__(THREADS)
sgd_step(
    float constant,
    const float* __restrict__ element,
    const float* __restrict__ gradient,
    float* velocity,
    float* p,
    unsigned long long n,
    SgdStep step
) {
    const Sgd body{step, coefficient(constant, element), gradient, velocity, p};
    const bool wide = takes_packs(gradient) && takes_packs(velocity) && takes_packs(p);
    const unsigned long long packed = wide ? n / 4 * 4 : 0;
    steps<4>(0, packed, body);
    steps<1>(packed, n, body);
}

extern "C" __global__ void __launch_bounds__(THREADS)
adam_step(
    float constant,
    const float* __restrict__ element,
    const float* __restrict__ gradient,
    float* m,
    float* v,
    float* p,
    unsigned long long n,
    AdamStep step
) {
    const Adam body{step, coefficient(constant, element), gradient, m, v, p};
    const bool wide = takes_packs(gradient) && takes_packs(m) && takes_packs(v) && takes_packs(p);
    const unsigned long long packed = wide ? n / 4 * 4 : 0;
    steps<4>(0, packed, body);
    steps<1>(packed, n, body);
}
