// mma.h: the warp's matrix product `d = a b + c`, halves in, floats out. Each element is one sum in
// the order of k, where the hardware's order is unspecified. Misuse that the hardware leaves
// undefined is an error.
#pragma once
#include "cuda_fp16.h"

namespace nvcuda {
namespace wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int M, int N, int K> struct simulator_tile;
template <int M, int N, int K> struct simulator_tile<matrix_a, M, N, K> { static constexpr int rows = M, columns = K; };
template <int M, int N, int K> struct simulator_tile<matrix_b, M, N, K> { static constexpr int rows = K, columns = N; };
template <int M, int N, int K> struct simulator_tile<accumulator, M, N, K> { static constexpr int rows = M, columns = N; };

/// A tile spread over the lanes: here element `e` in row order is in lane `e / num_elements`, which
/// no kernel may rely on.
template <class Use, int M, int N, int K, class T, class Layout = void>
struct fragment {
  static_assert((M == 16 && N == 16 && K == 16) || (M == 32 && N == 8 && K == 16) || (M == 8 && N == 32 && K == 16),
                "no such shape for half operands");
  static constexpr int rows = simulator_tile<Use, M, N, K>::rows, columns = simulator_tile<Use, M, N, K>::columns;
  static constexpr int num_elements = rows * columns / simulator::kWarpSize, num_storage_elements = num_elements;
  using element_type = T;
  T x[num_elements];
};

template <class Use, int M, int N, int K, class T, class Layout, class U>
void fill_fragment(fragment<Use, M, N, K, T, Layout>& f, const U& value) {
  for (T& element : f.x) element = T(value);
}

/// The pointer and the row pitch that the hardware asks for: 32 and 16 bytes.
template <class T>
void simulator_check(const T* p, unsigned pitch, const char* what, simulator::Site site) {
  if (reinterpret_cast<uintptr_t>(p) % 32 != 0) {
    simulator::fail(simulator::Fault::misaligned_address, site, "%s: %p is not aligned to 32 bytes", what, (const void*)p);
  }
  if (pitch * sizeof(T) % 16 != 0) {
    simulator::fail(simulator::Fault::misaligned_address, site, "%s: rows of %u elements are no multiple of 16 bytes", what, pitch);
  }
}

template <class F>
size_t simulator_offset(int element, unsigned pitch, bool by_rows) {
  const int e = simulator::lane() * F::num_elements + element;
  const size_t row = size_t(e / F::columns), column = size_t(e % F::columns);
  return by_rows ? row * pitch + column : column * pitch + row;
}

template <class Use, int M, int N, int K, class T, class Layout>
void load_matrix_sync(fragment<Use, M, N, K, T, Layout>& f, const T* p, unsigned pitch,
                      simulator::Site site = simulator::Site::here()) {
  static_assert(!std::is_same<Use, accumulator>::value, "an accumulator needs its layout");
  simulator_check(p, pitch, "load_matrix_sync", site);
  __syncwarp(~0u, site);
  constexpr bool by_rows = std::is_same<Layout, row_major>::value;
  for (int i = 0; i < f.num_elements; i++) f.x[i] = p[simulator_offset<fragment<Use, M, N, K, T, Layout>>(i, pitch, by_rows)];
}

template <int M, int N, int K, class T>
void load_matrix_sync(fragment<accumulator, M, N, K, T>& f, const T* p, unsigned pitch, layout_t layout,
                      simulator::Site site = simulator::Site::here()) {
  simulator_check(p, pitch, "load_matrix_sync", site);
  __syncwarp(~0u, site);
  for (int i = 0; i < f.num_elements; i++) f.x[i] = p[simulator_offset<fragment<accumulator, M, N, K, T>>(i, pitch, layout == mem_row_major)];
}

template <int M, int N, int K, class T>
void store_matrix_sync(T* p, const fragment<accumulator, M, N, K, T>& f, unsigned pitch, layout_t layout,
                       simulator::Site site = simulator::Site::here()) {
  simulator_check(p, pitch, "store_matrix_sync", site);
  __syncwarp(~0u, site);
  for (int i = 0; i < f.num_elements; i++) p[simulator_offset<fragment<accumulator, M, N, K, T>>(i, pitch, layout == mem_row_major)] = f.x[i];
}

template <int M, int N, int K, class T, class LayoutA, class LayoutB, class C>
void mma_sync(fragment<accumulator, M, N, K, C>& d, const fragment<matrix_a, M, N, K, T, LayoutA>& a,
              const fragment<matrix_b, M, N, K, T, LayoutB>& b, const fragment<accumulator, M, N, K, C>& c,
              simulator::Site site = simulator::Site::here()) {
  simulator::Warp& warp = simulator::warp();
  const int lane = simulator::lane();
  // Lanes may be one product apart, never two: the operands of two rounds lie side by side.
  unsigned& round = warp.product_round[lane];
  float *left = warp.left[round % 2], *right = warp.right[round % 2];
  round++;
  for (int i = 0; i < a.num_elements; i++) left[lane * a.num_elements + i] = float(a.x[i]);
  for (int i = 0; i < b.num_elements; i++) right[lane * b.num_elements + i] = float(b.x[i]);
  simulator::meet(~0u, 0, "mma_sync", site);
  // The elements of a lane lie in one row of d.
  static_assert(N % fragment<accumulator, M, N, K, C>::num_elements == 0);
  const int first = lane * d.num_elements, row = first / N, column = first % N;
  float sum[fragment<accumulator, M, N, K, C>::num_elements];
  for (int i = 0; i < d.num_elements; i++) sum[i] = float(c.x[i]);
  for (int k = 0; k < K; k++) {
    const float factor = left[row * K + k];
    for (int i = 0; i < d.num_elements; i++) sum[i] += factor * right[k * N + column + i];
  }
  for (int i = 0; i < d.num_elements; i++) d.x[i] = C(sum[i]);
}

}  // namespace wmma
}  // namespace nvcuda
