//! Products of matrices with the crate `gemm`, in pieces that make the order of sums its caller's.

/// Products summed by one call. `gemm` 0.19 sums over k in blocks whose length depends on the caches it finds,
/// but which is never below 512 where k is not: so a piece of this length is one block on every machine.
pub(in crate::cpu) const PIECE: usize = 512;

/// A matrix in a slice: element `(i, j)` at `i * rows + j * columns`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Matrix<'a> {
    pub(in crate::cpu) values: &'a [f32],
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) columns: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix stored row after row.
    pub(in crate::cpu) fn rows(values: &'a [f32], columns: usize) -> Self {
        Matrix {
            values,
            rows: columns,
            columns: 1,
        }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        // Saturating: sizes so absurd that they overflow are not held either.
        let last = |count: usize, step: usize| (count - 1).saturating_mul(step);
        last(rows, self.rows).saturating_add(last(columns, self.columns)) < self.values.len()
    }
}

/// `c (+)= a b` for `a [m, k]`, `b [k, n]` and `c [m, n]` with rows `c_rows` apart, summed over k in pieces
/// of [`PIECE`] in ascending order.
pub(in crate::cpu) fn multiply(
    [m, n, k]: [usize; 3],
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [f32],
    c_rows: usize,
    accumulate: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            for row in c.chunks_mut(c_rows).take(m) {
                row[..n].fill(0.0);
            }
        }
        return;
    }
    let target = Matrix::rows(c, c_rows);
    let fits = a.holds(m, k) && b.holds(k, n) && target.holds(m, n) && n <= c_rows;
    assert!(
        fits,
        "a product of {m} x {k} and {k} x {n} leaves its matrices"
    );
    for start in (0..k).step_by(PIECE) {
        // SAFETY: every element the product touches lies in its slice (asserted above), the rows of c do
        // not overlap, and c is exclusive.
        unsafe {
            gemm::gemm(
                m,
                n,
                PIECE.min(k - start),
                c.as_mut_ptr(),
                1,
                c_rows as isize,
                accumulate || start > 0,
                a.values.as_ptr().add(start * a.columns),
                a.columns as isize,
                a.rows as isize,
                b.values.as_ptr().add(start * b.rows),
                b.columns as isize,
                b.rows as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}
