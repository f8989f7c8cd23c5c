//! The pictures that compare searches.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_report::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg};

fn series(name: &str, points: &[(f64, f64)], winners: &[(f64, f64)]) -> Series {
    Series {
        name: name.into(),
        points: points.to_vec(),
        winners: winners.to_vec(),
    }
}

#[test]
fn every_architecture_is_a_dot_and_every_method_a_front() {
    let of = [
        series(
            "radars",
            &[(2e8, 0.3), (3e8, 0.2), (4e8, 0.4)],
            &[(3e8, 0.2)],
        ),
        series("random <1>", &[(2e8, 0.5), (9e8, f64::NAN)], &[]),
    ];
    let text = PlotText {
        title: "two methods".into(),
        ..PlotText::pareto()
    };
    let svg = pareto_svg(&of, &text);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.ends_with("</svg>\n"));
    // Three and one that are finite, and one in the legend for each method.
    assert_eq!(svg.matches("<circle").count(), 4 + 2);
    assert!(svg.contains("radars: error 20.0 %, 300 M AOPS"));
    assert!(svg.contains("random &lt;1&gt;") && !svg.contains("<1>"));
    assert!(svg.contains(">two methods<"));
    assert!(!svg.contains("logarithmic") && !svg.contains("NaN"));
}

/// A range of tenfold or more asks for a logarithmic axis.
#[test]
fn a_wide_range_is_logarithmic() {
    let of = |high: f64| {
        pareto_svg(
            &[series("m", &[(1e7, 0.3), (high, 0.2)], &[])],
            &PlotText::pareto(),
        )
    };
    assert!(of(1e8).contains("AOPS, logarithmic"));
    assert!(!of(9.9e7).contains("logarithmic"));
    // Nothing that is zero has a logarithm.
    let zero = pareto_svg(
        &[series("m", &[(0.0, 0.3), (1e8, 0.2)], &[])],
        &PlotText::pareto(),
    );
    assert!(!zero.contains("logarithmic") && !zero.contains("NaN"));
}

#[test]
fn a_curve_has_a_band_where_it_spreads() {
    let point = |x: f64, mean: f64, by: f64| CurvePoint {
        x,
        mean,
        low: mean - by,
        high: mean + by,
    };
    let curve = |by: f64| Curve {
        name: "radars".into(),
        points: vec![point(1e12, 0.7, by), point(3e12, 0.75, by)],
    };
    let [with, without] =
        [0.05, 0.0].map(|by| curves_svg(&[curve(by)], &PlotText::reward_over_macs()));
    assert_eq!(with.matches("fill-opacity=\"0.160\"").count(), 1);
    assert_eq!(without.matches("fill-opacity=\"0.160\"").count(), 0);
    assert!(with.contains("training MACs") && with.contains(">3.0 T<"));
}

#[test]
fn without_points_a_picture_says_so() {
    assert!(pareto_svg(&[], &PlotText::pareto()).contains("nothing to draw yet"));
    let bad = CurvePoint {
        x: 1.0,
        mean: f64::NAN,
        low: 0.0,
        high: 0.0,
    };
    let curve = Curve {
        name: "m".into(),
        points: vec![bad],
    };
    assert!(curves_svg(&[curve], &PlotText::reward_over_seconds()).contains("nothing to draw yet"));
}
