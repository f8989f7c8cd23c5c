//! The CUDA simulator finds what it is there to find, and computes what a card would.
// Tests and what they share unwrap.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use radars_tests::simulator::{Order, Settings, Simulator, Variant};

/// The examples, compiled, and the program that launches them.
struct Examples {
    simulator: Simulator,
    launch: PathBuf,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("simulator/examples")
}

fn examples(variant: Variant) -> &'static Examples {
    static PLAIN: OnceLock<Examples> = OnceLock::new();
    static CHECKED: OnceLock<Examples> = OnceLock::new();
    let (cell, name) = match variant {
        Variant::Plain => (&PLAIN, "launch-plain"),
        Variant::AddressSanitizer => (&CHECKED, "launch-checked"),
    };
    cell.get_or_init(|| {
        let simulator = Simulator::of(&folder(), variant).unwrap();
        let launch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
        let compiled = Command::new(compiler)
            .args(["-std=c++17", "-O1", "-o"])
            .args([&launch, &folder().join("launch.cpp")])
            .arg(simulator.driver())
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{messages}");
        Examples { simulator, launch }
    })
}

/// A launch: `kernel blocks threads shared-bytes arguments...`, as launch.cpp reads it.
struct Launch {
    variant: Variant,
    settings: Settings,
    ptx: PathBuf,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            variant: Variant::Plain,
            settings: Settings::default(),
            ptx: folder().join("examples.ptx"),
        }
    }
}

impl Launch {
    fn backwards() -> Self {
        let mut launch = Self::default();
        launch.settings.order = Order::Backwards;
        launch
    }

    fn checked() -> Self {
        let variant = Variant::AddressSanitizer;
        Self {
            variant,
            ..Self::default()
        }
    }

    fn output(&self, command: &str) -> Output {
        let examples = examples(self.variant);
        Command::new(&examples.launch)
            .arg(&self.ptx)
            .args(command.split_whitespace())
            .envs(examples.simulator.environment(&self.settings))
            .output()
            .unwrap()
    }

    /// What the kernel wrote.
    fn values(&self, command: &str) -> Vec<f32> {
        let output = self.output(command);
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {messages}");
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// What the failing launch said.
    fn failure(&self, command: &str) -> String {
        let output = self.output(command);
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success(),
            "{command} did not fail: {messages}"
        );
        messages
    }
}

fn listed(values: impl IntoIterator<Item = f32>) -> String {
    let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    texts.join(",")
}

/// Line of examples.cu, from 1, of the `nth` line that contains `mark`.
fn line_of(mark: &str, nth: usize) -> usize {
    let text = fs::read_to_string(folder().join("examples.cu")).unwrap();
    let mut found = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(mark));
    found.nth(nth).unwrap().0 + 1
}

#[test]
fn right_kernels_compute_the_same_in_every_order_and_on_every_worker() {
    let mut several = Launch::default();
    several.settings.workers = 3;
    for launch in [
        Launch::default(),
        Launch::backwards(),
        several,
        Launch::checked(),
    ] {
        let line = launch.values("line 3 32 0 line:70,0.5,2 out:70");
        let expected: Vec<f32> = (0..70u8).map(|i| 2.0 + 0.5 * f32::from(i)).collect();
        assert_eq!(line, expected);

        // 1 + 2 + ... + 100 = 5050
        let x = listed((1..=100u8).map(f32::from));
        let sum = launch.values(&format!("sum 1 96 12 in:{x} out:1 int:100"));
        assert_eq!(sum, [5050.0]);
    }
}

#[test]
fn memory_that_nobody_wrote_is_nan() {
    let values = Launch::default().values("fill 1 32 0 out:5 int:3");
    assert_eq!(values[..3], [1.0; 3]);
    assert!(values[3..].iter().all(|value| value.is_nan()), "{values:?}");
}

