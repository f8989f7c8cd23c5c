//! Placing images: against a loop over padded images, and far outside of them.

use crate::fixture::{buffer, on_every_isa, read, result};
use radars_tensor::{Arena, Backend, Cpu, Error, ImageBatch, Placement, Tensor};

/// No byte is black but by chance, so that the padding shows.
fn image_bytes(g: &ImageBatch) -> Vec<u8> {
    (0..g.elements())
        .map(|i| (i * 37 % 251) as u8 + 1)
        .collect()
}

/// Pads an image, crops it and mirrors it in three plain steps.
fn reference(
    image: &[u8],
    [h, w, c]: [usize; 3],
    placement: Placement,
    padding: usize,
) -> Vec<f32> {
    let [rows, columns, mirrored] = placement;
    let padded_width = w + 2 * padding;
    let mut padded = vec![0u8; (h + 2 * padding) * padded_width * c];
    for y in 0..h {
        for x in 0..w {
            for k in 0..c {
                padded[((y + padding) * padded_width + x + padding) * c + k] =
                    image[(y * w + x) * c + k];
            }
        }
    }
    let top = (padding as i32 + rows) as usize;
    let left = (padding as i32 + columns) as usize;
    let mut out = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let x = if mirrored != 0 { w - 1 - x } else { x };
            for k in 0..c {
                let byte = padded[((y + top) * padded_width + x + left) * c + k];
                out.push(f32::from(byte) / 127.5 - 1.0);
            }
        }
    }
    out
}

fn placed(arena: &Arena<Cpu>, g: &ImageBatch, bytes: &[u8], placements: &[i32]) -> Vec<f32> {
    let mut y = result(arena, g.elements());
    let (bytes, placements) = (buffer(arena, bytes), buffer(arena, placements));
    let backend = arena.backend();
    backend
        .place_images(g, bytes.view(), placements.view(), y.view_mut())
        .unwrap();
    read(&y)
}

/// Shifts up to two pixels more than the image is high or wide, for one channel and for several.
#[test]
fn every_placement_equals_pad_crop_mirror() {
    on_every_isa(|arena| {
        for image in [[5, 4, 3], [4, 6, 1], [3, 19, 17], [1, 1, 2]] {
            let reach = (image[0].max(image[1]) + 2) as i32;
            let placements: Vec<Placement> = (-reach..=reach)
                .flat_map(|rows| (-reach..=reach).map(move |columns| (rows, columns)))
                .flat_map(|(rows, columns)| [0, 1, -2].map(|mirrored| [rows, columns, mirrored]))
                .collect();
            let g = ImageBatch {
                batch: placements.len(),
                image,
            };
            let bytes = image_bytes(&g);
            let got = placed(arena, &g, &bytes, placements.as_flattened());
            let len = image.iter().product();
            for ((got, bytes), &placement) in got
                .chunks_exact(len)
                .zip(bytes.chunks_exact(len))
                .zip(&placements)
            {
                let expected = reference(bytes, image, placement, reach as usize);
                assert_eq!(got, expected, "{placement:?} of {image:?}");
            }
        }
    });
}

#[test]
fn placements_at_the_ends_of_their_type_show_black() {
    on_every_isa(|arena| {
        let g = ImageBatch {
            batch: 4,
            image: [2, 3, 1],
        };
        let placements = [
            [i32::MIN, 0, 0],
            [0, i32::MAX, 1],
            [0, i32::MIN, 0],
            [i32::MAX, i32::MIN, i32::MAX],
        ];
        let got = placed(arena, &g, &[9; 24], placements.as_flattened());
        assert_eq!(got, [-1.0; 24]);
    });
}

#[test]
fn bytes_become_the_whole_of_minus_one_to_one() {
    on_every_isa(|arena| {
        let g = ImageBatch {
            batch: 1,
            image: [16, 16, 1],
        };
        let bytes: Vec<u8> = (0..=255).collect();
        let got = placed(arena, &g, &bytes, &[0; 3]);
        assert_eq!((got[0], got[255]), (-1.0, 1.0));
        // 51 / 127.5 = 0.4 and 204 / 127.5 = 1.6
        assert_eq!((got[51], got[204]), (0.4 - 1.0, 1.6 - 1.0));
        // The nearest f32 of each step, found in f64: the quotient and the difference are rounded apart.
        for (byte, got) in got.iter().enumerate() {
            let quotient = (byte as f64 / 127.5) as f32;
            assert_eq!(*got, (f64::from(quotient) - 1.0) as f32, "{byte}");
        }
    });
}

#[test]
fn operands_of_other_lengths_are_refused_by_name() {
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap();
    let g = ImageBatch {
        batch: 2,
        image: [2, 3, 1],
    };
    let refused = |bytes: usize, placements: usize, y: usize| {
        let (bytes, placements) = (
            buffer(&arena, &vec![0u8; bytes]),
            buffer(&arena, &vec![0i32; placements]),
        );
        let mut y = result(&arena, y);
        let backend = arena.backend();
        match backend.place_images(&g, bytes.view(), placements.view(), y.view_mut()) {
            Err(Error::Length { operand, .. }) => operand,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(11, 6, 12), "bytes");
    assert_eq!(refused(12, 5, 12), "placements");
    assert_eq!(refused(12, 6, 13), "y");
}

/// `[[1, 2], [3, 4]]` moved a row up, and `[[5, 6], [7, 8]]` mirrored.
#[test]
fn a_tensor_takes_images_in_place_and_allocates_nothing() {
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap();
    let mut images = Tensor::zeros(&arena, [2, 2, 2, 1]).unwrap();
    let bytes = Tensor::from_slice(&arena, [2, 2, 2, 1], &[1u8, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    let placements = Tensor::from_slice(&arena, [2, 3], &[1i32, 0, 0, 0, 0, 1]).unwrap();
    let before = arena.stats();
    images.place_images(&bytes, &placements).unwrap();
    assert_eq!(arena.stats(), before);
    let expected = [3u8, 4, 0, 0, 6, 5, 8, 7].map(ImageBatch::value);
    assert_eq!(images.read::<f32>().unwrap(), expected);

    let owner = images.clone();
    let shared = images.place_images(&bytes, &placements);
    assert!(matches!(shared, Err(Error::Shared { .. })), "{shared:?}");
    drop(owner);
    let floats = images.copy().unwrap();
    assert_eq!(
        images
            .place_images(&floats, &placements)
            .unwrap_err()
            .to_string(),
        "place_images: expects elements of type U8, not F32"
    );
}
