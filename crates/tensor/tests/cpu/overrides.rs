//! The backend's own fused methods against the compositions that stand in for them elsewhere.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, scratch, values, wide};
use crate::mixtures::formats;
use radars_tensor::{
    Activation, Arena, Backend, BatchNorm, BatchNormSaved, Buffer, Cpu, FixedPoint, Op, compose,
};

const SIZES: [(usize, usize); 4] = [(5, 3), (77, 17), (1000, 64), (3001, 131)];

fn activations() -> [Activation; 4] {
    [
        Activation::Relu,
        Activation::Relu6,
        Activation::ReluQuantise(FixedPoint::unsigned(1, 3)),
        Activation::ReluQuantise(FixedPoint::unsigned(3, 6)),
    ]
}

/// The scratch that the composed form of `op` wants.
fn composed_scratch(arena: &Arena<Cpu>, op: &Op<'_>) -> Buffer<Cpu> {
    let bytes = compose::scratch_bytes::<Cpu>(&arena.backend().spec(), op);
    arena.allocate("test", bytes).unwrap()
}

#[test]
fn batch_norm_with_activation_equals_its_composition_bit_for_bit() {
    on_every_isa(|arena| {
        for (rows, channels) in SIZES {
            let g = BatchNorm {
                rows,
                channels,
                epsilon: 1e-5,
            };
            for activation in activations() {
                let n = rows * channels;
                let run = |composed: bool| {
                    let mut x = buffer(arena, &values(n, 1));
                    let gamma: Vec<f32> = values(channels, 2).iter().map(|x| 4.0 * x).collect();
                    let (gamma, beta) =
                        (buffer(arena, &gamma), buffer(arena, &values(channels, 3)));
                    let (mut y, mut stats) = (result(arena, n), result(arena, 2 * channels));
                    let op = Op::BatchNormActivation(g);
                    let backend = arena.backend();
                    let (x_view, y_view, stats_view) =
                        (x.view_mut(), y.view_mut(), stats.view_mut());
                    let (gamma, beta) = (gamma.view(), beta.view());
                    if composed {
                        let mut space = composed_scratch(arena, &op);
                        compose::batch_norm_activation(
                            backend,
                            &g,
                            activation,
                            x_view,
                            gamma,
                            beta,
                            y_view,
                            stats_view,
                            space.view_mut(),
                        )
                    } else {
                        let mut space = scratch(arena, &op);
                        backend.batch_norm_activation(
                            &g,
                            activation,
                            x_view,
                            gamma,
                            beta,
                            y_view,
                            stats_view,
                            space.view_mut(),
                        )
                    }
                    .unwrap();
                    [read::<u32>(&x), read(&y), read(&stats)]
                };
                assert_eq!(run(false), run(true), "{activation:?}, {rows} x {channels}");
            }
        }
    });
}

#[test]
fn batch_norm_with_activation_backward_equals_its_composition_bit_for_bit() {
    on_every_isa(|arena| {
        for (rows, channels) in SIZES {
            let g = BatchNorm {
                rows,
                channels,
                epsilon: 1e-5,
            };
            for activation in activations() {
                let n = rows * channels;
                let run = |composed: bool| {
                    let xhat = buffer(arena, &values(n, 1));
                    let mut dy = buffer(arena, &values(n, 2));
                    let gamma: Vec<f32> = values(channels, 3).iter().map(|x| 4.0 * x).collect();
                    let stats: Vec<f32> = values(2 * channels, 5).iter().map(|x| x * x).collect();
                    let (gamma, stats) = (buffer(arena, &gamma), buffer(arena, &stats));
                    let beta = buffer(arena, &values(channels, 4));
                    let (mut dgamma, mut dbeta) =
                        (result(arena, channels), result(arena, channels));
                    let saved = BatchNormSaved {
                        xhat: xhat.view(),
                        gamma: gamma.view(),
                        beta: beta.view(),
                        stats: stats.view(),
                    };
                    let op = Op::BatchNormActivationBackward(g);
                    let backend = arena.backend();
                    let (dy_view, dgamma_view, dbeta_view) =
                        (dy.view_mut(), dgamma.view_mut(), dbeta.view_mut());
                    if composed {
                        let mut space = composed_scratch(arena, &op);
                        compose::batch_norm_activation_backward(
                            backend,
                            &g,
                            activation,
                            saved,
                            dy_view,
                            dgamma_view,
                            dbeta_view,
                            space.view_mut(),
                        )
                    } else {
                        let mut space = scratch(arena, &op);
                        backend.batch_norm_activation_backward(
                            &g,
                            activation,
                            saved,
                            dy_view,
                            dgamma_view,
                            dbeta_view,
                            space.view_mut(),
                        )
                    }
                    .unwrap();
                    [read::<u32>(&dy), read(&dgamma), read(&dbeta)]
                };
                assert_eq!(run(false), run(true), "{activation:?}, {rows} x {channels}");
            }
        }
    });
}

#[test]
fn mixtures_equal_their_compositions() {
    let formats = formats();
    on_every_isa(|arena| {
        for n in [1, 1037, 50_001] {
            let backend = arena.backend();
            let p = buffer(arena, &values(formats.len(), 9));
            let terms: Vec<_> = (0..6).map(|seed| buffer(arena, &values(n, seed))).collect();
            let views: Vec<_> = terms.iter().map(|term| term.view()).collect();
            let (mut own, mut composed) = (result(arena, n), result(arena, n));
            backend.mix(p.view(), &views, own.view_mut()).unwrap();
            compose::mix(backend, p.view(), &views, composed.view_mut()).unwrap();
            assert_eq!(read::<u32>(&own), read::<u32>(&composed));

            let (x, dy) = (views[0], views[1]);
            let op = Op::MixQuantised(&formats, n);
            let (mut space, mut composed_space) =
                (scratch(arena, &op), composed_scratch(arena, &op));
            backend
                .mix_quantised(&formats, p.view(), x, own.view_mut(), space.view_mut())
                .unwrap();
            compose::mix_quantised(
                backend,
                &formats,
                p.view(),
                x,
                composed.view_mut(),
                composed_space.view_mut(),
            )
            .unwrap();
            assert_eq!(read::<u32>(&own), read::<u32>(&composed));

            let op = Op::MixQuantisedBackward(&formats, n);
            let (mut space, mut composed_space) =
                (scratch(arena, &op), composed_scratch(arena, &op));
            let [mut own_dp, mut composed_dp] = [(); 2].map(|()| result(arena, formats.len()));
            let (dx, dp) = (Some(own.view_mut()), Some(own_dp.view_mut()));
            backend
                .mix_quantised_backward(&formats, p.view(), x, dy, dx, dp, space.view_mut())
                .unwrap();
            let (dx, dp) = (Some(composed.view_mut()), Some(composed_dp.view_mut()));
            compose::mix_quantised_backward(
                backend,
                &formats,
                p.view(),
                x,
                dy,
                dx,
                dp,
                composed_space.view_mut(),
            )
            .unwrap();
            // The composition multiplies before it adds.
            assert_close(&read(&own), &wide(&read::<f32>(&composed)), 2e-6);
            assert_close(&read(&own_dp), &wide(&read::<f32>(&composed_dp)), 1e-5);
        }
    });
}
