// conv_tile.cuh: what a block of a convolution's matrix product holds in shared memory and in registers.
//
// A block of 256 threads sums ROWS x COLUMNS values over a deep axis that goes by in slabs of SLAB. A slab of the left
// operand is [row][deep], or (TRANSPOSED) [deep][row]; of the right one [deep][column]; rows of f16, padded by 16 bytes
// so that the 16-byte reads of eight neighbouring rows fall into different banks.
//
//   products  1: exact x exact      a b
//             2: split x exact      a_lo b + a_hi b
//             3: split x split      a_hi b_lo + a_lo b_hi + a_hi b_hi     (a_lo b_lo is below 2^-22 of the product)
//   warps     8, as 4 x 2: each sums a tile of ROWS / 4 x COLUMNS / 2 as 16 x 16 fragments, in f32
//   order     deep ascending, 16 at a time; of 16 the smaller products first: the same for every tile size
//   slabs     double-buffered; a split operand has half the slab, so a slab of any kind is about as much work
//
// Tensor cores round their sums towards zero at 24 or more bits: sums of integers below 2^24 are exact, others carry a
// relative error of at most about 2^-23 per 16 products, of the sum of magnitudes.

#pragma once

#include <mma.h>

#include "conv_operand.cuh"

constexpr int CONV_THREADS = 256;
constexpr int CONV_WARP_ROWS = 4;     // warps of a block along the rows
constexpr int CONV_WARP_COLUMNS = 2;  // and along the columns
constexpr int CONV_FRAGMENT = 16;
constexpr int CONV_ROW_PADDING = 8;  // halves

// How fragments of the left operand lie.
template <bool TRANSPOSED>
struct LeftOrder {
    using Type = nvcuda::wmma::row_major;
};
template <>
struct LeftOrder<true> {
    using Type = nvcuda::wmma::col_major;
};

// The sizes of a block's tile.
template <int PRODUCTS_, int ROWS_, int COLUMNS_, bool TRANSPOSED_ = false>
struct ConvTile {
    static constexpr int PRODUCTS = PRODUCTS_;
    static constexpr int ROWS = ROWS_;
    static constexpr int COLUMNS = COLUMNS_;
    static constexpr bool TRANSPOSED = TRANSPOSED_;
    static constexpr int SLAB = PRODUCTS == 1 ? 32 : 16;
    static constexpr int LEFT_PARTS = PRODUCTS >= 2 ? 2 : 1;
    static constexpr int RIGHT_PARTS = PRODUCTS == 3 ? 2 : 1;
    // Distance of two rows of a slab, in halves.
    static constexpr int LEFT_STRIDE = (TRANSPOSED ? ROWS : SLAB) + CONV_ROW_PADDING;
    static constexpr int RIGHT_STRIDE = COLUMNS + CONV_ROW_PADDING;
    static constexpr int WARP_ROWS = ROWS / CONV_WARP_ROWS;
    static constexpr int WARP_COLUMNS = COLUMNS / CONV_WARP_COLUMNS;
    // Fragments of a warp along its rows and columns.
    static constexpr int DOWN = WARP_ROWS / CONV_FRAGMENT;
    static constexpr int ACROSS = WARP_COLUMNS / CONV_FRAGMENT;

    struct Stage {
        __half left[LEFT_PARTS][(TRANSPOSED ? SLAB : ROWS) * LEFT_STRIDE];
        __half right[RIGHT_PARTS][SLAB * RIGHT_STRIDE];
    };

    // At the end each warp passes 16 rows of its sums through the same memory.
    static constexpr int SUMS_STRIDE = WARP_COLUMNS + 4;
    static constexpr int SUMS_BYTES = CONV_THREADS / 32 * CONV_FRAGMENT * SUMS_STRIDE * int(sizeof(float));
    static constexpr int STAGES_BYTES = 2 * int(sizeof(Stage));
    static constexpr int BYTES = STAGES_BYTES > SUMS_BYTES ? STAGES_BYTES : SUMS_BYTES;

    using Sum = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float>;
    // The part of the block's sums that a warp holds.
    struct Sums {
        Sum at[DOWN][ACROSS];
    };
};

template <class Tile>
__device__ __forceinline__ void clear(typename Tile::Sums& sums) {
#pragma unroll
    for (int i = 0; i < Tile::DOWN; i++) {
#pragma unroll
        for (int j = 0; j < Tile::ACROSS; j++) nvcuda::wmma::fill_fragment(sums.at[i][j], 0.0f);
    }
}

// Adds the products of one slab to the sums of this thread's warp.
template <class Tile>
__device__ __forceinline__ void multiply_slab(typename Tile::Sums& sums, const typename Tile::Stage& stage) {
    namespace wmma = nvcuda::wmma;
    using Left = wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, typename LeftOrder<Tile::TRANSPOSED>::Type>;
    using Right = wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major>;
    const int warp = threadIdx.x / 32;
    const int row = warp / CONV_WARP_COLUMNS * Tile::WARP_ROWS;
    const int column = warp % CONV_WARP_COLUMNS * Tile::WARP_COLUMNS;
#pragma unroll
    for (int deep = 0; deep < Tile::SLAB; deep += CONV_FRAGMENT) {
        Left left[Tile::LEFT_PARTS][Tile::DOWN];
#pragma unroll
        for (int part = 0; part < Tile::LEFT_PARTS; part++) {
#pragma unroll
            for (int i = 0; i < Tile::DOWN; i++) {
                const int at = row + i * CONV_FRAGMENT;
                const int offset = Tile::TRANSPOSED ? deep * Tile::LEFT_STRIDE + at : at * Tile::LEFT_STRIDE + deep;
                wmma::load_matrix_sync(left[part][i], stage.left[part] + offset, Tile::LEFT_STRIDE);
            }
        }
#pragma unroll
        for (int j = 0; j < Tile::ACROSS; j++) {
            const int offset = deep * Tile::RIGHT_STRIDE + column + j * CONV_FRAGMENT;
            Right right;
            if constexpr (Tile::RIGHT_PARTS == 2) {
                wmma::load_matrix_sync(right, stage.right[1] + offset, Tile::RIGHT_STRIDE);
#pragma unroll
                for (int i = 0; i < Tile::DOWN; i++)
                    wmma::mma_sync(sums.at[i][j], left[0][i], right, sums.at[i][j]);
            }
            wmma::load_matrix_sync(right, stage.right[0] + offset, Tile::RIGHT_STRIDE);
#pragma unroll
            for (int part = Tile::LEFT_PARTS - 1; part >= 0; part--) {
#pragma unroll
                for (int i = 0; i < Tile::DOWN; i++)
                    wmma::mma_sync(sums.at[i][j], left[part][i], right, sums.at[i][j]);
            }
        }
    }
}

// What the sums of PRODUCTS have to be multiplied by, one factor after the other.
template <int PRODUCTS>
__device__ __forceinline__ float unscaled(float sum, const float* scales) {
    if constexpr (PRODUCTS >= 2) sum *= scales[1];
    if constexpr (PRODUCTS == 3) sum *= scales[3];
    return sum;
}
