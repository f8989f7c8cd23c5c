// conv_gemm.cuh: convolution as a matrix product that is never laid out (implicit GEMM), on f16 tensor cores.
//
// target[pixel][lane] = sum over taps and depth of source[pixel + tap][depth] * w[lane][tap][depth]
//   rows     pixels of the target (of one phase), columns its channels (of one group), deep axis: see conv_gather.cuh
//   block    128 rows x COLUMNS columns, one each; column tiles fastest, so that those of the same rows run side by side
//            and find the source in the L2 cache
//   left     gathered from the image: a thread moves 16 bytes (VECTOR) or one float a time, all at the same place of the
//            deep axis, which it follows as (tap row, tap column, depth) by additions alone. The next slab is on its way
//            in registers while the tensor cores work on this one, and is quantised, scaled and split on its way to
//            shared memory.
//   right    packed beforehand (conv_pack.cu), copied asynchronously
//   order    see conv_tile.cuh; it depends neither on the tile nor on VECTOR
//   checked against  radars_tensor::Cpu::conv2d_fprop, ::conv2d_dgrad, and compose::fake_quantised_conv2d_*

#pragma once

#include <cuda_pipeline_primitives.h>

#include "conv_gather.cuh"
#include "conv_tile.cuh"

// A row of the block's tile: where its window starts.
struct __align__(16) ConvRow {
    unsigned long long base;  // element of source, wrapped where the window starts outside the image
    int row;
    int column;
};

// A window that starts here lies outside the image with every tap.
constexpr int CONV_OUTSIDE = -2147483647 - 1;

// A place on the deep axis.
struct ConvCursor {
    int row;
    int column;
    int depth;

    __device__ __forceinline__ static ConvCursor at(int deep, int columns, int depths) {
        const int tap = deep / depths;
        return ConvCursor{tap / columns, tap % columns, deep % depths};
    }

    __device__ __forceinline__ void advance(const ConvCursor& by, int columns, int depths) {
        depth += by.depth;
        column += by.column;
        row += by.row;
        if (depth >= depths) {
            depth -= depths;
            column++;
        }
        if (column >= columns) {
            column -= columns;
            row++;
        }
    }
};

// Which tile a block computes.
struct ConvBlock {
    int column_tile;
    int row_tile;
    int group;
    int phase;

    __device__ __forceinline__ static ConvBlock of(const ConvGather& g, unsigned index) {
        ConvBlock b;
        b.column_tile = index % g.column_tiles;
        index /= g.column_tiles;
        b.row_tile = index % g.row_tiles;
        index /= g.row_tiles;
        b.group = index % g.groups;
        b.phase = index / g.groups;
        return b;
    }
};

template <int PRODUCTS, int COLUMNS, bool VECTOR>
struct ConvGemm {
    using Tile = ConvTile<PRODUCTS, 128, COLUMNS>;
    using Stage = typename Tile::Stage;
    static constexpr bool SPLIT = Tile::LEFT_PARTS == 2;
    static constexpr int WIDTH = VECTOR ? 4 : 1;
    // Threads side by side on a row of the slab, rows that are loaded at a time, and how many times.
    static constexpr int ACROSS = Tile::SLAB / WIDTH;
    static constexpr int ROWS = CONV_THREADS / ACROSS;
    static constexpr int PASSES = Tile::ROWS / ROWS;

    // What a thread holds of a slab of the left operand.
    struct Slab {
        float at[PASSES][WIDTH];
    };

    __device__ __forceinline__ static void place(const ConvGather& g, const ConvWindow& w, const ConvBlock& block,
                                                 ConvRow* rows, unsigned long long* targets) {
        if (threadIdx.x >= Tile::ROWS) return;
        const unsigned long long area = (unsigned long long)w.height * w.width;
        const unsigned long long pixel = (unsigned long long)block.row_tile * Tile::ROWS + threadIdx.x;
        ConvRow row{0, CONV_OUTSIDE, CONV_OUTSIDE};
        unsigned long long target = 0;
        if (pixel < g.images * area) {
            const unsigned long long image = pixel / area, rest = pixel - image * area;
            const int a = int(rest / w.width), b = int(rest % w.width);
            row.row = w.first_row + w.step * a;
            row.column = w.first_column + w.step * b;
            const long long source =
                ((long long)image * g.source_height + row.row) * g.source_width + row.column;
            row.base = (unsigned long long)(source * g.source_channels) +
                       (unsigned long long)block.group * (g.source_channels / g.groups);
            const unsigned long long y = w.target_row + w.target_step * a, x = w.target_column + w.target_step * b;
            target = ((image * g.target_height + y) * g.target_width + x) * g.target_channels +
                     (unsigned long long)block.group * (g.target_channels / g.groups);
        }
        rows[threadIdx.x] = row;
        targets[threadIdx.x] = target;
    }

