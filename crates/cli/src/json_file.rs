//! Architectures and candidates that a user hands over as JSON.

use crate::failure::{Failure, Result};
use anyhow::{Context, anyhow};
use radars_space::{Architecture, Candidate, HyperParameter, Precision, Space};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// An architecture of this space: by itself, or the best one of a whole `result.json`.
pub fn architecture(file: &Path, space: &Space) -> Result<Architecture> {
    /// Of a result, what is of use here.
    #[derive(Deserialize)]
    struct Found {
        preset: Option<String>,
        best: Best,
    }
    #[derive(Deserialize)]
    struct Best {
        architecture: Architecture,
    }
    let (architecture, preset) = match read(file)? {
        Value::Array(_) => (read(file)?, None),
        Value::Object(of) if of.contains_key("best") => {
            let Found { preset, best } = read(file)?;
            (best.architecture, preset)
        }
        _ => {
            return Err(Failure::bad_input(anyhow!(
                "{}: neither an architecture, which is a list of candidates, nor a result.json, which has a `best`",
                file.display()
            )));
        }
    };
    let of = preset.map_or_else(String::new, |preset| format!(" but of {preset}"));
    space
        .indices(&architecture)
        .with_context(|| {
            format!(
                "{}: no architecture of the space {}{of} (--preset, --space and --config name others)",
                file.display(),
                space.name()
            )
        })
        .map_err(Failure::bad_input)?;
    Ok(architecture)
}

/// A list of architectures of this space.
pub fn architectures(file: &Path, space: &Space) -> Result<Vec<Architecture>> {
    let architectures: Vec<Architecture> = read(file)?;
    if architectures.is_empty() {
        let message = anyhow!("{}: the list of architectures is empty", file.display());
        return Err(Failure::bad_input(message));
    }
    for (index, architecture) in architectures.iter().enumerate() {
        space
            .indices(architecture)
            .with_context(|| format!("{}: architecture {}", file.display(), index + 1))
            .map_err(Failure::bad_input)?;
    }
    Ok(architectures)
}

/// A candidate as a PyTorch script names it: kernel, then integer and fraction bits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Short {
    k: usize,
    ai: u8,
    af: u8,
    wi: u8,
    wf: u8,
}

/// One list of candidates a layer, in the short form. Bits are taken as they are: a script that leaves the
/// sign out of its integer bits means one bit more where values are signed (weights, and the first layer's
/// input), which would be beyond the widest format at (3, 6). Neither time nor memory depends on it.
pub fn candidates(file: &Path, space: &Space) -> Result<Vec<Vec<Candidate>>> {
    let layers: Vec<Vec<Short>> = read(file)?;
    let refuse = |what: String| Failure::bad_input(anyhow!("{}: {what}", file.display()));
    let expected = space.layers().len();
    if layers.len() != expected {
        let found = layers.len();
        return Err(refuse(format!(
            "{found} layers, but the space {} has {expected}",
            space.name()
        )));
    }
    let mut candidates = Vec::with_capacity(expected);
    for (index, layer) in layers.iter().enumerate() {
        if layer.is_empty() {
            return Err(refuse(format!("layer {} has no candidates", index + 1)));
        }
        let of_layer = layer
            .iter()
            .map(candidate)
            .collect::<Result<Vec<_>, String>>();
        candidates.push(of_layer.map_err(|what| refuse(format!("layer {}: {what}", index + 1)))?);
    }
    Ok(candidates)
}

