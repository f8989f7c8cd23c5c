//! Values of a graph in evaluation, and what operators do to them one by one.

use super::proto::{DataType, TensorProto};

/// Most elements of a value: what keeps a damaged file from asking for all memory there is.
const MAX_ELEMENTS: usize = 1 << 27;

/// A tensor in row order. Integers are held as floats, which those of up to 16 bits are exactly.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub dims: Vec<usize>,
    pub data: Vec<f32>,
    /// The codes that its type has, for integers: what quantisation saturates to.
    pub codes: Option<[f32; 2]>,
}

/// How the second operand of an operator goes with the first.
enum Pairing {
    /// One element for each.
    Same,
    /// One for all.
    Scalar,
    /// One for each channel, whose elements are so many.
    Channels(usize),
}

impl Value {
    /// Floats of these dimensions, computed by `of`.
    pub fn new(dims: Vec<usize>, data: Vec<f32>) -> Result<Self, String> {
        match elements(&dims)? == data.len() {
            true => Ok(Value {
                dims,
                data,
                codes: None,
            }),
            false => Err(format!("{} values are not of shape {dims:?}", data.len())),
        }
    }

    /// A constant of a file.
    pub fn of(tensor: &TensorProto) -> Result<Self, String> {
        let dims = tensor.dims.iter().map(|&dim| usize::try_from(dim));
        let dims: Vec<usize> = (dims.collect::<Result<_, _>>())
            .map_err(|_| format!("a dimension of {:?} is negative", tensor.dims))?;
        let elements = elements(&dims)?;
        let raw = &tensor.raw_data;
        let (width, codes) = match tensor.data_type() {
            DataType::Float => (32, None),
            DataType::Uint16 => (16, Some([0.0, 65_535.0])),
            DataType::Int16 => (16, Some([-32_768.0, 32_767.0])),
            DataType::Uint8 => (8, Some([0.0, 255.0])),
            DataType::Int8 => (8, Some([-128.0, 127.0])),
            DataType::Uint4 => (4, Some([0.0, 15.0])),
            DataType::Int4 => (4, Some([-8.0, 7.0])),
            other => return Err(format!("its type ({other:?}) is not one that is read")),
        };
        let bytes = (elements * width).div_ceil(8);
        if raw.len() != bytes {
            let found = raw.len();
            return Err(format!("{found} bytes for the {bytes} of shape {dims:?}"));
        }
        let signed = codes.is_some_and(|[lo, _]| lo < 0.0);
        let data: Vec<f32> = match width {
            32 => (raw.as_chunks().0.iter())
                .map(|v| f32::from_le_bytes(*v))
                .collect(),
            16 => (raw.as_chunks().0.iter())
                .map(|v| match signed {
                    true => f32::from(i16::from_le_bytes(*v)),
                    false => f32::from(u16::from_le_bytes(*v)),
                })
                .collect(),
            8 => (raw.iter())
                .map(|&v| match signed {
                    true => f32::from(v as i8),
                    false => f32::from(v),
                })
                .collect(),
            _ => {
                let nibbles = raw.iter().flat_map(|&v| [v & 0xf, v >> 4]).take(elements);
                nibbles
                    .map(|v| match signed {
                        // Shifted up and down again, the sign spreads.
                        true => f32::from(((v << 4) as i8) >> 4),
                        false => f32::from(v),
                    })
                    .collect()
            }
        };
        Ok(Value { dims, data, codes })
    }

    /// The only element.
    pub fn scalar(&self) -> Result<f32, String> {
        match self.data[..] {
            [value] => Ok(value),
            _ => Err(format!("a scalar is wanted, not shape {:?}", self.dims)),
        }
    }

    /// `f` of every element.
    pub fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        self.data.iter_mut().for_each(|x| *x = f(*x));
        self.codes = None;
        self
    }

    /// `f(x, y)` of every element `x`, with the element of `other` that goes with it.
    pub fn zip(mut self, other: &Value, f: impl Fn(f32, f32) -> f32) -> Result<Self, String> {
        match self.pairing(other)? {
            Pairing::Same => {
                let pairs = self.data.iter_mut().zip(&other.data);
                pairs.for_each(|(x, &y)| *x = f(*x, y));
            }
            Pairing::Scalar => {
                let y = other.data[0];
                self.data.iter_mut().for_each(|x| *x = f(*x, y));
            }
            Pairing::Channels(pixels) => {
                for image in self.data.chunks_exact_mut(pixels * other.data.len()) {
                    for (channel, &y) in image.chunks_exact_mut(pixels).zip(&other.data) {
                        channel.iter_mut().for_each(|x| *x = f(*x, y));
                    }
                }
            }
        }
        self.codes = None;
        Ok(self)
    }

    fn pairing(&self, other: &Value) -> Result<Pairing, String> {
        let (x, y) = (&self.dims[..], &other.dims[..]);
        match (x, y) {
            _ if other.data.len() == 1 => Ok(Pairing::Scalar),
            _ if x == y => Ok(Pairing::Same),
            ([_, c, h, w], [1, channels, 1, 1]) if c == channels && h * w > 0 => {
                Ok(Pairing::Channels(h * w))
            }
            ([_, c], [channels]) if c == channels => Ok(Pairing::Channels(1)),
            _ => Err(format!("shapes {x:?} and {y:?} do not go with each other")),
        }
    }
}

/// How many elements a shape has.
pub(super) fn elements(dims: &[usize]) -> Result<usize, String> {
    let product = dims.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim));
    let product = product.filter(|&elements| elements <= MAX_ELEMENTS);
    product.ok_or_else(|| format!("shape {dims:?} has more than {MAX_ELEMENTS} elements"))
}
