//! A test body runs in child processes, one a device, since a process can load one driver only.

use std::any::type_name;
use std::ffi::OsString;
use std::io::Write;
use std::process::Command;
use std::sync::OnceLock;

use radars_cuda::Cuda;
use radars_tests::simulator::{Order, Settings, Simulator, Variant};

/// Set in a child process: what it runs on, for messages.
const CHILD: &str = "RADARS_PARITY_DEVICE";

/// Where a body runs.
struct Place {
    name: &'static str,
    environment: Vec<(String, OsString)>,
}

/// Runs `body` on the simulator with threads forwards, backwards and under AddressSanitizer, and on a
/// GPU where there is one.
///
/// Each run is a process that runs this test alone, so `body` has to be the only thing that the test
/// does. With `REQUIRE_CUDA=1` in the environment a machine without a GPU fails.
pub fn on_every_device<F: Fn(Cuda)>(body: F) {
    if std::env::var_os(CHILD).is_some() {
        return body(Cuda::open(0).unwrap());
    }
    let test = test_of(type_name::<F>());
    for place in simulators(&Settings::default()) {
        run(&test, &place);
    }
    if gpu().is_some() {
        let environment = Vec::new();
        run(
            &test,
            &Place {
                name: "GPU",
                environment,
            },
        );
    }
}

/// Runs `body` on simulators with other settings, the order apart, and on no GPU; it opens devices itself.
pub fn on_simulators<F: Fn()>(settings: &Settings, body: F) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let test = test_of(type_name::<F>());
    for place in simulators(settings) {
        run(&test, &place);
    }
}

/// The test that a closure stands in: `crate::module::test::{{closure}}` is `module::test`.
fn test_of(closure: &str) -> String {
    let path = closure.split("::{{closure}}").next().unwrap_or(closure);
    let (_, test) = path.split_once("::").expect("a closure in a test");
    test.to_owned()
}

/// Name of the first card of this machine, as the driver gives it.
fn gpu() -> Option<&'static str> {
    static GPU: OnceLock<Option<String>> = OnceLock::new();
    let found = GPU.get_or_init(|| match radars_cuda::devices() {
        Ok(devices) => devices.into_iter().next().map(|device| device.name),
        Err(error) => {
            let required = std::env::var_os("REQUIRE_CUDA").is_some_and(|value| value == "1");
            assert!(!required, "REQUIRE_CUDA=1, but: {error}");
            None
        }
    });
    found.as_deref()
}

fn simulators(settings: &Settings) -> Vec<Place> {
    static BUILT: OnceLock<[Simulator; 2]> = OnceLock::new();
    let [plain, checked] = BUILT.get_or_init(|| {
        let build = |variant| Simulator::build(variant).unwrap_or_else(|error| panic!("{error}"));
        let built = [build(Variant::Plain), build(Variant::AddressSanitizer)];
        say_what_runs(built[0].kernels().len());
        built
    });
    let place = |name, simulator: &Simulator, order| {
        let settings = Settings {
            order,
            ..settings.clone()
        };
        let environment = simulator.environment(&settings);
        Place { name, environment }
    };
    // First the one that says most about a bad address: elsewhere it may end the process.
    vec![
        place("simulator, AddressSanitizer", checked, Order::Forwards),
        place("simulator, threads forwards", plain, Order::Forwards),
        place("simulator, threads backwards", plain, Order::Backwards),
    ]
}

/// The harness captures what tests print; this line reaches the terminal.
fn say_what_runs(kernels: usize) {
    let gpu = match gpu() {
        Some(name) => format!("tests run on {name}"),
        None => "no GPU here".to_owned(),
    };
    let line = format!(
        "cuda: {gpu}; {kernels} kernels simulated on the CPU, threads forwards and backwards, and under \
         AddressSanitizer"
    );
    // A closed stderr has nobody to read it.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(test: &str, place: &Place) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .envs(place.environment.iter().map(|(name, value)| (name, value)))
        .env(CHILD, place.name)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(
        passed,
        "{test} on {}: {}\n{stdout}\n{stderr}",
        place.name, output.status
    );
}
