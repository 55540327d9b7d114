//! Git over a child `ssh`: the user's own program, with none of the user's configuration.
//!
//! Host keys are checked against the given `known_hosts` and nothing else, nothing is ever asked, and the child
//! ends with the request: when its stream is dropped, at the deadline, or when the work is stopped.

use super::Session;
use super::pace::Pace;
use super::ssh_words::meaning;
use crate::git::access::Access;
use crate::git::address::Address;
use crate::git::keys::{has_agent, has_passphrase, write_private};
use crate::git::text::cleaned;
use crate::git::{Error, Remote};
use git2::transport::{Service, SmartSubtransportStream};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::{fs, iter};

/// The most that is kept of what `ssh` writes to its standard error.
const MAX_STDERR: u64 = 64 << 10;

/// A Git server behind ssh.
pub(in crate::git) struct Ssh {
    address: Address,
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Holds the key and the known hosts, readable by us alone.
    _files: tempfile::TempDir,
}

impl Ssh {
    pub(in crate::git) fn new(
        address: &Address,
        access: &Access,
        remote: &Remote,
        program: &Path,
    ) -> Result<Self, Error> {
        let url = || address.to_string();
        let known_hosts = remote.known_hosts.as_ref().or(access.known_hosts.as_ref());
        let Some(known_hosts) = known_hosts.filter(|text| !text.trim().is_empty()) else {
            return Err(Error::HostKey { url: url(), why: "no `known_hosts` are given".to_owned() });
        };
        let storage = |error: io::Error| Error::Storage { url: url(), why: error.to_string() };
        let files = tempfile::Builder::new().prefix("gitops-ssh-").tempdir().map_err(storage)?;
        let hosts = write_private(files.path(), "known_hosts", known_hosts).map_err(storage)?;
        let key = key(address, access, remote, files.path())?;
        let arguments = arguments(address, &hosts, key.as_deref());
        Ok(Self { address: address.clone(), program: program.to_owned(), arguments, _files: files })
    }

    /// Starts the program that serves a fetch or a push.
    pub(super) fn action(
        self: Arc<Self>,
        session: Arc<Session>,
        service: Service,
    ) -> io::Result<Box<dyn SmartSubtransportStream>> {
        let name = match service {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        Ok(Box::new(Stream::start(self, session, name)?))
    }

    fn command(&self, service: &str) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "libgit2 reads and writes this child on its own thread, where nothing can be awaited"
        )]
        let mut command = Command::new(&self.program);
        // The path has no quote in it: `Address` saw to that.
        command.args(&self.arguments).arg(format!("{service} '{}'", self.address.path()));
        command.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

fn arguments(address: &Address, known_hosts: &Path, key: Option<&Path>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-F", "/dev/null", "-T"].map(OsString::from).into();
    let mut option = |text: OsString| arguments.extend(["-o".into(), text]);
    for text in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no",
        "ConnectTimeout=10",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
    ] {
        option(text.into());
    }
    let file = |name: &str, path: &Path| {
        // ssh splits the value at spaces unless it is quoted, and expands `%`.
        let path = path.to_string_lossy().replace('%', "%%");
        OsString::from(format!("{name}=\"{path}\""))
    };
    option(file("UserKnownHostsFile", known_hosts));
    if let Some(key) = key {
        option("IdentitiesOnly=yes".into());
        arguments.extend(["-i".into(), key.as_os_str().to_owned()]);
    }
    if let Some(port) = address.port() {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    let destination = match address.user() {
        Some(user) => format!("{user}@{}", address.host()),
        None => address.host().to_owned(),
    };
    arguments.extend(["--".into(), destination.into()]);
    arguments
}

