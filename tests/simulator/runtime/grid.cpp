// grid.cpp: blocks of a launch, one after the other on each worker.
#include "grid.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

namespace simulator {

// A card reserves the static part of a block's shared memory at compile time: 48 KiB at most.
static constexpr size_t kStaticSharedLimit = 48 << 10;

/// The block of this OS thread: its stacks serve every launch.
static Block& own_block() {
  static thread_local std::unique_ptr<Block> block;
  if (!block) block = std::make_unique<Block>();
  return *block;
}

Outcome run_grid(const Kernel& kernel, const Grid& grid, void* const* arguments, Order order) {
  const uint64_t total = uint64_t(grid.blocks.x) * grid.blocks.y * grid.blocks.z;
  std::atomic<uint64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex guard;
  Outcome outcome;
  auto work = [&] {
    Block& block = own_block();
    block.body = kernel.body;
    block.arguments = arguments;
    block.grid_size = grid.blocks;
    block.block_size = grid.threads;
    block.dynamic_bytes = grid.dynamic_bytes;
    block.static_limit = kStaticSharedLimit;
    block.backwards = order.backwards;
    for (uint64_t number; !failed && (number = next++) < total;) {
      const uint64_t n = order.backwards ? total - 1 - number : number;
      const uint3 index = {unsigned(n % grid.blocks.x), unsigned(n / grid.blocks.x % grid.blocks.y),
                           unsigned(n / grid.blocks.x / grid.blocks.y)};
      block.run(index);
      if (block.fault == Fault::none) continue;
      std::lock_guard<std::mutex> lock(guard);
      if (failed.exchange(true)) continue;
      outcome.fault = block.fault;
      outcome.message = "block (" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
                        std::to_string(index.z) + "), " + block.message;
    }
  };
  const unsigned workers = unsigned(std::min<uint64_t>(std::max(order.workers, 1u), total));
  std::vector<std::thread> others;
  for (unsigned worker = 1; worker < workers; worker++) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return outcome;
}

}  // namespace simulator
