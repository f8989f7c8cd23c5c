// shared_memory.cpp: placing `__shared__` variables.
#include "shared_memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#ifdef SIMULATOR_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace simulator {

// More than any card has in a block (227 KiB), and room to shift every variable.
static constexpr size_t kStorageBytes = 512 << 10;

SharedMemory::~SharedMemory() { clear(); }

void SharedMemory::clear() {
  variables_.clear();
  for (void* memory : owned_) free(memory);
  owned_.clear();
  used_ = 0;
  static_bytes_ = 0;
}

void SharedMemory::begin_block(size_t dynamic_bytes) {
  clear();
  dynamic_bytes_ = dynamic_bytes;
}

void* SharedMemory::variable(const void* key, size_t bytes, size_t alignment, size_t limit) {
  for (const Variable& variable : variables_) {
    if (variable.key == key) return variable.address;
  }
  if (key != &dynamic_bytes_) {
    if (static_bytes_ + bytes > limit) return nullptr;
    static_bytes_ += bytes;
  }
  char* address = place(bytes, alignment);
  memset(address, kPoison, bytes);
  variables_.push_back({key, address});
  return address;
}

void* SharedMemory::dynamic_part(size_t alignment) {
  if (dynamic_bytes_ == 0) return nullptr;
  return variable(&dynamic_bytes_, dynamic_bytes_, alignment, SIZE_MAX);
}

#ifdef SIMULATOR_ASAN

// Memory of its own has red zones on both sides; the shift to an odd multiple of the alignment is
// made part of the left one. Its granules are 8 bytes.
char* SharedMemory::place(size_t bytes, size_t alignment) {
  const size_t shift = alignment < 8 ? 8 : alignment;
  void* memory = nullptr;
  if (posix_memalign(&memory, 2 * shift, bytes + shift) != 0) abort();
  owned_.push_back(memory);
  __asan_poison_memory_region(memory, shift);
  return static_cast<char*>(memory) + shift;
}

#else

char* SharedMemory::place(size_t bytes, size_t alignment) {
  if (!storage_) storage_.reset(new char[kStorageBytes]);
  const uintptr_t next = reinterpret_cast<uintptr_t>(storage_.get()) + used_;
  const uintptr_t even = (next + 2 * alignment - 1) / (2 * alignment) * (2 * alignment);
  char* address = reinterpret_cast<char*>(even + alignment);
  used_ = size_t(address + bytes - storage_.get());
  if (used_ > kStorageBytes) abort();
  return address;
}

#endif

}  // namespace simulator
