// softmax.cu: softmax of rows, its gradient, and cross entropy.
//
// softmax:           y = exp(x - max x) / sum exp(x - max x)
// softmax_backward:  dx = y * (dy - <dy, y>)
// cross_entropy:     with z the logits of a row and the target 1 - s on its label plus s / classes on every
//                    class: losses[row] = ln(sum exp z) - (1 - s) z[label] - s / classes * sum z
//                    dlogits = (softmax(z) - target) / rows
//                    a label that is no class gives NaN for its row, since the device raises no error
// cross_entropy_mean:  loss = (sum losses) / rows
//   x, y, dy, dx, logits, dlogits   [rows, columns] f32     labels [rows] i32     losses [rows] f32
//   grid     a warp per row, 8 rows a block, grid-stride over the rows; the mean: one block
//   order    lane l takes columns l, l + 32, ..., ascending; the lanes' results are added as a butterfly.
//            Mean: thread t takes rows t, t + 256, ... in f64; threads are added in halves
//   checked against  radars_tensor::cpu, methods `softmax`, `softmax_backward`, `cross_entropy`

constexpr int THREADS = 256;
constexpr int WARP = 32;
constexpr int WARPS = THREADS / WARP;
constexpr unsigned ALL_LANES = 0xffffffffu;

// The rows of one warp: the first, and the distance to the next.
struct Rows {
    unsigned long long first;
    unsigned long long stride;
};

__device__ __forceinline__ Rows rows_of_warp() {
    return Rows{
        static_cast<unsigned long long>(blockIdx.x) * WARPS + threadIdx.x / WARP,
        static_cast<unsigned long long>(gridDim.x) * WARPS,
    };
}

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    }
    return value;
}

// The largest value of a row, for every lane; NaN is passed over, and shows in the exponentials.
__device__ __forceinline__ float row_max(const float* __restrict__ row, unsigned long long columns) {
    float largest = -__int_as_float(0x7f800000);
    for (unsigned long long c = threadIdx.x % WARP; c < columns; c += WARP) {
        largest = fmaxf(largest, row[c]);
    }
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, distance));
    }
    return largest;
}

extern "C" __global__ void __launch_bounds__(THREADS)
softmax(
    const float* __restrict__ x,
    float* __restrict__ y,
    unsigned long long rows,
    unsigned long long columns
) {
    const Rows mine = rows_of_warp();
    for (unsigned long long row = mine.first; row < rows; row += mine.stride) {
        const float* in = x + row * columns;
        float* out = y + row * columns;
        const float shift = row_max(in, columns);
        float sum = 0.0f;
        for (unsigned long long c = threadIdx.x % WARP; c < columns; c += WARP) {
            const float e = expf(in[c] - shift);
            out[c] = e;
            sum += e;
        }
        sum = warp_sum(sum);
        // Every lane reads back what it wrote itself.
        for (unsigned long long c = threadIdx.x % WARP; c < columns; c += WARP) {
            out[c] = out[c] / sum;
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
softmax_backward(
    const float* __restrict__ y,
    const float* __restrict__ dy,
    float* __restrict__ dx,
    unsigned long long rows,
    unsigned long long columns
) {
    const Rows mine = rows_of_warp();
    for (unsigned long long row = mine.first; row < rows; row += mine.stride) {
        const unsigned long long start = row * columns;
        float inner = 0.0f;
        for (unsigned long long c = threadIdx.x % WARP; c < columns; c += WARP) {
            inner += y[start + c] * dy[start + c];
        }
        inner = warp_sum(inner);
        for (unsigned long long c = threadIdx.x % WARP; c < columns; c += WARP) {
            dx[start + c] = y[start + c] * (dy[start + c] - inner);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
cross_entropy(
    const float* __restrict__ logits,
    const int* __restrict__ labels,
    float* __restrict__ losses,
    float* __restrict__ dlogits,
    unsigned long long rows,
    unsigned long long classes,
    float smoothing
) {
    const Rows mine = rows_of_warp();
    const float nan = __int_as_float(0x7fc00000);
    const float share = smoothing / static_cast<float>(classes);
    for (unsigned long long row = mine.first; row < rows; row += mine.stride) {
        const float* z = logits + row * classes;
        float* dz = dlogits + row * classes;
        const int label = labels[row];
        const bool is_class = label >= 0 && static_cast<unsigned long long>(label) < classes;
        const float shift = row_max(z, classes);
        float total = 0.0f;
        float sum = 0.0f;
        for (unsigned long long c = threadIdx.x % WARP; c < classes; c += WARP) {
            const float e = expf(z[c] - shift);
            dz[c] = e;
            total += e;
            sum += z[c] - shift;
        }
        total = warp_sum(total);
        sum = warp_sum(sum);
        for (unsigned long long c = threadIdx.x % WARP; c < classes; c += WARP) {
            const float target = c == static_cast<unsigned long long>(label) ? 1.0f - smoothing + share : share;
            const float gradient = (dz[c] / total - target) / static_cast<float>(rows);
            dz[c] = is_class ? gradient : nan;
        }
        if (threadIdx.x % WARP == 0) {
            const float of_label = is_class ? z[label] - shift : nan;
            losses[row] = logf(total) - (1.0f - smoothing) * of_label - share * sum;
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
cross_entropy_mean(
    const float* __restrict__ losses,
    float* __restrict__ loss,
    unsigned long long rows
) {
    __shared__ double sums[THREADS];
    double sum = 0.0;
    for (unsigned long long row = threadIdx.x; row < rows; row += THREADS) {
        sum += static_cast<double>(losses[row]);
    }
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            sums[threadIdx.x] += sums[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        loss[0] = static_cast<float>(sums[0] / static_cast<double>(rows));
    }
}
