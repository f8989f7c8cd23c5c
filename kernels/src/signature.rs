//! What a kernel takes.

use crate::layout::{Element, POINTER_BYTES, Scalar, StructLayout};
use crate::table::{Family, SIGNATURES};

/// A kernel as its source declares it.
#[derive(Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name, by which the driver finds it in its family's module.
    pub kernel: &'static str,
    /// Where it belongs.
    pub family: Family,
    /// What it takes, in the order of the declaration.
    pub parameters: &'static [Parameter],
    /// The most threads a block may have (`__launch_bounds__`).
    pub max_threads: u32,
}

/// A parameter of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the source.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `const T*`: the kernel reads there.
    In(Element),
    /// `T*`: the kernel writes there (and may have read before).
    Out(Element),
    /// A number by value.
    Scalar(Scalar),
    /// A struct by value.
    Struct(&'static StructLayout),
}

impl Kind {
    /// Its size in bytes as a kernel parameter.
    pub const fn bytes(self) -> usize {
        match self {
            Self::In(_) | Self::Out(_) => POINTER_BYTES,
            Self::Scalar(scalar) => scalar.bytes(),
            Self::Struct(layout) => layout.bytes,
        }
    }
}

/// The signature of the kernel with this name, of whichever family.
pub fn signature(kernel: &str) -> Option<&'static Signature> {
    let index = SIGNATURES.binary_search_by_key(&kernel, |signature| signature.kernel);
    index.ok().map(|index| &SIGNATURES[index])
}

/// The signatures of all kernels, in the order of their names.
pub fn signatures() -> &'static [Signature] {
    SIGNATURES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_is_found_by_its_name_and_no_other_is() {
        for expected in signatures() {
            assert_eq!(signature(expected.kernel), Some(expected));
            assert!(expected.family.kernels().any(|own| own == expected));
        }
        assert_eq!(signature("fil"), None);
        assert_eq!(signature(""), None);
    }
}
