// memory.cpp: the calls about memory. Fresh and freed memory is poisoned, and every range that a
// call names must lie in one live allocation.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "../runtime/shared_memory.h"
#include "driver.h"

using namespace simulator;

// Poison touches memory; beyond this much of one allocation it would make a reservation real.
static constexpr size_t kPoisoned = size_t(256) << 20;
// Freed memory that is kept, so that a stale pointer reads poison and not another tensor.
static constexpr size_t kKept = size_t(64) << 20;

static void poison(DevicePointer pointer, size_t bytes) {
  memset(reinterpret_cast<void*>(pointer), kPoison, bytes < kPoisoned ? bytes : kPoisoned);
}

/// Gives memory back to the host late. Under AddressSanitizer at once: it keeps it itself, and
/// reports who touches it.
static void retire(DevicePointer pointer, size_t bytes) {
#ifdef SIMULATOR_ASAN
  (void)bytes;
  free(reinterpret_cast<void*>(pointer));
#else
  static std::mutex guard;
  static std::deque<std::pair<DevicePointer, size_t>> kept;
  static size_t held = 0;
  std::lock_guard<std::mutex> lock(guard);
  kept.push_back({pointer, bytes});
  held += bytes;
  while (held > kKept) {
    free(reinterpret_cast<void*>(kept.front().first));
    held -= kept.front().second;
    kept.pop_front();
  }
#endif
}

bool Device::holds(DevicePointer pointer, size_t bytes) {
  std::lock_guard<std::mutex> lock(guard);
  auto after = live.upper_bound(pointer);
  if (after == live.begin()) return false;
  --after;
  const size_t offset = size_t(pointer - after->first);
  return offset <= after->second && bytes <= after->second - offset;
}

bool simulator::on_a_device(DevicePointer pointer, size_t bytes) {
  for (int ordinal = 0; ordinal < settings().devices; ordinal++) {
    if (device(ordinal)->holds(pointer, bytes)) return true;
  }
  return false;
}

static int allocate(DevicePointer* pointer, size_t bytes) {
  const int status = context_status();
  if (status != kSuccess) return status;
  if (bytes == 0) return kInvalidValue;
  Device& device = *current_device();
  std::lock_guard<std::mutex> lock(device.guard);
  if (bytes > settings().capacity - device.used) return kOutOfMemory;
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0) return kOutOfMemory;
  *pointer = reinterpret_cast<DevicePointer>(memory);
  poison(*pointer, bytes);
  device.live[*pointer] = bytes;
  device.used += bytes;
  return kSuccess;
}

static int release(DevicePointer pointer) {
  if (pointer == 0) return kSuccess;
  for (int ordinal = 0; ordinal < settings().devices; ordinal++) {
    Device& owner = *device(ordinal);
    std::lock_guard<std::mutex> lock(owner.guard);
    const auto found = owner.live.find(pointer);
    if (found == owner.live.end()) continue;
    poison(pointer, found->second);
    owner.used -= found->second;
    retire(pointer, found->second);
    owner.live.erase(found);
    return owner.failed;
  }
  return refuse(kInvalidValue, "freed a pointer that is not the begin of a live allocation");
}

/// `kSuccess` if the range is in an allocation and the context can be used.
static int check(DevicePointer pointer, size_t bytes, const char* call) {
  const int status = context_status();
  if (status != kSuccess || on_a_device(pointer, bytes)) return status;
  return refuse(kInvalidValue, "%s: %zu bytes at %#llx lie in no live allocation", call, bytes,
                (unsigned long long)pointer);
}

