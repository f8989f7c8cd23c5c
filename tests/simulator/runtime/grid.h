// grid.h: running all blocks of a launch.
#pragma once
#include <string>

#include "block.h"
#include "kernel.h"

namespace simulator {

struct Grid {
  uint3 blocks, threads;
  size_t dynamic_bytes;
};

struct Order {
  bool backwards;     // last block first, last thread first
  unsigned workers;   // OS threads; with one the run is the same every time
};

struct Outcome {
  Fault fault = Fault::none;
  std::string message;
};

/// Runs the kernel to its end, or to the first block that fails.
Outcome run_grid(const Kernel& kernel, const Grid& grid, void* const* arguments, Order order);

}  // namespace simulator
