// block.cpp: running the threads of a block one after the other, from meeting point to meeting point.
#include "block.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace simulator {

__thread Block* current __attribute__((tls_model("initial-exec"))) = nullptr;

Block::~Block() {
  for (Fiber* fiber : fibers) delete_fiber(fiber);
}

static bool can_run(const Thread& thread) {
  return !thread.done && (thread.awaited == nullptr || *thread.awaited != thread.awaited_round);
}

/// The first thread after `from`, in the order of the run, that can go on.
static Thread* next_thread(Block& block, int from) {
  const int count = int(block.threads.size());
  const int step = block.backwards ? count - 1 : 1;
  for (int tried = 0, at = from; tried < count; tried++) {
    at += step;
    if (at >= count) at -= count;
    if (can_run(block.threads[size_t(at)])) return &block.threads[size_t(at)];
  }
  return nullptr;
}

static void thread_entry();

static void take_fiber(Block& block, Thread& thread) {
  if (block.idle_fibers.empty()) {
    block.fibers.push_back(new_fiber(unsigned(block.fibers.size())));
    block.idle_fibers.push_back(block.fibers.back());
  }
  thread.fiber = block.idle_fibers.back();
  block.idle_fibers.pop_back();
  prepare(*thread.fiber, unsigned(thread.number), &thread_entry);
}

/// Leaves `from` for `thread`.
static void go_on_with(Block& block, Fiber& from, Thread& thread) {
  block.thread = &thread;
  thread.awaited = nullptr;
  if (!thread.started) {
    thread.started = true;
    take_fiber(block, thread);
  }
  switch_fiber(from, *thread.fiber);
}

void fail(Fault fault, Site site, const char* format, ...) {
  Block& block = *current;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  char place[160];
  const uint3 t = block.thread->index;
  snprintf(place, sizeof place, "thread (%u, %u, %u), %s:%d: ", t.x, t.y, t.z, site.file, site.line);
  block.fault = fault;
  block.message = std::string(place) + text;
  Fiber abandoned;
  switch_fiber(abandoned, block.os_stack);
  __builtin_unreachable();
}

static void fail_stuck(Block& block) {
  std::string waiting;
  int named = 0, count = 0;
  for (const Thread& thread : block.threads) {
    if (thread.done || !thread.started) continue;
    count++;
    bool known = false;
    for (const Thread& other : block.threads) {
      if (&other == &thread) break;
      known |= !other.done && other.started && other.site == thread.site;
    }
    if (known || ++named > 4) continue;
    char line[200];
    snprintf(line, sizeof line, "; thread (%u, %u, %u) waits in %s at line %d", thread.index.x,
             thread.index.y, thread.index.z, thread.waits_for, thread.site.line);
    waiting += line;
  }
  fail(Fault::launch_failed, block.thread->site,
       "deadlock: %d threads wait for others that never come%s", count, waiting.c_str());
}

static void wait_until_changed(const uint32_t* round, uint32_t seen, const char* what, Site site) {
  Block& block = *current;
  Thread& self = *block.thread;
  self.awaited = round;
  self.awaited_round = seen;
  self.waits_for = what;
  self.site = site;
  Thread* next = next_thread(block, self.number);
  if (next == nullptr) fail_stuck(block);
  go_on_with(block, *self.fiber, *next);
}

static void open_barrier(Block& block) {
  block.barrier_arrived = 0;
  block.barrier_round++;
}

static bool complete(const Meeting& meeting, unsigned live) {
  const unsigned needed = meeting.mask & live;
  return meeting.arrived != 0 && (meeting.arrived & needed) == needed;
}

static void open_meeting(Meeting& meeting) {
  meeting.arrived = 0;
  meeting.round++;
}

/// A thread that returns may be the last that others waited for.
static void leave(Block& block, Thread& thread) {
  thread.done = true;
  block.live--;
  Warp& own = block.warps[size_t(thread.number / kWarpSize)];
  own.live &= ~(1u << (thread.number % kWarpSize));
  if (block.barrier_arrived > 0 && block.barrier_arrived >= block.live) open_barrier(block);
  for (Meeting& meeting : own.meetings) {
    if (complete(meeting, own.live)) open_meeting(meeting);
  }
}

/// Runs threads on one stack until one of them has to wait on it for others.
static void thread_entry() {
  entered_fiber();
  for (;;) {
    Block& block = *current;
    Thread& self = *block.thread;
    block.body(block.arguments);
    leave(block, self);
    Thread* next = next_thread(block, self.number);
    if (next == nullptr && block.live > 0) fail_stuck(block);
    if (next != nullptr && !next->started) {
      next->started = true;
      next->fiber = self.fiber;
      block.thread = next;
      continue;
    }
    block.idle_fibers.push_back(self.fiber);  // reused only after the switch away from it
    if (next == nullptr) {
      switch_fiber(*self.fiber, block.os_stack);
    } else {
      go_on_with(block, *self.fiber, *next);
    }
    __builtin_unreachable();
  }
}

