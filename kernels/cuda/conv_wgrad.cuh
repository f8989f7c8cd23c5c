// conv_wgrad.cuh: the gradient of a convolution's weights as a matrix product that is never laid out (implicit GEMM).
//
//   parts[chunk][o][t][c] = sum over the chunk's output pixels p of dy[p][o] * x[pixel of p under tap t][c]
//
//   tensors  x [images][h][w][ci], dy [images * ho * wo][co], parts [chunks][co][kernel * kernel * ci / groups], f32
//   rows     output channels of a group; columns its "window", [tap][input channel]; deep axis: output pixels
//   block    a tile of ROWS x COLUMNS of one group (grid x: column tiles fastest, then row tiles, then groups) over one
//            chunk of pixels (grid y)
//   left     dy as it lies, [pixel][channel]: always split into hi + lo
//   right    x, gathered: a thread keeps its place in the window and walks over pixels by additions alone
//   slabs    the next one is on its way in registers while the tensor cores work on this one, and is quantised, scaled and
//            split on its way to shared memory
//   order    pixels of a chunk ascending, see conv_tile.cuh: neither the tile nor VECTOR changes a bit
//   checked against  radars_tensor::Cpu::conv2d_wgrad, compose::fake_quantised_conv2d_wgrad

#pragma once

#include "conv_tile.cuh"
#include "quad.cuh"

struct ConvWgrad {
    unsigned height;
    unsigned width;
    unsigned channels;
    unsigned out_height;
    unsigned out_width;
    unsigned out_channels;
    unsigned groups;
    unsigned kernel;
    unsigned stride;
    unsigned padding;
    unsigned chunk;             // pixels of a chunk
    unsigned column_step;       // RIGHT_LINES pixels are so many columns, and rows, and images
    unsigned row_step;
    unsigned image_step;
    unsigned long long pixels;  // of all images
};

// An output pixel, and the way to the one that stands RIGHT_LINES further, without a division.
struct ConvPixel {
    unsigned column, row, image;

    __device__ __forceinline__ ConvPixel(const ConvWgrad& g, unsigned long long pixel) {
        const unsigned long long line = pixel / g.out_width;
        column = unsigned(pixel - line * g.out_width);
        image = unsigned(line / g.out_height);
        row = unsigned(line - (unsigned long long)image * g.out_height);
    }

    __device__ __forceinline__ void advance(const ConvWgrad& g) {
        column += g.column_step;
        unsigned carry = column >= g.out_width;
        if (carry) column -= g.out_width;
        row += g.row_step + carry;
        carry = row >= g.out_height;
        if (carry) row -= g.out_height;
        image += g.image_step + carry;
    }
};

// Four neighbours in the window: four channels under one tap, or, if not VECTOR, each with a tap of its own.
template <bool VECTOR>
struct ConvPlace {
    static constexpr int PLACES = VECTOR ? 1 : 4;
    unsigned rows[PLACES], columns[PLACES], channels[PLACES];

    __device__ __forceinline__ ConvPlace(const ConvWgrad& g, unsigned first, unsigned group) {
        const unsigned depth = g.channels / g.groups;
#pragma unroll
        for (int i = 0; i < PLACES; i++) {
            const unsigned tap = (first + i) / depth;
            // Negative offsets wrap round; where a sum with them leaves the image it is larger than the image.
            rows[i] = tap / g.kernel - g.padding;
            columns[i] = tap % g.kernel - g.padding;
            channels[i] = group * depth + (first + i) % depth;
            // Behind the window there is nothing to read: no row of the image is as large.
            if (tap >= g.kernel * g.kernel) rows[i] = 0x80000000u;
        }
    }

    __device__ __forceinline__ float4 load(const ConvWgrad& g, const float* x, const ConvPixel& pixel) const {
        float value[4] = {};
#pragma unroll
        for (int i = 0; i < PLACES; i++) {
            const unsigned row = pixel.row * g.stride + rows[i], column = pixel.column * g.stride + columns[i];
            if (row >= g.height || column >= g.width) continue;
            const float* from = x + (((unsigned long long)pixel.image * g.height + row) * g.width + column) * g.channels + channels[i];
            if constexpr (VECTOR) return *reinterpret_cast<const float4*>(from);
            value[i] = *from;
        }
        return make_float4(value[0], value[1], value[2], value[3]);
    }
};

