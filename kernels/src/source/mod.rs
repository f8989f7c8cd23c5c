//! Reads what the kernels' sources declare, and writes the table of it.
//!
//! Only some forms of C++ are allowed where a kernel meets its launcher, so that a few lines can read
//! them and a table can state them. Everything else in a source is passed over.
//!
//! - The first line is `// NAME.cu: what the family is for.`
//! - A kernel is `extern "C" __global__ void __launch_bounds__(N) name(parameters)`, in a `.cu`.
//! - A parameter is `const T* __restrict__ name`, `T* __restrict__ name` (without `__restrict__` where
//!   kernels work in place), a number by value, or a struct by value.
//! - `T` is `float`, `__half`, `int`, `unsigned`, `short`, `signed char`, `unsigned char` or
//!   `unsigned long long`; a number is `float`, `int`, `unsigned` or `unsigned long long`.
//! - Such a struct has fields alone, one a line: numbers, pointers, or arrays `kind name[N];` of them.
//! - `N` is a number, the name of a `constexpr` with such a value, or a product of them.
//!
//! ```
//! use radars_kernels::source;
//!
//! let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda");
//! let families = source::read(&folder)?;
//! assert!(families.iter().any(|family| family.name == "fill"));
//! # Ok::<(), source::Error>(())
//! ```

mod constant;
mod declaration;
mod error;
mod files;
mod render;
mod token;
mod types;

pub use error::Error;
pub use files::read;
pub use render::table;

use crate::{Element, FieldKind, Scalar};

/// What a family's source declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Name of its file without `.cu`.
    pub name: String,
    /// What the first line says it is for.
    pub summary: String,
    /// Its kernels, in the order of their names.
    pub kernels: Vec<Kernel>,
    /// The headers that it includes by name in angle brackets, itself or through others.
    pub system_headers: Vec<String>,
}

/// A kernel's declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// The N of `__launch_bounds__(N)`.
    pub max_threads: u32,
}

/// A parameter's declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ParameterKind,
}

/// What a parameter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// `const T*`
    In(Element),
    /// `T*`
    Out(Element),
    /// A number by value.
    Scalar(Scalar),
    /// A struct by value.
    Struct(Struct),
}

/// A struct's declaration, laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its size, the padding at the end included.
    pub bytes: usize,
    /// Its alignment.
    pub alignment: usize,
}

/// A field's declaration, laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds, or each of its elements does.
    pub kind: FieldKind,
    /// Number of elements of an array; `None` if it is none.
    pub length: Option<usize>,
    /// Bytes from the start of the struct.
    pub offset: usize,
}
