//! The system's C++ compiler, and a folder of what it has made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, Variant};

/// A compiler, with the flags of one variant.
#[derive(Debug)]
pub(super) struct Compiler {
    command: String,
    version: String,
    flags: Vec<&'static str>,
    /// The library of AddressSanitizer, to be loaded before everything else.
    pub preload: Option<PathBuf>,
}

/// One library to be made.
#[derive(Debug)]
pub(super) struct Job {
    /// What an error is about.
    pub about: PathBuf,
    /// Name of the library's file.
    pub name: String,
    /// Files that are written beside the library first: names and contents.
    pub texts: Vec<(String, String)>,
    /// Sources, include folders and libraries, as arguments; texts by their names.
    pub arguments: Vec<String>,
    /// Contents that the arguments name.
    pub inputs: Vec<Vec<u8>>,
}

impl Compiler {
    /// The compiler that `CXX` names, or `c++`.
    pub fn find(variant: Variant) -> Result<Self, Error> {
        let command = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
        let output = Command::new(&command).arg("--version").output();
        let output = output.map_err(|source| Error::NoCompiler {
            command: command.clone(),
            source,
        })?;
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut flags = vec![
            "-std=c++17",
            "-fPIC",
            "-shared",
            "-pthread",
            "-fvisibility=hidden",
            // Kernels read memory as float4 and as bits, as CUDA allows.
            "-fno-strict-aliasing",
            // A card's compiler fuses multiplications and additions too.
            "-ffp-contract=fast",
        ];
        if has_x86_64_v3() {
            flags.push("-march=x86-64-v3");
        }
        let preload = match variant {
            Variant::Plain => {
                flags.push("-O2");
                None
            }
            Variant::AddressSanitizer => {
                flags.extend(["-O1", "-g1", "-DSIMULATOR_ASAN"]);
                flags.push("-fsanitize=address,alignment");
                flags.push("-fno-sanitize-recover=alignment");
                let clang = version.contains("clang");
                if clang {
                    flags.push("-shared-libasan");
                }
                Some(sanitizer_library(&command, clang)?)
            }
        };
        Ok(Self {
            command,
            version,
            flags,
            preload,
        })
    }

    /// The folder of `store` that holds, or will hold, the library: named by all that it is made of.
    pub fn folder(&self, store: &Path, job: &Job) -> PathBuf {
        let mut hash = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(self.command.as_bytes());
        part(self.version.as_bytes());
        self.flags.iter().for_each(|flag| part(flag.as_bytes()));
        for (name, text) in &job.texts {
            part(name.as_bytes());
            part(text.as_bytes());
        }
        job.arguments.iter().for_each(|text| part(text.as_bytes()));
        job.inputs.iter().for_each(|input| part(input));
        store.join(&hash.finalize().to_hex()[..16])
    }

    /// Makes the library in its folder.
    ///
    /// The folder appears as a whole or not at all, whoever else makes it at the same time.
    pub fn make(&self, store: &Path, job: &Job) -> Result<(), Error> {
        let folder = self.folder(store, job);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = store.join(format!("{name}.{}", std::process::id()));
        fs::create_dir_all(&unfinished).map_err(Error::at(&unfinished))?;
        for (name, text) in &job.texts {
            let path = unfinished.join(name);
            fs::write(&path, text).map_err(Error::at(path))?;
        }
        let mut command = Command::new(&self.command);
        command
            .current_dir(&unfinished)
            .args(&self.flags)
            .args(&job.arguments)
            .args(["-o", &job.name]);
        let output = command.output().map_err(|source| Error::NoCompiler {
            command: self.command.clone(),
            source,
        })?;
        if !output.status.success() {
            // What is left of it is no harm: the next try writes it anew.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(Error::Compile {
                path: job.about.clone(),
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        match fs::rename(&unfinished, &folder) {
            Err(_) if folder.join(&job.name).exists() => {
                fs::remove_dir_all(&unfinished).map_err(Error::at(unfinished))
            }
            renamed => renamed.map_err(Error::at(folder)),
        }
    }
}

/// Conversions of halves are an instruction there, and many without.
fn has_x86_64_v3() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("movbe")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn sanitizer_library(compiler: &str, clang: bool) -> Result<PathBuf, Error> {
    let library = if clang {
        format!("libclang_rt.asan-{}.so", std::env::consts::ARCH)
    } else {
        "libasan.so".to_owned()
    };
    let answer = Command::new(compiler)
        .arg(format!("-print-file-name={library}"))
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    // A compiler that does not know the file answers with its bare name.
    match answer {
        Ok(path) if Path::new(&path).is_absolute() && Path::new(&path).exists() => Ok(path.into()),
        _ => Err(Error::NoAddressSanitizer {
            compiler: compiler.to_owned(),
            library,
        }),
    }
}
