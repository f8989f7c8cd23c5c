//! Checkpoints of a run: their state, their tensors, and the search that goes on from them.
//!
//! The hashes in a manifest keep damaged files away from what reads them, so here every manifest fits its files.

mod run;

use super::{Reader, files};
use radars_search::{
    Continued, Evaluators, Network, Resumed, RunFolder, Setup, Silent, StopSignal,
};
use radars_search::{search_with, tabular::Tabular};
use radars_supernet::ChildTrainer;
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu};
use run::{METHODS, child, problem, table, template};

pub(super) const READER: Reader = Reader {
    name: "checkpoint",
    read,
    seeds: run::seeds,
};

/// The state, the tensors, and the events so far.
fn read(bytes: &[u8]) {
    let [state, tensors, events] = files::split(bytes);
    let (state, tensors) = (state.unwrap_or_default(), tensors.unwrap_or_default());
    let template = template();
    let manifest = template.manifest(state, tensors);
    let folder = tempfile::tempdir().expect("a folder for the run");
    let run = [
        ("config.toml", Some(&*template.config)),
        ("space.toml", Some(&*template.space)),
        ("events.jsonl", events),
        ("checkpoint/00000001/state.json", Some(state)),
        ("checkpoint/00000001/tensors.safetensors", Some(tensors)),
        ("checkpoint/00000001/manifest.json", Some(&manifest)),
    ];
    files::place(folder.path(), &run).expect("a run to go on with");
    match RunFolder::resume(folder.path()) {
        Ok(Continued::Left(left)) => go_on(&left.resumed.unwrap_or_default()),
        Ok(Continued::Finished(_)) => unreachable!("there is no result"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Takes up the search, under each method, and the networks.
fn go_on(resumed: &Resumed) {
    let table = table();
    for method in METHODS {
        let problem = problem(&table, method);
        let (stop, mut silent) = (StopSignal::default(), Silent);
        let setup = Setup {
            resumed: Some(resumed.clone()),
            ..Setup::new("cpu", &mut silent, &stop)
        };
        let evaluator = Evaluators::Shared(Tabular::new(&table, Seed(0)));
        if let Err(error) = search_with(evaluator, &problem, setup) {
            assert!(!error.to_string().is_empty());
        }
    }
    for state in resumed.networks.values() {
        if let Network::Child(state) = &state.network {
            let cpu = Cpu::new(1).expect("a thread");
            let arena = Arena::with_bound(cpu, 1 << 20).expect("a megabyte");
            let mut trainer: ChildTrainer<Cpu> = child(&arena);
            if trainer.restore(state).is_ok() {
                let again = trainer.state().expect("values");
                assert_eq!(again.parameters.len(), state.parameters.len());
            }
        }
    }
}
