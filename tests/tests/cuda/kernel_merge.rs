//! Kernels behind quantisers merged into one, and the way back.

use radars_tensor::{Backend, FixedPoint, KernelMerge, KernelTerm, Op, Result};

use crate::fixture::{Case, Operand, Outputs, Side, Tolerance, on_every_device, parity};

const TERMS: [KernelTerm; 4] = [
    KernelTerm {
        coefficient: 4,
        side: 1,
        format: Some(FixedPoint::signed(3, 1)),
    },
    KernelTerm {
        coefficient: 0,
        side: 5,
        format: Some(FixedPoint::signed(1, 6)),
    },
    KernelTerm {
        coefficient: 2,
        side: 3,
        format: None,
    },
    KernelTerm {
        coefficient: 3,
        side: 5,
        format: Some(FixedPoint::signed(1, 3)),
    },
];

#[derive(Debug)]
struct Merge {
    out_channels: usize,
    side: usize,
    in_channels: usize,
}

impl Case for Merge {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = KernelMerge {
            out_channels: self.out_channels,
            side: self.side,
            in_channels: self.in_channels,
            terms: &TERMS,
        };
        let (backend, c) = (side.backend(), side.random(5));
        let lengths = TERMS.map(|term| g.embedding(&term).small_elements());
        let kernels = lengths.map(|n| side.random(n));
        let views = kernels.each_ref().map(Operand::view);
        let mut merged = side.output(g.elements());
        let mut scratch = side.scratch(&Op::MergeKernels(g));
        backend.merge_kernels(&g, c.view(), &views, merged.view_mut(), scratch.view_mut())?;

        let d = side.random(g.elements());
        let op = Op::MergeKernelsBackward(g);
        let backward = |dw: Option<&mut [Operand<B>; 4]>, dc: Option<&mut Operand<B>>| {
            let mut scratch = side.scratch(&op);
            let mut out = match dw {
                None => [None, None, None, None],
                Some(dw) => dw.each_mut().map(|dw| Some(dw.view_mut())),
            };
            let (c, d, dc) = (c.view(), d.view(), dc.map(Operand::view_mut));
            backend.merge_kernels_backward(&g, c, &views, d, &mut out, dc, scratch.view_mut())
        };
        let (mut dw, mut dw_alone) = (
            lengths.map(|n| side.output(n)),
            lengths.map(|n| side.output(n)),
        );
        let (mut dc, mut dc_alone) = (side.output(5), side.output(5));
        backward(Some(&mut dw), Some(&mut dc))?;
        backward(Some(&mut dw_alone), None)?;
        backward(None, Some(&mut dc_alone))?;
        let mut outputs = vec![
            ("merged", side.read(&merged)),
            ("dc", side.read(&dc)),
            ("dc alone", side.read(&dc_alone)),
        ];
        for (dw, alone) in dw.iter().zip(&dw_alone) {
            outputs.extend([("dw", side.read(dw)), ("dw alone", side.read(alone))]);
        }
        Ok(outputs)
    }
}

#[test]
fn kernels_merge_and_their_gradients_come_back() {
    on_every_device(|cuda| {
        for (out_channels, side, in_channels) in [(1, 5, 1), (3, 7, 4), (16, 5, 7), (32, 5, 32)] {
            let case = Merge {
                out_channels,
                side,
                in_channels,
            };
            parity(&cuda, &case, Tolerance::SUM);
        }
    });
}
