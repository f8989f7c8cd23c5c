//! The memory of a device: one reservation of exactly the bound, handed out in ranges.

mod arena;
mod suballocator;
mod view;

pub use arena::{Arena, Buffer, Region};
pub use suballocator::{ALIGN, Stats, Suballocator, aligned};
pub use view::{Mut, Ref};
