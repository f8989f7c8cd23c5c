//! The table of what kernels take, and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write;

use radars_kernels::source::Family;

use super::resources::Resources;

/// The architectures that are looked at.
pub const TARGETS: [&str; 3] = ["sm_75", "sm_80", "sm_90"];

/// What every kernel takes: by kernel, in the order of [`TARGETS`].
pub type Report = BTreeMap<String, [Resources; TARGETS.len()]>;

/// The header with which a source asks for tensor cores. Every kernel of such a family has to use
/// them, on every architecture,
const TENSOR_CORES: &str = "mma.h";
/// and so has every kernel whose name begins so,
const CONVOLUTIONS: [&str; 2] = ["conv2d_gemm_", "conv2d_wgrad_"];
/// but for these, which finish what the others began.
const WITHOUT_PRODUCTS: [&str; 2] = ["conv2d_wgrad_sum", "conv2d_wgrad_sum_scalar"];

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
        let asks_for_them = family
            .system_headers
            .iter()
            .any(|name| name == TENSOR_CORES);
        for kernel in &family.kernels {
            let name = &kernel.name;
            let Some(taken) = report.get(name) else {
                found.push(format!("{name}: not in the machine code"));
                continue;
            };
            let on = |wrong: fn(&Resources) -> bool| {
                let taken = TARGETS.iter().zip(taken).filter(|(_, taken)| wrong(taken));
                let targets: Vec<&str> = taken.map(|(target, _)| *target).collect();
                (!targets.is_empty()).then(|| targets.join(", "))
            };
            if let Some(targets) = on(|taken| taken.spill_bytes > 0) {
                found.push(format!("{name}: registers are spilled on {targets}"));
            }
            if let Some(targets) = on(|taken| taken.stack_bytes > 0 && taken.spill_bytes == 0) {
                found.push(format!("{name}: threads keep a stack frame on {targets}"));
            }
            let is_meant = asks_for_them || CONVOLUTIONS.iter().any(|c| name.starts_with(c));
            if is_meant
                && !WITHOUT_PRODUCTS.contains(&name.as_str())
                && let Some(targets) = on(|taken| taken.tensor_instructions == 0)
            {
                found.push(format!("{name}: tensor cores are not used on {targets}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use radars_kernels::source::Kernel;

    use super::*;

    fn family(header: &str, kernels: [&str; 2]) -> Family {
        let kernel = |name: &str| Kernel {
            name: name.to_owned(),
            parameters: Vec::new(),
            max_threads: 32,
        };
        Family {
            name: "f".to_owned(),
            summary: String::new(),
            kernels: kernels.map(kernel).to_vec(),
            system_headers: vec![header.to_owned()],
        }
    }

    const FINE: Resources = Resources {
        registers: 32,
        spill_bytes: 0,
        stack_bytes: 0,
        shared_bytes: 1024,
        tensor_instructions: 8,
    };

    #[test]
    fn spills_stacks_and_idle_tensor_cores_are_problems() {
        let spills = Resources {
            spill_bytes: 4,
            stack_bytes: 8,
            ..FINE
        };
        let keeps_a_stack = Resources {
            stack_bytes: 16,
            ..FINE
        };
        let scalar = Resources {
            tensor_instructions: 0,
            ..FINE
        };
        let report = Report::from([
            ("a".to_owned(), [spills, FINE, keeps_a_stack]),
            ("b".to_owned(), [scalar, scalar, FINE]),
            ("conv2d_wgrad_sum".to_owned(), [scalar; 3]),
            ("conv2d_gemm_a".to_owned(), [scalar; 3]),
        ]);
        let problems = |header, kernels| problems(&[&family(header, kernels)], &report);
        assert_eq!(
            problems("mma.h", ["a", "b"]),
            [
                "a: registers are spilled on sm_75",
                "a: threads keep a stack frame on sm_90",
                "b: tensor cores are not used on sm_75, sm_80",
            ]
        );
        assert_eq!(
            problems("cuda_fp16.h", ["b", "c"]),
            ["c: not in the machine code"]
        );
        assert_eq!(
            problems("cuda_fp16.h", ["b", "conv2d_gemm_a"]),
            ["conv2d_gemm_a: tensor cores are not used on sm_75, sm_80, sm_90"]
        );
        assert!(problems("mma.h", ["conv2d_wgrad_sum"; 2]).is_empty());
    }

    #[test]
    fn the_table_has_a_line_for_every_kernel() {
        let report = Report::from([("long_name".to_owned(), [FINE; 3])]);
        let table = table(&[&family("mma.h", ["long_name", "b"])], &report);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5, "{table}");
        let row = "  long_name       32      0    1024     8         32";
        assert!(lines[3].starts_with(row), "{table}");
    }
}
