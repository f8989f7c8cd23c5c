// warp.h: barriers of a block, and what the lanes of a warp do together.
#pragma once
#include "block.h"

inline void __syncthreads(simulator::Site site = simulator::Site::here()) {
  simulator::barrier(false, "__syncthreads", site);
}
inline int __syncthreads_count(int vote, simulator::Site site = simulator::Site::here()) {
  return simulator::barrier(vote != 0, "__syncthreads_count", site);
}
inline int __syncthreads_or(int vote, simulator::Site site = simulator::Site::here()) {
  return simulator::barrier(vote != 0, "__syncthreads_or", site) != 0;
}
inline int __syncthreads_and(int vote, simulator::Site site = simulator::Site::here()) {
  return simulator::barrier(vote == 0, "__syncthreads_and", site) == 0;
}
inline void __syncwarp(unsigned mask = ~0u, simulator::Site site = simulator::Site::here()) {
  simulator::meet(mask, 0, "__syncwarp", site);
}
inline unsigned __activemask() { return simulator::warp().live; }

inline unsigned __ballot_sync(unsigned mask, int vote, simulator::Site site = simulator::Site::here()) {
  const unsigned live = mask & simulator::warp().live;
  const uint64_t* votes = simulator::meet(mask, vote != 0, "__ballot_sync", site);
  unsigned ballot = 0;
  for (int lane = 0; lane < simulator::kWarpSize; lane++) {
    if ((live >> lane & 1u) != 0) ballot |= unsigned(votes[lane]) << lane;
  }
  return ballot;
}
inline int __any_sync(unsigned mask, int vote, simulator::Site site = simulator::Site::here()) {
  return __ballot_sync(mask, vote, site) != 0;
}
inline int __all_sync(unsigned mask, int vote, simulator::Site site = simulator::Site::here()) {
  return __ballot_sync(mask, vote == 0, site) == 0;
}

/// What lane `source` of the mask holds; the own value where it has no such lane.
template <class T>
T simulator_shuffle(unsigned mask, T value, int source, bool in_width, const char* what, simulator::Site site) {
  static_assert(sizeof(T) <= 8, "shuffles move 4 or 8 bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  const uint64_t* values = simulator::meet(mask, bits, what, site);
  if (in_width) {
    if ((mask >> source & 1u) == 0) {
      simulator::fail(simulator::Fault::launch_failed, site, "%s: lane %d reads lane %d outside the mask %#x",
                      what, simulator::lane(), source, mask);
    }
    memcpy(&value, &values[source], sizeof value);
  }
  return value;
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, simulator::Site site = simulator::Site::here()) {
  const int first = simulator::lane() & ~(width - 1);
  return simulator_shuffle(mask, value, first | (source & (width - 1)), true, "__shfl_sync", site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, simulator::Site site = simulator::Site::here()) {
  const int source = simulator::lane() ^ bits;
  return simulator_shuffle(mask, value, source & 31, source / width <= simulator::lane() / width,
                           "__shfl_xor_sync", site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, simulator::Site site = simulator::Site::here()) {
  const int source = simulator::lane() + int(by);
  return simulator_shuffle(mask, value, source & 31, source / width == simulator::lane() / width,
                           "__shfl_down_sync", site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, simulator::Site site = simulator::Site::here()) {
  const int source = simulator::lane() - int(by);
  return simulator_shuffle(mask, value, source & 31, source >= (simulator::lane() & ~(width - 1)),
                           "__shfl_up_sync", site);
}
