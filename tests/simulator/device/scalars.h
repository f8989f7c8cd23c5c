// scalars.h: arithmetic, bits and memory accesses of one thread.
#pragma once
#include "block.h"

template <class To, class From>
To simulator_bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Keeps the compiler from fusing a rounded result into a multiply-add.
inline float simulator_rounded(float value) {
  asm("" : "+x"(value));
  return value;
}

using std::isfinite;
using std::isinf;
using std::isnan;

// Mixed types meet in their common one, as in CUDA's overloads.
template <class A, class B>
constexpr std::common_type_t<A, B> min(A a, B b) {
  using C = std::common_type_t<A, B>;
  return C(b) < C(a) ? C(b) : C(a);
}
template <class A, class B>
constexpr std::common_type_t<A, B> max(A a, B b) {
  using C = std::common_type_t<A, B>;
  return C(a) < C(b) ? C(b) : C(a);
}

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __fadd_rn(float a, float b) { return simulator_rounded(a + b); }
inline float __fsub_rn(float a, float b) { return simulator_rounded(a - b); }
inline float __fmul_rn(float a, float b) { return simulator_rounded(a * b); }
inline float __fdiv_rn(float a, float b) { return simulator_rounded(a / b); }
inline float __fsqrt_rn(float a) { return simulator_rounded(sqrtf(a)); }
inline float __frcp_rn(float a) { return simulator_rounded(1.0f / a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __saturatef(float a) { return a > 0.0f ? (a < 1.0f ? a : 1.0f) : 0.0f; }

inline int __float2int_rn(float x) { return int(rintf(x)); }
inline int __float2int_rz(float x) { return int(x); }
inline int __float2int_rd(float x) { return int(floorf(x)); }
inline float __int2float_rn(int x) { return float(x); }
inline float __uint2float_rn(unsigned x) { return float(x); }

inline int __float_as_int(float x) { return simulator_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return simulator_bits<unsigned>(x); }
inline float __int_as_float(int x) { return simulator_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return simulator_bits<float>(x); }
inline long long __double_as_longlong(double x) { return simulator_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return simulator_bits<double>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; bit++) reversed |= (x >> bit & 1u) << (31 - bit);
  return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((uint64_t(a) * b) >> 32); }
inline int __mulhi(int a, int b) { return int((int64_t(a) * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

// Cache hints change no value.
template <class T> T __ldg(const T* p) { return *p; }
template <class T> T __ldcg(const T* p) { return *p; }
template <class T> T __ldca(const T* p) { return *p; }
template <class T> T __ldcs(const T* p) { return *p; }
template <class T> T __ldlu(const T* p) { return *p; }
template <class T> void __stcs(T* p, T value) { *p = value; }
template <class T> void __stcg(T* p, T value) { *p = value; }
template <class T> void __stwt(T* p, T value) { *p = value; }

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap(simulator::Site site = simulator::Site::here()) {
  simulator::fail(simulator::Fault::launch_failed, site, "__trap()");
}
