// embedding.cu: kernels of several sizes inside one another.
//
// embed_kernel:  large[co][ky + margin][kx + margin][ci] += c * small[co][ky][kx][ci]
// crop_kernel:   small[co][ky][kx][ci] = large[co][ky + margin][kx + margin][ci]
//   small  [co, side, side, ci] f32, channels last      large  [co, large_side, large_side, ci] f32
//   c      the element if there is one, else the constant
//   margin (large_side - side) / 2
//   grid   grid-stride, one thread per pack of input channels of a small kernel; "_packed" kernels for
//          ci % 4 == 0 (16-byte accesses), else one channel a thread
//   order  nothing is summed
//   checked against  radars_tensor::cpu, methods `embed_kernel` and `crop_kernel`

#include "coefficient.cuh"
#include "pack.cuh"

constexpr int THREADS = 256;

struct EmbeddingShape {
    unsigned long long elements;
    unsigned side;
    unsigned large_side;
    unsigned in_channels;
};

// The element of the large kernel where element `index` of the small one, a multiple of V, lies.
template <int V>
__device__ __forceinline__ unsigned long long place(const EmbeddingShape& g, unsigned long long index) {
    unsigned long long rest = index / V;
    const unsigned margin = (g.large_side - g.side) / 2;
    const unsigned channel = V * split_off(rest, g.in_channels / V);
    const unsigned column = split_off(rest, g.side) + margin;
    const unsigned row = split_off(rest, g.side) + margin;
    return ((rest * g.large_side + row) * g.large_side + column) * g.in_channels + channel;
}

__device__ __forceinline__ unsigned long long first_index() {
    return static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
}

__device__ __forceinline__ unsigned long long grid_stride() {
    return static_cast<unsigned long long>(gridDim.x) * THREADS;
}

template <int V>
__device__ __forceinline__ void embed(
    float c,
    const float* __restrict__ small,
    float* large,
    const EmbeddingShape& g
) {
    for (unsigned long long i = V * first_index(); i < g.elements; i += V * grid_stride()) {
        float* to = large + place<V>(g, i);
        const Pack<V> value = load<V>(small + i);
        Pack<V> sum = load<V>(to);
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            sum.lane[lane] += c * value.lane[lane];
        }
        store<V>(to, sum);
    }
}

template <int V>
__device__ __forceinline__ void crop(
    const float* __restrict__ large,
    float* __restrict__ small,
    const EmbeddingShape& g
) {
    for (unsigned long long i = V * first_index(); i < g.elements; i += V * grid_stride()) {
        store<V>(small + i, load<V>(large + place<V>(g, i)));
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
embed_kernel(
    float constant,
    const float* __restrict__ element,
    const float* __restrict__ small,
    float* large,
    EmbeddingShape shape
) {
    embed<1>(coefficient(constant, element), small, large, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
embed_kernel_packed(
    float constant,
    const float* __restrict__ element,
    const float* __restrict__ small,
    float* large,
    EmbeddingShape shape
) {
    embed<4>(coefficient(constant, element), small, large, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
crop_kernel(const float* __restrict__ large, float* __restrict__ small, EmbeddingShape shape) {
    crop<1>(large, small, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS)
crop_kernel_packed(const float* __restrict__ large, float* __restrict__ small, EmbeddingShape shape) {
    crop<4>(large, small, shape);
}
