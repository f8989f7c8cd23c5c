//! What kernels take: the types of their parameters, and Rust values for them.

use crate::Cuda;
use crate::memory::Address;
use half::f16;
use radars_kernels::{Element, FieldKind, Kind, Scalar};
use radars_tensor::{Mut, Ref};
use std::ffi::c_void;
use std::marker::PhantomData;

/// A parameter of a kernel. The type says what the kernel's source declares.
pub(crate) trait Parameter {
    /// The parameter, as the table of signatures states it.
    const KIND: Kind;
    /// What a launch is given for it.
    type Value<'a>;
    /// What the kernel is given for it, in the kernel's own layout.
    type Packed: Copy;
    /// The value as the kernel gets it.
    fn pack(value: Self::Value<'_>) -> Self::Packed;
}

/// `const T*`: an operand that is read.
pub(crate) struct In<T>(PhantomData<T>);
/// `T*`: an operand that is written.
pub(crate) struct Out<T>(PhantomData<T>);
/// `const T*`, given as an address: null, or the memory of an operand that the kernel writes as well.
pub(crate) struct InAt<T>(PhantomData<T>);
/// `T*`, given as an address: null where a result is not asked for.
pub(crate) struct OutAt<T>(PhantomData<T>);

/// A Rust type that device memory holds.
pub(crate) trait DeviceElement {
    /// Its name in the table of signatures.
    const ELEMENT: Element;
}

macro_rules! parameters {
    (elements: $($rust:ty => $element:ident),*; scalars: $($scalar:ty => $kind:ident),*) => {
        $(impl DeviceElement for $rust { const ELEMENT: Element = Element::$element; })*
        $(impl Parameter for $scalar {
            const KIND: Kind = Kind::Scalar(Scalar::$kind);
            type Value<'a> = $scalar;
            type Packed = $scalar;
            fn pack(value: $scalar) -> $scalar {
                value
            }
        }
        impl FieldType for $scalar { const KIND: FieldKind = FieldKind::Scalar(Scalar::$kind); })*
    };
}
parameters!(
    elements: f32 => F32, f16 => F16, i32 => I32, i16 => I16, i8 => I8, u8 => U8;
    scalars: f32 => F32, i32 => I32, u32 => U32, u64 => U64
);

impl<T: DeviceElement> Parameter for In<T> {
    const KIND: Kind = Kind::In(T::ELEMENT);
    type Value<'a> = Ref<'a, Cuda>;
    type Packed = Address;
    fn pack(value: Ref<'_, Cuda>) -> Address {
        Address::of(value)
    }
}

impl<T: DeviceElement> Parameter for Out<T> {
    const KIND: Kind = Kind::Out(T::ELEMENT);
    type Value<'a> = Mut<'a, Cuda>;
    type Packed = Address;
    fn pack(value: Mut<'_, Cuda>) -> Address {
        Address::of_mut(&value)
    }
}

impl<T: DeviceElement> Parameter for InAt<T> {
    const KIND: Kind = Kind::In(T::ELEMENT);
    type Value<'a> = Address;
    type Packed = Address;
    fn pack(value: Address) -> Address {
        value
    }
}

impl<T: DeviceElement> Parameter for OutAt<T> {
    const KIND: Kind = Kind::Out(T::ELEMENT);
    type Value<'a> = Address;
    type Packed = Address;
    fn pack(value: Address) -> Address {
        value
    }
}

/// A pointer inside a [`kernel_struct`]; `K` is [`In`] or [`Out`].
#[repr(transparent)]
pub(crate) struct Pointer<K>(Address, PhantomData<K>);

impl<K> Pointer<K> {
    /// The pointer to `address`.
    pub(crate) const fn new(address: Address) -> Self {
        Pointer(address, PhantomData)
    }
}

impl<K> Clone for Pointer<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Pointer<K> {}

/// A type of a field of a [`kernel_struct`].
pub(crate) trait FieldType {
    /// What the field, or each of its elements, holds.
    const KIND: FieldKind;
    /// How many elements an array has.
    const LENGTH: Option<usize> = None;
}

impl<T: DeviceElement> FieldType for Pointer<In<T>> {
    const KIND: FieldKind = FieldKind::In(T::ELEMENT);
}

impl<T: DeviceElement> FieldType for Pointer<Out<T>> {
    const KIND: FieldKind = FieldKind::Out(T::ELEMENT);
}

impl<T: FieldType, const N: usize> FieldType for [T; N] {
    const KIND: FieldKind = T::KIND;
    const LENGTH: Option<usize> = Some(N);
}

/// Declares a struct that kernels take by value: the fields of the source once more, under the same names.
/// A test compares both, and so does [`Cuda::open`].
macro_rules! kernel_struct {
    ($(#[$doc:meta])* struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $kind),* }

        impl $crate::parameter::Parameter for $name {
            const KIND: radars_kernels::Kind = radars_kernels::Kind::Struct(&radars_kernels::StructLayout {
                name: stringify!($name),
                fields: &[$(radars_kernels::Field {
                    name: stringify!($field),
                    kind: <$kind as $crate::parameter::FieldType>::KIND,
                    length: <$kind as $crate::parameter::FieldType>::LENGTH,
                    offset: std::mem::offset_of!($name, $field),
                }),*],
                bytes: size_of::<$name>(),
                alignment: align_of::<$name>(),
            });
            type Value<'a> = $name;
            type Packed = $name;
            fn pack(value: $name) -> $name {
                value
            }
        }
    };
}
pub(crate) use kernel_struct;

/// The parameters of a kernel: a tuple of [`Parameter`]s.
pub(crate) trait Parameters {
    /// Each of them, in order.
    const KINDS: &'static [Kind];
    /// What a launch is given.
    type Values<'a>;
    /// Hands `launch` the addresses of the packed values, as the driver takes them.
    fn pack<R>(values: Self::Values<'_>, launch: impl FnOnce(&mut [*mut c_void]) -> R) -> R;
}

macro_rules! tuples {
    ($($parameter:ident $value:ident),*) => {
        impl<$($parameter: Parameter),*> Parameters for ($($parameter,)*) {
            const KINDS: &'static [Kind] = &[$($parameter::KIND),*];
            type Values<'a> = ($($parameter::Value<'a>,)*);
            fn pack<R>(values: Self::Values<'_>, launch: impl FnOnce(&mut [*mut c_void]) -> R) -> R {
                let ($($value,)*) = values;
                $(let mut $value = $parameter::pack($value);)*
                launch(&mut [$((&raw mut $value).cast::<c_void>()),*])
            }
        }
    };
}
tuples!(A a, B b);
tuples!(A a, B b, C c);
tuples!(A a, B b, C c, D d);
tuples!(A a, B b, C c, D d, E e);
tuples!(A a, B b, C c, D d, E e, F f);
tuples!(A a, B b, C c, D d, E e, F f, G g);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k, L l);
