// block.h: one CUDA block while an OS thread runs it, and how its threads wait for each other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fiber.h"
#include "shared_memory.h"
#include "site.h"

struct uint3 {
  unsigned x, y, z;
};

namespace simulator {

constexpr int kWarpSize = 32;

/// The driver's error codes that a kernel can end with.
enum class Fault { none = 0, illegal_address = 700, misaligned_address = 716, launch_failed = 719 };

/// A copy that `__pipeline_memcpy_async` announced and `__pipeline_wait_prior` has yet to make.
struct AsyncCopy {
  void* to;
  const void* from;
  size_t bytes;   // the last `zeros` of them become 0
  size_t zeros;
  unsigned batch;
};

struct Thread {
  uint3 index{};
  int number = 0;              // in the block, x fastest
  bool started = false, done = false;
  Fiber* fiber = nullptr;
  const uint32_t* awaited = nullptr;  // waits until this is no longer ...
  uint32_t awaited_round = 0;         // ... this
  const char* waits_for = "";
  Site site;
  std::vector<AsyncCopy> copies;
  unsigned batch = 0;          // batches of copies committed so far
};

/// Lanes of one mask that come together, each with a value, and go on when all are there.
struct Meeting {
  unsigned mask = 0, arrived = 0;
  uint32_t round = 0;
  const char* what = "";
  Site site;
  uint64_t values[2][kWarpSize];
};

struct Warp {
  unsigned live = 0;  // lanes that have not returned
  Meeting meetings[8];
  // Operands of matrix products, of two rounds in turn.
  float left[2][16 * 32], right[2][16 * 32];
  unsigned product_round[kWarpSize] = {};
};

enum class Vote { count, all, any };

/// One block at a time; the OS thread keeps it, with its stacks, for the next.
struct Block {
  Block() = default;
  Block(const Block&) = delete;
  ~Block();

  // Set for a launch.
  void (*body)(void* const* arguments) = nullptr;
  void* const* arguments = nullptr;
  uint3 grid_size{}, block_size{};
  size_t dynamic_bytes = 0, static_limit = 0;
  bool backwards = false;

  // State of the block that runs.
  uint3 index{};
  Thread* thread = nullptr;  // the one that runs
  int live = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  SharedMemory shared;
  uint32_t barrier_round = 0;
  int barrier_arrived = 0;
  Site barrier_site;
  int barrier_votes[2] = {0, 0};
  Fault fault = Fault::none;
  std::string message;

  std::vector<Fiber*> idle_fibers, fibers;
  Fiber os_stack;

  /// Runs the block `index` to its end; what went wrong is in `fault` and `message`.
  void run(uint3 index);
};

// What compiled kernels call.
#pragma GCC visibility push(default)

/// The block of the calling OS thread. Kernels read it on every use of `threadIdx`, hence the model,
/// and `__thread`, which needs no check for a constructor.
extern __thread Block* current __attribute__((tls_model("initial-exec")));

/// All threads of the block meet, those that returned apart; the number of them with a vote.
int barrier(bool vote, const char* what, Site site);
/// The lanes of `mask` meet; each reads the values of all. Valid until the lane's next meeting.
const uint64_t* meet(unsigned mask, uint64_t value, const char* what, Site site);
/// Ends the block with a message.
[[noreturn]] void fail(Fault fault, Site site, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

void* shared_variable(const void* key, size_t bytes, size_t alignment, Site site);
void* dynamic_shared(size_t alignment);

void copy_async(void* to, const void* from, size_t bytes, size_t zeros, Site site);
void commit_copies();
/// Makes the copies of all batches committed but the last `left`.
void wait_for_copies(unsigned left);

#pragma GCC visibility pop

inline int lane() { return current->thread->number % kWarpSize; }
inline Warp& warp() { return current->warps[size_t(current->thread->number / kWarpSize)]; }

}  // namespace simulator
