//! The targets that the kernels are compiled for.

use std::fmt;

/// A target of the compiled kernels. The driver translates its PTX for the card at hand, which may
/// be newer than the target but not older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// Compute capability 7.5, Turing: f16 tensor cores.
    Sm75,
    /// Compute capability 8.0, Ampere and everything later: asynchronous copies to shared memory too.
    Sm80,
}

impl Arch {
    /// Every target, oldest first.
    pub const ALL: [Self; 2] = [Self::Sm75, Self::Sm80];

    /// The best target that a card of this compute capability (major, minor) runs; `None` below 7.5.
    pub fn for_capability(capability: (u32, u32)) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|arch| arch.capability() <= capability)
    }

    /// The oldest compute capability (major, minor) that runs this target.
    pub const fn capability(self) -> (u32, u32) {
        match self {
            Self::Sm75 => (7, 5),
            Self::Sm80 => (8, 0),
        }
    }

    /// Its name as compilers spell it, which is also its folder under `ptx/`: `sm_75`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sm75 => "sm_75",
            Self::Sm80 => "sm_80",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NVIDIA's list of compute capabilities: V100 7.0, T4 7.5, A100 8.0, RTX 3090 8.6, H100 9.0,
    /// RTX 5090 12.0.
    #[test]
    fn a_card_gets_the_newest_target_that_it_runs() {
        assert_eq!(Arch::for_capability((7, 0)), None);
        assert_eq!(Arch::for_capability((7, 2)), None);
        assert_eq!(Arch::for_capability((7, 5)), Some(Arch::Sm75));
        assert_eq!(Arch::for_capability((8, 0)), Some(Arch::Sm80));
        assert_eq!(Arch::for_capability((8, 6)), Some(Arch::Sm80));
        assert_eq!(Arch::for_capability((9, 0)), Some(Arch::Sm80));
        assert_eq!(Arch::for_capability((12, 0)), Some(Arch::Sm80));
    }
}
