//! How many images a search works on.

use radars_search::{Config, Fidelity, OneShotEvaluator, Task};

/// Images that a search works on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageCounts {
    /// A weights epoch.
    pub weights: f64,
    pub rewards: f64,
    /// The same of a brief training, which may see a part of the classes.
    pub proxy_weights: f64,
    pub proxy_rewards: f64,
    /// An epoch of the final training.
    pub all: f64,
    pub test: f64,
    /// Paths of a one-shot SuperNet that are measured.
    pub paths: f64,
    /// Images of the lessons that an evaluator of its paths gets in an epoch.
    pub lessons: f64,
}

impl ImageCounts {
    /// Those of a task.
    pub fn of_task(task: &Task) -> Self {
        let config = &task.problem.config;
        let whole = |images: usize| whole_batches(images as f64, config);
        let proxy = task.splits(Fidelity::Proxy);
        let weights = whole(task.splits.weights.len());
        ImageCounts {
            proxy_weights: whole(proxy.weights.len()),
            proxy_rewards: proxy.rewards.len() as f64,
            weights,
            rewards: task.splits.rewards.len() as f64,
            all: whole(task.data.train.len()),
            test: task.data.test.len() as f64,
            paths: config.baselines.one_shot_paths as f64,
            lessons: lessons(weights, config),
        }
    }

    /// Those of so many training and test images of so many classes, all classes alike.
    pub fn stated(config: &Config, [train, test]: [u64; 2], classes: usize) -> Self {
        let data = &config.data;
        let train = data
            .limit_train
            .map_or(train, |most| train.min(most as u64)) as f64;
        let some = data.proxy_classes.map_or(classes, |some| some.min(classes));
        let share = some as f64 / classes as f64;
        let (weights, rewards) = (train * data.weights_fraction, train * data.rewards_fraction);
        let whole_weights = whole_batches(weights, config);
        ImageCounts {
            weights: whole_weights,
            rewards: rewards.round(),
            proxy_weights: whole_batches(weights * share, config),
            proxy_rewards: (rewards * share).round(),
            all: whole_batches(train, config),
            test: test as f64,
            paths: config.baselines.one_shot_paths as f64,
            lessons: lessons(whole_weights, config),
        }
    }
}

/// A lesson follows every step of the weights, in a batch as large.
fn lessons(weights: f64, config: &Config) -> f64 {
    match config.baselines.one_shot_evaluator {
        OneShotEvaluator::Setn => weights,
        OneShotEvaluator::Uniform => 0.0,
    }
}

/// Without the last batch where it is not a whole one.
fn whole_batches(images: f64, config: &Config) -> f64 {
    let (images, batch) = (images.round(), config.batch as f64);
    images - images % batch
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, batches of 256: 3/4 of 1,281,167 are 960,875 = 3753 * 256 + 107; a tenth of that 96,088 = 375 * 256 +
    /// 88; a twentieth 64,058, a tenth of which 6,406; all 5004 * 256 + 143.
    #[test]
    fn numbers_are_divided_as_the_images_would_be() {
        let config = Config::preset("imagenet-mobile").unwrap();
        let expected = ImageCounts {
            weights: 960_768.0,
            rewards: 64_058.0,
            proxy_weights: 96_000.0,
            proxy_rewards: 6_406.0,
            all: 1_281_024.0,
            test: 50_000.0,
            paths: 100.0,
            lessons: 960_768.0,
        };
        let images = [1_281_167, 50_000];
        assert_eq!(ImageCounts::stated(&config, images, 1000), expected);
        // Of a hundred classes brief trainings see all.
        let all = ImageCounts::stated(&config, images, 100);
        assert_eq!(all.proxy_weights, all.weights);
    }

    /// As many as a task has that holds such images.
    #[test]
    fn numbers_say_what_the_data_says() {
        let config = Config::preset("fashion-small").unwrap();
        let task = Task::load(config.clone(), None).unwrap();
        let images = [task.data.train.len() as u64, task.data.test.len() as u64];
        let stated = ImageCounts::stated(&config, images, 10);
        assert_eq!(stated, ImageCounts::of_task(&task));
    }
}
