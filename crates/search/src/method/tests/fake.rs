//! An evaluator that looks everything up in tables, over a space of one layer: an architecture is its kernel.

use crate::evaluator::{Evaluator, Exploitation, Exploited, Measured, Shared, Sharing, Training};
use crate::method::{Desk, procedure};
use crate::{
    Config, DnasConfig, Evaluators, Event, ExploiterState, ExplorerState, Fidelity, Kept, Memory,
    Observer, Phase, PhaseState, Problem, Result, Resumed, Rewards, Stop, StopSignal, Watch,
};
use radars_space::{Architecture, Candidate, Choices, ImageShape, Layer, Reward, Space};
use radars_supernet::{Mixing, Plan, StepSize, Traffic};

/// The kernels of the space; all tables are in their order.
pub(super) const KERNELS: [usize; 4] = [1, 3, 5, 7];

/// Images of a batch.
pub(super) const BATCH: usize = 32;

/// What the evaluator was asked to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Train(Fidelity, usize),
    Exploit(Vec<usize>),
    /// Epochs, paths.
    Share(usize, usize),
}

/// The tables.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub bound_bytes: usize,
    /// Bytes of a training within the search, of the final training, and of a candidate in a SuperNet.
    pub child_bytes: [usize; 4],
    pub final_bytes: [usize; 4],
    pub candidate_bytes: [usize; 4],
    pub proxy_accuracy: [f64; 4],
    pub exact_accuracy: [f64; 4],
    /// The kernel that every DNAS ends with.
    pub derived: usize,
    pub calls: Vec<Call>,
    /// The call during which the user interrupts; it is not carried out.
    pub interrupted_call: Option<usize>,
}

impl Default for Fake {
    /// Everything fits, and large kernels are better.
    fn default() -> Self {
        Fake {
            bound_bytes: 100,
            child_bytes: [1; 4],
            final_bytes: [1; 4],
            candidate_bytes: [1; 4],
            proxy_accuracy: [0.1, 0.2, 0.3, 0.4],
            exact_accuracy: [0.5, 0.6, 0.7, 0.8],
            derived: 7,
            calls: Vec::new(),
            interrupted_call: None,
        }
    }
}

fn of<T: Copy>(table: [T; 4], kernel: usize) -> T {
    table[kernel / 2]
}

fn kernel(architecture: &Architecture) -> usize {
    architecture.layers()[0].kernel
}

/// What takes `bytes` in a whole batch takes in proportion of the images that are on the device at once, and a
/// third less where the layer is recomputed.
fn plan(bytes: usize, step: StepSize) -> Plan {
    let bytes = (bytes * step.largest()).div_ceil(BATCH);
    let bytes = match step.recompute.is_empty() {
        true => bytes,
        false => bytes - bytes / 3,
    };
    Plan {
        peak_bytes: bytes,
        high_water_bytes: bytes,
        saved_bytes: 0,
        allocations: 0,
        micro_batch: step.largest(),
        recompute: step.recompute,
    }
}

fn memory(plan: Plan) -> Memory {
    Memory {
        planned_peak_bytes: plan.peak_bytes,
        actual_peak_bytes: plan.peak_bytes,
        high_water_bytes: plan.high_water_bytes,
    }
}

impl Fake {
    /// Notes a call; whether it may be carried out.
    fn carries_out(&mut self, call: Call) -> bool {
        if self.interrupted_call == Some(self.calls.len()) {
            self.interrupted_call = None;
            return false;
        }
        self.calls.push(call);
        true
    }

    /// The kernels that were trained at a fidelity, in order.
    pub fn trained(&self, fidelity: Fidelity) -> Vec<usize> {
        let of_fidelity = |call: &Call| match *call {
            Call::Train(f, kernel) if f == fidelity => Some(kernel),
            _ => None,
        };
        self.calls.iter().filter_map(of_fidelity).collect()
    }

