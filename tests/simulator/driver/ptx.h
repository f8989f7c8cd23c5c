// ptx.h: what the text of a PTX module says about its kernels.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace simulator {

struct PtxParameter {
  size_t bytes, alignment;
};

struct PtxKernel {
  std::string name;
  std::vector<PtxParameter> parameters;
  unsigned most_threads = 1024;  // `.maxntid`, from __launch_bounds__
};

struct PtxModule {
  int version = 0;  // 80 for `.version 8.0`
  int target = 0;   // 80 for `.target sm_80`
  std::vector<PtxKernel> kernels;
};

/// Reads the directives that declare kernels; instructions are skipped. False with `problem` set
/// where the text is no PTX.
bool parse_ptx(const std::string& text, PtxModule& module, std::string& problem);

}  // namespace simulator
