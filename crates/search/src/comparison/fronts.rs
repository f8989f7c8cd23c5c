//! Fronts over several trade-offs: test error against AOPS of the judged winners, and their hypervolume.

use super::versus::is_done;
use super::{Comparison, Entrant, Group, Paired, Run, Sample};
use crate::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By how much the reference point exceeds the worst of all judged winners.
const BEYOND: f64 = 1.1;

/// The fronts of all methods.
///
/// The hypervolume of a set of points is the area of what at least one of them is as good as in both respects, up
/// to the reference point; both axes are linear, and it is a share of the rectangle from no error and no AOPS to
/// the reference point. Larger is better.
///
/// # Source
/// Zitzler and Thiele, "Multiobjective optimization using evolutionary algorithms: a comparative case study", PPSN V,
/// 1998.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fronts {
    /// Test error of the reference point: 1.1 times the largest of all judged winners.
    pub reference_error: f64,
    /// AOPS of the reference point: 1.1 times the most of all judged winners.
    pub reference_aops: f64,
    /// A row for every method and value of the swept settings.
    pub methods: Vec<Front>,
    /// RADARS minus each of the others.
    pub differences: Vec<VolumeDifference>,
    /// Each method minus the control that does not search.
    pub over_uniform: Vec<VolumeDifference>,
}

/// The front of a method over trade-offs and seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Front {
    /// The method.
    pub method: String,
    /// The swept settings.
    pub settings: BTreeMap<String, String>,
    /// What no other winner of the method beats in both respects, over all trade-offs and seeds, by rising AOPS.
    pub points: Vec<FrontPoint>,
    /// The hypervolume of each seed's winners over the trade-offs; only of seeds with which all trade-offs are done.
    pub hypervolumes: Vec<f64>,
    /// Their mean.
    pub mean_hypervolume: Option<f64>,
    /// Its standard error.
    pub se_hypervolume: Option<f64>,
    /// Its 95 % confidence interval, by Student's t.
    pub interval_hypervolume: Option<[f64; 2]>,
}

/// A judged winner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontPoint {
    /// Mean test error over the trainings that it was judged by, a fraction.
    pub error: f64,
    /// Adjusted operations for one image.
    pub aops: u64,
}

/// A difference of hypervolumes, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolumeDifference {
    /// The method: the second one against RADARS, the first one against the control.
    pub method: String,
    /// The swept settings.
    pub settings: BTreeMap<String, String>,
    /// The difference.
    pub hypervolume: Option<Paired>,
}

impl Fronts {
    /// Of these runs; none of a single trade-off, and none where no winner was judged.
    pub fn of(comparison: &Comparison, runs: &[Run]) -> Option<Self> {
        let points = || runs.iter().filter_map(point);
        let largest = |value: fn(FrontPoint) -> f64| points().map(value).fold(0.0, f64::max);
        let reference = Reference {
            error: BEYOND * largest(|point| point.error),
            aops: BEYOND * largest(|point| point.aops as f64),
        };
        let groups = comparison.groups();
        let several = groups
            .iter()
            .any(|group| !group.has_trade_off_of(&groups[0]));
        if !several || points().next().is_none() {
            return None;
        }
        let mut fronts = Fronts {
            reference_error: reference.error,
            reference_aops: reference.aops,
            methods: Vec::new(),
            differences: Vec::new(),
            over_uniform: Vec::new(),
        };
        for of_settings in by_settings(&groups) {
            fronts.add(comparison, runs, &of_settings, reference);
        }
        Some(fronts)
    }

