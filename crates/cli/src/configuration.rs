//! From the command line to a configuration.

use crate::arguments::{
    AlgorithmArgs, EpochArgs, Retrain, RewardArgs, SearchArgs, TaskArgs, TrainArgs,
};
use crate::failure::{Failure, Result};
use crate::json_file;
use anyhow::{Context, anyhow};
use radars_data::BUILT_IN;
use radars_search::{
    Config, DataConfig, Method, RewardConfig, SpaceSource, Task, Variety, read_space,
};
use radars_space::Reward;
use std::path::{Path, PathBuf};

/// The preset that stands in where neither a preset nor a configuration file is named.
const DEFAULT_PRESET: &str = "fashion-small";

/// The configuration of a task: the preset or the file, and what the flags override.
///
/// Paths of data folders become absolute, so that a run can be repeated from elsewhere.
pub fn of_task(arguments: &TaskArgs) -> Result<Config> {
    let mut config = match &arguments.config {
        Some(file) => from_file(file)?,
        None => Config::preset(arguments.preset.as_deref().unwrap_or(DEFAULT_PRESET))?,
    };
    if let Some(file) = &arguments.space {
        config.space = SpaceSource::File(file.clone());
    }
    if let Some(data) = &arguments.data {
        config.data.source.clone_from(data);
    }
    if let Some(absolute) = data_folder(&config.data.source)
        .and_then(|folder| std::path::absolute(folder).ok())
        .and_then(|folder| folder.into_os_string().into_string().ok())
    {
        config.data.source = absolute;
    }
    config.narrow.width = arguments.width.or(config.narrow.width);
    config.narrow.cells = arguments.cells.or(config.narrow.cells);
    config.data.limit_train = arguments.limit_train.or(config.data.limit_train);
    set_images(&mut config.data, arguments)?;
    set(&mut config.memory, arguments.memory);
    set(&mut config.batch, arguments.batch);
    config.micro_batch = arguments.micro_batch.or(config.micro_batch);
    set(&mut config.recompute, arguments.recompute);
    Ok(config)
}

/// How images come to their size: as a whole, or streamed.
fn set_images(data: &mut DataConfig, arguments: &TaskArgs) -> Result<()> {
    data.proxy_classes = arguments.proxy_classes.or(data.proxy_classes);
    if let Some(size) = arguments.resize {
        (data.resize, data.stream) = (Some(size), None);
    }
    if let Some(image_size) = arguments.image_size {
        data.resize = None;
        data.stream.get_or_insert_default().image_size = image_size;
    }
    let TaskArgs {
        augment,
        cache,
        bad_images,
        ..
    } = arguments;
    match &mut data.stream {
        Some(stream) => {
            set(&mut stream.augment, augment.map(Variety::from));
            set(&mut stream.cache, *cache);
            stream.bad_images = bad_images.or(stream.bad_images);
        }
        None if augment.is_some() || cache.is_some() || bad_images.is_some() => {
            return Err(Failure::bad_input(anyhow!(
                "--augment, --cache and --bad-images are for images that are decoded while they are trained on; \
                 say with --image-size what size networks see"
            )));
        }
        None => {}
    }
    Ok(())
}

/// The configuration of a search. Reward flags follow with [`set_reward`], once the space is known.
pub fn of_search(arguments: &SearchArgs) -> Result<Config> {
    let config = of_flags(&arguments.task, &arguments.algorithm, &arguments.epochs)?;
    if config.method == Method::Given {
        return Err(Failure::bad_input(anyhow!(
            "the configuration gives an architecture, which `radars train` trains; to search, name a --method"
        )));
    }
    let published = (arguments.algorithm.originals.controller)
        .is_some_and(|controller| controller.is_published());
    if published && config.method != Method::Quantnas {
        return Err(Failure::bad_input(anyhow!(
            "the published controller is that of --method quantnas; for {}, --controller takes logits or lstm",
            config.method
        )));
    }
    Ok(config)
}

/// The configuration of a training: of the architecture in the file that the flags name, or of the one that their
/// configuration gives.
pub fn of_train(arguments: &TrainArgs) -> Result<Config> {
    if arguments.task.proxy_classes.is_some() {
        return Err(Failure::bad_input(anyhow!(
            "--proxy-classes is for searches: a network is trained on all classes"
        )));
    }
    let mut config = of_task(&arguments.task)?;
    set(&mut config.seed, arguments.seed);
    set(&mut config.training.final_epochs, arguments.epochs);
    let architecture = match (&arguments.architecture, config.architecture.take()) {
        (Some(file), _) => json_file::architecture(file, &read_space(&config)?)?,
        (None, Some(given)) => given,
        (None, None) => {
            return Err(Failure::bad_input(anyhow!(
                "the configuration gives no architecture; name a file that does with --architecture"
            )));
        }
    };
    let config = config.given(architecture);
    config.check()?;
    Ok(config)
}

