//! The evaluator that looks trainings at three fidelities up.

use super::FidelityTable;
use crate::fingerprint::number;
use crate::tabular::evaluator::NOTHING;
use crate::{Evaluator, Fidelity, Measured, Memory, Result, Training, Watch};
use radars_space::Architecture;
use radars_supernet::{Plan, StepSize};
use radars_tensor::random::Seed;
use rand::RngExt;

/// Looks architectures of the table's space up instead of training them.
///
/// A brief training, and one to convergence, draw what one of the table's seeds came to: which one derives from the
/// search's seed, the architecture and the fidelity, so a search that trains the same again finds the same again, and
/// another search may find something else, as where networks are trained. The final training gives the mean over
/// all of the table's seeds. A training costs what it cost where the table was made; SuperNets and shared weights there are none.
#[derive(Clone, Debug)]
pub struct FidelityTabular<'a> {
    table: &'a FidelityTable,
    seed: Seed,
}

impl<'a> FidelityTabular<'a> {
    /// Looks up in `table`; draws derive from `seed`.
    pub fn new(table: &'a FidelityTable, seed: Seed) -> Self {
        FidelityTabular { table, seed }
    }

    /// One of the accuracies, as this search draws it for `purpose`.
    ///
    /// A fidelity that looks at an architecture anew takes a purpose of its own.
    fn draw(&self, accuracies: &[f64], architecture: &Architecture, purpose: &str) -> f64 {
        let mut rng = self.seed.stream(purpose, number(architecture));
        // As u32, so that 32-bit machines draw the same.
        accuracies[rng.random_range(0..accuracies.len() as u32) as usize]
    }
}

impl Evaluator for FidelityTabular<'_> {
    fn bound_bytes(&self) -> usize {
        0
    }

    fn plan(&self, _: &Architecture, _: Fidelity, _: StepSize) -> Result<Plan> {
        Ok(NOTHING)
    }

    fn cost(&self, architecture: &Architecture, fidelity: Fidelity) -> Result<u64> {
        Ok(self.table.get(architecture)?.macs(fidelity))
    }

    fn train(&mut self, training: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
        let (architecture, fidelity) = (training.architecture, training.fidelity);
        let known = self.table.get(architecture)?;
        let accuracies = known.accuracies(fidelity);
        let accuracy = match fidelity {
            Fidelity::Proxy => self.draw(accuracies, architecture, "proxy of a table"),
            Fidelity::Exact => self.draw(accuracies, architecture, "exact of a table"),
            Fidelity::Final => known.truth(),
        };
        Ok(Some(Measured {
            top5: None,
            accuracy,
            memory: Memory::default(),
            weights: "table".into(),
        }))
    }

    fn offers_supernets(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::TableFile;
    use super::*;
    use crate::{Phase, Silent, StopSignal};
    use radars_space::{Choices, ImageShape, Layer, Space};
    use std::path::Path;

    /// One layer of kernel 1 or 3, on images of one pixel; two classes. AOPS by `Space::cost`.
    fn table() -> FidelityTable {
        let layer = Layer::conv(1, 1, Choices::float(&[1, 3]).unwrap());
        let images = ImageShape {
            height: 1,
            width: 1,
            channels: 1,
        };
        let space = Space::new("one", vec![layer]).unwrap();
        let space = space.resolve(images, 2).unwrap();
        let aops = |kernel| {
            let architecture = Architecture(vec![radars_space::Candidate::float(kernel)]);
            space.cost(&architecture).unwrap().aops
        };
        let csv = format!(
            "arch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n\
             0,{0},1,0.2,0.4,0.7,10,20,30\n0,{0},0,0.1,0.3,0.5,10,20,30\n1,{1},0,0.9,0.8,0.7,11,21,31\n",
            aops(1),
            aops(3)
        );
        let file = TableFile::from_csv(csv.as_bytes(), Path::new("t.csv")).unwrap();
        FidelityTable::new(&file, Some(space), Path::new("t.csv")).unwrap()
    }

    fn kernel(kernel: usize) -> Architecture {
        Architecture(vec![radars_space::Candidate::float(kernel)])
    }

    fn train(table: &FidelityTable, seed: u64, size: usize, fidelity: Fidelity) -> f64 {
        let mut tabular = FidelityTabular::new(table, Seed(seed));
        let architecture = kernel(size);
        let (mut silent, stop, mut resumed) = (Silent, StopSignal::default(), None);
        let mut watch = Watch::new(Phase::Exploration, &mut silent, &stop, &mut resumed);
        let mut once = || {
            let training = Training {
                architecture: &architecture,
                fidelity,
                plan: NOTHING,
            };
            tabular.train(training, &mut watch).unwrap().unwrap()
        };
        let (first, again) = (once(), once());
        assert_eq!(first, again);
        first.accuracy
    }

    /// 1000 searches: each of two seeds half of the time, give or take 5 standard deviations of 16.
    #[test]
    fn searches_draw_one_of_the_seeds_and_each_search_the_same_again() {
        let table = table();
        for (fidelity, values) in [(Fidelity::Proxy, [0.1, 0.2]), (Fidelity::Exact, [0.3, 0.4])] {
            let drawn = (0..1000).map(|seed| train(&table, seed, 1, fidelity));
            let drawn: Vec<f64> = drawn.collect();
            assert!(drawn.iter().all(|value| values.contains(value)));
            let first = drawn.iter().filter(|&&value| value == values[0]).count();
            assert!((420..580).contains(&first), "{first}");
        }
        assert_eq!(train(&table, 5, 3, Fidelity::Proxy), 0.9);
    }

    /// Fidelities draw apart from each other: in half of the searches of the same seed.
    #[test]
    fn what_a_brief_training_drew_says_nothing_of_the_long_one() {
        let table = table();
        let both = (0..1000).filter(|&seed| {
            let brief = train(&table, seed, 1, Fidelity::Proxy) == 0.1;
            brief == (train(&table, seed, 1, Fidelity::Exact) == 0.3)
        });
        let both = both.count();
        assert!((420..580).contains(&both), "{both}");
    }

    /// (0.5 + 0.7) / 2.
    #[test]
    fn the_final_training_is_the_mean_and_costs_are_the_tables() {
        let table = table();
        assert!((train(&table, 0, 1, Fidelity::Final) - 0.6).abs() < 1e-15);
        let tabular = FidelityTabular::new(&table, Seed(0));
        let cost = |size, fidelity| tabular.cost(&kernel(size), fidelity).unwrap();
        assert_eq!(cost(1, Fidelity::Proxy), 10);
        assert_eq!(cost(3, Fidelity::Exact), 21);
        assert_eq!(cost(3, Fidelity::Final), 31);
        assert!(!tabular.offers_supernets() && !tabular.measures_anew());
        assert!(tabular.cost(&kernel(5), Fidelity::Proxy).is_err());
    }
}
