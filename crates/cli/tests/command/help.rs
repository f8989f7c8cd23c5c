//! Help that teaches.

use super::radars;
use std::path::Path;

#[test]
fn every_command_shows_examples_and_its_defaults() {
    for (command, words) in [
        ("", ["Examples:", "radars search", "Exit codes"]),
        (
            "search",
            [
                "Examples:",
                "--device cuda:0,cuda:1",
                "fashion-small: 128MiB",
            ],
        ),
        (
            "train",
            [
                "Examples:",
                "radars train --architecture",
                "fashion-small: 40",
            ],
        ),
        (
            "export",
            ["Examples:", "--format onnx-qdq,card", "[default: exact]"],
        ),
        (
            "eval",
            ["Examples:", "--engine integer", "[default: 256MiB]"],
        ),
        (
            "predict",
            [
                "Examples:",
                "radars predict model.safetensors",
                "[default: 5]",
            ],
        ),
        (
            "compare",
            ["Examples:", "--reward-alphas 0.7,0.9,0.97", "[default: 10]"],
        ),
        (
            "tabulate",
            [
                "Examples:",
                "--limit 50 --out sample.csv",
                "[default: random]",
            ],
        ),
        (
            "plan",
            [
                "Examples:",
                "radars plan --preset cifar10-quant --batch 128",
                "Eq. 5",
            ],
        ),
        ("bench", ["Examples:", "radars bench step", "step"]),
        (
            "bench step",
            ["Examples:", "--kernel 3 --batch 64", "[default: 64]"],
        ),
    ] {
        let output = radars(Path::new("."), &format!("{command} --help"));
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        // Lines are as long as the terminal is wide.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(
                text.contains(word),
                "`{command} --help` lacks {word}:\n{text}"
            );
        }
    }
}

#[test]
fn alone_it_prints_its_help() {
    let output = radars(Path::new("."), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("Usage: radars")
    );
}
