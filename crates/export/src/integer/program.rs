//! The steps of an integer network, and the memory that they run in.

use super::filter::Filter;
use super::frame::Frame;
use super::head::Head;
use super::kernel::Machine;
use super::rescale::{Kept, Rescale, Rescaled};
use super::slots::Slots;
use std::mem::take;

/// What is computed for an image, with the buffers that each step reads and writes.
#[derive(Debug)]
pub(super) struct Program {
    image: TakeImage,
    steps: Vec<Step>,
    head: Head,
    /// The values that are pooled.
    features: usize,
    code_lens: Vec<usize>,
    value_lens: Vec<usize>,
    pub(super) rescalings: Vec<Rescaling>,
}

/// From bytes to codes, to values, or to both.
#[derive(Debug, Default)]
pub(super) struct TakeImage {
    pub(super) codes: Option<(usize, Frame, Vec<i16>)>,
    pub(super) values: Option<(usize, Vec<i32>)>,
}

/// A convolution, and where its sums go.
#[derive(Debug)]
pub(super) struct Step {
    /// Name of the convolution.
    pub(super) name: String,
    pub(super) filter: Filter,
    pub(super) input: usize,
    pub(super) frame: Frame,
    /// Output channels.
    pub(super) channels: usize,
    pub(super) addend: Option<usize>,
    /// None where the sums are kept for another step to add.
    pub(super) rescale: Option<Rescale>,
    pub(super) codes: Option<usize>,
    pub(super) values: Option<usize>,
}

/// How near the integer arithmetic behind a convolution comes to that of the fake-quantised network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rescaling {
    /// Name of the convolution.
    pub name: String,
    /// Sums, over all channels, between which the code of the fake-quantised network changes. Zero where what is
    /// quantised is a sum of two paths, or is pooled: there no single sum decides.
    pub thresholds: usize,
    /// How many of them lie elsewhere here.
    pub differing: usize,
    /// Whether the codes are, for any input codes, bit for bit those of the fake-quantised network: no threshold
    /// differs, and a convolution in f32 rounds none of the sums (none of which exceeds 2^24).
    pub exact: bool,
}

/// The memory that an image is computed in.
#[derive(Debug)]
pub(super) struct Workspace {
    codes: Vec<Vec<i16>>,
    values: Vec<Vec<i32>>,
    scratch: Vec<u8>,
    pooled: Vec<i64>,
    features: Vec<i16>,
}

impl Rescaling {
    pub(super) fn new(name: &str) -> Self {
        Rescaling {
            name: name.to_owned(),
            thresholds: 0,
            differing: 0,
            exact: false,
        }
    }
}

impl Program {
    /// The program of steps that name what they read and write by its number; `slots` says where that lies.
    pub(super) fn new(
        mut image: TakeImage,
        mut steps: Vec<Step>,
        (head, features): (Head, usize),
        [codes, values]: [Slots; 2],
        rescalings: Vec<Rescaling>,
    ) -> Self {
        if let Some((id, ..)) = &mut image.codes {
            *id = codes.of[*id];
        }
        if let Some((id, _)) = &mut image.values {
            *id = values.of[*id];
        }
        for step in &mut steps {
            step.input = codes.of[step.input];
            step.addend = step.addend.map(|id| values.of[id]);
            step.codes = step.codes.map(|id| codes.of[id]);
            step.values = step.values.map(|id| values.of[id]);
        }
        Program {
            image,
            steps,
            head,
            features: values.of[features],
            code_lens: codes.lens,
            value_lens: values.lens,
            rescalings,
        }
    }

    pub(super) fn classes(&self) -> usize {
        self.head.classes()
    }

    /// Bytes of weights, multipliers and tables.
    pub(super) fn parameter_bytes(&self) -> usize {
        let codes = self.image.codes.as_ref();
        let values = self.image.values.as_ref();
        let tables = codes.map_or(0, |(.., table)| size_of_val(&**table))
            + values.map_or(0, |(_, table)| size_of_val(&**table));
        let steps = self.steps.iter().map(|step| {
            let rescale = step.rescale.as_ref();
            step.filter.weight_bytes() + rescale.map_or(0, |rescale| size_of_val(&*rescale.vectors))
        });
        tables + steps.sum::<usize>() + self.head.bytes()
    }

