//! Random changes of training images: drawn here for each image. Shifts and flips are done where the images are
//! trained on, what needs all pixels of an image where the batch is made.

use radars_tensor::Placement;
use radars_tensor::random::{Seed, Stream};
use rand::RngExt;

use crate::error::{Error, Result};
use crate::view::{Area, ColourJitter, Colours, ResizedCrop};

/// Random changes to training images that keep their class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augment {
    /// Pad every side with this many black pixels (byte 0), then crop a window of the original size at a
    /// random place: a shift by up to this many pixels in each direction.
    pub crop_padding: usize,
    /// Mirror left and right with probability one half.
    pub flip: bool,
    /// Take a random area of each image.
    pub resized_crop: Option<ResizedCrop>,
    /// Change the colours of each image.
    pub colour: Option<ColourJitter>,
}

/// The random changes of one epoch: those of an image depend on nothing but its index.
#[derive(Clone, Copy)]
pub(super) struct Draws {
    augment: Augment,
    seed: Seed,
}

impl Draws {
    pub(super) fn new(augment: Augment, epoch: Seed) -> Self {
        Draws {
            augment,
            seed: epoch,
        }
    }

    /// Whether images are changed where batches are made.
    pub(super) fn change_pixels(self) -> bool {
        self.augment.resized_crop.is_some() || self.augment.colour.is_some()
    }

    /// Where the device places an image.
    pub(super) fn placement(self, image: usize) -> Placement {
        let mut random = self.seed.stream("image", image as u64);
        self.augment.draw(&mut random)
    }

    /// The area of an image that the batch has, if it is drawn.
    pub(super) fn area(self, image: usize, height: usize, width: usize) -> Option<Area> {
        let mut random = self.seed.stream("area", image as u64);
        Some(self.augment.resized_crop?.draw(height, width, &mut random))
    }

    /// The changes of an image's colours, if there are any.
    pub(super) fn colours(self, image: usize) -> Option<Colours> {
        let mut random = self.seed.stream("colours", image as u64);
        Some(self.augment.colour?.draw(&mut random))
    }
}

impl Augment {
    /// Checks what the types do not say.
    pub(super) fn check(self) -> Result<()> {
        let require = |setting, value: f64, holds, expected| match holds {
            true => Ok(()),
            false => Err(Error::Augmentation {
                setting,
                value,
                expected,
            }),
        };
        if let Some(ResizedCrop { min_scale }) = self.resized_crop {
            let holds = min_scale > 0.0 && min_scale <= 1.0;
            let expected = "above 0 and at most 1";
            require("the smallest scale of a crop", min_scale, holds, expected)?;
        }
        if let Some(colour) = self.colour {
            for (setting, value) in [
                ("the strength of brightness", colour.brightness),
                ("the strength of contrast", colour.contrast),
                ("the strength of saturation", colour.saturation),
            ] {
                let holds = (0.0..=10.0).contains(&value);
                require(setting, value, holds, "between 0 and 10")?;
            }
        }
        Ok(())
    }

    /// Draws the augmentation of one image; always three draws, so that switching one kind of change off
    /// leaves the others as they were.
    fn draw(self, random: &mut Stream) -> Placement {
        let padding = self.crop_padding as i64;
        // The padding is less than both sides of an image in memory, so far less than an i32 holds.
        let mut shift = || random.random_range(-padding..=padding) as i32;
        let (rows, columns) = (shift(), shift());
        let flip = random.random::<bool>() && self.flip;
        [rows, columns, i32::from(flip)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_tensor::random::Seed;

    #[test]
    fn draws_reach_every_shift_within_bounds_and_both_directions() {
        let augment = Augment {
            crop_padding: 2,
            flip: true,
            ..Augment::default()
        };
        let drawn: Vec<Placement> = (0..2000)
            .map(|i| augment.draw(&mut Seed(3).stream("test", i)))
            .collect();
        for shift in -2..=2 {
            // Expected 400 of 2000; 300 is over five standard deviations (18) away.
            assert!(drawn.iter().filter(|[rows, ..]| *rows == shift).count() > 300);
            assert!(
                drawn
                    .iter()
                    .filter(|[_, columns, _]| *columns == shift)
                    .count()
                    > 300
            );
        }
        assert!(
            drawn
                .iter()
                .all(|[rows, columns, _]| rows.abs() <= 2 && columns.abs() <= 2)
        );
        // Expected 1000, standard deviation 22.
        assert!((900..1100).contains(&drawn.iter().filter(|[.., flip]| *flip == 1).count()));
        let none = Augment::default().draw(&mut Seed(3).stream("test", 0));
        assert_eq!(none, [0; 3]);
    }
}
