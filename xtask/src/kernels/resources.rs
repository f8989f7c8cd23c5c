//! What the machine code of a kernel takes of the hardware.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::toolchain::Toolchain;

/// What one kernel takes on one architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Registers of a thread.
    pub registers: u32,
    /// Bytes of a thread that did not fit into registers: stores and loads.
    pub spill_bytes: u32,
    /// Bytes of a thread's stack frame: arrays that are indexed by values, and what is spilled.
    pub stack_bytes: u32,
    /// Bytes of a block's static shared memory.
    pub shared_bytes: u32,
    /// Number of tensor-core instructions in the code.
    pub tensor_instructions: usize,
}

/// Assembles the PTX at `ptx` for `target` (`sm_90`) and looks at every kernel in it. The machine
/// code is left beside it.
///
/// # Errors
/// A tool cannot be run or refuses the code.
pub fn of_module(
    toolchain: &Toolchain,
    ptx: &Path,
    target: &str,
) -> Result<BTreeMap<String, Resources>> {
    let cubin = ptx.with_extension(format!("{target}.cubin"));
    let mut ptxas = Command::new(toolchain.ptxas());
    ptxas.args(["--verbose", "--gpu-name", target, "--output-file"]);
    let (_, report) = said(ptxas.arg(&cubin).arg(ptx))?;
    let mut kernels = reported(&report);
    let (listing, _) = said(Command::new(toolchain.nvdisasm()).arg(&cubin))?;
    for (kernel, count) in tensor_instructions(&listing) {
        if let Some(resources) = kernels.get_mut(kernel) {
            resources.tensor_instructions = count;
        }
    }
    Ok(kernels)
}

/// What a tool wrote to stdout and to stderr.
fn said(command: &mut Command) -> Result<(String, String)> {
    let name = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("{name}: {}\n{}", output.status, stderr.trim_end());
    }
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), stderr))
}

/// Reads what `ptxas --verbose` says of each kernel.
fn reported(report: &str) -> BTreeMap<String, Resources> {
    let mut kernels = BTreeMap::new();
    let mut current: Option<&mut Resources> = None;
    for line in report.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let name = rest.split('\'').next().unwrap_or(rest);
            current = Some(kernels.entry(name.to_owned()).or_default());
        }
        let Some(kernel) = current.as_deref_mut() else {
            continue;
        };
        if line.contains(" bytes stack frame") {
            kernel.stack_bytes += before(line, " bytes stack frame");
            kernel.spill_bytes += before(line, " bytes spill stores");
            kernel.spill_bytes += before(line, " bytes spill loads");
        } else if line.contains("Used ") {
            kernel.registers = before(line, " registers");
            kernel.shared_bytes = before(line, " bytes smem");
        }
    }
    kernels
}

/// The number that stands before `unit` in `line`; 0 if there is none.
fn before(line: &str, unit: &str) -> u32 {
    let number = line
        .split_once(unit)
        .and_then(|(head, _)| head.rsplit(|c: char| !c.is_ascii_digit()).next());
    number.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Counts `HMMA` in each kernel's section of a listing of nvdisasm.
fn tensor_instructions(listing: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    let mut kernel = None;
    for line in listing.lines().map(str::trim_start) {
        if let Some(name) = line.strip_prefix(".section\t") {
            let code = name.strip_prefix(".text.");
            kernel = code.and_then(|name| name.split(',').next());
        }
        if let Some(kernel) = kernel {
            let is_one = line
                .split_whitespace()
                .any(|word| word.starts_with("HMMA."));
            *counts.entry(kernel).or_default() += usize::from(is_one);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ptxas 12.0.140 prints it, shortened to two kernels.
    #[test]
    fn the_assemblers_report_is_read() {
        let report = "\
ptxas info    : 304 bytes gmem
ptxas info    : Compiling entry function 'one' for 'sm_80'
ptxas info    : Function properties for one
    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 255 registers, 33792 bytes smem, 376 bytes cmem[0]
ptxas info    : Compiling entry function 'two' for 'sm_80'
ptxas info    : Function properties for two
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 12 registers, 376 bytes cmem[0]
";
        let one = Resources {
            registers: 255,
            spill_bytes: 28,
            stack_bytes: 8,
            shared_bytes: 33792,
            tensor_instructions: 0,
        };
        let two = Resources {
            registers: 12,
            ..Resources::default()
        };
        let expected = [("one".to_owned(), one), ("two".to_owned(), two)];
        assert_eq!(reported(report), BTreeMap::from(expected));
    }

    /// Lines as nvdisasm 13.5 prints them, shortened.
    #[test]
    fn tensor_core_instructions_are_counted_by_kernel() {
        let listing = "\
\t.section\t.text.one,\"ax\",@progbits
\t.sectioninfo\t@\"SHI_REGISTERS=79\"
        /*0b10*/                   HMMA.16816.F32 R4, R8, R12, R4 ;
        /*0b20*/              @P0  HMMA.16816.F32 R4, R8, R14, R4 ;
        /*0b30*/                   IMAD.MOV.U32 R1, RZ, RZ, c[0x0][0x28] ;
\t.section\t.nv.shared.one,\"aw\",@nobits
\t.section\t.text.two,\"ax\",@progbits
        /*0000*/                   EXIT ;
";
        let counts = tensor_instructions(listing);
        assert_eq!(counts, BTreeMap::from([("one", 2), ("two", 0)]));
    }
}
