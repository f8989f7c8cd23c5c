// conv_wgrad.cu: the gradient of a convolution's weights on tensor cores, see conv_wgrad.cuh.
//
//   dw[o][t][c] = sum_p dy[p][o] * x[pixel of p under tap t][c]
//
// conv2d_wgrad_KIND_ROWSxCOLUMNS: KIND is split (the values of x are exact in f16: two products a value) or float (x is
// split as well: three); ROWS x COLUMNS output channels and places of the window a block. conv2d_wgrad_KIND_scalar:
// 64 x 64, for any channels and addresses.
//   x, dy, parts     see conv_wgrad.cuh
//   scales           [4] f32 of conv_scale.cu: of dy, then of x, which split does not read
//   q                how x is quantised on the way in
// conv2d_wgrad_sum: dw = sum of parts over chunks, with the scales undone, and 0 where the quantiser q of w lets no
// gradient pass. A thread per 4 neighbours, grid-stride.
//   order            pixels of a chunk ascending, then chunks ascending; how many follows from the geometry
//   checked against  radars_tensor::Cpu::conv2d_wgrad, compose::fake_quantised_conv2d_wgrad

#include "conv_wgrad.cuh"

namespace {

template <bool VECTOR>
__device__ __forceinline__ void sum(const float* parts, const float* scales, const float* w, float* dw,
                                    unsigned long long elements, unsigned chunks, bool split_x, const Quantiser& q) {
    const float dy_inverse = scales[1], x_inverse = split_x ? scales[3] : 1.0f;
    unsigned long long i = ((unsigned long long)blockIdx.x * CONV_THREADS + threadIdx.x) * 4;
    for (; i < elements; i += (unsigned long long)gridDim.x * CONV_THREADS * 4) {
        const unsigned left = elements - i < 4 ? unsigned(elements - i) : 4;
        float4 total = splat(0.0f);
#pragma unroll 4
        for (unsigned chunk = 0; chunk < chunks; chunk++)
            add(total, load_quad<VECTOR>(parts + chunk * elements + i, left, 0.0f));
        // One after the other: their product may leave f32's range where the result does not.
        float value[4] = {total.x * dy_inverse * x_inverse, total.y * dy_inverse * x_inverse,
                          total.z * dy_inverse * x_inverse, total.w * dy_inverse * x_inverse};
        if (is_format(q)) {
            const float4 weights = load_quad<VECTOR>(w + i, left, 0.0f);
            if (!in_range(q, weights.x)) value[0] = 0.0f;
            if (!in_range(q, weights.y)) value[1] = 0.0f;
            if (!in_range(q, weights.z)) value[2] = 0.0f;
            if (!in_range(q, weights.w)) value[3] = 0.0f;
        }
        store_quad<VECTOR>(dw + i, left, make_float4(value[0], value[1], value[2], value[3]));
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    conv2d_wgrad_split_128x128(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                               float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<2, 128, 128, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_split_64x128(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                              float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<2, 64, 128, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_split_64x64(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                             float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<2, 64, 64, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_split_scalar(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                              float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<2, 64, 64, false>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_wgrad_float_128x128(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                               float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<3, 128, 128, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_float_64x128(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                              float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<3, 64, 128, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_float_64x64(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                             float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<3, 64, 64, true>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    conv2d_wgrad_float_scalar(const float* __restrict__ x, const float* __restrict__ dy, const float* __restrict__ scales,
                              float* __restrict__ parts, ConvWgrad g, Quantiser q) {
    ConvWgradBlock<3, 64, 64, false>::run(x, dy, scales, parts, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_wgrad_sum(const float* __restrict__ parts, const float* __restrict__ scales, const float* __restrict__ w,
                     float* __restrict__ dw, unsigned long long elements, unsigned chunks, int split_x, Quantiser q) {
    sum<true>(parts, scales, w, dw, elements, chunks, split_x != 0, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_wgrad_sum_scalar(const float* __restrict__ parts, const float* __restrict__ scales, const float* __restrict__ w,
                            float* __restrict__ dw, unsigned long long elements, unsigned chunks, int split_x, Quantiser q) {
    sum<false>(parts, scales, w, dw, elements, chunks, split_x != 0, q);
}
