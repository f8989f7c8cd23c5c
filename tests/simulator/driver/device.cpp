// device.cpp: the calls about devices, contexts, streams and events. All work is done when it is
// asked for, so waiting is nothing.
#include <chrono>
#include <cstdarg>
#include <cstdio>

#include "driver.h"

using namespace simulator;

namespace simulator {

static bool initialised = false;
static thread_local Device* bound = nullptr;

Device* device(int ordinal) {
  static Device devices[16];
  if (ordinal < 0 || ordinal >= settings().devices) return nullptr;
  devices[ordinal].ordinal = ordinal;
  return &devices[ordinal];
}

Device* current_device() { return bound; }

int context_status() {
  if (!initialised) return kNotInitialised;
  if (bound == nullptr) return kInvalidContext;
  std::lock_guard<std::mutex> lock(bound->guard);
  return bound->failed;
}

int largest_shared() {
  const int version = settings().major * 10 + settings().minor;
  if (version >= 90) return 227 << 10;
  if (version == 80 || version == 87) return 163 << 10;
  return version >= 86 ? 99 << 10 : 64 << 10;
}

int refuse(int status, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "simulator: %s\n", text);
  return status;
}

}  // namespace simulator

DRIVER_CALL cuInit(unsigned) {
  DRIVER_TRACE();
  if (settings().devices == 0) return kNoDevice;
  initialised = true;
  return kSuccess;
}

DRIVER_CALL cuDriverGetVersion(int* version) {
  DRIVER_TRACE();
  *version = 12000;  // R525, the oldest that the product promises to run on
  return kSuccess;
}

DRIVER_CALL cuDeviceGetCount(int* count) {
  DRIVER_TRACE();
  if (!initialised) return kNotInitialised;
  *count = settings().devices;
  return kSuccess;
}

DRIVER_CALL cuDeviceGet(int* handle, int ordinal) {
  DRIVER_TRACE();
  if (!initialised) return kNotInitialised;
  if (device(ordinal) == nullptr) return kInvalidDevice;
  *handle = ordinal;
  return kSuccess;
}

DRIVER_CALL cuDeviceGetName(char* name, int bytes, int ordinal) {
  DRIVER_TRACE();
  if (device(ordinal) == nullptr) return kInvalidDevice;
  snprintf(name, size_t(bytes), "CUDA simulator on the CPU (device %d)", ordinal);
  return kSuccess;
}

DRIVER_CALL cuDeviceGetUuid_v2(char* uuid, int ordinal) {
  DRIVER_TRACE();
  if (device(ordinal) == nullptr) return kInvalidDevice;
  for (int byte = 0; byte < 16; byte++) uuid[byte] = char(byte == 15 ? ordinal : 0);
  return kSuccess;
}

DRIVER_CALL cuDeviceTotalMem_v2(size_t* bytes, int ordinal) {
  DRIVER_TRACE();
  if (device(ordinal) == nullptr) return kInvalidDevice;
  *bytes = settings().capacity;
  return kSuccess;
}

DRIVER_CALL cuDeviceGetAttribute(int* value, int attribute, int ordinal) {
  DRIVER_TRACE();
  if (device(ordinal) == nullptr) return kInvalidDevice;
  switch (attribute) {
    case 1: *value = 1024; break;                   // MAX_THREADS_PER_BLOCK
    case 2: case 3: *value = 1024; break;           // MAX_BLOCK_DIM_X, _Y
    case 4: *value = 64; break;                     // MAX_BLOCK_DIM_Z
    case 5: *value = 2147483647; break;             // MAX_GRID_DIM_X
    case 6: case 7: *value = 65535; break;          // MAX_GRID_DIM_Y, _Z
    case 8: *value = 48 << 10; break;               // MAX_SHARED_MEMORY_PER_BLOCK
    case 10: *value = 32; break;                    // WARP_SIZE
    case 12: *value = 65536; break;                 // MAX_REGISTERS_PER_BLOCK
    case 13: *value = 1000000; break;               // CLOCK_RATE, kHz
    case 14: *value = 512; break;                   // TEXTURE_ALIGNMENT
    case 16: *value = 2; break;                     // MULTIPROCESSOR_COUNT
    case 36: *value = 1000000; break;               // MEMORY_CLOCK_RATE, kHz
    case 37: *value = 64; break;                    // GLOBAL_MEMORY_BUS_WIDTH, bits
    case 39: *value = 1024; break;                  // MAX_THREADS_PER_MULTIPROCESSOR
    case 41: *value = 1; break;                     // UNIFIED_ADDRESSING
    case 75: *value = settings().major; break;      // COMPUTE_CAPABILITY_MAJOR
    case 76: *value = settings().minor; break;      // COMPUTE_CAPABILITY_MINOR
    case 81: *value = largest_shared() + 1024; break;  // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    case 82: *value = 65536; break;                 // MAX_REGISTERS_PER_MULTIPROCESSOR
    case 97: *value = largest_shared(); break;      // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    case 115: *value = 1; break;                    // MEMORY_POOLS_SUPPORTED
    default: *value = 0; break;
  }
  return kSuccess;
}

