// batch_norm.cu: batch normalisation forward, with the activation behind it in the same pass.
//
// statistics:  mean[c] and variance[c] (biased) of the rows of x
// normalise:   xhat = (x - mean) / sqrt(variance + epsilon), written over x
//              y = activation(gamma * xhat + beta)
// inference:   y = gamma * (x - mean) / sqrt(variance + epsilon) + beta      x may be y
//   x, y     [rows, channels] f32, channels last        gamma, beta [channels]       stats [2, channels]
//   partials [chunks, 2, channels] f32: of every chunk of rows, mean and sum of squared differences from
//            it, of x - x[0]: row 0 is near the mean, and differences from it keep their digits however far
//            from zero the mean is
//   grid     see batch_norm.cuh; "_packed" kernels for channels % 4 == 0 (16-byte accesses)
//   order    a thread goes down its rows (Welford 1962), lanes are merged in halves (Chan, Golub, LeVeque
//            1983), chunks in f64 by 8 groups, each ascending, then group after group
//   checked against  radars_tensor::cpu, methods `batch_norm`, `batch_norm_activation`, `batch_norm_inference`

#include "batch_norm.cuh"

// Of the rows of one thread: their number, mean, and sum of squared differences from it.
template <int V>
struct Moments {
    float count;
    float mean[V];
    float square[V];
};

template <int V, bool WIDE>
__device__ __forceinline__ Moments<V> moments(
    const float* __restrict__ x,
    const Place& at,
    const BatchNormShape& shape
) {
    const Pack<V> shift = load<V, WIDE>(x + at.channel);
    Moments<V> seen = {};
#pragma unroll 4
    for (unsigned long long row = at.row; row < at.end; row += shape.lanes) {
        const Pack<V> v = load<V, WIDE>(x + row * shape.channels + at.channel);
        seen.count += 1.0f;
        const float share = 1.0f / seen.count;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            const float difference = v.lane[i] - shift.lane[i];
            const float off = difference - seen.mean[i];
            seen.mean[i] += off * share;
            seen.square[i] += off * (difference - seen.mean[i]);
        }
    }
    return seen;
}

