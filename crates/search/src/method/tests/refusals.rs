//! What is over the bound or the limits: it teaches the controller to stay away, and is never trained.

use super::fake::{Call, Fake, finished, problem, run};
use crate::{Error, Event, Refusal, Resumed};

#[test]
fn an_architecture_over_the_bound_gets_the_penalty_and_is_never_trained() {
    let problem = problem(|_| {});
    let over = Fake {
        child_bytes: [1, 1, 1, 101],
        // It fits while it is searched for, but could not be trained if it won.
        final_bytes: [1, 1, 102, 1],
        derived: 7,
        ..Fake::default()
    };
    let done = finished(&problem, over);
    let (fake, events) = (&done.fake, &done.events);
    let seen = |kernel: usize| {
        let episodes = events.iter().filter_map(move |event| match event {
            Event::Episode {
                architecture,
                reward,
                refused,
                accuracy,
                memory,
                ..
            } if architecture.layers()[0].kernel == kernel => {
                Some((*reward, refused.clone(), *accuracy, *memory))
            }
            _ => None,
        });
        episodes.collect::<Vec<_>>()
    };
    for (kernel, needed_bytes) in [(7, 101), (5, 102)] {
        let refused = Refusal::OverBound {
            needed_bytes,
            bound_bytes: 100,
        };
        assert!(seen(kernel).len() > 1, "sampled again after it was refused");
        for episode in seen(kernel) {
            assert_eq!(episode, (-0.5, Some(refused.clone()), None, None));
        }
    }
    assert!(
        fake.calls
            .iter()
            .all(|call| !matches!(call, Call::Train(_, 5 | 7)))
    );
    assert_eq!(done.exploited.findings.trained, 2);
    // DNAS derived one of them: logged with the reason, not trained.
    let derived = events.iter().filter(|event| {
        matches!(
            event,
            Event::Derived {
                refused: Some(Refusal::OverBound {
                    needed_bytes: 101,
                    ..
                }),
                reward: None,
                memory: None,
                ..
            }
        )
    });
    // The second iteration would search the same SuperNet.
    assert_eq!(derived.count(), 1);
}

/// Parameters of the layer with kernel k and 8 channels, batch norm's 16 included: 8 k^2 + 16; classifier 8 * 10 + 10.
#[test]
fn an_architecture_over_a_limit_gets_the_penalty_and_is_never_trained() {
    let problem = problem(|config| config.limits.max_params = Some(8 * 25 + 16 + 90));
    let done = finished(&problem, Fake::default());
    let (fake, events) = (&done.fake, &done.events);
    let over = |refused: &Option<Refusal>| match refused {
        Some(Refusal::OverLimit { what, value, limit }) => {
            (what.as_str(), *value, *limit) == ("parameters", 8 * 49 + 16 + 90, 8 * 25 + 16 + 90)
        }
        _ => false,
    };
    let mut refusals = 0;
    for event in events {
        match event {
            Event::Episode {
                architecture,
                refused,
                reward,
                ..
            } => {
                let expected = architecture.layers()[0].kernel == 7;
                assert_eq!(refused.is_some(), expected);
                if expected {
                    assert!(over(refused), "{refused:?}");
                    assert_eq!(*reward, -0.5);
                    refusals += 1;
                }
            }
            Event::Derived {
                refused, reward, ..
            } => {
                assert!(over(refused) && reward.is_none(), "{refused:?}");
            }
            _ => {}
        }
    }
    assert!(refusals > 0);
    assert!(
        fake.calls
            .iter()
            .all(|call| !matches!(call, Call::Train(_, 7)))
    );
}

#[test]
fn nothing_to_train_is_an_error() {
    let problem = problem(|_| {});
    let all_over = Fake {
        child_bytes: [101; 4],
        ..Fake::default()
    };
    let error = run(&problem, all_over, Resumed::default()).err().unwrap();
    assert!(
        matches!(error, Error::NothingTrained { episodes: 16 }),
        "{error}"
    );
}
