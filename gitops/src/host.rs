//! Files of this machine that nobody but their owner may read: looked at, written as a whole, removed.
//!
//! A file is on disk, with its permissions, before it has its name: whoever opens it finds what was there before or all
//! of what is there now. Never: writing through a link, or over what has come there meanwhile and was not asked for.

use crate::{Explain, Secret};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;
use zeroize::Zeroizing;

/// Bytes of a file that are read.
const MAX_FILE: u64 = 8 << 20;
/// Permissions of a file that is written.
pub const PRIVATE: u32 = 0o600;

/// What is at a path.
pub enum Place {
    /// Nothing.
    Nothing,
    /// A file.
    File {
        /// Its text; what is no UTF-8 in it is replaced.
        text: Secret<String>,
        /// Its permissions.
        mode: u32,
    },
    /// Something that is not read, and not written over: what it is.
    Obstacle(&'static str),
}

/// Why a file of this machine was not read, written or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that names no file.
    #[error("`{path}` is not the path of a file")]
    NoFile {
        /// The path.
        path: String,
    },
    /// Its directory is not there.
    #[error("the directory `{}` does not exist", path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Something came there after it was looked at.
    #[error("`{}` was made by somebody else meanwhile", path.display())]
    Appeared {
        /// The file.
        path: PathBuf,
    },
    /// The system said no.
    #[error("failed to {action} `{}`: {source}", path.display())]
    Refused {
        /// `read`, `write` or `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFile { .. } => Some(
                "It ends with the name of a file. It is relative to the directory that Terraform runs in: `${path.module}/…` is relative to the module."
                    .into(),
            ),
            Self::NoDirectory { .. } => {
                Some("Make it first, or set `create_directory = true`.".into())
            }
            Self::Appeared { .. } => Some("Nothing was written. Apply again to see what it is.".into()),
            Self::Refused { .. } => None,
        }
    }
}

/// Demands that `path` ends with the name of a file.
///
/// # Errors
///
/// [`Error::NoFile`].
pub fn check(path: &str) -> Result<(), Error> {
    let ends = path.ends_with(['/', '\\']) || path.ends_with("/.") || path.contains('\0');
    match Path::new(path).file_name() {
        Some(_) if !ends => Ok(()),
        _ => Err(Error::NoFile { path: path.to_owned() }),
    }
}

/// What is at `path`.
///
/// # Errors
///
/// [`Error::Refused`]: what cannot be read is not nothing.
pub fn look(path: &Path) -> Result<Place, Error> {
    let failed = |source| Error::Refused { action: "read", path: path.to_owned(), source };
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(Place::Nothing),
        Err(error) => return Err(failed(error)),
    };
    if metadata.is_symlink() {
        return Ok(Place::Obstacle("a link"));
    }
    if !metadata.is_file() {
        return Ok(Place::Obstacle(if metadata.is_dir() { "a directory" } else { "no file" }));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Ok(Place::Obstacle("a file of more than 8 MiB"));
    }
    let text = Secret::new(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Place::File { text, mode: mode(&metadata) })
}

/// Writes a file as a whole, mode 0600; it is on disk when this returns. With `replace`, over the file that is there.
///
/// # Errors
///
/// [`Error`]; nothing has changed then.
pub fn write(path: &Path, text: &Secret<String>, replace: bool) -> Result<(), Error> {
    let failed = |source| Error::Refused { action: "write", path: path.to_owned(), source };
    let dir = directory(path);
    if !dir.is_dir() {
        return Err(Error::NoDirectory { path: dir.to_owned() });
    }
    let new = beside(path)?;
    remove_leftover(&new)?;
    // It is removed with this name, however this ends.
    let named = TempPath::try_from_path(&new).map_err(failed)?;
    let mut file = private().open(&new).map_err(failed)?;
    restrict(&file).map_err(failed)?;
    file.write_all(text.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    drop(file);
    let moved = if replace { named.persist(path) } else { named.persist_noclobber(path) };
    moved.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Appeared { path: path.to_owned() },
        _ => failed(error.error),
    })?;
    sync(dir).map_err(failed)
}

/// Removes a file; one that is gone already is fine. What a run that was killed left of it goes too.
///
/// # Errors
///
/// [`Error::Refused`].
pub fn remove(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Refused { action: "remove", path: path.to_owned(), source };
    remove_leftover(&beside(path)?)?;
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(failed(error)),
        Err(_) => Ok(()),
        Ok(()) => sync(directory(path)).map_err(failed),
    }
}

/// Makes the directory of a file, and those above it, for nobody but their owner.
///
/// # Errors
///
/// [`Error::Refused`].
pub fn make_directory(path: &Path) -> Result<(), Error> {
    let dir = directory(path);
    let failed = |source| Error::Refused { action: "write", path: dir.to_owned(), source };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(failed)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name that a file has until it is whole. It is always the same, so that what a run that was killed left is found.
fn beside(path: &Path) -> Result<PathBuf, Error> {
    let name = path.file_name().ok_or_else(|| Error::NoFile { path: path.display().to_string() })?;
    Ok(path.with_file_name(format!(".{}.gitops-new", name.to_string_lossy())))
}

fn remove_leftover(new: &Path) -> Result<(), Error> {
    match fs::remove_file(new) {
        Err(source) if !is_absent(&source) => {
            Err(Error::Refused { action: "remove", path: new.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// A new file, which must not be there, not even as a link.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    options
}

/// The permissions, whatever the mask of this process takes away.
#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE))
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

/// Other systems have no such permissions: all is as it was wanted.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    PRIVATE
}

/// The name of a file is on disk with its directory.
#[cfg(unix)]
fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
