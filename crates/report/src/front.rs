//! The Pareto front: what nothing else beats in both respects.

/// The points that no other point beats, by rising first coordinate: smaller is better in both.
///
/// Of equal points one is kept; points that are not finite are passed over.
#[must_use]
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut front: Vec<(f64, f64)> = Vec::new();
    for point in sorted {
        if front.last().is_none_or(|last| point.1 < last.1) {
            front.push(point);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (3, 3) is beaten by (2, 2), (2, 5) by (2, 2), and (4, 2) is as good in one respect only.
    #[test]
    fn beaten_points_are_left_out() {
        let points = [
            (3.0, 3.0),
            (1.0, 4.0),
            (2.0, 2.0),
            (2.0, 5.0),
            (4.0, 2.0),
            (5.0, 1.0),
            (f64::NAN, 0.0),
            (1.0, 4.0),
        ];
        assert_eq!(pareto_front(&points), [(1.0, 4.0), (2.0, 2.0), (5.0, 1.0)]);
        assert!(pareto_front(&[]).is_empty());
    }
}