/// The configuration that these flags make.
pub fn of_flags(task: &TaskArgs, algorithm: &AlgorithmArgs, epochs: &EpochArgs) -> Result<Config> {
    let mut config = of_task(task)?;
    if let Some(method) = algorithm.method {
        (config.method, config.architecture) = (method, None);
    }
    set(&mut config.mixing, algorithm.mixing);
    set(&mut config.search.sn_rule, algorithm.sn_rule);
    set(&mut config.seed, algorithm.seed);
    set(&mut config.search.iterations, algorithm.iterations);
    set(&mut config.search.episodes, algorithm.episodes);
    if let Some(Retrain::Count(count)) = algorithm.retrain {
        config.search.retrain = count;
    }
    if algorithm.paper {
        config.search = config.search.to_the_letter();
    }
    set(&mut config.search.designs, algorithm.designs);
    set(&mut config.search.rewards, algorithm.rewards);
    set(&mut config.search.predictor, algorithm.predictor);
    config.search.budget = algorithm.budget.or(config.search.budget);
    let share = algorithm.exploration_memory;
    config.search.exploration_memory = share.or(config.search.exploration_memory);
    config.search.target = algorithm.target.or(config.search.target);
    config.limits.max_aops = algorithm.max_aops.or(config.limits.max_aops);
    config.limits.max_params = algorithm.max_params.or(config.limits.max_params);
    set_epochs(&mut config, epochs);
    set(&mut config.dnas.epochs, epochs.dnas_epochs);
    set(&mut config.dnas.warmup_epochs, epochs.dnas_warmup_epochs);
    algorithm.originals.apply(&mut config);
    config.check()?;
    Ok(config)
}

/// The configuration that the networks of a table are trained under.
pub fn of_tabulate(task: &TaskArgs, epochs: &EpochArgs) -> Result<Config> {
    let mut config = of_task(task)?;
    if config.method == Method::Given {
        return Err(Failure::bad_input(anyhow!(
            "the configuration gives an architecture, and a table is of all that a space has; give that of a search"
        )));
    }
    set_epochs(&mut config, epochs);
    config.check()?;
    Ok(config)
}

/// How long networks are trained.
fn set_epochs(config: &mut Config, epochs: &EpochArgs) {
    set(&mut config.training.proxy_epochs, epochs.proxy_epochs);
    set(&mut config.training.exact_epochs, epochs.exact_epochs);
    set(&mut config.training.final_epochs, epochs.final_epochs);
}

/// Settles the reward: what the flags say, and what the configuration or the space says for the rest.
///
/// Gives a warning to show when the flags make a reward that can leave 0 to 1.
pub fn set_reward(task: &mut Task, arguments: &RewardArgs) -> Result<Option<String>> {
    let reward = reward_of(task.problem.reward, arguments)?;
    task.problem.reward = reward;
    task.problem.config.reward = Some(RewardConfig {
        alpha: reward.alpha(),
        beta: reward.beta(),
        gamma: reward.gamma(),
    });
    let RewardArgs {
        named,
        alpha,
        beta,
        gamma,
    } = arguments;
    if named.is_none() && alpha.is_none() && beta.is_none() && gamma.is_none() {
        return Ok(None);
    }
    let (cheapest, dearest) = task.problem.space.aops_range()?;
    let range = reward.range(cheapest, dearest);
    if range.within_unit_interval() {
        return Ok(None);
    }
    Ok(Some(format!(
        "rewards of this space run from {:.2} to {:.2}, beyond 0 to 1: cost can outweigh all accuracy; \
         a --gamma near the dearest architecture's {dearest} AOPS avoids it",
        range.lowest, range.highest
    )))
}

/// The reward that the flags make of another.
pub fn reward_of(stated: Reward, arguments: &RewardArgs) -> Result<Reward> {
    let base = match &arguments.named {
        Some(_) => Reward::paper(),
        None => stated,
    };
    Ok(Reward::new(
        arguments.alpha.unwrap_or(base.alpha()),
        arguments.beta.unwrap_or(base.beta()),
        arguments.gamma.unwrap_or(base.gamma()),
    )?)
}

/// Reads a configuration file; relative paths in it start at its own folder.
pub fn from_file(file: &Path) -> Result<Config> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{name}: cannot read the configuration (--config)"))
        .map_err(Failure::bad_input)?;
    let mut config = Config::from_toml(&text, &name)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    if let SpaceSource::File(space) = &mut config.space {
        *space = folder.join(&*space);
    }
    if let Some(data) = data_folder(&config.data.source) {
        config.data.source = folder.join(data).to_string_lossy().into_owned();
    }
    Ok(config)
}

/// The folder that a data source names; none for a built-in data set.
fn data_folder(source: &str) -> Option<PathBuf> {
    (!BUILT_IN.contains(&source)).then(|| source.into())
}

