//! `KernelMerge`: kernels of several sizes, each behind a quantiser, that become one.

use crate::{Embedding, Error, FixedPoint, Result};

/// The sizes of a merged kernel, and what it is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelMerge<'a> {
    /// Output channels.
    pub out_channels: usize,
    /// Side of the merged kernel.
    pub side: usize,
    /// Input channels of a group.
    pub in_channels: usize,
    /// The kernels it is made from.
    pub terms: &'a [KernelTerm],
}

/// One of the kernels that are merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelTerm {
    /// Which of the coefficients it is multiplied by.
    pub coefficient: usize,
    /// Its side, odd.
    pub side: usize,
    /// The format it is quantised to; none for a float kernel.
    pub format: Option<FixedPoint>,
}

impl<'a> KernelMerge<'a> {
    /// How a term lies in the merged kernel.
    pub fn embedding(&self, term: &KernelTerm) -> Embedding {
        Embedding {
            out_channels: self.out_channels,
            small: term.side,
            large: self.side,
            in_channels: self.in_channels,
        }
    }

    /// Elements of the merged kernel.
    pub fn elements(&self) -> usize {
        self.out_channels * self.side * self.side * self.in_channels
    }

    /// Elements of the largest term.
    pub fn largest_term_elements(&self) -> usize {
        let of_terms = self.terms.iter().map(|t| self.embedding(t));
        of_terms.map(|g| g.small_elements()).max().unwrap_or(0)
    }

    /// The merge itself, when every term fits `kernels` operands, the merged kernel and `coefficients`.
    ///
    /// # Errors
    /// [`Error::Geometry`] otherwise.
    pub fn checked(self, op: &'static str, kernels: usize, coefficients: usize) -> Result<Self> {
        let refuse = |what, value, expected| {
            Err(Error::Geometry {
                op,
                what,
                value,
                expected,
            })
        };
        if kernels != self.terms.len() {
            let what = "the number of kernels";
            return refuse(what, kernels, "one for every term");
        }
        for term in self.terms {
            if term.coefficient >= coefficients {
                let what = "the index of a coefficient";
                return refuse(what, term.coefficient, "less than their number");
            }
            if term.side > self.side || (self.side - term.side) % 2 == 1 {
                let what = "the side of a kernel";
                let expected = "smaller than the merged kernel's by an even number";
                return refuse(what, term.side, expected);
            }
        }
        Ok(self)
    }
}
