//! Cuts CUDA C++ into tokens: comments are left out, preprocessor lines too, but for `#include`.

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    /// Name of the file.
    pub(super) file: &'a str,
    /// From 1.
    pub(super) line: usize,
}

/// A piece of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    /// An identifier or keyword.
    Word(&'a str),
    /// A literal that begins with a digit.
    Number(&'a str),
    /// A string or character, without its quotes.
    Text(&'a str),
    /// Any other character.
    Symbol(char),
    /// `#include "..."`
    Include(&'a str),
    /// `#include <...>`
    SystemInclude(&'a str),
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        match self.kind {
            TokenKind::Word(word) => word == text,
            TokenKind::Symbol(symbol) => text.len() == 1 && text.starts_with(symbol),
            _ => false,
        }
    }
}

/// All tokens of the source of `file`, in order.
pub(super) fn tokens<'a>(file: &'a str, source: &'a str) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kind) = next(rest, first);
        if let Some(kind) = kind {
            found.push(Token { kind, file, line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Length of the piece that `rest` begins with, and the token if it is one.
fn next(rest: &str, first: char) -> (usize, Option<TokenKind<'_>>) {
    let span = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
    match first {
        _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
        _ if rest.starts_with("/*") => {
            let end = rest[2..].find("*/");
            (end.map_or(rest.len(), |end| end + 4), None)
        }
        '#' => directive(rest),
        '"' | '\'' => {
            let length = quoted(rest, first);
            let text = rest[1..length].trim_end_matches(first);
            (length, Some(TokenKind::Text(text)))
        }
        '0'..='9' => {
            let length = span(|c| c.is_alphanumeric() || c == '.' || c == '\'');
            (length, Some(TokenKind::Number(&rest[..length])))
        }
        _ if first.is_alphabetic() || first == '_' => {
            let length = span(|c| c.is_alphanumeric() || c == '_');
            (length, Some(TokenKind::Word(&rest[..length])))
        }
        _ if first.is_whitespace() => (span(char::is_whitespace), None),
        _ => (first.len_utf8(), Some(TokenKind::Symbol(first))),
    }
}

/// A preprocessor line, which a backslash at its end continues.
fn directive(rest: &str) -> (usize, Option<TokenKind<'_>>) {
    let ends = rest.match_indices('\n').map(|(at, _)| at);
    let end = ends
        .into_iter()
        .find(|&at| !rest[..at].trim_end_matches('\r').ends_with('\\'));
    let length = end.unwrap_or(rest.len());
    let name = rest[1..length].trim_start().strip_prefix("include");
    let token = name.map(str::trim_start).and_then(|name| {
        if let Some(name) = name.strip_prefix('"') {
            name.split_once('"')
                .map(|(name, _)| TokenKind::Include(name))
        } else {
            let (name, _) = name.strip_prefix('<')?.split_once('>')?;
            Some(TokenKind::SystemInclude(name))
        }
    });
    (length, token)
}

/// Length of a literal in quotes, both included; a backslash protects the next character.
fn quoted(rest: &str, quote: char) -> usize {
    let mut protected = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if protected => protected = false,
            '\\' => protected = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::TokenKind::{Include, Number, Symbol, SystemInclude, Text, Word};
    use super::*;

    fn kinds(source: &str) -> Vec<TokenKind<'_>> {
        tokens("a.cu", source)
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn comments_and_preprocessor_lines_are_left_out_but_for_includes() {
        let source =
            "a // b\n/* c\n */ #include \"x.cuh\"\n#include <mma.h>\n#define E(f) \\\n  f\nd";
        assert_eq!(
            kinds(source),
            [
                Word("a"),
                Include("x.cuh"),
                SystemInclude("mma.h"),
                Word("d")
            ]
        );
    }

    #[test]
    fn words_numbers_texts_and_symbols_are_told_apart() {
        assert_eq!(
            kinds(r#"extern "C" a_1[0x10u]; "a\"b" 'c' 1.5f"#),
            [
                Word("extern"),
                Text("C"),
                Word("a_1"),
                Symbol('['),
                Number("0x10u"),
                Symbol(']'),
                Symbol(';'),
                Text(r#"a\"b"#),
                Text("c"),
                Number("1.5f"),
            ]
        );
    }

    #[test]
    fn lines_are_counted_across_comments() {
        let lines: Vec<usize> = tokens("a.cu", "a\n/*\n\n*/ b\n\"x\" c")
            .iter()
            .map(|token| token.line)
            .collect();
        assert_eq!(lines, [1, 4, 5, 5]);
    }
}
