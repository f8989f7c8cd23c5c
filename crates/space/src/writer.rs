//! Writing a space as a file that reads back as the same space.

use crate::{Choices, HyperParameter, Space};

impl Space {
    /// The space as the text of a TOML file: everything stated, nothing left to defaults. Reading
    /// it back with [`Space::from_toml`] gives an equal space.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = format!("name = {}\n", toml::Value::String(self.name().to_owned()));
        if let Ok(classes) = self.classes() {
            text += &format!("classes = {classes}\n");
        }
        if let Ok(input) = self.input() {
            let (height, width, channels) = (input.height, input.width, input.channels);
            text += &format!(
                "input = {{ height = {height}, width = {width}, channels = {channels} }}\n"
            );
        }
        if self.any_data() {
            text += "any_data = true\n";
        }
        let shared = &self.layers()[0].choices;
        let is_shared = self.layers().iter().all(|layer| layer.choices == *shared);
        if is_shared {
            text += "\n[choices]\n";
            text += &lists(shared).join("\n");
            text += "\n";
        }
        for layer in self.layers() {
            text += &format!(
                "\n[[layer]]\nkind = \"{}\"\nchannels = {}\nstride = {}\ngroups = {}\nactivation = \"{}\"\n",
                layer.kind.key(),
                layer.channels,
                layer.stride,
                layer.groups,
                layer.activation.key()
            );
            if !is_shared {
                text += &format!("choices = {{ {} }}\n", lists(&layer.choices).join(", "));
            }
        }
        if let Some(reward) = self.stated_reward() {
            let (alpha, beta, gamma) = (reward.alpha(), reward.beta(), reward.gamma());
            // `{:?}` writes the shortest digits that read back as the same f64, always as a float.
            text += &format!("\n[reward]\nalpha = {alpha:?}\nbeta = {beta:?}\ngamma = {gamma:?}\n");
        }
        text
    }
}

/// `kernel = [1, 3]` and so on, the lists that there are.
fn lists(choices: &Choices) -> Vec<String> {
    let stated = HyperParameter::ALL
        .into_iter()
        .filter(|&kind| !choices.list(kind).is_empty());
    stated
        .map(|kind| format!("{kind} = {:?}", choices.list(kind)))
        .collect()
}
