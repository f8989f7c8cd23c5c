//! The first way to train something that fits a bound: whole batches before micro-batches, and of equal ones
//! that of the least work.

use crate::config::Recomputation;
use crate::{Config, Error, Result};
use radars_supernet::{Plan, Recompute, StepSize};

/// A way to hold what is trained, and its work.
#[derive(Clone, Debug)]
pub(crate) struct Way<W> {
    pub way: W,
    /// What it costs with every layer kept.
    pub cost: u64,
    /// What it costs more to compute a layer again on the way back, for every layer.
    pub layers: Vec<u64>,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitting<W> {
    pub way: W,
    /// Its plan; where nothing fits, that of the least need.
    pub plan: Plan,
    /// What the way needs that was tried first.
    pub first_bytes: usize,
}

/// How many images of a step may be on the device at once, in the order they are tried.
fn micro_batches(config: &Config) -> Vec<usize> {
    match config.micro_batch {
        Some(micro_batch) => micro_batch.sizes(config.batch),
        None => vec![config.batch],
    }
}

/// The first of these ways, which come by what they cost, whose plan fits the bound.
///
/// Larger micro-batches come before smaller ones, since batch norms see them. With each, every layer is kept in
/// one of the ways, or, where the configuration lets layers be recomputed, the ones that cost the least of all
/// sets that fit ([`Recompute::choices`]). Many sets are tried only where it helps to recompute all layers.
pub(crate) fn first_that_fits<W: Copy>(
    config: &Config,
    ways: &[Way<W>],
    bound_bytes: usize,
    mut plan: impl FnMut(W, StepSize) -> Result<Plan>,
) -> Result<Fitting<W>> {
    let mut tried = Attempts {
        bound_bytes,
        best: None,
    };
    for micro_batch in micro_batches(config) {
        let mut attempt = |way: W, recompute| -> Result<bool> {
            let step = StepSize {
                images: config.batch,
                micro_batch,
                recompute,
            };
            Ok(tried.note(way, plan(way, step)?))
        };
        let mut choices: Vec<(u64, W, Recompute)> = Vec::new();
        for Way { way, cost, layers } in ways {
            if attempt(*way, Recompute::NONE)? {
                // Those after it cost no less.
                choices.push((*cost, *way, Recompute::NONE));
                break;
            }
            let helps = config.recompute == Recomputation::Auto
                && !layers.is_empty()
                && attempt(*way, Recompute::all(layers.len()))?;
            if helps {
                let sets = Recompute::choices(layers).into_iter();
                choices.extend(sets.map(|set| (cost.saturating_add(set.cost(layers)), *way, set)));
            }
        }
        choices.sort_by_key(|&(cost, ..)| cost);
        for (_, way, recompute) in choices {
            if attempt(way, recompute)? {
                return tried.found();
            }
        }
    }
    tried.found()
}

/// What was planned so far.
struct Attempts<W> {
    bound_bytes: usize,
    /// The last that fits; where none does, that of the least need.
    best: Option<Fitting<W>>,
}

impl<W: Copy> Attempts<W> {
    /// Notes a plan, and says whether it fits.
    fn note(&mut self, way: W, plan: Plan) -> bool {
        let fits = plan.fits(self.bound_bytes);
        let first_bytes = self.best.map_or(plan.high_water_bytes, |b| b.first_bytes);
        let less = |best: &Fitting<W>| plan.high_water_bytes < best.plan.high_water_bytes;
        if fits || self.best.as_ref().is_none_or(less) {
            self.best = Some(Fitting {
                way,
                plan,
                first_bytes,
            });
        }
        fits
    }