    __device__ __forceinline__ static void load(Slab& slab, const float* source, const ConvRow* rows,
                                                const ConvGather& g, const ConvWindow& w, const ConvCursor& cursor) {
        const long long tap = ((long long)cursor.row * g.source_width + cursor.column) * g.source_channels;
        const float* from = source + tap + cursor.depth;
        const bool exists = cursor.row < w.taps.rows;
#pragma unroll
        for (int pass = 0; pass < PASSES; pass++) {
            const ConvRow row = rows[pass * ROWS + threadIdx.x / ACROSS];
            const bool inside = exists && unsigned(row.row + cursor.row) < unsigned(g.source_height) &&
                                unsigned(row.column + cursor.column) < unsigned(g.source_width);
            if constexpr (VECTOR) {
                float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
                if (inside) value = *reinterpret_cast<const float4*>(from + row.base);
                slab.at[pass][0] = value.x;
                slab.at[pass][1] = value.y;
                slab.at[pass][2] = value.z;
                slab.at[pass][3] = value.w;
            } else {
                slab.at[pass][0] = inside ? from[row.base] : 0.0f;
            }
        }
    }

    __device__ __forceinline__ static void store(Slab& slab, Stage& stage, const Quantiser& q,
                                                 const float* scales) {
        const float scale = SPLIT ? scales[0] : 1.0f;
        const int column = threadIdx.x % ACROSS * WIDTH;
#pragma unroll
        for (int pass = 0; pass < PASSES; pass++) {
            if (is_format(q)) {
#pragma unroll
                for (int i = 0; i < WIDTH; i++) slab.at[pass][i] = quantise(q, slab.at[pass][i]);
            }
            const int at = (pass * ROWS + threadIdx.x / ACROSS) * Tile::LEFT_STRIDE + column;
            store_operand<WIDTH, SPLIT>(slab.at[pass], scale, stage.left[0] + at,
                                        stage.left[Tile::LEFT_PARTS - 1] + at);
        }
    }

    __device__ __forceinline__ static void copy(Stage& stage, const __half* packed, unsigned long long part) {
        constexpr int RUN = 8, RUNS = COLUMNS / RUN;
#pragma unroll
        for (int p = 0; p < Tile::RIGHT_PARTS; p++) {
#pragma unroll
            for (int i = threadIdx.x; i < Tile::SLAB * RUNS; i += CONV_THREADS) {
                __half* to = stage.right[p] + i / RUNS * Tile::RIGHT_STRIDE + i % RUNS * RUN;
                __pipeline_memcpy_async(to, packed + p * part + i * RUN, RUN * sizeof(__half));
            }
        }
        __pipeline_commit();
    }

