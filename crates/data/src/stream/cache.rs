//! Shrunk images that are kept, within a stated size.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::view::View;

/// An image as it is kept.
pub(crate) struct Kept {
    pixels: Box<[u8]>,
    height: u32,
    width: u32,
}

impl Kept {
    pub(crate) fn view(&self) -> View<'_> {
        View {
            pixels: &self.pixels,
            height: self.height as usize,
            width: self.width as usize,
        }
    }
}

/// What is known of an image from having decoded it: its pixels, or that there are none.
type Known = Option<Box<Kept>>;

/// What the sets of one folder share: how much may be kept, and how much is.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: usize,
    kept: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Budget {
            bytes,
            kept: AtomicUsize::new(0),
        }
    }

    /// The most that may be kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Takes a part of it, if there is enough left.
    fn take(&self, bytes: usize) -> bool {
        let taken = |kept: usize| kept.checked_add(bytes).filter(|&sum| sum <= self.bytes);
        self.kept
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.kept.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One place for each image of a set.
///
/// What is in is never thrown out: an epoch asks for every image once, in an order of its own, so that whatever was
/// put in place of another would be as likely to be wanted next.
pub(crate) struct Cache {
    places: Box<[OnceLock<Known>]>,
}

impl Cache {
    pub(crate) fn new(images: usize) -> Self {
        Cache {
            places: (0..images).map(|_| OnceLock::new()).collect(),
        }
    }

    /// What is known of an image, if anything.
    pub(crate) fn get(&self, index: usize) -> Option<&Known> {
        self.places[index].get()
    }

    /// Keeps an image, if the budget allows it and no other thread was faster.
    pub(crate) fn keep(&self, index: usize, image: View<'_>, budget: &Budget) {
        let bytes = image.pixels.len() + size_of::<Kept>();
        if !budget.take(bytes) {
            return;
        }
        let kept = Kept {
            pixels: image.pixels.into(),
            height: image.height as u32,
            width: image.width as u32,
        };
        if self.places[index].set(Some(Box::new(kept))).is_err() {
            budget.give_back(bytes);
        }
    }

    /// Notes that an image is bad; whether that is news.
    pub(crate) fn mark_bad(&self, index: usize) -> bool {
        self.places[index].set(None).is_ok()
    }

    /// Host memory that the empty places take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: View<'_> = View {
        pixels: &[7; 12],
        height: 2,
        width: 2,
    };

    #[test]
    fn no_more_is_kept_than_the_budget_says() {
        let each = 12 + size_of::<Kept>();
        let budget = Budget::new(2 * each + each / 2);
        let cache = Cache::new(4);
        for index in [3, 3, 1, 0, 2] {
            cache.keep(index, IMAGE, &budget);
        }
        assert_eq!(budget.kept(), 2 * each);
        let known: Vec<bool> = (0..4).map(|i| cache.get(i).is_some()).collect();
        assert_eq!(known, [false, true, false, true]);
        assert!(cache.mark_bad(0) && !cache.mark_bad(0));
        assert!(matches!(cache.get(0), Some(None)));
    }
}
