//! The multiplication and addition that give the codes of the fake-quantised network, for as many sums as can be.
//!
//! The codes of that network rise or fall with the sum, so sums of one code neighbour each other: a *segment*. A line
//! `(sum * multiplier + offset) >> shift` gives the same codes for every sum exactly when it does for the first and
//! the last sum of each segment. For a multiplier, each of these sums leaves an interval of offsets; that all
//! intervals meet is what is looked for.

use std::ops::RangeInclusive;

/// Neighbouring sums that have the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    first: i64,
    last: i64,
    code: i64,
}

/// `code = clamp((sum * multiplier + offset) >> shift, least, most)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) multiplier: i64,
    pub(super) offset: i64,
    pub(super) shift: u32,
    pub(super) least: i64,
    pub(super) most: i64,
}

/// How far the multiplier is looked for, as a part of itself.
const REACH: i64 = 1 << 8;

/// The segments of all sums within `range`, by binary search.
pub(super) fn segments(range: RangeInclusive<i64>, code: impl Fn(i64) -> i64) -> Vec<Segment> {
    let mut segments = Vec::new();
    let (mut first, end) = range.into_inner();
    while first <= end {
        let of_first = code(first);
        let (mut last, mut beyond) = (first, end + 1);
        while beyond - last > 1 {
            let middle = last + (beyond - last) / 2;
            match code(middle) == of_first {
                true => last = middle,
                false => beyond = middle,
            }
        }
        segments.push(Segment {
            first,
            last,
            code: of_first,
        });
        first = last + 1;
    }
    segments
}

impl Line {
    /// The code of a sum.
    pub(super) fn code(&self, sum: i64) -> i64 {
        let total = sum * self.multiplier + self.offset;
        (total >> self.shift).clamp(self.least, self.most)
    }

    /// How many of the thresholds between the segments lie elsewhere, the ends of the range counted where a code
    /// differs there.
    pub(super) fn differing(&self, segments: &[Segment]) -> usize {
        let meets = |sum, segment: &Segment| self.code(sum) == segment.code;
        let thresholds = segments.windows(2).filter(|pair| {
            let [before, after] = pair else { return false };
            !(meets(before.last, before) && meets(after.first, after))
        });
        let ends = [
            segments
                .first()
                .map(|segment| meets(segment.first, segment)),
            segments.last().map(|segment| meets(segment.last, segment)),
        ];
        thresholds.count() + ends.iter().filter(|&&end| end == Some(false)).count()
    }

    /// The nearest line that gives the codes of all segments; where there is none, one that misses few thresholds.
    pub(super) fn fitted(self, segments: &[Segment]) -> Line {
        if self.offsets(self.multiplier, segments).is_some() {
            return self.with_multiplier(self.multiplier, segments);
        }
        let reach = self.multiplier.abs() / REACH + 1;
        let (mut low, mut high) = (self.multiplier - reach, self.multiplier + reach);
        // How much room the intervals leave is a concave function of the multiplier.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.room(middle + 1, segments) > self.room(middle, segments) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let (mut fits, mut misses) = (low, self.multiplier);
        if self.offsets(fits, segments).is_none() {
            let lines = [fits, misses].map(|multiplier| self.most_common(multiplier, segments));
            let [roomy, ideal] = lines;
            return match roomy.differing(segments) < ideal.differing(segments) {
                true => roomy,
                false => ideal,
            };
        }
        while (fits - misses).abs() > 1 {
            let middle = misses + (fits - misses) / 2;
            match self.offsets(middle, segments).is_some() {
                true => fits = middle,
                false => misses = middle,
            }
        }
        self.with_multiplier(fits, segments)
    }

    /// With a multiplier for which there are offsets, and the nearest of those.
    fn with_multiplier(self, multiplier: i64, segments: &[Segment]) -> Line {
        let offset = match self.offsets(multiplier, segments) {
            Some([low, high]) => i128::from(self.offset).clamp(low, high) as i64,
            None => self.offset,
        };
        Line {
            multiplier,
            offset,
            ..self
        }
    }

    /// The offsets at which a sum has a code, for a multiplier; all of them are allowed where the code is a limit.
    fn interval(&self, multiplier: i64, sum: i64, code: i64) -> [i128; 2] {
        let product = i128::from(sum) * i128::from(multiplier);
        let least = match code > self.least {
            true => (i128::from(code) << self.shift) - product,
            false => i128::from(i64::MIN),
        };
        let most = match code < self.most {
            true => (i128::from(code + 1) << self.shift) - 1 - product,
            false => i128::from(i64::MAX),
        };
        [least, most]
    }

