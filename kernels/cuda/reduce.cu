// reduce.cu: reductions along an axis, their adjoint, and inner products.
//
// reduce:     y[outer][inner] = (fold of x[outer][..][inner]) / divisor
//             sum: + x     sum_of_squares: + x * x     max: the larger; passes over NaN
// dot:        y = sum_i a[i] * b[i]
// broadcast:  y[outer][a][inner] = scale * x[outer][inner]
//
//   tensors  f32, contiguous, [outer][axis][inner]
//   parts    a long axis is cut into parts of `steps`; one launch leaves the folds of the parts in scratch, a second
//            launch of the same kernel folds those. A short axis is one part.
//   grid     one-dimensional, strided over all items.
//            rows (inner == 1): `lanes` (a warp, or the block) threads per part of a row, four neighbours each at a time
//            columns (inner > 1): a block per part and tile of 4 * width columns; threads are
//            [256 / width rows][width column quads], columns fastest
//   order    a thread folds its steps ascending, then warps fold in a butterfly, blocks in halves: given by the sizes
//            alone. The "_scalar" kernels fold the same elements in the same order through 4-byte accesses.
//   checked against  radars_tensor::Cpu (cpu/reduce.rs)

#include "quad.cuh"

// What a launch reduces; `outer * parts` folds of each of `inner` columns.
struct ReduceShape {
    unsigned long long outer;
    unsigned long long axis;
    unsigned long long inner;
    unsigned long long parts;
    unsigned steps;
    unsigned lanes;
    float divisor;
};

