//! Integer inference: a quantised network computed in integers between the bytes of an image and its logits.
//!
//! # The arithmetic
//!
//! *Image.* A table gives the code of each byte, and its value where a shortcut leads around the first layer.
//!
//! *Convolution.* `sum = w1 x1 + w2 x2 + ...`, codes of 16 bits (formats have at most 9) summed in 32. The weights and
//! the format of the input say how large the sums of each channel, and all partial sums, can get: a network in which
//! 32 bits could overflow is refused. Where codes and weights are bytes, products are summed in 16 bits over as many places
//! of the window as these weights allow, and then in 32; the sums are the same.
//!
//! *Batch norm, shortcut, activation, quantiser.* One multiplication and one addition for each output channel, in 64
//! bits, then a shift:
//!
//! ```text
//! total = sum * m + b          (+ addend * a, where a shortcut ends)
//! code  = clamp(total >> s, least, most)
//!
//! m = 2^T gamma 2^-(Fx + Fw) / deviation       b = 2^T (beta - gamma mean / deviation) + 2^(s - 1)
//! s = T - F                                    T = 60 - E
//! ```
//!
//! with `Fx`, `Fw` and `F` the fraction bits of the input, the weights and the codes, and `2^E` the power of two that no
//! value of the convolution exceeds; `E` is at least 0, so that no total has more than 61 bits. A ReLU is a `least` of 0.
//!
//! *Values that are not quantised*, those that a shortcut carries or that are pooled, are `value = (total + 2^(S - 1)) >>
//! S` in 32 bits, with `29 - E` fraction bits. A shortcut adds them with `a = 2^(T - 29 + E')`; one with a projection adds
//! the projection's sums with a multiplier for each channel. Sums of both paths are rounded once, for each use.
//!
//! *Head.* Pooling sums the values in 64 bits and multiplies by `2^62 / pixels` in 128; the classifier sums products of
//! codes in 32 bits. `logit = sum * 2^-(Fx + Fw) + bias` in f32 is where the integers end.
//!
//! # How exact it is
//!
//! The fake-quantised network computes the code of a sum in f32, `quantise(relu(gamma * ((x - mean) / deviation) +
//! beta))` with `x = sum * 2^-(Fx + Fw)`, where every operation rounds. As none of them reverses an order, the codes rise
//! or fall with the sum, and change at certain sums, the *thresholds*, at most one for each code. For every channel these
//! are found by binary search among all sums that the weights can give; of the pairs `m`, `b` near the formula above one
//! is taken whose line has the same thresholds, rounding of halves to even included, if there is one. [`Rescaling`]
//! says how many thresholds differ. Where none does and no sum exceeds 2^24, so that the f32 convolution is exact, the
//! convolution is bit for bit the fake-quantised one. Where some do, a sum just at such a threshold gives a code that is
//! off by one.
//!
//! Values that are not quantised are rounded to `29 - E` fraction bits here and to 24 significant bits there; what is
//! quantised of their sums and means differs where that decides between two codes, which is rare and not counted.
//!
//! # Limits
//!
//! Networks of floats, formats of more than 9 bits, ReLU6, sums beyond 32 bits and values beyond 2^29 are refused, with
//! the figures. An image is computed by one thread, in buffers that are used again as soon as what they hold was read;
//! threads share the images. Results do not depend on threads or on the machine's instructions.

mod channel;
mod convert;
mod filter;
mod fit;
mod flow;
mod frame;
mod head;
mod kernel;
mod lower;
mod program;
mod rescale;
mod slots;
mod tile;
mod weights;

pub use program::Rescaling;

use crate::{Error, Network, Result};
use kernel::Machine;
use program::{Program, Step, Workspace};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A quantised network that computes in integers, with all the memory that it needs.
#[derive(Debug)]
pub struct IntegerNetwork {
    program: Program,
    machine: Machine,
    /// One for each thread.
    workspaces: Vec<Workspace>,
    /// Threads beside the caller's; none for one.
    pool: Option<ThreadPool>,
    image_bytes: usize,
}

