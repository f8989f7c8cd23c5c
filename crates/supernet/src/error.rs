//! What can go wrong when networks are built or trained.

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when networks are built or trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A SuperNet needs candidates in every layer.
    #[error(
        "a SuperNet of {expected} layers needs candidates in each, but {found} layers have some"
    )]
    Candidates {
        /// Layers of the space.
        expected: usize,
        /// Layers that candidates were given for.
        found: usize,
    },
    /// A path goes through a candidate that the SuperNet does not have.
    #[error("layer {layer} of the SuperNet has no candidate `{candidate}`")]
    Path {
        /// The layer, from 0.
        layer: usize,
        /// The candidate.
        candidate: radars_space::Candidate,
    },
    /// A path with inherited weights was evaluated before its statistics were estimated.
    #[error("the batch statistics of a path with inherited weights have to be estimated first")]
    NoStatistics,
    /// Labels and images do not go together.
    #[error(
        "a batch of {labels} labels has {bytes} bytes of pixels and {placements} placements, which is not \
         {labels} images of {image} bytes, each with its placement"
    )]
    Batch {
        /// Labels.
        labels: usize,
        /// Bytes of all images.
        bytes: usize,
        /// Placements.
        placements: usize,
        /// Bytes of one image.
        image: usize,
    },
    /// The search space.
    #[error(transparent)]
    Space(#[from] radars_space::Error),
    /// Layers, optimizers and tensors.
    #[error(transparent)]
    Nn(#[from] radars_nn::Error),
}

impl From<radars_nn::tensor::Error> for Error {
    fn from(error: radars_nn::tensor::Error) -> Self {
        Error::Nn(error.into())
    }
}

impl Error {
    /// The tensor error underneath, if that is what it is.
    pub fn tensor(&self) -> Option<&radars_nn::tensor::Error> {
        match self {
            Error::Nn(radars_nn::Error::Tensor(error)) => Some(error),
            _ => None,
        }
    }
}
