//! Sockets that nobody but our user, and the group that a host may name, or nobody but this machine, can reach.

use crate::serve::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// The directory that holds the socket and nothing else. Only our user, and the socket's group if it has one, may enter
/// it. Clones are the same directory.
#[derive(Clone, Debug, Default)]
pub(super) struct SocketDirectory(Arc<Mutex<Option<TempDir>>>);

impl SocketDirectory {
    /// Removes it, so that even SIGKILL leaves nothing behind. Established connections go on.
    pub(super) fn remove(&self) {
        let directory = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = directory.map(TempDir::close) {
            tracing::debug!(%error, "the socket's directory stays");
        }
    }
}

/// A socket in a fresh directory inside `parent`, or inside the directory for temporary files, and for `group`, too,
/// where one is named.
#[cfg(unix)]
pub(super) fn bind_unix(
    parent: Option<&std::path::Path>,
    group: Option<&str>,
) -> Result<(tokio::net::UnixListener, PathBuf, SocketDirectory), Error> {
    use std::os::unix::fs::PermissionsExt;
    let parent = parent.map_or_else(short_temporary_directory, std::path::Path::to_owned);
    let directory = tempfile::Builder::new()
        .prefix("tfplugin-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .map_err(|source| Error::Directory { parent, source })?;
    let path = directory.path().join("s");
    let listener = tokio::net::UnixListener::bind(&path);
    let listener = listener.map_err(|source| Error::Socket { path: path.clone(), source })?;
    if let Some(group) = group {
        let shared = share(directory.path(), &path, group);
        shared.map_err(|source| Error::Group { group: group.to_owned(), source })?;
    }
    Ok((listener, path, SocketDirectory(Arc::new(Mutex::new(Some(directory))))))
}

/// Lets `group` enter `directory`, but not look around in it, and connect to `socket`.
#[cfg(unix)]
fn share(directory: &std::path::Path, socket: &std::path::Path, group: &str) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};
    let id = group_id(group)?;
    for (path, mode) in [(directory, 0o710), (socket, 0o660)] {
        chown(path, None, Some(id))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The number of the group, which `group` is or names.
#[cfg(unix)]
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    let groups = std::fs::read("/etc/group")?;
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "/etc/group has no such name; give its number");
    id_of(group, &String::from_utf8_lossy(&groups)).ok_or_else(unknown)
}

/// The number of the group `name` in the text of `/etc/group`. The groups of a directory service are in none: only libc
/// could ask for them by name.
#[cfg(unix)]
fn id_of(name: &str, groups: &str) -> Option<u32> {
    let fields = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut named = fields.filter(|fields| fields.first() == Some(&name));
    named.find_map(|fields| fields.get(2)?.parse().ok())
}

/// The directory for temporary files, or `/tmp` if a socket's path there would be too long: systems allow as little
/// as 104 bytes, and `/tfplugin-XXXXXX/s` takes 19 of them.
#[cfg(unix)]
fn short_temporary_directory() -> PathBuf {
    let usual = std::env::temp_dir();
    match usual.as_os_str().len() {
        ..=80 => usual,
        _ => PathBuf::from("/tmp"),
    }
}

/// The first free port of `ports` on loopback.
pub(super) fn bind_tcp(ports: RangeInclusive<u16>) -> Result<(tokio::net::TcpListener, SocketAddr), Error> {
    let (first, last) = (*ports.start(), *ports.end());
    let mut cause = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for port in ports {
        match listen(port) {
            Ok(bound) => return Ok(bound),
            Err(error) => cause = error,
        }
    }
    Err(Error::Port { first, last, source: cause })
}

fn listen(port: u16) -> io::Result<(tokio::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((tokio::net::TcpListener::from_std(listener)?, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn groups_by_name() {
        let groups = "root:x:0:\nwheel:x:10:root,ann\n+::::\nbroken\nodd:x:y:\n";
        let cases = [("root", Some(0)), ("wheel", Some(10)), ("whee", None), ("broken", None), ("odd", None)];
        for (name, expected) in cases {
            assert_eq!(id_of(name, groups), expected, "{name:?}");
        }
    }

    #[tokio::test]
    async fn taken_ports_are_passed_over() {
        let (held, taken) = bind_tcp(0..=0).unwrap();
        let error = bind_tcp(taken.port()..=taken.port()).unwrap_err();
        assert!(matches!(error, Error::Port { .. }), "{error}");
        let (_next, address) = bind_tcp(taken.port()..=taken.port().saturating_add(50)).unwrap();
        assert!(address.ip().is_loopback() && address.port() > taken.port(), "{address} after {taken}");
        drop(held);
    }
}
