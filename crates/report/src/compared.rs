//! Plots that compare searches: the Pareto picture, and curves with bands.

use crate::pareto_front;
use crate::plot::{Axis, CSS, Chart, Key, Scale, Shape, Sign, Size, Unit, colour, in_svg};
use maud::{Markup, PreEscaped, html};

/// The architectures that one method searched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// AOPS and error (1 - accuracy) of each architecture. Its front is drawn as a step line.
    pub points: Vec<(f64, f64)>,
    /// AOPS and error of what the method chose in the end, drawn as stars; may be empty.
    pub winners: Vec<(f64, f64)>,
}

/// One line of [`curves_svg`], by rising `x`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// What the legend calls it.
    pub name: String,
    /// Its points.
    pub points: Vec<CurvePoint>,
}

/// A point of a curve and how far it spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// What was spent.
    pub x: f64,
    /// What was reached, the mean over seeds.
    pub mean: f64,
    /// Lower end of the band; equal to the mean where there is none.
    pub low: f64,
    /// Upper end of the band.
    pub high: f64,
}

/// The words of a plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotText {
    /// Stands above it; may be empty.
    pub title: String,
    /// The horizontal axis.
    pub x: String,
    /// The vertical axis.
    pub y: String,
    /// Whether `x` counts seconds (written as minutes, hours) instead of things (written as k, M, G).
    pub x_is_seconds: bool,
}

impl PlotText {
    /// The axes of a Pareto picture.
    #[must_use]
    pub fn pareto() -> Self {
        Self {
            title: String::new(),
            x: "AOPS".into(),
            y: "error".into(),
            x_is_seconds: false,
        }
    }

    /// Reward over what was spent in training MACs.
    #[must_use]
    pub fn reward_over_macs() -> Self {
        Self {
            title: String::new(),
            x: "training MACs".into(),
            y: "best reward so far".into(),
            x_is_seconds: false,
        }
    }

    /// Memory over what `x` says.
    #[must_use]
    pub fn memory(x: &str) -> Self {
        Self {
            title: String::new(),
            x: x.into(),
            y: "peak bytes".into(),
            x_is_seconds: false,
        }
    }

    /// Reward over seconds.
    #[must_use]
    pub fn reward_over_seconds() -> Self {
        Self {
            x: "search time".into(),
            x_is_seconds: true,
            ..Self::reward_over_macs()
        }
    }
}

pub(crate) const SIZE: Size = Size {
    width: 640.0,
    height: 380.0,
};

/// Every searched architecture as a dot, error against AOPS, coloured by method, with each method's front
/// as a step line and its winners as stars. The AOPS axis is logarithmic where the range is tenfold or more.
///
/// The result is an SVG file of its own, in the reader's light or dark scheme, that may also be put into a
/// page. Points that are not finite are left out; without any, the picture says so.
#[must_use]
pub fn pareto_svg(series: &[Series], text: &PlotText) -> String {
    let body = pareto_parts(series, text, SIZE, true).unwrap_or_else(|| nothing(text));
    standalone(&body, &text.title)
}

/// The picture without its style; none without points.
pub(crate) fn pareto_parts(
    series: &[Series],
    text: &PlotText,
    size: Size,
    with_key: bool,
) -> Option<Markup> {
    let finite = |&&(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
    let all = series
        .iter()
        .flat_map(|s| s.points.iter().chain(&s.winners));
    let all: Vec<(f64, f64)> = all.filter(finite).copied().collect();
    let xs = || all.iter().map(|point| point.0);
    let (low, high) = xs().fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(x), h.max(x)));
    if all.is_empty() {
        return None;
    }
    let ticks = (size.width / 110.0) as usize;
    let logarithmic = if high >= 10.0 * low {
        Scale::logarithmic(xs(), Unit::Count)
    } else {
        None
    };
    let is_log = logarithmic.is_some();
    let x = Axis {
        title: if is_log {
            format!("{}, logarithmic", text.x)
        } else {
            text.x.clone()
        },
        scale: logarithmic.unwrap_or_else(|| Scale::around(xs(), Unit::Count, ticks)),
    };
    let y = Axis {
        title: text.y.clone(),
        scale: Scale::around(all.iter().map(|point| point.1), Unit::Percent, 5),
    };
    let (_, right_end) = x.scale.range();
    let keys = if with_key {
        pareto_keys(series)
    } else {
        Vec::new()
    };
    let (legend, room) = in_svg(&keys, 0.0, title_room(&text.title), size.width);
    let room = if with_key {
        room + title_room(&text.title)
    } else {
        0.0
    };
    let chart = Chart::new(size, x, y).with_room_above(room);
    let marks = html! {
        @if with_key { (heading(&text.title)) (legend) }
        @for (index, of) in series.iter().enumerate() {
            g class=(colour(index)) {
                @let front = pareto_front(&of.points);
                @if !front.is_empty() { (chart.steps(&to_the_end(&front, right_end))) }
                @for &point in of.points.iter().filter(finite) { (chart.point(Shape::Dot, point, &note(&of.name, point))) }
            }
        }
        // Above all points, so that none hides a winner.
        @for (index, of) in series.iter().enumerate() {
            g class=(colour(index)) {
                @for &point in of.winners.iter().filter(finite) { (chart.point(Shape::Star, point, &note(&of.name, point))) }
            }
        }
    };
    Some(chart.svg("error against AOPS of every architecture", &marks))
}

/// The legend of a Pareto picture.
pub(crate) fn pareto_keys(series: &[Series]) -> Vec<Key> {
    let of = series.iter().enumerate();
    let mut keys: Vec<Key> = of
        .map(|(index, of)| Key::new(Sign::Point(Shape::Dot), colour(index), of.name.as_str()))
        .collect();
    keys.push(Key::new(Sign::Line, "quiet", "front"));
    if series.iter().any(|of| !of.winners.is_empty()) {
        keys.push(Key::new(Sign::Point(Shape::Star), "quiet", "winner"));
    }
    keys
}

