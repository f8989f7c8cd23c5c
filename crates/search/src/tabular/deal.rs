//! Jobs done by several threads, each its share of them.

use crate::Result;

/// Does every job, those of the same number modulo `threads` by the same thread, and gives what they came to in
/// their order; none when one of them was stopped. What comes of it does not depend on the number of threads.
pub(super) fn deal<J: Sync, R: Send>(
    jobs: &[J],
    threads: usize,
    work: &(impl Fn(&J) -> Result<Option<R>> + Sync),
) -> Result<Option<Vec<R>>> {
    let threads = threads.clamp(1, jobs.len().max(1));
    let share = |thread: usize| {
        let own = jobs.iter().skip(thread).step_by(threads);
        own.map(work).collect::<Result<Vec<Option<R>>>>()
    };
    let shares = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread)))
            .collect();
        let joined = handles.into_iter().map(|handle| {
            handle
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect::<Result<Vec<_>>>()
    })?;
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    let dealt = (0..jobs.len()).map(|job| shares[job % threads].next().flatten());
    Ok(dealt.collect())
}
