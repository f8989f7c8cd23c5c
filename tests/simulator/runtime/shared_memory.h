// shared_memory.h: the `__shared__` variables of one block, poisoned and placed strictly.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace simulator {

/// What a byte of memory holds that nobody wrote: four of them make a NaN, two a half NaN.
constexpr int kPoison = 0xFF;

/// Shared memory of the block that is running.
///
/// A variable gets the alignment that it was declared with **and no more**, so a 16-byte access to a
/// plain `float` array is misaligned here, as it may be on a card.
class SharedMemory {
 public:
  ~SharedMemory();
  /// Forgets all variables, and makes the dynamic part `bytes` long.
  void begin_block(size_t dynamic_bytes);
  /// The variable that the declaration `key` declares; poisoned when a block sees it first.
  /// Null when the block's variables would be larger than `limit` together.
  void* variable(const void* key, size_t bytes, size_t alignment, size_t limit);
  /// The dynamic part, or null where the launch gave none.
  void* dynamic_part(size_t alignment);
  size_t static_bytes() const { return static_bytes_; }

 private:
  struct Variable {
    const void* key;
    char* address;
  };
  char* place(size_t bytes, size_t alignment);
  void clear();

  std::vector<Variable> variables_;
  std::vector<void*> owned_;           // one a variable, under AddressSanitizer
  std::unique_ptr<char[]> storage_;    // all variables, without it
  size_t used_ = 0;
  size_t static_bytes_ = 0;
  size_t dynamic_bytes_ = 0;
};

}  // namespace simulator