    /// The kernels of every SuperNet, in order.
    pub fn exploited(&self) -> Vec<&[usize]> {
        let calls = self.calls.iter();
        calls
            .filter_map(|call| match call {
                Call::Exploit(kernels) => Some(&kernels[..]),
                _ => None,
            })
            .collect()
    }
}

impl Evaluator for Fake {
    fn bound_bytes(&self) -> usize {
        self.bound_bytes
    }

    fn plan(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
        step: StepSize,
    ) -> Result<Plan> {
        let table = match fidelity {
            Fidelity::Proxy | Fidelity::Exact => self.child_bytes,
            Fidelity::Final => self.final_bytes,
        };
        Ok(plan(of(table, kernel(architecture)), step))
    }

    /// 1 for a brief training, 10 for one to convergence.
    fn cost(&self, _: &Architecture, fidelity: Fidelity) -> Result<u64> {
        Ok(match fidelity {
            Fidelity::Proxy => 1,
            Fidelity::Exact | Fidelity::Final => 10,
        })
    }

    /// A quarter of that, rounded up.
    fn recomputation_cost(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
    ) -> Result<Vec<u64>> {
        Ok(vec![self.cost(architecture, fidelity)?.div_ceil(4)])
    }

    fn train(&mut self, training: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
        let kernel = kernel(training.architecture);
        if !self.carries_out(Call::Train(training.fidelity, kernel)) {
            return Ok(None);
        }
        let accuracy = match training.fidelity {
            Fidelity::Proxy => self.proxy_accuracy,
            Fidelity::Exact | Fidelity::Final => self.exact_accuracy,
        };
        Ok(Some(Measured {
            top5: None,
            accuracy: of(accuracy, kernel),
            memory: memory(training.plan),
            weights: format!("weights of {kernel}"),
        }))
    }

    fn plan_supernet(
        &self,
        candidates: &[Vec<Candidate>],
        _: Mixing,
        step: StepSize,
    ) -> Result<Plan> {
        let bytes = candidates[0]
            .iter()
            .map(|c| of(self.candidate_bytes, c.kernel));
        Ok(plan(bytes.sum(), step))
    }

    /// 2 an epoch.
    fn exploitation_cost(&self, _: &[Vec<Candidate>], _: Mixing, dnas: DnasConfig) -> Result<u64> {
        Ok(2 * (dnas.warmup_epochs + dnas.epochs) as u64)
    }

    /// 1 an epoch.
    fn exploitation_recomputation_cost(
        &self,
        _: &[Vec<Candidate>],
        _: Mixing,
        dnas: DnasConfig,
    ) -> Result<Vec<u64>> {
        Ok(vec![(dnas.warmup_epochs + dnas.epochs) as u64])
    }

    fn exploit(&mut self, of: Exploitation<'_>, _: &mut Watch<'_>) -> Result<Option<Exploited>> {
        let kernels = of.candidates[0].iter().map(|c| c.kernel).collect();
        if !self.carries_out(Call::Exploit(kernels)) {
            return Ok(None);
        }
        Ok(Some(Exploited {
            architecture: Architecture(vec![Candidate::float(self.derived)]),
            memory: memory(of.plan),
            weights: "weights of the SuperNet".into(),
            seconds: 0.0,
        }))
    }

    fn plan_sharing(&self, _: &[Vec<Candidate>]) -> Result<Plan> {
        Ok(plan(7, BATCH.into()))
    }

    /// 3 an epoch, 1 for all paths.
    fn sharing_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        Ok(3 * sharing.epochs as u64 + 1)
    }

    fn share(&mut self, sharing: Sharing<'_>, _: &mut Watch<'_>) -> Result<Option<Shared>> {
        if !self.carries_out(Call::Share(sharing.epochs, sharing.paths.len())) {
            return Ok(None);
        }
        let paths = sharing.paths.iter();
        Ok(Some(Shared {
            paths: sharing.paths.to_vec(),
            spent: self.sharing_cost(&sharing)?,
            accuracies: paths.map(|p| of(self.proxy_accuracy, kernel(p))).collect(),
            memory: memory(plan(7, BATCH.into())),
            traffic: Traffic {
                uploaded_bytes: 11,
                downloaded_bytes: 12,
            },
            weights: "shared weights".into(),
        }))
    }
}

