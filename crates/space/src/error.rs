//! What can be wrong with a space, a space file or an architecture.

use crate::{HyperParameter, ImageShape, LayerKind, Precision};

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with the numbers that say why. Layers are numbered from 1 in the messages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A space file is malformed.
    #[error("{file}:{line}:{column}: {problem}")]
    File {
        /// The name the text was read under.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: Problem,
    },
    /// A space built in code is malformed.
    #[error("{}{problem}", .layer.map(|l| format!("layer {}: ", l + 1)).unwrap_or_default())]
    Invalid {
        /// The layer, from 0, where one is to blame.
        layer: Option<usize>,
        /// What is wrong.
        problem: Problem,
    },
    /// A space file could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no such preset.
    #[error("there is no preset `{name}`; the presets are {valid}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are, separated by commas.
        valid: String,
    },
    /// The space states a number of classes and the data has another.
    #[error("{expected} classes expected and {found} found")]
    Classes {
        /// What the space states.
        expected: usize,
        /// What the data has.
        found: usize,
    },
    /// The space states the shape of the images and the data has another.
    #[error("images of {expected} expected and {found} found (height x width x channels)")]
    Images {
        /// What the space states.
        expected: ImageShape,
        /// What the data has.
        found: ImageShape,
    },
    /// A cost was asked of a space that leaves something to the data.
    #[error("the space does not state its {missing}: resolve it with the data's first")]
    Unresolved {
        /// What is not known yet.
        missing: &'static str,
    },
    /// An architecture or a choice of candidates has another number of layers than the space.
    #[error("{expected} layers expected and {found} found")]
    Depth {
        /// Layers of the space.
        expected: usize,
        /// Layers of the architecture.
        found: usize,
    },
    /// There is no such layer.
    #[error("layer {} asked for, the space has {layers}", .layer + 1)]
    Layer {
        /// The layer, from 0.
        layer: usize,
        /// Layers of the space.
        layers: usize,
    },
    /// A list of decisions has another length than the space's.
    #[error("{expected} decisions expected and {found} found")]
    Decisions {
        /// Decisions of the space.
        expected: usize,
        /// Decisions given.
        found: usize,
    },
    /// A decision is beyond its choices.
    #[error(
        "decision {decision} chooses number {index}, there are {choices} choices, numbered from 0"
    )]
    Choice {
        /// Which decision, from 0.
        decision: usize,
        /// What it chooses.
        index: usize,
        /// How many choices it has.
        choices: usize,
    },
    /// A candidate has a value that its layer does not list.
    #[error("layer {}: `{kind}` {value} is not a choice; the choices are {valid:?}", .layer + 1)]
    NotAChoice {
        /// The layer, from 0.
        layer: usize,
        /// The type of the value.
        kind: HyperParameter,
        /// The candidate's value.
        value: usize,
        /// The layer's choices.
        valid: Vec<usize>,
    },
    /// A candidate leaves open what its layer chooses.
    #[error("layer {}: the candidate states no `{kind}`; the choices are {valid:?}", .layer + 1)]
    NotStated {
        /// The layer, from 0.
        layer: usize,
        /// The type without a value.
        kind: HyperParameter,
        /// The layer's choices.
        valid: Vec<usize>,
    },
    /// A float candidate in a quantised space, or the other way round.
    #[error(
        "layer {}: the space is {}quantised and the candidate is {}", .layer + 1,
        if *.space_quantised { "" } else { "not " },
        if *.space_quantised { "not" } else { "quantised" }
    )]
    QuantisationDiffers {
        /// The layer, from 0.
        layer: usize,
        /// Whether the space is the quantised one.
        space_quantised: bool,
    },
}