DRIVER_CALL cuDevicePrimaryCtxRetain(void** context, int ordinal) {
  DRIVER_TRACE();
  Device* found = device(ordinal);
  if (found == nullptr) return kInvalidDevice;
  *context = found;
  return kSuccess;
}

DRIVER_CALL cuDevicePrimaryCtxRelease_v2(int ordinal) {
  DRIVER_TRACE();
  return device(ordinal) == nullptr ? kInvalidDevice : kSuccess;
}

DRIVER_CALL cuCtxGetCurrent(void** context) {
  DRIVER_TRACE();
  *context = bound;
  return kSuccess;
}

DRIVER_CALL cuCtxSetCurrent(void* context) {
  DRIVER_TRACE();
  bound = static_cast<Device*>(context);
  return kSuccess;
}

DRIVER_CALL cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  DRIVER_TRACE();
  *least = *greatest = 0;
  return kSuccess;
}

DRIVER_CALL cuCtxSynchronize() {
  DRIVER_TRACE();
  return context_status();
}

namespace {
struct Stream {};
struct Event {
  std::chrono::steady_clock::time_point at;
  bool recorded = false;
};
}  // namespace

DRIVER_CALL cuStreamCreate(void** stream, unsigned) {
  DRIVER_TRACE();
  const int status = context_status();
  if (status == kSuccess) *stream = new Stream;
  return status;
}
DRIVER_CALL cuStreamCreateWithPriority(void** stream, unsigned flags, int) {
  return cuStreamCreate(stream, flags);
}
DRIVER_CALL cuStreamDestroy_v2(void* stream) {
  DRIVER_TRACE();
  delete static_cast<Stream*>(stream);
  return kSuccess;
}
DRIVER_CALL cuStreamSynchronize(void*) {
  DRIVER_TRACE();
  return context_status();
}
DRIVER_CALL cuStreamQuery(void*) {
  DRIVER_TRACE();
  return context_status();
}
DRIVER_CALL cuStreamWaitEvent(void*, void*, unsigned) {
  DRIVER_TRACE();
  return context_status();
}
DRIVER_CALL cuStreamIsCapturing(void*, int* capturing) {
  DRIVER_TRACE();
  *capturing = 0;
  return kSuccess;
}
DRIVER_CALL cuLaunchHostFunc(void*, void (*function)(void*), void* data) {
  DRIVER_TRACE();
  const int status = context_status();
  if (status == kSuccess) function(data);
  return status;
}

DRIVER_CALL cuEventCreate(void** event, unsigned) {
  DRIVER_TRACE();
  const int status = context_status();
  if (status == kSuccess) *event = new Event;
  return status;
}
DRIVER_CALL cuEventDestroy_v2(void* event) {
  DRIVER_TRACE();
  delete static_cast<Event*>(event);
  return kSuccess;
}
DRIVER_CALL cuEventRecord(void* event, void*) {
  DRIVER_TRACE();
  auto* recorded = static_cast<Event*>(event);
  recorded->at = std::chrono::steady_clock::now();
  recorded->recorded = true;
  return context_status();
}
DRIVER_CALL cuEventSynchronize(void*) {
  DRIVER_TRACE();
  return context_status();
}
DRIVER_CALL cuEventQuery(void*) {
  DRIVER_TRACE();
  return context_status();
}
DRIVER_CALL cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  DRIVER_TRACE();
  const auto *from = static_cast<Event*>(start), *to = static_cast<Event*>(end);
  if (!from->recorded || !to->recorded) return kInvalidHandle;
  *milliseconds = std::chrono::duration<float, std::milli>(to->at - from->at).count();
  return kSuccess;
}
DRIVER_CALL cuEventElapsedTime_v2(float* milliseconds, void* start, void* end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

/// NVRTC asks a driver for it and calls it unseen.
DRIVER_CALL cuGetExportTable(const void**, const void*) { return kNotSupported; }

namespace {
struct Named {
  int status;
  const char *name, *text;
};
const Named kNamed[] = {
    {kSuccess, "CUDA_SUCCESS", "no error"},
    {kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {kNotInitialised, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {kNoBinaryForDevice, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {kInvalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {kUnsupportedPtxVersion, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {kNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {kOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {kMisalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {kNotSupported, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
};
const Named* named(int status) {
  for (const Named& entry : kNamed) {
    if (entry.status == status) return &entry;
  }
  return nullptr;
}
}  // namespace

DRIVER_CALL cuGetErrorName(int status, const char** name) {
  const Named* entry = named(status);
  *name = entry == nullptr ? nullptr : entry->name;
  return entry == nullptr ? kInvalidValue : kSuccess;
}
DRIVER_CALL cuGetErrorString(int status, const char** text) {
  const Named* entry = named(status);
  *text = entry == nullptr ? nullptr : entry->text;
  return entry == nullptr ? kInvalidValue : kSuccess;
}
