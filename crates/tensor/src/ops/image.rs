//! Placing images that came as bytes.

use crate::{Backend, DType, Error, ImageBatch, Result, Tensor};

impl<B: Backend> Tensor<B> {
    /// Overwrites `self` with the images `bytes`, as values in `[-1, 1]` ([`ImageBatch::value`]), each moved
    /// and mirrored as its [`Placement`](crate::Placement) says; what comes from outside an image is black.
    ///
    /// It allocates nothing, so that bytes which are taken after `self` and dropped after the call leave
    /// the arena as if they had never been.
    ///
    /// # Shapes
    /// `self [n, h, w, c]` of f32, `bytes [n, h, w, c]` of u8, `placements [n, 3]` of i32.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Elements`], [`Error::Shared`].
    pub fn place_images(&mut self, bytes: &Self, placements: &Self) -> Result<()> {
        const NAME: &str = "place_images";
        self.expect(NAME, DType::F32)?;
        bytes.expect(NAME, DType::U8)?;
        placements.expect(NAME, DType::I32)?;
        self.expect_same_shape(NAME, bytes)?;
        let bad = |expected| Error::Shapes {
            op: NAME,
            left: self.shape(),
            right: placements.shape(),
            expected,
        };
        let &[batch, h, w, c] = self.dims() else {
            return Err(bad("images [n, h, w, c]"));
        };
        if placements.dims() != [batch, 3] {
            return Err(bad("placements [n, 3] for images [n, h, w, c]"));
        }
        let g = ImageBatch {
            batch,
            image: [h, w, c],
        };
        let arena = self.arena().clone();
        let y = self.view_mut(NAME)?;
        arena
            .backend()
            .place_images(&g, bytes.view(), placements.view(), y)
    }
}
