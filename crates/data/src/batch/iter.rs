//! Iterating over batches, with or without a thread that makes them ahead of time.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use radars_tensor::random::Seed;

use super::pool::Batch;
use super::source::{Position, Source};
use crate::error::Result;

/// Batches in order, or why one could not be made, which happens to streamed image folders alone; made by
/// [`Loader::epoch`](crate::Loader::epoch) and [`Loader::steps`](crate::Loader::steps).
///
/// Dropping it early stops the prefetch thread and waits for it (for one batch at most). Memory for batches is kept
/// as long as it is there: of all the loaders of a search, one or two are at work at a time.
pub struct Batches {
    inner: Inner,
    // Dropped after the thread has ended.
    _buffers: Buffers,
}

/// Lets go of a loader's free buffers in the end.
struct Buffers(Arc<Source>);

impl Drop for Buffers {
    fn drop(&mut self) {
        self.0.pool.release();
    }
}

enum Inner {
    Direct(Sequence),
    Prefetched(Prefetched),
}

impl Batches {
    pub(super) fn new(
        source: Arc<Source>,
        seed: Seed,
        next: Position,
        remaining: Option<usize>,
    ) -> Self {
        // More than an epoch ahead is of no use, and the channel reserves its room at once.
        let buffers = Buffers(Arc::clone(&source));
        let ahead = source.options.prefetch.min(source.batches_per_epoch());
        let sequence = Sequence {
            source,
            seed,
            next,
            remaining,
        };
        // A machine that grants no more threads gets the same batches without one.
        let inner = match ahead {
            0 => Inner::Direct(sequence),
            _ => match Prefetched::start(sequence.clone(), ahead) {
                Ok(prefetched) => Inner::Prefetched(prefetched),
                Err(_) => Inner::Direct(sequence),
            },
        };
        Self {
            inner,
            _buffers: buffers,
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        match &mut self.inner {
            Inner::Direct(sequence) => sequence.next(),
            Inner::Prefetched(prefetched) => prefetched.next(),
        }
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

/// The batches from a position on, each made when asked for.
#[derive(Clone)]
struct Sequence {
    source: Arc<Source>,
    seed: Seed,
    next: Position,
    /// Batches still to come; `None` for no end.
    remaining: Option<usize>,
}

impl Iterator for Sequence {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.checked_sub(1)?;
        }
        let batch = self.source.batch(self.seed, self.next);
        self.next = self.source.following(self.next);
        Some(batch)
    }
}

/// The same batches, made by a thread that stays a bounded number of them ahead.
struct Prefetched {
    /// `None` once the batches are over.
    batches: Option<Receiver<Result<Batch>>>,
    thread: Option<JoinHandle<()>>,
}

impl Prefetched {
    fn start(sequence: Sequence, ahead: usize) -> std::io::Result<Self> {
        // The thread holds one finished batch beyond those in the channel while it waits for room.
        let (sender, receiver) = sync_channel(ahead - 1);
        let thread = Builder::new()
            .name("radars-prefetch".into())
            .spawn(move || {
                for batch in sequence {
                    if sender.send(batch).is_err() {
                        break; // The receiver is gone: nobody wants more.
                    }
                }
            })?;
        Ok(Self {
            batches: Some(receiver),
            thread: Some(thread),
        })
    }

    fn next(&mut self) -> Option<Result<Batch>> {
        let batch = self.batches.as_ref()?.recv().ok();
        if batch.is_none() {
            self.batches = None;
            // Were a panic of the thread swallowed, an epoch would only look short.
            if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                resume_unwind(panic);
            }
        }
        batch
    }
}

impl Drop for Prefetched {
    fn drop(&mut self) {
        self.batches = None; // A blocked send returns now.
        if let Some(thread) = self.thread.take() {
            // Nothing to do about a panic while dropping, and its batches are not wanted any more.
            let _ = thread.join();
        }
    }
}
