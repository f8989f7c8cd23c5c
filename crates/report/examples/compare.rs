//! Writes a Pareto picture and curves of two made-up methods: `cargo run -p radars-report --example compare -- FOLDER`.

use radars_report::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("name a folder")?);
    // What costs more errs less, and each method errs by its own measure.
    let series = ["radars", "random"]
        .iter()
        .zip([0.1, 0.16])
        .map(|(name, measure)| {
            let of = |i: u32| {
                (
                    4e7 * f64::from(1 + i * i),
                    measure + 0.3 / f64::from(1 + i % 7),
                )
            };
            Series {
                name: (*name).to_owned(),
                points: (0..15).map(of).collect(),
                winners: vec![of(6)],
            }
        });
    let series: Vec<Series> = series.collect();
    let text = PlotText {
        title: "fashion-small, 3 seeds".into(),
        ..PlotText::pareto()
    };
    std::fs::write(folder.join("pareto.svg"), pareto_svg(&series, &text))?;

    let curves = ["radars", "random"]
        .iter()
        .zip([0.05, 0.02])
        .map(|(name, gain)| Curve {
            name: (*name).to_owned(),
            points: (1..30_u32)
                .map(|step| {
                    let mean = 0.7 + gain * (1.0 - 1.0 / f64::from(step));
                    let spread = 0.02 / f64::from(step).sqrt();
                    CurvePoint {
                        x: 14.0 * f64::from(step),
                        mean,
                        low: mean - spread,
                        high: mean + spread,
                    }
                })
                .collect(),
        });
    let curves: Vec<Curve> = curves.collect();
    std::fs::write(
        folder.join("curves.svg"),
        curves_svg(&curves, &PlotText::reward_over_seconds()),
    )?;
    Ok(())
}
