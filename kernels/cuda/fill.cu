// fill.cu: sets every element of a tensor to one value.
//
// fill:  y[i] = value
//   y      [n] f32; its first byte lies on a 16-byte boundary for the fast path, else on any
//   grid   grid-stride, one thread per 4 elements (one 16-byte store), then one per element of the rest
//   order  every element is written once: nothing is summed
//   checked against  radars_tensor::cpu, method `fill`

extern "C" __global__ void __launch_bounds__(256)
fill(float* __restrict__ y, float value, unsigned long long n) {
    const unsigned long long first = blockIdx.x * 256ull + threadIdx.x;
    const unsigned long long stride = gridDim.x * 256ull;

    const bool aligned = (reinterpret_cast<unsigned long long>(y) & 15) == 0;
    const unsigned long long quads = aligned ? n / 4 : 0;
    float4* __restrict__ wide = reinterpret_cast<float4*>(y);
    for (unsigned long long i = first; i < quads; i += stride) {
        wide[i] = make_float4(value, value, value, value);
    }
    for (unsigned long long i = quads * 4 + first; i < n; i += stride) {
        y[i] = value;
    }
}
