//! The multiply-accumulates that a training is said to compute are those of the operations it calls.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{
    Architecture, BitChoices, Candidate, Choices, ImageShape, Layer, Precision, Reward, Space,
};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{
    Activation, AdamStep, Arena, Axis, Backend, BatchNorm, BatchNormInference, BatchNormSaved,
    BinaryOp, Coefficient, Conv2d, CrossEntropy, Embedding, Error, FixedPoint, ImageBatch, MaskOp,
    MatMul, Mut, Op, Operand, Pool2d, ReduceOp, Ref, Result, SgdStep, UnaryOp, compose,
};
use radars_supernet::nn::{AdamSettings, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, ChildTrainer, DnasSettings, DnasTrainer, Images, Mixing, Relaxation,
    SuperNetPlan, WeightSettings, child_evaluation_macs, child_step_macs, supernet_step_macs,
};
use std::sync::atomic::{AtomicU64, Ordering};

const IMAGES: ImageShape = ImageShape {
    height: 8,
    width: 8,
    channels: 3,
};
const BATCH: usize = 2;

/// A backend that computes nothing, but counts the multiply-accumulates of convolutions and products.
#[derive(Default)]
struct Counting {
    macs: AtomicU64,
}

impl Counting {
    fn add(&self, macs: u64) {
        self.macs.fetch_add(macs, Ordering::Relaxed);
    }
}

type R<'a> = Ref<'a, Counting>;
type M<'a> = Mut<'a, Counting>;

macro_rules! nothing {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(&self, $(_: $argument),*) -> Result<()> { Ok(()) })*
    };
}

macro_rules! convolutions {
    ($($method:ident)*) => {
        $(fn $method(&self, g: &Conv2d, _: R<'_>, _: R<'_>, _: M<'_>, _: M<'_>) -> Result<()> {
            self.add(g.macs());
            Ok(())
        })*
    };
}

#[rustfmt::skip]
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
impl Backend for Counting {
    type Memory = ();
    type Spec = ();

    const NAME: &'static str = "counting";
    const HOLDS_VALUES: bool = false;

    fn spec(&self) {}

    fn scratch_bytes((): &(), op: &Op<'_>) -> usize {
        compose::scratch_bytes::<Self>(&(), op)
    }

