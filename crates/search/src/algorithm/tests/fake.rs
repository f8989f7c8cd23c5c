//! An evaluator that looks everything up in tables, over a space of one layer: an architecture is its kernel.

use crate::algorithm::Search;
use crate::evaluator::{Evaluator, Exploitation, Exploited, Measured, Training, Watch};
use crate::run::controller;
use crate::{
    Config, Event, Fidelity, Memory, Observer, Result, SearchState, Stop, StopSignal, Task,
};
use radars_space::{Architecture, Candidate, Choices, ImageShape, Layer, Reward, Space};
use radars_supernet::Plan;

/// The kernels of the space; all tables are in their order.
pub(super) const KERNELS: [usize; 4] = [1, 3, 5, 7];

/// What the evaluator was asked to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Train(Fidelity, usize),
    Exploit(Vec<usize>),
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

fn plan(bytes: usize) -> Plan {
    Plan {
        peak_bytes: bytes,
        high_water_bytes: bytes,
        saved_bytes: 0,
        allocations: 0,
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
    fn carries_out(&mut self, call: Call, stop: &StopSignal) -> bool {
        if self.interrupted_call == Some(self.calls.len()) {
            self.interrupted_call = None;
            stop.interrupt();
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
                Call::Train(..) => None,
            })
            .collect()
    }
}

impl Evaluator for Fake {
    fn bound_bytes(&self) -> usize {
        self.bound_bytes
    }

    fn plan(&self, architecture: &Architecture) -> Result<Plan> {
        Ok(plan(of(self.child_bytes, kernel(architecture))))
    }

    fn plan_final(&self, architecture: &Architecture) -> Result<Plan> {
        Ok(plan(of(self.final_bytes, kernel(architecture))))
    }

    fn plan_supernet(&self, candidates: &[Vec<Candidate>]) -> Result<Plan> {
        let bytes = candidates[0]
            .iter()
            .map(|c| of(self.candidate_bytes, c.kernel));
        Ok(plan(bytes.sum()))
    }

    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>> {
        let kernel = kernel(training.architecture);
        if !self.carries_out(Call::Train(training.fidelity, kernel), watch.stop) {
            return Ok(None);
        }
        let accuracy = match training.fidelity {
            Fidelity::Proxy => self.proxy_accuracy,
            Fidelity::Exact | Fidelity::Final => self.exact_accuracy,
        };
        Ok(Some(Measured {
            accuracy: of(accuracy, kernel),
            memory: memory(training.plan),
            weights: format!("weights of {kernel}"),
        }))
    }

    fn exploit(
        &mut self,
        of: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        let kernels = of.candidates[0].iter().map(|c| c.kernel).collect();
        if !self.carries_out(Call::Exploit(kernels), watch.stop) {
            return Ok(None);
        }
        Ok(Some(Exploited {
            architecture: Architecture(vec![Candidate::float(self.derived)]),
            memory: memory(of.plan),
            weights: "weights of the SuperNet".into(),
        }))
    }

    fn paths(&self, candidates: &[Vec<Candidate>]) -> f64 {
        candidates[0].len() as f64
    }
}

/// Two iterations of 16 episodes, which meet every kernel; rewards that are accuracies.
pub(super) fn task(change: impl FnOnce(&mut Config)) -> Task {
    let mut config = Config::preset("fashion-small").unwrap();
    config.data.limit_train = Some(100);
    config.batch = 4;
    config.search.iterations = 2;
    config.search.episodes = 16;
    config.search.retrain = 3;
    config.search.penalty = -0.5;
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
    Task {
        space: space.resolve(images, 10).unwrap(),
        reward: Reward::new(1.0, 0.0, 1.0).unwrap(),
        ..Task::load(config, None).unwrap()
    }
}

pub(super) fn search(task: &Task, evaluator: Fake) -> Search<'_, Fake> {
    Search {
        task,
        evaluator,
        controller: controller(task).unwrap(),
        state: SearchState::default(),
    }
}

/// Keeps all events.
#[derive(Default)]
pub(super) struct Log(pub Vec<Event>);

impl Observer for Log {
    fn event(&mut self, event: &Event) -> Result<()> {
        self.0.push(event.clone());
        Ok(())
    }
}

/// Runs until the search ends or is interrupted; gives what happened.
pub(super) fn run(search: &mut Search<'_, Fake>) -> Result<(Stop, Vec<Event>)> {
    let mut log = Log::default();
    let stop = StopSignal::default();
    let mut watch = Watch {
        observer: &mut log,
        stop: &stop,
    };
    let stop = search.run(&mut watch)?;
    Ok((stop, log.0))
}

/// Runs a whole search: the evaluator after it, its state, why it ended, and what happened.
pub(super) fn finished(task: &Task, evaluator: Fake) -> (Fake, SearchState, Stop, Vec<Event>) {
    let mut search = search(task, evaluator);
    let (stop, events) = run(&mut search).unwrap();
    (search.evaluator, search.state, stop, events)
}
