//! Finds the families of a folder, and the headers that each includes.

use std::collections::BTreeMap;
use std::path::Path;

use super::declaration::{form, kernels};
use super::token::{Token, TokenKind, tokens};
use super::{Error, Family, ParameterKind};

/// Reads every family of `folder`: all of its `*.cu`, with the `*.cuh` that they include. They come
/// in the order of their names.
///
/// # Errors
/// A file cannot be read, a declaration has a form that is not allowed, or two families declare one
/// name.
pub fn read(folder: &Path) -> Result<Vec<Family>, Error> {
    let sources = sources(folder)?;
    let families = sources
        .keys()
        .filter_map(|file| file.strip_suffix(".cu"))
        .map(|name| family(name, &sources))
        .collect::<Result<Vec<_>, _>>()?;
    no_name_twice(&families)?;
    Ok(families)
}

/// Name and text of every CUDA source in `folder`.
fn sources(folder: &Path) -> Result<BTreeMap<String, String>, Error> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| name.ends_with(".cu") || name.ends_with(".cuh")) {
            let text = std::fs::read_to_string(&path).map_err(at(&path))?;
            found.insert(name.to_owned(), text);
        }
    }
    Ok(found)
}

fn family(name: &str, sources: &BTreeMap<String, String>) -> Result<Family, Error> {
    let file = format!("{name}.cu");
    let mut unit = Unit::default();
    let first = Token {
        kind: TokenKind::Symbol('/'),
        file: &file,
        line: 1,
    };
    if !is_name(name) {
        let allowed = "lower-case letters, digits and `_`, a letter first";
        return Err(form(&first, format!("a family named `{name}`"), allowed));
    }
    unit.add(&file, &first, sources)?;
    let text = sources.get(&file).map_or("", String::as_str);
    let head = text.lines().next().unwrap_or("").trim_end();
    let summary = head
        .strip_prefix(&format!("// {file}: "))
        .ok_or_else(|| form(&first, format!("`{head}`"), "`// NAME.cu: what it is for.`"))?;
    let mut kernels = kernels(&unit.tokens)?;
    kernels.sort_by(|a, b| a.name.cmp(&b.name));
    if kernels.is_empty() {
        let found = format!("the family `{name}` has no kernel");
        return Err(form(&first, found, "one or more, or the extension `.cuh`"));
    }
    let system_headers = unit.system_headers.iter().map(|&name| name.to_owned());
    Ok(Family {
        name: name.to_owned(),
        summary: summary.to_owned(),
        kernels,
        system_headers: system_headers.collect(),
    })
}

/// Whether the name of a family becomes a name in Rust.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A family's source with all that it includes, as the compiler sees it.
#[derive(Default)]
struct Unit<'a> {
    files: Vec<&'a str>,
    tokens: Vec<Token<'a>>,
    system_headers: Vec<&'a str>,
}

impl<'a> Unit<'a> {
    /// Adds a file that is included at `place`, once, what it includes first.
    fn add(
        &mut self,
        file: &str,
        place: &Token<'_>,
        sources: &'a BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let Some((file, text)) = sources.get_key_value(file) else {
            let found = format!("`#include \"{file}\"`, which is not there");
            return Err(form(place, found, "a header of the same folder"));
        };
        if self.files.contains(&file.as_str()) {
            return Ok(());
        }
        self.files.push(file);
        for token in tokens(file, text) {
            match token.kind {
                TokenKind::Include(name) => self.add(name, &token, sources)?,
                TokenKind::SystemInclude(name) if !self.system_headers.contains(&name) => {
                    self.system_headers.push(name);
                }
                TokenKind::SystemInclude(_) => {}
                _ => self.tokens.push(token),
            }
        }
        Ok(())
    }
}

/// Kernels have one name for all families; structs of one name are one struct.
fn no_name_twice(families: &[Family]) -> Result<(), Error> {
    let (mut kernels, mut structs) = (BTreeMap::new(), BTreeMap::new());
    for family in families {
        let twice = |what, name: &str, other: &str| Error::Twice {
            what,
            name: name.to_owned(),
            families: [other.to_owned(), family.name.clone()],
        };
        for kernel in &family.kernels {
            if let Some(other) = kernels.insert(&kernel.name, &family.name) {
                return Err(twice("kernel", &kernel.name, other));
            }
            for parameter in &kernel.parameters {
                if let ParameterKind::Struct(own) = &parameter.kind {
                    let (first, other) = *structs.entry(&own.name).or_insert((own, &family.name));
                    if first != own {
                        return Err(twice("struct", &own.name, other));
                    }
                }
            }
        }
    }
    Ok(())
}
