// launch.cpp: launching a kernel, with the checks that a card or its driver would make.
#include <cstdio>
#include <cstring>

#include "../runtime/grid.h"
#include "driver.h"
#include "function.h"

using namespace simulator;

namespace {

constexpr int kMaxThreadsPerBlock = 0, kMaxDynamicShared = 8;  // CUfunction_attribute

/// Null, or what the launch asks for that no card has.
const char* over_a_limit(const Grid& grid, const Function& function) {
  const uint3 &b = grid.blocks, &t = grid.threads;
  if (b.x == 0 || b.y == 0 || b.z == 0 || t.x == 0 || t.y == 0 || t.z == 0) return "an empty grid or block";
  if (b.x > 2147483647u || b.y > 65535 || b.z > 65535) return "a grid over (2147483647, 65535, 65535)";
  if (t.x > 1024 || t.y > 1024 || t.z > 64) return "a block over (1024, 1024, 64)";
  if (uint64_t(t.x) * t.y * t.z > 1024) return "more than 1024 threads a block";
  if (grid.dynamic_bytes > size_t(function.most_dynamic)) return "more dynamic shared memory than it opted in to";
  return nullptr;
}

/// Ends the context, as a failing kernel does on a card.
int end_context(Device& device, int status) {
  std::lock_guard<std::mutex> lock(device.guard);
  device.failed = status;
  return status;
}

}  // namespace

DRIVER_CALL cuLaunchKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                           unsigned bz, unsigned dynamic_bytes, void*, void** arguments, void** extra) {
  const auto& function = *static_cast<Function*>(handle);
  const char* name = function.kernel->name;
  const Grid grid = {{gx, gy, gz}, {bx, by, bz}, dynamic_bytes};
  if (settings().trace) {
    fprintf(stderr, "simulator: cuLaunchKernel %s, grid (%u, %u, %u) of (%u, %u, %u), %u bytes shared\n", name,
            gx, gy, gz, bx, by, bz, dynamic_bytes);
  }
  const int status = context_status();
  if (status != kSuccess) return status;
  if (function.device != current_device()) {
    return refuse(kInvalidHandle, "kernel %s: its module belongs to another context", name);
  }
  if (const char* problem = over_a_limit(grid, function)) {
    return refuse(kInvalidValue, "kernel %s: %s", name, problem);
  }
  if (uint64_t(bx) * by * bz > uint64_t(function.most_threads)) {
    return refuse(kInvalidValue, "kernel %s: more threads a block than its launch bound of %d", name,
                  function.most_threads);
  }
  const auto& parameters = function.kernel->parameters;
  if (extra != nullptr || (arguments == nullptr && !parameters.empty())) {
    return refuse(kInvalidValue, "kernel %s: arguments must come as an array of pointers", name);
  }
  for (size_t at = 0; at < parameters.size(); at++) {
    if (!parameters[at].pointer) continue;
    DevicePointer pointer = 0;
    memcpy(&pointer, arguments[at], sizeof pointer);
    if (pointer == 0 || function.device->holds(pointer, 0)) continue;
    refuse(kIllegalAddress, "kernel %s: parameter %zu, %#llx, points into no live allocation of its device", name,
           at, (unsigned long long)pointer);
    return end_context(*function.device, kIllegalAddress);
  }
  const Order order = {settings().backwards, settings().workers};
  const Outcome outcome = run_grid(*function.kernel, grid, arguments, order);
  if (outcome.fault == Fault::none) return kSuccess;
  refuse(int(outcome.fault), "kernel %s, %s", name, outcome.message.c_str());
  return end_context(*function.device, int(outcome.fault));
}

DRIVER_CALL cuFuncSetAttribute(void* handle, int attribute, int value) {
  DRIVER_TRACE();
  if (attribute != kMaxDynamicShared) return kSuccess;  // preferences
  if (value < 0 || value > largest_shared()) {
    return refuse(kInvalidValue, "kernel %s: %d bytes of dynamic shared memory, the device has %d",
                  static_cast<Function*>(handle)->kernel->name, value, largest_shared());
  }
  static_cast<Function*>(handle)->most_dynamic = value;
  return kSuccess;
}

DRIVER_CALL cuFuncGetAttribute(int* value, int attribute, void* handle) {
  DRIVER_TRACE();
  const auto& function = *static_cast<Function*>(handle);
  *value = attribute == kMaxThreadsPerBlock ? function.most_threads
           : attribute == kMaxDynamicShared ? function.most_dynamic
                                            : 0;
  return kSuccess;
}

DRIVER_CALL cuFuncSetCacheConfig(void*, int) {
  DRIVER_TRACE();
  return kSuccess;
}