    pub(super) fn workspace(&self) -> Workspace {
        let scratch = self.steps.iter().map(|step| step.filter.scratch_bytes());
        Workspace {
            scratch: vec![0; scratch.fold(0, usize::max)],
            codes: self.code_lens.iter().map(|&len| vec![0; len]).collect(),
            values: self.value_lens.iter().map(|&len| vec![0; len]).collect(),
            pooled: vec![0; self.head.features()],
            features: vec![0; self.head.features()],
        }
    }

    /// The logits of an image; `see` is called before each step.
    pub(super) fn run(
        &self,
        machine: Machine,
        image: &[u8],
        workspace: &mut Workspace,
        logits: &mut [f32],
        mut see: impl FnMut(&Step, &Workspace),
    ) {
        self.image.run(image, workspace);
        for step in &self.steps {
            see(step, workspace);
            step.run(machine, workspace);
        }
        let Workspace {
            values,
            pooled,
            features,
            ..
        } = workspace;
        // The buffer may have held more before.
        let values = &values[self.features][..self.head.values()];
        self.head.run(values, pooled, features, logits);
    }
}

impl TakeImage {
    fn run(&self, image: &[u8], workspace: &mut Workspace) {
        if let Some((slot, frame, table)) = &self.codes {
            let codes = &mut workspace.codes[*slot];
            frame.clear_border(codes);
            let rows = image.chunks_exact(frame.image.width * frame.image.channels);
            for (codes, bytes) in frame.rows_mut(codes).zip(rows) {
                for (code, &byte) in codes.iter_mut().zip(bytes) {
                    *code = table[usize::from(byte)];
                }
            }
        }
        if let Some((slot, table)) = &self.values {
            for (value, &byte) in workspace.values[*slot].iter_mut().zip(image) {
                *value = table[usize::from(byte)];
            }
        }
    }
}

impl Step {
    /// The codes that the convolution takes, `[height, width, channels]`.
    pub(super) fn input_codes(&self, workspace: &Workspace) -> Vec<i16> {
        let rows = self.frame.rows(&workspace.codes[self.input]);
        rows.flatten().copied().collect()
    }

    fn run(&self, machine: Machine, workspace: &mut Workspace) {
        // Buffers are taken out, which leaves empty ones behind, and put back; no two are the same.
        let input = take(&mut workspace.codes[self.input]);
        let addend = self.addend.map(|slot| take(&mut workspace.values[slot]));
        let mut values = self.values.map(|slot| take(&mut workspace.values[slot]));
        let mut codes = self.codes.map(|slot| take(&mut workspace.codes[slot]));
        let (channels, scratch) = (self.channels, &mut *workspace.scratch);
        match &self.rescale {
            None => {
                let sums = values.as_deref_mut().unwrap_or_default();
                self.filter
                    .run(machine, &input, scratch, &mut Kept { channels, sums });
            }
            Some(rescale) => {
                let codes = codes.as_deref_mut().unwrap_or_default();
                if let Some(to) = &rescale.codes {
                    to.frame.clear_border(codes);
                }
                let mut rescaled = Rescaled {
                    rescale,
                    channels,
                    addend: addend.as_deref().unwrap_or_default(),
                    codes,
                    values: values.as_deref_mut().unwrap_or_default(),
                };
                self.filter.run(machine, &input, scratch, &mut rescaled);
            }
        }
        workspace.codes[self.input] = input;
        for (slot, buffer) in [(self.addend, addend), (self.values, values)] {
            if let (Some(slot), Some(buffer)) = (slot, buffer) {
                workspace.values[slot] = buffer;
            }
        }
        if let (Some(slot), Some(buffer)) = (self.codes, codes) {
            workspace.codes[slot] = buffer;
        }
    }
}

impl Workspace {
    /// The codes that the classifier took last.
    pub(super) fn features(&self) -> &[i16] {
        &self.features
    }

    pub(super) fn bytes(&self) -> usize {
        let codes = self.codes.iter().map(|codes| size_of_val(&**codes));
        let values = self.values.iter().map(|values| size_of_val(&**values));
        codes.sum::<usize>()
            + values.sum::<usize>()
            + size_of_val(&*self.scratch)
            + size_of_val(&*self.pooled)
            + size_of_val(&*self.features)
    }
}
