//! The table of what kernels take, and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write;

use radars_kernels::source::Family;

use super::resources::Resources;

/// The architectures that are looked at.
pub const TARGETS: [&str; 3] = ["sm_75", "sm_80", "sm_90"];

/// What every kernel takes: by kernel, in the order of [`TARGETS`].
pub type Report = BTreeMap<String, [Resources; TARGETS.len()]>;

/// The header with which a source asks for tensor cores.
const TENSOR_CORES: &str = "mma.h";

/// The table, a line a kernel.
pub fn table(families: &[&Family], report: &Report) -> String {
    let kernels = families.iter().flat_map(|family| &family.kernels);
    let longest = kernels.map(|kernel| kernel.name.len()).max();
    let width = longest.unwrap_or(0).max("kernel".len()) + 2;
    let mut text = format!("{:width$}", "");
    for target in TARGETS {
        text += &format!("{target:<32}");
    }
    text = text.trim_end().to_owned() + "\n";
    text += &format!("{:width$}", "kernel");
    for _ in TARGETS {
        text += &format!(
            "{:>9}{:>7}{:>8}{:>6}  ",
            "registers", "spill", "shared", "HMMA"
        );
    }
    text = text.trim_end().to_owned() + "\n";
    for family in families {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}.cu", family.name);
        for kernel in &family.kernels {
            let mut line = format!("  {:1$}", kernel.name, width - 2);
            for taken in report.get(&kernel.name).into_iter().flatten() {
                let (registers, spill) = (taken.registers, taken.spill_bytes);
                let (shared, tensor) = (taken.shared_bytes, taken.tensor_instructions);
                line += &format!("{registers:>9}{spill:>7}{shared:>8}{tensor:>6}  ");
            }
            text += line.trim_end();
            text.push('\n');
        }
    }
    text
}

/// What no kernel may do, a line each.
pub fn problems(families: &[&Family], report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for family in families {
        let for_tensor_cores = family
            .system_headers
            .iter()
            .any(|name| name == TENSOR_CORES);
        for kernel in &family.kernels {
            let name = &kernel.name;
            let Some(taken) = report.get(name) else {
                found.push(format!("{name}: not in the machine code"));
                continue;
            };
            for (target, taken) in TARGETS.iter().zip(taken) {
                let (spill, stack) = (taken.spill_bytes, taken.stack_bytes);
                if spill > 0 || stack > 0 {
                    found.push(format!(
                        "{name}: spills {spill} bytes and keeps {stack} bytes of stack on {target}"
                    ));
                }
                if for_tensor_cores && taken.tensor_instructions == 0 {
                    found.push(format!("{name}: uses no tensor cores on {target}"));
                }
            }
        }
    }
    found
}