    fn found(self) -> Result<Fitting<W>> {
        self.best.ok_or(Error::Unsupported {
            what: "any way to hold a mixture",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MicroBatch;
    use std::cell::Cell;

    /// Bytes an image of what the layers keep; recomputed they keep a tenth of it. 40 bytes are weights.
    const KEPT: [usize; 3] = [10, 50, 20];
    const LAYERS: [u64; 3] = [3, 9, 4];

    fn config(micro_batch: Option<MicroBatch>, recompute: Recomputation) -> Config {
        let mut config = Config::preset("fashion-small").unwrap();
        (config.batch, config.micro_batch) = (8, micro_batch);
        config.recompute = recompute;
        config
    }

    fn needed(kept: [usize; 3], step: StepSize) -> usize {
        let of_layer = |(layer, bytes): (usize, usize)| match step.recompute.contains(layer) {
            true => bytes / 10,
            false => bytes,
        };
        40 + step.largest() * kept.into_iter().enumerate().map(of_layer).sum::<usize>()
    }

    fn planned(kept: [usize; 3], step: StepSize) -> Result<Plan> {
        Ok(Plan {
            high_water_bytes: needed(kept, step),
            micro_batch: step.largest(),
            recompute: step.recompute,
            ..Plan::default()
        })
    }

    fn way(way: usize, cost: u64) -> Way<usize> {
        let layers = LAYERS.to_vec();
        Way { way, cost, layers }
    }

    fn fitting(config: &Config, bound_bytes: usize) -> (Vec<usize>, Plan, usize) {
        let plan = |_, step| planned(KEPT, step);
        let found = first_that_fits(config, &[way(0, 100)], bound_bytes, plan).unwrap();
        let layers = found.plan.recompute.layers().collect();
        (layers, found.plan, found.first_bytes)
    }

    /// 8 images: 680 bytes with all kept, 104 with all recomputed; without 10 * 9 / 10 = 9 bytes an image 608,
    /// without 18 536, without 27 464, without 45 320, without 54 248, without 63 176.
    #[test]
    fn the_cheapest_layers_that_fit_are_recomputed() {
        let auto = config(None, Recomputation::Auto);
        let of = |bound| fitting(&auto, bound).0;
        assert_eq!(of(680), [0_usize; 0]);
        assert_eq!(of(679), [0]);
        assert_eq!(of(607), [2]);
        assert_eq!(of(535), [0, 2]);
        assert_eq!(of(463), [1]);
        assert_eq!(of(319), [0, 1]);
        assert_eq!(of(247), [1, 2]);
        assert_eq!(of(175), [0, 1, 2]);
        // Whatever the bound: it fits, and no set that costs less would.
        for bound in 104..680 {
            let (layers, plan, _) = fitting(&auto, bound);
            assert!(plan.fits(bound));
            let chosen = Recompute::from(layers).cost(&LAYERS);
            for set in Recompute::choices(&LAYERS) {
                let step = StepSize {
                    recompute: set,
                    ..StepSize::whole(8)
                };
                let fits = needed(KEPT, step) <= bound;
                assert!(!fits || set.cost(&LAYERS) >= chosen, "{set} at {bound}");
            }
        }
    }

    /// A bound below what recomputing everything needs: told with what everything kept needs; or micro-batches
    /// of 4, which need 360 and 72.
    #[test]
    fn below_that_come_micro_batches_or_nothing() {
        let (layers, plan, first) = fitting(&config(None, Recomputation::Auto), 103);
        assert_eq!(
            (layers, plan.high_water_bytes, first),
            (vec![0, 1, 2], 104, 680)
        );
        let none = fitting(&config(None, Recomputation::None), 679);
        assert_eq!((none.1.high_water_bytes, none.2), (680, 680));

        let both = config(Some(MicroBatch::Auto), Recomputation::Auto);
        let of = |bound| {
            let (layers, plan, _) = fitting(&both, bound);
            (layers, plan.micro_batch, plan.fits(bound))
        };
        // The whole batch, though halves would fit without recomputation: batch norms see it.
        assert_eq!(of(360), (vec![1], 8, true));
        assert_eq!(of(104), (vec![0, 1, 2], 8, true));
        assert_eq!(of(103), (vec![0, 1, 2], 4, true));
        assert_eq!(of(71), (vec![0, 1, 2], 4, false));
    }

    /// The second way keeps less and costs more: 8 * 24 + 40 = 232 bytes.
    #[test]
    fn ways_and_layers_are_weighed_together() {
        let second = [4, 12, 8];
        let plan = |way, step| planned([KEPT, second][way], step);
        let of = |cost, bound| {
            let ways = [way(0, 100), way(1, cost)];
            let auto = config(None, Recomputation::Auto);
            let found = first_that_fits(&auto, &ways, bound, plan).unwrap();
            (found.way, found.plan.recompute.layers().collect::<Vec<_>>())
        };
        // 248 takes layers 0 and 1 of the first way, at 100 + 3 + 9, or none of the second.
        assert_eq!(of(111, 248), (1, vec![]));
        assert_eq!(of(113, 248), (0, vec![0, 1]));
        assert_eq!(of(111, 680), (0, vec![]));
    }

    #[test]
    fn sets_are_tried_only_where_recomputing_all_would_do() {
        let plans = Cell::new(0);
        let plan = |_, step| {
            plans.set(plans.get() + 1);
            planned(KEPT, step)
        };
        let auto = config(None, Recomputation::Auto);
        first_that_fits(&auto, &[way(0, 100)], 103, plan).unwrap();
        assert_eq!(plans.get(), 2);
    }
}