    /// Adds what the trade-offs with the same swept settings came to.
    fn add(
        &mut self,
        comparison: &Comparison,
        runs: &[Run],
        groups: &[&Group],
        reference: Reference,
    ) {
        let settings: BTreeMap<String, String> = Group {
            point: groups[0].point.clone(),
            ..Group::default()
        }
        .settings();
        let of = |entrant: Entrant, seed: u64| -> Vec<FrontPoint> {
            let own = runs.iter().filter(|run| {
                let spec = &run.spec;
                spec.entrant == entrant && spec.seed == seed && groups.contains(&&spec.group)
            });
            own.filter_map(point).collect()
        };
        let volume = |entrant: Entrant, seed: u64| -> Option<f64> {
            let points = of(entrant, seed);
            (points.len() == groups.len()).then(|| reference.share(&points))
        };
        let there = |entrant: &Entrant| runs.iter().any(|run| run.spec.entrant == *entrant);
        let seeds = || comparison.seeds.iter().copied();
        let entrants: Vec<Entrant> = comparison.entrants().into_iter().filter(there).collect();
        for &entrant in &entrants {
            let hypervolumes: Vec<f64> = seeds().filter_map(|s| volume(entrant, s)).collect();
            let sample = Sample::of(&hypervolumes);
            self.methods.push(Front {
                method: entrant.to_string(),
                settings: settings.clone(),
                points: front(seeds().flat_map(|seed| of(entrant, seed)).collect()),
                hypervolumes,
                mean_hypervolume: sample.map(|sample| sample.mean),
                se_hypervolume: sample.and_then(|sample| sample.error),
                interval_hypervolume: sample.and_then(|sample| sample.interval()),
            });
        }
        let difference = |method: Entrant, (first, second): (Entrant, Entrant)| {
            let pairs = seeds().filter_map(|s| volume(first, s).zip(volume(second, s)));
            VolumeDifference {
                method: method.to_string(),
                settings: settings.clone(),
                hypervolume: Paired::of(&pairs.collect::<Vec<_>>()),
            }
        };
        let radars = Entrant::plain(Method::Radars);
        let uniform = Entrant::plain(Method::Uniform);
        for &entrant in &entrants {
            if entrants.contains(&radars) && entrant != radars {
                let row = difference(entrant, (radars, entrant));
                self.differences.push(row);
            }
            if entrants.contains(&uniform) && entrant.method != Method::Uniform {
                let row = difference(entrant, (entrant, uniform));
                self.over_uniform.push(row);
            }
        }
    }
}

/// The groups, those with the same swept settings together.
fn by_settings(groups: &[Group]) -> Vec<Vec<&Group>> {
    let mut sets: Vec<Vec<&Group>> = Vec::new();
    for group in groups {
        match sets.iter_mut().find(|set| set[0].point == group.point) {
            Some(set) => set.push(group),
            None => sets.push(vec![group]),
        }
    }
    sets
}

/// The judged winner of a run that is done.
fn point(run: &Run) -> Option<FrontPoint> {
    let judged = run.judged.as_ref().filter(|_| is_done(run))?;
    Some(FrontPoint {
        error: 1.0 - judged.accuracy,
        aops: run.result.as_ref()?.best.aops,
    })
}

/// What no other point beats in both respects, by rising AOPS; of equal points one.
fn front(mut points: Vec<FrontPoint>) -> Vec<FrontPoint> {
    points.sort_by(|a, b| a.aops.cmp(&b.aops).then(a.error.total_cmp(&b.error)));
    let mut least = f64::INFINITY;
    points.retain(|point| {
        let better = point.error < least;
        least = least.min(point.error);
        better
    });
    points
}

/// The corner that hypervolumes reach to.
#[derive(Clone, Copy)]
struct Reference {
    error: f64,
    aops: f64,
}

impl Reference {
    /// The share of the rectangle up to the reference point that the points are at least as good as.
    fn share(self, points: &[FrontPoint]) -> f64 {
        let (mut area, mut above) = (0.0, self.error);
        for point in front(points.to_vec()) {
            let wide = (self.aops - point.aops as f64).max(0.0);
            area += wide * (above - point.error.min(above));
            above = above.min(point.error);
        }
        area / (self.error * self.aops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: &[(f64, u64)]) -> Vec<FrontPoint> {
        let points = of.iter().map(|&(error, aops)| FrontPoint { error, aops });
        points.collect()
    }

    /// By hand, up to (0.5, 100), a rectangle of 50: (0.25, 20) is as good as 80 x 0.25 = 20 of it, (0.125, 60) as
    /// 40 x 0.125 = 5 more; (0.375, 50) is beaten, and (0.75, 10) is worse than the reference point.
    #[test]
    fn the_hypervolume_is_the_area_of_what_is_beaten() {
        let reference = Reference {
            error: 0.5,
            aops: 100.0,
        };
        let share = |of: &[(f64, u64)]| reference.share(&points(of));
        assert!((share(&[(0.25, 20)]) - 0.4).abs() < 1e-12);
        assert!((share(&[(0.125, 60), (0.25, 20), (0.375, 50), (0.75, 10)]) - 0.5).abs() < 1e-12);
        assert_eq!(share(&[]), 0.0);
        assert_eq!(share(&[(0.0, 0)]), 1.0);
    }

    #[test]
    fn a_front_keeps_what_is_beaten_by_nothing() {
        let kept = front(points(&[
            (0.125, 60),
            (0.375, 50),
            (0.25, 20),
            (0.25, 20),
            (0.25, 30),
        ]));
        assert_eq!(kept, points(&[(0.25, 20), (0.125, 60)]));
    }
}
