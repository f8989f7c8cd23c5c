//! An event as a line of text.

use super::words::{in_words, name, number, recomputed, refusal_in_words};
use crate::quantity::{bytes, seconds};
use radars_search::{Event, Method, Stop};

/// The event in words.
pub fn describe(event: &Event) -> String {
    match event {
        Event::Started {
            device,
            method,
            bound_bytes,
            data_bytes,
            images: [weights, alpha, rewards, test],
            ..
        } => {
            let (method, training) = match method {
                Method::Given => ("training".to_owned(), format!("{weights} training images")),
                method => (
                    method.to_string(),
                    format!(
                        "{weights} + {alpha} + {rewards} training images (weights, alpha, rewards)"
                    ),
                ),
            };
            format!(
                "{method} on {device}, bound {}; {training}, {test} test images, {} of host memory for them",
                bytes(*bound_bytes),
                bytes(*data_bytes)
            )
        }
        Event::TrainingStarted {
            fidelity,
            architecture,
            epochs,
            planned_peak_bytes,
            micro_batch,
            recompute,
        } => format!(
            "{} training, {epochs} epochs, {micro_batch} images at once{}, planned peak {}: {architecture}",
            name(*fidelity),
            recomputed(*recompute),
            bytes(*planned_peak_bytes)
        ),
        Event::Epoch {
            fidelity,
            epoch,
            loss,
            seconds: took,
        } => {
            format!(
                "{} epoch {}: loss {}, {}",
                name(*fidelity),
                epoch + 1,
                number(*loss),
                seconds(*took)
            )
        }
        Event::Episode {
            iteration,
            episode,
            architecture,
            repeated,
            accuracy,
            fidelity,
            aops,
            reward,
            refused,
            memory,
            seconds: took,
            ..
        } => {
            let outcome = match (refused, accuracy) {
                (Some(refusal), _) => refusal_in_words(refusal),
                (None, Some(accuracy)) => format!("{} accuracy {accuracy:.4}", name(*fidelity)),
                (None, None) => "not trained".into(),
            };
            let again = if *repeated { ", met before" } else { "" };
            let memory = memory.map(in_words).unwrap_or_default();
            format!(
                "iteration {} episode {}: reward {reward:.4}, {outcome}{again}, {aops} AOPS{memory}, {}: {architecture}",
                iteration + 1,
                episode + 1,
                seconds(*took)
            )
        }
        Event::Retrained {
            iteration,
            rank,
            architecture,
            proxy_reward,
            accuracy,
            reward,
            memory,
            seconds: took,
            ..
        } => format!(
            "iteration {} re-trained {}: reward {reward:.4} (proxy {proxy_reward:.4}), accuracy {accuracy:.4}{}, {}: \
             {architecture}",
            iteration + 1,
            rank + 1,
            in_words(*memory),
            seconds(*took)
        ),
        Event::Pruned {
            iteration,
            candidates,
            refused_bytes,
            ..
        } if candidates.is_empty() => format!(
            "iteration {}: no SuperNet fits the bound{}",
            iteration + 1,
            refused_bytes
                .map(|needed| format!(", the smallest needs {}", bytes(needed)))
                .unwrap_or_default()
        ),
        Event::Pruned {
            iteration,
            rule,
            architectures,
            left_out,
            candidates,
            mixing,
            micro_batch,
            recompute,
            paths,
            planned_peak_bytes,
            refused_bytes,
        } => format!(
            "iteration {}: a {} SuperNet of {}, {candidates:?} candidates, {paths} paths, {micro_batch} images at \
             once{}, planned peak {}{}",
            iteration + 1,
            mixing.map_or("mixed", |mixing| mixing.name()),
            match rule {
                None => "the whole space".to_owned(),
                Some(rule) => format!(
                    "{} of {} architectures (rule {rule})",
                    architectures.len(),
                    architectures.len() + left_out
                ),
            },
            recomputed(*recompute),
            bytes(*planned_peak_bytes),
            refused_bytes
                .map(|next| format!("; one more would have needed {}", bytes(next)))
                .unwrap_or_default()
        ),
        Event::DnasSkipped { iteration, why } => {
            format!(
                "iteration {}: no differentiable search: {why}",
                iteration + 1
            )
        }
        Event::DnasEpoch {
            iteration,
            epoch,
            weight_loss,
            alpha_loss,
            temperature,
            seconds: took,
            ..
        } => {
            let alpha_loss = alpha_loss
                .map(|loss| format!(", architecture loss {loss:.4}"))
                .unwrap_or_default();
            format!(
                "iteration {} DNAS epoch {}: weight loss {}{alpha_loss}, temperature {temperature:.3}, {}",
                iteration + 1,
                epoch + 1,
                number(*weight_loss),
                seconds(*took)
            )
        }
        Event::Derived {
            iteration,
            architecture,
            refused,
            accuracy,
            reward,
            supernet_memory,
            ..
        } => {
            let outcome = match (refused, reward, accuracy) {
                (Some(refusal), ..) => refusal_in_words(refusal),
                (None, Some(reward), Some(accuracy)) => {
                    format!("reward {reward:.4}, accuracy {accuracy:.4}")
                }
                _ => "not trained".into(),
            };
            format!(
                "iteration {} derived: {outcome}{}: {architecture}",
                iteration + 1,
                in_words(*supernet_memory)
            )
        }
        Event::Best {
            architecture,
            reward,
            accuracy,
            aops,
            ..
        } => {
            format!(
                "best so far: reward {reward:.4}, accuracy {accuracy:.4}, {aops} AOPS: {architecture}"
            )
        }
        Event::SharedEpoch {
            epoch,
            epochs,
            loss,
            seconds: took,
        } => format!(
            "shared weights, epoch {} of {epochs}: loss {}, {}",
            epoch + 1,
            number(*loss),
            seconds(*took)
        ),
        Event::Screened {
            paths,
            best,
            accuracy,
            reward,
            memory,
            traffic,
            seconds: took,
            ..
        } => format!(
            "{paths} paths with inherited weights: best reward {reward:.4}, accuracy {accuracy:.4}{}, {} moved to the \
             device and {} back, {}: {best}",
            in_words(*memory),
            bytes(traffic.uploaded_bytes as usize),
            bytes(traffic.downloaded_bytes as usize),
            seconds(*took)
        ),
        Event::Resumed {
            checkpoint,
            refused,
        } => {
            let refused = match refused.len() {
                0 => String::new(),
                _ => format!("; newer ones could not be used: {}", refused.join("; ")),
            };
            format!("going on from checkpoint {checkpoint}{refused}")
        }
        Event::SearchEnded {
            stop,
            iterations,
            seconds: took,
        } => {
            format!(
                "search ended after {iterations} iterations, {}: {}",
                seconds(*took),
                reason(*stop)
            )
        }
        Event::Tested {
            test_accuracy,
            memory,
            seconds: took,
            ..
        } => {
            format!(
                "test accuracy {test_accuracy:.4}{}, {}",
                in_words(*memory),
                seconds(*took)
            )
        }
        // An event that these words know nothing of yet, as in `events.jsonl`.
        event => serde_json::to_string(event).unwrap_or_else(|error| error.to_string()),
    }
}