    /// Where the intervals of all segments meet; the wrong way around where they do not.
    fn meeting(&self, multiplier: i64, segments: &[Segment]) -> [i128; 2] {
        let sums = segments.iter().flat_map(|segment| {
            [segment.first, segment.last].map(|sum| self.interval(multiplier, sum, segment.code))
        });
        sums.fold([i64::MIN.into(), i64::MAX.into()], |[low, high], [a, b]| {
            [low.max(a), high.min(b)]
        })
    }

    fn room(&self, multiplier: i64, segments: &[Segment]) -> i128 {
        let [low, high] = self.meeting(multiplier, segments);
        high - low
    }

    /// The offsets, the least and the largest, that give the codes of all segments.
    fn offsets(&self, multiplier: i64, segments: &[Segment]) -> Option<[i128; 2]> {
        let [low, high] = self.meeting(multiplier, segments);
        (low <= high).then_some([low, high])
    }

    /// With a multiplier, and an offset that as many thresholds agree on as do on any.
    fn most_common(self, multiplier: i64, segments: &[Segment]) -> Line {
        let intervals = segments.windows(2).map(|pair| {
            let [a, b] = self.interval(multiplier, pair[0].last, pair[0].code);
            let [c, d] = self.interval(multiplier, pair[1].first, pair[1].code);
            [a.max(c), b.min(d)]
        });
        // Where an interval begins, one more agrees; behind its end, one less.
        let mut changes: Vec<(i128, i32)> = intervals
            .filter(|[low, high]| low <= high)
            .flat_map(|[low, high]| [(low, 1), (high + 1, -1)])
            .collect();
        changes.sort_unstable();
        let (mut agree, mut most, mut offset) = (0, 0, i128::from(self.offset));
        for (at, change) in changes {
            agree += change;
            if agree > most {
                (most, offset) = (agree, at);
            }
        }
        Line {
            multiplier,
            offset: offset as i64,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Line = Line {
        multiplier: 3 << 10,
        offset: 1 << 15,
        shift: 16,
        least: 0,
        most: 15,
    };

    fn agrees(line: Line, segments: &[Segment]) -> bool {
        segments
            .iter()
            .all(|of| (of.first..=of.last).all(|sum| line.code(sum) == of.code))
    }

    #[test]
    fn segments_are_the_runs_of_one_code() {
        let code = |sum: i64| sum.div_euclid(3).clamp(-1, 1);
        let found = segments(-5..=7, code);
        let expected = [(-5, -1, -1), (0, 2, 0), (3, 7, 1)];
        let expected = expected.map(|(first, last, code)| Segment { first, last, code });
        assert_eq!(found, expected);
    }

    /// Codes of lines that are a little steeper or higher, or that fall: the fit has them for every sum.
    #[test]
    fn a_line_that_is_near_is_found() {
        for (multiplier, offset) in [
            (LINE.multiplier, LINE.offset),
            (LINE.multiplier + 7, LINE.offset),
            (LINE.multiplier - 7, LINE.offset + 9_000),
            (LINE.multiplier, LINE.offset - 20_000),
        ] {
            for sign in [1, -1] {
                let wanted = Line {
                    multiplier: sign * multiplier,
                    offset,
                    ..LINE
                };
                let start = Line {
                    multiplier: sign * LINE.multiplier,
                    ..LINE
                };
                let segments = segments(-500..=700, |sum| wanted.code(sum));
                let fitted = start.fitted(&segments);
                assert!(agrees(fitted, &segments), "{wanted:?} {fitted:?}");
                assert_eq!(fitted.differing(&segments), 0);
            }
        }
    }

    /// One threshold is moved further than any line can follow: that one differs, and no other.
    #[test]
    fn what_no_line_gives_is_missed_and_counted() {
        let plain = segments(-500..=700, |sum| LINE.code(sum));
        let mut moved = plain.clone();
        moved[7].last += 5;
        moved[8].first += 5;
        let fitted = LINE.fitted(&moved);
        assert_eq!(fitted.differing(&moved), 1);
        assert_eq!(fitted.differing(&plain), 0);
        // A range that ends with another code, and has no threshold.
        let ends = [Segment {
            first: 100,
            last: 120,
            code: 3,
        }];
        assert_eq!(LINE.differing(&ends), 2);
    }
}
