//! CUDA without a GPU, for tests: the unchanged `.cu` files run on the CPU behind a stand-in driver.
//!
//! [`Simulator::build`] compiles both with the system's C++ compiler, once: what was made stays under
//! `target/simulator`. [`Simulator::environment`] is what a child process needs to find the stand-in
//! instead of a driver. What is checked and what is not modelled says `tests/simulator/README.md`.

mod compiler;
mod error;
mod settings;
mod source;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use compiler::{Compiler, Job};

pub use error::Error;
pub use settings::{Order, Settings};

/// How kernels are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Optimised.
    Plain,
    /// Every access is checked: bounds of allocations and of shared variables, and alignment.
    AddressSanitizer,
}

/// A stand-in driver with compiled kernels.
#[derive(Debug)]
pub struct Simulator {
    /// The stand-in `libcuda.so`.
    driver: PathBuf,
    libraries: Vec<PathBuf>,
    kernels: Vec<String>,
    preload: Option<PathBuf>,
}

impl Simulator {
    /// Compiles the driver and every file of `kernels/cuda`, or finds them compiled.
    ///
    /// # Errors
    /// Without a compiler, without AddressSanitizer where it is asked for, and for a `.cu` file that
    /// does not compile.
    pub fn build(variant: Variant) -> Result<Self, Error> {
        Self::of(&workspace().join("kernels/cuda"), variant)
    }

    /// As [`Simulator::build`], of the `.cu` files in another folder.
    ///
    /// # Errors
    /// As there.
    pub fn of(folder: &Path, variant: Variant) -> Result<Self, Error> {
        let store = target_folder().join("simulator");
        fs::create_dir_all(&store).map_err(Error::at(&store))?;
        // Two processes, or two tests, that build at once would do the same work twice.
        let lock = store.join("lock");
        let lock = File::create(&lock).map_err(Error::at(lock))?;
        lock.lock().map_err(Error::at(&store))?;

        let compiler = Compiler::find(variant)?;
        let job = driver_job()?;
        let made = compiler.folder(&store, &job);
        make_all(&compiler, &store, std::slice::from_ref(&job))?;
        let driver = made.join(&job.name);

        let (jobs, kernels) = kernel_jobs(folder, &driver)?;
        make_all(&compiler, &store, &jobs)?;
        let libraries = jobs
            .iter()
            .map(|job| compiler.folder(&store, job).join(&job.name));
        Ok(Self {
            libraries: libraries.collect(),
            kernels,
            driver,
            preload: compiler.preload,
        })
    }

    /// Names of all compiled kernels.
    pub fn kernels(&self) -> &[String] {
        &self.kernels
    }

    /// The stand-in `libcuda.so`, for a program that links to it.
    pub fn driver(&self) -> &Path {
        &self.driver
    }

    /// Variables for a child process that is to find the stand-in driver.
    pub fn environment(&self, settings: &Settings) -> Vec<(String, OsString)> {
        let mut variables = settings.environment();
        let kernels = joined(self.libraries.iter().map(PathBuf::as_path));
        variables.push(("RADARS_SIMULATOR_KERNELS".to_owned(), kernels));
        let before = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let folders = self
            .driver
            .parent()
            .into_iter()
            .chain((!before.is_empty()).then_some(Path::new(&before)));
        variables.push(("LD_LIBRARY_PATH".to_owned(), joined(folders)));
        if let Some(library) = &self.preload {
            variables.push(("LD_PRELOAD".to_owned(), library.into()));
            // The host program is Rust: what it keeps to the end is no leak.
            let options = "detect_leaks=0:detect_stack_use_after_return=0";
            variables.push(("ASAN_OPTIONS".to_owned(), options.into()));
            variables.push(("UBSAN_OPTIONS".to_owned(), "print_stacktrace=1".into()));
        }
        variables
    }
}

fn joined<'a>(paths: impl Iterator<Item = &'a Path>) -> OsString {
    let mut all = OsString::new();
    for path in paths {
        if !all.is_empty() {
            all.push(":");
        }
        all.push(path);
    }
    all
}

fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Cargo marks its output folder, which the running test lies in; another tool may have made it.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    let found = program.ancestors().find(marked).map(Path::to_owned);
    let named = || std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    found
        .or_else(named)
        .unwrap_or_else(|| workspace().join("target"))
}

/// Files of `folder` with one of the extensions, in the order of their names.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::at(folder))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(Error::at(folder))?;
    let wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    paths.retain(wanted);
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::at(path))
}

fn text_of(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::at(path))
}

fn include(folder: &str) -> (PathBuf, String) {
    let path = workspace().join("tests/simulator").join(folder);
    let argument = format!("-I{}", path.display());
    (path, argument)
}

fn driver_job() -> Result<Job, Error> {
    let (runtime, include_runtime) = include("runtime");
    let (driver, _) = include("driver");
    let mut inputs = Vec::new();
    let mut arguments = vec![
        "-Wall".into(),
        "-Wextra".into(),
        "-Wl,-soname,libcuda.so".into(),
        // A program that looks whether there is a driver may close it and open it again.
        "-Wl,-z,nodelete".into(),
    ];
    for path in files(&runtime, &["h", "cpp"])?
        .iter()
        .chain(&files(&driver, &["h", "cpp"])?)
    {
        inputs.push(read(path)?);
        if path.extension().is_some_and(|extension| extension == "cpp") {
            arguments.push(path.display().to_string());
        }
    }
    arguments.extend([include_runtime, "-ldl".to_owned()]);
    Ok(Job {
        about: driver,
        name: "libcuda.so".to_owned(),
        texts: Vec::new(),
        arguments,
        inputs,
    })
}

/// One library a `.cu` file, and the names of all kernels.
fn kernel_jobs(folder: &Path, driver: &Path) -> Result<(Vec<Job>, Vec<String>), Error> {
    let (runtime, include_runtime) = include("runtime");
    let (device, include_device) = include("device");
    let mut inputs = Vec::new();
    for path in files(&runtime, &["h"])?
        .iter()
        .chain(&files(&device, &["h"])?)
    {
        inputs.push(read(path)?);
    }
    let mut headers = Vec::new();
    for path in files(folder, &["cuh"])? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        headers.push((name, source::translate(&path, &text_of(&path)?)?.text));
    }
    let mut jobs = Vec::new();
    let mut all_kernels = Vec::new();
    for path in files(folder, &["cu"])? {
        let source = source::translate(&path, &text_of(&path)?)?;
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut texts = headers.clone();
        texts.push((format!("{name}.cpp"), program(&source)));
        jobs.push(Job {
            name: format!("{name}.so"),
            texts,
            arguments: vec![
                "-w".to_owned(),
                include_device.clone(),
                include_runtime.clone(),
                format!("{name}.cpp"),
                driver.display().to_string(),
            ],
            inputs: inputs.clone(),
            about: path,
        });
        all_kernels.extend(source.kernels);
    }
    Ok((jobs, all_kernels))
}

/// A `.cu` file with the list of its kernels.
fn program(source: &source::Source) -> String {
    let entry = |name: &String| format!("      simulator::kernel_of<&{name}>(\"{name}\"),\n");
    let entries: String = source.kernels.iter().map(entry).collect();
    format!(
        "#include \"cuda.h\"\n{}\n#line 1 \"list of kernels\"\n\
         extern \"C\" __attribute__((visibility(\"default\")))\n\
         const std::vector<simulator::Kernel>& simulator_kernels() {{\n  \
         static const std::vector<simulator::Kernel> kernels = {{\n{entries}  }};\n  \
         return kernels;\n}}\n",
        source.text
    )
}

/// Makes what is not made yet, two at a time.
fn make_all(compiler: &Compiler, store: &Path, jobs: &[Job]) -> Result<(), Error> {
    let missing = |job: &&Job| !compiler.folder(store, job).join(&job.name).exists();
    let open: Mutex<Vec<&Job>> = Mutex::new(jobs.iter().filter(missing).collect());
    let work = || {
        loop {
            let job = open.lock().map_or(None, |mut open| open.pop());
            match job {
                Some(job) => compiler.make(store, job)?,
                None => return Ok(()),
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work();
        let other = other.join().unwrap_or(Ok(()));
        own.and(other)
    })
}
