//! When and how a loop goes parallel: pieces of fixed size, dealt out only where that pays.

use super::Cpu;
use rayon::iter::IndexedParallelIterator;
use rayon::iter::plumbing::{Producer, ProducerCallback};

/// Elements of a piece. Partial results belong to pieces, so this is part of what results depend on.
pub(super) const PIECE: usize = 1 << 14;

/// Elements below which waking a thread costs more than it saves.
const PARALLEL_FROM: usize = 1 << 15;

/// Pieces of `elements` elements.
pub(super) fn pieces(elements: usize) -> usize {
    elements.div_ceil(PIECE)
}

/// Rows of a piece of a `[rows, columns]` matrix: at least 64, so that a partial result for every
/// column stays small beside the piece.
pub(super) fn rows_per_piece(columns: usize) -> usize {
    (PIECE / columns.max(1)).max(64)
}

impl Cpu {
    /// Calls `body` on every item: on this thread when `elements` is small or the pool has one thread,
    /// else on the pool. Items are independent, so the result is the same.
    pub(super) fn for_each<I: IndexedParallelIterator>(
        &self,
        elements: usize,
        items: I,
        body: impl Fn(I::Item) + Send + Sync,
    ) {
        if elements >= PARALLEL_FROM && self.pool.current_num_threads() > 1 {
            self.pool.install(|| items.for_each(body));
        } else {
            items.with_producer(Inline(body));
        }
    }
}

/// Runs a parallel iterator as the sequential one it is made of, without a pool.
struct Inline<F>(F);

impl<T, F: Fn(T)> ProducerCallback<T> for Inline<F> {
    type Output = ();

    fn callback<P: Producer<Item = T>>(self, producer: P) {
        producer.into_iter().for_each(self.0);
    }
}