// PRODUCTS: 2, x is exact in f16; 3, it is split.
template <int PRODUCTS, int ROWS, int COLUMNS, bool VECTOR>
struct ConvWgradBlock {
    using Tile = ConvTile<PRODUCTS, ROWS, COLUMNS, true>;
    using Stage = typename Tile::Stage;
    static constexpr bool SPLIT = PRODUCTS == 3;
    // Quads of a line of a slab, lines that are loaded at a time, and how many times: of the left operand, and of the right.
    static constexpr int LEFT_QUADS = ROWS / 4, LEFT_LINES = CONV_THREADS / LEFT_QUADS;
    static constexpr int RIGHT_QUADS = COLUMNS / 4, RIGHT_LINES = CONV_THREADS / RIGHT_QUADS;
    static constexpr int LEFT_LOADS = Tile::SLAB / LEFT_LINES, RIGHT_LOADS = Tile::SLAB / RIGHT_LINES;

    const ConvWgrad& g;
    unsigned window, row, column, group;  // row and column: where the tile starts
    unsigned left_quad, left_line, right_quad, right_line;
    unsigned left;   // output channels of the group from this thread's quad on
    unsigned count;  // pixels of the chunk
    const float* gradients;
    const float* images;
    ConvPlace<VECTOR> place;
    ConvPixel pixel;
    float4 dy[LEFT_LOADS], x[RIGHT_LOADS];

    __device__ __forceinline__ static unsigned tiles(unsigned size, unsigned tile) { return (size + tile - 1) / tile; }

    __device__ __forceinline__ ConvWgradBlock(const ConvWgrad& g, const float* images, const float* gradients)
        : g(g),
          window(g.kernel * g.kernel * (g.channels / g.groups)),
          row(blockIdx.x / tiles(window, COLUMNS) % tiles(g.out_channels / g.groups, ROWS) * ROWS),
          column(blockIdx.x % tiles(window, COLUMNS) * COLUMNS),
          group(blockIdx.x / tiles(window, COLUMNS) / tiles(g.out_channels / g.groups, ROWS)),
          left_quad(threadIdx.x % LEFT_QUADS * 4),
          left_line(threadIdx.x / LEFT_QUADS),
          right_quad(threadIdx.x % RIGHT_QUADS * 4),
          right_line(threadIdx.x / RIGHT_QUADS),
          images(images),
          place(g, column + right_quad, group),
          pixel(g, (unsigned long long)blockIdx.y * g.chunk + right_line) {
        const unsigned long long first = (unsigned long long)blockIdx.y * g.chunk;
        const unsigned long long rest = g.pixels - first;
        const unsigned lanes = g.out_channels / g.groups;
        count = rest < g.chunk ? unsigned(rest) : g.chunk;
        left = row + left_quad < lanes ? lanes - row - left_quad : 0;
        this->gradients = gradients + (first + left_line) * g.out_channels + group * lanes + row + left_quad;
    }

    // Reads the slab of pixels from `slab` of the chunk on. Slabs come in order.
    __device__ __forceinline__ void load(unsigned slab) {
        const float4 zeros = splat(0.0f);
#pragma unroll
        for (int i = 0; i < LEFT_LOADS; i++) {
            const unsigned line = slab + i * LEFT_LINES;
            const float* from = gradients + (unsigned long long)line * g.out_channels;
            dy[i] = line + left_line < count && left > 0 ? load_quad<VECTOR>(from, left, 0.0f) : zeros;
        }
#pragma unroll
        for (int i = 0; i < RIGHT_LOADS; i++) {
            x[i] = slab + i * RIGHT_LINES + right_line < count ? place.load(g, images, pixel) : zeros;
            pixel.advance(g);
        }
    }

