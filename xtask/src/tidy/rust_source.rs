//! Tells code, comments and literals of a Rust file apart, as far as looking for words needs.

/// What a byte of a source file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Code,
    Comment,
    /// Inside a string or character literal, quotes included.
    Literal,
}

/// A Rust source text with the part that every byte belongs to.
pub struct RustSource<'a> {
    text: &'a str,
    parts: Vec<Part>,
}

impl<'a> RustSource<'a> {
    /// Scans `text` once. An unclosed comment or literal reaches to the end.
    pub fn new(text: &'a str) -> Self {
        let mut parts = Vec::with_capacity(text.len());
        while parts.len() < text.len() {
            let (length, part) = next_piece(text, parts.len());
            parts.resize((parts.len() + length).min(text.len()), part);
        }
        Self { text, parts }
    }

    /// Where `word` stands by itself (not inside a longer identifier) in one of the `within` parts:
    /// byte offsets.
    pub fn words(&self, word: &str, within: &[Part]) -> Vec<usize> {
        whole_words(self.text, word)
            .filter(|&at| within.contains(&self.parts[at]))
            .collect()
    }

    /// The text from `offset` on.
    pub fn rest(&self, offset: usize) -> &'a str {
        &self.text[offset..]
    }
}

/// Line of a byte offset, from 1.
pub fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// Byte offsets at which `word` is neither preceded nor followed by a character of an identifier.
pub fn whole_words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let continues = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            !text[..at].chars().next_back().is_some_and(continues)
                && !text[at + word.len()..]
                    .chars()
                    .next()
                    .is_some_and(continues)
        })
}

/// Length in bytes and part of the piece that begins at `at`, which lies outside any other.
fn next_piece(text: &str, at: usize) -> (usize, Part) {
    let rest = &text[at..];
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Part::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Part::Comment);
    }
    if rest.starts_with('"') {
        return (quoted(rest, b'"'), Part::Literal);
    }
    if rest.starts_with('\'') && is_character(rest) {
        return (quoted(rest, b'\''), Part::Literal);
    }
    if let Some(length) = raw_string(text, at) {
        return (length, Part::Literal);
    }
    (rest.chars().next().map_or(1, char::len_utf8), Part::Code)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A literal between two `quote` bytes, in which a backslash protects the next byte.
fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Whether the quote at the start opens a character (`'a'`, `'\n'`) and not a lifetime (`'a`).
fn is_character(rest: &str) -> bool {
    let mut inside = rest.chars().skip(1);
    match inside.next() {
        Some('\\') => true,
        Some(_) => inside.next() == Some('\''),
        None => false,
    }
}

/// Length of `r"..."`, `r#"..."#` and so on (the `b` or `c` before it counts as code).
fn raw_string(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix('r')?;
    let before = &text[..at];
    let before = before.strip_suffix(['b', 'c']).unwrap_or(before);
    if before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
    {
        return None;
    }
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let inside = rest[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = inside
        .find(&close)
        .map_or(inside.len(), |end| end + close.len());
    Some(1 + hashes + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of `text`, every other byte replaced by a dot.
    fn code(text: &str) -> String {
        let parts = RustSource::new(text).parts;
        text.bytes()
            .zip(parts)
            .map(|(b, p)| if p == Part::Code { b as char } else { '.' })
            .collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(code("a // b\nc"), "a ....\nc");
        assert_eq!(code("a /* b /* c */ d */ e"), "a ................. e");
        assert_eq!(code(r#"f("a\"b", c)"#), "f(......, c)");
        assert_eq!(
            code(r###"f(r#"a"b"#, br"\", c)"###),
            "f(........, b...., c)"
        );
        assert_eq!(code("var\"x\" r#type"), "var... r#type");
    }

    #[test]
    fn lifetimes_are_code_and_characters_are_not() {
        assert_eq!(
            code("f::<'a>('b', '\\'', '\"', b'x')"),
            "f::<'a>(..., ...., ..., b...)"
        );
        assert_eq!(code("&'static str; 'é'"), "&'static str; ....");
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        assert_eq!(code("a /* b"), "a ....");
        assert_eq!(code("a \"b\\"), "a ...");
        assert_eq!(code("a r#\"b\""), "a .....");
    }

    #[test]
    fn a_word_inside_a_longer_one_does_not_count() {
        let found: Vec<usize> = whole_words("ab abc _ab ab! xab ab", "ab").collect();
        assert_eq!(found, [0, 11, 19]);
        assert_eq!(line_at("a\nb\nc", 4), 3);
    }
}
