//! Permissions, and what makes a name last: here the systems differ.

use super::PRIVATE;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// A new file, which must not be there, not even as a link.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    options
}

/// The permissions, whatever the mask of this process takes away.
#[cfg(unix)]
pub fn restrict(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE))
}

#[cfg(not(unix))]
pub fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

/// Other systems have no such permissions: all is as it was wanted.
#[cfg(not(unix))]
pub fn mode(_: &Metadata) -> u32 {
    PRIVATE
}

/// The name of a file is on disk with its directory.
#[cfg(unix)]
pub fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
pub fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
