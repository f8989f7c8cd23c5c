//! How often each choice was sampled, over time.

use super::part::{figure, grid, section as part};
use crate::Run;
use crate::plot::{Axis, Chart, Key, Scale, Sign, Size, Unit};
use crate::run::Episode;
use maud::{Markup, html};
use radars_space::{Candidate, HyperParameter, Space};

/// The most episodes that one share is taken over.
const WINDOW: usize = 5;

/// One plot a hyper-parameter type that is searched: the shares of its choices over all layers.
pub fn section(run: &Run) -> Markup {
    let episodes = run.episodes();
    let Some(space) = run.space.as_ref().filter(|_| !episodes.is_empty()) else {
        return html! {};
    };
    let figures: Vec<Markup> = (HyperParameter::ALL.into_iter())
        .filter_map(|kind| shares_of(space, &episodes, kind))
        .collect();
    if figures.is_empty() {
        return html! {};
    }
    let about = format!(
        "Share of each choice over all layers, in the last {WINDOW} episodes at each point; the stronger the colour, \
         the larger the choice."
    );
    part("What was sampled", &about, &grid(&figures))
}

fn shares_of(space: &Space, episodes: &[&Episode], kind: HyperParameter) -> Option<Markup> {
    let decided: Vec<usize> = (space.decisions().iter())
        .filter(|decision| decision.kind == kind)
        .map(|decision| decision.layer)
        .collect();
    let lists = decided
        .iter()
        .map(|&layer| space.layers()[layer].choices.list(kind));
    let mut choices: Vec<usize> = lists.flatten().copied().collect();
    choices.sort_unstable();
    choices.dedup();
    if choices.is_empty() {
        return None;
    }
    let sampled: Vec<Vec<usize>> = (episodes.iter())
        .map(|episode| {
            let layers = episode.architecture.layers();
            let of = |&layer: &usize| value(layers.get(layer)?, kind);
            decided.iter().filter_map(of).collect()
        })
        .collect();
    let shares = windowed_shares(&sampled, &choices);
    let x = Axis {
        title: "episode".into(),
        scale: Scale::exactly(0.5, episodes.len() as f64 + 0.5, Unit::Whole, 6),
    };
    let y = Axis {
        title: "share".into(),
        scale: Scale::exactly(0.0, 1.0, Unit::Percent, 4),
    };
    let chart = Chart::new(Size::SMALL, x, y);
    let mut below = vec![0.0; shares.len()];
    let mut areas = Vec::with_capacity(choices.len());
    for choice in 0..choices.len() {
        let mut band = Vec::with_capacity(2 * shares.len());
        for (episode, shares) in shares.iter().enumerate() {
            let (low, high) = (below[episode], below[episode] + shares[choice]);
            below[episode] = high;
            band.extend([0.5, 1.5].map(|side| (episode as f64 + side, low, high)));
        }
        areas.push(chart.band(&band, opacity(choice, choices.len())));
    }
    let marks = html! { g.c0 { @for area in &areas { (area) } } };
    let named = choices.iter().enumerate().rev();
    let keys: Vec<Key> = named
        .map(|(index, choice)| {
            let sign = Sign::Area(opacity(index, choices.len()));
            Key::new(sign, "c0", choice_name(kind, *choice))
        })
        .collect();
    let title = title(kind);
    let svg = chart.svg(&format!("{title}: share of each choice by episode"), &marks);
    Some(figure(title, &svg, &keys))
}

/// The share of each choice in the episodes up to each one, no more than [`WINDOW`] back.
fn windowed_shares(sampled: &[Vec<usize>], choices: &[usize]) -> Vec<Vec<f64>> {
    (0..sampled.len())
        .map(|last| {
            let window = &sampled[(last + 1).saturating_sub(WINDOW)..=last];
            let total = window.iter().map(Vec::len).sum::<usize>().max(1) as f64;
            let share = |choice: &usize| {
                let of = window.iter().flatten().filter(|value| *value == choice);
                of.count() as f64 / total
            };
            choices.iter().map(share).collect()
        })
        .collect()
}

/// From pale to full.
fn opacity(index: usize, of: usize) -> f64 {
    0.16 + 0.84 * index as f64 / (of.saturating_sub(1)).max(1) as f64
}

fn value(candidate: &Candidate, kind: HyperParameter) -> Option<usize> {
    Some(match kind {
        HyperParameter::Kernel => candidate.kernel,
        HyperParameter::Expansion => candidate.expansion?,
        HyperParameter::InnerChannels => candidate.inner_channels?,
        HyperParameter::ActivationInteger => usize::from(candidate.activation()?.integer),
        HyperParameter::ActivationFraction => usize::from(candidate.activation()?.fraction),
        HyperParameter::WeightInteger => usize::from(candidate.weight()?.integer),
        HyperParameter::WeightFraction => usize::from(candidate.weight()?.fraction),
        _ => return None,
    })
}

fn title(kind: HyperParameter) -> &'static str {
    match kind {
        HyperParameter::Kernel => "Kernel size",
        HyperParameter::Expansion => "Expansion",
        HyperParameter::InnerChannels => "Inner channels",
        HyperParameter::ActivationInteger => "Activations, integer bits",
        HyperParameter::ActivationFraction => "Activations, fraction bits",
        HyperParameter::WeightInteger => "Weights, integer bits",
        HyperParameter::WeightFraction => "Weights, fraction bits",
        other => other.key(),
    }
}

fn choice_name(kind: HyperParameter, choice: usize) -> String {
    match kind {
        HyperParameter::Kernel => format!("{choice}×{choice}"),
        _ => choice.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six episodes of one layer: the window of five has lost the first 3 at the sixth.
    #[test]
    fn shares_are_of_the_last_episodes() {
        let sampled = [3, 1, 1, 3, 1, 1].map(|value| vec![value]);
        let shares = windowed_shares(&sampled, &[1, 3]);
        assert_eq!(shares[0], [0.0, 1.0]);
        assert_eq!(shares[1], [0.5, 0.5]);
        assert_eq!(shares[4], [3.0 / 5.0, 2.0 / 5.0]);
        assert_eq!(shares[5], [4.0 / 5.0, 1.0 / 5.0]);
    }
}
