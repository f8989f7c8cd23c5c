//! Prints what every convolution of Table I costs at least, as Markdown: the content of `ROOFLINE.md`.

use radars_benches::layer::{KERNELS, TABLE_1};
use radars_benches::roofline::{CARDS, Pass, bytes, flops};
use std::fmt::Write;

/// Images of a batch in the table.
const BATCH: usize = 64;

fn main() -> Result<(), radars_tensor::Error> {
    print!("{}", table()?);
    Ok(())
}

fn table() -> Result<String, radars_tensor::Error> {
    let mut text = format!(
        "# What the convolutions of Table I cost at least\n\n\
         Printed by `cargo run -p radars-benches`; a test compares. {BATCH} images; FLOP: two a product, those with\n\
         padding counted; f16 FLOP: what the tensor cores do, two products where one operand is a float gradient\n\
         (its upper and its lower half); bytes: each of the three f32 tensors moves once. The times are the slower of f16 FLOP and\n\
         bytes at the data sheet's peaks, so no kernel on these tensors can be faster; they are not measurements.\n\n\
         | layer | kernel | pass | GFLOP | f16 GFLOP | MB | FLOP/byte |"
    );
    for card in CARDS {
        let _ = write!(text, " {} us |", card.name);
    }
    text += "\n|---|---|---|---|---|---|---|";
    text += &"---|".repeat(CARDS.len());
    text.push('\n');
    for (index, layer) in TABLE_1.iter().enumerate() {
        for kernel in KERNELS {
            let g = layer.geometry(BATCH, kernel)?;
            // The network's input wants no gradient in a weight step.
            for pass in Pass::ALL
                .into_iter()
                .filter(|&p| index > 0 || p != Pass::Dgrad)
            {
                let (flops, bytes) = (flops(&g), bytes(&g));
                let f16 = flops * pass.f16_products();
                let _ = write!(
                    text,
                    "| {} | {kernel}x{kernel} | {} | {:.2} | {:.2} | {:.1} | {:.0} |",
                    layer.name(),
                    pass.name(),
                    flops as f64 / 1e9,
                    f16 as f64 / 1e9,
                    bytes as f64 / 1e6,
                    f16 as f64 / bytes as f64,
                );
                for card in CARDS {
                    let _ = write!(text, " {:.1} |", card.peak.seconds(f16, bytes) * 1e6);
                }
                text.push('\n');
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_this_prints() {
        assert_eq!(include_str!("../ROOFLINE.md"), table().unwrap());
    }
}
