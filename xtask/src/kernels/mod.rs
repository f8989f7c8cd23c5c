//! `cargo xtask kernels`: compiles the CUDA sources of `kernels/`, or checks what is checked in.

mod compile;
mod generated;
mod options;
mod report;
mod resources;
mod toolchain;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use radars_kernels::Arch;
use radars_kernels::source::{self, Family};

use self::generated::Files;
use self::options::{HELP, Options, Request};
use self::report::{Report, TARGETS};
use self::resources::Resources;
use self::toolchain::Toolchain;

/// Modules are compiled by so many threads.
const THREADS: usize = 2;

/// The exit code where the compiler cannot be had; nothing was looked at then.
const NO_COMPILER: u8 = 3;

/// Runs the command with what follows `kernels` on its line.
///
/// # Errors
/// The compiler cannot be run, or a source is refused by it or by the rules of [`radars_kernels::source`]. What `--check` finds is no error but an exit code, and so is a compiler that
/// cannot be had.
pub fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    match Request::parse(arguments) {
        Request::Run(options) => compile_all(root, &options, arguments),
        Request::Help => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Request::Wrong(why) => {
            eprintln!("error: {why}\n\n{HELP}");
            Ok(ExitCode::from(2))
        }
    }
}

fn compile_all(root: &Path, options: &Options, arguments: &[OsString]) -> Result<ExitCode> {
    let package = root.join("kernels");
    let families = source::read(&package.join("cuda")).context("the CUDA sources")?;
    let chosen: Vec<&Family> = families
        .iter()
        .filter(|family| {
            options
                .family
                .as_ref()
                .is_none_or(|name| *name == family.name)
        })
        .collect();
    if let (Some(name), true) = (&options.family, chosen.is_empty()) {
        let names: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
        bail!(
            "there is no family `{name}`: there are {}",
            names.join(", ")
        );
    }

    let target = crate::radars::target_folder(root)?;
    let toolchain = match Toolchain::installed(&target) {
        Ok(toolchain) => toolchain,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            return Ok(ExitCode::from(NO_COMPILER));
        }
    };
    if !toolchain.is_on_library_path() {
        // The loader reads its search path once, when a process starts.
        let mut again = Command::new(std::env::current_exe().context("where is this program?")?);
        again.arg("kernels").args(arguments);
        toolchain.put_on_library_path(&mut again)?;
        return crate::radars::become_process(again);
    }

    let jobs: Vec<Job<'_>> = chosen
        .iter()
        .flat_map(|&family| Arch::ALL.map(|arch| Job { family, arch }))
        .collect();
    let work = target.join("kernels");
    let modules = in_threads(&jobs, |job| job.module(&toolchain, &package, &work));
    let modules = all_or_errors(modules)?;

    let mut files = Files::new(source::table(&families));
    let mut report = Report::new();
    for (job, module) in jobs.iter().zip(modules) {
        files.add_ptx(&job.family.name, job.arch, module.ptx);
        for (place, kernels) in module.resources {
            for (kernel, resources) in kernels {
                report.entry(kernel).or_default()[place] = resources;
            }
        }
    }
    print!("{}", report::table(&chosen, &report));
    let mut problems = report::problems(&chosen, &report);
    if options.check {
        problems.extend(files.differences(&package)?);
    } else {
        let names = families.iter().map(|family| family.name.as_str());
        files.write(&package, &names.collect::<Vec<_>>())?;
    }
    for problem in &problems {
        eprintln!(
            "{}: {problem}",
            if options.check { "error" } else { "warning" }
        );
    }
    let failed = options.check && !problems.is_empty();
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A family to compile for a target.
struct Job<'f> {
    family: &'f Family,
    arch: Arch,
}

/// A family compiled.
struct Module {
    ptx: String,
    /// What its kernels take on those of [`TARGETS`] that run this PTX, by place in the list.
    resources: Vec<(usize, BTreeMap<String, Resources>)>,
}

impl Job<'_> {
    fn module(&self, toolchain: &Toolchain, package: &Path, work: &Path) -> Result<Module> {
        let (name, arch) = (&self.family.name, self.arch);
        eprintln!("compiling {name}.cu for {arch}");
        let ptx = compile::ptx(toolchain, &package.join("cuda"), name, arch)?;
        let folder = work.join(arch.name());
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(format!("{name}.ptx"));
        std::fs::write(&path, &ptx).with_context(|| format!("cannot write {}", path.display()))?;
        let targets = TARGETS
            .iter()
            .enumerate()
            .filter(|(_, target)| runs(arch, target));
        let resources = targets
            .map(|(place, target)| Ok((place, resources::of_module(toolchain, &path, target)?)))
            .collect::<Result<_>>()?;
        Ok(Module { ptx, resources })
    }
}

/// Whether a card of the architecture `target` (`sm_90`) is given the PTX of `arch`.
fn runs(arch: Arch, target: &str) -> bool {
    let number = target.trim_start_matches("sm_").parse::<u32>().unwrap_or(0);
    Arch::for_capability((number / 10, number % 10)) == Some(arch)
}

/// Every module, or every reason why there are not all.
fn all_or_errors(modules: Vec<Result<Module>>) -> Result<Vec<Module>> {
    let count = modules.len();
    let mut compiled = Vec::new();
    for module in modules {
        match module {
            Ok(module) => compiled.push(module),
            Err(error) => eprintln!("error: {error:#}\n"),
        }
    }
    let failed = count - compiled.len();
    ensure!(
        failed == 0,
        "{failed} of {count} modules did not compile; nothing was written"
    );
    Ok(compiled)
}

/// Does `work` on every item, several at a time; the results come in the order of the items.
fn in_threads<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(items.iter().enumerate());
    let worker = || {
        let mut done = Vec::new();
        loop {
            let item = next.lock().ok().and_then(|mut items| items.next());
            let Some((place, item)) = item else {
                return done;
            };
            done.push((place, work(item)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