void Block::run(uint3 at) {
  index = at;
  const int count = int(block_size.x * block_size.y * block_size.z);
  threads.resize(size_t(count));
  warps.resize(size_t((count + kWarpSize - 1) / kWarpSize));
  for (int number = 0; number < count; number++) {
    Thread& thread = threads[size_t(number)];
    const unsigned n = unsigned(number);
    thread.index = {n % block_size.x, n / block_size.x % block_size.y,
                    n / block_size.x / block_size.y};
    thread.number = number;
    thread.started = thread.done = false;
    thread.fiber = nullptr;
    thread.awaited = nullptr;
    thread.copies.clear();
    thread.batch = 0;
  }
  for (size_t number = 0; number < warps.size(); number++) {
    const int lanes = count - int(number) * kWarpSize;
    warps[number].live = lanes >= kWarpSize ? ~0u : (1u << lanes) - 1;
    for (Meeting& meeting : warps[number].meetings) meeting.mask = meeting.arrived = 0;
    for (unsigned& round : warps[number].product_round) round = 0;
  }
  live = count;
  barrier_arrived = 0;
  fault = Fault::none;
  idle_fibers = fibers;
  shared.begin_block(dynamic_bytes);
  if (os_stack.low == nullptr) os_stack = this_stack();
  current = this;
  go_on_with(*this, os_stack, threads[size_t(backwards ? count - 1 : 0)]);
  current = nullptr;
}

int barrier(bool vote, const char* what, Site site) {
  Block& block = *current;
  const uint32_t round = block.barrier_round;
  int& votes = block.barrier_votes[round % 2];
  if (block.barrier_arrived == 0) {
    votes = 0;
    block.barrier_site = site;
  } else if (block.barrier_site != site) {
    fail(Fault::launch_failed, site,
         "divergent barrier: others of the block wait at the %s of line %d", what,
         block.barrier_site.line);
  }
  votes += vote;
  if (++block.barrier_arrived >= block.live) {
    open_barrier(block);
  } else {
    wait_until_changed(&block.barrier_round, round, what, site);
  }
  return votes;
}

/// The meeting of `mask` in this warp, or an idle one made into it.
static Meeting& meeting_of(Warp& own, unsigned mask, Site site) {
  for (Meeting& meeting : own.meetings) {
    if (meeting.mask == mask) return meeting;
  }
  for (Meeting& meeting : own.meetings) {
    if (meeting.arrived == 0) {
      meeting.mask = mask;
      return meeting;
    }
  }
  fail(Fault::launch_failed, site, "lanes of one warp wait under more than 8 masks");
}

const uint64_t* meet(unsigned mask, uint64_t value, const char* what, Site site) {
  Warp& own = warp();
  const unsigned bit = 1u << lane();
  if ((mask & bit) == 0) {
    fail(Fault::launch_failed, site, "%s: lane %d is not in its own mask %#x", what, lane(), mask);
  }
  Meeting& meeting = meeting_of(own, mask, site);
  if (meeting.arrived == 0) {
    meeting.what = what;
    meeting.site = site;
  } else if (strcmp(meeting.what, what) != 0 || meeting.site != site) {
    fail(Fault::launch_failed, site, "%s: other lanes of the mask are in the %s of line %d", what,
         meeting.what, meeting.site.line);
  }
  const uint32_t round = meeting.round;
  uint64_t* values = meeting.values[round % 2];
  values[lane()] = value;
  meeting.arrived |= bit;
  if (complete(meeting, own.live)) {
    open_meeting(meeting);
  } else {
    wait_until_changed(&meeting.round, round, what, site);
  }
  return values;
}

void* shared_variable(const void* key, size_t bytes, size_t alignment, Site site) {
  Block& block = *current;
  void* address = block.shared.variable(key, bytes, alignment, block.static_limit);
  if (address == nullptr) {
    fail(Fault::launch_failed, site, "static shared memory: %zu bytes and these %zu are over the limit of %zu",
         block.shared.static_bytes(), bytes, block.static_limit);
  }
  return address;
}

void* dynamic_shared(size_t alignment) { return current->shared.dynamic_part(alignment); }

void copy_async(void* to, const void* from, size_t bytes, size_t zeros, Site site) {
  if ((bytes != 4 && bytes != 8 && bytes != 16) || zeros > bytes) {
    fail(Fault::launch_failed, site, "asynchronous copy of %zu bytes, %zu of them zeros", bytes, zeros);
  }
  if (reinterpret_cast<uintptr_t>(to) % bytes != 0 || reinterpret_cast<uintptr_t>(from) % bytes != 0) {
    fail(Fault::misaligned_address, site, "asynchronous copy of %zu bytes from %p to %p, not so aligned",
         bytes, from, to);
  }
  memset(to, kPoison, bytes);
  Thread& self = *current->thread;
  self.copies.push_back({to, from, bytes, zeros, self.batch});
}

void commit_copies() { current->thread->batch++; }

void wait_for_copies(unsigned left) {
  Thread& self = *current->thread;
  size_t kept = 0;
  for (const AsyncCopy& copy : self.copies) {
    if (copy.batch + left < self.batch) {
      memcpy(copy.to, copy.from, copy.bytes - copy.zeros);
      memset(static_cast<char*>(copy.to) + copy.bytes - copy.zeros, 0, copy.zeros);
    } else {
      self.copies[kept++] = copy;
    }
  }
  self.copies.resize(kept);
}

}  // namespace simulator
