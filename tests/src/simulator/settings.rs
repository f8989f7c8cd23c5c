//! What the stand-in driver shows, and in which order it runs threads.

use std::ffi::OsString;

/// Order of blocks, and of threads between two barriers.
///
/// A race that one order hides, the other shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// First to last.
    #[default]
    Forwards,
    /// Last to first.
    Backwards,
}

/// What the stand-in driver shows, and how it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Number of devices; none is a machine with a driver and no card.
    pub devices: u32,
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
    /// Bytes of memory that every device has.
    pub capacity: u64,
    /// Order of blocks and threads.
    pub order: Order,
    /// OS threads that share the blocks of a launch; with one, runs are the same every time.
    pub workers: u32,
    /// Whether every call is named on stderr.
    pub trace: bool,
}

impl Default for Settings {
    /// Two devices of compute capability 8.0 with 8 GiB each; forwards, on one thread.
    fn default() -> Self {
        Self {
            devices: 2,
            capability: (8, 0),
            capacity: 8 << 30,
            order: Order::Forwards,
            workers: 1,
            trace: false,
        }
    }
}

impl Settings {
    pub(super) fn environment(&self) -> Vec<(String, OsString)> {
        let (major, minor) = self.capability;
        let order = match self.order {
            Order::Forwards => "forwards",
            Order::Backwards => "backwards",
        };
        let variables = [
            ("DEVICES", self.devices.to_string()),
            ("CAPABILITY", format!("{major}.{minor}")),
            ("CAPACITY", self.capacity.to_string()),
            ("ORDER", order.to_owned()),
            ("WORKERS", self.workers.to_string()),
            ("TRACE", u8::from(self.trace).to_string()),
        ];
        let named =
            |(name, value): (&str, String)| (format!("RADARS_SIMULATOR_{name}"), value.into());
        variables.map(named).into()
    }
}