#[test]
fn a_race_that_one_order_hides_the_other_shows() {
    let hidden = Launch::default().values("race 1 64 0 out:64");
    assert!(hidden.iter().all(|value| value.is_finite()));
    let shown = Launch::backwards().values("race 1 64 0 out:64");
    assert!(shown[1..].iter().all(|value| value.is_nan()), "{shown:?}");
}

#[test]
fn an_access_out_of_bounds_is_found_with_its_line() {
    let mark = "the line that AddressSanitizer names";
    let global = Launch::checked().failure("fill 1 32 0 out:10 int:11");
    let place = format!("examples.cu:{}", line_of(mark, 0));
    assert!(
        global.contains("heap-buffer-overflow") && global.contains(&place),
        "{global}"
    );

    let shared = Launch::checked().failure("shared_index 1 32 0 out:32 int:16");
    let place = format!("examples.cu:{}", line_of(mark, 1));
    assert!(
        shared.contains("AddressSanitizer") && shared.contains(&place),
        "{shared}"
    );
    let inside = Launch::checked().values("shared_index 1 32 0 out:32 int:15");
    assert_eq!(inside, [2.0; 32]);
}

#[test]
fn an_array_is_aligned_no_better_than_it_is_declared() {
    let failure = Launch::checked().failure("shared_alignment 1 32 0 out:32");
    assert!(failure.contains("misaligned address"), "{failure}");
}

#[test]
fn a_divergent_barrier_is_an_error_with_both_lines() {
    let failure = Launch::default().failure("divergent_barrier 1 64 0 out:64");
    let first = line_of("if (threadIdx.x < 32) {", 0) + 1;
    let text = format!("others of the block wait at the __syncthreads of line {first}");
    assert!(
        failure.contains("kernel divergent_barrier, block (0, 0, 0)"),
        "{failure}"
    );
    assert!(failure.contains(&text), "{failure}");
    assert!(failure.contains("CUDA_ERROR_LAUNCH_FAILED"), "{failure}");
}

#[test]
fn a_deadlock_is_an_error_that_says_who_waits_where() {
    let failure = Launch::default().failure("deadlock 1 32 0 out:32");
    let at = line_of("if (threadIdx.x == 0) __syncwarp();", 0);
    assert!(failure.contains("kernel deadlock"), "{failure}");
    assert!(
        failure.contains(&format!("waits in __syncwarp at line {at}")),
        "{failure}"
    );
    assert!(
        failure.contains(&format!("waits in __syncthreads at line {}", at + 1)),
        "{failure}"
    );
}

#[test]
fn a_pipeline_without_its_wait_reads_nan() {
    let x = listed((0..128u8).map(f32::from));
    let right = Launch::default().values(&format!("pipeline 1 32 0 in:{x} out:128 int:1"));
    assert!(
        right
            .iter()
            .zip(0u8..)
            .all(|(value, i)| *value == f32::from(i))
    );
    let wrong = Launch::default().values(&format!("pipeline 1 32 0 in:{x} out:128 int:0"));
    assert!(wrong.iter().all(|value| value.is_nan()), "{wrong:?}");
}

/// Small whole numbers: products and sums are exact, so every order of summation gives these bits.
#[test]
fn the_matrix_product_is_three_times_that_of_a_loop() {
    for (m, n) in [(16, 16), (32, 8), (8, 32)] {
        let a: Vec<f32> = (0..m * 16).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..n * 16).map(|i| (i * 5 % 13) as f32 - 6.0).collect();
        let arguments = format!(
            "in:{} in:{} out:{}",
            listed(a.clone()),
            listed(b.clone()),
            m * n
        );
        let element = |row: usize, column: usize| {
            let products = (0..16).map(|k| a[row * 16 + k] * b[column * 16 + k]);
            3.0 * products.sum::<f32>()
        };
        let expected: Vec<f32> = (0..m * n).map(|i| element(i / n, i % n)).collect();
        for launch in [Launch::default(), Launch::backwards()] {
            let out = launch.values(&format!("product_{m}x{n} 1 32 0 {arguments} int:16"));
            assert_eq!(out, expected, "{m} x {n}");
        }
        let failure =
            Launch::default().failure(&format!("product_{m}x{n} 1 32 0 {arguments} int:17"));
        assert!(
            failure.contains("CUDA_ERROR_MISALIGNED_ADDRESS"),
            "{failure}"
        );
    }
}

