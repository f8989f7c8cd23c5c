//! Optimizer steps.

use crate::fixture::{assert_close, buffer, on_every_isa, read, values, wide};
use radars_tensor::{AdamStep, Backend, Coefficient, SgdStep};

#[test]
fn gradient_descent_follows_its_formula() {
    on_every_isa(|arena| {
        for (n, nesterov) in [(1, false), (17, true), (70_001, false), (1037, true)] {
            let step = SgdStep {
                rate: 0.1,
                momentum: 0.9,
                nesterov,
                weight_decay: 0.01,
            };
            let gradient = values(n, 1);
            let (mut velocity, mut p) =
                (buffer(arena, &values(n, 2)), buffer(arena, &values(n, 3)));
            let (mut v, mut expected) = (wide(&values(n, 2)), wide(&values(n, 3)));
            let (gradient_view, c) = (buffer(arena, &gradient), buffer(arena, &[0.5f32]));
            for _ in 0..3 {
                let c = Coefficient::Element(c.view());
                let backend = arena.backend();
                backend
                    .sgd_step(
                        &step,
                        c,
                        gradient_view.view(),
                        velocity.view_mut(),
                        p.view_mut(),
                    )
                    .unwrap();
                for i in 0..n {
                    let g = 0.5 * f64::from(gradient[i]) + 0.01 * expected[i];
                    v[i] = 0.9 * v[i] + g;
                    expected[i] -= 0.1 * if nesterov { g + 0.9 * v[i] } else { v[i] };
                }
            }
            assert_close(&read(&velocity), &v, 2e-6);
            assert_close(&read(&p), &expected, 2e-6);
        }
    });
}

#[test]
fn adam_follows_its_formula() {
    on_every_isa(|arena| {
        for n in [1, 17, 70_001] {
            let gradient = values(n, 1);
            let gradient_view = buffer(arena, &gradient);
            let [mut m, mut v] = [(); 2].map(|()| buffer(arena, &vec![0.0f32; n]));
            let mut p = buffer(arena, &values(n, 3));
            let (mut m64, mut v64, mut expected) =
                (vec![0.0; n], vec![0.0; n], wide(&values(n, 3)));
            for t in 1..4 {
                let (b1, b2) = (0.5f64, 0.999f64);
                let (c1, c2) = (1.0 - b1.powi(t), 1.0 - b2.powi(t));
                let step = AdamStep {
                    rate: 0.03,
                    betas: (0.5, 0.999),
                    epsilon: 1e-8,
                    weight_decay: 1e-3,
                    bias_corrections: (c1 as f32, c2 as f32),
                };
                let c = Coefficient::Constant(2.0);
                let (m_view, v_view) = (m.view_mut(), v.view_mut());
                arena
                    .backend()
                    .adam_step(&step, c, gradient_view.view(), m_view, v_view, p.view_mut())
                    .unwrap();
                for i in 0..n {
                    let g = 2.0 * f64::from(gradient[i]) + 1e-3 * expected[i];
                    m64[i] = b1 * m64[i] + (1.0 - b1) * g;
                    v64[i] = b2 * v64[i] + (1.0 - b2) * g * g;
                    expected[i] -= 0.03 * (m64[i] / c1) / ((v64[i] / c2).sqrt() + 1e-8);
                }
            }
            assert_close(&read(&m), &m64, 1e-6);
            assert_close(&read(&v), &v64, 1e-6);
            // b2 and its correction are f32: 1 - 0.999 has a relative error of 1e-5.
            assert_close(&read(&p), &expected, 2e-5);
        }
    });
}
