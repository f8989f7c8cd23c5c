// cuda_pipeline_primitives.h: asynchronous copies to shared memory. They are made when they are
// waited for and poison their target until then, so a missing wait shows.
#pragma once
#include "block.h"

inline void __pipeline_memcpy_async(void* to, const void* from, size_t bytes, size_t zeros = 0,
                                    simulator::Site site = simulator::Site::here()) {
  // Both ends are touched here, so that AddressSanitizer names this line for a bad address.
  const volatile char* first = static_cast<const volatile char*>(from);
  volatile char* target = static_cast<volatile char*>(to);
  if (zeros < bytes) {
    (void)first[0];
    (void)first[bytes - zeros - 1];
  }
  target[0] = target[0];
  target[bytes - 1] = target[bytes - 1];
  simulator::copy_async(to, from, bytes, zeros, site);
}
inline void __pipeline_commit() { simulator::commit_copies(); }
inline void __pipeline_wait_prior(size_t left) { simulator::wait_for_copies(unsigned(left)); }
