//! Files on this machine that nobody but their owner reads: replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Replaces a file as a whole, mode 0600, on disk when this returns. Directories above it are made.
///
/// # Errors
///
/// What the system says, with the path that it says it of.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), (PathBuf, io::Error)> {
    let parent = make_parent(path)?;
    let failed = |error| (path.to_owned(), error);
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    #[cfg(unix)]
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
    Ok(())
}

/// The directory that a file is to be in, which is made where it is missing.
///
/// # Errors
///
/// As [`replace`].
pub fn make_parent(path: &Path) -> Result<&Path, (PathBuf, io::Error)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| (parent.to_owned(), error))?;
    Ok(parent)
}

/// The bytes of a file; `None` where there is none.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::FileTooLarge`] for more than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(Some(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/keys.yaml");
        assert_eq!(read(&path, 9).unwrap(), None);
        for text in ["one", "two"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(read(&path, 3).unwrap().unwrap(), text.as_bytes());
        }
        assert_eq!(read(&path, 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        let (at, _) = replace(&path.join("below"), b"").unwrap_err();
        assert_eq!(at, path);
    }
}
