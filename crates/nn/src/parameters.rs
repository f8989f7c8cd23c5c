//! `Parameters`: every tensor that a network owns, by name.

use crate::initialise::{Fans, Initialiser};
use crate::{Error, Result};
use radars_autograd::tensor::random::Seed;
use radars_autograd::tensor::{self, Arena, Backend, DType, Shape, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Names a tensor of a [`Parameters`] store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(usize);

impl ParameterId {
    /// Its position in the store, counted from 0 in the order of [`Parameters::add`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// What a tensor of a network is for; decides who trains it and whether it decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A weight of a convolution or a linear layer.
    Weight,
    /// Scale or shift of a batch normalisation.
    Norm,
    /// An additive bias.
    Bias,
    /// A running statistic: part of the state, never trained.
    Statistic,
    /// An architecture weight (alpha).
    Architecture,
}

/// Which roles a pass gives gradients to, and an optimizer keeps state for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trains {
    /// [`Role::Weight`], [`Role::Norm`] and [`Role::Bias`].
    Weights,
    /// [`Role::Architecture`].
    Architecture,
    /// Both of these.
    WeightsAndArchitecture,
    /// None.
    Nothing,
}

impl Trains {
    /// Whether parameters of this role are trained.
    pub fn includes(self, role: Role) -> bool {
        let (weights, architecture) = match self {
            Trains::Weights => (true, false),
            Trains::Architecture => (false, true),
            Trains::WeightsAndArchitecture => (true, true),
            Trains::Nothing => (false, false),
        };
        match role {
            Role::Weight | Role::Norm | Role::Bias => weights,
            Role::Architecture => architecture,
            Role::Statistic => false,
        }
    }
}

/// A tensor of a network.
pub struct Parameter<B: Backend> {
    name: String,
    role: Role,
    value: Tensor<B>,
}

impl<B: Backend> Parameter<B> {
    /// Its name, unique in its store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its value.
    pub fn value(&self) -> &Tensor<B> {
        &self.value
    }
}

/// The values of a parameter on the host, for checkpoints and hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedParameter {
    /// Its name.
    pub name: String,
    /// Its dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Its values, in row order.
    pub values: Vec<f32>,
}

/// Every tensor that a network owns, in the order in which they were added: all of its state.
///
/// Layers hold [`ParameterId`]s into it, so a network can be saved, restored, counted and updated
/// without knowing its layers.
pub struct Parameters<B: Backend> {
    arena: Arena<B>,
    parameters: Vec<Parameter<B>>,
    /// For look-ups alone; iteration goes over `parameters`.
    by_name: HashMap<String, ParameterId>,
}

impl<B: Backend> Parameters<B> {
    /// An empty store whose tensors live in `arena`.
    pub fn new(arena: &Arena<B>) -> Self {
        Parameters {
            arena: arena.clone(),
            parameters: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// The arena that the tensors live in.
    pub fn arena(&self) -> &Arena<B> {
        &self.arena
    }

    /// Adds an f32 tensor.
    ///
    /// # Errors
    /// [`Error::DuplicateName`]; [`tensor::Error::Elements`] when it is not f32.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        role: Role,
        value: Tensor<B>,
    ) -> Result<ParameterId> {
        let name = name.into();
        if value.dtype() != DType::F32 {
            return Err(Error::Tensor(tensor::Error::Elements {
                op: "add a parameter",
                expected: DType::F32,
                got: value.dtype(),
            }));
        }
        if self.by_name.contains_key(&name) {
            return Err(Error::DuplicateName { name });
        }
        let id = ParameterId(self.parameters.len());
        self.by_name.insert(name.clone(), id);
        self.parameters.push(Parameter { name, role, value });
        Ok(id)
    }

    /// Adds a tensor full of `value`.
    ///
    /// # Errors
    /// [`Error::DuplicateName`]; [`tensor::Error::OverBound`].
    pub fn add_full(
        &mut self,
        name: impl Into<String>,
        role: Role,
        shape: impl Into<Shape>,
        value: f32,
    ) -> Result<ParameterId> {
        let tensor = Tensor::full(&self.arena, shape, value)?;
        self.add(name, role, tensor)
    }

    /// Adds a tensor with random values, a function of `seed` and the name alone.
    ///
    /// The planning backend draws none.
    ///
    /// # Errors
    /// [`Error::DuplicateName`]; [`tensor::Error::OverBound`].
    pub fn add_random(
        &mut self,
        name: impl Into<String>,
        role: Role,
        shape: impl Into<Shape>,
        initialiser: Initialiser,
        fans: Fans,
        seed: Seed,
    ) -> Result<ParameterId> {
        let name = name.into();
        let mut value = Tensor::empty(&self.arena, "initialise", shape, DType::F32)?;
        if B::HOLDS_VALUES {
            let mut rng = seed.stream(&format!("initialise {name}"), 0);
            value.write(&initialiser.values(fans, value.elements(), &mut rng))?;
        }
        self.add(name, role, value)
    }

    /// Parameters of the same names, roles and shapes in an arena of another backend, without content.
    ///
    /// # Errors
    /// [`tensor::Error::OverBound`].
    pub fn twin<T: Backend>(&self, arena: &Arena<T>) -> Result<Parameters<T>> {
        let mut twin = Parameters::new(arena);
        for p in &self.parameters {
            let value = Tensor::empty(arena, "twin", p.value.shape(), DType::F32)?;
            twin.add(p.name.clone(), p.role, value)?;
        }
        Ok(twin)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ParameterId, &Parameter<B>)> {
        let numbered = self.parameters.iter().enumerate();
        numbered.map(|(index, parameter)| (ParameterId(index), parameter))
    }

    /// The one of that name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        self.by_name.get(name).copied()
    }