fn candidate(short: &Short) -> Result<Candidate, String> {
    let Short { k, .. } = *short;
    let most = HyperParameter::MAX_KERNEL;
    if k.is_multiple_of(2) || k > most {
        return Err(format!("kernel size {k} is not odd and at most {most}"));
    }
    let precision = |integer: u8, fraction: u8| {
        let precision = Precision { integer, fraction };
        match precision.width() {
            1..=Precision::MAX_WIDTH => Ok(precision),
            width => Err(format!(
                "{integer} integer and {fraction} fraction bits make {width}; 1 to {} are valid",
                Precision::MAX_WIDTH
            )),
        }
    };
    Ok(Candidate::quantised(
        k,
        precision(short.ai, short.af)?,
        precision(short.wi, short.wf)?,
    ))
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let name = || format!("{}: cannot be read", file.display());
    let text = std::fs::read_to_string(file)
        .with_context(name)
        .map_err(Failure::bad_input)?;
    serde_json::from_str(&text)
        .with_context(|| file.display().to_string())
        .map_err(Failure::bad_input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(text: &str, read: impl Fn(&Path, &Space) -> Result<T>) -> Result<T> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("given.json");
        std::fs::write(&file, text).unwrap();
        read(&file, &Space::preset("cifar10-quant").unwrap())
    }

    fn layers(layer: &str) -> String {
        format!("[{}]", [layer; 6].join(","))
    }

    #[test]
    fn short_candidates_keep_their_bits() {
        let text = layers(r#"[{"k": 5, "ai": 3, "af": 6, "wi": 1, "wf": 3}]"#);
        let candidates = with(&text, candidates).unwrap();
        assert_eq!(candidates.len(), 6);
        assert_eq!(candidates[5][0].to_string(), "k5 a3.6 w1.3");
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        let message = |text: &str| with(text, candidates).unwrap_err().to_string();
        let even = message(&layers(r#"[{"k": 4, "ai": 3, "af": 6, "wi": 1, "wf": 3}]"#));
        assert!(
            even.contains("layer 1: kernel size 4 is not odd and at most 31"),
            "{even}"
        );
        let wide = message(&layers(r#"[{"k": 3, "ai": 4, "af": 6, "wi": 1, "wf": 3}]"#));
        assert!(wide.contains("make 10; 1 to 9"), "{wide}");
        assert!(message("[]").contains("0 layers"));
        assert!(message(&layers("[]")).contains("layer 1 has no candidates"));
        assert!(message("[[{]]").contains("line 1"));
    }

    #[test]
    fn an_architecture_stands_alone_or_in_a_result() {
        let candidate = r#"{"kernel": 3, "activation": {"integer": 3, "fraction": 6}, "weight": {"integer": 1, "fraction": 3}}"#;
        let text = layers(candidate);
        let alone = with(&text, architecture).unwrap();
        let result =
            format!(r#"{{"preset": "other", "best": {{"architecture": {text}, "aops": 1}}}}"#);
        assert_eq!(with(&result, architecture).unwrap(), alone);
        let message = |text: &str| with(text, architecture).unwrap_err().to_string();
        let other = message(&result.replace("3,", "9,"));
        for word in ["given.json", "`kernel` 9", "--preset", "of other"] {
            assert!(other.contains(word), "{word}: {other}");
        }
        assert!(message("[]").contains("layers"), "{}", message("[]"));
        assert!(message("{}").contains("neither"));
        assert!(message(&text.replace("kernel", "kernal")).contains("`kernal`"));
        assert!(message("[[").contains("line 1"));
    }

    #[test]
    fn architectures_have_to_be_of_the_space() {
        let candidate = r#"{"kernel": 3, "activation": {"integer": 3, "fraction": 6}, "weight": {"integer": 1, "fraction": 3}}"#;
        let text = format!("[{}]", layers(candidate));
        assert_eq!(with(&text, architectures).unwrap().len(), 1);
        let other = text.replace(r#""kernel": 3"#, r#""kernel": 9"#);
        let message = with(&other, architectures).unwrap_err().to_string();
        assert!(
            message.contains("architecture 1") && message.contains("`kernel` 9"),
            "{message}"
        );
        assert!(
            with("[]", architectures)
                .unwrap_err()
                .to_string()
                .contains("empty")
        );
    }
}
