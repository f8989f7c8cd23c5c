// pool.cu: pooling of images and its gradient.
//
// pool_max:      y = the largest x under the window
// pool_average:  y = the mean of the x under the window that lie inside the image
// backward:      dx = sum over the windows that cover the pixel, in row order, of dy where the pixel is the
//                first largest of the window (max), or of dy / pixels under the window (average)
//   x, dx    [batch, height, width, channels] f32, channels last
//   y, dy    [batch, out_height, out_width, channels] f32
//   grid     grid-stride, one thread per pack of channels of an output pixel (backward: input pixel);
//            "_packed" kernels for channels % 4 == 0 (16-byte accesses), else one channel a thread
//   order    pixels under a window, and windows over a pixel, in row order. Backward gathers: no atomics
//   checked against  radars_tensor::cpu, methods `pool2d` and `pool2d_backward`

#include "pack.cuh"

constexpr int THREADS = 256;

struct PoolShape {
    unsigned long long batch;
    int height;
    int width;
    int channels;
    int out_height;
    int out_width;
    int kernel;
    int stride;
    int padding;
};

// A half-open range of rows, or columns.
struct Range {
    int first;
    int end;
};

// The rows, or columns, of an image of `size` under window `index`.
__device__ __forceinline__ Range under_window(const PoolShape& g, int size, int index) {
    const int start = index * g.stride - g.padding;
    const int end = start + g.kernel;
    return Range{start < 0 ? 0 : start, end < size ? end : size};
}

// The windows, of `count`, that cover row, or column, `index`.
__device__ __forceinline__ Range over_pixel(const PoolShape& g, int count, int index) {
    const int last = (index + g.padding) / g.stride;
    const int before = index + g.padding - g.kernel;
    return Range{before < 0 ? 0 : before / g.stride + 1, last < count ? last + 1 : count};
}

// Where a thread's pack lies: the element of its channel in its image, and the pixel.
struct Spot {
    unsigned long long image;
    int row;
    int column;
    int channel;
};

template <int V>
__device__ __forceinline__ Spot spot(unsigned long long index, const PoolShape& g, int height, int width) {
    Spot at;
    at.channel = V * static_cast<int>(split_off(index, g.channels / V));
    at.column = static_cast<int>(split_off(index, width));
    at.row = static_cast<int>(split_off(index, height));
    at.image = index;
    return at;
}

// The element of a pixel's first channel in a tensor of images of that size.
__device__ __forceinline__ unsigned long long element(
    const PoolShape& g,
    unsigned long long image,
    int height,
    int width,
    int row,
    int column
) {
    return ((image * height + row) * width + column) * g.channels;
}

struct Max {
    template <int V>
    static __device__ __forceinline__ Pack<V> pool(
        const float* __restrict__ x,
        const PoolShape& g,
        const Spot& at,
        Range rows,
        Range columns
    ) {
        Pack<V> largest;
#pragma unroll
        for (float& lane : largest.lane) {
            lane = -__int_as_float(0x7f800000);
        }
        for (int row = rows.first; row < rows.end; ++row) {
            for (int column = columns.first; column < columns.end; ++column) {
                const unsigned long long start = element(g, at.image, g.height, g.width, row, column);
                const Pack<V> v = load<V>(x + start + at.channel);
#pragma unroll
                for (int i = 0; i < V; ++i) {
                    largest.lane[i] = v.lane[i] > largest.lane[i] ? v.lane[i] : largest.lane[i];
                }
            }
        }
        return largest;
    }

    // Adds to dx what the window gives the pixel at `at`.
    template <int V>
    static __device__ __forceinline__ void gather(
        const float* __restrict__ x,
        const Pack<V>& dy,
        const PoolShape& g,
        const Spot& at,
        Range rows,
        Range columns,
        Pack<V>& dx
    ) {
        float largest[V];
        int winner[V];
#pragma unroll
        for (int i = 0; i < V; ++i) {
            largest[i] = -__int_as_float(0x7f800000);
            winner[i] = 0;
        }
        int tap = 0;
        for (int row = rows.first; row < rows.end; ++row) {
            for (int column = columns.first; column < columns.end; ++column, ++tap) {
                const unsigned long long start = element(g, at.image, g.height, g.width, row, column);
                const Pack<V> v = load<V>(x + start + at.channel);
#pragma unroll
                for (int i = 0; i < V; ++i) {
                    const bool wins = v.lane[i] > largest[i];
                    largest[i] = wins ? v.lane[i] : largest[i];
                    winner[i] = wins ? tap : winner[i];
                }
            }
        }
        const int mine = (at.row - rows.first) * (columns.end - columns.first) + at.column - columns.first;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            dx.lane[i] += winner[i] == mine ? dy.lane[i] : 0.0f;
        }
    }
};

