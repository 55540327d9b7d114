//! The versions that charts have: those of Helm repositories as their `index.yaml` says, those of OCI registries as their
//! tags say.
//!
//! One download of an index, or of a chart's tags, serves a whole run, whoever asks and how often; what could not be read
//! is not tried again in it. No credentials are sent: those of private repositories are Argo CD's. Nothing is written.

mod asked;
mod error;
mod index;
mod registry;
#[cfg(test)]
mod tests;

pub use asked::{Asked, NotAVersion};
pub use error::Error;
pub use index::Index;

use crate::Task;
use crate::fetch::{self, Fetch};
use crate::task::Interrupted;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Longest time for an index: the largest ones that are public have 20 MiB.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether `repository` is a Helm repository, which has an index; else it is an OCI registry, which has tags.
fn has_index(repository: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| repository.starts_with(scheme))
}

/// The indexes that were read. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Charts {
    /// By the repository, and the chart where that is read alone.
    read: Arc<Mutex<HashMap<(String, String), Arc<OnceCell<Read>>>>>,
    /// What downloads, where it is not what all downloads go through.
    fetch: Option<Fetch>,
}

/// What became of one download.
type Read = Result<Index, Error>;

impl Charts {
    /// The version of the chart `name` in `repository` that is asked for: the one that is named, once it is sure to be
    /// there, or else the newest that fits, without pre-releases.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn version(
        &self,
        task: &Task,
        repository: &str,
        name: &str,
        asked: &Asked,
    ) -> Result<String, Error> {
        let kept = {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let chart = if has_index(repository) { "" } else { name };
            read.entry((repository.to_owned(), chart.to_owned())).or_default().clone()
        };
        // Whoever comes first reads it, and what interrupts that one does not spoil it for the others.
        let read = kept.get_or_try_init(|| self.read(task, repository, name)).await;
        let index =
            read.map_err(|source| Error::interrupted(repository, source))?.as_ref().map_err(Error::clone)?;
        index.version(repository, name, asked)
    }

    async fn read(&self, task: &Task, repository: &str, name: &str) -> Result<Read, Interrupted> {
        let patient = task.within(PATIENCE);
        let fetch = self.fetch.clone().map_or_else(|| Fetch::new(None), Ok);
        let read = match fetch {
            Ok(fetch) if has_index(repository) => index(&fetch, &patient, repository).await,
            Ok(fetch) => tags(&fetch, &patient, repository, name).await,
            Err(error) => Err(unread(repository, error)),
        };
        match read {
            // The time that this caller had may be over, and that of others not.
            Err(Error::Unread { source, .. }) if task.check().is_err() => match &*source {
                fetch::Error::Interrupted { source, .. } => Err(source.clone()),
                _ => Ok(Err(Error::Unread { repository: repository.to_owned(), source })),
            },
            read => Ok(read),
        }
    }
}

async fn index(fetch: &Fetch, task: &Task, repository: &str) -> Read {
    let url = format!("{}/index.yaml", repository.trim_end_matches('/'));
    let fetched = fetch.clone().or_from_here().url(task, &url, None).await;
    let bytes = fetched.map_err(|error| unread(repository, error))?.bytes;
    Index::parse(&bytes).map_err(|source| Error::NoIndex { url, source: Arc::new(source) })
}

async fn tags(fetch: &Fetch, task: &Task, repository: &str, name: &str) -> Read {
    match registry::versions(fetch, task, repository, name).await {
        Ok(versions) => Ok(Index::of(name, versions)),
        Err(registry::Failure::Unread(error)) => Err(unread(repository, error)),
        Err(registry::Failure::NoTags(url)) => Err(Error::NoTags { url }),
    }
}

fn unread(repository: &str, source: fetch::Error) -> Error {
    Error::Unread { repository: repository.to_owned(), source: Arc::new(source) }
}
