//! What the driver says, as errors of `radars-tensor`.

use cudarc::driver::DriverError;
use radars_tensor::Error;

/// The name of the device in errors.
pub(crate) const DEVICE: &str = "cuda";

/// The driver refused `action`.
pub(crate) fn driver(action: &str, error: DriverError) -> Error {
    device(format!("{action}: {}", text(error)))
}

/// The device cannot be used as asked.
pub(crate) fn device(reason: String) -> Error {
    Error::Device {
        device: DEVICE,
        reason,
    }
}

/// The name and the text of a driver's error, as `CUDA_ERROR_OUT_OF_MEMORY (out of memory)`.
pub(crate) fn text(error: DriverError) -> String {
    let name = error.error_name().map(|name| name.to_string_lossy());
    let says = error.error_string().map(|text| text.to_string_lossy());
    match (name, says) {
        (Ok(name), Ok(says)) => format!("{name} ({says})"),
        _ => format!("error {:?} of the driver", error.0),
    }
}
