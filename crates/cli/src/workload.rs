//! How much a search does at most, by its method: what its progress and estimates of its time are made of.

use radars_search::{Config, Fidelity, Method};

/// Kinds of epochs, which take different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Of an episode's brief training.
    Proxy,
    /// Of a training to convergence.
    Exact,
    /// Of a SuperNet.
    Dnas,
    /// Of the weights that all paths share.
    Shared,
    /// Of the winner's training, on all images.
    Final,
}

impl Work {
    pub const COUNT: usize = 5;

    pub fn of(fidelity: Fidelity) -> Self {
        match fidelity {
            Fidelity::Proxy => Self::Proxy,
            Fidelity::Exact => Self::Exact,
            Fidelity::Final => Self::Final,
        }
    }
}

/// Epochs of every kind of [`Work`].
pub type Epochs = [usize; Work::COUNT];

/// What an exploration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exploring {
    /// There is none.
    Nothing,
    /// Architectures are sampled and trained; how many is not known where the budget or the space ends it.
    Episodes {
        count: Option<usize>,
        work: Work,
        epochs: usize,
    },
    /// Shared weights are trained; how long is not known in advance where the budget decides it.
    Sharing { epochs: Option<usize> },
}

/// How much a search does at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Explorations.
    pub explorations: usize,
    /// What each of them is.
    pub exploring: Exploring,
    /// Exploitations.
    pub exploitations: usize,
    /// Trainings to convergence at the beginning of each.
    pub retrain: usize,
    /// SuperNets of each, whose derived architecture is trained to convergence: 0 or 1.
    pub supernets: usize,
    /// Epochs of a SuperNet, those of its warm-up included; not known where the budget decides it.
    pub dnas_epochs: Option<usize>,
    /// How many of those are the warm-up.
    pub warmup_epochs: usize,
    /// Epochs of a training to convergence.
    pub exact_epochs: usize,
    /// Epochs of the final training.
    pub final_epochs: usize,
}

impl Workload {
    /// Whether there is anything before the final training.
    pub fn searches(&self) -> bool {
        self.explorations + self.exploitations > 0
    }

    /// What a configuration asks for.
    pub fn new(config: &Config) -> Self {
        let (search, training, dnas) = (&config.search, &config.training, &config.dnas);
        let in_all = search.iterations * search.episodes;
        let unless_budget = |count: usize| search.budget.is_none().then_some(count);
        let screened = config.baselines.screened.contains(&config.method);
        let episodes = |count, briefly| Exploring::Episodes {
            count,
            work: if briefly { Work::Proxy } else { Work::Exact },
            epochs: match briefly {
                true => training.proxy_epochs,
                false => training.exact_epochs,
            },
        };
        let dnas_epochs = dnas.warmup_epochs + dnas.epochs;
        // A single exploration, then its best to convergence.
        let screening = Workload {
            explorations: 1,
            exploring: episodes(unless_budget(in_all), true),
            exploitations: 1,
            retrain: search.retrain,
            supernets: 0,
            dnas_epochs: Some(0),
            warmup_epochs: 0,
            exact_epochs: training.exact_epochs,
            final_epochs: training.final_epochs,
        };
        match config.method {
            Method::Radars => Workload {
                explorations: search.iterations,
                exploring: episodes(Some(search.episodes), true),
                exploitations: search.iterations,
                supernets: 1,
                dnas_epochs: Some(dnas_epochs),
                warmup_epochs: dnas.warmup_epochs,
                ..screening
            },
            Method::Dnas => Workload {
                explorations: 0,
                exploring: Exploring::Nothing,
                retrain: 0,
                supernets: 1,
                dnas_epochs: unless_budget(dnas_epochs * search.iterations),
                warmup_epochs: dnas.warmup_epochs * search.iterations,
                ..screening
            },
            Method::OneShot => Workload {
                exploring: Exploring::Sharing {
                    epochs: unless_budget(in_all * training.proxy_epochs),
                },
                ..screening
            },
            Method::Given => Workload {
                explorations: 0,
                exploring: Exploring::Nothing,
                exploitations: 0,
                retrain: 0,
                ..screening
            },
            // The space says how many uniform architectures there are.
            method => Workload {
                exploring: match method {
                    Method::Uniform => episodes(None, screened),
                    _ => episodes(unless_budget(in_all), screened),
                },
                exploitations: usize::from(screened),
                ..screening
            },
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Algorithm 1 with 2 iterations of 3 episodes of 2 epochs, (2 + 1) exact trainings of 8 and 5 epochs of
    /// DNAS, then 30 final ones.
    pub const RADARS: Workload = Workload {
        explorations: 2,
        exploring: Exploring::Episodes {
            count: Some(3),
            work: Work::Proxy,
            epochs: 2,
        },
        exploitations: 2,
        retrain: 2,
        supernets: 1,
        dnas_epochs: Some(5),
        warmup_epochs: 1,
        exact_epochs: 8,
        final_epochs: 30,
    };

    pub fn of(method: Method, budget: Option<u64>) -> Workload {
        let mut config = Config::preset("fashion-small").unwrap();
        config.method = method;
        config.search.budget = budget;
        (config.search.iterations, config.search.episodes) = (2, 3);
        config.search.retrain = 2;
        (config.training.proxy_epochs, config.training.exact_epochs) = (2, 8);
        config.training.final_epochs = 30;
        (config.dnas.warmup_epochs, config.dnas.epochs) = (1, 4);
        Workload::new(&config)
    }

    #[test]
    fn every_method_does_what_it_says() {
        assert_eq!(of(Method::Radars, None), RADARS);
        assert_eq!(of(Method::Radars, Some(1)), RADARS);
        // 2 * 3 episodes to convergence, and nothing after them.
        let quantnas = of(Method::Quantnas, None);
        let exactly = |count| Exploring::Episodes {
            count,
            work: Work::Exact,
            epochs: 8,
        };
        assert_eq!(quantnas.exploring, exactly(Some(6)));
        assert_eq!(quantnas.exploitations, 0);
        assert_eq!(of(Method::Quantnas, Some(1)).exploring, exactly(None));
        assert_eq!(of(Method::Uniform, None).exploring, exactly(None));
        // 2 * 3 episodes of 2 epochs; the best 2 to convergence.
        let random = of(Method::Random, None);
        assert_eq!(random, of(Method::Evolution, None));
        assert_eq!((random.explorations, random.exploitations), (1, 1));
        assert_eq!((random.retrain, random.supernets), (2, 0));
        // As many epochs as both iterations of RADARS: 2 * (1 + 4), 2 of them warm-up.
        let dnas = of(Method::Dnas, None);
        assert_eq!((dnas.dnas_epochs, dnas.warmup_epochs), (Some(10), 2));
        assert_eq!(of(Method::Dnas, Some(1)).dnas_epochs, None);
        // As many as its explorations: 2 * 3 * 2.
        let epochs = Some(12);
        let given = of(Method::Given, None);
        assert!(!given.searches() && dnas.searches());
        assert_eq!(given.final_epochs, 30);
        assert_eq!(
            of(Method::OneShot, None).exploring,
            Exploring::Sharing { epochs }
        );
    }
}
