//! Random crop and flip: drawn here for each image, done where the images are trained on.

use radars_tensor::Placement;
use radars_tensor::random::Stream;
use rand::RngExt;

/// Random changes to training images that keep their class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augment {
    /// Pad every side with this many black pixels (byte 0), then crop a window of the original size at a
    /// random place: a shift by up to this many pixels in each direction.
    pub crop_padding: usize,
    /// Mirror left and right with probability one half.
    pub flip: bool,
}

impl Augment {
    /// Draws the augmentation of one image; always three draws, so that switching one kind of change off
    /// leaves the others as they were.
    pub(super) fn draw(self, random: &mut Stream) -> Placement {
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
