//! What is drawn on axes: points, lines, steps, bands, rules.

use super::{Chart, number};
use maud::{Markup, html};

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Dot,
    Ring,
    Cross,
    Diamond,
    Star,
}

/// A point around a position in the picture, in the current colour; `note` shows when it is pointed at.
pub fn shape(shape: Shape, x: f64, y: f64, note: &str) -> Markup {
    let at = |dx: f64, dy: f64| format!("{} {}", number(x + dx), number(y + dy));
    let note = html! { @if !note.is_empty() { title { (note) } } };
    match shape {
        Shape::Dot => html! {
            circle cx=(number(x)) cy=(number(y)) r="3.4" fill="currentColor" fill-opacity="0.85" { (note) }
        },
        Shape::Ring => html! {
            circle cx=(number(x)) cy=(number(y)) r="4" fill="currentColor" fill-opacity="0.15"
                stroke="currentColor" stroke-width="1.6" { (note) }
        },
        Shape::Cross => {
            let path = format!(
                "M{}L{}M{}L{}",
                at(-3.5, -3.5),
                at(3.5, 3.5),
                at(-3.5, 3.5),
                at(3.5, -3.5)
            );
            html! { path d=(path) stroke="currentColor" stroke-width="1.8" fill="none" { (note) } }
        }
        Shape::Diamond => {
            let path = format!(
                "M{}L{}L{}L{}Z",
                at(0.0, -5.5),
                at(5.5, 0.0),
                at(0.0, 5.5),
                at(-5.5, 0.0)
            );
            html! { path d=(path) fill="currentColor" { (note) } }
        }
        Shape::Star => {
            // A five-pointed star: outer radius 8.5, the inner one 0.45 of it.
            let corner = |index: u32| {
                let radius = if index.is_multiple_of(2) { 8.5 } else { 3.8 };
                let angle = f64::from(index) * std::f64::consts::PI / 5.0;
                at(radius * libm::sin(angle), -radius * libm::cos(angle))
            };
            let corners: Vec<String> = (0..10).map(corner).collect();
            let path = format!("M{}Z", corners.join("L"));
            html! { path d=(path) fill="currentColor" { (note) } }
        }
    }
}

impl Chart {
    /// A point at values.
    pub fn point(&self, of: Shape, (x, y): (f64, f64), note: &str) -> Markup {
        shape(of, self.x(x), self.y(y), note)
    }

    /// A line through points.
    pub fn line(&self, points: &[(f64, f64)], dashed: bool) -> Markup {
        html! {
            @if !points.is_empty() {
                path d=(self.path(points)) fill="none" stroke="currentColor" stroke-width="2"
                    stroke-linejoin="round" stroke-dasharray=[dashed.then_some("5 4")] {}
            }
        }
    }

    /// A line that keeps each value until the next.
    pub fn steps(&self, points: &[(f64, f64)]) -> Markup {
        let mut corners = Vec::with_capacity(2 * points.len());
        for &(x, y) in points {
            if let Some(&(_, before)) = corners.last() {
                corners.push((x, before));
            }
            corners.push((x, y));
        }
        html! {
            @if !corners.is_empty() {
                path d=(self.path(&corners)) fill="none" stroke="currentColor" stroke-width="1.8"
                    stroke-linejoin="round" {}
            }
        }
    }

    /// What lies between two lines: `(x, low, high)`.
    pub fn band(&self, points: &[(f64, f64, f64)], opacity: f64) -> Markup {
        let upper = points.iter().map(|&(x, _, high)| (x, high));
        let lower = points.iter().rev().map(|&(x, low, _)| (x, low));
        let around: Vec<(f64, f64)> = upper.chain(lower).collect();
        html! {
            path d={ (self.path(&around)) "Z" } fill="currentColor" fill-opacity=(format!("{opacity:.3}")) {}
        }
    }

    /// A level across the whole plot.
    pub fn level(&self, y: f64) -> Markup {
        let ((from, to), at) = (self.across(), self.y(y));
        html! {
            line x1=(number(from)) x2=(number(to)) y1=(number(at)) y2=(number(at))
                stroke="currentColor" stroke-width="1.5" stroke-dasharray="6 4" {}
        }
    }

    /// An upright line that separates what is left of it from what is right.
    pub fn divider(&self, x: f64) -> Markup {
        let ((bottom, top), at) = (self.upright(), self.x(x));
        html! {
            line x1=(number(at)) x2=(number(at)) y1=(number(bottom)) y2=(number(top))
                stroke="currentColor" stroke-opacity="0.35" stroke-dasharray="2 4" {}
        }
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            path += &format!("{letter}{} {}", number(self.x(x)), number(self.y(y)));
        }
        path
    }
}
