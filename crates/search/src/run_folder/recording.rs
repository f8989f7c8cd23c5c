//! Writing down what happens: events as they come, a checkpoint after every unit of work.

use super::{EVENTS, RunFolder, at};
use crate::{Error, Event, Kept, Observer, Phase, Result};
use serde::Serialize;
use std::io::Write;

/// A line of `events.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    elapsed_seconds: f64,
    phase: Phase,
    #[serde(flatten)]
    event: &'a Event,
}

impl RunFolder {
    /// Seconds that the run has taken, over all processes that went on with it.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Appends a line to `events.jsonl`.
    fn append(&mut self, phase: Phase, event: &Event) -> Result<()> {
        let path = self.path.join(EVENTS);
        let line = Line {
            elapsed_seconds: self.seconds(),
            phase,
            event,
        };
        let mut line = serde_json::to_vec(&line).map_err(|source| Error::Json {
            path: path.clone(),
            source,
        })?;
        line.push(b'\n');
        // One call a line and no buffer: whoever reads along, or a crash, sees whole lines.
        if let Err(error) = self.events.write_all(&line) {
            // On a full disk a part of it: the other phase may yet write behind it.
            let _ = self.events.set_len(self.length);
            return Err(at(&path)(error));
        }
        self.length += line.len() as u64;
        *self.written.entry(phase).or_default() += 1;
        Ok(())
    }
}

impl Observer for RunFolder {
    /// Appends the event, its phase and the seconds since the run began to `events.jsonl`.
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        if let Event::Started { device, .. } = event {
            self.checkpoint.state.device.clone_from(device);
        }
        self.append(phase, event)?;
        if let Event::Resumed { .. } = event {
            // It belongs to the history, wherever the run is left again.
            *self.checkpoint.state.events.entry(phase).or_default() += 1;
        }
        Ok(())
    }

    /// Writes a checkpoint; when this returns, it is on the disk.
    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        let written = self.written.get(&phase).copied().unwrap_or_default();
        self.checkpoint.keep(phase, kept);
        self.checkpoint.state.events.insert(phase, written);
        self.checkpoint.state.seconds = self.seconds();
        // A checkpoint must not know of events that are not on the disk.
        let events = self.path.join(EVENTS);
        self.events.sync_data().map_err(at(&events))?;
        self.checkpoints.write(&self.checkpoint)
    }
}
