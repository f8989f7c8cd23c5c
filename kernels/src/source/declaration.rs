//! Reads the declarations of kernels and of the structs that they take.

use super::constant::Constants;
use super::token::{Token, TokenKind};
use super::types::{Declared, after, declared};
use super::{Error, Field, Kernel, Parameter, ParameterKind, Struct};
use crate::FieldKind;

const KERNEL: &str =
    "`extern \"C\" __global__ void __launch_bounds__(N) name(parameters)`, in a `.cu`";
const BOUNDS: &str = "`__launch_bounds__(N)`, N a number of 1 to 1024, a `constexpr` or a product";
const PARAMETER: &str = "`const T* __restrict__ name`, `T* __restrict__ name`, `const T* name`, \
                         `T* name`, a number `float|int|unsigned|unsigned long long name`, or \
                         `Struct name`";
const STRUCT: &str = "`struct Name { fields };` in the `.cu` or in a header that it includes";
const FIELD: &str = "`kind name;` or `kind name[N];`, kind `const T*`, `T*`, `float`, `int`, \
                     `unsigned` or `unsigned long long`, one a line and nothing but fields";

/// The error that `found` stands at `place`.
pub(super) fn form(place: &Token<'_>, found: String, allowed: &'static str) -> Error {
    Error::Form {
        file: place.file.to_owned(),
        line: place.line,
        found,
        allowed,
    }
}