static int copy_to_device(DevicePointer to, const void* from, size_t bytes, const char* call) {
  const int status = check(to, bytes, call);
  if (status == kSuccess) memcpy(reinterpret_cast<void*>(to), from, bytes);
  return status;
}
static int copy_to_host(void* to, DevicePointer from, size_t bytes, const char* call) {
  const int status = check(from, bytes, call);
  if (status == kSuccess) memcpy(to, reinterpret_cast<void*>(from), bytes);
  return status;
}
static int copy_on_device(DevicePointer to, DevicePointer from, size_t bytes, const char* call) {
  int status = check(to, bytes, call);
  if (status == kSuccess) status = check(from, bytes, call);
  if (status == kSuccess) memmove(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
  return status;
}

DRIVER_CALL cuMemGetInfo_v2(size_t* free_bytes, size_t* total) {
  DRIVER_TRACE();
  const int status = context_status();
  if (status != kSuccess) return status;
  std::lock_guard<std::mutex> lock(current_device()->guard);
  *total = settings().capacity;
  *free_bytes = *total - current_device()->used;
  return kSuccess;
}
DRIVER_CALL cuMemAlloc_v2(DevicePointer* pointer, size_t bytes) {
  DRIVER_TRACE();
  return allocate(pointer, bytes);
}
DRIVER_CALL cuMemAllocAsync(DevicePointer* pointer, size_t bytes, void*) {
  DRIVER_TRACE();
  return allocate(pointer, bytes);
}
DRIVER_CALL cuMemFree_v2(DevicePointer pointer) {
  DRIVER_TRACE();
  return release(pointer);
}
DRIVER_CALL cuMemFreeAsync(DevicePointer pointer, void*) {
  DRIVER_TRACE();
  return release(pointer);
}
DRIVER_CALL cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  DRIVER_TRACE();
  return copy_to_device(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void*) {
  DRIVER_TRACE();
  return copy_to_device(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  DRIVER_TRACE();
  return copy_to_host(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void*) {
  DRIVER_TRACE();
  return copy_to_host(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  DRIVER_TRACE();
  return copy_on_device(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, void*) {
  DRIVER_TRACE();
  return copy_on_device(to, from, bytes, __func__);
}
DRIVER_CALL cuMemcpyPeerAsync(DevicePointer to, void*, DevicePointer from, void*, size_t bytes, void*) {
  DRIVER_TRACE();
  return copy_on_device(to, from, bytes, __func__);
}
DRIVER_CALL cuMemsetD8_v2(DevicePointer to, unsigned char value, size_t bytes) {
  DRIVER_TRACE();
  const int status = check(to, bytes, __func__);
  if (status == kSuccess) memset(reinterpret_cast<void*>(to), value, bytes);
  return status;
}
DRIVER_CALL cuMemsetD8Async(DevicePointer to, unsigned char value, size_t bytes, void*) {
  return cuMemsetD8_v2(to, value, bytes);
}
DRIVER_CALL cuMemsetD32_v2(DevicePointer to, unsigned value, size_t words) {
  DRIVER_TRACE();
  const int status = check(to, 4 * words, __func__);
  if (status != kSuccess) return status;
  if (to % 4 != 0) return kInvalidValue;
  for (size_t word = 0; word < words; word++) reinterpret_cast<unsigned*>(to)[word] = value;
  return kSuccess;
}
DRIVER_CALL cuMemsetD32Async(DevicePointer to, unsigned value, size_t words, void*) {
  return cuMemsetD32_v2(to, value, words);
}
// Pinned memory is kept for the next who wants as much: tests open a device for every operand, and
// the pages of its staging would be the host's work every time.
static std::mutex pinned_guard;
static std::map<void*, size_t> pinned;
static std::multimap<size_t, void*> unused_pinned;

DRIVER_CALL cuMemHostAlloc(void** pointer, size_t bytes, unsigned) {
  DRIVER_TRACE();
  const int status = context_status();
  if (status != kSuccess) return status;
  std::lock_guard<std::mutex> lock(pinned_guard);
  const auto unused = unused_pinned.find(bytes);
  if (unused != unused_pinned.end()) {
    *pointer = unused->second;
    unused_pinned.erase(unused);
  } else if (bytes == 0 || posix_memalign(pointer, 4096, bytes) != 0) {
    return kOutOfMemory;
  }
  pinned[*pointer] = bytes;
  return kSuccess;
}
DRIVER_CALL cuMemFreeHost(void* pointer) {
  DRIVER_TRACE();
  std::lock_guard<std::mutex> lock(pinned_guard);
  const auto found = pinned.find(pointer);
  if (found == pinned.end()) return refuse(kInvalidValue, "freed host memory that is not pinned");
  unused_pinned.emplace(found->second, pointer);
  pinned.erase(found);
  return kSuccess;
}
