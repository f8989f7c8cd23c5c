// conv_scale.cu: the powers of two that operands are multiplied by before they are split into two f16.
//
// conv2d_scale_parts:   parts[operand][block] = the largest min(|x|, limit) of a share of the operand, infinities aside
// conv2d_scale_finish:  m = the largest of them; scales[2 operand] = s = 2^(14 - floor(log2 m)), as far as s and 1 / s
//                       are normal numbers, and scales[2 operand + 1] = 1 / s; s = 1 where m = 0
//   a, b      [a_len], [b_len] f32: the first and the second operand
//   limits    what a quantiser clips magnitudes to on their way in, so that an outlier takes no bits from the rest;
//             infinity where there is none
//   parts     [2][512] f32, of which the first gridDim.x of each operand that is asked for are written
//   scales    [4] f32
//   grid      parts: x strides over 16-byte pieces, y is the operand (one or two); finish: x is the operand
//   order     a maximum is the same in any
//   checked against  parity of radars_tensor::Cpu::conv2d_fprop at magnitudes from 2^-120 to 2^120

namespace {

constexpr int THREADS = 256;
constexpr int MOST_PARTS = 512;
constexpr unsigned INFINITE = 0x7f800000u;

// min(|x|, limit), or 0 where x is NaN or that is infinite. Magnitudes of floats order as their bits do.
__device__ __forceinline__ unsigned magnitude(float x, float limit) {
    const unsigned bits = __float_as_int(x) & 0x7fffffff;
    const unsigned clipped = min(bits, unsigned(__float_as_int(limit)));
    return bits <= INFINITE && clipped < INFINITE ? clipped : 0;
}

// The largest value of the block's threads, in thread 0.
__device__ __forceinline__ unsigned block_max(unsigned largest) {
    __shared__ unsigned warps[THREADS / 32];
    for (int distance = 16; distance > 0; distance /= 2)
        largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, distance));
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = largest;
    __syncthreads();
    for (int warp = 0; warp < THREADS / 32; warp++) largest = max(largest, warps[warp]);
    return largest;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    conv2d_scale_parts(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ parts,
                       unsigned long long a_len, unsigned long long b_len, float a_limit, float b_limit) {
    const float* x = blockIdx.y == 0 ? a : b;
    const float limit = blockIdx.y == 0 ? a_limit : b_limit;
    const unsigned long long n = blockIdx.y == 0 ? a_len : b_len;
    const unsigned long long first = (unsigned long long)blockIdx.x * THREADS + threadIdx.x;
    const unsigned long long stride = (unsigned long long)gridDim.x * THREADS;
    const bool aligned = reinterpret_cast<unsigned long long>(x) % 16 == 0;
    const unsigned long long quads = aligned ? n / 4 : 0;
    unsigned largest = 0;
    for (unsigned long long i = first; i < quads; i += stride) {
        const float4 v = reinterpret_cast<const float4*>(x)[i];
        largest = max(largest, max(max(magnitude(v.x, limit), magnitude(v.y, limit)),
                                   max(magnitude(v.z, limit), magnitude(v.w, limit))));
    }
    for (unsigned long long i = 4 * quads + first; i < n; i += stride) largest = max(largest, magnitude(x[i], limit));
    largest = block_max(largest);
    if (threadIdx.x == 0) parts[blockIdx.y * MOST_PARTS + blockIdx.x] = __int_as_float(int(largest));
}

extern "C" __global__ void __launch_bounds__(256)
    conv2d_scale_finish(const float* __restrict__ parts, float* __restrict__ scales, unsigned count) {
    unsigned largest = 0;
    for (unsigned i = threadIdx.x; i < count; i += THREADS)
        largest = max(largest, unsigned(__float_as_int(parts[blockIdx.x * MOST_PARTS + i])));
    largest = block_max(largest);
    if (threadIdx.x > 0) return;
    // The biased exponent of s is 127 + 14 - (field - 127); that of 1 / s is 254 minus it.
    const int field = int(largest >> 23);
    const int exponent = largest == 0 ? 127 : min(127 + 14 - (field - 127), 253);
    scales[2 * blockIdx.x] = __int_as_float(exponent << 23);
    scales[2 * blockIdx.x + 1] = __int_as_float((254 - exponent) << 23);
}
