//! Who takes part in a comparison: a method, in the variant that a row of the table stands for.

use crate::{Config, Method};
use radars_supernet::Mixing;
use std::fmt;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entrant {
    /// How it searches.
    pub method: Method,
    /// How its SuperNets hold their mixtures, where that is what makes it another row.
    pub mixing: Option<Mixing>,
    /// How many times the common budget it may spend, where that is what makes it another row.
    pub factor: Option<f64>,
}

impl Entrant {
    /// Who takes part when these methods are asked for: RADARS first, since the others are given what it
    /// spent; DNAS in every way to hold a mixture, first that of the literature; each once.
    pub fn of(methods: &[Method]) -> Vec<Entrant> {
        let mut entrants: Vec<Entrant> = Vec::new();
        let mut add = |method, mixing| {
            let entrant = Entrant {
                method,
                mixing,
                factor: None,
            };
            if !entrants.contains(&entrant) {
                entrants.push(entrant);
            }
        };
        let radars = methods.iter().filter(|&&m| m == Method::Radars);
        for &method in radars.chain(methods) {
            match method {
                Method::Dnas => {
                    for mixing in Mixing::ALL {
                        add(method, Some(mixing));
                    }
                }
                _ => add(method, None),
            }
        }
        entrants
    }

    /// A method as it is, with the common budget.
    pub fn plain(method: Method) -> Entrant {
        Entrant {
            method,
            mixing: None,
            factor: None,
        }
    }

    /// Brings a configuration to this method.
    pub fn apply(self, config: &mut Config) {
        (config.method, config.architecture) = (self.method, None);
        if let Some(mixing) = self.mixing {
            config.mixing = mixing.into();
        }
    }

    /// Whether it searches at all: uniform architectures are a control that only measures.
    pub fn searches(self) -> bool {
        self.method != Method::Uniform
    }

    /// Its name as part of a file's name, whatever it may spend.
    pub fn stem(self) -> String {
        match self.mixing {
            None | Some(Mixing::Materialised) => self.method.to_string(),
            Some(mixing) => format!("{}-{mixing}", self.method),
        }
    }
}

/// `dnas (factorised) x3`.
impl fmt::Display for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mixing {
            None | Some(Mixing::Materialised) => write!(f, "{}", self.method)?,
            Some(mixing) => write!(f, "{} ({mixing})", self.method)?,
        }
        match self.factor {
            None => Ok(()),
            Some(factor) => write!(f, " x{factor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radars_comes_first_dnas_in_every_mixing_and_each_once() {
        use Method::{Dnas, Quantnas, Radars, Random};
        let names = |methods: &[Method]| -> Vec<String> {
            let entrants = Entrant::of(methods).into_iter();
            entrants.map(|entrant| entrant.to_string()).collect()
        };
        assert_eq!(
            names(&[Quantnas, Dnas, Radars, Quantnas, Random]),
            [
                "radars",
                "quantnas",
                "dnas",
                "dnas (merged)",
                "dnas (factorised)",
                "random"
            ]
        );
        assert_eq!(Entrant::of(&[Dnas])[0].stem(), "dnas");
        assert_eq!(Entrant::of(&[Dnas])[2].stem(), "dnas-factorised");
    }
}
