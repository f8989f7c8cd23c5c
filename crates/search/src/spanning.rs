//! SN: which of the best architectures span the SuperNet.

use crate::{PlannedSuperNet, Result, SnRule, candidates_of};
use radars_space::{Architecture, Candidate};

/// The architectures that span a SuperNet, and what that needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spanned {
    /// `SN`, in the order they were given in: their positions there.
    pub members: Vec<usize>,
    /// Their SuperNet; none when not even one fits.
    pub supernet: Option<PlannedSuperNet>,
    /// What the first architecture that did not fit would have needed, beside those before it.
    pub refused_bytes: Option<usize>,
}

/// Chooses `SN` from architectures, best first; `plan` says how the SuperNet of some candidates would be trained.
///
/// [`SnRule::Prefix`] ends at the first architecture whose SuperNet, with those before it, does not fit.
/// [`SnRule::Pack`] passes over it, and takes every later one that does fit: what counts is the candidates it
/// adds, so one whose candidates are all there costs nothing.
///
/// # Errors
/// Those of `plan`.
pub fn span<'a>(
    rule: SnRule,
    ranked: impl IntoIterator<Item = &'a Architecture>,
    bound_bytes: usize,
    mut plan: impl FnMut(&[Vec<Candidate>]) -> Result<PlannedSuperNet>,
) -> Result<Spanned> {
    let mut spanned = Spanned::default();
    let mut members: Vec<Architecture> = Vec::new();
    for (position, architecture) in ranked.into_iter().enumerate() {
        members.push(architecture.clone());
        let supernet = plan(&candidates_of(&members))?;
        if supernet.plan.fits(bound_bytes) {
            spanned.members.push(position);
            spanned.supernet = Some(supernet);
            continue;
        }
        members.pop();
        let needed = supernet.plan.high_water_bytes;
        spanned.refused_bytes.get_or_insert(needed);
        if rule == SnRule::Prefix {
            break;
        }
    }
    Ok(spanned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_supernet::{Mixing, Plan};

    /// Of one layer each; a candidate takes its kernel in bytes.
    fn spanned(rule: SnRule, kernels: &[usize], bound_bytes: usize) -> (Vec<usize>, Option<usize>) {
        let ranked: Vec<Architecture> = (kernels.iter())
            .map(|&kernel| Architecture(vec![Candidate::float(kernel)]))
            .collect();
        let plan = |candidates: &[Vec<Candidate>]| {
            let bytes = candidates[0].iter().map(|c| c.kernel).sum();
            Ok(PlannedSuperNet {
                candidates: candidates.to_vec(),
                mixing: Mixing::Materialised,
                plan: Plan {
                    high_water_bytes: bytes,
                    ..Plan::default()
                },
                first_bytes: bytes,
            })
        };
        let spanned = span(rule, &ranked, bound_bytes, plan).unwrap();
        let size = spanned
            .supernet
            .map(|supernet| supernet.plan.high_water_bytes);
        let members = spanned.members.into_iter();
        (members.map(|member| kernels[member]).collect(), size)
    }

    /// 7 + 5 is over 11, 7 + 3 and 7 + 3 + 1 are not; 7 again adds nothing.
    #[test]
    fn a_prefix_ends_and_a_pack_goes_on() {
        let ranked = [7, 5, 3, 7, 9, 1];
        assert_eq!(spanned(SnRule::Prefix, &ranked, 11), (vec![7], Some(7)));
        assert_eq!(
            spanned(SnRule::Pack, &ranked, 11),
            (vec![7, 3, 7, 1], Some(11))
        );
        for rule in SnRule::ALL {
            assert_eq!(spanned(rule, &ranked, 25), (ranked.to_vec(), Some(25)));
        }
        assert_eq!(spanned(SnRule::Prefix, &ranked, 6), (vec![], None));
        assert_eq!(spanned(SnRule::Pack, &ranked, 6), (vec![5, 1], Some(6)));
    }

    #[test]
    fn the_first_refusal_is_told() {
        let bytes = |rule| {
            let ranked = [7, 5, 9].map(|kernel| Architecture(vec![Candidate::float(kernel)]));
            let plan = |candidates: &[Vec<Candidate>]| {
                let bytes = candidates[0].iter().map(|c| c.kernel).sum();
                Ok(PlannedSuperNet {
                    candidates: candidates.to_vec(),
                    mixing: Mixing::Materialised,
                    plan: Plan {
                        high_water_bytes: bytes,
                        ..Plan::default()
                    },
                    first_bytes: bytes,
                })
            };
            span(rule, &ranked, 8, plan).unwrap().refused_bytes
        };
        assert_eq!(bytes(SnRule::Prefix), Some(12));
        assert_eq!(bytes(SnRule::Pack), Some(12));
    }
}
