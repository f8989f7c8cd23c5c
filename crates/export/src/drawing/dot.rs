//! The picture in Graphviz's language.

use super::{Around, Group, Part};

pub(super) fn draw(groups: &[Group], title: &str) -> String {
    let mut text = format!("digraph {} {{\n", quoted(title));
    text += "  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n";
    let mut edges = String::new();
    let mut before: Option<&str> = None;
    for group in groups {
        let entry = before;
        for part in &group.path {
            text += &node(part);
            edges += &before
                .map(|from| edge(from, &part.name))
                .unwrap_or_default();
            before = Some(&part.name);
        }
        let (Some(from), Some(to)) = (entry, before) else {
            continue;
        };
        match &group.around {
            None => {}
            Some(Around::Identity) => edges += &edge(from, to),
            Some(Around::Projection(part)) => {
                text += &node(part);
                edges += &edge(from, &part.name);
                edges += &edge(&part.name, to);
            }
        }
    }
    text + &edges + "}\n"
}

fn node(part: &Part) -> String {
    let label = part.lines.join("\n");
    format!("  {} [label={}];\n", quoted(&part.name), quoted(&label))
}

fn edge(from: &str, to: &str) -> String {
    format!("  {} -> {};\n", quoted(from), quoted(to))
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}
