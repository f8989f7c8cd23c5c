//! Random areas of an image, scaled to one size.

use radars_tensor::random::Stream;
use rand::RngExt;

use super::area::Area;

/// Areas that are drawn before the central one is taken.
const TRIES: usize = 10;

/// The narrowest and the widest area, as width over height.
const RATIOS: (f64, f64) = (3.0 / 4.0, 4.0 / 3.0);

/// A random area of an image, brought to the size of the batch: training sees objects large and small, wherever
/// they are.
///
/// The area has between `min_scale` and all of the image's pixels, uniformly, and is between 3:4 and 4:3 wide,
/// uniformly in the logarithm. Ten are drawn; should none of them fit into the image, it is the central one of the
/// nearest proportions.
///
/// # Source
/// Szegedy et al., "Going deeper with convolutions", 2015, section 6; as torchvision's `RandomResizedCrop`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizedCrop {
    /// The smallest share of the image's pixels, above 0 and at most 1; usually 0.08.
    pub min_scale: f64,
}

impl ResizedCrop {
    /// Draws the area of an image.
    pub(crate) fn draw(self, height: usize, width: usize, random: &mut Stream) -> Area {
        let pixels = (height * width) as f64;
        let (narrowest, widest) = (libm::log(RATIOS.0), libm::log(RATIOS.1));
        for _ in 0..TRIES {
            let area = pixels * between(random, self.min_scale, 1.0);
            let ratio = libm::exp(between(random, narrowest, widest));
            let rows = (area / ratio).sqrt().round_ties_even() as usize;
            let columns = (area * ratio).sqrt().round_ties_even() as usize;
            if (1..=height).contains(&rows) && (1..=width).contains(&columns) {
                let top = random.random_range(0..=(height - rows) as u64);
                let left = random.random_range(0..=(width - columns) as u64);
                return Area {
                    top: top as f64,
                    left: left as f64,
                    height: rows as f64,
                    width: columns as f64,
                };
            }
        }
        fallback(height, width)
    }
}

/// The largest central area of allowed proportions.
fn fallback(height: usize, width: usize) -> Area {
    let ratio = width as f64 / height as f64;
    let (rows, columns) = if ratio < RATIOS.0 {
        let rows = (width as f64 / RATIOS.0).round_ties_even();
        (rows as usize, width)
    } else if ratio > RATIOS.1 {
        let columns = (height as f64 * RATIOS.1).round_ties_even();
        (height, columns as usize)
    } else {
        (height, width)
    };
    let (rows, columns) = (rows.clamp(1, height), columns.clamp(1, width));
    Area {
        top: ((height - rows) / 2) as f64,
        left: ((width - columns) / 2) as f64,
        height: rows as f64,
        width: columns as f64,
    }
}

/// A number between two.
fn between(random: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * random.random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_tensor::random::Seed;

    const CROP: ResizedCrop = ResizedCrop { min_scale: 0.08 };

    fn drawn(height: usize, width: usize, count: u64) -> impl Iterator<Item = Area> {
        (0..count).map(move |i| CROP.draw(height, width, &mut Seed(5).stream("test", i)))
    }

    #[test]
    fn areas_lie_inside_and_keep_their_limits() {
        for area in drawn(375, 500, 2000) {
            assert!(area.top >= 0.0 && area.left >= 0.0);
            assert!(area.top + area.height <= 375.0 && area.left + area.width <= 500.0);
            let share = area.height * area.width / (375.0 * 500.0);
            let ratio = area.width / area.height;
            // Sides are rounded: by less than 1 % at the 100 pixels and more that they have.
            assert!((0.079..=1.0).contains(&share), "{share}");
            assert!((0.74..=1.35).contains(&ratio), "{ratio}");
        }
    }

    /// torchvision's `get_params`, written out in Python, has a mean share of 0.4328 (standard deviation 0.217) over
    /// 200,000 draws for 375x500; the standard error of 20,000 is 0.0015. (Large areas fit more rarely.)
    #[test]
    fn the_mean_share_is_that_of_the_rule() {
        let count = 20_000;
        let sum: f64 = drawn(375, 500, count)
            .map(|area| area.height * area.width / (375.0 * 500.0))
            .sum();
        assert!((sum / count as f64 - 0.4328).abs() < 0.006);
    }

    /// An image of 1x100 holds no area of 3:4 with 8 of its pixels, so all are the fallback: 1 of 1.33 columns,
    /// rounded, in the middle.
    #[test]
    fn where_nothing_fits_it_is_the_centre() {
        for area in drawn(1, 100, 20) {
            assert_eq!(area.whole_pixels(), Some([0, 49, 1, 1]));
        }
        assert_eq!(fallback(90, 30).whole_pixels(), Some([25, 0, 40, 30]));
        assert_eq!(fallback(30, 31).whole_pixels(), Some([0, 0, 30, 31]));
        for area in drawn(1, 1, 20) {
            assert_eq!(area, Area::whole(1, 1));
        }
    }
}
