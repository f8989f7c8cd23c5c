//! Which buffers hold what, and when: a buffer is used again once nothing reads what it held.

/// Something that is held from the step that makes it to the last step that reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) len: usize,
    pub(super) from: usize,
    pub(super) until: usize,
}

/// Buffers for everything that is held.
#[derive(Debug)]
pub(super) struct Slots {
    /// The buffer of each.
    pub(super) of: Vec<usize>,
    /// How long the buffers are.
    pub(super) lens: Vec<usize>,
}

impl Slots {
    /// Buffers for what is held, in the order of the steps that make it. Of those that are free the shortest one that
    /// suffices is taken, or else the longest one, made longer.
    pub(super) fn new(held: &[Held]) -> Self {
        let mut slots = Slots {
            of: Vec::with_capacity(held.len()),
            lens: Vec::new(),
        };
        let mut until: Vec<usize> = Vec::new();
        for next in held {
            let free = (0..until.len()).filter(|&slot| until[slot] < next.from);
            let best = free.min_by_key(|&slot| match slots.lens[slot] {
                len if len >= next.len => (0, len),
                len => (1, next.len - len),
            });
            let slot = best.unwrap_or(until.len());
            if slot == until.len() {
                until.push(0);
                slots.lens.push(0);
            }
            until[slot] = next.until;
            slots.lens[slot] = slots.lens[slot].max(next.len);
            slots.of.push(slot);
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four in a chain, of which the second is held to the end: the third cannot have the first one's buffer, which is
    /// read when it is made; the fourth can, and makes it longer.
    #[test]
    fn a_buffer_is_used_again_when_it_is_free_and_not_before() {
        let held = [(10, 0, 2), (20, 1, 4), (5, 2, 3), (15, 3, 4)];
        let held = held.map(|(len, from, until)| Held { len, from, until });
        let slots = Slots::new(&held);
        assert_eq!(slots.of, [0, 1, 2, 0]);
        assert_eq!(slots.lens, [15, 20, 5]);
    }
}