    // Writes the warp's sums, 16 rows at a time through its own piece of shared memory.
    __device__ __forceinline__ static void write(typename Tile::Sums& sums, float* memory, float* target,
                                                 const unsigned long long* targets, const float* scales,
                                                 const ConvGather& g, int rows, int columns) {
        constexpr int QUADS = Tile::WARP_COLUMNS / 4;
        const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
        float* own = memory + warp * CONV_FRAGMENT * Tile::SUMS_STRIDE;
        const int first_column = warp % CONV_WARP_COLUMNS * Tile::WARP_COLUMNS;
#pragma unroll
        for (int i = 0; i < Tile::DOWN; i++) {
#pragma unroll
            for (int j = 0; j < Tile::ACROSS; j++) {
                nvcuda::wmma::store_matrix_sync(own + j * CONV_FRAGMENT, sums.at[i][j], Tile::SUMS_STRIDE,
                                                nvcuda::wmma::mem_row_major);
            }
            __syncwarp();
            const int first_row = warp / CONV_WARP_COLUMNS * Tile::WARP_ROWS + i * CONV_FRAGMENT;
#pragma unroll 1
            for (int quad = lane; quad < CONV_FRAGMENT * QUADS; quad += 32) {
                const int row = first_row + quad / QUADS, column = first_column + quad % QUADS * 4;
                if (row >= rows || column >= columns) continue;
                float4 v = *reinterpret_cast<float4*>(own + quad / QUADS * Tile::SUMS_STRIDE + quad % QUADS * 4);
                v.x = unscaled<PRODUCTS>(v.x, scales);
                v.y = unscaled<PRODUCTS>(v.y, scales);
                v.z = unscaled<PRODUCTS>(v.z, scales);
                v.w = unscaled<PRODUCTS>(v.w, scales);
                float* to = target + targets[row] + column;
                if (g.wide) {
                    *reinterpret_cast<float4*>(to) = v;
                } else {
                    to[0] = v.x;
                    if (column + 1 < columns) to[1] = v.y;
                    if (column + 2 < columns) to[2] = v.z;
                    if (column + 3 < columns) to[3] = v.w;
                }
            }
            __syncwarp();
        }
    }

    __device__ __forceinline__ static void run(const float* source, const __half* packed, const float* scales,
                                               float* target, const ConvGather& g, const Quantiser& q) {
        __shared__ __align__(128) unsigned char memory[Tile::BYTES];
        __shared__ ConvRow rows[Tile::ROWS];
        __shared__ unsigned long long targets[Tile::ROWS];
        const ConvBlock block = ConvBlock::of(g, blockIdx.x);
        const ConvWindow w = conv_window(g, block.phase);
        const unsigned long long pixels = g.images * w.height * w.width;
        const unsigned long long first = (unsigned long long)block.row_tile * Tile::ROWS;
        if (first >= pixels) return;  // the phase has fewer pixels than others
        place(g, w, block, rows, targets);

        Stage* stages = reinterpret_cast<Stage*>(memory);
        const int depths = g.source_channels / g.groups;
        const int slabs = (w.taps.rows * w.taps.columns * depths + Tile::SLAB - 1) / Tile::SLAB;
        // Where there are no taps nothing is read.
        const int tile = (w.remainder * g.groups + block.group) * g.column_tiles + block.column_tile;
        const unsigned long long part = conv_packed(g, COLUMNS);
        packed += (unsigned long long)tile * g.deep * COLUMNS;
        typename Tile::Sums sums;
        clear<Tile>(sums);
        __syncthreads();  // the rows are placed

        const int across = w.taps.columns > 0 ? w.taps.columns : 1;
        ConvCursor cursor = ConvCursor::at(threadIdx.x % ACROSS * WIDTH, across, depths);
        const ConvCursor by = ConvCursor::at(Tile::SLAB, across, depths);
        Slab slab;
        if (slabs > 0) {
            copy(stages[0], packed, part);
            load(slab, source, rows, g, w, cursor);
            store(slab, stages[0], q, scales);
            __pipeline_wait_prior(0);
        }
        __syncthreads();
        // The next slab comes in while this one is multiplied; one barrier a slab, since each has its own stage.
        for (int s = 0; s < slabs; s++) {
            Stage& next = stages[(s + 1) % 2];
            const bool more = s + 1 < slabs;
            if (more) {
                packed += Tile::SLAB * COLUMNS;
                cursor.advance(by, across, depths);
                copy(next, packed, part);
                load(slab, source, rows, g, w, cursor);
            }
            multiply_slab<Tile>(sums, stages[s % 2]);
            if (more) {
                store(slab, next, q, scales);
                __pipeline_wait_prior(0);
            }
            __syncthreads();
        }
        const unsigned long long left = pixels - first;
        const int columns = g.target_channels / g.groups - block.column_tile * COLUMNS;
        write(sums, reinterpret_cast<float*>(memory), target + block.column_tile * COLUMNS, targets, scales, g,
              left < Tile::ROWS ? int(left) : Tile::ROWS, columns < COLUMNS ? columns : COLUMNS);
    }
};
