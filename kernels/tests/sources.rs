//! The checked-in table is what the sources declare.

use std::path::Path;

use radars_kernels::source::{self, Error};

#[test]
fn the_table_is_what_the_sources_give() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let families = source::read(&package.join("cuda")).expect("sources of the allowed forms");
    let table = std::fs::read_to_string(package.join("src/table.rs")).expect("the table");
    assert!(
        source::table(&families) == table,
        "src/table.rs is not what cuda/ declares; run `cargo xtask kernels`"
    );
}

/// Reads a folder with these sources, each under a first line of the right form.
fn read(name: &str, sources: &[(&str, &str)]) -> Result<Vec<source::Family>, Error> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder for the sources");
    for (file, text) in sources {
        let text = format!("// {file}: for a test.\n{text}");
        std::fs::write(folder.join(file), text).expect("a source");
    }
    let families = source::read(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder can go");
    families
}

const A: &str = "extern \"C\" __global__ void __launch_bounds__(32) a(int n) {}";
const TAKES_S: &str = "extern \"C\" __global__ void __launch_bounds__(32) b(S s) {}";

#[test]
fn structs_and_headers_come_from_what_a_family_includes() {
    let sources = [
        ("a.cu", format!("#include \"one.cuh\"\n{TAKES_S}")),
        (
            "one.cuh",
            "#include \"two.cuh\"\n#include \"two.cuh\"".to_owned(),
        ),
        (
            "two.cuh",
            "#include <mma.h>\nstruct S { int n; };".to_owned(),
        ),
    ];
    let sources: Vec<_> = sources.iter().map(|(f, s)| (*f, s.as_str())).collect();
    let families = read("includes", &sources).expect("a family");
    assert_eq!(families.len(), 1);
    assert_eq!(families[0].summary, "for a test.");
    assert_eq!(families[0].system_headers, ["mma.h"]);
    assert!(source::table(&families).contains("static S: StructLayout"));
}

#[test]
fn what_is_missing_or_there_twice_is_an_error() {
    let said = |name: &str, sources: &[(&str, &str)]| {
        read(name, sources).expect_err("an error").to_string()
    };
    assert_eq!(
        said("kernels", &[("a.cu", A), ("b.cu", A)]),
        "the kernel `a` is declared by a.cu and by b.cu; give one another name"
    );
    let first = format!("struct S {{ int n; }};\n{TAKES_S}");
    let second = first.replace("int", "float").replace(" b(", " c(");
    assert_eq!(
        said("structs", &[("a.cu", &first), ("b.cu", &second)]),
        "the struct `S` is declared by a.cu and by b.cu; give one another name"
    );
    let missing = said("include", &[("a.cu", "\n#include \"no.cuh\"")]);
    assert!(
        missing.starts_with("a.cu:3: `#include \"no.cuh\"`"),
        "{missing}"
    );
    let empty = said("empty", &[("a.cu", "")]);
    assert!(
        empty.starts_with("a.cu:1: the family `a` has no kernel"),
        "{empty}"
    );
    let name = said("name", &[("A.cu", A)]);
    assert!(name.starts_with("A.cu:1: a family named `A`"), "{name}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("absent");
    assert!(matches!(source::read(&folder), Err(Error::Read { .. })));
}
