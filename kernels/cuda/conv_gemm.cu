// conv_gemm.cu: the implicit-GEMM convolutions fprop and dgrad, see conv_gemm.cuh.
//
// conv2d_gemm_KIND_COLUMNS: KIND is exact (one product a value), split (the source is split: two) or float (both are:
// three); COLUMNS 32, 64 or 128 target channels a block; the source is read 16 bytes at a time.
// conv2d_gemm_KIND_scalar: 64 channels a block, the source is read float by float.
//   source, target   see conv_gather.cuh      packed  weights of conv_pack.cu for the same number of columns
//   scales           [4] f32 of conv_scale.cu, of which exact reads none, split the first two
//   grid             one block a tile: column tiles, row tiles, groups, phases, the first fastest
//   checked against  radars_tensor::Cpu::conv2d_fprop, ::conv2d_dgrad, and compose::fake_quantised_conv2d_*

#include "conv_gemm.cuh"

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_exact_32(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<1, 32, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_exact_64(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<1, 64, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_exact_128(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<1, 128, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_exact_scalar(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<1, 64, false>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_split_32(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<2, 32, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_split_64(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<2, 64, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_split_128(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<2, 128, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_split_scalar(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<2, 64, false>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_float_32(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<3, 32, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_float_64(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<3, 64, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_float_128(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<3, 128, true>::run(source, packed, scales, target, g, q);
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_gemm_float_scalar(const float* __restrict__ source, const __half* __restrict__ packed,
                            const float* __restrict__ scales, float* __restrict__ target, ConvGather g,
                            Quantiser q) {
    ConvGemm<3, 64, false>::run(source, packed, scales, target, g, q);
}
