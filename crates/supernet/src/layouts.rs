//! Where a step's ranges come to lie: laid out for the whole step before it runs.
//!
//! A trainer's programs (a step of either kind, an evaluation) ask for the same ranges in the same order
//! whenever they run on equally many images. So before the first time, the trainer's twin on the planning backend
//! runs the program once, which takes microseconds, and gives the ranges' lifetimes; the [`Layout`] made of
//! them puts every range where the step as a whole needs least memory, and the arena plays it from then on. A
//! program that runs otherwise after all is served as if there were no layout, from the first difference on.

use crate::Result;
use crate::plan::unbounded;
use radars_nn::tensor::{Arena, Backend, Layout, Lifetimes, Meta};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The layouts of a trainer's programs, each made when it is first needed.
pub(crate) struct Layouts<Program>(BTreeMap<Program, Arc<Layout>>);

impl<Program> Default for Layouts<Program> {
    fn default() -> Self {
        Layouts(BTreeMap::new())
    }
}

/// Whoever runs programs by layouts.
pub(crate) trait LaidOut<B: Backend> {
    /// What it runs, and on how many images.
    type Program: Copy + Ord;

    /// Where its tensors live.
    fn arena(&self) -> &Arena<B>;

    /// Its layouts so far.
    fn layouts(&mut self) -> &mut Layouts<Self::Program>;

    /// Builds its twin in an arena of the planning backend, and runs a program there, on images without content.
    fn rehearse(&self, program: Self::Program, twin: &Arena<Meta<B>>) -> Result<Lifetimes>;
}

/// The most micro-batches of a step that is laid out. Of steps of more, the planner runs the first two and the last
/// alone, so they keep to the suballocator, which serves those in between as it served the second.
const PARTS: usize = 3;

/// Runs a step of so many micro-batches by its layout, if it has one.
pub(crate) fn step_laid_out<B: Backend, T: LaidOut<B>, R>(
    trainer: &mut T,
    program: T::Program,
    parts: usize,
    run: impl FnOnce(&mut T) -> Result<R>,
) -> Result<R> {
    match parts {
        0..=PARTS => laid_out(trainer, program, run),
        _ => run(trainer),
    }
}

/// Runs a program by its layout.
pub(crate) fn laid_out<B: Backend, T: LaidOut<B>, R>(
    trainer: &mut T,
    program: T::Program,
    run: impl FnOnce(&mut T) -> Result<R>,
) -> Result<R> {
    let layout = match trainer.layouts().0.get(&program) {
        Some(layout) => layout.clone(),
        None => {
            let spec = trainer.arena().backend().spec();
            let lifetimes = trainer.rehearse(program, &unbounded::<B>(&spec)?)?;
            let layout = Arc::new(Layout::of(&lifetimes));
            trainer.layouts().0.insert(program, layout.clone());
            layout
        }
    };
    let _playing = trainer.arena().play(layout);
    run(trainer)
}

/// The lifetimes of a program's ranges.
pub(crate) fn lifetimes_of<B: Backend>(
    arena: &Arena<B>,
    program: impl FnOnce() -> Result<()>,
) -> Result<Lifetimes> {
    let (lifetimes, ran) = arena.lifetimes_of(program);
    ran.map(|()| lifetimes)
}