/// Whether a line stays on the screen above the bars, which show the rest.
pub fn is_milestone(event: &Event) -> bool {
    !matches!(
        event,
        Event::TrainingStarted { .. }
            | Event::Epoch { .. }
            | Event::DnasEpoch { .. }
            | Event::SharedEpoch { .. }
    )
}

/// Why the search ended.
pub fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Iterations => "all iterations done",
        Stop::Target => "target reached",
        Stop::Budget => "budget used up",
        Stop::TimeLimit => "time limit reached",
        Stop::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_search::Fidelity;
    use radars_supernet::Recompute;

    #[test]
    fn numbers_count_from_one_and_carry_units() {
        let event = Event::Epoch {
            fidelity: Fidelity::Proxy,
            epoch: 0,
            loss: Some(2.345_67),
            seconds: 0.25,
        };
        assert_eq!(describe(&event), "proxy epoch 1: loss 2.3457, 0.25 s");
        assert!(!is_milestone(&event));
        let event = Event::SearchEnded {
            stop: Stop::TimeLimit,
            iterations: 1,
            seconds: 90.0,
        };
        assert_eq!(
            describe(&event),
            "search ended after 1 iterations, 1m 30s: time limit reached"
        );
    }

    /// The whole space has no list of architectures; a space of which nothing fits has no candidates.
    #[test]
    fn a_supernet_of_the_whole_space_is_told_from_none() {
        let pruned = |candidates: Vec<usize>| Event::Pruned {
            iteration: 0,
            rule: None,
            architectures: Vec::new(),
            left_out: 0,
            mixing: Some(radars_supernet::Mixing::Factorised),
            micro_batch: 32,
            recompute: Recompute::NONE,
            paths: candidates.iter().product::<usize>() as f64,
            candidates,
            planned_peak_bytes: 1 << 20,
            refused_bytes: Some(2 << 20),
        };
        assert_eq!(
            describe(&pruned(vec![3, 2])),
            "iteration 1: a factorised SuperNet of the whole space, [3, 2] candidates, 6 paths, 32 images at once, \
             planned peak 1.0 MiB; one more would have needed 2.0 MiB"
        );
        let mut packed = pruned(vec![1]);
        if let Event::Pruned {
            rule,
            architectures,
            left_out,
            recompute,
            ..
        } = &mut packed
        {
            *recompute = Recompute::NONE.with(1);
            *rule = Some(radars_search::SnRule::Pack);
            *architectures = vec![radars_space::Architecture(vec![])];
            *left_out = 2;
        }
        let words = describe(&packed);
        assert!(words.contains("SuperNet of 1 of 3 architectures (rule pack), [1]"));
        assert!(words.contains("32 images at once, layer 2 recomputed, planned"));
        assert_eq!(
            describe(&pruned(vec![])),
            "iteration 1: no SuperNet fits the bound, the smallest needs 2.0 MiB"
        );
    }
}
