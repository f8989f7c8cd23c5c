//! Finds floats that JSON cannot hold: serde_json would write them as `null`.

use serde::ser::{self, Serialize, Serializer};
use std::fmt;

/// A float that is infinite or not a number.
#[derive(Debug, PartialEq)]
pub(super) struct NotFinite {
    /// Where it is: `best.rewards[3]`.
    pub field: String,
    /// What it is.
    pub value: f64,
}

/// Walks through a value and refuses the first float that is not finite.
pub(super) fn check_finite<T: Serialize + ?Sized>(value: &T) -> Result<(), NotFinite> {
    match value.serialize(&mut Walk::default()) {
        Ok(()) => Ok(()),
        Err(Stop::Found(found)) => Err(found),
        // A value that refuses to be serialised says so again, and better, when it is written.
        Err(Stop::Refused(_)) => Ok(()),
    }
}

/// A serializer that writes nothing and knows where it is.
#[derive(Default)]
struct Walk {
    path: Vec<String>,
}

#[derive(Debug)]
enum Stop {
    Found(NotFinite),
    Refused(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Found(found) => write!(f, "{} is {}", found.field, found.value),
            Stop::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Stop::Refused(reason.to_string())
    }
}

impl Walk {
    fn float(&self, value: f64) -> Result<(), Stop> {
        if value.is_finite() {
            return Ok(());
        }
        let field = self.path.concat();
        let field = field.strip_prefix('.').unwrap_or(&field).to_owned();
        Err(Stop::Found(NotFinite { field, value }))
    }

    fn inside<T: Serialize + ?Sized>(&mut self, step: String, value: &T) -> Result<(), Stop> {
        self.path.push(step);
        value.serialize(&mut *self)?;
        self.path.pop();
        Ok(())
    }

    fn at(&mut self, step: String) -> Members<'_> {
        self.path.push(step);
        Members {
            walk: self,
            index: 0,
            key: String::new(),
        }
    }
}

/// The members of a list, a map or a struct.
struct Members<'a> {
    walk: &'a mut Walk,
    index: usize,
    key: String,
}

impl Members<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let step = format!("[{}]", self.index);
        self.index += 1;
        self.walk.inside(step, value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Stop> {
        self.walk.inside(format!(".{name}"), value)
    }

    fn leave(self) -> Result<(), Stop> {
        self.walk.path.pop();
        Ok(())
    }
}

/// Values that hold no others.
macro_rules! leaves {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, _: $type) -> Result<(), Stop> { Ok(()) })*
    };
}

impl<'a> Serializer for &'a mut Walk {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Members<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    leaves! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8]) serialize_unit_struct(&'static str)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stop> {
        self.float(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stop> {
        self.float(value)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &str, _: u32, _: &str) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &str,
        value: &T,
    ) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &str,
        _: u32,
        variant: &str,
        value: &T,
    ) -> Result<(), Stop> {
        self.inside(format!(".{variant}"), value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, Stop> {
        Ok(self.at(String::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, Stop> {
        Ok(self.at(String::new()))
    }

    fn serialize_tuple_struct(self, _: &str, _: usize) -> Result<Members<'a>, Stop> {
        Ok(self.at(String::new()))
    }

    fn serialize_tuple_variant(
        self,
        _: &str,
        _: u32,
        variant: &str,
        _: usize,
    ) -> Result<Members<'a>, Stop> {
        Ok(self.at(format!(".{variant}")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, Stop> {
        Ok(self.at(String::new()))
    }

    fn serialize_struct(self, _: &str, _: usize) -> Result<Members<'a>, Stop> {
        Ok(self.at(String::new()))
    }

    fn serialize_struct_variant(
        self,
        _: &str,
        _: u32,
        variant: &str,
        _: usize,
    ) -> Result<Members<'a>, Stop> {
        Ok(self.at(format!(".{variant}")))
    }
}

/// The traits of lists differ in names alone, and so do those of structs.
macro_rules! members {
    ($($of:ident::$method:ident($($name:ident)?) by $member:ident)*) => {$(
        impl ser::$of for Members<'_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<(), Stop> {
                self.$member($($name,)? value)
            }

            fn end(self) -> Result<(), Stop> {
                self.leave()
            }
        }
    )*};
}

members! {
    SerializeSeq::serialize_element() by element
    SerializeTuple::serialize_element() by element
    SerializeTupleStruct::serialize_field() by element
    SerializeTupleVariant::serialize_field() by element
    SerializeStruct::serialize_field(name) by field
    SerializeStructVariant::serialize_field(name) by field
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        let text = serde_json::to_string(key).map_err(ser::Error::custom)?;
        self.key = text.trim_matches('"').to_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let key = std::mem::take(&mut self.key);
        self.field(&key, value)
    }

    fn end(self) -> Result<(), Stop> {
        self.leave()
    }
}
