// atomics.h: read-modify-write operations; atomic between workers too.
#pragma once
#include "block.h"

template <class T, class F>
T simulator_modify(T* address, F change) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  T old, changed;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  do {
    changed = change(old);
  } while (!__atomic_compare_exchange(address, &old, &changed, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return old;
}

template <class T, class U> T atomicAdd(T* p, U v) { return simulator_modify(p, [=](T old) { return T(old + T(v)); }); }
template <class T, class U> T atomicSub(T* p, U v) { return simulator_modify(p, [=](T old) { return T(old - T(v)); }); }
template <class T, class U> T atomicMax(T* p, U v) { return simulator_modify(p, [=](T old) { return old > T(v) ? old : T(v); }); }
template <class T, class U> T atomicMin(T* p, U v) { return simulator_modify(p, [=](T old) { return old < T(v) ? old : T(v); }); }
template <class T, class U> T atomicAnd(T* p, U v) { return simulator_modify(p, [=](T old) { return T(old & T(v)); }); }
template <class T, class U> T atomicOr(T* p, U v) { return simulator_modify(p, [=](T old) { return T(old | T(v)); }); }
template <class T, class U> T atomicXor(T* p, U v) { return simulator_modify(p, [=](T old) { return T(old ^ T(v)); }); }
template <class T, class U> T atomicExch(T* p, U v) { return simulator_modify(p, [=](T) { return T(v); }); }
template <class T, class U, class V>
T atomicCAS(T* p, U compare, V v) {
  return simulator_modify(p, [=](T old) { return old == T(compare) ? T(v) : old; });
}
