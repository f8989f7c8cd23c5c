//! `--device`, where there is no NVIDIA GPU: every card is hidden from these tests.

use super::{TINY_SEARCH, folder, radars, stdout};
use radars_cuda::{Cuda, CudaSpec};
use radars_search::{Config, plan_rows, read_space};
use serde_json::Value;
use std::path::Path;

/// What a line that has to be refused says.
fn refused(folder: &Path, line: &str) -> String {
    let output = radars(folder, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(output.stdout.is_empty(), "{line}");
    assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    stderr
}

#[test]
fn a_card_that_is_not_there_is_no_panic_but_advice() {
    let folder = folder();
    for line in [
        &format!("{TINY_SEARCH} --device cuda --out run"),
        &format!("{TINY_SEARCH} --device cuda:0,cuda:1 --out run"),
        "compare --device cuda:1 --out run",
        "bench step --net child --device cuda",
        "plan --hours --device cuda",
    ] {
        let message = refused(folder.path(), line);
        // Without a driver one has to be installed; with one, nothing is visible to it.
        for word in ["error: cuda: no ", "NVIDIA"] {
            assert!(message.contains(word), "{line}: {message}");
        }
        assert!(
            message.contains("install") || message.contains("CUDA_VISIBLE_DEVICES"),
            "{line}: {message}"
        );
    }
    assert!(!folder.path().join("run").exists());
}

#[test]
fn flags_that_do_not_go_together() {
    let folder = folder();
    let message = refused(folder.path(), "search --device cuda --isa portable");
    assert!(
        message.contains("--isa chooses instructions of the CPU"),
        "{message}"
    );
    for line in ["plan", "compare", "bench step --net child"] {
        let message = refused(folder.path(), &format!("{line} --device cuda:0,cuda:1"));
        assert!(message.contains("to a search alone"), "{line}: {message}");
    }
}

/// What was decided is said, unless it was asked for, and recorded.
#[test]
fn without_a_card_it_is_the_cpu_and_that_is_said() {
    let folder = folder();
    let stderr = |line: &str| {
        let output = radars(folder.path(), line);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = stderr(&format!("{TINY_SEARCH} --out run"));
    assert_eq!(said.matches("computing on the CPU: no ").count(), 1);
    let result = std::fs::read_to_string(folder.path().join("run/result.json")).unwrap();
    let result: Value = serde_json::from_str(&result).unwrap();
    assert!(result["device"].as_str().unwrap().starts_with("cpu isa="));
    assert!(!stderr(&format!("{TINY_SEARCH} --device cpu")).contains("computing on"));
    assert!(stderr("plan").contains("planning for the CPU: no "));
    let chosen = "planning for the CPU: --isa names its instructions";
    assert!(stderr("plan --isa portable").contains(chosen));
}

/// Where there is no card the plan is one for compute capability 8.0, and says so.
#[test]
fn a_card_is_planned_for_without_one() {
    let folder = folder();
    let plan = stdout(
        folder.path(),
        "plan --preset cifar10-quant --device cuda --json",
    );
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let spec = CudaSpec::unspecified();
    assert_eq!(spec.capability, (8, 0));
    assert_eq!(plan["device"], spec.to_string());
    let config = Config::preset("cifar10-quant").unwrap();
    let space = read_space(&config).unwrap();
    let rows = plan_rows::<Cuda>(&spec, &space, &config).unwrap();
    assert_eq!(plan["rows"], serde_json::to_value(&rows).unwrap());
}
