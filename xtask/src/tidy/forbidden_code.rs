//! Words that may stand in some files only, or in none.

use super::Finding;
use super::rust_source::{Part, RustSource, line_at, whole_words};
use super::tree::File;

/// Where `unsafe` may stand: paths that begin so. The driver, and the SIMD and memory modules.
const UNSAFE_ALLOWED: [&str; 3] = [
    "crates/cuda/",
    "crates/tensor/src/cpu/",
    "crates/tensor/src/memory",
];

/// Where code may ask whether CUDA is compiled in.
const CUDA_FEATURE_ALLOWED: [&str; 2] = ["crates/cuda/", "crates/tensor/"];

/// Words that mark work left over, in comments.
const MARKS: [&str; 3] = ["FIXME", "TODO", "XXX"];

/// Macros that stand for code not written.
const STUBS: [&str; 2] = ["todo", "unimplemented"];

/// Checks one file against all of the lists.
pub fn check(file: &File) -> Vec<Finding> {
    let Some(text) = &file.text else {
        return Vec::new();
    };
    match file.extension() {
        "rs" => rust(&file.path, text),
        "cu" | "cuh" | "cpp" | "h" | "py" | "sh" | "toml" => {
            let marks = MARKS
                .iter()
                .flat_map(|mark| whole_words(text, mark).map(move |at| (mark, at)));
            marks
                .map(|(mark, at)| left_over(&file.path, text, at, mark))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn rust(path: &str, text: &str) -> Vec<Finding> {
    let source = RustSource::new(text);
    let code = [Part::Code];
    let mut findings = Vec::new();
    if !allowed(path, &UNSAFE_ALLOWED) {
        for at in source.words("unsafe", &code) {
            let what = "`unsafe` outside the modules that may hold it";
            let remedy = format!(
                "write it safely, or move it under {}",
                UNSAFE_ALLOWED.join(", ")
            );
            findings.push(Finding::new(path, line_at(text, at), what, remedy));
        }
    }
    if !allowed(path, &CUDA_FEATURE_ALLOWED) {
        for at in source.words("feature", &code) {
            if is_cuda_feature(source.rest(at)) {
                let what = "the feature \"cuda\" is asked for above the backends";
                let remedy = "be generic over `B: Backend`";
                findings.push(Finding::new(path, line_at(text, at), what, remedy));
            }
        }
    }
    for stub in STUBS {
        for at in source.words(stub, &code) {
            if source.rest(at)[stub.len()..].trim_start().starts_with('!') {
                findings.push(left_over(path, text, at, &format!("{stub}!")));
            }
        }
    }
    for mark in MARKS {
        for at in source.words(mark, &[Part::Code, Part::Comment]) {
            findings.push(left_over(path, text, at, mark));
        }
    }
    findings
}

fn allowed(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

/// Whether `text`, which begins with the word `feature`, goes on with `= "cuda"`.
fn is_cuda_feature(text: &str) -> bool {
    let value = text
        .trim_start_matches("feature")
        .trim_start()
        .strip_prefix('=');
    value.is_some_and(|value| value.trim_start().starts_with("\"cuda\""))
}

fn left_over(path: &str, text: &str, at: usize, mark: &str) -> Finding {
    let what = format!("`{mark}` marks work left over");
    Finding::new(
        path,
        line_at(text, at),
        what,
        "do it, or file an issue and say here what is",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&File::of(path, text))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn unsafe_code_is_found_outside_its_modules() {
        let text = "//! No unsafe here.\nfn f() {\n    unsafe { g() }\n}\n";
        assert_eq!(lines("crates/nn/src/a.rs", text), [3]);
        assert_eq!(lines("crates/tensor/src/shape.rs", text), [3]);
        assert_eq!(
            lines("crates/tensor/tests/a.rs", "unsafe impl A for B {}"),
            [1]
        );
        for path in [
            "cuda/src/a.rs",
            "tensor/src/cpu/a.rs",
            "tensor/src/memory.rs",
        ] {
            assert!(lines(&format!("crates/{path}"), text).is_empty(), "{path}");
        }
        let words = "#![forbid(unsafe_code)]\nlet a = \"unsafe\"; // unsafe\n";
        assert!(lines("crates/nn/src/a.rs", words).is_empty());
    }

    #[test]
    fn the_cuda_feature_is_found_above_the_backends() {
        let text = "#[cfg(feature = \"cuda\")]\nmod a;\n#[cfg(not(feature=\"cuda\"))]\nmod b;\n";
        assert_eq!(lines("crates/cli/src/main.rs", text), [1, 3]);
        assert!(lines("crates/cuda/src/lib.rs", text).is_empty());
        let others = "#[cfg(feature = \"cudarc\")] // feature = \"cuda\"\nlet feature = 1;";
        assert!(lines("crates/cli/src/main.rs", others).is_empty());
    }

    #[test]
    fn stubs_and_marks_are_found() {
        assert_eq!(
            lines(
                "a.rs",
                "fn f() {\n    todo!()\n}\nfn g() { unimplemented!(\"\") }"
            ),
            [2, 4]
        );
        let mark = MARKS[0];
        assert_eq!(lines("a.rs", &format!("\n// {mark}: later\n")), [2]);
        assert_eq!(lines("a.cu", &format!("// {mark}\n")), [1]);
        assert_eq!(lines("a.py", &format!("# {mark}\n")), [1]);
        assert!(
            lines(
                "a.rs",
                &format!("let a = \"{mark}\"; let todo = 1; // todo!")
            )
            .is_empty()
        );
    }
}
