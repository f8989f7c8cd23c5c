//! The lifetimes of a program's ranges, in the order in which it asks for them.

use std::collections::HashMap;
use std::ops::Range;

/// What a program asks of a suballocator: how long each range is, and between which requests it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes(pub(super) Vec<Lifetime>);

/// One range. Request `i` of a program begins its life, and request `end` is the first that finds it free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// A multiple of [`super::ALIGN`].
    pub bytes: usize,
    /// `usize::MAX` for a range that the program leaves behind.
    pub end: usize,
}

impl Lifetimes {
    /// How many ranges the program asks for.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it asks for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a program may make some of its requests several times over, and any layout holds for it: what they
    /// ask for is given back before the next request, and what was there before stays.
    pub fn may_repeat(&self, requests: &Range<usize>) -> bool {
        self.0.iter().enumerate().all(|(begin, lifetime)| {
            let ends_within = requests.start < lifetime.end && lifetime.end <= requests.end;
            begin >= requests.end || (begin >= requests.start) == ends_within
        })
    }

    /// The most bytes that live at once: no layout has a lower high-water mark.
    pub fn peak_bytes(&self) -> usize {
        let mut ends: Vec<(usize, usize)> = self.0.iter().map(|l| (l.end, l.bytes)).collect();
        ends.sort_unstable();
        let mut ends = ends.into_iter().peekable();
        let (mut live, mut peak) = (0, 0);
        for (request, lifetime) in self.0.iter().enumerate() {
            while let Some((_, bytes)) = ends.next_if(|&(end, _)| end <= request) {
                live -= bytes;
            }
            live += lifetime.bytes;
            peak = peak.max(live);
        }
        peak
    }
}

/// Records lifetimes from what a suballocator hands out and takes back.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    lifetimes: Lifetimes,
    /// The request that each recorded range is of, by offset.
    live: HashMap<usize, usize>,
}

impl Recorder {
    /// A range is handed out.
    pub fn allocated(&mut self, offset: usize, bytes: usize) {
        self.live.insert(offset, self.lifetimes.0.len());
        let end = usize::MAX;
        self.lifetimes.0.push(Lifetime { bytes, end });
    }

    /// A range comes back; one that was handed out before the recording counts for nothing.
    pub fn freed(&mut self, offset: usize) {
        if let Some(request) = self.live.remove(&offset) {
            self.lifetimes.0[request].end = self.lifetimes.0.len();
        }
    }

    /// What was recorded.
    pub fn finish(self) -> Lifetimes {
        self.lifetimes
    }
}
