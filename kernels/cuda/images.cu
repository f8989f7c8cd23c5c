// images.cu: images of bytes become values, each moved and mirrored.
//
// place_images:  y[n][i][j][c] = value(bytes[n][i + rows][j' + columns][c]), where (rows, columns, mirrored)
//                is the placement of image n and j' is width - 1 - j if mirrored, else j; black, the value of
//                byte 0, where that lies outside the image.    value(byte) = byte / 127.5 - 1
//   bytes   [batch, height, width, channels] u8, channels last     placements [batch, 3] i32
//   y       [batch, height, width, channels] f32
//   grid    grid-stride, one thread per element of y: neighbours write neighbours, and read neighbouring
//           bytes, forwards or pixel by pixel backwards
//   order   nothing is summed; divided, not multiplied by a reciprocal, so the values are the CPU's to the bit
//   checked against  radars_tensor::cpu, method `place_images`

#include "pack.cuh"

constexpr int THREADS = 256;

struct ImageShape {
    unsigned long long batch;
    unsigned height;
    unsigned width;
    unsigned channels;
};

__device__ __forceinline__ float value(unsigned char byte) {
    return static_cast<float>(byte) / 127.5f - 1.0f;
}

extern "C" __global__ void __launch_bounds__(THREADS)
place_images(
    const unsigned char* __restrict__ bytes,
    const int* __restrict__ placements,
    float* __restrict__ y,
    ImageShape shape
) {
    const unsigned long long n = shape.batch * shape.height * shape.width * shape.channels;
    const unsigned long long stride = static_cast<unsigned long long>(gridDim.x) * THREADS;
    unsigned long long index = static_cast<unsigned long long>(blockIdx.x) * THREADS + threadIdx.x;
    for (; index < n; index += stride) {
        unsigned long long image = index;
        const unsigned channel = split_off(image, shape.channels);
        const unsigned column = split_off(image, shape.width);
        const unsigned row = split_off(image, shape.height);
        const int* placement = placements + 3 * image;
        // Wide enough for any placement.
        const long long from_row = static_cast<long long>(row) + placement[0];
        const unsigned in_window = placement[2] != 0 ? shape.width - 1 - column : column;
        const long long from_column = static_cast<long long>(in_window) + placement[1];
        const bool inside = from_row >= 0 && from_row < shape.height
            && from_column >= 0 && from_column < shape.width;
        const unsigned long long pixel = (image * shape.height + from_row) * shape.width + from_column;
        y[index] = value(inside ? bytes[pixel * shape.channels + channel] : 0);
    }
}
