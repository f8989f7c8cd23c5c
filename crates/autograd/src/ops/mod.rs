//! Differentiable operations, one file a family; each backward stands next to its forward.
