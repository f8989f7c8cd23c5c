//! From CUDA C++ to C++: shared variables become references into the block's memory, and kernels
//! are listed. Everything else is the compiler's, through the headers in `simulator/device`.

use std::path::Path;

use super::Error;

/// A `.cu` or `.cuh` file as the C++ compiler gets it, line for line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub text: String,
    /// Names of the `extern "C" __global__` functions that it defines or declares.
    pub kernels: Vec<String>,
}

/// Translates the text of `path`.
pub(super) fn translate(path: &Path, text: &str) -> Result<Source, Error> {
    let code = without_comments(text);
    let error = |at: usize, what: &str| Error::Source {
        path: path.to_owned(),
        line: 1 + code[..at].matches('\n').count(),
        what: what.to_owned(),
    };
    let mut translated = String::new();
    let mut done = 0;
    for at in words(&code, "__shared__") {
        let begin = code[..at].rfind([';', '{', '}']);
        let begin = begin.ok_or_else(|| error(at, "a shared variable outside a function"))? + 1;
        let length = code[at..].find(';');
        let end = at + length.ok_or_else(|| error(at, "a declaration without its end"))?;
        let statement = &code[begin..end];
        let shared = Shared::parse(statement)
            .ok_or_else(|| error(at, "a shared variable that is not `type name[size]...`"))?;
        translated += &code[done..begin];
        translated += &shared.in_cpp();
        translated.extend(statement.chars().filter(|&c| c == '\n'));
        done = end + 1;
    }
    translated += &code[done..];

    let mut kernels = Vec::new();
    for at in words(&code, "__global__") {
        let name = kernel_name(&code, at).ok_or_else(|| {
            error(
                at,
                "a kernel that is not `extern \"C\" __global__ void name(`",
            )
        })?;
        if !kernels.contains(&name) {
            kernels.push(name);
        }
    }
    Ok(Source {
        text: format!("#line 1 \"{}\"\n{translated}", path.display()),
        kernels,
    })
}

/// A declaration of shared variables.
struct Shared<'a> {
    dynamic: bool,
    /// What `__align__` or `alignas` states; else 1.
    alignment: &'a str,
    type_name: String,
    /// Names, and the sizes in brackets.
    variables: Vec<(&'a str, &'a str)>,
}

impl<'a> Shared<'a> {
    fn parse(statement: &'a str) -> Option<Self> {
        let mut alignment = "1";
        let mut left = String::new();
        let mut rest = statement;
        // The attribute stands before the type, on either side of `__shared__`.
        for attribute in ["__align__", "alignas"] {
            if let Some(at) = words(statement, attribute).next() {
                let open = at + statement[at..].find('(')?;
                let close = open + closing(&statement[open..])?;
                alignment = &statement[open + 1..close];
                left = statement[..at].to_owned();
                rest = &statement[close + 1..];
            }
        }
        let mut declarators = split_at_commas(rest).into_iter();
        let first = declarators.next()?;
        let (head, sizes) = first.split_at(outer_bracket(first).unwrap_or(first.len()));
        let head = head.trim_end();
        let name_at = head.rfind(|c: char| !is_word(c))? + 1;
        left += &head[..name_at];
        let dynamic = words(&left, "extern").next().is_some();
        let type_name: Vec<&str> = left
            .split_whitespace()
            .filter(|word| !["__shared__", "extern", "static"].contains(word))
            .collect();
        let mut variables = vec![(&head[name_at..], sizes.trim())];
        for declarator in declarators {
            let at = declarator.find('[').unwrap_or(declarator.len());
            variables.push((declarator[..at].trim(), declarator[at..].trim()));
        }
        let named = |name: &str| !name.is_empty() && name.chars().all(is_word);
        let whole = !type_name.is_empty() && variables.iter().all(|(name, _)| named(name));
        whole.then(|| Self {
            dynamic,
            alignment,
            type_name: type_name.join(" "),
            variables,
        })
    }

    /// The same as a reference, on one line.
    fn in_cpp(&self) -> String {
        let Self {
            alignment,
            type_name,
            ..
        } = self;
        let mut text = String::new();
        for (name, sizes) in &self.variables {
            let (sizes, declare) = match self.dynamic {
                true => ("", "SIMULATOR_DYNAMIC_SHARED"),
                false => (*sizes, "SIMULATOR_SHARED"),
            };
            let sizes = sizes.replace('\n', " ");
            text += &format!(
                " typedef {type_name} {name}_shared{sizes}; {declare}({name}, ({alignment}));"
            );
        }
        text
    }
}

/// The kernel's name, if its `__global__` follows `extern "C"`.
fn kernel_name(code: &str, at: usize) -> Option<String> {
    let before = code[..at].trim_end().strip_suffix("\"C\"")?;
    before.trim_end().strip_suffix("extern")?;
    let mut rest = code[at + "__global__".len()..].trim_start();
    loop {
        let open = rest.find('(')?;
        let head = rest[..open].trim_end();
        let name = &head[head.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1)..];
        if name != "__launch_bounds__" {
            return (!name.is_empty()).then(|| name.to_owned());
        }
        rest = &rest[open + closing(&rest[open..])? + 1..];
    }
}

/// Comments become blanks; their line ends stay.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, comment) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), true)
        } else if first == '"' {
            (string_length(rest), false)
        } else {
            (first.len_utf8(), false)
        };
        let (piece, after) = rest.split_at(length);
        if comment {
            code.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code += piece;
        }
        rest = after;
    }
    code
}

/// Bytes of the string literal that `text` begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Where `word` stands by itself.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let alone = move |&at: &usize| {
        !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    };
    text.match_indices(word).map(|(at, _)| at).filter(alone)
}

/// Where the parenthesis that `text` begins with closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        (depth == 0).then_some(at)
    })
}

/// Where the first `[` outside template arguments stands.
fn outer_bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        (c == '[' && depth == 0).then_some(at)
    })
}

/// Splits at the commas that stand in no bracket; `<` nests outside `[`.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut square, mut other, mut begin) = (0, 0, 0);
    let mut pieces = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '[' => square += 1,
            ']' => square -= 1,
            '(' | '<' if square == 0 => other += 1,
            ')' | '>' if square == 0 => other -= 1,
            ',' if square == 0 && other == 0 => {
                pieces.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[begin..]);
    pieces
}

#[cfg(test)]
mod tests;
