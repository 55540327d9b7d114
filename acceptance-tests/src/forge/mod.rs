//! A forge for tests: the pull and merge requests of one repository, on the REST APIs of GitHub, GitLab, and Gitea or
//! Forgejo.
//!
//! It answers as they do, also where it refuses: statuses, error bodies, pages, and limits. Requests are about branches of
//! a real bare repository, and a merge really happens there, past all hooks, as a forge's own does. It is for tests
//! alone: no limits, no hardening.

mod gitea;
mod github;
mod gitlab;
mod pulls;
mod serve;

pub use pulls::{How, Pull, State};

use crate::git_server::Bare;
use pulls::Pulls;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// What the forge speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// GitHub's REST API, version 3.
    Github,
    /// GitLab's REST API, version 4.
    Gitlab,
    /// The API of Gitea and Forgejo, version 1.
    Gitea,
}

impl Dialect {
    /// The word for it in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Github => "/api/v3",
            Self::Gitlab => "/api/v4",
            Self::Gitea => "/api/v1",
        }
    }
}

/// What meets a call instead of its answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An answer with this status, these headers and this body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection ends before anything is done.
    Drop,
    /// The call is carried out, and then the connection ends.
    LoseAnswer,
}

/// A forge that runs until it is dropped.
pub struct Forge {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    dialect: Dialect,
    token: String,
    address: SocketAddr,
    pulls: Mutex<Pulls>,
    /// The method that a fault waits for, and the fault.
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    calls: Mutex<Vec<String>>,
}

/// The lock, whatever happened to who had it before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Forge {
    /// Serves the requests of the repository `project` (`owner/name`), which is `bare`, on a free port of loopback, to
    /// all who say `token`. Who says it with `-read` at its end may only read.
    pub async fn start(dialect: Dialect, bare: Bare, project: &str, token: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            dialect,
            token: token.to_owned(),
            address,
            pulls: Mutex::new(Pulls::new(bare, project)),
            faults: Mutex::default(),
            calls: Mutex::default(),
        });
        let task = tokio::spawn(serve::accept(listener, shared.clone()));
        Ok(Self { address, shared, task })
    }

    /// Address of the API.
    pub fn api(&self) -> String {
        format!("http://{}{}", self.address, self.shared.dialect.root())
    }

    /// All requests, oldest first.
    pub fn pulls(&self) -> Vec<Pull> {
        lock(&self.shared.pulls).all.clone()
    }

    /// The page of a request.
    pub fn page(&self, number: u64) -> String {
        self.shared.page(number)
    }

    /// Merges a request, as a person would; answers the commit. `branch_goes` removes the branch that it came from.
    pub fn merge(&self, number: u64, how: How, branch_goes: bool) -> io::Result<String> {
        lock(&self.shared.pulls).merge(number, how, branch_goes)
    }

    /// Closes a request without a merge.
    pub fn close(&self, number: u64) -> io::Result<()> {
        lock(&self.shared.pulls).close(number)
    }

    /// Opens a request as somebody else would: of a branch of a fork, where `from` is another owner.
    pub fn add(&self, from: &str, head: &str, base: &str) -> io::Result<u64> {
        lock(&self.shared.pulls).open(from, head, base, "Somebody's", "")
    }

    /// The next call with this method meets `fault`.
    pub fn fail(&self, method: &'static str, fault: Fault) {
        lock(&self.shared.faults).push_back((method, fault));
    }

    /// The calls that arrived since the last time, as `METHOD /path?query`.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.calls))
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn page(&self, number: u64) -> String {
        let project = lock(&self.pulls).project.clone();
        let what = match self.dialect {
            Dialect::Github => "pull",
            Dialect::Gitlab => "-/merge_requests",
            Dialect::Gitea => "pulls",
        };
        format!("http://{}/{project}/{what}/{number}", self.address)
    }
}
