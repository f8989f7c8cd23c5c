//! The embedded PTX has the kernels of the table, with parameters of the sizes it says.

use std::collections::BTreeMap;

use radars_kernels::{Arch, Family, signatures};

/// Of every `.entry` of a module: the sizes of its parameters in bytes, and `.maxntid`'s x.
fn entries(ptx: &str) -> BTreeMap<&str, (Vec<usize>, Option<u32>)> {
    let mut found = BTreeMap::new();
    for entry in ptx.split(".entry ").skip(1) {
        let (name, rest) = entry.split_once('(').expect("a list of parameters");
        let (parameters, rest) = rest.split_once(')').expect("the list's end");
        let sizes = parameters.lines().filter_map(size_of_parameter).collect();
        let head = rest.split('{').next().unwrap_or("");
        let threads = head.split_once(".maxntid ").map(|(_, bounds)| {
            let x = bounds.split(',').next().unwrap_or("");
            x.trim().parse().expect("a number of threads")
        });
        found.insert(name.trim(), (sizes, threads));
    }
    found
}

/// `.param .u64 fill_param_0,` is 8 bytes; `.param .align 8 .b8 k_param_1[72]` is 72.
fn size_of_parameter(line: &str) -> Option<usize> {
    let rest = line.trim().strip_prefix(".param ")?.trim_end_matches(',');
    if let Some((_, length)) = rest.split_once('[') {
        assert!(rest.contains(".b8 "), "an array of something else: {line}");
        let length = length.trim_end_matches(']').parse();
        return Some(length.expect("the length of a struct"));
    }
    let bits = rest.trim_start_matches(['.', 'u', 's', 'f', 'b']);
    let bits = bits.split_whitespace().next()?;
    Some(bits.parse::<usize>().expect("the bits of a number") / 8)
}

#[test]
fn every_module_has_the_kernels_of_the_table_with_their_parameters() {
    for arch in Arch::ALL {
        for &family in Family::ALL {
            let expected: BTreeMap<_, _> = family
                .kernels()
                .map(|signature| {
                    let sizes: Vec<usize> = signature
                        .parameters
                        .iter()
                        .map(|p| p.kind.bytes())
                        .collect();
                    (signature.kernel, (sizes, Some(signature.max_threads)))
                })
                .collect();
            let found = entries(family.ptx(arch));
            assert_eq!(found, expected, "{} for {arch}", family.name());
        }
    }
    assert!(!signatures().is_empty());
}

/// PTX ISA 8.0 is what drivers from R525 on read; the target is the folder's.
#[test]
fn every_module_is_isa_8_0_and_for_its_target() {
    for arch in Arch::ALL {
        for &family in Family::ALL {
            let ptx = family.ptx(arch);
            let line = |start: &str| ptx.lines().find_map(|line| line.strip_prefix(start));
            assert_eq!(line(".version "), Some("8.0"), "{}", family.name());
            assert_eq!(line(".target "), Some(arch.name()), "{}", family.name());
            assert!(!ptx.contains('\0'), "{}", family.name());
        }
    }
}
