// driver.h: the state that the calls of the stand-in driver share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "settings.h"

#define DRIVER_CALL extern "C" __attribute__((visibility("default"))) int
/// Names the call on stderr where tracing is on.
#define DRIVER_TRACE()                                                          \
  do {                                                                          \
    if (simulator::settings().trace) fprintf(stderr, "simulator: %s\n", __func__); \
  } while (0)

namespace simulator {

/// CUresult, as far as it is used here. https://docs.nvidia.com/cuda/cuda-driver-api
enum Status : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialised = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinaryForDevice = 209,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
  kInvalidHandle = 400,
  kNotFound = 500,
  kIllegalAddress = 700,
  kOutOfResources = 701,
  kMisalignedAddress = 716,
  kLaunchFailed = 719,
  kNotSupported = 801,
};

using DevicePointer = uint64_t;

/// A device, which is its own primary context.
struct Device {
  int ordinal = 0;
  std::mutex guard;  // of all below
  std::map<DevicePointer, size_t> live;
  size_t used = 0;
  int failed = kSuccess;  // a kernel's failure is every later call's answer, as on a card

  /// Whether `[pointer, pointer + bytes)` lies in one live allocation.
  bool holds(DevicePointer pointer, size_t bytes);
};

/// The device of that number, or null.
Device* device(int ordinal);
/// The calling thread's context, or null.
Device* current_device();
/// `kSuccess`, or why the calling thread cannot use its context.
int context_status();
/// Whether any device holds the range.
bool on_a_device(DevicePointer pointer, size_t bytes);
/// Largest dynamic shared memory of a block that a kernel may opt in to, in bytes.
int largest_shared();

/// Says on stderr what was wrong with a call, and gives `status` back.
int refuse(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace simulator
