//! Types of kernel parameters, and where the fields of a struct lie.

/// What a pointer points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// `float`
    F32,
    /// `__half`
    F16,
    /// `unsigned char`
    U8,
    /// `signed char`
    I8,
    /// `short`
    I16,
    /// `int`
    I32,
    /// `unsigned`
    U32,
    /// `unsigned long long`
    U64,
}

/// A number by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `float`
    F32,
    /// `int`
    I32,
    /// `unsigned`
    U32,
    /// `unsigned long long`
    U64,
}

impl Scalar {
    /// Its size in bytes, which is its alignment as well.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

/// Bytes of a pointer on the device.
pub(crate) const POINTER_BYTES: usize = 8;

/// A struct that kernels take by value, laid out by the rules of C.
#[derive(Debug, PartialEq, Eq)]
pub struct StructLayout {
    /// Its name in the source.
    pub name: &'static str,
    /// Its fields in the order of their declaration.
    pub fields: &'static [Field],
    /// Its size, the padding at the end included.
    pub bytes: usize,
    /// Its alignment: that of the widest field.
    pub alignment: usize,
}

/// A field of a [`StructLayout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the source.
    pub name: &'static str,
    /// What it holds, or each of its elements does.
    pub kind: FieldKind,
    /// Number of elements of an array; `None` if it is none.
    pub length: Option<usize>,
    /// Bytes from the start of the struct.
    pub offset: usize,
}

/// What a field of a struct, or each element of an array, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// `const T*`: the kernel reads there.
    In(Element),
    /// `T*`: the kernel writes there.
    Out(Element),
    /// A number.
    Scalar(Scalar),
}

impl FieldKind {
    /// Its size in bytes, which is its alignment as well.
    pub const fn bytes(self) -> usize {
        match self {
            Self::In(_) | Self::Out(_) => POINTER_BYTES,
            Self::Scalar(scalar) => scalar.bytes(),
        }
    }
}
