//! Kernels of several sizes, each behind a quantiser, merged into one.

use super::scratch;
use crate::{Backend, DType, Error, KernelMerge, KernelTerm, Op, Ref, Result, Shape, Tensor};

impl<B: Backend> Tensor<B> {
    /// The kernel `sum_m self[i_m] * pad(Q_m(kernels[m]))`, every kernel in the middle of a square of side
    /// `side`; `terms` has the index `i_m`, the side and the quantiser `Q_m` of each.
    ///
    /// # Shapes
    /// `self [coefficients]`, `kernels[m] [co, k_m, k_m, ci]` of odd `k_m`; gives `[co, side, side, ci]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`], also when there are no kernels; [`Error::OverBound`],
    /// [`Error::Elements`].
    pub fn merge_kernels(
        &self,
        terms: &[KernelTerm],
        kernels: &[Self],
        side: usize,
    ) -> Result<Self> {
        const NAME: &str = "merge_kernels";
        self.expect(NAME, DType::F32)?;
        let g = merge(NAME, terms, kernels, side, self.elements())?;
        let shape = [g.out_channels, side, side, g.in_channels];
        let mut merged = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::MergeKernels(g))?;
        let (backend, views) = (self.arena().backend(), views(kernels));
        let out = merged.view_mut(NAME)?;
        backend.merge_kernels(&g, self.view(), &views, out, scratch.view_mut())?;
        Ok(merged)
    }

    /// Gradients of [`Tensor::merge_kernels`] of coefficients `c`, given that of the merged kernel, `self`:
    /// those of the kernels that are `wanted`, and where it is given, `dc` at the terms' indices.
    ///
    /// # Shapes
    /// `dc` as `c`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`], [`Error::OverBound`], [`Error::Elements`], [`Error::Shared`].
    pub fn merge_kernels_backward(
        &self,
        c: &Self,
        terms: &[KernelTerm],
        kernels: &[Self],
        wanted: &[bool],
        dc: Option<&mut Self>,
    ) -> Result<Vec<Option<Self>>> {
        const NAME: &str = "merge_kernels_backward";
        self.expect(NAME, DType::F32)?;
        c.expect(NAME, DType::F32)?;
        let side = self.dims().get(1).copied().unwrap_or(0);
        let g = merge(NAME, terms, kernels, side, c.elements())?;
        let merged = Shape::from([g.out_channels, side, side, g.in_channels]);
        if self.shape() != merged {
            let expected = "the shape of the merged kernel";
            return Err(Error::Shapes {
                op: NAME,
                left: self.shape(),
                right: merged,
                expected,
            });
        }
        g.checked(NAME, wanted.len(), c.elements())?;
        let gradient = |(kernel, wanted): (&Self, &bool)| wanted.then(|| kernel.like(NAME));
        let gradients = kernels.iter().zip(wanted).map(gradient);
        let mut gradients = gradients
            .map(Option::transpose)
            .collect::<Result<Vec<_>>>()?;
        let mut scratch = scratch(self.arena(), NAME, &Op::MergeKernelsBackward(g))?;
        let dc = match dc {
            None => None,
            Some(dc) => {
                c.expect_same_shape(NAME, dc)?;
                dc.expect(NAME, DType::F32)?;
                Some(dc.view_mut(NAME)?)
            }
        };
        let out = gradients
            .iter_mut()
            .map(|gradient| gradient.as_mut().map(|g| g.view_mut(NAME)).transpose());
        let mut out = out.collect::<Result<Vec<_>>>()?;
        let (backend, views) = (self.arena().backend(), views(kernels));
        let (c, dmerged, scratch) = (c.view(), self.view(), scratch.view_mut());
        backend.merge_kernels_backward(&g, c, &views, dmerged, &mut out, dc, scratch)?;
        drop(out);
        Ok(gradients)
    }
}

fn views<B: Backend>(kernels: &[Tensor<B>]) -> Vec<Ref<'_, B>> {
    kernels.iter().map(Tensor::view).collect()
}

/// Checks that `kernels` are what `terms` say, and fit one another.
fn merge<'a, B: Backend>(
    op: &'static str,
    terms: &'a [KernelTerm],
    kernels: &[Tensor<B>],
    side: usize,
    coefficients: usize,
) -> Result<KernelMerge<'a>> {
    let Some(first) = kernels.first() else {
        let (what, expected) = ("the number of kernels", "at least 1");
        return Err(Error::Geometry {
            op,
            what,
            value: 0,
            expected,
        });
    };
    let (co, ci) = match *first.dims() {
        [co, _, _, ci] => (co, ci),
        _ => (0, 0),
    };
    for (kernel, term) in kernels.iter().zip(terms) {
        kernel.expect(op, DType::F32)?;
        let expected = Shape::from([co, term.side, term.side, ci]);
        if kernel.shape() != expected || term.side % 2 == 0 {
            return Err(Error::Shapes {
                op,
                left: kernel.shape(),
                right: expected,
                expected: "square kernels of odd size, equal in channels",
            });
        }
    }
    let merge = KernelMerge {
        out_channels: co,
        side,
        in_channels: ci,
        terms,
    };
    merge.checked(op, kernels.len(), coefficients)
}
