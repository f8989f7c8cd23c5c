//! The winner, layer by layer.

use super::part::section as part;
use crate::Run;
use crate::plot::number;
use crate::quantity::{percent, short};
use maud::{Markup, html};
use radars_space::{Architecture, Candidate, Cost, LayerShape, Precision, Space};

/// Every layer of the winner as a block: kernel, channels, stride, bits, and its share of the MACs.
pub fn section(run: &Run) -> Markup {
    let (Some(space), Some(best)) = (&run.space, run.best()) else {
        return html! {};
    };
    let blocks = match (space.shapes(), space.cost(&best.architecture)) {
        (Ok(shapes), Ok(cost)) => blocks(space, shapes, &best.architecture, &cost),
        // The images' shape is not known, or the architecture is of another space.
        _ => return html! {},
    };
    let title = match run.is_over() {
        _ if run.is_given() => "The architecture",
        true => "The winner",
        false => "The best so far",
    };
    let about = "Each block is a layer of the space: a convolution with batch norm and activation, or several of them. \
                 The grid is its kernel; a filled cell is an integer bit, an empty one a fraction bit, of its input \
                 (a) and its weights (w).";
    part(title, about, &blocks)
}

fn blocks(space: &Space, shapes: &[LayerShape], of: &Architecture, cost: &Cost) -> Markup {
    let layers = shapes
        .iter()
        .zip(space.layers())
        .zip(of.layers())
        .zip(&cost.layers);
    let widest = shapes
        .iter()
        .map(|shape| shape.output.channels)
        .max()
        .unwrap_or(1);
    html! {
        ol.blocks {
            @for (index, (((shape, layer), candidate), of_layer)) in layers.enumerate() {
                li.block {
                    div.name { (layer.kind) " " (index + 1) }
                    div.shape {
                        (candidate.kernel) "×" (candidate.kernel)
                        @if let Some(expansion) = candidate.expansion { ", expansion " (expansion) }
                        @if let Some(channels) = candidate.inner_channels { ", " (channels) " inside" }
                        @if layer.stride > 1 { ", stride " (layer.stride) }
                        @if layer.groups > 1 { ", " (layer.groups) " groups" }
                    }
                    (drawing(candidate, shape.output.channels, widest))
                    div.shape {
                        (shape.output.height) "×" (shape.output.width) "×" (shape.output.channels)
                    }
                    (bits("a", candidate.activation()))
                    (bits("w", candidate.weight()))
                    (share(of_layer.macs, cost.macs))
                }
            }
            li.block {
                div.name { "classifier" }
                div.shape { "pooling, linear" }
                (classifier())
                div.shape { @if let Ok(classes) = space.classes() { (classes) " classes" } }
                (bits("a", space.is_quantised().then_some(Space::CLASSIFIER)))
                (bits("w", space.is_quantised().then_some(Space::CLASSIFIER)))
                (share(cost.classifier.macs, cost.macs))
            }
        }
    }
}

/// The kernel's grid in front of sheets that stand for the channels.
fn drawing(candidate: &Candidate, channels: usize, widest: usize) -> Markup {
    let side = candidate.kernel.max(1);
    // One sheet for a sixteenth of the most channels, sixteen for all of them.
    let sheets = (16 * channels).div_ceil(widest.max(1)).clamp(1, 16);
    let grid = 50.0;
    let cell = grid / side as f64;
    html! {
        svg.plot viewBox="0 0 84 84" aria-hidden="true" {
            @for sheet in (1..sheets).rev() {
                @let at = 2.0 * sheet as f64;
                rect.c7 x=(number(1.0 + at)) y=(number(33.0 - at)) width="50" height="50" rx="3" fill="none"
                    stroke="currentColor" stroke-opacity="0.45" {}
            }
            g.halo { rect x="1" y="33" width="50" height="50" rx="3" fill="currentColor" {} }
            g.c0 {
                @if side <= 15 {
                    @for row in 0..side {
                        @for column in 0..side {
                            rect x=(number(1.5 + cell * column as f64)) y=(number(33.5 + cell * row as f64))
                                width=(number(cell - 1.0)) height=(number(cell - 1.0)) rx="1" fill="currentColor"
                                fill-opacity="0.75" {}
                        }
                    }
                } @else {
                    rect x="1" y="33" width="50" height="50" rx="3" fill="currentColor" fill-opacity="0.75" {}
                }
            }
        }
    }
}

fn classifier() -> Markup {
    html! {
        svg.plot viewBox="0 0 84 84" aria-hidden="true" {
            g.c7 {
                @for from in 0..4 {
                    @for to in 0..3 {
                        line x1="20" x2="64" y1=(15 + 18 * from) y2=(24 + 18 * to) stroke="currentColor"
                            stroke-opacity="0.45" {}
                    }
                }
            }
            g.c0 {
                @for from in 0..4 { circle cx="20" cy=(15 + 18 * from) r="5" fill="currentColor" {} }
                @for to in 0..3 { circle cx="64" cy=(24 + 18 * to) r="5" fill="currentColor" {} }
            }
        }
    }
}

/// Bits as cells: integer bits filled, fraction bits empty.
fn bits(of: &str, precision: Option<Precision>) -> Markup {
    html! {
        div.bits {
            span { (of) }
            @if let Some(precision) = precision {
                span {
                    span.cells.c0 {
                        @for _ in 0..precision.integer { i.whole {} }
                        @for _ in 0..precision.fraction { i {} }
                    }
                    span.width title="integer.fraction bits" { (precision) }
                }
            } @else {
                span.width { "float" }
            }
        }
    }
}

fn share(part: u64, whole: u64) -> Markup {
    let share = part as f64 / (whole as f64).max(1.0);
    html! {
        div.bar { i.c1 style=(format!("width:{:.2}%", 100.0 * share)) {} }
        div.share title={ (short(part as f64)) " MACs" } { (percent(share)) " of MACs" }
    }
}