fn note(name: &str, (aops, error): (f64, f64)) -> String {
    let aops = crate::quantity::short(aops);
    format!(
        "{name}: error {}, {aops} AOPS",
        crate::quantity::percent(error)
    )
}

/// A front goes on to the right: what costs more can be had as good.
fn to_the_end(front: &[(f64, f64)], right_end: f64) -> Vec<(f64, f64)> {
    let mut steps = front.to_vec();
    steps.extend(front.last().map(|&(_, error)| (right_end, error)));
    steps
}

/// One line a method with a band around it. A curve of one point is a dot.
///
/// The result is an SVG file of its own, in the reader's light or dark scheme, that may also be put into a
/// page. Points that are not finite are left out; without any, the picture says so.
#[must_use]
pub fn curves_svg(curves: &[Curve], text: &PlotText) -> String {
    let body = curves_parts(curves, text).unwrap_or_else(|| nothing(text));
    standalone(&body, &text.title)
}

fn curves_parts(curves: &[Curve], text: &PlotText) -> Option<Markup> {
    let finite = |curve: &Curve| -> Vec<CurvePoint> {
        let whole = |p: &&CurvePoint| [p.x, p.mean, p.low, p.high].iter().all(|v| v.is_finite());
        curve.points.iter().filter(whole).copied().collect()
    };
    let curves: Vec<(&str, Vec<CurvePoint>)> = curves
        .iter()
        .map(|c| (c.name.as_str(), finite(c)))
        .collect();
    let all = || curves.iter().flat_map(|(_, points)| points);
    let last = all()
        .map(|point| point.x)
        .fold(None, |last, x| Some(f64::max(last.unwrap_or(x), x)))?;
    let unit = if text.x_is_seconds {
        Unit::Seconds
    } else {
        Unit::Count
    };
    let x = Axis {
        title: text.x.clone(),
        scale: Scale::exactly(0.0, 1.02 * last, unit, 6),
    };
    let y = Axis {
        title: text.y.clone(),
        scale: Scale::around(all().flat_map(|p| [p.low, p.high]), Unit::Plain, 5),
    };
    let named = curves.iter().enumerate();
    let keys: Vec<Key> = named
        .map(|(index, (name, _))| Key::new(Sign::Line, colour(index), *name))
        .collect();
    let (legend, room) = in_svg(&keys, 0.0, title_room(&text.title), SIZE.width);
    let chart = Chart::new(SIZE, x, y).with_room_above(room + title_room(&text.title));
    let band = |points: &[CurvePoint]| {
        let band: Vec<(f64, f64, f64)> = points.iter().map(|p| (p.x, p.low, p.high)).collect();
        let wide = points.iter().any(|p| p.high > p.low);
        html! { @if wide { (chart.band(&band, 0.16)) } }
    };
    let line = |points: &[CurvePoint]| -> Markup {
        let line: Vec<(f64, f64)> = points.iter().map(|p| (p.x, p.mean)).collect();
        match line.as_slice() {
            [] => html! {},
            [point] => chart.point(Shape::Dot, *point, ""),
            line => chart.line(line, false),
        }
    };
    let marks = html! {
        (heading(&text.title)) (legend)
        @for (index, (_, points)) in curves.iter().enumerate() { g class=(colour(index)) { (band(points)) } }
        @for (index, (_, points)) in curves.iter().enumerate() { g class=(colour(index)) { (line(points)) } }
    };
    Some(chart.svg(&format!("{} over {}", text.y, text.x), &marks))
}

pub(crate) fn title_room(title: &str) -> f64 {
    if title.is_empty() { 0.0 } else { 26.0 }
}

pub(crate) fn heading(title: &str) -> Markup {
    html! {
        @if !title.is_empty() {
            text x="0" y="15" font-size="15" font-weight="600" fill="currentColor" { (title) }
        }
    }
}

pub(crate) fn nothing(text: &PlotText) -> Markup {
    html! {
        svg.plot viewBox="0 0 640 60" font-size="12" font-family="sans-serif" {
            (heading(&text.title))
            text x="0" y="42" fill="currentColor" { "There is nothing to draw yet: no point of " (text.y) " over " (text.x) "." }
        }
    }
}

/// A picture with its colours, as a file of its own: a margin around it and a sheet of paper behind it.
pub(crate) fn standalone(plot: &Markup, title: &str) -> String {
    const MARGIN: f64 = 14.0;
    let plot = plot.0.as_str();
    // The markup is this module's own: a root element with a view box that begins at 0 0.
    let parts = plot.split_once("viewBox=\"0 0 ").and_then(|(_, rest)| {
        let (view, rest) = rest.split_once('"')?;
        let (width, height) = view.split_once(' ')?;
        let sides = (width.parse::<f64>().ok()?, height.parse::<f64>().ok()?);
        Some((sides, rest.split_once('>')?))
    });
    let Some(((width, height), (attributes, body))) = parts else {
        return plot.to_owned();
    };
    let (wide, high) = (width + 2.0 * MARGIN, height + 2.0 * MARGIN);
    let inside = html! {
        @if !title.is_empty() { title { (title) } }
        style { (PreEscaped(CSS)) }
        g class="paper" { rect x=(-MARGIN) y=(-MARGIN) width=(wide) height=(high) fill="currentColor" {} }
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" width=\"{wide}\" height=\"{high}\" \
         viewBox=\"-{MARGIN} -{MARGIN} {wide} {high}\"{attributes}>{}{body}\n",
        inside.0
    )
}
