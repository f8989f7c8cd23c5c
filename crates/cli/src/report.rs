//! `radars report`: from a run folder to a page, and to a file for TensorBoard.

use crate::arguments::ReportArgs;
use crate::failure::{Failure, Result};
use radars_report::{Error, REPORT, Run, tensorboard, write_to};

/// Writes what was asked for, and gives the paths to print.
pub fn run(arguments: &ReportArgs) -> Result<String> {
    let run = Run::open(&arguments.run)?;
    let page = match &arguments.out {
        Some(file) => file.clone(),
        None => arguments.run.join(REPORT),
    };
    write_to(&run, &page)?;
    let mut text = format!("{}\n", page.display());
    if let Some(folder) = &arguments.tensorboard {
        let file = tensorboard(&run, folder)?;
        text += &format!("{}\n", file.display());
    }
    Ok(text)
}

/// What is not a run is the input's fault; a disk that is full is not.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_bad_input() {
            Self::bad_input(error)
        } else {
            Self::running(error)
        }
    }
}
