//! A recurrent policy: each decision sees the choices before it.

use super::Choose;
use super::cell::LstmCell;
use crate::{ControllerSettings, Result};
use radars_nn::autograd::ops;
use radars_nn::tensor::Backend;
use radars_nn::tensor::random::Seed;
use radars_nn::{Fans, Initialiser, Linear, LinearSettings, ParameterId, Parameters, Pass, Role};

/// Bound of the uniform initial values of embeddings and heads; small, so that the first episodes
/// explore almost uniformly.
const BOUND: f32 = 0.1;

/// An LSTM whose input is the embedding of the choice before and whose output is the logits of the next.
///
/// # Source
/// Zoph and Le 2017, section 3.1; embeddings and shared cells as in Pham et al. 2018 (ENAS), section 2.2.
pub(crate) struct Lstm {
    /// The first input `[1, hidden]`.
    start: ParameterId,
    cells: Vec<LstmCell>,
    /// From the last cell's output to the logits; one a decision.
    heads: Vec<Linear>,
    /// `[choices, hidden]`; one a decision, the last one excepted, which nothing follows.
    embeddings: Vec<ParameterId>,
    hidden: usize,
}

impl Lstm {
    pub(super) fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        decisions: &[usize],
        settings: &ControllerSettings,
        seed: Seed,
    ) -> Result<Self> {
        let hidden = settings.hidden;
        let uniform = Initialiser::Uniform { bound: BOUND };
        let fans = Fans {
            fan_in: hidden,
            fan_out: hidden,
        };
        let (role, name) = (Role::Weight, "start");
        let start = parameters.add_random(name, role, [1, hidden], uniform, fans, seed)?;
        let cells = (0..settings.layers)
            .map(|layer| LstmCell::new(parameters, &format!("layer.{layer}"), hidden, seed))
            .collect::<Result<_>>()?;
        let mut heads = Vec::with_capacity(decisions.len());
        let mut embeddings = Vec::with_capacity(decisions.len());
        for (decision, &choices) in decisions.iter().enumerate() {
            let name = format!("decision.{decision}.head");
            let head = LinearSettings::new(hidden, choices);
            heads.push(Linear::with_initialiser(
                parameters, &name, head, uniform, seed,
            )?);
            if decision + 1 < decisions.len() {
                let name = format!("decision.{decision}.embedding");
                let shape = [choices, hidden];
                embeddings.push(parameters.add_random(name, role, shape, uniform, fans, seed)?);
            }
        }
        Ok(Lstm {
            start,
            cells,
            heads,
            embeddings,
            hidden,
        })
    }

    pub(super) fn walk<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        choose: &mut Choose<'_, B>,
    ) -> Result<()> {
        let mut states = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            states.push(cell.start(pass)?);
        }
        let mut x = pass.parameter(self.start);
        for (decision, head) in self.heads.iter().enumerate() {
            for (cell, state) in self.cells.iter().zip(&mut states) {
                x = cell.step(pass, state, x)?;
            }
            let logits = head.forward(pass, x)?;
            let choice = choose(pass, decision, logits)?;
            let Some(&embedding) = self.embeddings.get(decision) else {
                break;
            };
            let embedding = pass.parameter(embedding);
            let row = ops::narrow(pass.tape(), embedding, choice * self.hidden, self.hidden)?;
            x = ops::reshape(pass.tape(), row, [1, self.hidden])?;
        }
        Ok(())
    }
}
