//! What `auto` and the rules of SN would choose under a bound, and what recomputation and smaller micro-batches
//! would need.

use crate::quantity::bytes;
use crate::table::{Column, Table};
use radars_search::{
    ChoiceRow, Config, MicroBatch, MixingChoice, PlanRow, Recomputation, Result, plan_choices,
};
use radars_space::{Architecture, Space};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use serde::Serialize;
use std::fmt;

/// What would be chosen.
#[derive(Serialize)]
pub struct Choices {
    /// Architectures that SN was chosen from.
    architectures: usize,
    /// Whether they were drawn at random, from the seed.
    random: bool,
    rows: Vec<ChoiceRow>,
    #[serde(skip)]
    flags: String,
    /// Whether layers may be recomputed.
    #[serde(skip)]
    recomputes: bool,
}

impl Choices {
    /// Plans with the mixing `auto`, and the configuration's micro-batch or `auto`; layers are recomputed where the
    /// configuration lets them be. SN is chosen from the architectures that are given, best first, or from as many
    /// random ones as a search re-trains.
    pub fn plan<B: Backend>(
        spec: &B::Spec,
        space: &Space,
        config: &Config,
        given: Option<&[Architecture]>,
    ) -> Result<Self> {
        let mut config = config.clone();
        config.mixing = MixingChoice::Auto;
        let micro_batch = *config.micro_batch.get_or_insert(MicroBatch::Auto);
        let recomputes = config.recompute == Recomputation::Auto;
        let mut flags = format!("--mixing auto --micro-batch {micro_batch}");
        if recomputes {
            flags += " --recompute auto";
        }
        let seed = Seed(config.seed);
        let drawn = (0..config.search.retrain as u64)
            .map(|index| space.random(&mut seed.stream("plan", index)));
        let architectures = given.map_or_else(|| drawn.collect(), <[_]>::to_vec);
        Ok(Choices {
            architectures: architectures.len(),
            random: given.is_none(),
            rows: plan_choices::<B>(spec, space, &config, &architectures)?,
            flags,
            recomputes,
        })
    }

    fn what(&self, row: &ChoiceRow) -> String {
        let Some(rule) = row.rule else {
            return row.what.clone();
        };
        let members: Vec<String> = row.members.iter().map(|m| (m + 1).to_string()).collect();
        let members = match members.is_empty() {
            true => "none".to_owned(),
            false => members.join(" "),
        };
        format!("SN, rule {rule}: {members} of {}", self.architectures)
    }
}

impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = vec![
            Column::left(format!("with {}", self.flags)),
            Column::left("mixing"),
            Column::right("images at once"),
        ];
        if self.recomputes {
            columns.push(Column::left("recomputed"));
        }
        columns.extend([
            Column::right("peak"),
            Column::right("smallest bound"),
            Column::right("one more needs"),
            Column::left("fits"),
        ]);
        let mut table = Table::new(&columns);
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        for row in &self.rows {
            let mut cells = vec![
                self.what(row),
                or_dash(row.mixing.map(|mixing| mixing.to_string())),
                or_dash(row.micro_batch.map(|images| images.to_string())),
            ];
            if self.recomputes {
                cells.push(or_dash(row.recompute.map(|layers| layers.to_string())));
            }
            cells.extend([
                or_dash(row.peak_bytes.map(bytes)),
                or_dash(row.high_water_bytes.map(bytes)),
                or_dash(row.refused_bytes.map(bytes)),
                if row.fits { "yes" } else { "no" }.to_owned(),
            ]);
            table.row(cells);
        }
        write!(f, "{table}")?;
        if self.random {
            let count = self.architectures;
            writeln!(
                f,
                "SN is chosen here from {count} random architectures; a search chooses from its best, --sn from yours"
            )?;
        }
        Ok(())
    }
}

/// The smallest bound of every row with every layer recomputed, and by the images that are on the device at once, as
/// a table.
pub fn smaller_bounds(batch: usize, rows: &[PlanRow]) -> String {
    let sizes = rows.iter().map(|row| &row.micro_batches);
    let sizes: Vec<usize> = (sizes.take(1).flatten().map(|bound| bound.micro_batch)).collect();
    let mut columns = vec![
        Column::left("smallest bound with so many images at once"),
        Column::left("mixing"),
    ];
    columns.push(Column::right(batch.to_string()));
    columns.push(Column::right(format!("{batch}, all recomputed")));
    columns.extend(
        sizes
            .into_iter()
            .map(|size| Column::right(size.to_string())),
    );
    let mut table = Table::new(&columns);
    for row in rows {
        let Some(recomputed_bytes) = row.recomputed_bytes else {
            continue;
        };
        let mixing = row.mixing.map(|mixing| mixing.to_string());
        let whole = [row.high_water_bytes, recomputed_bytes].into_iter();
        let parts = row.micro_batches.iter().map(|bound| bound.high_water_bytes);
        let cells = [row.what.clone(), mixing.unwrap_or_else(|| "-".to_owned())];
        table.row(cells.into_iter().chain(whole.chain(parts).map(bytes)));
    }
    table.to_string()
}
