//! A Git server with a platform repository, for the tests of what is written to one.

use crate::provider::Gitops;
use gitops::Secret;
use gitops::git::{Credentials, Repositories, Settings};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use std::sync::Arc;
use std::time::Duration;
use tfplugin_rs::{Context, Problem};

/// The password of the server.
pub const PASSWORD: &str = "s3cr3t-password";

/// A server with the repository `p.git`, which has a chart at `charts/tenant`.
pub struct Rig {
    /// Where its repositories lie.
    pub dir: tempfile::TempDir,
    /// The server.
    pub server: Server,
    /// The repository, by its files.
    pub bare: Bare,
}

impl Rig {
    /// Starts the server.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
        bare.write("charts/tenant/Chart.yaml", "name: tenant\nversion: 1.2.3\n").unwrap();
        let credentials = Some(("ci".to_owned(), PASSWORD.to_owned()));
        let options = Options { root: dir.path().to_owned(), credentials, tls: None };
        let server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        Self { dir, server, bare }
    }

    /// Address of the repository.
    pub fn url(&self) -> String {
        self.server.url("p.git")
    }

    /// What a resource is given by a provider with `password`, and without a cluster.
    pub fn context(&self, password: &str) -> Context<Gitops> {
        let credentials = Credentials {
            username: Some("ci".to_owned()),
            password: Some(Secret::new(password.to_owned())),
            ..Credentials::default()
        };
        let settings =
            Settings { credentials: [(self.server.url(""), credentials)].into(), ..Settings::default() };
        let gitops = Gitops::without_clusters(Repositories::new(settings).unwrap());
        Context::new(Arc::new(gitops), tokio_util::sync::CancellationToken::new(), Duration::from_secs(60))
    }

    /// `text` without what differs from run to run; it must not have the password.
    pub fn plain(&self, text: &str) -> String {
        assert!(!text.contains(PASSWORD), "{text}");
        let text = text.replace(&self.server.address().to_string(), "git.example");
        text.replace(&self.dir.path().display().to_string(), "/srv")
    }
}

/// The problems, as users read them.
pub fn shown(problems: &[Problem]) -> String {
    let lines =
        problems.iter().map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
    lines.collect::<Vec<_>>().join("\n---\n")
}
