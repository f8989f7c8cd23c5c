// fiber.h: a stack of its own for every CUDA thread, and the switch between two of them.
#pragma once
#include <cstddef>

namespace simulator {

/// A stack and the place where its code was interrupted.
struct Fiber {
  void* stack_pointer = nullptr;
  char* low = nullptr;  // lowest usable address
  size_t bytes = 0;
  void* sanitizer_state = nullptr;
};

/// A new stack, with a guard page below it. `number` shifts its top, so that equal frames of many
/// fibers do not fall into the same cache lines.
Fiber* new_fiber(unsigned number);
void delete_fiber(Fiber* fiber);
/// Describes the stack that the OS gave the calling thread.
Fiber this_stack();
/// Makes `fiber` begin with `entry`, whatever was on its stack. `entry` must not return.
void prepare(Fiber& fiber, unsigned number, void (*entry)());
/// Saves the caller in `from` and goes on with `to`; returns when somebody switches to `from`.
void switch_fiber(Fiber& from, Fiber& to);
/// The first thing that an entry does.
void entered_fiber();

}  // namespace simulator