template <int V>
__device__ __forceinline__ void statistics(
    const float* __restrict__ x,
    float* __restrict__ partials,
    const BatchNormShape& shape
) {
    __shared__ float counts[THREADS];
    __shared__ float means[V][THREADS];
    __shared__ float squares[V][THREADS];
    const Place at = place<V>(shape);
    if (at.active) {
        const bool wide = V == 1 || takes_packs(x);
        const Moments<V> seen = wide ? moments<V, true>(x, at, shape) : moments<V, false>(x, at, shape);
        counts[threadIdx.x] = seen.count;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            means[i][threadIdx.x] = seen.mean[i];
            squares[i][threadIdx.x] = seen.square[i];
        }
    }
    merge_lanes(shape, at, [&](unsigned to, unsigned from) {
        const float count = counts[to];
        const float total = count + counts[from];
        // A lane below the chunk's last row has seen nothing.
        const float share = total > 0.0f ? counts[from] / total : 0.0f;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            const float off = means[i][from] - means[i][to];
            means[i][to] += off * share;
            squares[i][to] += squares[i][from] + off * off * (count * share);
        }
        counts[to] = total;
    });
    if (at.active && at.lane == 0) {
        float* out = partials + 2ull * blockIdx.y * shape.channels + at.channel;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            out[i] = means[i][threadIdx.x];
            out[shape.channels + i] = squares[i][threadIdx.x];
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_statistics(
    const float* __restrict__ x,
    float* __restrict__ partials,
    BatchNormShape shape
) {
    statistics<1>(x, partials, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_statistics_packed(
    const float* __restrict__ x,
    float* __restrict__ partials,
    BatchNormShape shape
) {
    statistics<4>(x, partials, shape);
}

// Mean and variance of all rows, and inverse[c] = 1 / sqrt(variance + epsilon); 32 channels a block.
extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_combine(
    const float* __restrict__ x,
    const float* __restrict__ partials,
    float* __restrict__ stats,
    float* __restrict__ inverse,
    BatchNormShape shape
) {
    __shared__ double shared[GROUPS][COMBINED];
    const unsigned channel = blockIdx.x * COMBINED + threadIdx.x % COMBINED;
    const unsigned group = threadIdx.x / COMBINED;
    const bool active = channel < shape.channels;
    const unsigned first = active ? group : shape.chunks;
    const auto in_chunk = [&](unsigned chunk) {
        const unsigned long long left = shape.rows - chunk * shape.chunk_rows;
        return static_cast<double>(left < shape.chunk_rows ? left : shape.chunk_rows);
    };
    const auto partial = [&](unsigned chunk, unsigned which) {
        return static_cast<double>(partials[(2ull * chunk + which) * shape.channels + channel]);
    };
    const double rows = static_cast<double>(shape.rows);

    double sum = 0.0;
    for (unsigned chunk = first; chunk < shape.chunks; chunk += GROUPS) {
        sum += in_chunk(chunk) * partial(chunk, 0);
    }
    const double mean = sum_groups(shared, sum) / rows;
    double square = 0.0;
    for (unsigned chunk = first; chunk < shape.chunks; chunk += GROUPS) {
        const double off = partial(chunk, 0) - mean;
        square += partial(chunk, 1) + in_chunk(chunk) * off * off;
    }
    const float variance = static_cast<float>(sum_groups(shared, square) / rows);
    if (active && group == 0) {
        stats[channel] = static_cast<float>(static_cast<double>(x[channel]) + mean);
        stats[shape.channels + channel] = variance;
        inverse[channel] = inverse_deviation(variance, shape.epsilon);
    }
}

// What one thread does of the normalisation.
template <int V, bool WIDE>
struct Normalise {
    float* x;
    const float* gamma;
    const float* beta;
    const float* mean;
    const float* inverse;
    float* y;
    const BatchNormShape& shape;

    template <typename Activation>
    __device__ __forceinline__ void operator()(Activation activation) const {
        const Place at = place<V>(shape);
        if (!at.active) {
            return;
        }
        const Pack<V> gammas = load<V, false>(gamma + at.channel);
        const Pack<V> betas = load<V, false>(beta + at.channel);
        const Pack<V> means = load<V, false>(mean + at.channel);
        const Pack<V> inverses = load<V, false>(inverse + at.channel);
#pragma unroll 4
        for (unsigned long long row = at.row; row < at.end; row += shape.lanes) {
            const unsigned long long index = row * shape.channels + at.channel;
            Pack<V> xhat = load<V, WIDE>(x + index);
            Pack<V> out;
#pragma unroll
            for (int i = 0; i < V; ++i) {
                xhat.lane[i] = (xhat.lane[i] - means.lane[i]) * inverses.lane[i];
                const float z = scaled(gammas.lane[i], xhat.lane[i], betas.lane[i]);
                out.lane[i] = activation.value(z);
            }
            store<V, WIDE>(x + index, xhat);
            store<V, WIDE>(y + index, out);
        }
    }
};

template <int V>
__device__ __forceinline__ void normalise(
    float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ inverse,
    float* __restrict__ y,
    int activation,
    const Quantiser& format,
    const BatchNormShape& shape
) {
    if (V == 1 || (takes_packs(x) && takes_packs(y))) {
        const Normalise<V, true> body{x, gamma, beta, mean, inverse, y, shape};
        with_activation(activation, format, body);
    } else {
        const Normalise<V, false> body{x, gamma, beta, mean, inverse, y, shape};
        with_activation(activation, format, body);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_normalise(
    float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ inverse,
    float* __restrict__ y,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    normalise<1>(x, gamma, beta, mean, inverse, y, activation, format, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_normalise_packed(
    float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ inverse,
    float* __restrict__ y,
    int activation,
    Quantiser format,
    BatchNormShape shape
) {
    normalise<4>(x, gamma, beta, mean, inverse, y, activation, format, shape);
}

template <int V, bool WIDE>
__device__ __forceinline__ void inference(
    const float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ variance,
    float* y,
    const BatchNormShape& shape
) {
    const Place at = place<V>(shape);
    if (!at.active) {
        return;
    }
    const Pack<V> gammas = load<V, false>(gamma + at.channel);
    const Pack<V> betas = load<V, false>(beta + at.channel);
    const Pack<V> means = load<V, false>(mean + at.channel);
    Pack<V> inverses = load<V, false>(variance + at.channel);
#pragma unroll
    for (float& lane : inverses.lane) {
        lane = inverse_deviation(lane, shape.epsilon);
    }
#pragma unroll 4
    for (unsigned long long row = at.row; row < at.end; row += shape.lanes) {
        const unsigned long long index = row * shape.channels + at.channel;
        Pack<V> v = load<V, WIDE>(x + index);
#pragma unroll
        for (int i = 0; i < V; ++i) {
            const float xhat = (v.lane[i] - means.lane[i]) * inverses.lane[i];
            v.lane[i] = scaled(gammas.lane[i], xhat, betas.lane[i]);
        }
        store<V, WIDE>(y + index, v);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_inference(
    const float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ variance,
    float* y,
    BatchNormShape shape
) {
    inference<1, true>(x, gamma, beta, mean, variance, y, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
batch_norm_inference_packed(
    const float* x,
    const float* __restrict__ gamma,
    const float* __restrict__ beta,
    const float* __restrict__ mean,
    const float* __restrict__ variance,
    float* y,
    BatchNormShape shape
) {
    if (takes_packs(x) && takes_packs(y)) {
        inference<4, true>(x, gamma, beta, mean, variance, y, shape);
    } else {
        inference<4, false>(x, gamma, beta, mean, variance, y, shape);
    }
}
