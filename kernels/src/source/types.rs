//! How types are spelt in the sources.

use super::token::Token;
use crate::{Element, FieldKind, Scalar};

/// A type of the language and its words. One that begins with another comes before it.
const SPELLINGS: [(&[&str], Element); 10] = [
    (&["unsigned", "long", "long"], Element::U64),
    (&["unsigned", "char"], Element::U8),
    (&["unsigned", "int"], Element::U32),
    (&["unsigned"], Element::U32),
    (&["signed", "char"], Element::I8),
    (&["float"], Element::F32),
    (&["__half"], Element::F16),
    (&["half"], Element::F16),
    (&["short"], Element::I16),
    (&["int"], Element::I32),
];

/// What kind of thing a declaration declares, if it is one of the forms that fields have too.
pub(super) enum Declared<'t, 'a> {
    /// A pointer or a number, and the tokens after its type.
    Plain(FieldKind, &'t [Token<'a>]),
    /// A word that may name a struct, and the tokens after it.
    Named(&'a str, &'t [Token<'a>]),
}

/// Reads the type that a declaration begins with. `None` if it is of no allowed form.
pub(super) fn declared<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<Declared<'t, 'a>> {
    let (constant, tokens) = after(tokens, "const");
    let spelling = SPELLINGS.iter().find(|(words, _)| {
        words.len() <= tokens.len() && words.iter().zip(tokens).all(|(word, token)| token.is(word))
    });
    let Some((words, element)) = spelling else {
        let super::token::TokenKind::Word(name) = tokens.first()?.kind else {
            return None;
        };
        return Some(Declared::Named(name, &tokens[1..]));
    };
    let (pointer, rest) = after(&tokens[words.len()..], "*");
    if pointer {
        let kind = if constant {
            FieldKind::In(*element)
        } else {
            FieldKind::Out(*element)
        };
        return Some(Declared::Plain(kind, after(rest, "__restrict__").1));
    }
    scalar(*element).map(|scalar| Declared::Plain(FieldKind::Scalar(scalar), rest))
}

/// Whether `tokens` begin with `text`, and the rest of them.
pub(super) fn after<'t, 'a>(tokens: &'t [Token<'a>], text: &str) -> (bool, &'t [Token<'a>]) {
    match tokens.split_first() {
        Some((first, rest)) if first.is(text) => (true, rest),
        _ => (false, tokens),
    }
}

/// What may be passed by value.
fn scalar(element: Element) -> Option<Scalar> {
    match element {
        Element::F32 => Some(Scalar::F32),
        Element::I32 => Some(Scalar::I32),
        Element::U32 => Some(Scalar::U32),
        Element::U64 => Some(Scalar::U64),
        Element::F16 | Element::U8 | Element::I8 | Element::I16 => None,
    }
}
