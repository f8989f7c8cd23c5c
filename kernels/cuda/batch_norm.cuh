// batch_norm.cuh: what both directions of batch normalisation share: who works on what, and the activation.
//
// A [rows, channels] tensor is cut into tiles: blockIdx.x counts tiles of `width` packs of V channels,
// blockIdx.y counts chunks of `chunk_rows` rows. Of a block's threads `width` lie side by side along the
// channels, and `lanes` such rows of threads go down the chunk together:
//   thread = lane * width + column      channel = V * (blockIdx.x * width + column)
//   row    = blockIdx.y * chunk_rows + lane + k * lanes,  k = 0, 1, ...
// Width, lanes and chunks follow from rows and channels alone, and with them the order of every sum.

#pragma once

#include "pack.cuh"
#include "pointwise.cuh"

constexpr int THREADS = 256;

// Threads of a block that combines chunks: channels side by side, and groups of chunks.
constexpr int COMBINED = 32;
constexpr int GROUPS = THREADS / COMBINED;

struct BatchNormShape {
    unsigned long long rows;
    unsigned long long chunk_rows;
    unsigned channels;
    unsigned chunks;
    unsigned width;
    unsigned lanes;
    float epsilon;
};

// The part of the tensor that a thread works on.
struct Place {
    unsigned lane;
    unsigned channel;
    unsigned long long row;
    unsigned long long end;
    bool active;
};

template <int V>
__device__ __forceinline__ Place place(const BatchNormShape& shape) {
    const unsigned lane = threadIdx.x / shape.width;
    const unsigned column = threadIdx.x % shape.width;
    const unsigned channel = V * (blockIdx.x * shape.width + column);
    const unsigned long long begin = blockIdx.y * shape.chunk_rows;
    const unsigned long long end = begin + shape.chunk_rows;
    return Place{
        lane,
        channel,
        begin + lane,
        end < shape.rows ? end : shape.rows,
        lane < shape.lanes && channel < shape.channels,
    };
}

// Merges the values of a block's lanes into those of lane 0, in halves: merge(to, from) adds the value of
// thread `from` to that of thread `to`. Called by every thread of the block, after values were written.
template <typename Merge>
__device__ __forceinline__ void merge_lanes(
    const BatchNormShape& shape,
    const Place& at,
    Merge merge
) {
    __syncthreads();
    for (unsigned lanes = shape.lanes; lanes > 1;) {
        const unsigned half = (lanes + 1) / 2;
        if (at.active && at.lane + half < lanes) {
            merge(threadIdx.x, threadIdx.x + half * shape.width);
        }
        __syncthreads();
        lanes = half;
    }
}

// The sum of `value` over the groups of a combining block, in their order, for the caller's channel.
__device__ __forceinline__ double sum_groups(double (*shared)[COMBINED], double value) {
    const unsigned group = threadIdx.x / COMBINED;
    const unsigned column = threadIdx.x % COMBINED;
    __syncthreads();
    shared[group][column] = value;
    __syncthreads();
    double sum = 0.0;
    for (int i = 0; i < GROUPS; ++i) {
        sum += shared[i][column];
    }
    return sum;
}

// 1 / sqrt(variance + epsilon), rounded once.
__device__ __forceinline__ float inverse_deviation(float variance, float epsilon) {
    const double inside = static_cast<double>(variance) + static_cast<double>(epsilon);
    return static_cast<float>(1.0 / sqrt(inside));
}

// What the activation is applied to. Both directions take it from here, so that the backward's gate sees
// the very value that the forward had.
__device__ __forceinline__ float scaled(float gamma, float xhat, float beta) {
    return fmaf(gamma, xhat, beta);
}

constexpr int IDENTITY = 0;
constexpr int RELU = 1;
constexpr int RELU6 = 2;
constexpr int RELU_QUANTISE = 3;

// Calls `body` with the activation of that code: the rows are gone through inside, so the choice is made
// once a thread. (A body is a struct: NVRTC takes no generic lambdas.)
template <typename Body>
__device__ __forceinline__ void with_activation(int code, const Quantiser& format, Body& body) {
    switch (code) {
        case IDENTITY:
            body(Identity{});
            break;
        case RELU:
            body(Relu{});
            break;
        case RELU6:
            body(Relu6{});
            break;
        case RELU_QUANTISE:
            body(ReluQuantise{format});
            break;
    }
}
