//! Files of this machine that nobody but their owner may read: looked at, written as a whole, removed.
//!
//! A file is on disk, with its permissions, before it has its name: whoever opens it finds what was there before or all
//! of what is there now. Never: writing through a link, or over what has come there meanwhile and was not asked for.

mod error;
mod system;

pub use error::Error;

use crate::Secret;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use system::{mode, private, restrict, sync};
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
    let Some(metadata) = metadata(path)? else { return Ok(Place::Nothing) };
    if let Some(what) = no_file(&metadata) {
        return Ok(Place::Obstacle(what));
    }
    match read(path, MAX_FILE) {
        Ok(Some(bytes)) => {
            let text = Secret::new(String::from_utf8_lossy(bytes.expose()).into_owned());
            Ok(Place::File { text, mode: mode(&metadata) })
        }
        Ok(None) => Ok(Place::Nothing),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Ok(Place::Obstacle("a file of more than 8 MiB"))
        }
        Err(source) => Err(Error::Refused { action: "read", path: path.to_owned(), source }),
    }
}

/// What is at `path` that is no file, and is not written over; `None` for a file and for nothing.
///
/// # Errors
///
/// [`Error::Refused`].
pub fn obstacle(path: &Path) -> Result<Option<&'static str>, Error> {
    Ok(metadata(path)?.as_ref().and_then(no_file))
}

/// The bytes of a file that is only read, also where a link leads to it; `None` where there is none.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::FileTooLarge`] for more than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Secret<Vec<u8>>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(Some(Secret::new(std::mem::take(&mut *bytes)))),
    }
}

/// Writes a file as [`write`] does, where nothing is or over the file that is there, which the caller knows to be ours.
/// Directories above it are made.
///
/// # Errors
///
/// [`Error`]; the file has not changed then.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    make_directory(path)?;
    let metadata = metadata(path)?;
    match metadata.as_ref().and_then(no_file) {
        Some(what) => Err(Error::Obstacle { path: path.to_owned(), what }),
        None => write(path, bytes, metadata.is_some()),
    }
}

/// Writes a file as a whole, mode 0600; it is on disk when this returns. With `replace`, over the file that is there.
///
/// # Errors
///
/// [`Error`]; nothing has changed then.
pub fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), Error> {
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
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
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

/// Of what is at `path` itself, be it a link; `None` where nothing is.
fn metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(Error::Refused { action: "read", path: path.to_owned(), source }),
    }
}

/// What it is, where it is no file.
fn no_file(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_symlink() {
        Some("a link")
    } else if metadata.is_dir() {
        Some("a directory")
    } else if metadata.is_file() {
        None
    } else {
        Some("no file")
    }
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

#[cfg(test)]
mod tests;
