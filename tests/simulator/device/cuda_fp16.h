// cuda_fp16.h: half precision. Arithmetic rounds once, to nearest even, as the device's does.
#pragma once
#include "cuda.h"
#ifdef __F16C__
#include <immintrin.h>
#endif

namespace simulator {

#ifdef __F16C__
inline uint16_t half_bits(float value) { return uint16_t(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT)); }
inline float float_of(uint16_t half) { return _cvtsh_ss(half); }
#else
inline uint16_t half_bits(float value) {
  const uint32_t bits = simulator_bits<uint32_t>(value);
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return uint16_t(sign | 0x7E00u);
  if (magnitude >= 0x477FF000u) return uint16_t(sign | 0x7C00u);  // 65520 and more round to infinity
  if (magnitude < 0x38800000u) {  // subnormal: count in units of 2^-24
    return uint16_t(sign | uint16_t(rintf(simulator_bits<float>(magnitude) * 16777216.0f)));
  }
  const uint32_t rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u);
  return uint16_t(sign | ((rounded - 0x38000000u) >> 13));
}
inline float float_of(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000u) << 16, magnitude = half & 0x7FFFu;
  if (magnitude >= 0x7C00u) return simulator_bits<float>(sign | 0x7F800000u | (magnitude & 0x3FFu) << 13);
  if (magnitude >= 0x0400u) return simulator_bits<float>(sign | ((magnitude << 13) + 0x38000000u));
  const float value = float(magnitude) / 16777216.0f;
  return sign != 0 ? -value : value;
}
#endif

}  // namespace simulator

struct alignas(2) __half {
  uint16_t bits;
  __half() = default;
  __half(float value) : bits(simulator::half_bits(value)) {}
  __half(double value) : bits(simulator::half_bits(float(value))) {}
  __half(int value) : bits(simulator::half_bits(float(value))) {}
  operator float() const { return simulator::float_of(bits); }
};
using half = __half;

struct alignas(4) __half2 {
  __half x, y;
};
using half2 = __half2;

inline __half __float2half(float a) { return __half(a); }
inline __half __float2half_rn(float a) { return __half(a); }
inline float __half2float(__half a) { return float(a); }
inline __half __int2half_rn(int a) { return __half(a); }
inline __half2 __floats2half2_rn(float a, float b) { return {__half(a), __half(b)}; }
inline __half2 __float2half2_rn(float a) { return {__half(a), __half(a)}; }
inline __half2 __float22half2_rn(float2 a) { return {__half(a.x), __half(a.y)}; }
inline float2 __half22float2(__half2 a) { return {float(a.x), float(a.y)}; }
inline float __low2float(__half2 a) { return float(a.x); }
inline float __high2float(__half2 a) { return float(a.y); }
inline __half __low2half(__half2 a) { return a.x; }
inline __half __high2half(__half2 a) { return a.y; }
inline __half2 __halves2half2(__half a, __half b) { return {a, b}; }
inline __half2 __half2half2(__half a) { return {a, a}; }
inline unsigned short __half_as_ushort(__half a) { return a.bits; }
inline short __half_as_short(__half a) { return short(a.bits); }
inline __half __ushort_as_half(unsigned short bits) {
  __half a;
  a.bits = bits;
  return a;
}

inline __half __hadd(__half a, __half b) { return __half(float(a) + float(b)); }
inline __half __hsub(__half a, __half b) { return __half(float(a) - float(b)); }
inline __half __hmul(__half a, __half b) { return __half(float(a) * float(b)); }
inline __half __hneg(__half a) { return __ushort_as_half(uint16_t(a.bits ^ 0x8000u)); }
inline bool __hisnan(__half a) { return isnan(float(a)); }
inline __half2 __hadd2(__half2 a, __half2 b) { return {__hadd(a.x, b.x), __hadd(a.y, b.y)}; }
inline __half2 __hsub2(__half2 a, __half2 b) { return {__hsub(a.x, b.x), __hsub(a.y, b.y)}; }
inline __half2 __hmul2(__half2 a, __half2 b) { return {__hmul(a.x, b.x), __hmul(a.y, b.y)}; }
