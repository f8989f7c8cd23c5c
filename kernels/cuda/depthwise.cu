// depthwise.cu: depthwise convolution and its gradients. f32 throughout: memory is the bound, not arithmetic.
//
// Every input channel is a group of its own; output channel o belongs to input channel o / multiplier.
//
//   fprop   y[n][oy][ox][o]   = sum_t x[n][oy * stride - padding + ky][ox * stride - padding + kx][o / multiplier] * w[o][t]
//   dgrad   dx[n][iy][ix][c]  = sum_(t, i) dy[n][(iy + padding - ky) / stride][(ix + padding - kx) / stride][o] * w[o][t]
//                               with o = c * multiplier + i, over the taps where both divisions have no rest
//   wgrad   dw[o][t]          = sum_(n, oy, ox) dy[n][oy][ox][o] * x[as in fprop]
//
//   tensors  x [n][h][w][c], y [n][ho][wo][o], w [o][t] with t = ky * kernel + kx, f32; what lies outside the image is 0.
//            x and w may be quantised on the way in; dw is 0 where the quantiser of w lets no gradient pass.
//   pack     w is brought to [t][o] in scratch first, quantised once, so that a thread reads 16 bytes of it
//   fprop    a thread per 4 channels of 4 neighbouring pixels, channels fastest; dgrad: per 4 channels of a pixel
//   wgrad    pixels are cut into chunks. Grid x: kernel rows (of up to 7 taps) and tiles of 4 * width channels, y: chunks;
//            threads are [256 / width pixels][width channel quads]. A second launch adds the chunks up.
//   order    fprop: taps ascending. dgrad: taps ascending, then i. wgrad: a thread's pixels ascending, threads in halves,
//            chunks ascending. The "_scalar" kernels, for any sizes and addresses, give the same bits.
//   checked against  radars_tensor::Cpu (cpu/conv/depthwise.rs)

#include "conv_operand.cuh"
#include "quad.cuh"

struct DepthwiseShape {
    unsigned batch;
    unsigned height;
    unsigned width;
    unsigned channels;
    unsigned out_height;
    unsigned out_width;
    unsigned out_channels;
    unsigned multiplier;
    unsigned kernel;
    unsigned stride;
    unsigned padding;
};

namespace {

constexpr unsigned THREADS = 256;
constexpr unsigned STRIP = 4;  // pixels of a thread of fprop
constexpr unsigned TAPS = 7;   // neighbouring taps of a thread of wgrad

__device__ __forceinline__ float4 taken(const Quantiser& q, float4 x) {
    if (!is_format(q)) return x;
    return make_float4(quantise(q, x.x), quantise(q, x.y), quantise(q, x.z), quantise(q, x.w));
}

// The input channels that four neighbouring output channels belong to.
template <bool VECTOR>
struct Channels {
    unsigned first;
    unsigned others[3];

    __device__ __forceinline__ Channels(const DepthwiseShape& g, unsigned channel) : first(channel) {
        if (VECTOR) return;
        unsigned last = g.out_channels - 1;
        first = min(channel, last) / g.multiplier;
        for (unsigned lane = 0; lane < 3; lane++) others[lane] = min(channel + lane + 1, last) / g.multiplier;
    }

