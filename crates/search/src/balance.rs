//! What an option `auto` decides: by the cost model, once.

use crate::task::weight_settings;
use crate::{Config, Evaluator, Fidelity, Problem, Result, candidates_of, kernel_path};
use radars_space::Architecture;
use radars_supernet::{BatchSizes, plan_child};
use radars_tensor::random::Seed;
use radars_tensor::{ALIGN, Backend};

/// Random architectures that stand for all.
const SAMPLE: u64 = 32;
/// SuperNets of such architectures that stand for all.
const SUPERNETS: usize = 8;

/// What the two phases of an iteration cost, in the unit of the evaluator's cost model: multiply-accumulates,
/// unless it says otherwise. Means over random architectures, under the budget of none.
///
/// # Source
/// The phases are those of the paper, section III: re-training belongs to exploration (Algorithm 1, lines 6-18).
/// A search with both phases side by side re-trains in the thread of exploitation all the same, since exploration
/// never reads what was found there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseCosts {
    /// `N` brief trainings and `P` trainings to convergence.
    pub exploration: f64,
    /// DNAS on the SuperNet of `P` architectures, and the training to convergence of what it derives.
    pub exploitation: f64,
}

impl PhaseCosts {
    /// How many times the cheaper phase the dearer one costs: 1 where they are equal.
    pub fn quotient(&self) -> f64 {
        let (a, b) = (self.exploration, self.exploitation);
        a.max(b) / a.min(b)
    }
}

/// How many of the best to re-train (`P`), so that the paper's two phases cost as nearly the same as `P` alone can
/// make them; and what they cost then. Between 2, since a SuperNet of one architecture has nothing to choose, and
/// the episodes of an exploration; 1 where that has one.
///
/// # Errors
/// Those of the evaluator's cost model.
///
/// # Source
/// The paper, section III-B: `P` is chosen so that both phases take equally long.
pub fn balanced_retrain(
    evaluator: &impl Evaluator,
    problem: &Problem,
) -> Result<(usize, PhaseCosts)> {
    let episodes = problem.config.search.episodes;
    let least = episodes.min(2);
    let phases = Phases::new(evaluator, problem)?;
    let mut best = (least, phases.costs(least)?);
    for retrain in least + 1..=episodes {
        let costs = phases.costs(retrain)?;
        if costs.quotient() < best.1.quotient() {
            best = (retrain, costs);
        }
    }
    Ok(best)
}

/// What the phases are made of.
struct Phases<'a, E> {
    evaluator: &'a E,
    config: &'a Config,
    sample: Vec<Architecture>,
    /// The mean cost of a brief training.
    proxy: f64,
    /// The mean cost of a training to convergence.
    exact: f64,
}

impl<'a, E: Evaluator> Phases<'a, E> {
    fn new(evaluator: &'a E, problem: &'a Problem) -> Result<Self> {
        let random = |draw| {
            let mut rng = Seed(0).stream("balance", draw);
            problem.space.random(&mut rng)
        };
        let sample: Vec<Architecture> = (0..SAMPLE).map(random).collect();
        let mean = |fidelity| -> Result<f64> {
            let costs = sample.iter().map(|a| evaluator.cost(a, fidelity));
            let costs = costs.collect::<Result<Vec<u64>>>()?;
            Ok(costs.into_iter().map(|cost| cost as f64).sum::<f64>() / SAMPLE as f64)
        };
        Ok(Phases {
            evaluator,
            config: &problem.config,
            proxy: mean(Fidelity::Proxy)?,
            exact: mean(Fidelity::Exact)?,
            sample,
        })
    }

    fn costs(&self, retrain: usize) -> Result<PhaseCosts> {
        let members = |number: usize| {
            let all = self.sample.iter().cycle().skip(number * retrain);
            all.take(retrain).cloned().collect::<Vec<_>>()
        };
        let costs = (0..SUPERNETS).map(|number| self.dnas(&members(number)));
        let dnas = costs.sum::<Result<f64>>()? / SUPERNETS as f64;
        let episodes = self.config.search.episodes as f64;
        Ok(PhaseCosts {
            exploration: episodes * self.proxy + retrain as f64 * self.exact,
            exploitation: dnas + self.exact,
        })
    }

    /// Of the SuperNet that these architectures span. Which mixing will fit is not known before SN is; the cheapest
    /// one is hoped for.
    fn dnas(&self, spanning: &[Architecture]) -> Result<f64> {
        let candidates = candidates_of(spanning);
        let ways = self.config.mixing.ways(&candidates).into_iter();
        let cost =
            |mixing| (self.evaluator).exploitation_cost(&candidates, mixing, self.config.dnas);
        let costs = ways.map(cost).collect::<Result<Vec<u64>>>()?;
        Ok(costs.into_iter().min().unwrap_or(0) as f64)
    }
}

