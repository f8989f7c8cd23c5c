//! Symmetric positive definite systems of equations, in the order of their rows: the same to the last bit everywhere.

/// The Cholesky factor `L` of a matrix `A = L L^T`, its lower triangle row by row.
pub(super) struct Cholesky {
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Factors the matrix whose lower triangle these rows are; none when it is not positive definite.
    pub fn new(mut rows: Vec<Vec<f64>>) -> Option<Self> {
        for row in 0..rows.len() {
            for column in 0..=row {
                let (above, at) = rows.split_at_mut(row);
                let at = &mut at[0];
                let known = if column < row {
                    &above[column][..]
                } else {
                    &at[..]
                };
                let dot: f64 = (at[..column].iter().zip(known)).map(|(a, b)| a * b).sum();
                let rest = at[column] - dot;
                at[column] = if column < row {
                    rest / known[column]
                } else if rest > 0.0 {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Cholesky { rows })
    }

    /// `L^-1 b`.
    pub fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = Vec::with_capacity(b.len());
        for (row, b) in self.rows.iter().zip(b) {
            let dot: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
            x.push((b - dot) / row[x.len()]);
        }
        x
    }

    /// `A^-1 b`.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = self.forward(b);
        for index in (0..x.len()).rev() {
            let below = self.rows.iter().zip(&x).skip(index + 1);
            let dot: f64 = below.map(|(row, x)| row[index] * x).sum();
            x[index] = (x[index] - dot) / self.rows[index][index];
        }
        x
    }

    /// `ln det A`.
    pub fn log_determinant(&self) -> f64 {
        let diagonal = self.rows.iter().enumerate();
        2.0 * diagonal
            .map(|(index, row)| libm::log(row[index]))
            .sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: A = [[4, 2], [2, 5]] = L L^T with L = [[2, 0], [1, 2]], det A = 16; A x = [8, 12] for x = [1, 2].
    #[test]
    fn a_matrix_of_two_is_factored_and_solved() {
        let cholesky = Cholesky::new(vec![vec![4.0], vec![2.0, 5.0]]).unwrap();
        assert_eq!(cholesky.rows, [vec![2.0], vec![1.0, 2.0]]);
        assert_eq!(cholesky.forward(&[8.0, 12.0]), [4.0, 4.0]);
        assert_eq!(cholesky.solve(&[8.0, 12.0]), [1.0, 2.0]);
        assert!((cholesky.log_determinant() - libm::log(16.0)).abs() < 1e-15);
        assert!(Cholesky::new(vec![vec![1.0], vec![2.0, 1.0]]).is_none());
    }
}
