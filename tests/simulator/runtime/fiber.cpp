// fiber.cpp: stacks and the context switch.
#include "fiber.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef SIMULATOR_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(__x86_64__)
#error "the CUDA simulator switches contexts in x86-64 assembly; this machine needs its own switch in fiber.cpp"
#endif

// Saves the registers that a call preserves (System V ABI), swaps stacks, restores the other's.
extern "C" void simulator_switch(void** save, void* to);
asm(R"(.text
.globl simulator_switch
.hidden simulator_switch
.type simulator_switch,@function
simulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simulator_switch,.-simulator_switch
)");

namespace simulator {

#ifdef SIMULATOR_ASAN
static constexpr size_t kStackBytes = 256 << 10;  // red zones make frames larger
#else
static constexpr size_t kStackBytes = 64 << 10;
#endif

Fiber* new_fiber(unsigned number) {
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  void* base = mmap(nullptr, kStackBytes + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    fprintf(stderr, "simulator: no memory for the stack of fiber %u\n", number);
    abort();
  }
  mprotect(base, page, PROT_NONE);
  Fiber* fiber = new Fiber;
  fiber->low = static_cast<char*>(base) + page;
  fiber->bytes = kStackBytes;
  return fiber;
}

void delete_fiber(Fiber* fiber) {
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  munmap(fiber->low - page, fiber->bytes + page);
  delete fiber;
}

Fiber this_stack() {
  Fiber fiber;
  pthread_attr_t attributes;
  void* low = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &low, &fiber.bytes);
    pthread_attr_destroy(&attributes);
  }
  fiber.low = static_cast<char*>(low);
  return fiber;
}

void prepare(Fiber& fiber, unsigned number, void (*entry)()) {
#ifdef SIMULATOR_ASAN
  __asan_unpoison_memory_region(fiber.low, fiber.bytes);  // frames of a thread that never returned
#endif
  const size_t shift = (number * 5 % 61) * 128;
  // A function is entered with the stack pointer 8 above a multiple of 16, as after a call.
  auto* top = reinterpret_cast<uint64_t*>(fiber.low + fiber.bytes - shift) - 1;
  *top = 0;
  *--top = reinterpret_cast<uint64_t>(entry);
  for (int saved = 0; saved < 6; saved++) *--top = 0;
  fiber.stack_pointer = top;
}

void switch_fiber(Fiber& from, Fiber& to) {
#ifdef SIMULATOR_ASAN
  __sanitizer_start_switch_fiber(&from.sanitizer_state, to.low, to.bytes);
#endif
  simulator_switch(&from.stack_pointer, to.stack_pointer);
#ifdef SIMULATOR_ASAN
  __sanitizer_finish_switch_fiber(from.sanitizer_state, nullptr, nullptr);
#endif
}

void entered_fiber() {
#ifdef SIMULATOR_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

}  // namespace simulator
