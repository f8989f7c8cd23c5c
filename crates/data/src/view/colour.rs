//! Random brightness, contrast and saturation.

use radars_tensor::random::Stream;
use rand::RngExt;

/// Random changes of an image's colours: each factor is drawn between `1 - strength`, at least 0, and `1 + strength`.
///
/// Brightness comes first (pixels times the factor), then contrast (away from or towards the mean of the image's
/// grey), then saturation (away from or towards each pixel's own grey), with the roundings of 8-bit images in between.
/// The greys are ITU-R 601's luma, as in Pillow and torchvision, where the order is random, too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColourJitter {
    /// Strength of the change of brightness.
    pub brightness: f64,
    /// Strength of the change of contrast.
    pub contrast: f64,
    /// Strength of the change of saturation; grey images have none to change.
    pub saturation: f64,
}

impl ColourJitter {
    /// Draws the changes of one image; always three draws.
    pub(crate) fn draw(self, random: &mut Stream) -> Colours {
        let mut factor = |strength: f64| {
            let low = (1.0 - strength).max(0.0);
            low + (1.0 + strength - low) * random.random::<f64>()
        };
        Colours {
            brightness: factor(self.brightness),
            contrast: factor(self.contrast),
            saturation: factor(self.saturation),
        }
    }
}

/// What is done to the colours of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Colours {
    pub(crate) brightness: f64,
    pub(crate) contrast: f64,
    pub(crate) saturation: f64,
}

impl Colours {
    /// Changes pixels of one or three channels.
    pub(crate) fn apply(self, pixels: &mut [u8], channels: usize) {
        let bright: [u8; 256] = table(|value| value * self.brightness);
        let mean = mean_grey(pixels, channels, &bright);
        let both: [u8; 256] = table(|value| {
            let value = f64::from(bright[value as usize]);
            mean + (value - mean) * self.contrast
        });
        if channels == 3 {
            saturate(pixels, &both, self.saturation);
        } else {
            for value in pixels {
                *value = both[usize::from(*value)];
            }
        }
    }
}

/// What becomes of each value.
fn table(function: impl Fn(f64) -> f64) -> [u8; 256] {
    // A cast of a float stops at 0 and 255 by itself.
    std::array::from_fn(|value| function(value as f64).round() as u8)
}

/// The mean of the greys of `table[pixel]`, rounded.
fn mean_grey(pixels: &[u8], channels: usize, table: &[u8; 256]) -> f64 {
    let of = |value: u8| table[usize::from(value)];
    let (sum, count): (u64, usize) = if channels == 3 {
        let (whole, _) = pixels.as_chunks::<3>();
        let greys = whole.iter().map(|&rgb| u64::from(grey(rgb.map(of))));
        (greys.sum(), whole.len())
    } else {
        let values = pixels.iter().map(|&value| u64::from(of(value)));
        (values.sum(), pixels.len())
    };
    (sum as f64 / count.max(1) as f64).round()
}

/// ITU-R 601's luma in 16-bit fixed point, as Pillow computes it.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    ((sum + 0x8000) >> 16) as u8
}

/// Moves `table[pixel]` of every pixel away from its grey or towards it.
fn saturate(pixels: &mut [u8], table: &[u8; 256], factor: f64) {
    // 16 bits of fraction; no factor that is of any use leaves 32 bits with them.
    let factor = (factor.min(64.0) * 65_536.0).round() as i32;
    let (whole, _) = pixels.as_chunks_mut::<3>();
    for rgb in whole {
        let changed = rgb.map(|value| table[usize::from(value)]);
        let grey = i32::from(grey(changed));
        *rgb = changed.map(|value| {
            let moved = (i32::from(value) - grey) * factor + 0x8000;
            (grey + (moved >> 16)).clamp(0, 255) as u8
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_tensor::random::Seed;

    const PIXELS: [u8; 6] = [200, 100, 50, 10, 20, 30];

    fn changed(brightness: f64, contrast: f64, saturation: f64) -> [u8; 6] {
        let mut pixels = PIXELS;
        let colours = Colours {
            brightness,
            contrast,
            saturation,
        };
        colours.apply(&mut pixels, 3);
        pixels
    }

    /// Greys: (200, 100, 50) 124.2 -> 124, (10, 20, 30) 18.15 -> 18; their mean is 71.
    #[test]
    fn each_change_follows_its_formula() {
        assert_eq!(changed(1.0, 1.0, 1.0), PIXELS);
        assert_eq!(changed(1.5, 1.0, 1.0), [255, 150, 75, 15, 30, 45]);
        assert_eq!(changed(0.0, 1.0, 1.0), [0; 6]);
        assert_eq!(changed(1.0, 0.0, 1.0), [71; 6]);
        // 71 + (200 - 71) * 1.5 = 264.5; 71 + 29 * 1.5 = 114.5; 71 - 21 * 1.5 = 39.5; 71 - 61 * 1.5 < 0; ...
        assert_eq!(changed(1.0, 1.5, 1.0), [255, 115, 40, 0, 0, 10]);
        assert_eq!(changed(1.0, 1.0, 0.0), [124, 124, 124, 18, 18, 18]);
        // 124 + (200 - 124) / 2, 124 - 24 / 2, 124 - 74 / 2; 18 - 8 / 2, 18 + 2 / 2, 18 + 12 / 2
        assert_eq!(changed(1.0, 1.0, 0.5), [162, 112, 87, 14, 19, 24]);
    }

    #[test]
    fn grey_images_keep_their_one_channel() {
        let mut pixels = [0, 100, 200];
        let colours = Colours {
            brightness: 1.0,
            contrast: 0.5,
            saturation: 9.0,
        };
        colours.apply(&mut pixels, 1);
        assert_eq!(pixels, [50, 100, 150]);
    }

    #[test]
    fn factors_are_drawn_within_their_strength() {
        let jitter = ColourJitter {
            brightness: 0.4,
            contrast: 0.0,
            saturation: 3.0,
        };
        let drawn: Vec<Colours> = (0..2000)
            .map(|i| jitter.draw(&mut Seed(1).stream("test", i)))
            .collect();
        assert!(
            drawn
                .iter()
                .all(|c| (0.6..=1.4).contains(&c.brightness) && c.contrast == 1.0)
        );
        assert!(drawn.iter().all(|c| (0.0..=4.0).contains(&c.saturation)));
        // Uniform: a twentieth of 2000 is 100, standard deviation 10, in either tail.
        assert!(drawn.iter().filter(|c| c.brightness < 0.64).count() > 50);
        assert!(drawn.iter().filter(|c| c.brightness > 1.36).count() > 50);
    }
}
