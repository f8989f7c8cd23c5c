// batch_norm_backward.cu: gradients of batch normalisation, through the activation behind it.
//
// With d = dy where the activation's gradient passes at gamma * xhat + beta, else 0:
//   dbeta = sum d      dgamma = sum d * xhat      (over the rows)
//   dx = gamma / sqrt(variance + epsilon) * (d - dbeta / rows - xhat * dgamma / rows), written over dy
// The gate is recomputed from xhat; no mask is kept (Ioffe and Szegedy 2015, section 3).
//   xhat, dy   [rows, channels] f32, channels last     gamma, beta, dgamma, dbeta [channels]
//   variance   [channels]
//   partials   [chunks, 2, channels] f32: sums of d and of d * xhat of every chunk of rows
//   parameters [3, channels] f32: gamma / sqrt(variance + epsilon), dbeta / rows, dgamma / rows
//   grid     see batch_norm.cuh; "_packed" kernels for channels % 4 == 0 (16-byte accesses)
//   order    a thread goes down its rows, lanes are added in halves, chunks in f64 by 8 groups, each
//            ascending, then group after group
//   checked against  radars_tensor::cpu, methods `batch_norm_backward`, `batch_norm_activation_backward`

#include "batch_norm.cuh"

// The sums of one thread.
template <int V, bool WIDE>
struct GradientSums {
    const float* xhat;
    const float* gamma;
    const float* beta;
    const float* dy;
    const Place& at;
    const BatchNormShape& shape;
    float* sum;
    float* product;

    template <typename Activation>
    __device__ __forceinline__ void operator()(Activation activation) const {
        const Pack<V> gammas = load<V, false>(gamma + at.channel);
        const Pack<V> betas = load<V, false>(beta + at.channel);
#pragma unroll 4
        for (unsigned long long row = at.row; row < at.end; row += shape.lanes) {
            const unsigned long long index = row * shape.channels + at.channel;
            const Pack<V> x = load<V, WIDE>(xhat + index);
            const Pack<V> gradient = load<V, WIDE>(dy + index);
#pragma unroll
            for (int i = 0; i < V; ++i) {
                const float z = scaled(gammas.lane[i], x.lane[i], betas.lane[i]);
                const float d = activation.passes(z) ? gradient.lane[i] : 0.0f;
                sum[i] += d;
                product[i] += d * x.lane[i];
            }
        }
    }
};

