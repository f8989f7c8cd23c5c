//! `radars plan`: what a search would need, without running it.

use crate::arguments::{DeviceArgs, PlanArgs};
use crate::choices::Choices;
use crate::compare::imagenet;
use crate::device::{Devices, OnDevice, announce};
use crate::failure::{Failure, Result};
use crate::growth::Growth;
use crate::hours::{Hours, ImageCounts};
use crate::quantity::bytes;
use crate::table::{Column, Table};
use crate::{choices, configuration, json_file, loading};
use radars_search::{
    Config, PlanRow, Problem, candidates_of, dnas_settings, plan_rows, read_space,
};
use radars_space::{Architecture, ImageShape, MemoryEstimate, Reward, Space};
use radars_supernet::{Mixing, Plan, SuperNetPlan, plan_supernet};
use radars_tensor::Backend;
use serde::Serialize;
use std::fmt::Write;

/// All that `plan` says.
#[derive(Serialize)]
struct Report {
    space: String,
    device: String,
    batch: usize,
    bound_bytes: u64,
    /// Eq. 3-5 for the whole space, with the coefficients.
    eq5: MemoryEstimate,
    rows: Vec<PlanRow>,
    choices: Choices,
    #[serde(skip_serializing_if = "Option::is_none")]
    sn: Option<Vec<Spanned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<Growth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<Hours>,
}

/// How many of some architectures one SuperNet can span.
#[derive(Serialize)]
struct Spanned {
    mixing: Mixing,
    architectures: usize,
    fit: usize,
    /// The SuperNet of those that fit.
    peak_bytes: Option<usize>,
    /// The smallest bound under which one more would fit.
    next_bytes: Option<usize>,
}

/// Plans, and gives what to print.
impl OnDevice for PlanArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn only_plans(&self) -> bool {
        !self.hours || self.speed.is_some()
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let config = configuration::of_task(&self.task)?;
        config.check()?;
        announce(devices);
        let space = resolved_space(&config, self)?;
        let spec = devices.spec();
        let best = match &self.sn {
            Some(file) => Some(json_file::architectures(file, &space)?),
            None => None,
        };
        let choices = Choices::plan::<D::Backend>(&spec, &space, &config, best.as_deref())?;
        let sn = match &best {
            Some(best) => Some(spanned::<D::Backend>(&spec, &space, &config, best)?),
            None => None,
        };
        let growth = match self.growth {
            true => Some(Growth::plan::<D::Backend>(&spec, &space, &config)?),
            false => None,
        };
        if let (Some(growth), Some(folder)) = (&growth, &self.plot) {
            growth.draw(folder)?;
        }
        let hours = match (self.hours, self.speed) {
            (false, _) => None,
            (true, None) => Some(timed_hours(config.clone(), devices)?),
            (true, Some(speed)) => {
                let counted = self.images.map(|images| (images, &space));
                Some(stated_hours::<D::Backend>(
                    &spec,
                    config.clone(),
                    counted,
                    speed,
                )?)
            }
        };
        let report = Report {
            space: space.name().to_owned(),
            device: devices.name(),
            batch: config.batch,
            bound_bytes: config.memory.as_u64(),
            eq5: space.memory_estimate(config.batch)?,
            rows: plan_rows::<D::Backend>(&spec, &space, &config)?,
            choices,
            sn,
            growth,
            hours,
        };
        if self.json {
            let json = serde_json::to_string_pretty(&report).map_err(Failure::running)?;
            return Ok(json + "\n");
        }
        Ok(in_words(&report))
    }
}

/// The space; the data is read only where it has to say something, or was named to be compared. Otherwise the images
/// are as large as the configuration makes them, or as the space states.
fn resolved_space(config: &Config, arguments: &PlanArgs) -> Result<Space> {
    let space = read_space(config)?;
    let task = &arguments.task;
    // A configuration file names the data whose classes such a space takes.
    let by_file = space.any_data() && task.config.is_some() && arguments.classes.is_none();
    let data_says = task.data.is_some() || by_file;
    let classes = arguments.classes.or(space.classes().ok());
    let (Ok(stated), Some(classes), false) = (space.input(), classes, data_says) else {
        return Ok(loading::task(config.clone(), false)?.problem.space);
    };
    let streamed = config.data.stream.map(|stream| stream.image_size);
    let (height, width) = streamed
        .map(|side| (side, side))
        .or(config.data.resize)
        .unwrap_or((stated.height, stated.width));
    let images = ImageShape {
        height,
        width,
        ..stated
    };
    Ok(space.resolve(images, classes)?)
}

