//! A small run, written by hand: two layers, three episodes, one iteration.

use tempfile::TempDir;

/// A run's settings; `<b>` has to be escaped on the page.
#[allow(dead_code, reason = "not every test file looks at it")]
pub const CONFIG: &str = r#"
method = "radars"
seed = 7
memory = "64 MiB"
mixing = "materialised"
batch = 32
later_setting = "<b>&amp;"

[data]
source = "some <b>images</b>"

[reward]
alpha = 0.9
beta = 0.0
gamma = 3e9

[search]
iterations = 1
episodes = 3
"#;

pub const SPACE: &str = r#"
name = "tiny"
classes = 10
input = { height = 8, width = 8, channels = 1 }

[choices]
kernel = [1, 3]
activation_integer = [3]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [3, 6]

[[layer]]
channels = 4
stride = 1

[[layer]]
channels = 8
stride = 2
"#;

/// `k3 a3.6 w1.3 | k1 a3.3 w1.6` and `k1 a3.3 w1.6 | k1 a3.3 w1.6`, as the log has them.
const A: &str = r#"[{"kernel":3,"activation":{"integer":3,"fraction":6},"weight":{"integer":1,"fraction":3}},{"kernel":1,"activation":{"integer":3,"fraction":3},"weight":{"integer":1,"fraction":6}}]"#;
const B: &str = r#"[{"kernel":1,"activation":{"integer":3,"fraction":3},"weight":{"integer":1,"fraction":6}},{"kernel":1,"activation":{"integer":3,"fraction":3},"weight":{"integer":1,"fraction":6}}]"#;
const MEMORY: &str =
    r#"{"planned_peak_bytes":2097152,"actual_peak_bytes":2097152,"high_water_bytes":2097152}"#;

/// All events of the run, one a line, with an event and fields of a later version.
pub fn events() -> String {
    let lines = [
        r#"{"elapsed_seconds":0.1,"event":"started","version":"0.1.0","device":"cpu isa=portable","bound_bytes":67108864,"data_bytes":1,"images":[60,20,20,10],"iterations":1,"episodes":3}"#.to_owned(),
        format!(r#"{{"elapsed_seconds":1.0,"event":"training-started","fidelity":"proxy","architecture":{A},"epochs":1,"planned_peak_bytes":2097152}}"#),
        r#"{"elapsed_seconds":1.9,"event":"epoch","fidelity":"proxy","epoch":0,"loss":2.25,"seconds":0.9}"#.to_owned(),
        format!(r#"{{"elapsed_seconds":2.0,"event":"episode","phase":"explore","macs":12345,"iteration":0,"episode":0,"architecture":{A},"repeated":false,"accuracy":0.5,"aops":110928,"reward":0.55,"refused":null,"entropy":0.69,"baseline":0.5,"memory":{MEMORY},"seconds":1.0}}"#),
        format!(r#"{{"elapsed_seconds":3.0,"event":"episode","iteration":0,"episode":1,"architecture":{B},"repeated":false,"accuracy":0.4,"aops":38736,"reward":0.46,"refused":null,"entropy":0.68,"baseline":0.51,"memory":{MEMORY},"seconds":1.0}}"#),
        format!(r#"{{"elapsed_seconds":3.1,"event":"episode","iteration":0,"episode":2,"architecture":{B},"repeated":false,"accuracy":null,"aops":38736,"reward":0.0,"refused":{{"why":"over-bound","needed_bytes":99,"bound_bytes":9}},"entropy":0.6,"baseline":0.51,"memory":null,"seconds":0.1}}"#),
        r#"{"elapsed_seconds":3.15,"event":"resumed","version":"0.1.0","from":"episode"}"#.to_owned(),
        r#"{"elapsed_seconds":3.2,"event":"much-later","survivors":[1,2,3]}"#.to_owned(),
        format!(r#"{{"elapsed_seconds":5.0,"event":"retrained","iteration":0,"rank":0,"architecture":{A},"proxy_reward":0.55,"accuracy":0.625,"reward":0.66,"memory":{MEMORY},"seconds":1.8}}"#),
        format!(r#"{{"elapsed_seconds":5.1,"event":"best","iteration":0,"architecture":{A},"reward":0.66,"accuracy":0.625,"aops":110928}}"#),
        format!(r#"{{"elapsed_seconds":5.2,"event":"pruned","iteration":0,"architectures":[{A},{B}],"candidates":[2,1],"mixing":"materialised","paths":2.0,"planned_peak_bytes":31457280,"refused_bytes":73400320}}"#),
        r#"{"elapsed_seconds":6.0,"event":"dnas-epoch","iteration":0,"epoch":0,"alpha_trained":false,"weight_loss":2.0,"alpha_loss":null,"temperature":3.0,"alpha":[[[0.5,0.5]],[[1.0]]],"seconds":0.8}"#.to_owned(),
        r#"{"elapsed_seconds":7.0,"event":"dnas-epoch","iteration":0,"epoch":1,"alpha_trained":true,"weight_loss":1.5,"alpha_loss":1.25,"temperature":1.0,"alpha":[[[0.8125,0.1875]],[[1.0]]],"seconds":1.0}"#.to_owned(),
        format!(r#"{{"elapsed_seconds":8.0,"event":"derived","iteration":0,"architecture":{A},"refused":null,"accuracy":0.625,"reward":0.66,"supernet_memory":{{"planned_peak_bytes":31457280,"actual_peak_bytes":31457280,"high_water_bytes":31457280}},"memory":null,"seconds":1.9}}"#),
        r#"{"elapsed_seconds":8.1,"event":"search-ended","stop":"iterations","iterations":1,"seconds":8.0}"#.to_owned(),
        format!(r#"{{"elapsed_seconds":9.5,"event":"tested","architecture":{A},"test_accuracy":0.6,"memory":{MEMORY},"seconds":1.3}}"#),
    ];
    lines.map(|line| line + "\n").concat()
}

/// The result of the run.
pub fn result() -> String {
    format!(
        r#"{{"schema":1,"method":"radars","preset":null,"mixing":"materialised","seed":7,"device":"cpu isa=portable",
"fingerprint":"0123456789abcdef","best":{{"architecture":{A},"reward":0.66,"val_accuracy":0.625,"test_accuracy":0.6,
"aops":110928,"macs":2896,"params":212}},"front":[],"later":{{}},"memory":{{"bound_bytes":67108864,
"planned_peak_bytes":31457280,"actual_peak_bytes":31457280,"high_water_bytes":32505856}},"search":{{"iterations":1,
"episodes":3,"retrained":1,"stop":"iterations"}},"time":{{"search_seconds":8.0,"final_training_seconds":1.3,
"phases":{{"exploration_seconds":3.0,"retraining_seconds":2.0,"exploitation_seconds":3.0}}}}}}"#
    )
}

/// A run folder in a folder of its own.
pub fn run_folder(events: &str, result: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("config.toml", CONFIG);
    write("space.toml", SPACE);
    write("events.jsonl", events);
    if let Some(result) = result {
        write("result.json", result);
    }
    folder
}
