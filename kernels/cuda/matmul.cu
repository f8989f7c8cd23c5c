// matmul.cu: the matrix product.
//
//   c[i][j] = sum_p a[i][p] * b[p][j]        i < m, j < n, p < k
//
//   tensors  a [m][k], or [k][m] transposed; b [k][n], or [n][k] transposed; c [m][n]; f32, contiguous.
//            Names: n as stated, t transposed: matmul_nt reads a [m][k] and b [n][k].
//   grid     one-dimensional, strided over tiles of 64 x 64 of c, columns fastest; 256 threads, x = 16 columns fastest,
//            4 x 4 values of c each, in registers
//   loads    panels of 16 p through shared memory, [p][i] and [p][j]; the next panel is on its way to registers while
//            this one is multiplied, and goes into the other of two buffers: one barrier a panel
//   order    p ascending by fused multiply-adds into one sum. The "_scalar" kernels, for sizes and addresses that do not
//            allow 16-byte loads, give the same bits.
//   checked against  radars_tensor::Cpu (cpu/matmul.rs)

#include "quad.cuh"

namespace {

constexpr int TILE = 64;
constexpr int DEPTH = 16;
constexpr int PITCH = TILE + 4;  // keeps quads aligned, and spreads the columns that a transposing store writes over banks

// One operand's way through shared memory: `along` is i or j, contiguous in memory or not.
template <bool ALONG_CONTIGUOUS, bool VECTOR>
struct Panel {
    const float* source;       // the operand
    unsigned long long pitch;  // elements from one of its lines to the next
    unsigned long long along_size, depth;
    unsigned along, p;  // this thread's quad within a panel
    unsigned long long first;
    float4 value;

    __device__ __forceinline__ Panel(const float* operand, unsigned long long along_size, unsigned long long depth)
        : source(operand), pitch(ALONG_CONTIGUOUS ? along_size : depth), along_size(along_size), depth(depth), first(0) {
        along = ALONG_CONTIGUOUS ? threadIdx.x % 16 * 4 : threadIdx.x / 4;
        p = ALONG_CONTIGUOUS ? threadIdx.x / 16 : threadIdx.x % 4 * 4;
    }

    // Reads the quad of the panel at `panel`; zeros stand for what lies outside the operand.
    __device__ __forceinline__ void load(unsigned long long panel) {
        unsigned long long i = first + along, q = panel + p;
        value = splat(0.0f);
        if (i < along_size && q < depth) {
            unsigned long long line = ALONG_CONTIGUOUS ? q : i, within = ALONG_CONTIGUOUS ? i : q;
            unsigned left = (unsigned)min((ALONG_CONTIGUOUS ? along_size : depth) - within, 4ull);
            value = load_quad<VECTOR>(source + line * pitch + within, left, 0.0f);
        }
    }

    __device__ __forceinline__ void store(float (*panel)[PITCH]) const {
        if (ALONG_CONTIGUOUS) {
            *reinterpret_cast<float4*>(&panel[p][along]) = value;
        } else {
            panel[p][along] = value.x;
            panel[p + 1][along] = value.y;
            panel[p + 2][along] = value.z;
            panel[p + 3][along] = value.w;
        }
    }
};

template <bool TRANSPOSE_A, bool TRANSPOSE_B, bool VECTOR>
__device__ __forceinline__ void matmul(const float* a, const float* b, float* c, unsigned long long m,
                                       unsigned long long n, unsigned long long k) {
    __shared__ __align__(16) float rows[2][DEPTH][PITCH];
    __shared__ __align__(16) float columns[2][DEPTH][PITCH];
    Panel<TRANSPOSE_A, VECTOR> left(a, m, k);
    Panel<!TRANSPOSE_B, VECTOR> right(b, n, k);
    unsigned row = threadIdx.x / 16 * 4, column = threadIdx.x % 16 * 4;
    unsigned long long across = (n + TILE - 1) / TILE, tiles = (m + TILE - 1) / TILE * across;
    for (unsigned long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        left.first = tile / across * TILE;
        right.first = tile % across * TILE;
        float4 sums[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
        left.load(0);
        right.load(0);
        __syncthreads();  // the tile before has been read
        left.store(rows[0]);
        right.store(columns[0]);
        __syncthreads();
        int now = 0;
        for (unsigned long long panel = 0; panel < k; panel += DEPTH) {
            bool more = panel + DEPTH < k;
            if (more) {
                left.load(panel + DEPTH);
                right.load(panel + DEPTH);
            }
#pragma unroll
            for (int p = 0; p < DEPTH; p++) {
                float4 x = *reinterpret_cast<const float4*>(&rows[now][p][row]);
                float4 y = *reinterpret_cast<const float4*>(&columns[now][p][column]);
                multiply_add(sums[0], splat(x.x), y);
                multiply_add(sums[1], splat(x.y), y);
                multiply_add(sums[2], splat(x.z), y);
                multiply_add(sums[3], splat(x.w), y);
            }
            if (more) {
                left.store(rows[now ^ 1]);
                right.store(columns[now ^ 1]);
                __syncthreads();
                now ^= 1;
            }
        }
        unsigned long long j = right.first + column;
#pragma unroll
        for (int r = 0; r < 4; r++) {
            unsigned long long i = left.first + row + r;
            if (i < m && j < n) store_quad<VECTOR>(c + i * n + j, (unsigned)min(n - j, 4ull), sums[r]);
        }
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    matmul_nn(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<false, false, true>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_nn_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<false, false, false>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_nt(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<false, true, true>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_nt_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<false, true, false>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_tn(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<true, false, true>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_tn_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<true, false, false>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_tt(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<true, true, true>(a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_tt_scalar(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, unsigned long long m,
              unsigned long long n, unsigned long long k) {
    matmul<true, true, false>(a, b, c, m, n, k);
}
