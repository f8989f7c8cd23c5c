//! Prints the table of kernels: `cargo run -p radars-kernels --example table`.

use radars_kernels::{Family, Field, FieldKind, Kind, Parameter};

fn main() {
    for family in Family::ALL {
        println!("{}", family.name());
        for signature in family.kernels() {
            let parameters: Vec<String> = signature.parameters.iter().map(parameter).collect();
            println!(
                "    {}({}), up to {} threads a block",
                signature.kernel,
                parameters.join(", "),
                signature.max_threads
            );
        }
    }
}

fn parameter(parameter: &Parameter) -> String {
    let name = parameter.name;
    match parameter.kind {
        Kind::In(element) => format!("{name}: in {element:?}"),
        Kind::Out(element) => format!("{name}: out {element:?}"),
        Kind::Scalar(scalar) => format!("{name}: {scalar:?}"),
        Kind::Struct(layout) => {
            let fields: Vec<String> = layout.fields.iter().map(field).collect();
            let (kind, bytes) = (layout.name, layout.bytes);
            format!(
                "{name}: {kind} of {bytes} bytes {{ {} }}",
                fields.join(", ")
            )
        }
    }
}

fn field(field: &Field) -> String {
    let kind = match field.kind {
        FieldKind::In(element) => format!("in {element:?}"),
        FieldKind::Out(element) => format!("out {element:?}"),
        FieldKind::Scalar(scalar) => format!("{scalar:?}"),
    };
    match field.length {
        Some(length) => format!("{}: {length} x {kind}", field.name),
        None => format!("{}: {kind}", field.name),
    }
}
