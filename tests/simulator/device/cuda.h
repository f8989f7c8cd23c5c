// cuda.h: the language of a `.cu` file, in C++: included before every one of them.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "block.h"
#include "kernel.h"
#include "vectors.h"

// Kernels take the path of the newest architecture whose instructions the simulator has.
#define __CUDACC__ 1
#define __CUDA_ARCH__ 800

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __builtin_assume(condition)

// `__shared__` declarations were rewritten before the compiler saw them (source.rs): to these, with
// the alignment that they state, or 1.
#define SIMULATOR_SHARED(name, alignment)                                                    \
  static const char name##_key = 0;                                                          \
  name##_shared& name = *static_cast<name##_shared*>(                                        \
      simulator::shared_variable(&name##_key, sizeof(name##_shared),                         \
                                 max(alignof(name##_shared), size_t(alignment)), simulator::Site::here()))
#define SIMULATOR_DYNAMIC_SHARED(name, alignment) \
  name##_shared* name = static_cast<name##_shared*>( \
      simulator::dynamic_shared(max(alignof(name##_shared), size_t(alignment))))

#define threadIdx (simulator::current->thread->index)
#define blockIdx (simulator::current->index)
#define blockDim (simulator::current->block_size)
#define gridDim (simulator::current->grid_size)
#define warpSize 32

#include "atomics.h"
#include "scalars.h"
#include "warp.h"