/// How long the search takes, timed: the one part of a plan that computes.
fn timed_hours(config: Config, devices: &impl Devices) -> Result<Hours> {
    devices.check_available(config.memory)?;
    let task = loading::task(config, false)?;
    Hours::timed(devices, &task)
}

/// The same at a stated speed. Training and test images may be `counted`, for a resolved space; else the data says
/// how many there are.
fn stated_hours<B: Backend>(
    spec: &B::Spec,
    config: Config,
    counted: Option<([u64; 2], &Space)>,
    speed: f64,
) -> Result<Hours> {
    let Some((images, space)) = counted else {
        let task = loading::task(config, false)?;
        return Hours::stated::<B>(spec, &task.problem, &ImageCounts::of_task(&task), speed);
    };
    let images = ImageCounts::stated(&config, images, space.classes()?);
    let problem = Problem {
        reward: space.reward()?,
        space: space.clone(),
        config,
    };
    Hours::stated::<B>(spec, &problem, &images, speed)
}

/// How many of these architectures, in their order, each kind of SuperNet can span.
fn spanned<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
    architectures: &[Architecture],
) -> Result<Vec<Spanned>> {
    let bound_bytes = usize::try_from(config.memory.as_u64()).unwrap_or(usize::MAX);
    let plan = |mixing, count: usize| -> Result<Plan> {
        let candidates = candidates_of(&architectures[..count]);
        // The trade-off changes no allocation.
        let reward = Reward::balanced(1);
        let of = SuperNetPlan {
            space,
            candidates: &candidates,
            mixing,
            reward,
        };
        Ok(plan_supernet::<B>(
            spec,
            of,
            config.batch,
            dnas_settings(config),
        )?)
    };
    let of_mixing = |mixing| {
        let mut spanned = Spanned {
            mixing,
            architectures: architectures.len(),
            fit: 0,
            peak_bytes: None,
            next_bytes: None,
        };
        for count in 1..=architectures.len() {
            let plan = plan(mixing, count)?;
            if !plan.fits(bound_bytes) {
                spanned.next_bytes = Some(plan.high_water_bytes);
                break;
            }
            spanned.fit = count;
            spanned.peak_bytes = Some(plan.peak_bytes);
        }
        Ok(spanned)
    };
    Mixing::ALL.into_iter().map(of_mixing).collect()
}

fn in_words(report: &Report) -> String {
    let bound = report.bound_bytes as usize;
    let mut text = format!(
        "{} at batch {} on {}, bound {}\n",
        report.space,
        report.batch,
        report.device,
        bytes(bound)
    );
    let mut table = Table::new(&[
        Column::left("what"),
        Column::left("mixing"),
        Column::right("peak"),
        Column::right("smallest bound"),
        Column::right("kept for backward"),
        Column::right("Eq. 5"),
        Column::left("fits"),
    ]);
    for row in &report.rows {
        table.row([
            row.what.clone(),
            row.mixing
                .map_or_else(|| "-".to_owned(), |mixing| mixing.to_string()),
            bytes(row.peak_bytes),
            bytes(row.high_water_bytes),
            bytes(row.saved_bytes),
            bytes(row.eq5_bytes as usize),
            if row.fits { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let eq5 = &report.eq5;
    // Writing to a string does not fail.
    let _ = write!(text, "{table}");
    let _ = writeln!(
        text,
        "Eq. 5: 4 bytes x (eta {} x weights + theta {} x activations); for the whole space {} weights, {} activations",
        eq5.eta, eq5.theta, eq5.weight_elements, eq5.activation_elements
    );
    if report.space == "imagenet-mobile" {
        let _ = writeln!(text, "{}", imagenet::memory());
    }
    let _ = write!(
        text,
        "\n{}\n{}",
        choices::smaller_bounds(report.batch, &report.rows),
        report.choices
    );
    for spanned in report.sn.iter().flatten() {
        let _ = writeln!(text, "{}", spanned_in_words(spanned));
    }
    if let Some(growth) = &report.growth {
        let _ = write!(text, "{growth}");
    }
    if let Some(hours) = &report.hours {
        let _ = write!(text, "{hours}");
    }
    text
}

fn spanned_in_words(spanned: &Spanned) -> String {
    let Spanned {
        mixing,
        architectures,
        fit,
        ..
    } = spanned;
    let peak = spanned
        .peak_bytes
        .map(|peak| format!(", peak {}", bytes(peak)))
        .unwrap_or_default();
    let next = spanned
        .next_bytes
        .map(|next| format!("; one more would need a bound of {}", bytes(next)));
    format!(
        "{mixing}: the first {fit} of {architectures} architectures fit{peak}{}",
        next.unwrap_or_default()
    )
}
