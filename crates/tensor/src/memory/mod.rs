//! The memory of a device: one reservation of exactly the bound, handed out in ranges.

mod arena;
mod layout;
mod lifetimes;
mod playback;
mod suballocator;
mod view;

pub use arena::{Arena, Buffer, Playing, Region};
pub use layout::Layout;
pub use lifetimes::Lifetimes;
pub use suballocator::{ALIGN, Stats, Suballocator, aligned};
pub use view::{Mut, Ref};
