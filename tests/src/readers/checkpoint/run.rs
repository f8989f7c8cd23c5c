//! A run that was left, in miniature: a search of a table of four architectures.

use crate::readers::files;
use radars_search::tabular::{Table, Tabular};
use radars_search::{
    Config, Evaluators, Event, Kept, Memory, Method, Network, NetworkState, Observer, Phase,
    Problem, Result, RunFolder, Setup, StopSignal, search_with,
};
use radars_space::{Architecture, Candidate, Choices, ImageShape, Layer, Reward, Space};
use radars_supernet::nn::SgdSettings;
use radars_supernet::{ChildTrainer, WeightSettings};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu};
use std::path::Path;
use std::sync::OnceLock;

/// The methods that a table can be searched by.
pub const METHODS: [Method; 3] = [Method::Quantnas, Method::Evolution, Method::Random];

pub fn table() -> Table {
    let csv = "arch,val_acc\n00,10\n01,30\n10,20\n11,40\n";
    Table::from_csv(csv.as_bytes(), Path::new("table.csv")).expect("a table")
}

pub fn problem(table: &Table, method: Method) -> Problem {
    let mut config = Config::preset("fashion-small").expect("a preset");
    config.method = method;
    config.search.iterations = 1;
    config.search.episodes = 8;
    config.baselines.screened = Vec::new();
    Problem {
        config,
        space: table.space().expect("a space"),
        reward: Reward::new(1.0, 0.0, 1.0).expect("a trade-off"),
    }
}

/// A trainer of one convolution of a single weight.
pub fn child(arena: &Arena<Cpu>) -> ChildTrainer<Cpu> {
    let layer = Layer::conv(1, 1, Choices::float(&[1]).expect("choices"));
    let images = ImageShape {
        height: 2,
        width: 2,
        channels: 1,
    };
    let space = Space::new("one", vec![layer]).and_then(|space| space.resolve(images, 2));
    let architecture = Architecture(vec![Candidate::float(1)]);
    let settings = WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    };
    let space = space.expect("a space");
    ChildTrainer::new(arena, &space, &architecture, settings, Seed(0)).expect("room for it")
}

/// What all runs have in common.
pub struct Template {
    pub config: Vec<u8>,
    pub space: Vec<u8>,
    manifest: serde_json::Value,
    seeds: Vec<Vec<u8>>,
}

impl Template {
    /// A manifest that fits these files.
    pub fn manifest(&self, state: &[u8], tensors: &[u8]) -> Vec<u8> {
        let mut manifest = self.manifest.clone();
        for (name, content) in [("state.json", state), ("tensors.safetensors", tensors)] {
            let mark = &mut manifest["files"][name];
            mark["bytes"] = content.len().into();
            mark["blake3"] = blake3::hash(content).to_hex().as_str().into();
        }
        serde_json::to_vec(&manifest).expect("a value")
    }
}

pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let runs = METHODS.map(|method| left(method).expect("a run that is left"));
        let [(template, _), ..] = &runs;
        Template {
            config: template.config.clone(),
            space: template.space.clone(),
            manifest: template.manifest.clone(),
            seeds: runs.into_iter().map(|(_, seed)| seed).collect(),
        }
    })
}

/// One of each method.
pub fn seeds() -> Vec<Vec<u8>> {
    template().seeds.clone()
}

/// A run that is interrupted in its fourth episode, with a network in training: its folder, and its checkpoint as an
/// input.
fn left(method: Method) -> std::result::Result<(Template, Vec<u8>), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run");
    let table = table();
    let mut problem = problem(&table, method);
    let mut run = RunFolder::create(&path)?;
    // The configuration is the same for all: it is what every input is read beside.
    run.write_config(
        &self::problem(&table, Method::Random).config,
        &problem.space,
    )?;
    problem.config.seed = 3;
    let stop = StopSignal::default();
    let mut observer = Interrupting {
        run: &mut run,
        stop: &stop,
        episodes: 0,
    };
    let setup = Setup::new("cpu", &mut observer, &stop);
    let evaluator = Evaluators::Shared(Tabular::new(&table, Seed(0)));
    search_with(evaluator, &problem, setup)?;
    let arena = Arena::with_bound(Cpu::new(1)?, 1 << 20)?;
    let network = NetworkState {
        work: "a training".into(),
        epochs: 1,
        memory: Memory::default(),
        network: Network::Child(child(&arena).state()?),
    };
    run.keep(Phase::Exploration, Kept::Network(&network))?;
    drop(run);
    let checkpoints = std::fs::read_dir(path.join("checkpoint"))?;
    let checkpoints = checkpoints.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = checkpoints.filter(|path| path.is_dir()).max();
    let newest = newest.ok_or("no checkpoint")?;
    let template = Template {
        config: std::fs::read(path.join("config.toml"))?,
        space: std::fs::read(path.join("space.toml"))?,
        manifest: serde_json::from_slice(&std::fs::read(newest.join("manifest.json"))?)?,
        seeds: Vec::new(),
    };
    let checkpoint = [
        std::fs::read(newest.join("state.json"))?,
        std::fs::read(newest.join("tensors.safetensors"))?,
        std::fs::read(path.join("events.jsonl"))?,
    ];
    Ok((template, files::joined(&checkpoint)))
}

/// Writes a run down until it has seen enough.
struct Interrupting<'a> {
    run: &'a mut RunFolder,
    stop: &'a StopSignal,
    episodes: usize,
}

impl Observer for Interrupting<'_> {
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        self.episodes += usize::from(matches!(event, Event::Episode { .. }));
        if self.episodes == 4 {
            self.stop.interrupt();
        }
        self.run.event(phase, event)
    }

    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        self.run.keep(phase, kept)
    }
}
