//! The evaluator that looks accuracies up.

use super::{Row, Table, TableError};
use crate::{Evaluator, Fidelity, Measured, Memory, Result, Training, Watch};
use radars_space::Architecture;
use radars_supernet::{Plan, Recompute, StepSize};
use radars_tensor::random::Seed;
use rand::RngExt;

/// Nothing is trained, so nothing is needed.
pub(super) const NOTHING: Plan = Plan {
    peak_bytes: 0,
    high_water_bytes: 0,
    saved_bytes: 0,
    allocations: 0,
    micro_batch: 0,
    recompute: Recompute::NONE,
};

/// Looks architectures of [`Table::space`] up in the table.
///
/// Every evaluation costs 1 and draws the accuracy of one of the architecture's trainings, also when it was
/// evaluated before. The final test gives the mean over all of them, so the figure of a search is the mean
/// accuracy of the architecture with the best draw. SuperNets and shared weights it has none of.
///
/// Evaluations are counted from the first, so a search is done from its beginning to its end by one evaluator.
#[derive(Clone, Debug)]
pub struct Tabular<'a> {
    table: &'a Table,
    seed: Seed,
    evaluations: u64,
}

impl<'a> Tabular<'a> {
    /// Looks up in `table`; draws derive from `seed` and the number of the evaluation.
    pub fn new(table: &'a Table, seed: Seed) -> Self {
        Tabular {
            table,
            seed,
            evaluations: 0,
        }
    }

    fn row(&self, architecture: &Architecture) -> Result<&'a Row, TableError> {
        let row = self.table.row(architecture);
        row.ok_or_else(|| TableError::Unknown {
            architecture: architecture.to_string(),
        })
    }
}

impl Evaluator for Tabular<'_> {
    fn bound_bytes(&self) -> usize {
        0
    }

    fn plan(&self, _: &Architecture, _: Fidelity, _: StepSize) -> Result<Plan> {
        Ok(NOTHING)
    }

    /// Counted in evaluations.
    fn cost(&self, _: &Architecture, _: Fidelity) -> Result<u64> {
        Ok(1)
    }

    fn train(&mut self, training: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
        let row = self.row(training.architecture)?;
        let accuracy = match training.fidelity {
            Fidelity::Proxy | Fidelity::Exact => {
                let mut rng = self.seed.stream("draw", self.evaluations);
                self.evaluations += 1;
                // As u32, so that 32-bit machines draw the same.
                row.accuracies[rng.random_range(0..row.accuracies.len() as u32) as usize]
            }
            Fidelity::Final => row.mean(),
        };
        Ok(Some(Measured {
            top5: None,
            accuracy,
            memory: Memory::default(),
            weights: "table".into(),
        }))
    }

    fn measures_anew(&self) -> bool {
        true
    }

    fn offers_supernets(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Phase, Silent, StopSignal};
    use radars_space::Candidate;
    use std::path::Path;

    const CSV: &str = "arch,val_acc_0,val_acc_1,val_acc_2\n0,10,20,60\n1,50,,\n";

    fn train(tabular: &mut Tabular<'_>, kernel: usize, fidelity: Fidelity) -> Result<f64> {
        let architecture = Architecture(vec![Candidate::float(kernel)]);
        let (mut silent, stop, mut resumed) = (Silent, StopSignal::default(), None);
        let mut watch = Watch::new(Phase::Exploration, &mut silent, &stop, &mut resumed);
        let training = Training {
            architecture: &architecture,
            fidelity,
            plan: NOTHING,
        };
        Ok(tabular.train(training, &mut watch)?.unwrap().accuracy)
    }

    /// 3000 draws of one of three: 1000 each, give or take 5 standard deviations of 26.
    #[test]
    fn every_training_is_drawn_alike_and_anew_each_time() {
        let table = Table::from_csv(CSV.as_bytes(), Path::new("t.csv")).unwrap();
        let draw = || {
            let mut tabular = Tabular::new(&table, Seed(7));
            let draws = (0..3000).map(|_| train(&mut tabular, 1, Fidelity::Exact).unwrap());
            draws.collect::<Vec<_>>()
        };
        let draws = draw();
        for accuracy in [0.1, 0.2, 0.6] {
            let count = draws.iter().filter(|&&drawn| drawn == accuracy).count();
            assert!((870..1130).contains(&count), "{accuracy}: {count}");
        }
        assert_eq!(draws, draw());
        assert_ne!(draws[..1500], draws[1500..]);
    }

    /// (10 + 20 + 60) / 3 percent; one training alone is its own mean.
    #[test]
    fn the_final_test_is_the_mean_and_no_draw() {
        let table = Table::from_csv(CSV.as_bytes(), Path::new("t.csv")).unwrap();
        let mut tabular = Tabular::new(&table, Seed(7));
        assert!((train(&mut tabular, 1, Fidelity::Final).unwrap() - 0.3).abs() < 1e-15);
        assert_eq!(train(&mut tabular, 3, Fidelity::Final).unwrap(), 0.5);
        assert_eq!(tabular.evaluations, 0);
    }

    #[test]
    fn an_architecture_of_another_space_is_refused() {
        let table = Table::from_csv(CSV.as_bytes(), Path::new("t.csv")).unwrap();
        let mut tabular = Tabular::new(&table, Seed(7));
        let error = train(&mut tabular, 5, Fidelity::Exact).unwrap_err();
        assert!(
            matches!(error, Error::Table(TableError::Unknown { .. })),
            "{error}"
        );
    }
}
