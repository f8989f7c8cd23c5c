//! Legends: below a plot on the page, or inside an SVG of its own.

use super::chart::text_width;
use super::{Shape, number, shape};
use maud::{Markup, html};

/// How a series looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sign {
    Point(Shape),
    Line,
    Dashed,
    /// A filled area of this opacity.
    Area(f64),
}

/// One line of a legend: how a series looks, its colour's class and what it is.
#[derive(Clone, Debug)]
pub struct Key {
    pub sign: Sign,
    pub colour: String,
    pub name: String,
}

impl Key {
    pub fn new(sign: Sign, colour: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            sign,
            colour: colour.into(),
            name: name.into(),
        }
    }

    /// The sign around the middle of a line, 18 wide.
    fn drawn(&self, x: f64, y: f64) -> Markup {
        let line = |dash: Option<&str>| {
            html! {
                line x1=(number(x - 8.0)) x2=(number(x + 8.0)) y1=(number(y)) y2=(number(y))
                    stroke="currentColor" stroke-width="2" stroke-dasharray=[dash] {}
            }
        };
        let sign = match self.sign {
            Sign::Point(of) => shape(of, x, y, ""),
            Sign::Line => line(None),
            Sign::Dashed => line(Some("5 4")),
            Sign::Area(opacity) => html! {
                rect x=(number(x - 7.0)) y=(number(y - 5.0)) width="14" height="10" rx="2" fill="currentColor"
                    fill-opacity=(format!("{opacity:.3}")) {}
            },
        };
        html! { g class=(self.colour) { (sign) } }
    }
}

/// A legend as HTML: it wraps where there is no room.
pub fn below(keys: &[Key]) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.key {
                @for key in keys {
                    li {
                        svg.plot viewBox="0 0 20 14" width="20" height="14" aria-hidden="true" { (key.drawn(10.0, 7.0)) }
                        (key.name)
                    }
                }
            }
        }
    }
}

/// A legend as part of an SVG, from the top left corner on, and how high it is.
pub fn in_svg(keys: &[Key], left: f64, top: f64, width: f64) -> (Markup, f64) {
    const LINE: f64 = 18.0;
    let (mut x, mut y) = (left, top + LINE / 2.0);
    let mut drawn = Vec::with_capacity(keys.len());
    for key in keys {
        let wide = 24.0 + text_width(&key.name) + 14.0;
        if x > left && x + wide > left + width {
            (x, y) = (left, y + LINE);
        }
        drawn.push(html! {
            (key.drawn(x + 10.0, y))
            text x=(number(x + 24.0)) y=(number(y)) dy="0.35em" fill="currentColor" { (key.name) }
        });
        x += wide;
    }
    let height = if keys.is_empty() {
        0.0
    } else {
        y + LINE / 2.0 - top
    };
    (html! { @for key in &drawn { (key) } }, height)
}
