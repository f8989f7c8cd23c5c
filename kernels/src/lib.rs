//! The CUDA kernels of radars: their sources, the PTX compiled from them, and a table of signatures.
//!
//! A *family* is one file `cuda/NAME.cu`: kernels that belong together. The crate embeds each
//! family's PTX for the two targets of [`Arch`], so whoever launches a kernel needs the driver and
//! nothing else: no toolkit, no build script. The table says of every kernel what its source says:
//! which parameters it takes, in which order, of which type and size. A launcher compares its own
//! list with it before the driver sees a single pointer. Nothing here launches: `radars-cuda` does.
//!
//! ```
//! # #[cfg(feature = "table")] {
//! use radars_kernels::{Arch, Element, Kind, Scalar, signature};
//!
//! let arch = Arch::for_capability((8, 6)).expect("an Ampere card runs sm_80");
//! let fill = signature("fill").expect("cuda/fill.cu declares it");
//! assert_eq!(fill.max_threads, 256);
//! assert_eq!(fill.parameters[0].kind, Kind::Out(Element::F32));
//! assert_eq!(fill.parameters[2].kind, Kind::Scalar(Scalar::U64));
//! assert!(fill.family.ptx(arch).contains(".entry fill("));
//! # }
//! ```
//!
//! # Changing a kernel
//! Edit `cuda/*.cu`, then run `cargo xtask kernels`: it compiles the sources and writes `ptx/` and
//! `src/table.rs`. Both are checked in, and `cargo xtask kernels --check` fails where they are not
//! what the sources give. A conflict in one of them is never resolved by hand: merge the sources and
//! run the command again.
//!
//! [`source`] reads the declarations; which forms it allows is said there. It needs nothing that is
//! generated, and without the default feature `table` the crate has nothing that is: so it can be
//! built where the table is damaged, and mend it.

mod arch;
#[cfg(feature = "table")]
mod family;
mod layout;
#[cfg(feature = "table")]
mod signature;
pub mod source;
#[cfg(feature = "table")]
#[rustfmt::skip]
mod table;

pub use arch::Arch;
pub use layout::{Element, Field, FieldKind, Scalar, StructLayout};
#[cfg(feature = "table")]
pub use signature::{Kind, Parameter, Signature, signature, signatures};
#[cfg(feature = "table")]
pub use table::Family;