struct Average {
    static __device__ __forceinline__ float share(Range rows, Range columns) {
        return 1.0f / static_cast<float>((rows.end - rows.first) * (columns.end - columns.first));
    }

    template <int V>
    static __device__ __forceinline__ Pack<V> pool(
        const float* __restrict__ x,
        const PoolShape& g,
        const Spot& at,
        Range rows,
        Range columns
    ) {
        Pack<V> sum = {};
        for (int row = rows.first; row < rows.end; ++row) {
            for (int column = columns.first; column < columns.end; ++column) {
                const unsigned long long start = element(g, at.image, g.height, g.width, row, column);
                const Pack<V> v = load<V>(x + start + at.channel);
#pragma unroll
                for (int i = 0; i < V; ++i) {
                    sum.lane[i] += v.lane[i];
                }
            }
        }
#pragma unroll
        for (float& lane : sum.lane) {
            lane *= share(rows, columns);
        }
        return sum;
    }

    template <int V>
    static __device__ __forceinline__ void gather(
        const float* __restrict__,
        const Pack<V>& dy,
        const PoolShape&,
        const Spot&,
        Range rows,
        Range columns,
        Pack<V>& dx
    ) {
#pragma unroll
        for (int i = 0; i < V; ++i) {
            dx.lane[i] += share(rows, columns) * dy.lane[i];
        }
    }
};

template <typename Kind, int V>
__device__ __forceinline__ void pool(const float* __restrict__ x, float* __restrict__ y, const PoolShape& g) {
    const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * THREADS;
    const unsigned long long packs = g.batch * g.out_height * g.out_width * (g.channels / V);
    unsigned long long index = static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
    for (; index < packs; index += stride) {
        const Spot at = spot<V>(index, g, g.out_height, g.out_width);
        const Range rows = under_window(g, g.height, at.row);
        const Range columns = under_window(g, g.width, at.column);
        store<V>(y + index * V, Kind::template pool<V>(x, g, at, rows, columns));
    }
}

template <typename Kind, int V>
__device__ __forceinline__ void pool_backward(
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* __restrict__ dx,
    const PoolShape& g
) {
    const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * THREADS;
    const unsigned long long packs = g.batch * g.height * g.width * (g.channels / V);
    unsigned long long index = static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
    for (; index < packs; index += stride) {
        const Spot at = spot<V>(index, g, g.height, g.width);
        const Range outer = over_pixel(g, g.out_height, at.row);
        const Range inner = over_pixel(g, g.out_width, at.column);
        Pack<V> sum = {};
        for (int row = outer.first; row < outer.end; ++row) {
            for (int column = inner.first; column < inner.end; ++column) {
                const unsigned long long start = element(g, at.image, g.out_height, g.out_width, row, column);
                const Pack<V> gradient = load<V>(dy + start + at.channel);
                const Range rows = under_window(g, g.height, row);
                const Range columns = under_window(g, g.width, column);
                Kind::template gather<V>(x, gradient, g, at, rows, columns, sum);
            }
        }
        store<V>(dx + index * V, sum);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_max(const float* __restrict__ x, float* __restrict__ y, PoolShape shape) {
    pool<Max, 1>(x, y, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_max_packed(const float* __restrict__ x, float* __restrict__ y, PoolShape shape) {
    pool<Max, 4>(x, y, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_average(const float* __restrict__ x, float* __restrict__ y, PoolShape shape) {
    pool<Average, 1>(x, y, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_average_packed(const float* __restrict__ x, float* __restrict__ y, PoolShape shape) {
    pool<Average, 4>(x, y, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_max_backward(
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* __restrict__ dx,
    PoolShape shape
) {
    pool_backward<Max, 1>(x, dy, dx, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_max_backward_packed(
    const float* __restrict__ x,
    const float* __restrict__ dy,
    float* __restrict__ dx,
    PoolShape shape
) {
    pool_backward<Max, 4>(x, dy, dx, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_average_backward(const float* __restrict__ dy, float* __restrict__ dx, PoolShape shape) {
    pool_backward<Average, 1>(nullptr, dy, dx, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
pool_average_backward_packed(const float* __restrict__ dy, float* __restrict__ dx, PoolShape shape) {
    pool_backward<Average, 4>(nullptr, dy, dx, shape);
}
