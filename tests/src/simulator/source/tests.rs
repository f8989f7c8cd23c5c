//! Translations of declarations as kernels write them.

use super::*;

fn translated(text: &str) -> Source {
    translate(Path::new("a.cu"), text).unwrap()
}

/// The body of a function with `declaration` in it, translated.
fn declared(declaration: &str) -> String {
    let text = translated(&format!("void f() {{{declaration}}}\n")).text;
    let body = text.split_once('{').unwrap().1;
    body.rsplit_once('}').unwrap().0.trim().to_owned()
}

#[test]
fn shared_arrays_keep_their_type_size_and_alignment() {
    assert_eq!(
        declared("__shared__ float tile[2][ROWS * (8 + 1)];"),
        "typedef float tile_shared[2][ROWS * (8 + 1)]; SIMULATOR_SHARED(tile, (1));"
    );
    assert_eq!(
        declared("__shared__ __align__(16) unsigned char a[4], b[2];"),
        "typedef unsigned char a_shared[4]; SIMULATOR_SHARED(a, (16)); \
         typedef unsigned char b_shared[2]; SIMULATOR_SHARED(b, (16));"
    );
    assert_eq!(
        declared("alignas(32) __shared__ Pair<float, N> pair;"),
        "typedef Pair<float, N> pair_shared; SIMULATOR_SHARED(pair, (32));"
    );
    assert_eq!(
        declared("extern __shared__ __align__(16) float4 part[];"),
        "typedef float4 part_shared; SIMULATOR_DYNAMIC_SHARED(part, (16));"
    );
}

#[test]
fn lines_stay_where_they_were() {
    let text = "void f() {\n  /* a\n  __shared__ */ __shared__ float\n      a[4];\n  mark();\n}\n";
    let translated = translated(text).text;
    let line = translated.lines().position(|line| line.contains("mark"));
    assert_eq!(line, Some(5), "{translated}"); // after the #line directive
    assert_eq!(translated.matches("SIMULATOR_SHARED").count(), 1);
}

#[test]
fn kernels_are_found_by_name_and_comments_are_not() {
    let text = "// extern \"C\" __global__ void no(int a)\n\
                extern \"C\" __global__ void __launch_bounds__(BLOCK(2), 1)\nfirst(int a) {}\n\
                extern \"C\"\n__global__ void second(const char *s) { f(\"// f(\"); }\n";
    assert_eq!(translated(text).kernels, ["first", "second"]);
}

#[test]
fn what_cannot_be_run_is_an_error_with_its_line() {
    let error = |text: &str| translate(Path::new("a.cu"), text).unwrap_err().to_string();
    assert!(error("\n\n__shared__ float a[4];").starts_with("a.cu:3: a shared variable outside"));
    assert!(error("\n__global__ void f(int a) {}").starts_with("a.cu:2: a kernel that is not"));
    assert!(error("void f() {\n__shared__ float *[4];}").starts_with("a.cu:2: a shared variable"));
}