    __device__ __forceinline__ float4 load(const float* pixel) const {
        if (VECTOR) return *reinterpret_cast<const float4*>(pixel + first);
        return make_float4(pixel[first], pixel[others[0]], pixel[others[1]], pixel[others[2]]);
    }
};

// The remainder of index by size; the quotient stays in index.
__device__ __forceinline__ unsigned take(unsigned long long& index, unsigned size) {
    unsigned long long quotient = (index >> 32) == 0 ? (unsigned)index / size : index / size;
    unsigned rest = (unsigned)(index - quotient * size);
    index = quotient;
    return rest;
}

template <bool VECTOR>
__device__ __forceinline__ void fprop(const float* x, const float* packed, float* y, const DepthwiseShape& g,
                                      const Quantiser& q) {
    unsigned quads = (g.out_channels + 3) / 4, strips = (g.out_width + STRIP - 1) / STRIP;
    unsigned long long items = (unsigned long long)g.batch * g.out_height * strips * quads;
    unsigned long long item = (unsigned long long)blockIdx.x * THREADS + threadIdx.x;
    for (; item < items; item += (unsigned long long)gridDim.x * THREADS) {
        unsigned long long image = item;
        unsigned channel = take(image, quads) * 4, ox = take(image, strips) * STRIP, oy = take(image, g.out_height);
        unsigned left = g.out_channels - channel;
        Channels<VECTOR> channels(g, channel);
        float4 sums[STRIP] = {};
        for (unsigned ky = 0; ky < g.kernel; ky++) {
            unsigned iy = oy * g.stride + ky - g.padding;  // wraps round above the image, and so lies outside too
            if (iy >= g.height) continue;
            const float* line = x + (image * g.height + iy) * g.width * g.channels;
            for (unsigned kx = 0; kx < g.kernel; kx++) {
                const float* tap = packed + (unsigned long long)(ky * g.kernel + kx) * g.out_channels + channel;
                float4 weights = load_quad<VECTOR>(tap, left, 0.0f);
#pragma unroll
                for (unsigned pixel = 0; pixel < STRIP; pixel++) {
                    unsigned ix = (ox + pixel) * g.stride + kx - g.padding;
                    if (ix >= g.width) continue;
                    float4 values = channels.load(line + (unsigned long long)ix * g.channels);
                    multiply_add(sums[pixel], taken(q, values), weights);
                }
            }
        }
        float* target = y + ((image * g.out_height + oy) * g.out_width + ox) * g.out_channels + channel;
#pragma unroll
        for (unsigned pixel = 0; pixel < STRIP; pixel++) {
            if (ox + pixel < g.out_width)
                store_quad<VECTOR>(target + (unsigned long long)pixel * g.out_channels, left, sums[pixel]);
        }
    }
}

template <bool VECTOR>
__device__ __forceinline__ void dgrad(const float* dy, const float* packed, float* dx, const DepthwiseShape& g) {
    unsigned quads = (g.channels + 3) / 4;
    unsigned long long items = (unsigned long long)g.batch * g.height * g.width * quads;
    unsigned long long item = (unsigned long long)blockIdx.x * THREADS + threadIdx.x;
    for (; item < items; item += (unsigned long long)gridDim.x * THREADS) {
        unsigned long long image = item;
        unsigned channel = take(image, quads) * 4, ix = take(image, g.width), iy = take(image, g.height);
        unsigned left = min(g.channels - channel, 4u);
        float4 sums = splat(0.0f);
        // Only every stride-th tap meets this pixel; from one to the next the output pixel goes one back.
        unsigned bottom = (iy + g.padding) / g.stride, right = (ix + g.padding) / g.stride;
        unsigned oy = bottom;
        for (unsigned ky = iy + g.padding - bottom * g.stride; ky < g.kernel; ky += g.stride, oy--) {
            if (oy >= g.out_height) continue;  // also where it wrapped round
            const float* line = dy + (image * g.out_height + oy) * g.out_width * g.out_channels;
            unsigned ox = right;
            for (unsigned kx = ix + g.padding - right * g.stride; kx < g.kernel; kx += g.stride, ox--) {
                if (ox >= g.out_width) continue;
                const float* pixel = line + (unsigned long long)ox * g.out_channels;
                const float* tap = packed + (unsigned long long)(ky * g.kernel + kx) * g.out_channels;
                if constexpr (VECTOR) {
                    multiply_add(sums, load_quad<true>(pixel + channel, 4, 0.0f), load_quad<true>(tap + channel, 4, 0.0f));
                } else {
                    unsigned m = g.multiplier, o = channel * m, end = o + m;
#pragma unroll 1
                    for (; o < end; o++) {
                        sums.x = fmaf(pixel[o], tap[o], sums.x);
                        if (left > 1) sums.y = fmaf(pixel[o + m], tap[o + m], sums.y);
                        if (left > 2) sums.z = fmaf(pixel[o + 2 * m], tap[o + 2 * m], sums.z);
                        if (left > 3) sums.w = fmaf(pixel[o + 3 * m], tap[o + 3 * m], sums.w);
                    }
                }
            }
        }
        store_quad<VECTOR>(dx + ((image * g.height + iy) * g.width + ix) * g.channels + channel, left, sums);
    }
}

// Of the chunk's pixels, parts[chunk][tap][o] for the taps of a kernel row.
template <bool VECTOR>
__device__ __forceinline__ void wgrad(const float* x, const float* dy, float* parts, const DepthwiseShape& g,
                                      const Quantiser& q, unsigned length, unsigned width) {
    __shared__ float4 shared[THREADS];
    unsigned height = THREADS / width, row = threadIdx.x / width, segments = (g.kernel + TAPS - 1) / TAPS;
    unsigned long long tile = blockIdx.x;
    unsigned kx = take(tile, segments) * TAPS, ky = take(tile, g.kernel);
    unsigned channel = ((unsigned)tile * width + threadIdx.x % width) * 4, chunk = blockIdx.y;
    unsigned taps = min(g.kernel - kx, TAPS);
    unsigned long long pixels = (unsigned long long)g.batch * g.out_height * g.out_width;
    unsigned long long first = (unsigned long long)chunk * length;
    unsigned count = (unsigned)min((unsigned long long)length, pixels - first);
    float4 sums[TAPS] = {};
    if (channel < g.out_channels) {
        Channels<VECTOR> channels(g, channel);
        unsigned left = g.out_channels - channel;
        for (unsigned index = row; index < count; index += height) {
            unsigned long long image = first + index;
            const float* pixel = dy + image * g.out_channels + channel;
            unsigned ox = take(image, g.out_width), oy = take(image, g.out_height);
            unsigned iy = oy * g.stride + ky - g.padding;
            if (iy >= g.height) continue;
            const float* line = x + (image * g.height + iy) * g.width * g.channels;
            float4 gradient = load_quad<VECTOR>(pixel, left, 0.0f);
#pragma unroll
            for (unsigned tap = 0; tap < TAPS; tap++) {
                unsigned ix = ox * g.stride + kx + tap - g.padding;
                if (tap >= taps || ix >= g.width) continue;
                float4 values = channels.load(line + (unsigned long long)ix * g.channels);
                multiply_add(sums[tap], gradient, taken(q, values));
            }
        }
    }
    float* target = parts + ((unsigned long long)chunk * g.kernel * g.kernel + ky * g.kernel + kx) * g.out_channels;
#pragma unroll
    for (unsigned tap = 0; tap < TAPS; tap++) {
        if (tap >= taps) break;
        shared[threadIdx.x] = sums[tap];
        __syncthreads();
        for (unsigned half = height / 2; half > 0; half /= 2) {
            if (row < half) add(shared[threadIdx.x], shared[threadIdx.x + half * width]);
            __syncthreads();
        }
        if (row == 0 && channel < g.out_channels) {
            float* sum = target + (unsigned long long)tap * g.out_channels + channel;
            store_quad<VECTOR>(sum, g.out_channels - channel, shared[threadIdx.x]);
        }
    }
}

}  // namespace