/// Two iterations of 16 episodes, which meet every kernel; rewards that are accuracies; brief trainings of 2 epochs, long
/// ones of 8, DNAS of 1 and 5.
pub(super) fn problem(change: impl FnOnce(&mut Config)) -> Problem {
    let mut config = Config::preset("fashion-small").unwrap();
    config.batch = BATCH;
    config.search.iterations = 2;
    config.search.episodes = 16;
    config.search.retrain = 3;
    config.search.penalty = Some(-0.5);
    config.search.designs = false;
    config.search.rewards = Rewards::Proxy;
    config.search.predictor = false;
    (config.training.proxy_epochs, config.training.exact_epochs) = (2, 8);
    (config.dnas.warmup_epochs, config.dnas.epochs) = (1, 5);
    // So slow that the policy stays uniform.
    config.controller.rate = 1e-6;
    change(&mut config);
    let layer = Layer::conv(8, 1, Choices::float(&KERNELS).unwrap());
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let space = Space::new("one layer", vec![layer]).unwrap();
    Problem {
        config,
        space: space.resolve(images, 10).unwrap(),
        reward: Reward::new(1.0, 0.0, 1.0).unwrap(),
    }
}

/// Keeps all events, and the states as a checkpoint would.
#[derive(Default)]
pub(super) struct Log {
    pub events: Vec<Event>,
    pub kept: Resumed,
    /// How `kept` was after each change.
    pub history: Vec<Resumed>,
}

impl Observer for Log {
    fn event(&mut self, _: Phase, event: &Event) -> Result<()> {
        self.events.push(event.clone());
        Ok(())
    }

    fn keep(&mut self, _: Phase, kept: Kept<'_>) -> Result<()> {
        match kept {
            Kept::Phase(PhaseState::Exploration(state)) => {
                self.kept.exploration = Some(state.clone());
            }
            Kept::Phase(PhaseState::Exploitation(state)) => {
                self.kept.exploitation = Some(state.clone());
            }
            _ => {}
        }
        self.history.push(self.kept.clone());
        Ok(())
    }
}

/// What a search came to.
pub(super) struct Run {
    pub fake: Fake,
    pub explored: ExplorerState,
    pub exploited: ExploiterState,
    pub stop: Stop,
    pub events: Vec<Event>,
    /// Where it could be gone on with.
    pub kept: Resumed,
    /// Everywhere it could have been gone on with, in order.
    pub history: Vec<Resumed>,
}

/// Runs from `resumed` until the search ends or is interrupted.
pub(super) fn run(problem: &Problem, fake: Fake, resumed: Resumed) -> Result<Run> {
    let mut log = Log {
        kept: resumed.clone(),
        ..Log::default()
    };
    let stop = StopSignal::default();
    let mut evaluators = Evaluators::Shared(fake);
    let procedure = procedure::<Fake>(problem.config.method);
    procedure.refuse(problem, evaluators.of(Phase::Exploitation))?;
    let mut desk = Desk::new(problem, &mut evaluators, resumed, &mut log, &stop)?;
    let stop = procedure.run(&mut desk)?;
    let (explored, exploited) = (
        desk.explorer.state().clone(),
        desk.exploiter.state().clone(),
    );
    let Evaluators::Shared(fake) = evaluators else {
        unreachable!("it was one");
    };
    Ok(Run {
        fake,
        explored,
        exploited,
        stop,
        events: log.events,
        kept: log.kept,
        history: log.history,
    })
}

/// Runs a whole search.
pub(super) fn finished(problem: &Problem, fake: Fake) -> Run {
    run(problem, fake, Resumed::default()).unwrap()
}
