// function.h: a kernel of a loaded module.
#pragma once
#include "../runtime/kernel.h"
#include "driver.h"

namespace simulator {

struct Function {
  Device* device;
  const Kernel* kernel;
  int most_threads;
  int most_dynamic = 48 << 10;  // until the caller opts in to more
};

}  // namespace simulator