// packed[tap][o] = w[o][tap], quantised if asked for.
extern "C" __global__ void __launch_bounds__(256)
    depthwise_pack(const float* __restrict__ w, float* __restrict__ packed, unsigned taps, unsigned out_channels,
                   Quantiser q) {
    unsigned long long elements = (unsigned long long)taps * out_channels;
    unsigned long long index = (unsigned long long)blockIdx.x * THREADS + threadIdx.x;
    for (; index < elements; index += (unsigned long long)gridDim.x * THREADS) {
        unsigned long long tap = index;
        unsigned o = take(tap, out_channels);
        float value = w[(unsigned long long)o * taps + tap];
        packed[index] = is_format(q) ? quantise(q, value) : value;
    }
}

// dw[o][tap] = sum of parts[..][tap][o], 0 where the quantiser of w lets no gradient pass.
extern "C" __global__ void __launch_bounds__(256)
    depthwise_wgrad_sum(const float* __restrict__ parts, const float* __restrict__ w, float* __restrict__ dw,
                        unsigned chunks, unsigned taps, unsigned out_channels, Quantiser q) {
    unsigned long long elements = (unsigned long long)taps * out_channels;
    unsigned long long index = (unsigned long long)blockIdx.x * THREADS + threadIdx.x;
    for (; index < elements; index += (unsigned long long)gridDim.x * THREADS) {
        unsigned long long tap = index;
        unsigned o = take(tap, out_channels);
        float sum = 0.0f;
#pragma unroll 8
        for (unsigned chunk = 0; chunk < chunks; chunk++) sum += parts[chunk * elements + index];
        unsigned long long weight = (unsigned long long)o * taps + tap;
        dw[weight] = !is_format(q) || in_range(q, w[weight]) ? sum : 0.0f;
    }
}

extern "C" __global__ void __launch_bounds__(256)
    depthwise_fprop(const float* __restrict__ x, const float* __restrict__ packed, float* __restrict__ y,
                    DepthwiseShape g, Quantiser q) {
    fprop<true>(x, packed, y, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    depthwise_fprop_scalar(const float* __restrict__ x, const float* __restrict__ packed, float* __restrict__ y,
                           DepthwiseShape g, Quantiser q) {
    fprop<false>(x, packed, y, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    depthwise_dgrad(const float* __restrict__ dy, const float* __restrict__ packed, float* __restrict__ dx,
                    DepthwiseShape g) {
    dgrad<true>(dy, packed, dx, g);
}

extern "C" __global__ void __launch_bounds__(256)
    depthwise_dgrad_scalar(const float* __restrict__ dy, const float* __restrict__ packed, float* __restrict__ dx,
                           DepthwiseShape g) {
    dgrad<false>(dy, packed, dx, g);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    depthwise_wgrad(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ parts,
                    DepthwiseShape g, Quantiser q, unsigned length, unsigned width) {
    wgrad<true>(x, dy, parts, g, q, length, width);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    depthwise_wgrad_scalar(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ parts,
                           DepthwiseShape g, Quantiser q, unsigned length, unsigned width) {
    wgrad<false>(x, dy, parts, g, q, length, width);
}
