//! The model card: what the network is, what was measured of it, and how to use it, for people.

use crate::drawing::hls_type;
use crate::network::Network;
use crate::{Model, Result};
use radars_nn::tensor::FixedPoint;
use radars_space::LayerCost;
use std::fmt::Write;

impl Model {
    /// The model card, as Markdown.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn to_card(&self) -> Result<String> {
        let network = self.network()?;
        let cost = self.cost()?;
        let mut text = format!("# {}: {}\n\n", self.space.name(), self.architecture);
        text += "| | |\n|---|---|\n";
        for (what, value) in self.facts(&network)? {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {what} | {} |", value.replace('|', "\\|"));
        }
        text += "\n## Layers\n\n";
        text += "| convolution | kernel | output | input | weights | MACs |\n|---|---|---|---|---|---|\n";
        for (_, conv) in network.convolutions() {
            let geometry = &conv.geometry;
            let _ = writeln!(
                text,
                "| {} | {k}x{k} | {} | {} | {} | {} |",
                conv.name,
                geometry.output,
                bits(conv.input_format),
                bits(conv.weight_format),
                count(geometry.macs(conv.kernel)),
                k = conv.kernel,
            );
        }
        let classifier = &network.classifier;
        let LayerCost { macs, .. } = cost.classifier;
        let _ = writeln!(
            text,
            "| classifier | - | {} | {} | {} | {} |",
            classifier.out_features,
            bits(classifier.input_format),
            bits(classifier.weight_format),
            count(macs),
        );
        text += "\n`fixed<W, I>` has W bits, of which I are before the binary point, sign included; `ufixed` has no sign.\n";
        text += "Values round to the nearest, half to even, and saturate.\n";
        text += "\n## Input and classes\n\n";
        let _ = writeln!(
            text,
            "Images of {} (height x width x channels); every byte becomes `byte / 127.5 - 1`. In ONNX files channels come \
             first. The largest logit is the class:\n",
            network.input
        );
        for (index, name) in self.class_names.iter().enumerate() {
            let _ = writeln!(text, "{index}. {name}");
        }
        Ok(text)
    }

    fn facts(&self, network: &Network) -> Result<Vec<(&'static str, String)>> {
        let cost = self.cost()?;
        let from = &self.provenance;
        let mut facts = Vec::new();
        let mut add = |what, value: Option<String>| facts.extend(value.map(|value| (what, value)));
        let accuracy = from.test_accuracy.map(|accuracy| {
            let images = from
                .test_images
                .map(|images| format!(" on {} test images", count(images as u64)));
            let top5 = from
                .test_top5_accuracy
                .map(|top5| format!(", top 5 {top5:.4}"));
            format!(
                "{accuracy:.4}{}{}",
                top5.unwrap_or_default(),
                images.unwrap_or_default()
            )
        });
        add("test accuracy", accuracy);
        add("MACs", Some(count(cost.macs)));
        if network.is_quantised() {
            add(
                "AOPS (MACs x activation bits x weight bits)",
                Some(count(cost.aops)),
            );
        }
        add("parameters", Some(count(cost.params)));
        add("data set", from.data.clone());
        let trained = from.train_images.zip(from.epochs);
        let trained = trained.map(|(images, epochs)| {
            format!(
                "{epochs} epochs of {} images, from scratch",
                count(images as u64)
            )
        });
        add("training", trained);
        add("architecture by", from.method.clone());
        add("seed", from.seed.map(|seed| seed.to_string()));
        add("device", from.device.clone());
        add(
            "command",
            from.command.as_ref().map(|command| format!("`{command}`")),
        );
        add("fingerprint of the run", from.fingerprint.clone());
        add("radars", from.version.clone());
        Ok(facts)
    }
}

fn bits(format: Option<FixedPoint>) -> String {
    format.map_or("float".into(), |format| format!("`{}`", hls_type(format)))
}

/// `1,330,048`.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