fn set<T>(setting: &mut T, flag: Option<T>) {
    if let Some(value) = flag {
        *setting = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Cli, Command};
    use clap::Parser;
    use radars_search::{ControllerConfig, DnasLoss, OneShotEvaluator, Policy, QuantnasController};

    fn search(line: &str) -> Result<Config> {
        let words = ["radars", "search"]
            .into_iter()
            .chain(line.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Command::Search(arguments) => of_search(&arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_override_the_preset_and_leave_the_rest() {
        let base = Config::preset("cifar10-quant").unwrap();
        let config = search(
            "--preset cifar10-quant --seed 9 --iterations 1 --dnas-epochs 2 --max-aops 5e8 --memory 1GiB",
        )
        .unwrap();
        assert_eq!(config.seed, 9);
        assert_eq!(config.search.iterations, 1);
        assert_eq!(config.dnas.epochs, 2);
        assert_eq!(config.limits.max_aops, Some(500_000_000));
        assert_eq!(config.memory.as_u64(), 1 << 30);
        assert_eq!(config.training, base.training);
        assert_eq!(config.batch, base.batch);
    }

    #[test]
    fn forms_of_methods_are_chosen() {
        let of = |flags: &str| {
            let config = search(&format!("--method quantnas {flags}")).unwrap();
            (config.baselines.quantnas_controller, config.controller)
        };
        let (_, preset) = of("");
        assert_eq!(of(""), (QuantnasController::Published, preset));
        let adam = (QuantnasController::PublishedAdam, preset);
        assert_eq!(of("--controller published-adam"), adam);
        // The rate is the policy's, unless the policy is the preset's.
        let lstm = ControllerConfig::of(Policy::Lstm);
        assert_eq!(of("--controller lstm"), (QuantnasController::Own, lstm));
        assert_eq!(of("--controller logits"), (QuantnasController::Own, preset));
        let (_, shared) = of("--controller logits --shared-logits 0.5");
        assert_eq!(shared.shared_logits, Some(0.5));

        let config = search("--one-shot-evaluator uniform --dnas-loss expected-error").unwrap();
        let baselines = &config.baselines;
        assert_eq!(baselines.one_shot_evaluator, OneShotEvaluator::Uniform);
        assert_eq!(config.dnas.loss, DnasLoss::ExpectedError);

        let message = search("--controller published").unwrap_err().to_string();
        assert!(
            message.contains("for radars, --controller takes logits or lstm"),
            "{message}"
        );
        let message = search("--controller lstm --shared-logits 1")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("with the policy `logits` alone"),
            "{message}"
        );
    }

    #[test]
    fn an_image_size_streams_and_resize_does_not() {
        let stream = |line: &str| search(line).map(|config| config.data.stream);
        assert_eq!(stream("").unwrap(), None);
        let streamed = stream("--image-size 64 --cache 2MiB --bad-images 3 --augment crop");
        let streamed = streamed.unwrap().unwrap();
        assert_eq!(streamed.image_size, 64);
        assert_eq!(streamed.cache.as_u64(), 2 << 20);
        assert_eq!(streamed.bad_images, Some(3));
        assert_eq!(streamed.augment, Variety::Crop);

        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::preset(DEFAULT_PRESET).unwrap();
        config.data.stream = Some(streamed);
        let file = folder.path().join("config.toml");
        std::fs::write(&file, config.to_toml().unwrap()).unwrap();
        let from = |flags: &str| stream(&format!("--config {} {flags}", file.display())).unwrap();
        assert_eq!(from(""), Some(streamed));
        assert_eq!(from("--image-size 32").unwrap().bad_images, Some(3));
        assert_eq!(from("--resize 20x20"), None);

        let message = stream("--cache 2MiB").unwrap_err().to_string();
        assert!(message.contains("--image-size"), "{message}");
    }

    #[test]
    fn without_flags_it_is_the_default_preset() {
        assert_eq!(search("").unwrap(), Config::preset(DEFAULT_PRESET).unwrap());
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused() {
        let message = search("--batch 0").unwrap_err().to_string();
        assert_eq!(message, "batch is 0, but has to be between 1 and 65536");
    }

    #[test]
    fn paths_of_a_configuration_file_start_at_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::preset(DEFAULT_PRESET).unwrap();
        config.space = SpaceSource::File("space.toml".into());
        config.data.source = "images".into();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, config.to_toml().unwrap()).unwrap();
        let config = search(&format!("--config {}", file.display())).unwrap();
        assert_eq!(
            config.space,
            SpaceSource::File(folder.path().join("space.toml"))
        );
        assert_eq!(Path::new(&config.data.source), folder.path().join("images"));

        let flags = format!("--config {} --data fashion-mnist-small", file.display());
        assert_eq!(search(&flags).unwrap().data.source, "fashion-mnist-small");
    }
}
