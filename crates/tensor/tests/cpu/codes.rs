//! Values of fixed-point formats as codes, against what the format itself says of each value.

use crate::fixture::{buffer, on_every_isa, read, result, scratch, values};
use radars_tensor::{
    Activation, Arena, Backend, BatchNorm, Buffer, Cpu, DType, Error, FixedPoint, Op, compose,
};

/// Every element type that codes are stored in, with its widest formats.
const FORMATS: [FixedPoint; 8] = [
    FixedPoint::unsigned(1, 0),
    FixedPoint::unsigned(2, 6),
    FixedPoint::signed(1, 0),
    FixedPoint::signed(3, 5),
    FixedPoint::unsigned(3, 6),
    FixedPoint::unsigned(5, 10),
    FixedPoint::signed(3, 6),
    FixedPoint::signed(6, 10),
];

/// The codes of `values`, 0 for NaN, as bytes of the format's element type.
pub fn codes(format: FixedPoint, values: &[f32]) -> Vec<u8> {
    let code = |x: &f32| match x.is_nan() {
        true => 0,
        false => (format.quantise(*x) * format.scale()) as i64,
    };
    let codes = values.iter().map(code);
    match format.code_dtype().unwrap() {
        DType::U8 => codes.map(|code| u8::try_from(code).unwrap()).collect(),
        DType::I8 => codes
            .flat_map(|code| i8::try_from(code).unwrap().to_ne_bytes())
            .collect(),
        _ => codes
            .flat_map(|code| i16::try_from(code).unwrap().to_ne_bytes())
            .collect(),
    }
}

/// Values in and around every format's range, halves of steps, and what is no number.
fn inputs(n: usize) -> Vec<f32> {
    let special = [
        0.0,
        -0.0,
        0.5,
        1.5,
        -0.5,
        -1.5,
        0.046_875,
        1e30,
        -1e30,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        -f32::NAN,
        f32::MIN_POSITIVE,
    ];
    let mut x: Vec<f32> = values(n, 1).iter().map(|x| 8.0 * x).collect();
    for (i, special) in special.into_iter().enumerate() {
        if let Some(x) = x.get_mut(5 * i + 1) {
            *x = special;
        }
    }
    x
}

#[test]
fn encoding_gives_the_codes_and_decoding_the_values() {
    on_every_isa(|arena| {
        for (format, n) in FORMATS
            .into_iter()
            .flat_map(|f| [0, 1, 77, 40_001].map(|n| (f, n)))
        {
            let x = inputs(n);
            let expected = codes(format, &x);
            let (from, mut coded) = (
                buffer(arena, &x),
                buffer(arena, &vec![0xaau8; expected.len()]),
            );
            let backend = arena.backend();
            backend
                .encode(format, from.view(), coded.view_mut())
                .unwrap();
            assert_eq!(read::<u8>(&coded), expected, "{format:?}, {n}");
            let mut y = result(arena, n);
            backend.decode(format, coded.view(), y.view_mut()).unwrap();
            let nearest = |x: &f32| if x.is_nan() { 0.0 } else { format.quantise(*x) };
            let expected: Vec<f32> = x.iter().map(nearest).collect();
            assert_eq!(read::<f32>(&y), expected, "{format:?}, {n}");
        }
    });
}

#[test]
fn wrong_lengths_and_formats_too_wide_are_refused() {
    on_every_isa(|arena| {
        let (x, mut codes) = (buffer(arena, &[1.0f32; 4]), buffer(arena, &[0u8; 4]));
        let backend = arena.backend();
        let mut says = |format, n: usize| {
            let refused = backend.encode(format, x.view(), codes.view_mut().slice(0..n));
            refused.map_err(|error| error.to_string())
        };
        let text = "encode: codes has 3 bytes where the geometry says 4";
        assert_eq!(says(FixedPoint::unsigned(1, 3), 3), Err(text.to_owned()));
        let text = "encode: codes has 4 bytes where the geometry says 8";
        assert_eq!(says(FixedPoint::unsigned(3, 6), 4), Err(text.to_owned()));
        assert_eq!(says(FixedPoint::unsigned(1, 3), 4), Ok(()));
        let refused = backend.encode(FixedPoint::unsigned(8, 8), x.view(), codes.view_mut());
        assert!(matches!(refused, Err(Error::Geometry { value: 16, .. })));
        let mut y = result(arena, 3);
        let refused = backend.decode(FixedPoint::unsigned(1, 3), codes.view(), y.view_mut());
        assert!(matches!(
            refused,
            Err(Error::Length {
                expected: 3,
                got: 4,
                ..
            })
        ));
    });
}

/// The backend's own, its composition, and batch norm with the activation that quantises: the same codes,
/// statistics and normalised inputs, to the bit, also where a channel is NaN.
#[test]
fn batch_norm_that_encodes_is_batch_norm_that_quantises() {
    on_every_isa(|arena| {
        for (rows, channels) in [(5, 3), (77, 17), (3001, 131)] {
            for format in FORMATS {
                let g = BatchNorm {
                    rows,
                    channels,
                    epsilon: 1e-5,
                };
                let [own, composed, quantised] =
                    [0, 1, 2].map(|way| normalised(arena, &g, format, way));
                assert_eq!(own, composed, "{format:?}, {rows} x {channels}");
                assert_eq!(own.0, codes(format, bytemuck::cast_slice(&quantised.0)));
                assert_eq!(own.1, quantised.1);
            }
        }
    });
}

/// `y` as bytes, and the bits of xhat and the statistics: of the backend's own method, of its composition,
/// of batch norm with an activation.
fn normalised(
    arena: &Arena<Cpu>,
    g: &BatchNorm,
    format: FixedPoint,
    way: usize,
) -> (Vec<u8>, [Vec<u32>; 2]) {
    let n = g.rows * g.channels;
    let mut input = values(n, 1);
    input[2] = f32::NAN;
    let mut x = buffer(arena, &input);
    let gamma: Vec<f32> = values(g.channels, 2).iter().map(|x| 4.0 * x).collect();
    let (gamma, beta) = (buffer(arena, &gamma), buffer(arena, &values(g.channels, 3)));
    let mut stats = result(arena, 2 * g.channels);
    let element = if way == 2 {
        4
    } else {
        format.code_dtype().unwrap().bytes()
    };
    let mut y = buffer(arena, &vec![0xaau8; n * element]);
    let op = match way {
        2 => Op::BatchNormActivation(*g),
        _ => Op::BatchNormEncode(*g, format),
    };
    let mut space: Buffer<Cpu> = match way {
        1 => {
            let spec = arena.backend().spec();
            arena
                .allocate("test", compose::scratch_bytes::<Cpu>(&spec, &op))
                .unwrap()
        }
        _ => scratch(arena, &op),
    };
    let backend = arena.backend();
    let (xv, yv, sv, space) = (
        x.view_mut(),
        y.view_mut(),
        stats.view_mut(),
        space.view_mut(),
    );
    let (gamma, beta) = (gamma.view(), beta.view());
    let done = match way {
        0 => backend.batch_norm_encode(g, format, xv, gamma, beta, yv, sv, space),
        1 => compose::batch_norm_encode(backend, g, format, xv, gamma, beta, yv, sv, space),
        _ => {
            let activation = Activation::ReluQuantise(format);
            backend.batch_norm_activation(g, activation, xv, gamma, beta, yv, sv, space)
        }
    };
    done.unwrap();
    (read(&y), [read(&x), read(&stats)])
}
