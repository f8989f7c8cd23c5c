// pack.cuh: neighbouring floats that move with one load or store.
//
// A Pack<4> is 16 bytes, the widest access of a thread; Pack<1> lets the same template serve sizes that
// are no multiple of 4.

#pragma once

template <int V>
struct alignas(V * sizeof(float)) Pack {
    float lane[V];
};

// The V floats at p: one access, for which p lies on a boundary of V floats, or, unless WIDE, one a float.
// A kernel that takes any address has the same work done either way, so that no result depends on where a
// tensor lies.
template <int V, bool WIDE = true>
__device__ __forceinline__ Pack<V> load(const float* p) {
    if constexpr (WIDE) {
        return *reinterpret_cast<const Pack<V>*>(p);
    } else {
        Pack<V> pack;
#pragma unroll
        for (int i = 0; i < V; ++i) {
            pack.lane[i] = p[i];
        }
        return pack;
    }
}

// Writes the V floats at p, as `load` reads them.
template <int V, bool WIDE = true>
__device__ __forceinline__ void store(float* p, const Pack<V>& pack) {
    if constexpr (WIDE) {
        *reinterpret_cast<Pack<V>*>(p) = pack;
    } else {
#pragma unroll
        for (int i = 0; i < V; ++i) {
            p[i] = pack.lane[i];
        }
    }
}

// Whether a Pack<4> may be loaded from, or stored to, p.
__device__ __forceinline__ bool takes_packs(const void* p) {
    return (reinterpret_cast<unsigned long long>(p) & 15) == 0;
}

// The remainder of index / size; index becomes the quotient. Divides by 32 bits where they will do, since
// the GPU has no instruction for more.
__device__ __forceinline__ unsigned split_off(unsigned long long& index, unsigned size) {
    if (index >> 32 == 0) {
        const unsigned low = static_cast<unsigned>(index);
        index = low / size;
        return low % size;
    }
    const unsigned rest = static_cast<unsigned>(index % size);
    index /= size;
    return rest;
}