/// Exploration's share of the bound, when nobody says: what the largest path needs, at most half.
///
/// # Errors
/// When the space is not resolved.
pub fn exploration_share<B: Backend>(
    spec: &B::Spec,
    problem: &Problem,
    batches: BatchSizes,
) -> Result<usize> {
    let largest = kernel_path::largest(&problem.space)?;
    let settings = weight_settings(&problem.config);
    let plan = plan_child::<B>(spec, &problem.space, &largest, batches, settings)?;
    let half = usize::try_from(problem.config.memory.as_u64()).unwrap_or(usize::MAX) / 2;
    Ok(plan.high_water_bytes.min(half) / ALIGN * ALIGN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluator::{Measured, Training};
    use crate::{DnasConfig, Error, Watch, read_space};
    use radars_space::{Candidate, Reward, Space};
    use radars_supernet::{
        Mixing, Plan, StepSize, child_evaluation_macs, child_step_macs, supernet_step_macs,
    };

    /// Says what things cost, and does nothing.
    struct Costs<C, D> {
        child: C,
        dnas: D,
    }

    impl<C, D> Evaluator for Costs<C, D>
    where
        C: Fn(&Architecture, Fidelity) -> u64,
        D: Fn(&[Vec<Candidate>], Mixing, DnasConfig) -> u64,
    {
        fn bound_bytes(&self) -> usize {
            0
        }

        fn plan(&self, _: &Architecture, _: Fidelity, _: StepSize) -> Result<Plan> {
            Err(Error::Unsupported { what: "plans" })
        }

        fn cost(&self, architecture: &Architecture, fidelity: Fidelity) -> Result<u64> {
            Ok((self.child)(architecture, fidelity))
        }

        fn train(&mut self, _: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
            Err(Error::Unsupported { what: "trainings" })
        }

        fn exploitation_cost(
            &self,
            candidates: &[Vec<Candidate>],
            mixing: Mixing,
            dnas: DnasConfig,
        ) -> Result<u64> {
            Ok((self.dnas)(candidates, mixing, dnas))
        }
    }

    fn problem(preset: &str) -> Problem {
        let config = Config::preset(preset).unwrap();
        let space = read_space(&config).unwrap();
        let (images, classes) = (space.input().unwrap(), space.classes().unwrap());
        Problem {
            space: space.resolve(images, classes).unwrap(),
            config,
            reward: Reward::paper(),
        }
    }

    fn fixed(dnas: u64, episodes: usize) -> (usize, PhaseCosts) {
        let mut problem = problem("fashion-small");
        problem.config.search.episodes = episodes;
        let child = |_: &Architecture, fidelity| match fidelity {
            Fidelity::Proxy => 2,
            _ => 5,
        };
        let dnas = move |_: &[Vec<Candidate>], _, _| dnas;
        balanced_retrain(&Costs { child, dnas }, &problem).unwrap()
    }

    /// By hand: 10 * 2 + P * 5 against 30 + 5 is 35 at P = 3; against 0 + 5 it is nearest at the least P, 30; against
    /// 900 + 5 at the largest, 70.
    #[test]
    fn re_training_is_a_part_of_exploration() {
        let costs = |exploration, exploitation| PhaseCosts {
            exploration,
            exploitation,
        };
        assert_eq!(fixed(30, 10), (3, costs(35.0, 35.0)));
        assert_eq!(fixed(0, 10), (2, costs(30.0, 5.0)));
        assert_eq!(fixed(900, 10), (10, costs(70.0, 905.0)));
        // A single episode is all there is.
        assert_eq!(fixed(0, 1), (1, costs(7.0, 5.0)));
        assert_eq!(costs(30.0, 5.0).quotient(), 6.0);
        assert_eq!(costs(5.0, 30.0).quotient(), 6.0);
    }

    /// What the trainer would count on so many training images, of each preset's own data: more than one architecture,
    /// and phases within a quarter of each other.
    #[test]
    fn the_phases_of_every_preset_can_be_balanced() {
        for (preset, images) in [
            ("fashion-small", 3_000.0),
            ("cifar10-quant", 50_000.0),
            ("imagenet-mobile", 1_281_167.0),
        ] {
            let (retrain, costs) = of_preset(&problem(preset), images);
            assert!(retrain > 1, "{preset}: {retrain}");
            let quotient = costs.quotient();
            assert!(quotient <= 1.25, "{preset}: {quotient} at {retrain}");
        }
    }

    fn of_preset(problem: &Problem, images: f64) -> (usize, PhaseCosts) {
        let Problem { config, space, .. } = problem;
        let classes = space.classes().unwrap();
        let some = config.data.proxy_classes.unwrap_or(classes);
        let narrow = space.with_classes(some).unwrap();
        let share = some as f64 / classes as f64;
        let batches = |images: f64| images as u64 / config.batch as u64 * config.batch as u64;
        let weights = images * config.data.weights_fraction;
        let rewards = images * config.data.rewards_fraction;
        let child = |architecture: &Architecture, fidelity| {
            let training = &config.training;
            let (space, epochs, share): (&Space, usize, f64) = match fidelity {
                Fidelity::Proxy => (&narrow, training.proxy_epochs, share),
                _ => (space, training.exact_epochs, 1.0),
            };
            epochs as u64 * batches(weights * share) * child_step_macs(space, architecture).unwrap()
                + (rewards * share) as u64 * child_evaluation_macs(space, architecture).unwrap()
        };
        let dnas = |candidates: &[Vec<Candidate>], mixing, dnas: DnasConfig| {
            let macs = supernet_step_macs(space, candidates, mixing).unwrap();
            let (warm_up, both) = (dnas.warmup_epochs as u64, dnas.epochs as u64);
            batches(weights) * ((warm_up + both) * macs.weight + both * macs.alpha)
        };
        balanced_retrain(&Costs { child, dnas }, problem).unwrap()
    }
}