/// Every kernel that `tokens` declare, in the order of the declarations.
pub(super) fn kernels(tokens: &[Token<'_>]) -> Result<Vec<Kernel>, Error> {
    let constants = Constants::of(tokens);
    let marks = (0..tokens.len()).filter(|&at| tokens[at].is("__global__"));
    marks.map(|at| kernel(tokens, at, &constants)).collect()
}

/// The kernel whose `__global__` stands at `at`.
fn kernel(tokens: &[Token<'_>], at: usize, constants: &Constants<'_>) -> Result<Kernel, Error> {
    let place = &tokens[at];
    let wrong = || form(place, "`__global__` of another form".to_owned(), KERNEL);
    let is_extern_c = at >= 2
        && tokens[at - 2].is("extern")
        && matches!(tokens[at - 1].kind, TokenKind::Text("C"));
    let [void, bounds, rest @ ..] = &tokens[at + 1..] else {
        return Err(wrong());
    };
    let headed = void.is("void") && bounds.is("__launch_bounds__");
    if !is_extern_c || !headed || !place.file.ends_with(".cu") {
        return Err(wrong());
    }
    let (inside, rest) = parenthesised(rest).ok_or_else(wrong)?;
    let first = inside.split(|t| t.is(",")).next().unwrap_or(inside);
    let max_threads = constants
        .value(first)
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (1..=1024).contains(n))
        .ok_or_else(|| {
            form(
                bounds,
                format!("`__launch_bounds__({})`", text(inside)),
                BOUNDS,
            )
        })?;

    let (name, rest) = word(rest).ok_or_else(wrong)?;
    let (inside, _) = parenthesised(rest).ok_or_else(wrong)?;
    let parameters = inside
        .split(|token| token.is(","))
        .filter(|parameter| !(parameter.is_empty() && inside.is_empty()))
        .map(|parameter| self::parameter(tokens, parameter, place, constants))
        .collect::<Result<_, _>>()?;
    Ok(Kernel {
        name: name.to_owned(),
        parameters,
        max_threads,
    })
}

fn parameter(
    all: &[Token<'_>],
    tokens: &[Token<'_>],
    kernel: &Token<'_>,
    constants: &Constants<'_>,
) -> Result<Parameter, Error> {
    let place = tokens.first().unwrap_or(kernel);
    let wrong = || {
        form(
            place,
            format!("the parameter `{}`", text(tokens)),
            PARAMETER,
        )
    };
    let (kind, rest) = match declared(tokens).ok_or_else(wrong)? {
        Declared::Plain(FieldKind::In(element), rest) => (ParameterKind::In(element), rest),
        Declared::Plain(FieldKind::Out(element), rest) => (ParameterKind::Out(element), rest),
        Declared::Plain(FieldKind::Scalar(scalar), rest) => (ParameterKind::Scalar(scalar), rest),
        Declared::Named(name, rest) => {
            // Ask for the whole form first: `bool flag` is a wrong parameter, not a missing struct.
            let by_value = structure(all, name, constants)?.ok_or_else(|| {
                let found = format!("the parameter `{}`: no struct `{name}`", text(tokens));
                form(place, found, PARAMETER)
            })?;
            (ParameterKind::Struct(by_value), rest)
        }
    };
    match word(rest) {
        Some((name, [])) => Ok(Parameter {
            name: name.to_owned(),
            kind,
        }),
        _ => Err(wrong()),
    }
}

/// The struct with this name, `None` if there is none of the form `struct NAME {`.
fn structure(
    tokens: &[Token<'_>],
    name: &str,
    constants: &Constants<'_>,
) -> Result<Option<Struct>, Error> {
    let head = |three: &[Token<'_>]| three[0].is("struct") && three[1].is(name) && three[2].is("{");
    let Some(at) = tokens.windows(3).position(head) else {
        return Ok(None);
    };
    let place = &tokens[at];
    let body = &tokens[at + 3..];
    let end = body
        .iter()
        .position(|token| token.is("}"))
        .ok_or_else(|| form(place, format!("`struct {name}` without an end"), STRUCT))?;

    let mut fields = Vec::new();
    let (mut offset, mut alignment) = (0_usize, 1_usize);
    for tokens in body[..end].split_inclusive(|token| token.is(";")) {
        let (field_name, kind, length) = field(tokens, constants)
            .ok_or_else(|| form(&tokens[0], format!("the field `{}`", text(tokens)), FIELD))?;
        offset = offset.next_multiple_of(kind.bytes());
        alignment = alignment.max(kind.bytes());
        fields.push(Field {
            name: field_name,
            kind,
            length,
            offset,
        });
        offset += kind.bytes() * length.unwrap_or(1);
    }
    if fields.is_empty() {
        return Err(form(
            place,
            format!("`struct {name}` without a field"),
            STRUCT,
        ));
    }
    Ok(Some(Struct {
        name: name.to_owned(),
        fields,
        bytes: offset.next_multiple_of(alignment),
        alignment,
    }))
}

/// Name, kind and length of a field, from its tokens up to the semicolon.
fn field(
    tokens: &[Token<'_>],
    constants: &Constants<'_>,
) -> Option<(String, FieldKind, Option<usize>)> {
    let [tokens @ .., semicolon] = tokens else {
        return None;
    };
    let Declared::Plain(kind, rest) = declared(tokens).filter(|_| semicolon.is(";"))? else {
        return None;
    };
    let (name, rest) = word(rest)?;
    let length = match rest {
        [] => None,
        [open, length @ .., close] if open.is("[") && close.is("]") => {
            Some(constants.value(length).filter(|&n| n > 0)?)
        }
        _ => return None,
    };
    Some((name.to_owned(), kind, length))
}

/// The name that `tokens` begin with, and the rest.
fn word<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<(&'a str, &'t [Token<'a>])> {
    match tokens.split_first()? {
        (
            Token {
                kind: TokenKind::Word(word),
                ..
            },
            rest,
        ) => Some((word, rest)),
        _ => None,
    }
}

/// What stands between the parenthesis that `tokens` begin with and its partner, and the rest.
fn parenthesised<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<(&'t [Token<'a>], &'t [Token<'a>])> {
    let (true, tokens) = after(tokens, "(") else {
        return None;
    };
    let mut depth = 1;
    for (at, token) in tokens.iter().enumerate() {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        if depth == 0 {
            return Some((&tokens[..at], &tokens[at + 1..]));
        }
    }
    None
}

/// The tokens as they may have stood in the source, for messages.
fn text(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        let piece = match token.kind {
            TokenKind::Word(word) | TokenKind::Number(word) => word,
            TokenKind::Text(word) | TokenKind::Include(word) | TokenKind::SystemInclude(word) => {
                word
            }
            TokenKind::Symbol(symbol) => {
                text.push(symbol);
                continue;
            }
        };
        if text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '*' | ',')) {
            text.push(' ');
        }
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests;
