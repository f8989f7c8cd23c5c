//! Images of bytes, moved and mirrored.

use radars_tensor::{Backend, ImageBatch, Placement, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

#[derive(Debug)]
struct Place {
    g: ImageBatch,
    placements: Vec<Placement>,
}

impl Case for Place {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let n = self.g.elements();
        let pixels: Vec<u8> = (0..n).map(|i| (i * 37 % 256) as u8).collect();
        let (pixels, mut y) = (side.input(&pixels), side.output(n));
        let placements = side.input(&self.placements.concat());
        let backend = side.backend();
        backend.place_images(&self.g, pixels.view(), placements.view(), y.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn every_kind_of_placement_to_the_bit() {
    let moves = [
        [0, 0, 0],
        [0, 0, 1],
        [2, -1, 0],
        [-2, 3, 1],
        [-4, 0, -1],
        [1, 100, 1],
        [i32::MAX, i32::MIN, 0],
        [i32::MIN, i32::MAX, 1],
    ];
    on_every_device(|cuda| {
        for (batch, image) in [
            (8, [5, 7, 3]),
            (3, [1, 1, 1]),
            (5, [16, 16, 1]),
            (0, [4, 4, 3]),
        ] {
            let g = ImageBatch { batch, image };
            let placements = moves.into_iter().cycle().take(batch).collect();
            parity(&cuda, &Place { g, placements }, Tolerance::EXACT);
        }
    });
}

#[derive(Debug)]
struct WrongLength;

impl Case for WrongLength {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = ImageBatch {
            batch: 2,
            image: [2, 2, 1],
        };
        let (pixels, one, mut y) = (side.bytes(8), side.input(&[0i32; 3]), side.output(8));
        let refused = (side.backend()).place_images(&g, pixels.view(), one.view(), y.view_mut());
        let text = "place_images: placements has 12 bytes where the geometry says 24";
        assert_eq!(refused.unwrap_err().to_string(), text);
        Ok(Outputs::new())
    }
}

#[test]
fn wrong_lengths_are_refused_in_the_words_of_the_cpu() {
    on_every_device(|cuda| parity(&cuda, &WrongLength, Tolerance::EXACT));
}
