// kernel.h: what a compiled `.cu` file tells the stand-in driver about its kernels.
#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace simulator {

struct Parameter {
  size_t bytes, alignment;
  bool pointer;
};

/// A kernel with the parameter list of its own C++ signature.
struct Kernel {
  const char* name;
  std::vector<Parameter> parameters;
  void (*body)(void* const* arguments);  // one thread of it
};

/// The function `simulator_kernels` of every compiled `.cu` file.
using KernelList = const std::vector<Kernel>& (*)();

template <class... P>
std::vector<Parameter> parameters_of(void (*)(P...)) {
  return {Parameter{sizeof(P), alignof(P), std::is_pointer<P>::value}...};
}

template <auto kernel, class... P, size_t... I>
void call(void* const* arguments, void (*)(P...), std::index_sequence<I...>) {
  (void)arguments;
  kernel(*static_cast<std::remove_reference_t<P>*>(arguments[I])...);
}

template <auto kernel, class... P>
void call_with(void* const* arguments, void (*signature)(P...)) {
  call<kernel>(arguments, signature, std::index_sequence_for<P...>{});
}

template <auto kernel>
Kernel kernel_of(const char* name) {
  return {name, parameters_of(kernel), [](void* const* arguments) { call_with<kernel>(arguments, kernel); }};
}

}  // namespace simulator
