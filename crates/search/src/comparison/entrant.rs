//! Who takes part in a comparison: a method, in the variant that a row of the table stands for.

use crate::{Config, Method};
use radars_supernet::Mixing;
use std::fmt;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// How it searches.
    pub method: Method,
    /// How its SuperNets hold their mixtures, where that is what makes it another row.
    pub mixing: Option<Mixing>,
}

impl Entrant {
    /// Who takes part when these methods are asked for: RADARS first, since the others are given what it
    /// spent; DNAS twice, as the literature has it and with the whole space within the bound; each once.
    pub fn of(methods: &[Method]) -> Vec<Entrant> {
        let mut entrants: Vec<Entrant> = Vec::new();
        let mut add = |method, mixing| {
            let entrant = Entrant { method, mixing };
            if !entrants.contains(&entrant) {
                entrants.push(entrant);
            }
        };
        let radars = methods.iter().filter(|&&m| m == Method::Radars);
        for &method in radars.chain(methods) {
            match method {
                Method::Dnas => {
                    add(method, Some(Mixing::Materialised));
                    add(method, Some(Mixing::Factorised));
                }
                _ => add(method, None),
            }
        }
        entrants
    }

    /// Brings a configuration to this method.
    pub fn apply(self, config: &mut Config) {
        config.method = self.method;
        if let Some(mixing) = self.mixing {
            config.mixing = mixing;
        }
    }

    /// Whether it searches at all: uniform architectures are a control that only measures.
    pub fn searches(self) -> bool {
        self.method != Method::Uniform
    }

    /// Its name as part of a file's name.
    pub fn stem(self) -> String {
        match self.mixing {
            Some(Mixing::Factorised) => format!("{}-factorised", self.method),
            _ => self.method.to_string(),
        }
    }
}

/// `dnas (factorised)`.
impl fmt::Display for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mixing {
            Some(Mixing::Factorised) => write!(f, "{} (factorised)", self.method),
            _ => write!(f, "{}", self.method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radars_comes_first_dnas_twice_and_each_once() {
        use Method::{Dnas, Quantnas, Radars, Random};
        let names = |methods: &[Method]| -> Vec<String> {
            let entrants = Entrant::of(methods).into_iter();
            entrants.map(|entrant| entrant.to_string()).collect()
        };
        assert_eq!(
            names(&[Quantnas, Dnas, Radars, Quantnas, Random]),
            ["radars", "quantnas", "dnas", "dnas (factorised)", "random"]
        );
        assert_eq!(Entrant::of(&[Dnas])[1].stem(), "dnas-factorised");
    }
}