namespace {

constexpr unsigned THREADS = 256;
constexpr unsigned WARP = 32;

struct Sum {
    static __device__ __forceinline__ float identity() { return 0.0f; }
    static __device__ __forceinline__ float take(float total, float x) { return total + x; }
    static __device__ __forceinline__ float fold(float a, float b) { return a + b; }
};

struct SumOfSquares {
    static __device__ __forceinline__ float identity() { return 0.0f; }
    static __device__ __forceinline__ float take(float total, float x) { return fmaf(x, x, total); }
    static __device__ __forceinline__ float fold(float a, float b) { return a + b; }
};

struct Max {
    // Minus infinity, which is left where there is nothing but NaN.
    static __device__ __forceinline__ float identity() { return __int_as_float(0xff800000); }
    static __device__ __forceinline__ float take(float total, float x) { return fmaxf(total, x); }
    static __device__ __forceinline__ float fold(float a, float b) { return fmaxf(a, b); }
};

// Folds values into totals. The rounding is spelled out (fmaf), not left to the compiler: variants agree to the bit.
template <class Op>
__device__ __forceinline__ float4 take(float4 totals, float4 x) {
    return make_float4(Op::take(totals.x, x.x), Op::take(totals.y, x.y), Op::take(totals.z, x.z),
                       Op::take(totals.w, x.w));
}

template <class Op>
__device__ __forceinline__ float4 fold(float4 a, float4 b) {
    return make_float4(Op::fold(a.x, b.x), Op::fold(a.y, b.y), Op::fold(a.z, b.z), Op::fold(a.w, b.w));
}

// Folds four totals of each of `lanes` (WARP or THREADS) threads; every one of them gets the result.
template <class Op>
__device__ __forceinline__ float fold_lanes(float4 totals, unsigned lanes) {
    __shared__ float warps[THREADS / WARP];
    float total = Op::fold(Op::fold(totals.x, totals.y), Op::fold(totals.z, totals.w));
    for (int distance = WARP / 2; distance > 0; distance /= 2)
        total = Op::fold(total, __shfl_xor_sync(0xffffffffu, total, distance));
    if (lanes == WARP) return total;
    __syncthreads();  // the totals of the item before have been read
    if (threadIdx.x % WARP == 0) warps[threadIdx.x / WARP] = total;
    __syncthreads();
    total = warps[0];
    for (unsigned warp = 1; warp < THREADS / WARP; warp++) total = Op::fold(total, warps[warp]);
    return total;
}

// y[row][part] = fold of x[row][part * steps ..].
template <class Op, bool VECTOR>
__device__ __forceinline__ void rows(const float* x, float* y, const ReduceShape& g) {
    unsigned groups = THREADS / g.lanes, lane = threadIdx.x % g.lanes;
    unsigned long long items = g.outer * g.parts;
    unsigned long long item = (unsigned long long)blockIdx.x * groups + threadIdx.x / g.lanes;
    for (; item < items; item += (unsigned long long)gridDim.x * groups) {
        unsigned long long row = item / g.parts, first = item % g.parts * g.steps;
        unsigned count = (unsigned)min((unsigned long long)g.steps, g.axis - first);
        const float* source = x + row * g.axis + first;
        float4 totals = splat(Op::identity());
        for (unsigned i = 4 * lane; i < count; i += 4 * g.lanes) {
            float4 values = load_quad<VECTOR>(source + i, count - i, 0.0f);
            if (count - i >= 4) {
                totals = take<Op>(totals, values);
            } else {  // the last few of a row
                totals.x = Op::take(totals.x, values.x);
                if (count - i > 1) totals.y = Op::take(totals.y, values.y);
                if (count - i > 2) totals.z = Op::take(totals.z, values.z);
            }
        }
        float total = fold_lanes<Op>(totals, g.lanes);
        if (lane == 0) y[item] = total / g.divisor;
    }
}

// y[outer][part][column] = fold of x[outer][part * steps ..][column].
template <class Op, bool VECTOR>
__device__ __forceinline__ void columns(const float* x, float* y, const ReduceShape& g) {
    __shared__ float4 shared[THREADS];
    unsigned width = g.lanes, height = THREADS / width;
    unsigned quad = threadIdx.x % width, row = threadIdx.x / width;
    unsigned long long tiles = (g.inner + 4 * width - 1) / (4 * width);
    for (unsigned long long item = blockIdx.x; item < g.outer * g.parts * tiles; item += gridDim.x) {
        unsigned long long column = (item % tiles * width + quad) * 4, index = item / tiles;
        unsigned long long first = index % g.parts * g.steps;
        unsigned count = (unsigned)min((unsigned long long)g.steps, g.axis - first);
        unsigned left = column < g.inner ? (unsigned)min(g.inner - column, 4ull) : 0;
        const float* source = x + (index / g.parts * g.axis + first) * g.inner + column;
        float4 totals = splat(Op::identity());
        if (left > 0) {
            for (unsigned step = row; step < count; step += height) {
                float4 values = load_quad<VECTOR>(source + step * g.inner, left, 0.0f);
                totals = take<Op>(totals, values);
            }
        }
        shared[threadIdx.x] = totals;
        __syncthreads();
        for (unsigned half = height / 2; half > 0; half /= 2) {
            if (row < half) shared[threadIdx.x] = fold<Op>(shared[threadIdx.x], shared[threadIdx.x + half * width]);
            __syncthreads();
        }
        if (row == 0 && left > 0) {
            float4 total = shared[threadIdx.x];
            total = make_float4(total.x / g.divisor, total.y / g.divisor, total.z / g.divisor, total.w / g.divisor);
            store_quad<VECTOR>(y + index * g.inner + column, left, total);
        }
    }
}

// y[part] = inner product of the part-th `steps` elements.
template <bool VECTOR>
__device__ __forceinline__ void dot(const float* a, const float* b, float* y, unsigned long long elements,
                                    unsigned steps) {
    unsigned long long parts = max((elements + steps - 1) / steps, 1ull);
    for (unsigned long long part = blockIdx.x; part < parts; part += gridDim.x) {
        unsigned long long first = part * steps;
        unsigned count = (unsigned)min((unsigned long long)steps, elements - first);
        float4 totals = splat(0.0f);
        for (unsigned i = 4 * threadIdx.x; i < count; i += 4 * THREADS) {
            float4 left = load_quad<VECTOR>(a + first + i, count - i, 0.0f);
            float4 right = load_quad<VECTOR>(b + first + i, count - i, 0.0f);
            multiply_add(totals, left, right);
        }
        float total = fold_lanes<Sum>(totals, THREADS);
        if (threadIdx.x == 0) y[part] = total;
    }
}

// 64-bit division costs several times what 32-bit division does, and most tensors are small.
__device__ __forceinline__ unsigned long long quotient(unsigned long long value, unsigned long long divisor) {
    if (((value | divisor) >> 32) == 0) return (unsigned)value / (unsigned)divisor;
    return value / divisor;
}

// WIDTH neighbours of y at a time, which see WIDTH neighbours of x, or (RUN) one value of it.
template <int WIDTH, bool RUN>
__device__ __forceinline__ void broadcast(const float* x, float* y, unsigned long long outer,
                                          unsigned long long axis, unsigned long long inner, float scale) {
    unsigned long long run = axis * inner;
    unsigned long long stride = (unsigned long long)gridDim.x * THREADS * WIDTH;
    unsigned long long i = ((unsigned long long)blockIdx.x * THREADS + threadIdx.x) * WIDTH;
    for (; i < outer * run; i += stride) {
        unsigned long long image = quotient(i, run), within = i - image * run;
        const float* source = x + image * inner + (within - quotient(within, inner) * inner);
        if (WIDTH == 1) {
            y[i] = scale * *source;
        } else {
            float4 value = RUN ? splat(*source) : load_quad<true>(source, 4, 0.0f);
            value = make_float4(scale * value.x, scale * value.y, scale * value.z, scale * value.w);
            store_quad<true>(y + i, 4, value);
        }
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<Sum, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<Sum, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_of_squares_rows(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<SumOfSquares, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_of_squares_rows_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<SumOfSquares, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<Max, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    rows<Max, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_columns(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<Sum, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_columns_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<Sum, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_of_squares_columns(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<SumOfSquares, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_of_squares_columns_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<SumOfSquares, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_columns(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<Max, true>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_columns_scalar(const float* __restrict__ x, float* __restrict__ y, ReduceShape g) {
    columns<Max, false>(x, y, g);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_dot(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y,
               unsigned long long elements, unsigned steps) {
    dot<true>(a, b, y, elements, steps);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_dot_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y,
               unsigned long long elements, unsigned steps) {
    dot<false>(a, b, y, elements, steps);
}

// inner % 4 == 0.
extern "C" __global__ void __launch_bounds__(256)
    reduce_broadcast_quads(const float* __restrict__ x, float* __restrict__ y, unsigned long long outer,
                     unsigned long long axis, unsigned long long inner, float scale) {
    broadcast<4, false>(x, y, outer, axis, inner, scale);
}

// inner == 1 and axis % 4 == 0.
extern "C" __global__ void __launch_bounds__(256)
    reduce_broadcast_runs(const float* __restrict__ x, float* __restrict__ y, unsigned long long outer,
                     unsigned long long axis, unsigned long long inner, float scale) {
    broadcast<4, true>(x, y, outer, axis, inner, scale);
}

// Any sizes.
extern "C" __global__ void __launch_bounds__(256)
    reduce_broadcast_scalar(const float* __restrict__ x, float* __restrict__ y, unsigned long long outer,
                     unsigned long long axis, unsigned long long inner, float scale) {
    broadcast<1, false>(x, y, outer, axis, inner, scale);
}
