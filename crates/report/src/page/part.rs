//! The parts that sections are made of.

use crate::plot::{Key, Size, below};
use maud::{Markup, html};

/// A section with its heading and what it is about in a sentence.
pub fn section(title: &str, about: &str, content: &Markup) -> Markup {
    html! {
        section {
            h2 { (title) }
            @if !about.is_empty() { p.about { (about) } }
            (content)
        }
    }
}

/// A plot with its title and legend.
pub fn figure(title: &str, plot: &Markup, keys: &[Key]) -> Markup {
    html! {
        figure {
            figcaption { (title) }
            (plot)
            (below(keys))
        }
    }
}

/// A plot as wide as the page, drawn once for wide and once for narrow pages: text keeps its size.
pub fn wide_figure(title: &str, plot: impl Fn(Size) -> Markup, keys: &[Key]) -> Markup {
    html! {
        figure.wide {
            @if !title.is_empty() { figcaption { (title) } }
            div.on-wide { (plot(Size::WIDE)) }
            div.on-narrow { (plot(Size::NARROW)) }
            (below(keys))
        }
    }
}

/// Figures beside each other where there is room.
pub fn grid(figures: &[Markup]) -> Markup {
    html! {
        div.grid { @for figure in figures { (figure) } }
    }
}

/// Names and values in two columns.
pub fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl {
            @for (name, value) in facts {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}