    fn reserve(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn download(&self, _: R<'_>, _: &mut [u8]) -> Result<()> {
        Err(Error::NoValues { op: "read" })
    }

    fn matmul(&self, g: &MatMul, _: R<'_>, _: R<'_>, _: M<'_>, _: M<'_>) -> Result<()> {
        self.add((g.m * g.n * g.k) as u64);
        Ok(())
    }

    convolutions! { conv2d_fprop conv2d_dgrad conv2d_wgrad }

    nothing! {
        upload(&[u8], M<'_>);
        copy(R<'_>, M<'_>);
        fill(f32, M<'_>);
        unary(UnaryOp, Operand<'_, Self>, M<'_>);
        binary(BinaryOp, Operand<'_, Self>, R<'_>, M<'_>);
        accumulate(Coefficient<'_, Self>, R<'_>, M<'_>);
        encode(FixedPoint, R<'_>, M<'_>);
        decode(FixedPoint, R<'_>, M<'_>);
        mask(MaskOp, R<'_>, M<'_>);
        apply_mask(R<'_>, M<'_>);
        reduce(ReduceOp, &Axis, R<'_>, M<'_>, M<'_>);
        broadcast(&Axis, f32, R<'_>, M<'_>);
        dot(R<'_>, R<'_>, M<'_>, M<'_>);
        place_images(&ImageBatch, R<'_>, R<'_>, M<'_>);
        pool2d(&Pool2d, R<'_>, M<'_>);
        pool2d_backward(&Pool2d, R<'_>, R<'_>, M<'_>);
        batch_norm(&BatchNorm, M<'_>, R<'_>, R<'_>, M<'_>, M<'_>, M<'_>);
        batch_norm_inference(&BatchNorm, Operand<'_, Self>, BatchNormInference<'_, Self>, M<'_>);
        batch_norm_backward(&BatchNorm, BatchNormSaved<'_, Self>, M<'_>, M<'_>, M<'_>, M<'_>);
        batch_norm_activation(&BatchNorm, Activation, M<'_>, R<'_>, R<'_>, M<'_>, M<'_>, M<'_>);
        batch_norm_activation_backward(&BatchNorm, Activation, BatchNormSaved<'_, Self>, M<'_>, M<'_>, M<'_>, M<'_>);
        softmax(usize, R<'_>, M<'_>);
        softmax_backward(usize, R<'_>, R<'_>, M<'_>);
        cross_entropy(&CrossEntropy, R<'_>, R<'_>, M<'_>, M<'_>, M<'_>);
        mix(R<'_>, &[R<'_>], M<'_>);
        mix_quantised(&[FixedPoint], R<'_>, R<'_>, M<'_>, M<'_>);
        mix_quantised_backward(&[FixedPoint], R<'_>, R<'_>, R<'_>, Option<M<'_>>, Option<M<'_>>, M<'_>);
        embed_kernel(&Embedding, Coefficient<'_, Self>, R<'_>, M<'_>);
        crop_kernel(&Embedding, R<'_>, M<'_>);
        sgd_step(&SgdStep, Coefficient<'_, Self>, R<'_>, M<'_>, M<'_>);
        adam_step(&AdamStep, Coefficient<'_, Self>, R<'_>, M<'_>, M<'_>, M<'_>);
    }
}

const WEIGHTS: WeightSettings = WeightSettings {
    sgd: SgdSettings {
        momentum: 0.9,
        nesterov: false,
        weight_decay: 3e-4,
        decay: radars_supernet::nn::Decay::WeightsAndArchitecture,
        clip_norm: Some(5.0),
    },
    label_smoothing: 0.0,
    statistics_batches: 0,
};

fn arena() -> Arena<Counting> {
    Arena::with_bound(Counting::default(), 1 << 30).unwrap()
}

/// What was counted for an image since it was last asked for.
fn counted(arena: &Arena<Counting>) -> u64 {
    arena.backend().macs.swap(0, Ordering::Relaxed) / BATCH as u64
}

fn batch() -> Images<'static> {
    Images {
        bytes: &[191; BATCH * 8 * 8 * 3],
        placements: &[[0; 3]; BATCH],
        labels: &[0, 1],
    }
}

fn resolved(choices: Choices) -> Space {
    let layers = [(4, 2), (6, 1), (6, 1)];
    let layers = layers.map(|(channels, stride)| Layer::conv(channels, stride, choices.clone()));
    let space = Space::new("test", layers.to_vec()).unwrap();
    space.resolve(IMAGES, 10).unwrap()
}

fn bits(fraction: u8) -> Precision {
    Precision {
        integer: 1,
        fraction,
    }
}

/// A quantised space, whose candidates of kernels 1 and 3 share an activation format, and a float one.
fn spaces() -> [(Space, Vec<Candidate>); 2] {
    let choices = BitChoices {
        integer: vec![1],
        fraction: vec![3, 6],
    };
    let quantised = Choices::quantised(&[1, 3, 5], &choices, &choices).unwrap();
    let candidates = vec![
        Candidate::quantised(1, bits(3), bits(3)),
        Candidate::quantised(3, bits(3), bits(6)),
        Candidate::quantised(5, bits(6), bits(3)),
    ];
    let float = Choices::float(&[1, 3]).unwrap();
    let floats = vec![Candidate::float(1), Candidate::float(3)];
    [(resolved(quantised), candidates), (resolved(float), floats)]
}

#[test]
fn a_child_computes_what_is_said() {
    for (space, candidates) in spaces() {
        let path = Architecture(vec![candidates[0], candidates[1], candidates[0]]);
        let arena = arena();
        let mut child = ChildTrainer::new(&arena, &space, &path, WEIGHTS, Seed(0)).unwrap();
        child.step(batch(), 0.1).unwrap();
        assert_eq!(counted(&arena), child_step_macs(&space, &path).unwrap());
        child.logits(batch()).unwrap();
        let said = child_evaluation_macs(&space, &path).unwrap();
        assert_eq!(counted(&arena), said);
    }
}

#[test]
fn a_supernet_computes_what_is_said() {
    for (space, candidates) in spaces() {
        let candidates = vec![candidates; 3];
        for mixing in Mixing::ALL {
            let arena = arena();
            let settings = DnasSettings {
                weights: WEIGHTS,
                alpha: AdamSettings::architecture(),
                loss: ArchitectureLoss::default(),
            };
            let of = SuperNetPlan {
                space: &space,
                candidates: &candidates,
                mixing,
                reward: Reward::new(0.5, 0.0, 1e6).unwrap(),
            };
            let relaxation = Relaxation {
                temperature: 1.0,
                noise: Vec::new(),
            };
            let mut supernet = DnasTrainer::new(&arena, of, settings, Seed(0)).unwrap();
            counted(&arena);
            let said = supernet_step_macs(&space, &candidates, mixing).unwrap();
            supernet.weight_step(batch(), &relaxation, 0.1).unwrap();
            assert_eq!(counted(&arena), said.weight, "{mixing}, weights");
            supernet.alpha_step(batch(), &relaxation, 0.1).unwrap();
            assert_eq!(counted(&arena), said.alpha, "{mixing}, alpha");
        }
    }
}
