// conv_pack.cu: weights in f16, in the order in which conv_gemm.cuh reads them.
//
// packed[part][remainders][group][tile][deep][column] = part of s Q(w[...]), 0 where the lane or the deep place do not exist
//   w        [co][k][k][ci / groups] f32; lanes are co and depth is ci of fprop, the other way round of dgrad
//   packed   f16, see conv_gather.cuh; COLUMNS lanes a tile, one part, or two (hi, lo) of split weights
//   scales   [4] f32 of conv_scale.cu, of which split weights read the third
//   grid     a thread per 8 neighbouring lanes (one 16-byte store a part), deep fastest, strided
//   order    nothing is summed
//   checked against  radars_tensor::Cpu (cpu/conv/gather.rs, pack)

#include "conv_gather.cuh"
#include "conv_operand.cuh"

namespace {

struct __align__(16) HalfRun {
    HalfQuad low;
    HalfQuad high;
};

__device__ __forceinline__ HalfRun half_run(const float (&v)[8]) {
    return HalfRun{half_quad(v[0], v[1], v[2], v[3]), half_quad(v[4], v[5], v[6], v[7])};
}

template <bool SPLIT>
__device__ __forceinline__ void pack(const float* w, const float* scales, __half* packed, const ConvGather& g,
                                     const Quantiser& q, int columns) {
    constexpr int RUN = 8;
    const int lanes = g.target_channels / g.groups, depths = g.source_channels / g.groups;
    // Distances in w of two taps, two lanes, two depths.
    const unsigned long long area = (unsigned long long)g.kernel * g.kernel;
    const unsigned long long tap_stride = g.dgrad ? lanes : depths;
    const unsigned long long lane_stride = g.dgrad ? 1 : area * depths;
    const unsigned long long depth_stride = g.dgrad ? area * lanes : 1;
    const unsigned long long part = conv_packed(g, columns);
    const unsigned long long stride = (unsigned long long)gridDim.x * blockDim.x;
    const float scale = SPLIT ? scales[2] : 1.0f;
    unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
    for (; i < part / RUN; i += stride) {
        const int deep = int(i % g.deep);
        unsigned long long rest = i / g.deep;
        const int column = int(rest % (columns / RUN)) * RUN;
        const unsigned long long tile = rest / (columns / RUN);
        const int lane = int(tile % g.column_tiles) * columns + column;
        const int group = int(tile / g.column_tiles % g.groups);
        const int remainder = int(tile / g.column_tiles / g.groups);
        const ConvTaps taps = conv_taps(g, remainder / g.remainders, remainder % g.remainders);

        float values[RUN] = {};
        if (deep < taps.rows * taps.columns * depths) {
            const int tap = deep / depths;
            const unsigned long long at = conv_tap(g, taps, tap / taps.columns, tap % taps.columns);
            const float* from = w + (unsigned long long)group * lanes * depths * area + at * tap_stride +
                                deep % depths * depth_stride + lane * lane_stride;
#pragma unroll
            for (int n = 0; n < RUN; n++) {
                if (lane + n < lanes) values[n] = from[n * lane_stride];
                if (is_format(q)) values[n] = quantise(q, values[n]);
                if (SPLIT) values[n] *= scale;
            }
        }
        __half* to = packed + (tile * g.deep + deep) * columns + column;
        *reinterpret_cast<HalfRun*>(to) = half_run(values);
        if (SPLIT) {
#pragma unroll
            for (int n = 0; n < RUN; n++) values[n] = half_remainder(values[n]);
            *reinterpret_cast<HalfRun*>(to + part) = half_run(values);
        }
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    conv2d_pack_exact(const float* __restrict__ w, const float* __restrict__ scales, __half* __restrict__ packed,
                      ConvGather g, Quantiser q, int columns) {
    pack<false>(w, scales, packed, g, q, columns);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_pack_split(const float* __restrict__ w, const float* __restrict__ scales, __half* __restrict__ packed,
                      ConvGather g, Quantiser q, int columns) {
    pack<true>(w, scales, packed, g, q, columns);
}
