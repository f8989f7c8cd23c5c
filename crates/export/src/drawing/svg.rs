//! The picture as SVG: a column of boxes, ways around them at its right.

use super::{Around, Group, Part};
use maud::{Markup, html};

const WIDTH: usize = 360;
const LINE: usize = 16;
const GAP: usize = 22;
const MARGIN: usize = 12;
/// How far a way around keeps from the boxes.
const DETOUR: usize = 28;

const CSS: &str = "text{font:11px sans-serif;fill:currentColor;text-anchor:middle}\
rect{fill:none;stroke:currentColor;stroke-width:1}\
path{fill:none;stroke:currentColor;stroke-width:1;marker-end:url(#head)}\
svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#1b1b1b}}";

pub(super) fn draw(groups: &[Group], title: &str) -> String {
    let has_projection = |group: &Group| matches!(group.around, Some(Around::Projection(_)));
    let side = match groups.iter().any(has_projection) {
        true => WIDTH + 2 * DETOUR,
        false => 2 * DETOUR,
    };
    let mut marks: Vec<Markup> = Vec::new();
    let mut y = MARGIN;
    let middle = MARGIN + WIDTH / 2;
    for (index, group) in groups.iter().enumerate() {
        // Where the input of the group comes down.
        let entry = y.saturating_sub(GAP / 2);
        let mut last = y;
        for (place, part) in group.path.iter().enumerate() {
            if index + place > 0 {
                marks.push(arrow(&format!("M{middle} {} V{}", y - GAP, y - 1)));
            }
            marks.push(boxed(part, MARGIN, y));
            last = y;
            y += height(part) + GAP;
        }
        let target = group.path.last().map_or(0, |part| last + height(part) / 2);
        let edge = MARGIN + WIDTH;
        match &group.around {
            None => {}
            Some(Around::Identity) => {
                let out = edge + DETOUR;
                marks.push(arrow(&format!(
                    "M{middle} {entry} H{out} V{target} H{}",
                    edge + 1
                )));
            }
            Some(Around::Projection(part)) => {
                let left = edge + DETOUR;
                let out = left + WIDTH / 2;
                let top = (entry + target) / 2 - height(part) / 2;
                let bottom = top + height(part);
                marks.push(arrow(&format!("M{middle} {entry} H{out} V{}", top - 1)));
                marks.push(boxed(part, left, top));
                marks.push(arrow(&format!("M{out} {bottom} V{target} H{}", edge + 1)));
            }
        }
    }
    let (width, height) = (2 * MARGIN + WIDTH + side, y - GAP + MARGIN);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } role="img" aria-label={ "Network found in " (title) } {
            style { (CSS) }
            defs {
                marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
                    path d="M0 0 L8 4 L0 8 z" style="fill:currentColor;stroke:none;marker-end:none" {}
                }
            }
            @for mark in &marks { (mark) }
        }
    };
    picture.into_string() + "\n"
}

fn height(part: &Part) -> usize {
    part.lines.len() * LINE + 10
}

fn boxed(part: &Part, x: usize, y: usize) -> Markup {
    let middle = x + WIDTH / 2;
    html! {
        rect x=(x) y=(y) width=(WIDTH) height=(height(part)) rx="6" {}
        @for (index, line) in part.lines.iter().enumerate() {
            text x=(middle) y=(y + 17 + index * LINE) { (line) }
        }
    }
}

fn arrow(path: &str) -> Markup {
    html! { path d=(path) {} }
}
