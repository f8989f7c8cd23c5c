// conv_gather.cuh: the walk that fprop and dgrad share: every target value gathers from a window of source pixels.
//
// Fprop is one window over x. Dgrad at stride s is s^2 windows of step 1 over dy, one for every phase of a pixel of dx
// modulo s: pixel p meets tap k in output (p + padding - k) / s, so the phase whose remainder (p + padding) % s is r sees
// the taps r, r + s, ... that make this division exact, and no others: no product with a zero in between. A phase without
// taps has an empty window, whose sums are zero.
//
//   fprop  source x  [images][h][w][ci]    target y  [images][ho][wo][co]   w [co][k][k][ci / groups]
//   dgrad  source dy [images][ho][wo][co]  target dx [images][h][w][ci]
//   deep axis of the matrix product: [tap row][tap column][depth], depth = source channels of a group, fastest
//   packed weights: [part][remainder row][remainder column][group][column tile][deep, padded][COLUMNS] f16
//   checked against  radars_tensor::Cpu (cpu/conv/gather.rs)

#pragma once

// A convolution as a gather from source to target.
struct ConvGather {
    unsigned long long images;
    int source_height;
    int source_width;
    int source_channels;
    int target_height;
    int target_width;
    int target_channels;
    int groups;
    int kernel;
    int stride;
    int padding;
    int dgrad;         // 0: fprop
    int phases;        // along one axis: 1, of dgrad the stride, or the image's larger side if that is less
    int remainders;    // along one axis, those that have taps: 1, of dgrad the stride, or the kernel if that is less
    int row_tiles;     // of a group and phase
    int column_tiles;  // of a group
    int deep;          // rows of a packed column tile: the most of any phase, padded to whole slabs
    int wide;          // whether the target is written 16 bytes at a time
};

// The taps of a window, and where the first of them stands in a filter; of dgrad the others stand before it, so that the
// source pixels that they meet ascend.
struct ConvTaps {
    int rows;
    int columns;
    int kernel_row;
    int kernel_column;
};

// The part of a ConvGather that is a plain convolution of step `step`: grid point (a, b) sums the taps at source pixels
// first + step (a, b) + tap into target pixel target + target_step (a, b).
struct ConvWindow {
    ConvTaps taps;
    int height;
    int width;
    int step;
    int first_row;
    int first_column;
    int target_row;
    int target_column;
    int target_step;
    int remainder;  // row * remainders + column, where there are taps
};

__device__ __forceinline__ int conv_tap_count(const ConvGather& g, int remainder) {
    return remainder < g.kernel ? (g.kernel - remainder + g.stride - 1) / g.stride : 0;
}

// The taps of the phases of remainders [row, column].
__device__ __forceinline__ ConvTaps conv_taps(const ConvGather& g, int row, int column) {
    if (!g.dgrad) return ConvTaps{g.kernel, g.kernel, 0, 0};
    const int rows = conv_tap_count(g, row), columns = conv_tap_count(g, column);
    return ConvTaps{rows, columns, row + g.stride * (rows - 1), column + g.stride * (columns - 1)};
}

// Where a tap stands in a filter: row * kernel + column.
__device__ __forceinline__ unsigned long long conv_tap(const ConvGather& g, const ConvTaps& taps, int row, int column) {
    const int step = g.dgrad ? -g.stride : 1;
    const int y = taps.kernel_row + step * row;
    const int x = taps.kernel_column + step * column;
    return (unsigned long long)y * g.kernel + x;
}

// Grid points of a phase along an axis of `size` pixels.
__device__ __forceinline__ int conv_points(const ConvGather& g, int phase, int size) {
    return phase < size ? (size - phase + g.stride - 1) / g.stride : 0;
}

// The window of phase [phase / phases, phase % phases].
__device__ __forceinline__ ConvWindow conv_window(const ConvGather& g, int phase) {
    ConvWindow w;
    w.target_row = phase / g.phases;
    w.target_column = phase % g.phases;
    if (g.dgrad) {
        const int y = w.target_row + g.padding, x = w.target_column + g.padding;
        const int row = y % g.stride, column = x % g.stride;
        w.taps = conv_taps(g, row, column);
        w.remainder = row * g.remainders + column;
        w.height = conv_points(g, w.target_row, g.target_height);
        w.width = conv_points(g, w.target_column, g.target_width);
        w.step = 1;
        w.first_row = y / g.stride - (w.taps.rows - 1);
        w.first_column = x / g.stride - (w.taps.columns - 1);
        w.target_step = g.stride;
    } else {
        w.taps = conv_taps(g, 0, 0);
        w.remainder = 0;
        w.height = g.target_height;
        w.width = g.target_width;
        w.step = g.stride;
        w.first_row = w.first_column = -g.padding;
        w.target_step = 1;
    }
    return w;
}

// Halves of the packed weights of one part.
__device__ __forceinline__ unsigned long long conv_packed(const ConvGather& g, int columns) {
    const unsigned long long tiles = (unsigned long long)g.remainders * g.remainders * g.groups * g.column_tiles;
    return tiles * g.deep * columns;
}