/// numpy: np.float32(x).astype(np.float16).view(np.uint16)
#[test]
fn halves_round_to_nearest_even() {
    let x = "1,-2,65504,65519.99,65520,5.9604645e-8,2.9802322e-8,8.940697e-8,1.00048828125,1.00146484375";
    let bits = Launch::default().values(&format!("half_bits 1 32 0 in:{x} out:10 int:10"));
    let expected = [
        0x3C00, 0xC000, 0x7BFF, 0x7BFF, 0x7C00, 0x0001, 0x0000, 0x0002, 0x3C00, 0x3C02u16,
    ];
    assert_eq!(bits, expected.map(f32::from));
}

#[test]
fn a_module_is_refused_where_it_differs_from_the_source() {
    let scratch = tempfile::tempdir().unwrap();
    let with = |from: &str, to: &str| {
        let text = fs::read_to_string(folder().join("examples.ptx")).unwrap();
        assert!(text.contains(from), "{from}");
        let ptx = scratch.path().join("changed.ptx");
        fs::write(&ptx, text.replace(from, to)).unwrap();
        let launch = Launch {
            ptx,
            ..Launch::default()
        };
        launch.failure("race 1 64 0 out:64")
    };
    let count = with(
        "fill(.param .u64 fill_param_0, .param .u32 fill_param_1)",
        "fill(.param .u64 a)",
    );
    assert!(
        count.contains("kernel fill: the PTX has 1 parameters, the .cu file 2"),
        "{count}"
    );
    let size = with("line_param_0[16]", "line_param_0[24]");
    assert!(
        size.contains("parameter 0 has 24 bytes aligned to 8 in the PTX, and 16"),
        "{size}"
    );
    let name = with("entry race(", "entry dash(");
    assert!(
        name.contains("no compiled .cu file has the kernel dash"),
        "{name}"
    );
    let target = with("sm_75", "sm_90");
    assert!(target.contains("CUDA_ERROR_NO_BINARY_FOR_GPU"), "{target}");
    let version = with(".version 8.0", ".version 8.1");
    assert!(
        version.contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"),
        "{version}"
    );
}

#[test]
fn a_launch_over_a_limit_or_with_a_wrong_pointer_is_refused() {
    let failure = |command: &str| Launch::default().failure(command);
    let bound = failure("line 1 65 0 line:70,1,0 out:70");
    assert!(
        bound.contains("more threads a block than its launch bound of 64"),
        "{bound}"
    );
    let threads = failure("fill 1 1025 0 out:1 int:1");
    assert!(threads.contains("CUDA_ERROR_INVALID_VALUE"), "{threads}");
    let shared = failure("sum 1 32 49153 in:1 out:1 int:1");
    assert!(
        shared.contains("more dynamic shared memory than it opted in to"),
        "{shared}"
    );
    let pointer = failure("fill 1 32 0 pointer:4096 int:1");
    assert!(pointer.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), "{pointer}");
}

#[test]
fn settings_are_what_the_program_sees() {
    let mut launch = Launch::default();
    launch.settings.capacity = 4000;
    let full = launch.failure("fill 1 32 0 out:1001 int:1");
    assert!(full.contains("CUDA_ERROR_OUT_OF_MEMORY"), "{full}");
    assert_eq!(launch.values("fill 1 32 0 out:1000 int:1000").len(), 1000);

    launch.settings.devices = 0;
    let none = launch.failure("fill 1 32 0 out:1 int:1");
    assert!(none.contains("cuInit(0): CUDA_ERROR_NO_DEVICE"), "{none}");
}
