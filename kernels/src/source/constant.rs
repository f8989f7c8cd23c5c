//! Values of the compile-time numbers that a declaration may name.

use std::collections::HashMap;

use super::token::{Token, TokenKind};

/// What each `constexpr TYPE NAME = ...;` was given, by name.
pub(super) struct Constants<'a>(HashMap<&'a str, Vec<Token<'a>>>);

/// How many names may stand for names.
const DEPTH: usize = 8;

impl<'a> Constants<'a> {
    /// Finds every constant of `tokens`; what has no value of the allowed form is none when asked for.
    pub(super) fn of(tokens: &[Token<'a>]) -> Self {
        let mut found = HashMap::new();
        for (at, _) in tokens.iter().enumerate().filter(|(_, t)| t.is("constexpr")) {
            let Some(end) = tokens[at..].iter().position(|t| t.is(";") || t.is("{")) else {
                continue;
            };
            let declaration = &tokens[at..at + end];
            if let Some(equals) = declaration.iter().position(|token| token.is("="))
                && let TokenKind::Word(name) = declaration[equals - 1].kind
            {
                found.insert(name, declaration[equals + 1..].to_vec());
            }
        }
        Self(found)
    }

    /// The value of a number, a constant, or a product of them.
    pub(super) fn value(&self, tokens: &[Token<'_>]) -> Option<usize> {
        self.value_within(tokens, DEPTH)
    }

    fn value_within(&self, tokens: &[Token<'_>], depth: usize) -> Option<usize> {
        let factors = tokens.split(|token| token.is("*"));
        let mut product = 1_usize;
        for factor in factors {
            let [factor] = factor else { return None };
            let value = match factor.kind {
                TokenKind::Number(digits) => {
                    let digits = digits.trim_end_matches(['u', 'U', 'l', 'L']);
                    digits.parse().ok()?
                }
                TokenKind::Word(name) if depth > 0 => {
                    self.value_within(self.0.get(name)?, depth - 1)?
                }
                _ => return None,
            };
            product = product.checked_mul(value)?;
        }
        Some(product)
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    #[test]
    fn constants_may_be_products_of_constants() {
        let source = "constexpr int WARPS = 8; static constexpr unsigned THREADS = WARPS * 32u;\
                      constexpr int HALF = THREADS / 2; constexpr int LOOP = LOOP;\
                      template <class T> constexpr int f() { return 1; }";
        let source = tokens("a.cu", source);
        let constants = Constants::of(&source);
        let value = |text: &'static str| constants.value(&tokens("a.cu", text));
        assert_eq!(value("128"), Some(128));
        assert_eq!(value("THREADS"), Some(256));
        assert_eq!(value("2 * WARPS"), Some(16));
        for other in ["HALF", "LOOP", "f", "1.5f", "", "2 *", "(2)"] {
            assert_eq!(value(other), None, "{other}");
        }
    }
}
