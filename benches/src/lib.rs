//! What the benches share: the layers they run, the machines they run on, and the roofline they are
//! held against.
//!
//! `cargo bench -p radars-benches` runs everything on the CPU and, where there is one that the driver
//! shows, on the first NVIDIA card; `--bench quantised_conv`, `mixed_op` or `step` runs a part, and a filter
//! such as `cuda/table1/k3` after `--` a part of that. Every bench begins with the machine's measured peak
//! and gives each result's share of it. `THREADS` sets the CPU's threads, 2 by default.
//!
//! `--bench mobile` times steps of inverted residual networks, and says what memory they take.
//! `--bench decode` times the decoding of streamed image folders, which needs no backend; `pillow.py` does the same
//! work in Pillow.
//!
//! `cargo run -p radars-benches` prints the table in `ROOFLINE.md`; `cudnn.py` times cuDNN on the same
//! shapes.

pub mod layer;
pub mod machine;
pub mod report;
pub mod roofline;