    __device__ __forceinline__ void store(Stage& stage, const Quantiser& q, float dy_scale, float x_scale) const {
#pragma unroll
        for (int i = 0; i < LEFT_LOADS; i++) {
            const int at = (left_line + i * LEFT_LINES) * Tile::LEFT_STRIDE + left_quad;
            const float value[4] = {dy[i].x, dy[i].y, dy[i].z, dy[i].w};
            store_operand<4, true>(value, dy_scale, stage.left[0] + at, stage.left[1] + at);
        }
#pragma unroll
        for (int i = 0; i < RIGHT_LOADS; i++) {
            const int at = (right_line + i * RIGHT_LINES) * Tile::RIGHT_STRIDE + right_quad;
            float value[4] = {x[i].x, x[i].y, x[i].z, x[i].w};
            if (is_format(q)) {
#pragma unroll
                for (int lane = 0; lane < 4; lane++) value[lane] = quantise(q, value[lane]);
            }
            store_operand<4, SPLIT>(value, x_scale, stage.right[0] + at, stage.right[Tile::RIGHT_PARTS - 1] + at);
        }
    }

    // Writes the warp's sums, 16 rows at a time through its own piece of shared memory.
    __device__ __forceinline__ void write(const typename Tile::Sums& sums, float* memory, float* parts) const {
        constexpr int QUADS = Tile::WARP_COLUMNS / 4;
        const unsigned warp = threadIdx.x / 32, lanes = g.out_channels / g.groups;
        float* own = memory + warp * CONV_FRAGMENT * Tile::SUMS_STRIDE;
        const unsigned first_row = row + warp / CONV_WARP_COLUMNS * Tile::WARP_ROWS;
        const unsigned first_column = column + warp % CONV_WARP_COLUMNS * Tile::WARP_COLUMNS;
        float* target = parts + ((unsigned long long)blockIdx.y * g.out_channels + group * lanes) * window;
#pragma unroll
        for (int i = 0; i < Tile::DOWN; i++) {
#pragma unroll
            for (int j = 0; j < Tile::ACROSS; j++) {
                nvcuda::wmma::store_matrix_sync(own + j * CONV_FRAGMENT, sums.at[i][j], Tile::SUMS_STRIDE,
                                                nvcuda::wmma::mem_row_major);
            }
            __syncwarp();
#pragma unroll 1
            for (unsigned quad = threadIdx.x % 32; quad < CONV_FRAGMENT * QUADS; quad += 32) {
                const unsigned o = first_row + i * CONV_FRAGMENT + quad / QUADS, at = first_column + quad % QUADS * 4;
                if (o >= lanes || at >= window) continue;
                const float* from = own + quad / QUADS * Tile::SUMS_STRIDE + quad % QUADS * 4;
                const float4 value = *reinterpret_cast<const float4*>(from);
                store_quad<VECTOR>(target + (unsigned long long)o * window + at, window - at, value);
            }
            __syncwarp();
        }
    }

    __device__ __forceinline__ static void run(const float* x, const float* dy, const float* scales, float* parts,
                                               const ConvWgrad& g, const Quantiser& q) {
        __shared__ __align__(128) unsigned char memory[Tile::BYTES];
        Stage* stages = reinterpret_cast<Stage*>(memory);
        ConvWgradBlock block(g, x, dy);
        const float dy_scale = scales[0], x_scale = SPLIT ? scales[2] : 1.0f;
        typename Tile::Sums sums;
        clear<Tile>(sums);
        block.load(0);
        block.store(stages[0], q, dy_scale, x_scale);
        __syncthreads();
        unsigned now = 0;
        for (unsigned slab = 0; slab < block.count; slab += Tile::SLAB, now ^= 1) {
            const bool more = slab + Tile::SLAB < block.count;
            if (more) block.load(slab + Tile::SLAB);
            multiply_slab<Tile>(sums, stages[now]);
            if (more) block.store(stages[now ^ 1], q, dy_scale, x_scale);
            __syncthreads();
        }
        block.write(sums, reinterpret_cast<float*>(memory), parts);
    }
};
