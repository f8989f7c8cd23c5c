//! The plot of how much memory something needs, as it grows.

use crate::compared::{SIZE, heading, nothing, standalone, title_room};
use crate::plot::{Axis, Chart, Key, Scale, Shape, Sign, Unit, colour, in_svg};
use crate::{Curve, PlotText};
use maud::{Markup, html};

/// Bytes over a count, a line with dots for each curve; the axis of bytes is logarithmic.
///
/// The result is an SVG file of its own, in the reader's light or dark scheme, that may also be put into a
/// page. Only positive means are drawn; without any, the picture says so.
#[must_use]
pub fn growth_svg(curves: &[Curve], text: &PlotText) -> String {
    let body = parts(curves, text).unwrap_or_else(|| nothing(text));
    standalone(&body, &text.title)
}

fn parts(curves: &[Curve], text: &PlotText) -> Option<Markup> {
    let drawn = |curve: &Curve| -> Vec<(f64, f64)> {
        let points = curve.points.iter().map(|p| (p.x, p.mean));
        let drawn = points.filter(|(x, y)| x.is_finite() && y.is_finite() && *y > 0.0);
        drawn.collect()
    };
    let lines: Vec<(&str, Vec<(f64, f64)>)> = curves
        .iter()
        .map(|curve| (curve.name.as_str(), drawn(curve)))
        .collect();
    let all = || lines.iter().flat_map(|(_, points)| points);
    let last = all()
        .map(|point| point.0)
        .fold(None, |last, x| Some(f64::max(last.unwrap_or(x), x)))?;
    let x = Axis {
        title: text.x.clone(),
        scale: Scale::exactly(0.0, 1.03 * last, Unit::Whole, 6),
    };
    let y = Axis {
        title: format!("{}, logarithmic", text.y),
        scale: Scale::logarithmic(all().map(|point| point.1), Unit::Bytes)?,
    };
    let named = lines.iter().enumerate();
    let keys: Vec<Key> = named
        .map(|(index, (name, _))| Key::new(Sign::Line, colour(index), *name))
        .collect();
    let (legend, room) = in_svg(&keys, 0.0, title_room(&text.title), SIZE.width);
    let chart = Chart::new(SIZE, x, y).with_room_above(room + title_room(&text.title));
    let marks = html! {
        (heading(&text.title)) (legend)
        @for (index, (_, points)) in lines.iter().enumerate() {
            g class=(colour(index)) {
                @if points.len() > 1 { (chart.line(points, false)) }
                @for point in points { (chart.point(Shape::Dot, *point, "")) }
            }
        }
    };
    Some(chart.svg(&format!("{} over {}", text.y, text.x), &marks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CurvePoint;

    fn curve(points: &[(f64, f64)]) -> Curve {
        let point = |&(x, mean): &(f64, f64)| CurvePoint {
            x,
            mean,
            low: mean,
            high: mean,
        };
        Curve {
            name: "merged".into(),
            points: points.iter().map(point).collect(),
        }
    }

    #[test]
    fn bytes_are_ticked_at_powers_of_four() {
        let mib = f64::from(1 << 20);
        let svg = growth_svg(
            &[curve(&[(1.0, 5.0 * mib), (144.0, 5000.0 * mib)])],
            &PlotText::memory("images in a batch"),
        );
        for tick in ["16 MiB", "64 MiB", "256 MiB", "1 GiB", "4 GiB"] {
            assert!(svg.contains(tick), "{tick} in {svg}");
        }
        assert!(!svg.contains("8 MiB<") && svg.contains("images in a batch"));
    }

    #[test]
    fn nothing_to_draw_is_said() {
        let svg = growth_svg(&[curve(&[(1.0, 0.0)])], &PlotText::memory("x"));
        assert!(svg.contains("nothing to draw"));
    }
}