    /// A parameter.
    ///
    /// # Panics
    /// Here and in the accessors below, when `id` comes from a larger store.
    pub fn get(&self, id: ParameterId) -> &Parameter<B> {
        &self.parameters[id.0]
    }

    /// The name of a parameter.
    pub fn name(&self, id: ParameterId) -> &str {
        &self.get(id).name
    }

    /// The role of a parameter.
    pub fn role(&self, id: ParameterId) -> Role {
        self.get(id).role
    }

    /// The value of a parameter.
    pub fn value(&self, id: ParameterId) -> &Tensor<B> {
        &self.get(id).value
    }

    /// The value of a parameter, to be updated in place.
    pub fn value_mut(&mut self, id: ParameterId) -> &mut Tensor<B> {
        &mut self.parameters[id.0].value
    }

    /// Two values at once, of which `first` was added before `second`.
    pub(crate) fn two_mut(
        &mut self,
        first: ParameterId,
        second: ParameterId,
    ) -> (&mut Tensor<B>, &mut Tensor<B>) {
        let (left, right) = self.parameters.split_at_mut(second.0);
        (&mut left[first.0].value, &mut right[0].value)
    }

    /// Bytes of all values (the arena rounds each up).
    pub fn bytes(&self) -> usize {
        self.parameters.iter().map(|p| p.value.bytes()).sum()
    }

    /// Elements of the parameters that are trained under `trains`.
    pub fn trained_elements(&self, trains: Trains) -> usize {
        let trained = self.parameters.iter().filter(|p| trains.includes(p.role));
        trained.map(|p| p.value.elements()).sum()
    }

    /// All values, copied to the host in order.
    ///
    /// # Errors
    /// [`tensor::Error::NoValues`] on the planning backend.
    pub fn save(&self) -> Result<Vec<SavedParameter>> {
        let save = |p: &Parameter<B>| {
            Ok(SavedParameter {
                name: p.name.clone(),
                shape: p.value.dims().to_vec(),
                values: p.value.read()?,
            })
        };
        self.parameters.iter().map(save).collect()
    }

    /// Overwrites all values with saved ones.
    ///
    /// # Errors
    /// [`Error::Saved`] when number, names or shapes differ: then nothing is written;
    /// [`tensor::Error::Shared`] while a pass still holds a value.
    pub fn restore(&mut self, saved: &[SavedParameter]) -> Result<()> {
        for index in 0..self.len().max(saved.len()) {
            let (here, there) = (self.parameters.get(index), saved.get(index));
            let same = match (here, there) {
                (Some(here), Some(there)) => {
                    here.name == there.name
                        && here.value.dims() == there.shape
                        && here.value.elements() == there.values.len()
                }
                _ => false,
            };
            if !same {
                return Err(Error::Saved {
                    index,
                    found: there.map_or_else(String::new, |t| t.name.clone()),
                    found_shape: there.map_or_else(Vec::new, |t| t.shape.clone()),
                    expected: here.map_or_else(
                        || "no more parameters".into(),
                        |p| format!("`{}` of shape {}", p.name, p.value.shape()),
                    ),
                });
            }
        }
        for (parameter, saved) in self.parameters.iter_mut().zip(saved) {
            parameter.value.write(&saved.values)?;
        }
        Ok(())
    }
}
