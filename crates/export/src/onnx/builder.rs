//! A graph in the making.

use super::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionProto, GraphProto, NodeProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// A graph in the making. Every value is called what the node or the constant is that it comes from.
#[derive(Default)]
pub(super) struct Builder {
    pub graph: GraphProto,
}

/// The domain of `Quant`.
pub(super) const QONNX: &str = "qonnx.custom_op.general";

impl Builder {
    /// Adds a node with one result; gives its name.
    pub fn node(
        &mut self,
        op: &str,
        name: String,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let domain = match op {
            "Quant" => QONNX,
            _ => "",
        };
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.into(),
            attribute: attributes,
            domain: domain.into(),
        });
        name
    }

    /// Adds floats.
    pub fn floats(&mut self, name: String, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, dims, DataType::Float, bytes.collect())
    }

    /// Adds a scalar.
    pub fn float(&mut self, name: String, value: f32) -> String {
        self.floats(name, &[], &[value])
    }

    /// Adds integers of a type that holds them.
    pub fn integers(
        &mut self,
        name: String,
        dims: &[usize],
        data_type: DataType,
        values: &[i32],
    ) -> String {
        let bytes = match data_type {
            DataType::Int4 | DataType::Uint4 => pairs(values),
            DataType::Int8 | DataType::Uint8 => values.iter().map(|&v| v as u8).collect(),
            DataType::Int64 => (values.iter())
                .flat_map(|&v| i64::from(v).to_le_bytes())
                .collect(),
            _ => values
                .iter()
                .flat_map(|&v| (v as u16).to_le_bytes())
                .collect(),
        };
        self.constant(name, dims, data_type, bytes)
    }

    fn constant(
        &mut self,
        name: String,
        dims: &[usize],
        data_type: DataType,
        raw_data: Vec<u8>,
    ) -> String {
        self.graph.initializer.push(TensorProto {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: data_type.into(),
            name: name.clone(),
            raw_data,
        });
        name
    }
}

/// Elements of four bits, the first of a pair in the lower half.
fn pairs(values: &[i32]) -> Vec<u8> {
    let low = |value: i32| (value & 0xf) as u8;
    let pair = |pair: &[i32]| low(pair[0]) | pair.get(1).map_or(0, |&second| low(second) << 4);
    values.chunks(2).map(pair).collect()
}

/// An integer attribute.
pub(super) fn int(name: &str, value: usize) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: value as i64,
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

/// An attribute of integers.
pub(super) fn ints(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ints: values.iter().map(|&value| value as i64).collect(),
        r#type: AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}

/// A float attribute.
pub(super) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        f: value,
        r#type: AttributeType::Float.into(),
        ..AttributeProto::default()
    }
}

/// A string attribute.
pub(super) fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        s: value.into(),
        r#type: AttributeType::String.into(),
        ..AttributeProto::default()
    }
}

/// A float value of the graph's inputs or outputs, its first dimension the batch.
pub(super) fn value(
    name: &str,
    batch: Option<usize>,
    dims: &[usize],
    meaning: String,
) -> ValueInfoProto {
    let batch = match batch {
        Some(batch) => Dimension::Size(batch as i64),
        None => Dimension::Any("N".into()),
    };
    let sizes = dims.iter().map(|&dim| Dimension::Size(dim as i64));
    let dims = [batch].into_iter().chain(sizes);
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: DataType::Float.into(),
                shape: Some(TensorShapeProto {
                    dim: dims
                        .map(|dim| DimensionProto { value: Some(dim) })
                        .collect(),
                }),
            }),
        }),
        doc_string: meaning,
    }
}
