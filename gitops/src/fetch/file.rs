//! Local files, with the checks of a download and nothing that only a download needs.

use super::{Error, Fetched, Sha256, check};
use crate::Task;
use std::path::Path;
use tokio::io::AsyncReadExt;

/// Reads the file at `path`, of at most `limit` bytes, which must have the checksum where one is given.
///
/// # Errors
///
/// [`Error::File`], [`Error::TooLarge`], [`Error::Html`], [`Error::Checksum`] or [`Error::Interrupted`].
pub async fn file(task: &Task, path: &Path, limit: u64, sha256: Option<&Sha256>) -> Result<Fetched, Error> {
    let what = path.display().to_string();
    let read = task.run(read(path, limit)).await;
    let bytes = read.map_err(|source| Error::Interrupted { what: what.clone(), source })??;
    check(&what, bytes, sha256, false)
}

async fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).await.map_err(failed)?;
    match bytes.len() as u64 > limit {
        true => Err(Error::TooLarge { what: path.display().to_string(), limit }),
        false => Ok(bytes),
    }
}
