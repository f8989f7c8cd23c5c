//! `radars plan --growth`: how the memory of SuperNets grows, as tables and as pictures.

use crate::failure::{Failure, Result};
use crate::quantity::bytes;
use crate::table::{Column, Table};
use anyhow::Context;
use radars_report::{Curve, CurvePoint, PlotText, growth_svg};
use radars_search::{Config, GrowthPoint, Sweep, growth};
use radars_space::Space;
use radars_supernet::Mixing;
use radars_tensor::Backend;
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::Path;

/// The three sweeps.
#[derive(Serialize)]
pub struct Growth(Vec<(Sweep, Vec<GrowthPoint>)>);

impl Growth {
    /// Plans all points.
    pub fn plan<B: Backend>(spec: &B::Spec, space: &Space, config: &Config) -> Result<Self> {
        let of = |sweep| Ok((sweep, growth::<B>(spec, space, config, sweep)?));
        Ok(Self(Sweep::ALL.into_iter().map(of).collect::<Result<_>>()?))
    }

    /// Writes a picture of each sweep into `folder`, which is made if it is not there.
    pub fn draw(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))
            .map_err(Failure::bad_input)?;
        for (sweep, points) in &self.0 {
            let path = folder.join(format!("growth-{}.svg", name(*sweep)));
            fs::write(&path, picture(*sweep, points))
                .with_context(|| format!("{} cannot be written", path.display()))
                .map_err(Failure::running)?;
        }
        Ok(())
    }
}

fn name(sweep: Sweep) -> &'static str {
    match sweep {
        Sweep::Architectures => "architectures",
        Sweep::Types => "types",
        Sweep::Batch => "batch",
    }
}

/// What is varied, in words.
fn varied(sweep: Sweep) -> &'static str {
    match sweep {
        Sweep::Architectures => "architectures in SN",
        Sweep::Types => "searched types",
        Sweep::Batch => "images in a batch",
    }
}

fn picture(sweep: Sweep, points: &[GrowthPoint]) -> String {
    let curve = |name: String, of: &dyn Fn(&GrowthPoint) -> f64| Curve {
        name,
        points: points
            .iter()
            .map(|point| CurvePoint {
                x: point.at as f64,
                mean: of(point),
                low: of(point),
                high: of(point),
            })
            .collect(),
    };
    let mixings = Mixing::ALL.into_iter().enumerate();
    let mut curves: Vec<Curve> = mixings
        .map(|(index, mixing)| {
            curve(mixing.to_string(), &move |point| {
                point.peak_bytes[index] as f64
            })
        })
        .collect();
    curves.push(curve("Eq. 5".into(), &|point| point.eq5_bytes as f64));
    growth_svg(&curves, &PlotText::memory(varied(sweep)))
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sweep, points) in &self.0 {
            let mut columns = vec![
                Column::right(varied(*sweep)),
                Column::right("candidates a layer"),
            ];
            let titles = Mixing::ALL.map(|mixing| mixing.name());
            columns.extend(titles.map(Column::right));
            columns.push(Column::right("Eq. 5"));
            let mut table = Table::new(&columns);
            for point in points {
                let mut row = vec![point.at.to_string(), point.candidates.to_string()];
                row.extend(point.peak_bytes.iter().map(|&peak| bytes(peak)));
                row.push(bytes(point.eq5_bytes as usize));
                table.row(row);
            }
            write!(f, "{table}")?;
        }
        Ok(())
    }
}
