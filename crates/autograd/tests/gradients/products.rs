//! Matrix products and the cross entropy.

use crate::checker::{Input, arena, check_gradients};
use radars_autograd::tensor::Tensor;
use radars_autograd::{Tape, ops};

#[test]
fn matmul() {
    for (m, k, n) in [(1, 1, 1), (3, 5, 2), (1, 7, 4), (5, 3, 1), (17, 9, 13)] {
        for (transpose_a, transpose_b) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let a = if transpose_a { [k, m] } else { [m, k] };
            let b = if transpose_b { [n, k] } else { [k, n] };
            let inputs = [Input::around_zero(17, a), Input::around_zero(18, b)];
            check_gradients(&inputs, |tape, vars| {
                let [a, b] = <[_; 2]>::try_from(vars).ok().unwrap();
                ops::matmul(tape, a, transpose_a, b, transpose_b)
            });
        }
    }
}

#[test]
fn cross_entropy() {
    for smoothing in [0.0, 0.1] {
        for (rows, classes) in [(1, 2), (5, 3), (3, 10)] {
            let labels: Vec<i32> = (0..rows).map(|row| (7 * row % classes) as i32).collect();
            let inputs = [Input::around_zero(19, [rows, classes])];
            check_gradients(&inputs, |tape, mut vars| {
                let labels = Tensor::from_slice(tape.arena(), [rows], &labels)?;
                ops::cross_entropy(tape, vars.remove(0), &labels, smoothing)
            });
        }
    }
}

/// The loss need not be the last operation: its gradient is scaled by what comes back.
#[test]
fn a_scaled_cross_entropy_scales_its_gradient() {
    check_gradients(&[Input::around_zero(20, [4, 3])], |tape, mut vars| {
        let labels = Tensor::from_slice(tape.arena(), [4], &[0i32, 2, 1, 1])?;
        let loss = ops::cross_entropy(tape, vars.remove(0), &labels, 0.1)?;
        ops::affine(tape, loss, -0.7, 0.2)
    });
}

/// numpy: x = [1, 2, 4]; -(x[1] - np.log(np.exp(x).sum())) and np.exp(x) / np.exp(x).sum() - [0, 1, 0].
#[test]
fn cross_entropy_and_its_gradient_are_the_textbooks() {
    let arena = arena();
    let mut tape = Tape::new(&arena);
    let logits = tape.leaf(Tensor::from_slice(&arena, [1, 3], &[1.0f32, 2.0, 4.0]).unwrap());
    let id = logits.id().unwrap();
    let labels = Tensor::from_slice(&arena, [1], &[1i32]).unwrap();
    let loss = ops::cross_entropy(&mut tape, logits, &labels, 0.0).unwrap();
    assert!((loss.value().item().unwrap() - 2.169_846_3).abs() < 1e-6);
    let gradient = tape.backward(loss).unwrap().take(id).unwrap();
    let expected = [0.042_010_07, -0.885_804_83, 0.843_794_76];
    for (got, expected) in gradient.read::<f32>().unwrap().into_iter().zip(expected) {
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    }
}
