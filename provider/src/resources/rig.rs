//! A real Git server for the tests of resources that write to a repository, and a provider with credentials for it.

pub mod cluster;
pub mod import;

use crate::provider::Gitops;
use gitops::Secret;
use gitops::git::{Credentials, Repositories, Settings};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tfplugin_rs::{Context, Problem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub const PASSWORD: &str = "s3cr3t-password";

/// A server with the repository `p.git`, which has a README.
pub struct Rig {
    pub dir: tempfile::TempDir,
    pub server: Server,
    pub bare: Bare,
    name: &'static str,
}

impl Rig {
    pub async fn start() -> Self {
        Self::start_as("p.git").await
    }

    /// The same, with another name of the repository.
    pub async fn start_as(name: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::seeded(&dir.path().join(name)).unwrap();
        let credentials = Some(("ci".to_owned(), PASSWORD.to_owned()));
        let options = Options { root: dir.path().to_owned(), credentials, tls: None };
        let server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        Self { dir, server, bare, name }
    }

    /// The same, with a chart at `charts/tenant`.
    pub async fn with_chart() -> Self {
        let rig = Self::start().await;
        rig.bare.write("charts/tenant/Chart.yaml", "name: tenant\nversion: 1.2.3\n").unwrap();
        rig
    }

    /// A Helm repository on the loopback, whose index says `index` and is not there where that is empty. Answers its
    /// address.
    pub async fn helm(index: &str) -> String {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let status = if index.is_empty() { "401 Unauthorized" } else { "200 OK" };
        let length = index.len();
        let answer =
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{index}");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    /// Address of the repository.
    pub fn url(&self) -> String {
        self.server.url(self.name)
    }

    /// What an operation of another run of the CLI is given.
    pub fn context(&self) -> Context<Gitops> {
        self.context_with(PASSWORD)
    }

    /// The same, of a user who says this password.
    pub fn context_with(&self, password: &str) -> Context<Gitops> {
        self.context_of(password, Settings::default(), Duration::from_secs(60))
    }

    /// The same, with these settings for Git, and so much time.
    pub fn context_of(&self, password: &str, settings: Settings, limit: Duration) -> Context<Gitops> {
        let gitops = self.gitops(password, settings);
        Context::new(Arc::new(gitops), tokio_util::sync::CancellationToken::new(), limit)
    }

    /// The provider of such a run.
    pub fn gitops(&self, password: &str, settings: Settings) -> Gitops {
        let credentials = Credentials {
            username: Some("ci".to_owned()),
            password: Some(Secret::new(password.to_owned())),
            ..Credentials::default()
        };
        let settings = Settings { credentials: [(self.server.url(""), credentials)].into(), ..settings };
        Gitops::without_clusters(Repositories::new(settings).unwrap())
    }

    /// The attributes `more`, with a `git` that names the repository and `branch` of it.
    pub fn attributes(&self, branch: &str, more: Json) -> Json {
        let mut attributes = json!({"git": {"url": self.url(), "branch": branch}});
        attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        attributes
    }

    /// All files of `main`, but for the README.
    pub fn files(&self) -> Vec<String> {
        let files = self.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap();
        files.lines().filter(|path| *path != "README.md").map(str::to_owned).collect()
    }

    /// Commits to `main` what may be no file, and in the place of what is there: its mode and object.
    pub fn put(&self, mode: &str, object: &str, path: &str) {
        let index = self.dir.path().join("index");
        let index = index.display();
        let script = format!(
            "export GIT_INDEX_FILE='{index}'; git read-tree main && git update-index --add --replace --cacheinfo {mode},{object},{path} \
             && git update-ref refs/heads/main $(git commit-tree -p main -m put $(git write-tree))"
        );
        self.bare.git(&["-c", &format!("alias.put=!{script}"), "put"]).unwrap();
    }

    /// `text` as it is on every machine.
    pub fn plain(&self, text: &str) -> String {
        assert!(!text.contains(PASSWORD), "{text}");
        let text = text.replace(&self.server.address().to_string(), "git.example");
        text.replace(&self.dir.path().display().to_string(), "/srv")
    }
}

/// Problems as users read them.
pub fn shown(problems: &[Problem]) -> String {
    let lines =
        problems.iter().map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
    lines.collect::<Vec<_>>().join("\n---\n")
}