template <int V>
__device__ __forceinline__ void gradient_sums(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ dy,
    float* __restrict__ partials,
    int activation,
    const Quantiser& format,
    const BatchNormShape& shape
) {
    __shared__ float sums[V][THREADS];
    __shared__ float products[V][THREADS];
    const Place at = place<V>(shape);
    if (at.active) {
        float sum[V] = {};
        float product[V] = {};
        if (V == 1 || (takes_packs(xhat) && takes_packs(dy))) {
            const GradientSums<V, true> body{xhat, gamma, beta, dy, at, shape, sum, product};
            with_activation(activation, format, body);
        } else {
            const GradientSums<V, false> body{xhat, gamma, beta, dy, at, shape, sum, product};
            with_activation(activation, format, body);
        }
#pragma unroll
        for (int i = 0; i < V; ++i) {
            sums[i][threadIdx.x] = sum[i];
            products[i][threadIdx.x] = product[i];
        }
    }
    merge_lanes(shape, at, [&](unsigned to, unsigned from) {
#pragma unroll
        for (int i = 0; i < V; ++i) {
            sums[i][to] += sums[i][from];
            products[i][to] += products[i][from];
        }
    });
    if (at.active && at.lane == 0) {
        float* out = partials + 2ull * blockIdx.y * shape.channels + at.channel;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            out[i] = sums[i][threadIdx.x];
            out[shape.channels + i] = products[i][threadIdx.x];
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_gradient_sums(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ dy,
    float* __restrict__ partials,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    gradient_sums<1>(xhat, gamma, beta, dy, partials, activation, format, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_gradient_sums_packed(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ dy,
    float* __restrict__ partials,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    gradient_sums<4>(xhat, gamma, beta, dy, partials, activation, format, shape);
}

// The gradients of gamma and beta, and what the last pass wants of them; 32 channels a block.
extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_gradient_combine(
    const float* __restrict__ partials,
    const float* __restrict__ gamma,
    const float* __restrict__ variance,
    float* __restrict__ dgamma,
    float* __restrict__ dbeta,
    float* __restrict__ parameters,
    BatchNormShape shape
) {
    __shared__ double shared[GROUPS][COMBINED];
    const unsigned channel = blockIdx.x * COMBINED + threadIdx.x % COMBINED;
    const unsigned group = threadIdx.x / COMBINED;
    const bool active = channel < shape.channels;
    double sum = 0.0;
    double product = 0.0;
    for (unsigned chunk = active ? group : shape.chunks; chunk < shape.chunks; chunk += GROUPS) {
        const float* partial = partials + 2ull * chunk * shape.channels + channel;
        sum += static_cast<double>(partial[0]);
        product += static_cast<double>(partial[shape.channels]);
    }
    sum = sum_groups(shared, sum);
    product = sum_groups(shared, product);
    if (active && group == 0) {
        const double rows = static_cast<double>(shape.rows);
        dbeta[channel] = static_cast<float>(sum);
        dgamma[channel] = static_cast<float>(product);
        parameters[channel] = gamma[channel] * inverse_deviation(variance[channel], shape.epsilon);
        parameters[shape.channels + channel] = static_cast<float>(sum / rows);
        parameters[2ull * shape.channels + channel] = static_cast<float>(product / rows);
    }
}

// What one thread does of the gradient.
template <int V, bool WIDE>
struct Gradient {
    const float* xhat;
    const float* gamma;
    const float* beta;
    const float* parameters;
    float* dy;
    const BatchNormShape& shape;

    template <typename Activation>
    __device__ __forceinline__ void operator()(Activation activation) const {
        const Place at = place<V>(shape);
        if (!at.active) {
            return;
        }
        const unsigned long long channels = shape.channels;
        const Pack<V> gammas = load<V, false>(gamma + at.channel);
        const Pack<V> betas = load<V, false>(beta + at.channel);
        const Pack<V> scales = load<V, false>(parameters + at.channel);
        const Pack<V> mean_d = load<V, false>(parameters + channels + at.channel);
        const Pack<V> mean_product = load<V, false>(parameters + 2 * channels + at.channel);
#pragma unroll 4
        for (unsigned long long row = at.row; row < at.end; row += shape.lanes) {
            const unsigned long long index = row * channels + at.channel;
            const Pack<V> x = load<V, WIDE>(xhat + index);
            Pack<V> v = load<V, WIDE>(dy + index);
#pragma unroll
            for (int i = 0; i < V; ++i) {
                const float z = scaled(gammas.lane[i], x.lane[i], betas.lane[i]);
                const float d = activation.passes(z) ? v.lane[i] : 0.0f;
                const float centred = d - mean_d.lane[i];
                v.lane[i] = scales.lane[i] * (centred - x.lane[i] * mean_product.lane[i]);
            }
            store<V, WIDE>(dy + index, v);
        }
    }
};

template <int V>
__device__ __forceinline__ void gradient(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ parameters,
    float* dy,
    int activation,
    const Quantiser& format,
    const BatchNormShape& shape
) {
    if (V == 1 || (takes_packs(xhat) && takes_packs(dy))) {
        const Gradient<V, true> body{xhat, gamma, beta, parameters, dy, shape};
        with_activation(activation, format, body);
    } else {
        const Gradient<V, false> body{xhat, gamma, beta, parameters, dy, shape};
        with_activation(activation, format, body);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_gradient(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ parameters,
    float* dy,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    gradient<1>(xhat, gamma, beta, parameters, dy, activation, format, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_gradient_packed(
    const float* __restrict__ xhat,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ parameters,
    float* dy,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    gradient<4>(xhat, gamma, beta, parameters, dy, activation, format, shape);
}
