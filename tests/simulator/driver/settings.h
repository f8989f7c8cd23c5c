// settings.h: what the stand-in driver reads from the environment; README.md lists the variables.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace simulator {

struct Settings {
  int devices = 2;
  int major = 8, minor = 0;                  // compute capability
  size_t capacity = size_t(8) << 30;         // bytes, of every device
  bool backwards = false;
  unsigned workers = 1;
  bool trace = false;
  std::vector<std::string> kernels;          // the compiled `.cu` files
};

/// Read once a process. A value that cannot be read ends the process with a message.
const Settings& settings();

}  // namespace simulator
