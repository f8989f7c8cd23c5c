//! What a family of kernels is called, and its PTX.

use crate::table::{FAMILIES, Family};
use crate::{Arch, Signature, signatures};

/// Name and compiled code of a family, as the generated table lists them.
pub(crate) struct Compiled {
    pub(crate) name: &'static str,
    /// In the order of [`Arch::ALL`].
    pub(crate) ptx: [&'static str; 2],
}

impl Family {
    /// The name of its source without the extension: `fill` of `cuda/fill.cu`.
    pub fn name(self) -> &'static str {
        FAMILIES[self as usize].name
    }

    /// Its PTX for `arch`, one module with all of its kernels. No NUL byte at the end.
    pub fn ptx(self, arch: Arch) -> &'static str {
        FAMILIES[self as usize].ptx[arch as usize]
    }

    /// Its kernels, in the order of their names.
    pub fn kernels(self) -> impl Iterator<Item = &'static Signature> {
        signatures()
            .iter()
            .filter(move |signature| signature.family == self)
    }
}
