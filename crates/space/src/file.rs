//! Reading a space file, and saying where it is wrong.

use crate::choices::{check_candidates, check_list};
use crate::geometry::check_dimension;
use crate::space::{Fault, Parts};
use crate::{
    Activation, Choices, Error, HyperParameter, ImageShape, Layer, LayerKind, Problem, Result,
    Reward, Space,
};
use serde::Deserialize;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;

/// The most layers of a space: far more than any network has, and few enough to write down.
const MAX_LAYERS: usize = 4096;

type List = Option<Spanned<Vec<Spanned<i64>>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpaceTable {
    name: String,
    classes: Option<Spanned<i64>>,
    input: Option<ImageTable>,
    #[serde(default)]
    any_data: bool,
    #[serde(default)]
    activation: Activation,
    #[serde(default)]
    choices: ChoicesTable,
    #[serde(default)]
    layer: Vec<Spanned<LayerTable>>,
    reward: Option<RewardTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageTable {
    height: Spanned<i64>,
    width: Spanned<i64>,
    channels: Spanned<i64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoicesTable {
    kernel: List,
    expansion: List,
    inner_channels: List,
    activation_integer: List,
    activation_fraction: List,
    weight_integer: List,
    weight_fraction: List,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerTable {
    #[serde(default)]
    kind: LayerKind,
    channels: Spanned<i64>,
    stride: Option<Spanned<i64>>,
    groups: Option<Spanned<i64>>,
    repeat: Option<Spanned<i64>>,
    activation: Option<Activation>,
    #[serde(default)]
    choices: ChoicesTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RewardTable {
    alpha: Spanned<f64>,
    beta: Spanned<f64>,
    gamma: Spanned<f64>,
}

/// A problem and the bytes of the text that show it.
struct Located {
    span: Range<usize>,
    problem: Problem,
}

impl Space {
    /// Reads a space from the text of a TOML file; `file` is the name that errors carry.
    ///
    #[doc = concat!("```toml\n", include_str!("../examples/space.toml"), "```")]
    ///
    /// # Errors
    /// [`Error::File`] with line, column and what would be valid.
    pub fn from_toml(text: &str, file: &str) -> Result<Self> {
        read(text).map_err(|Located { span, problem }| {
            let (line, column) = line_and_column(text, span.start);
            Error::File {
                file: file.to_owned(),
                line,
                column,
                problem,
            }
        })
    }

    /// Reads a space file.
    ///
    /// # Errors
    /// [`Error::Read`] where the file cannot be read, else as [`Space::from_toml`].
    pub fn load(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_toml(&text, &file),
            Err(source) => Err(Error::Read { file, source }),
        }
    }
}

fn read(text: &str) -> Result<Space, Located> {
    let table: SpaceTable = toml::from_str(text).map_err(|error| Located {
        span: error.span().unwrap_or_default(),
        problem: Problem::Toml(error.message().to_owned()),
    })?;
    let classes = table
        .classes
        .as_ref()
        .map(|classes| dimension("classes", classes))
        .transpose()?;
    let input = table.input.as_ref().map(ImageTable::shape).transpose()?;
    let reward = table.reward.as_ref().map(RewardTable::reward).transpose()?;
    let defaults = &table.choices;
    for kind in HyperParameter::ALL {
        defaults.values(kind)?;
    }
    // Every layer with the table it comes from.
    let mut layers = Vec::with_capacity(table.layer.len());
    let mut candidates = 0_usize;
    for stated in &table.layer {
        let layer = stated
            .get_ref()
            .layer(defaults, table.activation, stated.span())?;
        let repeat = match &stated.get_ref().repeat {
            Some(repeat) => dimension("repeat", repeat)?,
            None => 1,
        };
        // Before so many are made.
        let of_layers = repeat.saturating_mul(layer.choices.candidate_count());
        candidates = candidates.saturating_add(of_layers);
        check_candidates(candidates).map_err(|problem| Located {
            span: stated.span(),
            problem,
        })?;
        let further = Layer {
            stride: 1,
            ..layer.clone()
        };
        layers.push((layer, stated));
        layers.extend(vec![(further, stated); repeat - 1]);
        if layers.len() > MAX_LAYERS {
            return Err(Located {
                span: stated.span(),
                problem: Problem::TooManyLayers { max: MAX_LAYERS },
            });
        }
    }
    let (layers, tables): (Vec<Layer>, Vec<_>) = layers.into_iter().unzip();
    let parts = Parts {
        name: table.name,
        input,
        classes,
        any_data: table.any_data,
        layers,
        stated_reward: reward,
    };
    Space::assemble(parts).map_err(|Fault { layer, problem }| {
        let span = layer.and_then(|index| tables.get(index)).map(|layer| {
            match (&problem, layer.get_ref()) {
                (
                    Problem::Groups { .. } | Problem::GroupsOfKind { .. },
                    LayerTable {
                        groups: Some(groups),
                        ..
                    },
                ) => groups.span(),
                (Problem::NotOfKind { kind, .. }, table) => {
                    let own = table.choices.list(*kind).as_ref();
                    own.map_or_else(|| layer.span(), Spanned::span)
                }
                _ => layer.span(),
            }
        });
        Located {
            span: span.unwrap_or_default(),
            problem,
        }
    })
}

impl ImageTable {
    fn shape(&self) -> Result<ImageShape, Located> {
        Ok(ImageShape {
            height: dimension("height", &self.height)?,
            width: dimension("width", &self.width)?,
            channels: dimension("channels", &self.channels)?,
        })
    }
}

impl RewardTable {
    fn reward(&self) -> Result<Reward, Located> {
        let (alpha, beta, gamma) = (
            *self.alpha.get_ref(),
            *self.beta.get_ref(),
            *self.gamma.get_ref(),
        );
        Reward::checked(alpha, beta, gamma).map_err(|problem| {
            let value = match &problem {
                Problem::Reward { key: "alpha", .. } => &self.alpha,
                Problem::Reward { key: "beta", .. } => &self.beta,
                _ => &self.gamma,
            };
            Located {
                span: value.span(),
                problem,
            }
        })
    }
}

impl LayerTable {
    fn layer(
        &self,
        defaults: &ChoicesTable,
        activation: Activation,
        span: Range<usize>,
    ) -> Result<Layer, Located> {
        let or_one = |key, value: &Option<Spanned<i64>>| {
            value.as_ref().map_or(Ok(1), |value| dimension(key, value))
        };
        let mut lists = HyperParameter::ALL.map(|_| Vec::new());
        for kind in HyperParameter::ALL {
            let own = self.choices.values(kind)?;
            let list = match own {
                Some(list) => Some(list),
                None if self.kind.takes(kind) => defaults.values(kind)?,
                None => None,
            };
            lists[kind.index()] = list.unwrap_or_default();
        }
        let choices = Choices::checked(lists).map_err(|problem| {
            let (list_span, problem) = match problem {
                Problem::NoChoices { kind } => (None, Problem::Unlisted { kind }),
                Problem::HalfQuantised { stated, .. } => {
                    (self.list_span(defaults, stated), problem)
                }
                Problem::Width { fraction, .. } => (self.list_span(defaults, fraction), problem),
                _ => (None, problem),
            };
            Located {
                span: list_span.unwrap_or(span.clone()),
                problem,
            }
        })?;
        Ok(Layer {
            kind: self.kind,
            channels: dimension("channels", &self.channels)?,
            stride: or_one("stride", &self.stride)?,
            groups: or_one("groups", &self.groups)?,
            activation: self.activation.unwrap_or(activation),
            choices,
        })
    }

    /// Where the list is that this layer uses.
    fn list_span(&self, defaults: &ChoicesTable, kind: HyperParameter) -> Option<Range<usize>> {
        self.choices
            .list(kind)
            .as_ref()
            .or(defaults.list(kind).as_ref())
            .map(Spanned::span)
    }
}

impl ChoicesTable {
    fn list(&self, kind: HyperParameter) -> &List {
        match kind {
            HyperParameter::Kernel => &self.kernel,
            HyperParameter::Expansion => &self.expansion,
            HyperParameter::InnerChannels => &self.inner_channels,
            HyperParameter::ActivationInteger => &self.activation_integer,
            HyperParameter::ActivationFraction => &self.activation_fraction,
            HyperParameter::WeightInteger => &self.weight_integer,
            HyperParameter::WeightFraction => &self.weight_fraction,
        }
    }

    /// The checked values of one list, `None` where the file has no such list.
    fn values(&self, kind: HyperParameter) -> Result<Option<Vec<usize>>, Located> {
        let Some(list) = self.list(kind) else {
            return Ok(None);
        };
        if list.get_ref().is_empty() {
            return Err(Located {
                span: list.span(),
                problem: Problem::NoChoices { kind },
            });
        }
        let mut values = Vec::with_capacity(list.get_ref().len());
        for entry in list.get_ref() {
            values.push(natural(kind.key(), entry)?);
            // The list so far, so that the entry to blame is the last one.
            check_list(kind, &values).map_err(|problem| Located {
                span: entry.span(),
                problem,
            })?;
        }
        Ok(Some(values))
    }
}

fn natural(key: &'static str, value: &Spanned<i64>) -> Result<usize, Located> {
    let number = *value.get_ref();
    usize::try_from(number).map_err(|_| Located {
        span: value.span(),
        problem: Problem::Negative { key, value: number },
    })
}

fn dimension(key: &'static str, value: &Spanned<i64>) -> Result<usize, Located> {
    let number = natural(key, value)?;
    check_dimension(key, number).map_err(|problem| Located {
        span: value.span(),
        problem,
    })?;
    Ok(number)
}

/// Line and column, both from 1, the column in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
