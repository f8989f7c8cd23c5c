//! The threads that decode, and the memory that each of them works in.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};
use crate::view::Scaler;

/// What a thread works in: a file, the decoded image, the shrunk one. They stay as large as their largest image.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) file: Vec<u8>,
    pub(crate) decoded: Vec<u8>,
    pub(crate) shrunk: Vec<u8>,
    pub(crate) scaler: Scaler,
}

impl Scratch {
    fn bytes(&self) -> usize {
        let buffers = [&self.file, &self.decoded, &self.shrunk];
        buffers.map(Vec::capacity).iter().sum::<usize>() + self.scaler.bytes()
    }
}

/// A fixed number of threads that decode for all loaders of a folder; they sleep while no batch is wanted.
///
/// They never wait for anything but the disk, so whoever waits for them, waits for a bounded time.
pub(crate) struct Workers {
    pool: ThreadPool,
    /// Buffers that no thread works in; with those in use there are at most as many as threads.
    free: Mutex<Vec<Scratch>>,
    made: AtomicUsize,
}

impl Workers {
    /// As many threads as the pool of rayon has that this is called in.
    ///
    /// # Errors
    /// [`Error::Threads`] where the machine does not grant them.
    pub(crate) fn new() -> Result<Self> {
        let threads = rayon::current_num_threads();
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("radars-decode-{index}"))
            .build()
            .map_err(|source| Error::Threads { threads, source })?;
        Ok(Workers {
            pool,
            free: Mutex::default(),
            made: AtomicUsize::new(0),
        })
    }

    /// The number of threads.
    pub(crate) fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// How many sets of buffers were ever made.
    pub(crate) fn buffers(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Bytes of the buffers that no thread works in; of all, while nothing is decoded.
    pub(crate) fn buffer_bytes(&self) -> usize {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.iter().map(Scratch::bytes).sum()
    }

    /// Calls `work` in the pool, whose parallel iterators then use its threads.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Calls `work`, on a thread of the pool, with buffers of its own.
    pub(crate) fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut scratch = free.unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            Scratch::default()
        });
        let result = work(&mut scratch);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(scratch);
        result
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("threads", &self.threads())
            .finish_non_exhaustive()
    }
}
