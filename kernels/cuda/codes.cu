// codes.cu: values of a fixed-point format as their codes, and back.
//
// encode_TYPE:  codes[i] = clamp(round_half_even(x[i] * 2^F), lo, hi), and 0 of NaN, which no code can be
// decode_TYPE:  y[i] = codes[i] * 2^-F
//   x, y    [n] f32      codes   [n] u8, i8 or i16: whichever holds lo and hi
//   grid    grid-stride, one thread per 4 elements (one access of each operand) where both operands start
//           on a boundary of 4 of theirs; else, and for the rest, one per element
//   order   nothing is summed
//   checked against  radars_tensor::cpu, methods `encode` and `decode`

#include "pack.cuh"
#include "pointwise.cuh"

constexpr int THREADS = 256;
constexpr int LANES = 4;

template <typename C>
struct alignas(LANES * sizeof(C)) Codes {
    C lane[LANES];
};

template <typename C>
__device__ __forceinline__ bool takes_codes(const C* codes) {
    return reinterpret_cast<unsigned long long>(codes) % sizeof(Codes<C>) == 0;
}

__device__ __forceinline__ unsigned long long first_index() {
    return static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
}

__device__ __forceinline__ unsigned long long grid_stride() {
    return static_cast<unsigned long long>(gridDim.x) * THREADS;
}

template <typename C>
__device__ __forceinline__ C code(const Quantiser& q, float x) {
    const float rounded = rintf(x * q.scale);
    const float clamped = fminf(fmaxf(rounded, q.lo), q.hi);
    return is_nan(x) ? static_cast<C>(0) : static_cast<C>(static_cast<int>(clamped));
}

template <typename C>
__device__ __forceinline__ void encode(
    const float* x,
    C* codes,
    unsigned long long n,
    const Quantiser& format
) {
    const unsigned long long packs = takes_packs(x) && takes_codes(codes) ? n / LANES : 0;
    for (unsigned long long i = first_index(); i < packs; i += grid_stride()) {
        const Pack<LANES> v = load<LANES>(x + LANES * i);
        Codes<C> pack;
#pragma unroll
        for (int lane = 0; lane < LANES; ++lane) {
            pack.lane[lane] = code<C>(format, v.lane[lane]);
        }
        *reinterpret_cast<Codes<C>*>(codes + LANES * i) = pack;
    }
    for (unsigned long long i = LANES * packs + first_index(); i < n; i += grid_stride()) {
        codes[i] = code<C>(format, x[i]);
    }
}

template <typename C>
__device__ __forceinline__ void decode(
    const C* codes,
    float* y,
    unsigned long long n,
    float step
) {
    const unsigned long long packs = takes_packs(y) && takes_codes(codes) ? n / LANES : 0;
    for (unsigned long long i = first_index(); i < packs; i += grid_stride()) {
        const Codes<C> pack = *reinterpret_cast<const Codes<C>*>(codes + LANES * i);
        Pack<LANES> v;
#pragma unroll
        for (int lane = 0; lane < LANES; ++lane) {
            v.lane[lane] = static_cast<float>(pack.lane[lane]) * step;
        }
        store<LANES>(y + LANES * i, v);
    }
    for (unsigned long long i = LANES * packs + first_index(); i < n; i += grid_stride()) {
        y[i] = static_cast<float>(codes[i]) * step;
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
encode_u8(
    const float* __restrict__ x,
    unsigned char* __restrict__ codes,
    unsigned long long n,
    Quantiser format
) {
    encode(x, codes, n, format);
}

extern "C" __global__ void __launch_bounds__(THREADS)
encode_i8(
    const float* __restrict__ x,
    signed char* __restrict__ codes,
    unsigned long long n,
    Quantiser format
) {
    encode(x, codes, n, format);
}

extern "C" __global__ void __launch_bounds__(THREADS)
encode_i16(
    const float* __restrict__ x,
    short* __restrict__ codes,
    unsigned long long n,
    Quantiser format
) {
    encode(x, codes, n, format);
}

extern "C" __global__ void __launch_bounds__(THREADS)
decode_u8(
    const unsigned char* __restrict__ codes,
    float* __restrict__ y,
    unsigned long long n,
    float step
) {
    decode(codes, y, n, step);
}

extern "C" __global__ void __launch_bounds__(THREADS)
decode_i8(
    const signed char* __restrict__ codes,
    float* __restrict__ y,
    unsigned long long n,
    float step
) {
    decode(codes, y, n, step);
}

extern "C" __global__ void __launch_bounds__(THREADS)
decode_i16(
    const short* __restrict__ codes,
    float* __restrict__ y,
    unsigned long long n,
    float step
) {
    decode(codes, y, n, step);
}
