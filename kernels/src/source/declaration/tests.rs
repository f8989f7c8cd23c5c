//! Allowed forms are read, every other one is refused with its place.

use super::super::token::tokens;
use super::*;
use crate::{Element, Scalar};

fn read(source: &str) -> Result<Vec<Kernel>, Error> {
    kernels(&tokens("a.cu", source))
}

fn parameters(list: &str) -> Result<Vec<Parameter>, Error> {
    let source = format!("extern \"C\" __global__ void __launch_bounds__(32) k({list}) {{}}");
    Ok(read(&source)?.remove(0).parameters)
}

#[test]
fn a_kernel_is_read_with_bounds_and_parameters() {
    let source = "
        constexpr int THREADS = 128;
        template <int N> __device__ __forceinline__ void body(float* y) {}
        extern \"C\" __global__ void __launch_bounds__(2 * THREADS, 2)
        scale(const float* __restrict__ x, float* __restrict__ y, float factor,
              unsigned long long n) { body<3>(y); }
        extern \"C\" __global__ void __launch_bounds__(THREADS) nothing() {}";
    let found = read(source).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].name.as_str(), found[0].max_threads),
        ("scale", 256)
    );
    assert_eq!(
        (found[1].name.as_str(), found[1].max_threads),
        ("nothing", 128)
    );
    assert!(found[1].parameters.is_empty());
    let expected = [
        ("x", ParameterKind::In(Element::F32)),
        ("y", ParameterKind::Out(Element::F32)),
        ("factor", ParameterKind::Scalar(Scalar::F32)),
        ("n", ParameterKind::Scalar(Scalar::U64)),
    ];
    let got: Vec<_> = found[0]
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.kind.clone()))
        .collect();
    assert_eq!(got, expected);
}

#[test]
fn every_type_is_read() {
    use Element::{F16, F32, I8, I16, I32, U8, U32, U64};
    let list = "const float* a, const __half* b, const unsigned char* c, const signed char* d,
                const short* e, const int* f, const unsigned* g, const unsigned int* h,
                const unsigned long long* i";
    let kinds: Vec<_> = parameters(list)
        .unwrap()
        .into_iter()
        .map(|p| p.kind)
        .collect();
    let elements = [F32, F16, U8, I8, I16, I32, U32, U32, U64];
    assert_eq!(kinds, elements.map(ParameterKind::In));

    let kinds: Vec<_> = parameters("const int a, unsigned b, unsigned long long c, float d")
        .unwrap()
        .into_iter()
        .map(|p| p.kind)
        .collect();
    let scalars = [Scalar::I32, Scalar::U32, Scalar::U64, Scalar::F32];
    assert_eq!(kinds, scalars.map(ParameterKind::Scalar));
}

/// offsetof and sizeof as g++ 12 gives them on x86-64 for
/// `struct S { int n; const float* x[3]; float f; unsigned char* y; unsigned u[5]; };`
#[test]
fn a_struct_is_laid_out_by_the_rules_of_c() {
    let source = "
        constexpr int COUNT = 3;
        struct Other { int f() { return 1; } };
        struct S {
            int n;              // four bytes, then four of padding
            const float* x[COUNT];
            float f;
            unsigned char* __restrict__ y;
            unsigned u[5];
        };
        extern \"C\" __global__ void __launch_bounds__(32) k(const S s, int n) {}";
    let found = read(source).unwrap();
    let ParameterKind::Struct(s) = &found[0].parameters[0].kind else {
        panic!("a struct");
    };
    let places: Vec<_> = s
        .fields
        .iter()
        .map(|f| (f.name.as_str(), f.offset, f.length))
        .collect();
    assert_eq!(
        places,
        [
            ("n", 0, None),
            ("x", 8, Some(3)),
            ("f", 32, None),
            ("y", 40, None),
            ("u", 48, Some(5))
        ]
    );
    assert_eq!((s.bytes, s.alignment), (72, 8));
    assert_eq!(s.fields[1].kind, FieldKind::In(Element::F32));
    assert_eq!(s.fields[3].kind, FieldKind::Out(Element::U8));
}

/// The place and the text of what was refused.
fn refused(source: &str) -> (usize, String) {
    match read(source) {
        Err(Error::Form {
            file, line, found, ..
        }) => {
            assert_eq!(file, "a.cu");
            (line, found)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn kernels_of_another_form_are_refused() {
    for source in [
        "\n__global__ void __launch_bounds__(32) k() {}",
        "\nextern \"C\" __global__ void k() {}",
        "\nextern \"C\" __global__ __launch_bounds__(32) void k() {}",
        "\ntemplate <int N> __global__ void __launch_bounds__(N) k() {}",
        "\nextern \"C\" __global__ void __launch_bounds__(32)",
    ] {
        assert_eq!(
            refused(source),
            (2, "`__global__` of another form".to_owned()),
            "{source}"
        );
    }
    let bounds = |n: &str| {
        refused(&format!(
            "extern \"C\" __global__ void __launch_bounds__({n}) k() {{}}"
        ))
    };
    assert_eq!(bounds("1025").1, "`__launch_bounds__(1025)`");
    assert_eq!(bounds("0").1, "`__launch_bounds__(0)`");
    assert_eq!(bounds("UNKNOWN").1, "`__launch_bounds__(UNKNOWN)`");

    let header = "extern \"C\" __global__ void __launch_bounds__(32) k() {}";
    assert!(kernels(&tokens("a.cuh", header)).is_err());
}

#[test]
fn parameters_of_another_form_are_refused() {
    for list in [
        "bool flag",
        "double x",
        "long long n",
        "short n",
        "float** x",
        "float& x",
        "float x[3]",
        "float*",
        "const float4* x",
        "int n = 3",
        "",
    ] {
        let list = format!("int a, {list}");
        assert!(parameters(&list).is_err(), "{list}");
    }
    let error = parameters("int a,\n\n bool flag").unwrap_err().to_string();
    assert!(
        error.starts_with("a.cu:3: the parameter `bool flag`: no struct `bool`; allowed: "),
        "{error}"
    );
}

#[test]
fn structs_of_another_form_are_refused() {
    let with = |fields: &str| {
        format!(
            "struct S {{\n{fields}\n}};\nextern \"C\" __global__ void __launch_bounds__(32) k(S s) {{}}"
        )
    };
    for fields in [
        "int a, b;",
        "int a = 3;",
        "double a;",
        "Other a;",
        "int a[N];",
        "int a[0];",
        "int a[2][3];",
        "int f() { return 1; }",
        "static constexpr int N = 3;",
        "int a",
    ] {
        let (line, found) = refused(&with(fields));
        assert_eq!(line, 2, "{fields}");
        assert!(found.starts_with("the field `"), "{found}");
    }
    assert_eq!(refused(&with("")).1, "`struct S` without a field");
}
