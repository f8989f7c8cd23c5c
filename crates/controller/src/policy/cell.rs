//! One layer of an LSTM, one step at a time.

use crate::Result;
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{Fans, Initialiser, ParameterId, Parameters, Pass, Role};

/// What a cell carries from step to step.
pub(super) struct CellState<B: Backend> {
    /// The output `h [1, hidden]`.
    h: Var<B>,
    /// The memory `c [hidden]`.
    c: Var<B>,
}

/// A layer of an LSTM without peepholes:
/// ```text
/// [i f o g] = x Wx + h Wh + b
/// c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
/// h' = sigmoid(o) * tanh(c')
/// ```
///
/// # Source
/// Hochreiter and Schmidhuber 1997; the forget gate: Gers et al. 2000.
pub(super) struct LstmCell {
    /// `Wx [hidden, 4 hidden]`, gates in the order i, f, o, g: the three sigmoids are one operation.
    input: ParameterId,
    /// `Wh [hidden, 4 hidden]`.
    recurrent: ParameterId,
    /// `b [4 hidden]`.
    bias: ParameterId,
    hidden: usize,
}

impl LstmCell {
    /// Adds the parameters, uniform within `1 / sqrt(hidden)` with zero biases.
    pub(super) fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        hidden: usize,
        seed: Seed,
    ) -> Result<Self> {
        let gates = 4 * hidden;
        let fans = Fans {
            fan_in: hidden,
            fan_out: gates,
        };
        let uniform = Initialiser::Uniform {
            bound: 1.0 / (hidden as f32).sqrt(),
        };
        let mut matrix = |part| {
            let name = format!("{name}.{part}");
            parameters.add_random(name, Role::Weight, [hidden, gates], uniform, fans, seed)
        };
        Ok(LstmCell {
            input: matrix("input")?,
            recurrent: matrix("recurrent")?,
            bias: parameters.add_full(format!("{name}.bias"), Role::Bias, [gates], 0.0)?,
            hidden,
        })
    }

    /// The state before the first step: zeros.
    pub(super) fn start<B: Backend>(&self, pass: &Pass<'_, B>) -> Result<CellState<B>> {
        let zeros = Tensor::zeros(pass.arena(), [1, self.hidden])?;
        let c = Var::constant(zeros.reshape([self.hidden])?);
        let h = Var::constant(zeros);
        Ok(CellState { h, c })
    }

    /// Takes the input `x [1, hidden]`, moves the state on and gives its output `h' [1, hidden]`.
    pub(super) fn step<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        state: &mut CellState<B>,
        x: Var<B>,
    ) -> Result<Var<B>> {
        let [input, recurrent, bias] =
            [self.input, self.recurrent, self.bias].map(|id| pass.parameter(id));
        let tape = pass.tape();
        let n = self.hidden;

        let gates = ops::matmul(tape, x, false, input, false)?;
        let remembered = ops::matmul(tape, state.h.clone(), false, recurrent, false)?;
        let gates = ops::add(tape, gates, remembered)?;
        let gates = ops::add(tape, gates, bias)?;

        let candidate = ops::narrow(tape, gates.clone(), 3 * n, n)?;
        let candidate = ops::tanh(tape, candidate)?;
        let open = ops::narrow(tape, gates, 0, 3 * n)?;
        let open = ops::sigmoid(tape, open)?;
        let write = ops::narrow(tape, open.clone(), 0, n)?;
        let keep = ops::narrow(tape, open.clone(), n, n)?;
        let show = ops::narrow(tape, open, 2 * n, n)?;

        let kept = ops::mul(tape, keep, state.c.clone())?;
        let written = ops::mul(tape, write, candidate)?;
        let c = ops::add(tape, kept, written)?;
        let shown = ops::tanh(tape, c.clone())?;
        let h = ops::mul(tape, show, shown)?;
        let h = ops::reshape(tape, h, [1, n])?;
        *state = CellState { h: h.clone(), c };
        Ok(h)
    }
}
