// conv_gather.cuh: the walk that fprop and dgrad share: every target value gathers from a window of source pixels.
//
// Fprop is one window over x. Dgrad at stride s is s^2 windows of step 1 over dy, one for every phase of a pixel of dx
// modulo s: pixel p meets tap k in output (p + padding - k) / s, so a phase sees the taps that make this division exact
// and no others: no product with a zero in between. A phase without taps has an empty window, whose sums are zero.
//
//   fprop  source x  [images][h][w][ci]   target y  [images][ho][wo][co]   w [co][k][k][ci / groups]
//   dgrad  source dy [images][ho][wo][co] target dx [images][h][w][ci]
//   deep axis of the matrix product: [tap row][tap column][depth], depth = source channels of a group, fastest
//   packed weights: [part][phase][group][column tile][deep, padded][COLUMNS] f16
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
    int phases;        // along one axis: 1, of dgrad the stride
    int row_tiles;     // of a group and phase
    int column_tiles;  // of a group
    int deep;          // rows of a packed column tile: the most of any phase, padded to whole slabs
    int wide;          // whether the target is written 16 bytes at a time
};

// The part of a ConvGather that is a plain convolution of step `step`: grid point (a, b) sums the taps at source pixels
// first + step (a, b) + tap into target pixel target + target_step (a, b).
struct ConvWindow {
    int height;
    int width;
    int tap_rows;
    int tap_columns;
    int step;
    int first_row;
    int first_column;
    int kernel_row;     // of the first tap, in w; of dgrad the others stand before it
    int kernel_column;
    int target_row;
    int target_column;
    int target_step;
};

// One axis of a phase of dgrad.
__device__ __forceinline__ void conv_phase(const ConvGather& g, int phase, int target, int& points, int& taps,
                                           int& first, int& kernel_first) {
    const int remainder = (phase + g.padding) % g.stride;
    taps = remainder < g.kernel ? (g.kernel - remainder + g.stride - 1) / g.stride : 0;
    const int last = taps > 0 ? taps - 1 : 0;
    // Taps remainder, remainder + s, ..., the last of them first: so the source rows that they meet ascend.
    first = (phase + g.padding) / g.stride - last;
    kernel_first = remainder + g.stride * last;
    points = phase < target ? (target - phase + g.stride - 1) / g.stride : 0;
}

// The window of phase [row, column] = [phase / phases, phase % phases].
__device__ __forceinline__ ConvWindow conv_window(const ConvGather& g, int phase) {
    ConvWindow w;
    w.target_row = phase / g.phases;
    w.target_column = phase % g.phases;
    w.target_step = g.phases;
    if (g.dgrad) {
        w.step = 1;
        conv_phase(g, w.target_row, g.target_height, w.height, w.tap_rows, w.first_row, w.kernel_row);
        conv_phase(g, w.target_column, g.target_width, w.width, w.tap_columns, w.first_column, w.kernel_column);
    } else {
        w.step = g.stride;
        w.height = g.target_height;
        w.width = g.target_width;
        w.tap_rows = w.tap_columns = g.kernel;
        w.first_row = w.first_column = -g.padding;
        w.kernel_row = w.kernel_column = 0;
    }
    return w;
}

// Where a tap of a window stands in a filter: row * kernel + column.
__device__ __forceinline__ unsigned long long conv_tap(const ConvGather& g, const ConvWindow& w, int row, int column) {
    const int step = g.dgrad ? -g.stride : 1;
    const int y = w.kernel_row + step * row;
    const int x = w.kernel_column + step * column;
    return (unsigned long long)y * g.kernel + x;
}

// Halves of the packed weights of one part.
__device__ __forceinline__ unsigned long long conv_packed(const ConvGather& g, int columns) {
    const int phases = g.phases * g.phases;
    return (unsigned long long)phases * g.groups * g.column_tiles * g.deep * columns;
}
