// mixed_op.cu: the mixtures of candidate operations, of tensors and of one tensor quantised in many ways.
//
// mix:            y = sum_m p[m] * terms[m]
// mix_quantised:  y = sum_m p[m] * quantise_m(x)
// backward:       dx = dy * sum_m p[m] * passes_m(x)      dp[m] = <dy, quantise_m(x)>
//   terms, x, y, dx, dy   [n] f32, any layout     p, dp [candidates] f32
//   partials   [candidates, pieces] f32: the inner product of every piece of 16384 elements
//   launches   64 terms, or 8 formats, each; later ones `resume`: they add to what the first ones wrote
//   grid       forward: grid-stride, one thread per 4 elements (16-byte accesses) where every operand
//              starts on a 16-byte boundary; else, and for the rest, one per element
//              backward: one block per piece, 4 elements a thread at a time
//   order      m ascending. Inner products: a thread's elements ascending, a warp as a butterfly, then warp
//              after warp; pieces in f64, thread t taking t, t + 256, ..., threads added in halves
//   checked against  radars_tensor::compose and radars_tensor::cpu, methods `mix`, `mix_quantised`,
//              `mix_quantised_backward`

#include "pack.cuh"
#include "pointwise.cuh"

constexpr int THREADS = 256;
constexpr int WARP = 32;
constexpr int WARPS = THREADS / WARP;
constexpr int TERMS = 64;
constexpr int FORMATS = 8;
constexpr int PIECE = 16384;

struct MixTerms {
    const float* terms[TERMS];
};

// The fields of several Quantisers, see pointwise.cuh.
struct MixFormats {
    float scale[FORMATS];
    float step[FORMATS];
    float lo[FORMATS];
    float hi[FORMATS];
};

__device__ __forceinline__ unsigned long long first_index() {
    return static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
}

__device__ __forceinline__ unsigned long long grid_stride() {
    return static_cast<unsigned long long>(gridDim.x) * THREADS;
}

// y at i, or zero for the first of several launches.
template <int V>
__device__ __forceinline__ Pack<V> begun(const float* y, unsigned long long i, int resume) {
    if (resume) {
        return load<V>(y + i);
    }
    return Pack<V>{};
}

