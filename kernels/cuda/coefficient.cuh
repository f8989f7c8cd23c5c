// coefficient.cuh: a factor that is known to the host, or to the device alone.

#pragma once

// The element, if there is one, else the constant.
__device__ __forceinline__ float coefficient(float constant, const float* element) {
    return element == nullptr ? constant : element[0];
}
