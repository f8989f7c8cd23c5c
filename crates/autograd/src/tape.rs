//! The tape: what was computed, in order, and how to go back.

use crate::Origin;
use radars_tensor::{Arena, Backend, Coefficient, Error, Result, Tensor};
use std::rc::Rc;

/// The way back through one operation; a struct next to the operation's forward.
///
/// # Examples
/// The square, as an operation of one's own:
/// ```
/// use radars_autograd::tensor::{Backend, BinaryOp, Result, Tensor, UnaryOp};
/// use radars_autograd::{Backward, Tape, Var, ops};
///
/// fn square<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
///     let y = x.value().binary(BinaryOp::Mul, x.value())?;
///     let input = x.id();
///     Ok(tape.record(SquareBackward { x: x.into_value() }, [input], y))
/// }
///
/// struct SquareBackward<B: Backend> { x: Tensor<B> }
///
/// impl<B: Backend> Backward<B> for SquareBackward<B> {
///     fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
///         let dx = ops::exclusive(dy)?.binary_in_place(BinaryOp::Mul, &self.x)?;
///         Ok(vec![Some(dx.unary_in_place(UnaryOp::Affine { scale: 2.0, shift: 0.0 })?)])
///     }
///     fn saved_bytes(&self) -> usize { self.x.bytes() }
/// }
/// ```
pub trait Backward<B: Backend> {
    /// The gradients of the operation's inputs, in the order they were recorded, given that of its output.
    ///
    /// Saved tensors are dropped as they are consumed. `dy` is given away, though its memory may have other
    /// owners: [`exclusive`](crate::ops::exclusive) makes it safe to overwrite.
    ///
    /// # Errors
    /// Those of the tensor operations it runs, above all [`radars_tensor::Error::OverBound`].
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>>;

    /// Bytes of the tensors that are kept alive for the way back.
    fn saved_bytes(&self) -> usize;
}

/// A value on one tape. Operations consume it; clone it to use it twice.
pub struct Var<B: Backend> {
    value: Tensor<B>,
    id: Option<usize>,
    origin: Option<Rc<dyn Origin<B>>>,
}

impl<B: Backend> Clone for Var<B> {
    fn clone(&self) -> Self {
        Var {
            value: self.value.clone(),
            id: self.id,
            origin: self.origin.clone(),
        }
    }
}

impl<B: Backend> Var<B> {
    /// A value that no gradient flows to.
    pub fn constant(value: Tensor<B>) -> Self {
        Var::numbered(value, None)
    }

    fn numbered(value: Tensor<B>, id: Option<usize>) -> Self {
        Var {
            value,
            id,
            origin: None,
        }
    }

    /// The same value, which can be computed again from what its operation keeps for the way back; one that
    /// no gradient flows to stays as it is, since nothing is kept of it.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Origin<B> + 'static) -> Self {
        if self.requires_gradient() {
            self.origin = Some(Rc::new(origin));
        }
        self
    }

    /// How it is computed again, where that is known.
    pub fn origin(&self) -> Option<&Rc<dyn Origin<B>>> {
        self.origin.as_ref()
    }

    /// The value.
    pub fn value(&self) -> &Tensor<B> {
        &self.value
    }

    /// Its value, and nothing else of it: the tensor has one owner less.
    pub fn into_value(self) -> Tensor<B> {
        self.value
    }

    /// Whether a gradient flows to it.
    pub fn requires_gradient(&self) -> bool {
        self.id.is_some()
    }

    /// Where its gradient is found after [`Tape::backward`].
    pub fn id(&self) -> Option<VarId> {
        self.id.map(VarId)
    }
}

/// Names a value on a tape, without keeping it alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VarId(usize);

struct Node<B: Backend> {
    operation: Box<dyn Backward<B>>,
    inputs: Vec<Option<usize>>,
    output: usize,
}

/// The operations of one forward pass.
pub struct Tape<B: Backend> {
    arena: Arena<B>,
    nodes: Vec<Node<B>>,
    vars: usize,
}

impl<B: Backend> Tape<B> {
    /// An empty tape.
    pub fn new(arena: &Arena<B>) -> Self {
        Tape {
            arena: arena.clone(),
            nodes: Vec::new(),
            vars: 0,
        }
    }

    /// The arena that values are allocated in.
    pub fn arena(&self) -> &Arena<B> {
        &self.arena
    }

    /// A value that a gradient is wanted for.
    pub fn leaf(&mut self, value: Tensor<B>) -> Var<B> {
        Var::numbered(value, Some(self.next_id()))
    }

