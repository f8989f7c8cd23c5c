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

/// How the loops of an operation run. Their items are independent, so the result is the same.
#[derive(Clone, Copy)]
pub(super) enum Loops {
    /// On the calling thread, one item after the other.
    Inline,
    /// On the threads of the pool that the operation runs in.
    Parallel,
}

impl Loops {
    /// Calls `body` on every item.
    pub(super) fn for_each<I: IndexedParallelIterator>(
        self,
        items: I,
        body: impl Fn(I::Item) + Send + Sync,
    ) {
        match self {
            Loops::Inline => items.with_producer(Inline(body)),
            Loops::Parallel => items.for_each(body),
        }
    }
}

impl Cpu {
    /// Runs an operation on `elements` elements: on this thread when they are few or the pool has one
    /// thread, else on the pool, which is entered once for all of its loops.
    pub(super) fn run<R: Send>(
        &self,
        elements: usize,
        operation: impl FnOnce(Loops) -> R + Send,
    ) -> R {
        if elements >= PARALLEL_FROM && self.pool.current_num_threads() > 1 {
            self.pool.install(|| operation(Loops::Parallel))
        } else {
            operation(Loops::Inline)
        }
    }

    /// Calls `body` on every item: an operation of one loop.
    pub(super) fn for_each<I: IndexedParallelIterator>(
        &self,
        elements: usize,
        items: I,
        body: impl Fn(I::Item) + Send + Sync,
    ) {
        self.run(elements, |loops| loops.for_each(items, body));
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