impl IntegerNetwork {
    /// Prepares a network to be computed by a number of threads, at least one, each of which takes images of its own.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a network of floats, and for one in which integers could overflow; it says where, and
    /// how large they could be. The same when the system gives no threads.
    pub fn new(network: &Network, threads: usize) -> Result<Self> {
        let program = lower::lower(network)?;
        let threads = threads.max(1);
        let pool = match threads {
            1 => None,
            _ => {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                Some(pool.map_err(|error| Error::Unsupported {
                    what: "integer inference:",
                    reason: format!("no {threads} threads ({error})"),
                })?)
            }
        };
        Ok(IntegerNetwork {
            workspaces: (0..threads).map(|_| program.workspace()).collect(),
            program,
            machine: Machine::detect(),
            pool,
            image_bytes: network.input.elements() as usize,
        })
    }

    /// Logits `[n, classes]` of images `[n, height, width, channels]`, for any `n`. On one thread nothing is allocated;
    /// a pool of more may make its queue longer.
    ///
    /// # Errors
    /// [`Error::Images`] where `images` are not as many as there are logits for.
    pub fn logits(&mut self, images: &[u8], logits: &mut [f32]) -> Result<()> {
        let (image, classes) = (self.image_bytes, self.program.classes());
        let count = logits.len() / classes;
        if images.len() != count * image || logits.len() != count * classes {
            return Err(Error::Images {
                found: images.len(),
                images: count,
                image,
            });
        }
        let (program, machine) = (&self.program, self.machine);
        let run = |workspace: &mut Workspace, images: &[u8], logits: &mut [f32]| {
            let images = images.chunks_exact(image);
            for (image, logits) in images.zip(logits.chunks_exact_mut(classes)) {
                program.run(machine, image, workspace, logits, |_, _| ());
            }
        };
        match &self.pool {
            None => run(&mut self.workspaces[0], images, logits),
            Some(pool) => {
                let share = count.div_ceil(self.workspaces.len()).max(1);
                let work = self.workspaces.par_iter_mut();
                let work = work.zip(images.par_chunks(share * image));
                let work = work.zip(logits.par_chunks_mut(share * classes));
                pool.install(|| {
                    work.for_each(|((workspace, images), logits)| run(workspace, images, logits));
                });
            }
        }
        Ok(())
    }

    /// Calls `see` with the name of every convolution and the codes that it takes of an image, `[height, width,
    /// channels]`, and with those of the `classifier`: what to compare another implementation with, layer by layer.
    ///
    /// # Errors
    /// [`Error::Images`] where `image` is not one image.
    pub fn trace(&mut self, image: &[u8], mut see: impl FnMut(&str, &[i16])) -> Result<()> {
        if image.len() != self.image_bytes {
            return Err(Error::Images {
                found: image.len(),
                images: 1,
                image: self.image_bytes,
            });
        }
        let mut logits = vec![0.0; self.classes()];
        let workspace = &mut self.workspaces[0];
        let before = |step: &Step, workspace: &Workspace| {
            see(&step.name, &step.input_codes(workspace));
        };
        let machine = self.machine;
        self.program
            .run(machine, image, workspace, &mut logits, before);
        see("classifier", workspace.features());
        Ok(())
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.program.classes()
    }

    /// Bytes of an image.
    #[must_use]
    pub fn image_bytes(&self) -> usize {
        self.image_bytes
    }

    /// Bytes of weights, multipliers and tables.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        self.program.parameter_bytes()
    }

    /// Bytes of the buffers that images are computed in, of all threads.
    #[must_use]
    pub fn workspace_bytes(&self) -> usize {
        self.workspaces.iter().map(Workspace::bytes).sum()
    }

    /// How near each convolution comes to the fake-quantised one: the path of a layer in order; projections are part of
    /// the sum that they are added to.
    #[must_use]
    pub fn rescalings(&self) -> &[Rescaling] {
        &self.program.rescalings
    }

    /// Thresholds of all convolutions that differ from those of the fake-quantised network.
    #[must_use]
    pub fn differing_thresholds(&self) -> usize {
        let rescalings = self.program.rescalings.iter();
        rescalings.map(|rescaling| rescaling.differing).sum()
    }
}
