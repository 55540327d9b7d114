//! A repository behind a real Git server, and short words for what the tests do with it.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its own part")]

pub mod protected;

use gitops::git::{
    Change, Credentials, Edit, Error, Outcome, Owner, Remote, Repositories, Repository, Settings,
};
use gitops::path::RepoPath;
use gitops::{Explain as _, Secret, Task};
use gitops_acceptance_tests::git_server::{Bare, Fault, Kind, Options, Server, Service};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub const TOKEN: &str = "s3cr3t-token-f00";

/// A server with one repository `p.git` that has one commit on `main`, and a registry with its credentials.
pub struct Rig {
    pub dir: tempfile::TempDir,
    pub server: Server,
    pub bare: Bare,
    pub repositories: Repositories,
}

impl Rig {
    pub async fn start() -> Self {
        Self::start_for("ci").await
    }

    /// A server that takes the token from this user.
    pub async fn start_for(user: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
        let credentials = Some((user.to_owned(), TOKEN.to_owned()));
        let options = Options { root: dir.path().to_owned(), credentials, tls: None };
        let server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        let repositories = Repositories::new(settings(&server)).unwrap();
        Self { dir, server, bare, repositories }
    }

    /// The repository behind the server.
    pub fn repository(&self) -> Repository {
        self.repositories.open(&remote(&self.server.url("p.git"))).unwrap()
    }

    /// Another process, as far as Git can tell: its own clone, its own queue.
    pub fn stranger(&self) -> Repository {
        Repositories::new(settings(&self.server)).unwrap().open(&remote(&self.server.url("p.git"))).unwrap()
    }

    /// `text` without what differs from run to run.
    pub fn plain(&self, text: &str) -> String {
        let text = text.replace(&self.server.address().to_string(), "git.example");
        text.replace(&self.dir.path().display().to_string(), "/srv")
    }

    /// The error as the user reads it.
    pub fn report(&self, error: &Error) -> String {
        let text = format!("{}\nHint: {}", gitops::error::chain(error), error.hint().unwrap_or_default());
        assert!(!text.contains(TOKEN), "{text}");
        self.plain(&text)
    }
}

pub fn settings(server: &Server) -> Settings {
    let credentials = Credentials {
        username: Some("ci".to_owned()),
        token: Some(Secret::new(TOKEN.to_owned())),
        ..Credentials::default()
    };
    Settings { credentials: [(server.url(""), credentials)].into(), ..Settings::default() }
}

pub fn remote(url: &str) -> Remote {
    Remote { url: Some(url.to_owned()), ..Remote::default() }
}

pub fn task() -> Task {
    limited(60_000)
}

pub fn limited(milliseconds: u64) -> Task {
    Task::new(CancellationToken::new(), Duration::from_millis(milliseconds))
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

pub fn write(at: &str, content: &str) -> Edit {
    Edit::Write { path: path(at), content: content.as_bytes().to_vec() }
}

/// A change that makes `edits` on any tip.
pub fn change(id: &str, edits: Vec<Edit>) -> Change {
    Change::new(Owner::new("gitops_tenant", id), format!("change {id}"), move |_| Ok(edits.clone()))
}

/// A change before whose first push somebody takes back what came after `commit`.
pub fn rewinding(bare: &Bare, commit: &str) -> Change {
    let (bare, rewind, mut calls) = (bare.clone(), commit.to_owned(), 0);
    Change::new(Owner::new("gitops_files", "b"), "b", move |_| {
        calls += 1;
        if calls == 1 {
            bare.git(&["update-ref", "refs/heads/main", &rewind]).unwrap();
        }
        Ok(vec![write("b", "1")])
    })
}

/// A change before whose first two pushes somebody pushes `count`, which it writes down in `seen`.
pub fn racing(bare: &Bare) -> Change {
    let (bare, mut calls) = (bare.clone(), 0);
    Change::new(Owner::new("gitops_files", "n"), "count", move |tree| {
        calls += 1;
        if calls <= 2 {
            bare.write("count", &calls.to_string()).unwrap();
        }
        let seen = tree.file(&path("count"))?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(vec![write("seen", &seen.unwrap_or_default())])
    })
}

pub fn landed(result: Result<Outcome, Error>) -> String {
    match result {
        Ok(Outcome::Landed { commit }) => commit,
        other => panic!("expected a commit, got {other:?}"),
    }
}

pub fn unchanged(result: Result<Outcome, Error>) -> String {
    match result {
        Ok(Outcome::Unchanged { commit }) => commit,
        other => panic!("expected no commit, got {other:?}"),
    }
}

/// A commit by somebody whose clock says `seconds` since 1970; no branch names it.
pub fn commit_dated(rig: &Rig, seconds: &str, tree: &str, parent: &str) -> String {
    let person = format!("f <f@x> {seconds} +0000");
    let text = format!("tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\ndated\n");
    let file = rig.dir.path().join("commit");
    std::fs::write(&file, text).unwrap();
    rig.bare.git(&["hash-object", "-t", "commit", "-w", "--literally", file.to_str().unwrap()]).unwrap()
}

/// Holds the worker at its next fetch, so that what is asked meanwhile waits together.
pub async fn hold(rig: &Rig) {
    rig.server.faults().push(Fault::once(Service::AdvertiseUpload, Kind::Slow(Duration::from_secs(3))));
    rig.server.take_requests();
    let repository = rig.repository();
    tokio::spawn(async move { repository.read(&task()).await.map(drop) });
    let seen = || !rig.server.take_requests().is_empty();
    until(seen).await;
}

/// Waits until `condition` holds; a minute without is a failure.
pub async fn until(condition: impl Fn() -> bool) {
    let held = async {
        // The server needs the processors, too.
        let mut pace = tokio::time::interval(Duration::from_millis(2));
        while !condition() {
            pace.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), held).await.expect("what is waited for does not come");
}