template <int V>
__device__ __forceinline__ void mix_from(
    unsigned long long start,
    unsigned long long n,
    const float* __restrict__ p,
    const MixTerms& terms,
    int count,
    int resume,
    float* y
) {
    for (unsigned long long i = start + V * first_index(); i + V <= n; i += V * grid_stride()) {
        Pack<V> sum = begun<V>(y, i, resume);
#pragma unroll 4
        for (int m = 0; m < count; ++m) {
            const float weight = p[m];
            const Pack<V> term = load<V>(terms.terms[m] + i);
#pragma unroll
            for (int lane = 0; lane < V; ++lane) {
                sum.lane[lane] += weight * term.lane[lane];
            }
        }
        store<V>(y + i, sum);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
mix(
    const float* __restrict__ p,
    MixTerms terms,
    int count,
    int resume,
    float* y,
    unsigned long long n
) {
    bool wide = takes_packs(y);
    for (int m = 0; m < count; ++m) {
        wide = wide && takes_packs(terms.terms[m]);
    }
    const unsigned long long packed = wide ? n / 4 * 4 : 0;
    mix_from<4>(0, packed, p, terms, count, resume, y);
    mix_from<1>(packed, n, p, terms, count, resume, y);
}

// The code of x, clamped. Steps are powers of two, so a sum of codes times `p * step` is that of values
// times p to the bit, and p * step is a product a thread instead of one an element. For NaN it is lo: the
// caller takes care of NaN, once for all formats.
__device__ __forceinline__ float clamped_code(float code, float lo, float hi) {
    return fminf(fmaxf(code, lo), hi);
}

template <int V>
__device__ __forceinline__ void mix_quantised_from(
    unsigned long long start,
    unsigned long long n,
    const float* __restrict__ p,
    const MixFormats& formats,
    int count,
    int resume,
    const float* __restrict__ x,
    float* y
) {
    for (unsigned long long i = start + V * first_index(); i + V <= n; i += V * grid_stride()) {
        const Pack<V> v = load<V>(x + i);
        Pack<V> sum = begun<V>(y, i, resume);
#pragma unroll
        for (int m = 0; m < FORMATS; ++m) {
            if (m < count) {
                const float weight = p[m] * formats.step[m];
#pragma unroll
                for (int lane = 0; lane < V; ++lane) {
                    const float code = rintf(v.lane[lane] * formats.scale[m]);
                    sum.lane[lane] += weight * clamped_code(code, formats.lo[m], formats.hi[m]);
                }
            }
        }
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            sum.lane[lane] = is_nan(v.lane[lane]) ? v.lane[lane] : sum.lane[lane];
        }
        store<V>(y + i, sum);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
mix_quantised(
    const float* __restrict__ p,
    MixFormats formats,
    int count,
    int resume,
    const float* __restrict__ x,
    float* y,
    unsigned long long n
) {
    const unsigned long long packed = takes_packs(x) && takes_packs(y) ? n / 4 * 4 : 0;
    mix_quantised_from<4>(0, packed, p, formats, count, resume, x, y);
    mix_quantised_from<1>(packed, n, p, formats, count, resume, x, y);
}

// The 4 elements at i; those from n on are zero, which adds nothing.
__device__ __forceinline__ Pack<4> load_some(
    const float* p,
    unsigned long long i,
    unsigned long long n,
    bool wide
) {
    if (wide && i + 4 <= n) {
        return load<4>(p + i);
    }
    Pack<4> v;
#pragma unroll
    for (int lane = 0; lane < 4; ++lane) {
        v.lane[lane] = i + lane < n ? p[i + lane] : 0.0f;
    }
    return v;
}

__device__ __forceinline__ void store_some(
    float* p,
    const Pack<4>& v,
    unsigned long long i,
    unsigned long long n,
    bool wide
) {
    if (wide && i + 4 <= n) {
        store<4>(p + i, v);
        return;
    }
#pragma unroll
    for (int lane = 0; lane < 4; ++lane) {
        if (i + lane < n) {
            p[i + lane] = v.lane[lane];
        }
    }
}

// Adds a block's inner products and writes them to partials[m][piece].
__device__ __forceinline__ void write_partials(
    const float (&products)[FORMATS],
    const MixFormats& formats,
    int count,
    float* __restrict__ partials
) {
    __shared__ float of_warps[WARPS][FORMATS];
#pragma unroll
    for (int m = 0; m < FORMATS; ++m) {
        float sum = m < count ? products[m] * formats.step[m] : 0.0f;
#pragma unroll
        for (int distance = WARP / 2; distance > 0; distance /= 2) {
            sum += __shfl_xor_sync(0xffffffffu, sum, distance);
        }
        if (threadIdx.x % WARP == 0) {
            of_warps[threadIdx.x / WARP][m] = sum;
        }
    }
    __syncthreads();
    const int m = threadIdx.x;
    if (m < count) {
        float sum = 0.0f;
        for (int warp = 0; warp < WARPS; ++warp) {
            sum += of_warps[warp][m];
        }
        const unsigned long long pieces = gridDim.x;
        partials[m * pieces + blockIdx.x] = sum;
    }
}

// One piece of the gradients, those that are asked for.
template <bool DX, bool DP>
__device__ __forceinline__ void mix_quantised_backward(
    const float* __restrict__ p,
    const MixFormats& formats,
    int count,
    int resume,
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* dx,
    float* __restrict__ partials,
    unsigned long long n
) {
    const unsigned long long begin = static_cast<unsigned long long>(blockIdx.x) * PIECE;
    const unsigned long long end = begin + PIECE < n ? begin + PIECE : n;
    const bool wide = takes_packs(x) && takes_packs(dy) && (!DX || takes_packs(dx));
    float products[FORMATS] = {};
    for (unsigned long long i = begin + 4 * threadIdx.x; i < end; i += 4 * THREADS) {
        const Pack<4> v = load_some(x, i, n, wide);
        const Pack<4> gradient = load_some(dy, i, n, wide);
        Pack<4> weight = {};
        Pack<4> factor;
#pragma unroll
        for (int lane = 0; lane < 4; ++lane) {
            factor.lane[lane] = is_nan(v.lane[lane]) ? v.lane[lane] : gradient.lane[lane];
        }
#pragma unroll
        for (int m = 0; m < FORMATS; ++m) {
            if (m < count) {
                const float lo = formats.lo[m];
                const float hi = formats.hi[m];
#pragma unroll
                for (int lane = 0; lane < 4; ++lane) {
                    const float code = rintf(v.lane[lane] * formats.scale[m]);
                    if (DX) {
                        weight.lane[lane] += code >= lo && code <= hi ? p[m] : 0.0f;
                    }
                    if (DP) {
                        products[m] += factor.lane[lane] * clamped_code(code, lo, hi);
                    }
                }
            }
        }
        if (DX) {
            Pack<4> out = resume ? load_some(dx, i, n, wide) : Pack<4>{};
#pragma unroll
            for (int lane = 0; lane < 4; ++lane) {
                out.lane[lane] += weight.lane[lane] * gradient.lane[lane];
            }
            store_some(dx, out, i, n, wide);
        }
    }
    if (DP) {
        write_partials(products, formats, count, partials);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
mix_quantised_backward_x(
    const float* __restrict__ p,
    MixFormats formats,
    int count,
    int resume,
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* dx,
    unsigned long long n
) {
    mix_quantised_backward<true, false>(p, formats, count, resume, x, dy, dx, nullptr, n);
}

extern "C" __global__ void __launch_bounds__(THREADS)
mix_quantised_backward_p(
    MixFormats formats,
    int count,
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* __restrict__ partials,
    unsigned long long n
) {
    mix_quantised_backward<false, true>(nullptr, formats, count, 0, x, dy, nullptr, partials, n);
}

extern "C" __global__ void __launch_bounds__(THREADS)
mix_quantised_backward_both(
    const float* __restrict__ p,
    MixFormats formats,
    int count,
    int resume,
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* dx,
    float* __restrict__ partials,
    unsigned long long n
) {
    mix_quantised_backward<true, true>(p, formats, count, resume, x, dy, dx, partials, n);
}

// dp[m] of all pieces; one block a candidate.
extern "C" __global__ void __launch_bounds__(THREADS)
mix_quantised_combine(
    const float* __restrict__ partials,
    float* __restrict__ dp,
    unsigned long long pieces
) {
    __shared__ double sums[THREADS];
    const float* __restrict__ mine = partials + blockIdx.x * pieces;
    double sum = 0.0;
    for (unsigned long long piece = threadIdx.x; piece < pieces; piece += THREADS) {
        sum += static_cast<double>(mine[piece]);
    }
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            sums[threadIdx.x] += sums[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        dp[blockIdx.x] = static_cast<float>(sums[0]);
    }
}