    /// Records that `value` was computed from `inputs` and how to go back.
    ///
    /// When no input requires a gradient nothing is recorded: what the operation saved is dropped, and
    /// so is the result's claim to a gradient.
    pub fn record<const N: usize>(
        &mut self,
        operation: impl Backward<B> + 'static,
        inputs: [Option<VarId>; N],
        value: Tensor<B>,
    ) -> Var<B> {
        self.record_many(operation, inputs.to_vec(), value)
    }

    /// [`Tape::record`] for an operation with any number of inputs.
    pub fn record_many(
        &mut self,
        operation: impl Backward<B> + 'static,
        inputs: Vec<Option<VarId>>,
        value: Tensor<B>,
    ) -> Var<B> {
        if inputs.iter().all(Option::is_none) {
            return Var::constant(value);
        }
        let output = self.next_id();
        let inputs = inputs
            .into_iter()
            .map(|id| id.map(|VarId(id)| id))
            .collect();
        self.nodes.push(Node {
            operation: Box::new(operation),
            inputs,
            output,
        });
        Var::numbered(value, Some(output))
    }

    /// Bytes that the recorded operations keep alive for the way back. Tensors that several of them
    /// share count once for each.
    pub fn saved_bytes(&self) -> usize {
        self.nodes
            .iter()
            .map(|node| node.operation.saved_bytes())
            .sum()
    }

    /// Goes back from the one-element `loss` and gives the gradients of the leaves.
    ///
    /// # Errors
    /// Those of the operations; a `loss` that depends on no leaf gives no gradients.
    pub fn backward(self, loss: Var<B>) -> Result<Gradients<B>> {
        let seed = Tensor::full(&self.arena, loss.value.shape(), 1.0)?;
        self.backward_from(loss, seed)
    }

    /// Goes back from `output`, whose gradient is `seed`.
    ///
    /// # Errors
    /// Those of the operations; [`Error::Geometry`] when a value is seen to come from another tape.
    pub fn backward_from(self, output: Var<B>, seed: Tensor<B>) -> Result<Gradients<B>> {
        self.backward_onto(output, seed, Vec::new())
    }

    /// [`Tape::backward_from`], with what is `gathered` already for some leaves as the beginning of their
    /// sums: gradients of several tapes add up in the memory of one.
    ///
    /// # Errors
    /// As [`Tape::backward_from`].
    pub fn backward_onto(
        mut self,
        output: Var<B>,
        seed: Tensor<B>,
        gathered: Vec<(VarId, Tensor<B>)>,
    ) -> Result<Gradients<B>> {
        let mut gradients: Vec<Option<Tensor<B>>> = (0..self.vars).map(|_| None).collect();
        for (VarId(leaf), gradient) in gathered {
            *slot(&mut gradients, leaf)? = Some(gradient);
        }
        let Some(id) = output.id else {
            return Ok(Gradients { gradients });
        };
        drop(output);
        add(slot(&mut gradients, id)?, seed)?;
        while let Some(Node {
            operation,
            inputs,
            output,
        }) = self.nodes.pop()
        {
            // Nothing downstream of it reached the loss.
            let Some(dy) = gradients[output].take() else {
                continue;
            };
            for (input, gradient) in inputs.into_iter().zip(operation.backward(dy)?) {
                let (Some(input), Some(gradient)) = (input, gradient) else {
                    continue;
                };
                add(slot(&mut gradients, input)?, gradient)?;
            }
        }
        Ok(Gradients { gradients })
    }

    fn next_id(&mut self) -> usize {
        self.vars += 1;
        self.vars - 1
    }
}

/// Where the gradient of value number `id` is gathered.
fn slot<T>(gradients: &mut [T], id: usize) -> Result<&mut T> {
    gradients.get_mut(id).ok_or(Error::Geometry {
        op: "backward",
        what: "the number of a value",
        value: id,
        expected: "that of a value of the same tape",
    })
}

/// Adds `gradient` to what is there, in the memory of whichever has no other owner.
fn add<B: Backend>(slot: &mut Option<Tensor<B>>, gradient: Tensor<B>) -> Result<()> {
    let (mut sum, other) = match slot.take() {
        None => {
            *slot = Some(gradient);
            return Ok(());
        }
        Some(sum) if sum.is_unique() => (sum, gradient),
        Some(sum) if gradient.is_unique() => (gradient, sum),
        Some(sum) => (sum.copy()?, gradient),
    };
    sum.accumulate(Coefficient::Constant(1.0), &other)?;
    *slot = Some(sum);
    Ok(())
}

/// The gradients of the leaves of a tape.
pub struct Gradients<B: Backend> {
    gradients: Vec<Option<Tensor<B>>>,
}

impl<B: Backend> Gradients<B> {
    /// Takes the gradient of a leaf out; none when the loss does not depend on it.
    pub fn take(&mut self, id: VarId) -> Option<Tensor<B>> {
        self.gradients.get_mut(id.0)?.take()
    }
}
