//! The network side of libgit2: its transports for `http`, `https` and `ssh`.
//!
//! libgit2 calls a transport by the scheme of a URL, with no room for an argument, so that what a transport needs
//! (credentials, deadline, a place for its error) is a [`Session`] in a thread-local slot for the time of one
//! libgit2 call. libgit2 keeps of an error its text alone; the typed one waits in the session.
//!
//! Two things never happen here: an error text with a NUL reaches libgit2, which would abort the process, and
//! the user's Git configuration is read, whose `insteadOf` could send credentials to another server.

mod http;
mod pace;
mod post;
mod ssh;
mod ssh_words;

pub(super) use http::{Http, client};
pub(super) use ssh::Ssh;

use super::Error;
use super::scope::Scope;
use super::text::without_nul;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use git2::{ConfigLevel, ErrorClass, ErrorCode, Remote};
use std::cell::RefCell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

thread_local! {
    static SESSION: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

/// One libgit2 call on the network.
pub(super) struct Session {
    pub(super) scope: Scope,
    link: Link,
    error: Mutex<Option<Error>>,
    sent: AtomicBool,
}

/// The way to the server.
#[derive(Clone)]
pub(super) enum Link {
    Http(Arc<Http>),
    Ssh(Arc<Ssh>),
    /// libgit2's own transport, for `file://`.
    Local,
}

impl Session {
    /// Runs one libgit2 call with `link` and `scope`. The error is the transport's own where it has one.
    pub(super) fn run<T>(
        link: &Link,
        scope: &Scope,
        call: impl FnOnce() -> Result<T, git2::Error>,
    ) -> Result<T, Failure> {
        let session = Arc::new(Self {
            scope: scope.clone(),
            link: link.clone(),
            error: Mutex::default(),
            sent: AtomicBool::new(false),
        });
        let _slot = Slot::fill(session.clone());
        call().map_err(|git| {
            let told = session.error.lock().unwrap_or_else(PoisonError::into_inner).take().map(Box::new);
            Failure { told, git, sent: session.sent.load(Ordering::SeqCst) }
        })
    }

    /// Notes that a part of a push is about to leave.
    fn sends(&self) {
        self.sent.store(true, Ordering::SeqCst);
    }

    /// Keeps the first `error` and turns it into the text that libgit2 takes.
    pub(super) fn keep(&self, error: Error) -> io::Error {
        let text = without_nul(&error.to_string());
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        io::Error::other(text)
    }
}

/// Why a libgit2 call failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What the transport said, if it was the transport.
    pub(super) told: Option<Box<Error>>,
    /// What libgit2 said.
    pub(super) git: git2::Error,
    /// Whether a part of a push may have reached the server.
    pub(super) sent: bool,
}

/// The thread-local slot, filled until dropped.
struct Slot;

impl Slot {
    fn fill(session: Arc<Session>) -> Self {
        SESSION.set(Some(session));
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        SESSION.set(None);
    }
}

/// Registers our transports and hides the user's configuration, once in the life of the process.
pub(super) fn register() -> Result<(), git2::Error> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| register_all().map_err(|error| error.message().to_owned()));
    done.as_ref().copied().map_err(|text| git2::Error::from_str(text))
}

#[expect(
    unsafe_code,
    reason = "libgit2 asks that its global tables are changed by one thread: the OnceLock sees to it"
)]
fn register_all() -> Result<(), git2::Error> {
    // SAFETY: called once, from the OnceLock above, before any other call of this crate to libgit2.
    unsafe {
        for level in [ConfigLevel::ProgramData, ConfigLevel::System, ConfigLevel::XDG, ConfigLevel::Global] {
            git2::opts::set_search_path(level, "")?;
        }
        for (scheme, rpc) in [("http", true), ("https", true), ("ssh", false)] {
            git2::transport::register(scheme, move |remote| connect(remote, rpc))?;
        }
    }
    Ok(())
}

fn connect(remote: &Remote<'_>, rpc: bool) -> Result<Transport, git2::Error> {
    Transport::smart(remote, rpc, Subtransport(SESSION.with_borrow(Clone::clone)))
}

/// The libgit2 side of a session.
struct Subtransport(Option<Arc<Session>>);

impl SmartSubtransport for Subtransport {
    fn action(&self, _url: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let told =
            |error: io::Error| git2::Error::new(ErrorCode::GenericError, ErrorClass::Net, error.to_string());
        let session = self.0.clone().ok_or_else(|| git2::Error::from_str("no session"))?;
        match &session.link {
            Link::Http(http) => http.clone().action(session, service).map_err(told),
            Link::Ssh(ssh) => ssh.clone().action(session, service).map_err(told),
            Link::Local => Err(git2::Error::from_str("no transport")),
        }
    }

    // An error here would lose its message; streams end their own work when they are dropped.
    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}
