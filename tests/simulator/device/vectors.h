// vectors.h: the built-in vector types, aligned as on the device.
#pragma once
#include "block.h"

#define SIMULATOR_VECTORS(name, scalar)                                                     \
  struct name##1 { scalar x; };                                                             \
  struct alignas(2 * sizeof(scalar)) name##2 { scalar x, y; };                              \
  struct alignas(sizeof(scalar) == 8 ? 16 : 4 * sizeof(scalar)) name##4 { scalar x, y, z, w; }; \
  inline name##1 make_##name##1(scalar x) { return {x}; }                                   \
  inline name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }                      \
  inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

SIMULATOR_VECTORS(char, signed char)
SIMULATOR_VECTORS(uchar, unsigned char)
SIMULATOR_VECTORS(short, short)
SIMULATOR_VECTORS(ushort, unsigned short)
SIMULATOR_VECTORS(int, int)
SIMULATOR_VECTORS(uint, unsigned)
SIMULATOR_VECTORS(longlong, long long)
SIMULATOR_VECTORS(ulonglong, unsigned long long)
SIMULATOR_VECTORS(float, float)
SIMULATOR_VECTORS(double, double)
#undef SIMULATOR_VECTORS

struct int3 { int x, y, z; };
struct float3 { float x, y, z; };
inline int3 make_int3(int x, int y, int z) { return {x, y, z}; }
inline uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
