//! Every architecture of a space, with what its trainings at three fidelities came to.

use super::row::FIDELITIES;
use super::{Codes, RowFault, TableFile, header};
use crate::Fidelity;
use crate::tabular::TableError;
use radars_space::{Architecture, Limits, Reward, Space};
use std::path::Path;

/// Most architectures of a table.
pub const MOST_ARCHITECTURES: usize = 100_000;

/// An architecture of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What it is.
    pub architecture: Architecture,
    /// Its adjusted operations for one image.
    pub aops: u64,
    /// The accuracies at each fidelity, a fraction for each seed, in the order of the seeds.
    accuracies: [Vec<f64>; 3],
    /// What each fidelity costs, in multiply-accumulates.
    macs: [u64; 3],
}

impl Known {
    /// Its accuracies at a fidelity, one a seed; at least one.
    pub fn accuracies(&self, fidelity: Fidelity) -> &[f64] {
        &self.accuracies[column(fidelity)]
    }

    /// What a training at that fidelity and its measurement cost, in multiply-accumulates.
    pub fn macs(&self, fidelity: Fidelity) -> u64 {
        self.macs[column(fidelity)]
    }

    /// The mean accuracy of its final trainings: the truth, as far as the table knows it.
    pub fn truth(&self) -> f64 {
        let of = self.accuracies(Fidelity::Final);
        of.iter().sum::<f64>() / of.len() as f64
    }
}

/// Where a fidelity stands.
fn column(fidelity: Fidelity) -> usize {
    let place = FIDELITIES.iter().position(|&known| known == fidelity);
    place.unwrap_or_default()
}

/// Every architecture of a space, with its accuracies at three fidelities, each with one or more seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct FidelityTable {
    space: Space,
    /// The epochs of each fidelity, where the comments say them.
    epochs: Option<[usize; 3]>,
    /// Every combination of choices, the last decision fastest.
    known: Vec<Known>,
}

impl FidelityTable {
    /// Reads a file; with the space that it was made of, or with that in its comments.
    ///
    /// # Errors
    /// [`TableError`] with the file, the line and what would be right; those of the space, which has to state images
    /// and classes.
    pub fn read(file: &Path, space: Option<Space>) -> crate::Result<Self> {
        FidelityTable::new(&TableFile::read(file)?, space, file)
    }

    /// As [`FidelityTable::read`], of a file that was read; `file` is what errors call it.
    ///
    /// # Errors
    /// As [`FidelityTable::read`].
    pub fn new(table: &TableFile, space: Option<Space>, file: &Path) -> crate::Result<Self> {
        let space = match space {
            Some(space) => space,
            None => {
                (table.space(file)?).ok_or_else(|| TableError::NoSpace { file: file.into() })?
            }
        };
        let count = architectures(&space)?;
        let codes = Codes::of(&space, file)?;
        let mut known: Vec<Option<Known>> = vec![None; count];
        let mut rows: Vec<usize> = (0..table.rows.len()).collect();
        // By seed, so that what a search draws does not depend on the order of the file.
        rows.sort_by_key(|&row| table.rows[row].seed);
        for index in rows {
            let row = &table.rows[index];
            let faulty = |fault| TableError::FidelityRow {
                file: file.into(),
                line: table.line(index),
                fault,
            };
            let choices = codes.read(&row.code).map_err(faulty)?;
            let place = &mut known[place(&space, &choices)];
            let known = match place {
                Some(known) => known,
                None => {
                    let architecture = space.architecture(&choices)?;
                    let aops = space.cost(&architecture)?.aops;
                    place.insert(Known {
                        architecture,
                        aops,
                        accuracies: [const { Vec::new() }; 3],
                        macs: row.macs,
                    })
                }
            };
            if known.aops != row.aops {
                return Err(faulty(RowFault::Aops {
                    code: row.code.clone(),
                    found: row.aops,
                    expected: known.aops,
                })
                .into());
            }
            let columns = known.accuracies.iter_mut().zip(row.accuracies);
            columns.for_each(|(seeds, accuracy)| seeds.push(accuracy));
        }
        let missing = known.iter().filter(|known| known.is_none()).count();
        if let Some(first) = known.iter().position(Option::is_none) {
            return Err(TableError::Missing {
                file: file.into(),
                code: codes.write(&choices(&space, first)),
                missing,
                architectures: count,
            }
            .into());
        }
        Ok(FidelityTable {
            space,
            epochs: header::epochs(&table.comments),
            known: known.into_iter().flatten().collect(),
        })
    }

    /// The epochs of the proxy, the exact and the final trainings; none where the table does not say.
    pub fn epochs(&self) -> Option<[usize; 3]> {
        self.epochs
    }

    /// The space, resolved.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Every architecture, the last decision fastest.
    pub fn architectures(&self) -> &[Known] {
        &self.known
    }

    /// What is known of an architecture.
    ///
    /// # Errors
    /// [`TableError::Unknown`] for one of another space.
    pub fn get(&self, architecture: &Architecture) -> Result<&Known, TableError> {
        let known = (self.space.indices(architecture).ok())
            .and_then(|choices| self.known.get(place(&self.space, &choices)));
        known.ok_or_else(|| TableError::Unknown {
            architecture: architecture.to_string(),
        })
    }

    /// The best there is within the limits: by the reward of the mean accuracy of the final trainings, the first of
    /// equals; what a perfect search finds. None where everything is over a limit.
    ///
    /// # Errors
    /// [`radars_space::Error`] where the space cannot say what an architecture costs.
    pub fn optimum(&self, reward: Reward, limits: &Limits) -> crate::Result<Option<(&Known, f64)>> {
        let mut best: Option<(&Known, f64)> = None;
        for known in &self.known {
            let worth = reward.reward(known.truth(), known.aops as f64);
            let within = limits.check(&self.space.cost(&known.architecture)?).is_ok();
            if within && best.is_none_or(|(_, most)| worth > most) {
                best = Some((known, worth));
            }
        }
        Ok(best)
    }

    /// The mean cost of a training at a fidelity over all architectures, in multiply-accumulates.
    pub fn mean_macs(&self, fidelity: Fidelity) -> f64 {
        let macs = self.known.iter().map(|known| known.macs(fidelity) as f64);
        macs.sum::<f64>() / self.known.len() as f64
    }
}

/// How many architectures a space has.
///
/// # Errors
/// [`TableError::TooLarge`] for more than [`MOST_ARCHITECTURES`].
pub fn architectures(space: &Space) -> Result<usize, TableError> {
    let count = space.architecture_count();
    match count <= MOST_ARCHITECTURES as f64 {
        true => Ok(count as usize),
        false => Err(TableError::TooLarge {
            space: space.name().into(),
            architectures: count,
            most: MOST_ARCHITECTURES,
        }),
    }
}

/// The number of the architecture of one choice a decision, the last decision fastest.
fn place(space: &Space, choices: &[usize]) -> usize {
    let places = space.decisions().iter().zip(choices);
    places.fold(0, |place, (decision, &choice)| {
        place * decision.choices + choice
    })
}

/// The choices of the architecture of that number.
pub(super) fn choices(space: &Space, mut place: usize) -> Vec<usize> {
    let mut choices: Vec<usize> = Vec::with_capacity(space.decisions().len());
    for decision in space.decisions().iter().rev() {
        choices.push(place % decision.choices);
        place /= decision.choices;
    }
    choices.reverse();
    choices
}

#[cfg(test)]
mod tests;
