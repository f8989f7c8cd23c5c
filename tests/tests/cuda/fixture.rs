//! One case on both backends: operands that are alike, results that are compared.

use std::cell::Cell;
use std::fmt::Debug;

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use radars_cuda::Cuda;
use radars_tensor::{Arena, Backend, Buffer, Cpu, Mut, Op, Ref, Result};

pub use crate::processes::{on_every_device, on_simulators};
pub use crate::tolerance::{Tolerance, compare};

/// What a case computed: names and values.
pub type Outputs = Vec<(&'static str, Vec<f32>)>;

/// Something that every backend computes. `Debug` says in a failure which case it was.
pub trait Case: Debug {
    /// Computes it on one side. Both sides draw the same operands.
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs>;
}

/// Runs the case on the CPU and on `device` and compares all that it put out.
#[track_caller]
pub fn parity(device: &Cuda, case: &impl Case, tolerance: Tolerance) {
    let failed = |backend, error| -> Outputs { panic!("{case:?} on {backend}: {error}") };
    let cpu = Side::cpu();
    let cpu = case
        .run(&cpu)
        .unwrap_or_else(|error| failed("the CPU", error));
    let cuda = Side::cuda(device.info().index);
    let cuda = case
        .run(&cuda)
        .unwrap_or_else(|error| failed("CUDA", error));
    assert_eq!(cpu.len(), cuda.len(), "{case:?}");
    for ((name, cpu), (_, cuda)) in cpu.iter().zip(&cuda) {
        compare(&format!("{case:?}: {name}"), cpu, cuda, tolerance);
    }
}

/// A backend with operands for it.
pub struct Side<B: Backend> {
    arena: Arena<B>,
    /// Opens the device once more, where every operand shall have an allocation of its own.
    reopen: Option<Box<dyn Fn() -> B>>,
    drawn: Cell<u64>,
}

/// What is uploaded around operands and to outputs: NaN as f32, as f16 and as f64.
const UNWRITTEN: u8 = 0xff;
/// Operands start where 16-byte accesses may.
const START: usize = 16;
const ALIGN: usize = radars_tensor::ALIGN;
const CPU_BYTES: usize = 256 << 20;

impl Side<Cpu> {
    fn cpu() -> Self {
        let arena = Arena::with_bound(Cpu::new(1).unwrap(), CPU_BYTES).unwrap();
        Self {
            arena,
            reopen: None,
            drawn: Cell::new(0),
        }
    }
}

impl Side<Cuda> {
    fn cuda(index: usize) -> Self {
        let open = move || Cuda::open(index).unwrap();
        let arena = Arena::with_bound(open(), ALIGN).unwrap();
        Self {
            arena,
            reopen: Some(Box::new(open)),
            drawn: Cell::new(0),
        }
    }
}

impl<B: Backend> Side<B> {
    /// The backend to call. Operands may come from other arenas of the same device.
    pub fn backend(&self) -> &B {
        self.arena.backend()
    }

    /// An operand with these values.
    pub fn input<T: Pod>(&self, values: &[T]) -> Operand<B> {
        self.place(cast_slice(values))
    }

    /// `n` values in `-2 .. 2`: others at every call, the same on both sides.
    pub fn random(&self, n: usize) -> Operand<B> {
        self.input(&self.values(n))
    }

    /// As [`Side::random`], the values themselves.
    pub fn values(&self, n: usize) -> Vec<f32> {
        let seed = self.drawn.replace(self.drawn.get() + 1);
        // splitmix64
        let value = |i: u64| {
            let mut z = (seed << 32 | i)
                .wrapping_add(1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1 << 22) as f32 - 2.0
        };
        (0..n as u64).map(value).collect()
    }

    /// Room for `n` f32 results, full of NaN, so that what is not written shows.
    pub fn output(&self, n: usize) -> Operand<B> {
        self.bytes(n * size_of::<f32>())
    }

    /// Room for `n` bytes of results, all 255.
    pub fn bytes(&self, n: usize) -> Operand<B> {
        self.place(&vec![UNWRITTEN; n])
    }

    /// Exactly the scratch that `op` wants, full of NaN.
    pub fn scratch(&self, op: &Op<'_>) -> Operand<B> {
        self.bytes(B::scratch_bytes(&self.backend().spec(), op))
    }

    /// What the operand holds now; whoever wrote beside it is found out here.
    pub fn read<T: Pod>(&self, operand: &Operand<B>) -> Vec<T> {
        let mut all = vec![0u8; operand.buffer.bytes()];
        self.backend()
            .download(operand.buffer.view(), &mut all)
            .unwrap();
        let (before, rest) = all.split_at(operand.start);
        let (inside, after) = rest.split_at(operand.bytes);
        let untouched = before.iter().chain(after).all(|&byte| byte == UNWRITTEN);
        assert!(
            untouched,
            "something was written beside an operand of {} bytes",
            operand.bytes
        );
        let mut values = vec![T::zeroed(); operand.bytes / size_of::<T>()];
        cast_slice_mut(&mut values).copy_from_slice(inside);
        values
    }

    /// The content lies at the end of its allocation, where the sanitizer sees an access over it. Up to
    /// 15 bytes are left there; they are NaN, and [`Side::read`] looks whether they still are.
    fn place(&self, content: &[u8]) -> Operand<B> {
        let bytes = content.len();
        let all = bytes.max(1).next_multiple_of(ALIGN);
        let start = all - bytes.next_multiple_of(START);
        let own;
        let arena = match &self.reopen {
            Some(open) => {
                own = Arena::with_bound(open(), all).unwrap();
                &own
            }
            None => &self.arena,
        };
        let mut buffer = arena.allocate("operand", all).unwrap();
        let mut image = vec![UNWRITTEN; all];
        image[start..start + bytes].copy_from_slice(content);
        // All work goes through one backend, so through one stream, whatever arena it is for.
        self.backend().upload(&image, buffer.view_mut()).unwrap();
        Operand {
            buffer,
            start,
            bytes,
        }
    }
}

/// A range of a device's memory that a case works on.
pub struct Operand<B: Backend> {
    buffer: Buffer<B>,
    start: usize,
    bytes: usize,
}

impl<B: Backend> Operand<B> {
    /// To be read.
    pub fn view(&self) -> Ref<'_, B> {
        self.buffer
            .view()
            .slice(self.start..self.start + self.bytes)
    }

    /// To be written.
    pub fn view_mut(&mut self) -> Mut<'_, B> {
        let range = self.start..self.start + self.bytes;
        self.buffer.view_mut().slice(range)
    }
}
