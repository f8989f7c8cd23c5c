//! The protocol-buffer messages of an event file, as far as scalars need them.
//!
//! Field numbers are those of TensorFlow's `event.proto` and `summary.proto`; fields that are not written are left
//! out, which the encoding allows.

/// What the first record of every file states.
pub const FILE_VERSION: &str = "brain.Event:2";

/// `tensorflow.Event`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(oneof = "What", tags = "3, 5")]
    pub what: Option<What>,
}

/// The `what` of an event.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}

/// `tensorflow.Summary.Value`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Value {
    #[prost(string, tag = "1")]
    pub tag: String,
    /// One of a `oneof` whose other members are never written, so an optional field encodes the same.
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    /// By hand: 09 = field 1 as 64 bits, 1.5; 10 = field 2 as varint, 3; 2a = field 5, 10 bytes: 0a = field 1,
    /// 8 bytes: 0a = field 1, one byte `a`; 15 = field 2 as 32 bits, 0.5.
    #[test]
    fn an_event_is_encoded_as_the_format_says() {
        let value = Value {
            tag: "a".into(),
            simple_value: Some(0.5),
        };
        let event = Event {
            wall_time: 1.5,
            step: 3,
            what: Some(What::Summary(Summary { value: vec![value] })),
        };
        let expected = [
            0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 3, 0x2a, 10, 0x0a, 8, 0x0a, 1, b'a', 0x15, 0,
            0, 0, 0x3f,
        ];
        assert_eq!(event.encode_to_vec(), expected);
    }
}