/// What is wrong with the description of a space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is not TOML, or a key or a type is not what the format wants; the parser's words.
    #[error("{0}")]
    Toml(String),
    /// A space without layers.
    #[error("a space needs at least one layer: add a [[layer]] with `channels`")]
    NoLayers,
    /// More layers than make sense.
    #[error("more than {max} layers")]
    TooManyLayers {
        /// The most there may be.
        max: usize,
    },
    /// More candidates, over all layers, than can be listed.
    #[error("more than {max} candidates in all layers together")]
    TooManyCandidates {
        /// The most there may be.
        max: usize,
    },
    /// A list without entries.
    #[error("`{kind}` lists no choices: give at least one")]
    NoChoices {
        /// The empty list.
        kind: HyperParameter,
    },
    /// A layer with no list at all of a type that it has to choose.
    #[error("no `{kind}` choices: list them in [choices] or in the layer's own `choices`")]
    Unlisted {
        /// The type without a list.
        kind: HyperParameter,
    },
    /// A layer lists what its kind does not choose.
    #[error("`{kind}` is not chosen in layers of kind `{layer}`")]
    NotOfKind {
        /// What is listed.
        kind: HyperParameter,
        /// The layer's kind.
        layer: LayerKind,
    },
    /// A layer of several convolutions states groups.
    #[error("`groups` is for layers of kind `conv`: one of kind `{layer}` has groups of its own")]
    GroupsOfKind {
        /// The layer's kind.
        layer: LayerKind,
    },
    /// ReLU6 in a quantised layer.
    #[error(
        "`activation` relu6 is for float spaces: in a quantised one the quantisers clip; use relu"
    )]
    QuantisedRelu6,
    /// A narrowing that narrows nothing sensible.
    #[error("`{key}` {value} is not valid: {valid}")]
    Narrowing {
        /// The option.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What would be valid.
        valid: &'static str,
    },
    /// A value listed twice.
    #[error("`{kind}` lists {value} twice")]
    Duplicate {
        /// The list.
        kind: HyperParameter,
        /// The repeated value.
        value: usize,
    },
    /// An even, zero or huge kernel size.
    #[error("kernel size {kernel} is not valid: odd sizes from 1 to {max} are")]
    Kernel {
        /// The size.
        kernel: usize,
        /// The largest valid one.
        max: usize,
    },
    /// A number of bits that no precision can have.
    #[error("`{kind}` {value} is not valid: 0 to {max} bits are")]
    Bits {
        /// The list.
        kind: HyperParameter,
        /// The value.
        value: usize,
        /// The most there may be.
        max: u32,
    },
    /// A negative value where none can be.
    #[error("`{key}` {value} is not valid: it cannot be negative")]
    Negative {
        /// The key of the file.
        key: &'static str,
        /// The value.
        value: i64,
    },
    /// A pair of integer and fraction bits that is too wide, or empty.
    #[error(
        "`{integer}` {} and `{fraction}` {} make {} bits: 1 to {max} are valid",
        .precision.integer, .precision.fraction, .precision.width()
    )]
    Width {
        /// The list of the integer bits.
        integer: HyperParameter,
        /// The list of the fraction bits.
        fraction: HyperParameter,
        /// The pair.
        precision: Precision,
        /// The most bits there may be.
        max: u32,
    },
    /// Some of the four bit lists, but not all.
    #[error(
        "`{stated}` is listed and `{missing}` is not: \
         a quantised layer lists all four, a float layer none"
    )]
    HalfQuantised {
        /// A list that is missing.
        missing: HyperParameter,
        /// A list that is there.
        stated: HyperParameter,
    },
    /// A quantised layer in a float space, or the other way round.
    #[error("this layer is {}, the first one is not: a space is quantised in all layers or in none",
        if *.quantised { "quantised" } else { "float" })]
    MixedSpace {
        /// Whether the offending layer is quantised.
        quantised: bool,
    },
    /// A dimension that is zero or too large.
    #[error("`{key}` {value} is not valid: 1 to {max} are")]
    OutOfRange {
        /// The key of the file.
        key: &'static str,
        /// The value.
        value: usize,
        /// The largest valid one.
        max: usize,
    },
    /// Groups that do not divide the channels.
    #[error("`groups` {groups} must divide the {input} input and the {output} output channels")]
    Groups {
        /// The groups.
        groups: usize,
        /// Input channels.
        input: usize,
        /// Output channels.
        output: usize,
    },
    /// A reward parameter outside its range.
    #[error("reward `{key}` {value} is not valid: {valid}")]
    Reward {
        /// `alpha`, `beta` or `gamma`.
        key: &'static str,
        /// The value.
        value: f64,
        /// What would be.
        valid: &'static str,
    },
}
