//! What streaming did and holds.

/// What a streamed folder did so far, and the host memory that it holds; both sets together.
///
/// None of it reaches a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamUsage {
    /// Threads that decode.
    pub workers: usize,
    /// Sets of buffers that they work in, each a file, its decoded image and the shrunk one: never more than workers.
    pub buffers: usize,
    /// Bytes of those buffers, as large as their largest images made them.
    pub buffer_bytes: usize,
    /// Bytes of cached images, and of what manages them.
    pub cached_bytes: usize,
    /// Files decoded.
    pub decoded: usize,
    /// Images that came from the cache.
    pub from_cache: usize,
}
