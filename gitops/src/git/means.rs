//! What a registry works with: how a run is named, and how long is waited.

use super::batch::PERSISTENCE;
use super::patience::SILENCE;
use std::path::PathBuf;
use std::time::Duration;

/// What a registry works with.
pub struct Means {
    /// The program `ssh`.
    pub ssh: PathBuf,
    /// The run that makes the commits, such as the page of a CI job: each commit names it.
    pub run: Option<String>,
    /// How long a server that does nothing is waited for, by all requests of a change together.
    pub silence: Duration,
    /// How long a branch is tried that keeps moving; the last attempt comes on top of it.
    pub persistence: Duration,
}

impl Default for Means {
    fn default() -> Self {
        Self { ssh: "ssh".into(), run: None, silence: SILENCE, persistence: PERSISTENCE }
    }
}

impl Means {
    /// Those of a run that people read about at `page`, or that has a name of its own: a log without any CI then still tells
    /// which commits are of one run.
    pub(super) fn of_run(page: Option<String>) -> Self {
        let unlike_others = || format!("{:016x}", fastrand::u64(..));
        Self { run: Some(page.unwrap_or_else(unlike_others)), ..Self::default() }
    }
}
