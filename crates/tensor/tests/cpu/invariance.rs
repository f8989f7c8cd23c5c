//! Properties of all methods: threads change nothing, nor does the ISA but for convolutions, nothing is
//! allocated on the heap, scratch is checked.

use crate::every_method::{Bits, Extent, every_method};
use radars_tensor::{Arena, Cpu, Error, Isa};

/// Large enough that work goes parallel, in several pieces, the last of odd size.
const LARGE: Extent = Extent {
    rows: 4001,
    scratch_lacks: 0,
};

fn run(threads: usize, isa: Isa, extent: Extent) -> Option<Bits> {
    let cpu = match Cpu::with_isa(threads, isa) {
        Ok(cpu) => cpu,
        Err(error) => {
            eprintln!("SKIPPED: {error}");
            return None;
        }
    };
    let arena = Arena::with_bound(cpu, 64 << 20).unwrap();
    let bits = every_method(&arena, extent, &mut |name, call| {
        call().unwrap_or_else(|error| panic!("{name}: {error}"));
    });
    Some(bits)
}

#[track_caller]
fn assert_same(left: &Bits, right: &Bits) {
    for ((name, left), (_, right)) in left.iter().zip(right) {
        let differs = left.iter().zip(right).position(|(l, r)| l != r);
        assert_eq!(differs, None, "{name}");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for isa in Isa::ALL {
        let runs: Vec<Bits> = (1..=3)
            .filter_map(|threads| run(threads, isa, LARGE))
            .collect();
        for other in runs.iter().skip(1) {
            assert_same(&runs[0], other);
        }
    }
}

#[test]
fn every_instruction_set_gives_the_bits_of_the_portable_one() {
    let fixed = |bits: Bits| -> Bits {
        bits.into_iter()
            .filter(|(name, _)| !name.starts_with("conv2d") && !name.starts_with("depthwise"))
            .collect()
    };
    let portable = fixed(run(2, Isa::Portable, LARGE).unwrap());
    for isa in [Isa::Neon, Isa::Avx2, Isa::Avx512] {
        if let Some(bits) = run(2, isa, LARGE) {
            assert_same(&portable, &fixed(bits));
        }
    }
}

#[test]
fn scratch_that_lacks_a_byte_is_refused() {
    let extent = Extent {
        scratch_lacks: 1,
        ..LARGE
    };
    let arena = Arena::with_bound(Cpu::new(2).unwrap(), 64 << 20).unwrap();
    let mut refused = Vec::new();
    every_method(&arena, extent, &mut |name, call| match call() {
        Ok(()) => {}
        Err(Error::Length {
            operand: "scratch", ..
        }) => refused.push(name),
        Err(error) => panic!("{name}: {error}"),
    });
    refused.dedup();
    for name in [
        "reduce",
        "dot",
        "batch_norm",
        "batch_norm_activation",
        "batch_norm_backward",
        "batch_norm_activation_backward",
        "cross_entropy",
        "mix_quantised_backward",
        "merge_kernels_backward",
        "depthwise_fprop",
        "depthwise_dgrad",
        "depthwise_wgrad",
        "conv2d_fprop",
        "conv2d_dgrad",
    ] {
        assert!(
            refused.contains(&name),
            "{name} took it; refused: {refused:?}"
        );
    }
}

/// With one thread the caller runs everything itself, so its count is complete. Left out is what gemm
/// computes, whose packing asks the heap: products of more than 50 rows, and portable convolutions that are
/// not depthwise.
#[test]
fn nothing_is_allocated_on_the_heap() {
    for (isa, rows) in Isa::ALL
        .into_iter()
        .flat_map(|isa| [(isa, 50), (isa, 4001)])
    {
        let Ok(cpu) = Cpu::with_isa(1, isa) else {
            eprintln!("SKIPPED: this machine has no {isa}");
            continue;
        };
        let arena = Arena::with_bound(cpu, 64 << 20).unwrap();
        let extent = Extent {
            rows,
            scratch_lacks: 0,
        };
        let mut methods = 0;
        every_method(&arena, extent, &mut |name, call| {
            let requests = requests(|| call().unwrap());
            let gemm = match isa {
                Isa::Portable if name.starts_with("conv2d") => true,
                _ => name == "matmul" && rows > 50,
            };
            if !gemm {
                assert_eq!(requests, 0, "{name} at {rows} rows");
                methods += 1;
            }
        });
        assert!(methods > 30, "only {methods} calls were looked at");
        assert_eq!(
            requests(|| drop(std::hint::black_box(Box::new(rows)))),
            1,
            "the allocator counts"
        );
    }
}

/// How often `call` asks the heap for memory on this thread.
fn requests(call: impl FnOnce()) -> u64 {
    allocation_counter::measure(call).count_total
}