/// The file of the private key: the user's, or a private copy of the secret; none leaves it to the agent.
fn key(address: &Address, access: &Access, remote: &Remote, files: &Path) -> Result<Option<PathBuf>, Error> {
    let wrong = |why: String| Error::Key { url: address.to_string(), why };
    let (path, text) = match (&remote.private_key_path, &access.ssh_private_key) {
        (Some(path), _) => {
            let text = fs::read_to_string(path).map_err(|error| wrong(format!("`{path}`: {error}")))?;
            (PathBuf::from(path), zeroize::Zeroizing::new(text))
        }
        (None, Some(secret)) => {
            let text = zeroize::Zeroizing::new(secret.expose().clone());
            let path = write_private(files, "key", &text).map_err(|error| wrong(error.to_string()))?;
            (path, text)
        }
        (None, None) => return Ok(None),
    };
    if !text.contains("PRIVATE KEY-----") {
        return Err(wrong("it is not a private key in PEM or OpenSSH format".to_owned()));
    }
    if has_passphrase(&text) && !has_agent() {
        return Err(wrong("it has a passphrase, and there is no SSH agent".to_owned()));
    }
    Ok(Some(path))
}

/// The child's ends, as libgit2 reads and writes them.
struct Stream {
    ssh: Arc<Ssh>,
    session: Arc<Session>,
    pace: Arc<Pace>,
    child: Arc<Mutex<Child>>,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: Option<thread::JoinHandle<Vec<u8>>>,
    watch: tokio::task::JoinHandle<()>,
}

impl Stream {
    fn start(ssh: Arc<Ssh>, session: Arc<Session>, service: &str) -> io::Result<Self> {
        let mut child = ssh.command(service).spawn().map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::NotFound => format!("`{}` is not installed", ssh.program.display()),
                _ => error.to_string(),
            };
            session.keep(Error::Ssh { url: ssh.address.to_string(), why })
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("ssh has no pipes"));
        };
        let child = Arc::new(Mutex::new(child));
        let pace = Arc::new(Pace::of_work(ssh.address.to_string(), &session.scope));
        let (watched, scope, paced) = (child.clone(), session.scope.clone(), pace.clone());
        let watch = session.scope.handle().spawn(async move {
            tokio::select! {
                _ = scope.over() => {}
                _ = paced.over() => {}
            }
            kill(&watched);
        });
        let stderr = Some(thread::spawn(move || collect(stderr)));
        Ok(Self { ssh, session, pace, child, stdin, stdout, stderr, watch })
    }

    /// What the server does next; the watch ends the child where that takes too long.
    fn wait(
        &mut self,
        work: impl FnOnce(&mut ChildStdin, &mut ChildStdout) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.pace.begin();
        let done = work(&mut self.stdin, &mut self.stdout);
        let moved = *done.as_ref().unwrap_or(&0);
        if moved > 0 {
            self.pace.moved(moved);
        }
        self.pace.end(moved == 0);
        done
    }

    /// The child closed its end: what it said.
    fn ended(&mut self) -> io::Result<usize> {
        let url = self.ssh.address.to_string();
        if let Err(source) = self.session.scope.check() {
            return Err(self.session.keep(Error::Interrupted { url, source }));
        }
        if let Some(lost) = self.pace.lost() {
            return Err(self.session.keep(lost));
        }
        // Ends with the child, which the watch may have to kill: the lock is not held meanwhile.
        let said = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let status = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait()?;
        match status.success() {
            true => Ok(0),
            false => Err(self.session.keep(meaning(url, &cleaned(&said, iter::empty())))),
        }
    }
}

fn collect(stderr: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut stderr = stderr.take(MAX_STDERR);
    let _ = stderr.read_to_end(&mut kept);
    // A child that goes on writing must not block on a full pipe.
    let _ = io::copy(&mut stderr.into_inner(), &mut io::sink());
    kept
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = child.kill();
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.wait(|_, stdout| stdout.read(out)) {
            Ok(0) if !out.is_empty() => self.ended(),
            other => other,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.session.sends();
        match self.wait(|stdin, _| stdin.write(bytes)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.ended().and(Err(error)),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.flush()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.watch.abort();
        kill(&self.child);
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
        if let Some(thread) = self.stderr.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[path = "ssh_tests.rs"]
mod tests;
