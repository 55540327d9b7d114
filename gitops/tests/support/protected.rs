//! A repository whose branch nobody may push to, and the forge that it belongs to.

use super::{TOKEN, remote};
use gitops::forge::Request;
use gitops::git::{Credentials, Error, Outcome, PullRequests, Repositories, Repository, Settings, WriteMode};
use gitops::{Explain as _, Secret};
use gitops_acceptance_tests::forge::{Dialect, Forge};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};

pub const HEAD: &str = "gitops/main";
/// Nobody pushes to `main` over the network; the forge itself merges.
pub const PROTECTION: &str = r#"if [ "$1" = refs/heads/main ] && [ -n "$REMOTE_USER" ]; then
echo "error: GH006: Protected branch update failed for refs/heads/main." >&2; exit 1; fi"#;

/// A Git server with the repository `acme/p.git`, where `main` is protected, and the forge that it belongs to.
pub struct Protected {
    pub dir: tempfile::TempDir,
    pub server: Server,
    pub bare: Bare,
    pub forge: Forge,
}

impl Protected {
    pub async fn start(dialect: Dialect) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::seeded(&dir.path().join("acme/p.git")).unwrap();
        bare.hook("update", PROTECTION).unwrap();
        let credentials = Some(("ci".to_owned(), TOKEN.to_owned()));
        let options = Options { root: dir.path().to_owned(), credentials, tls: None };
        let server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        let forge = Forge::start(dialect, bare.clone(), "acme/p", TOKEN).await.unwrap();
        Self { dir, server, bare, forge }
    }

    pub fn wanted(&self) -> PullRequests {
        let forge = serde_json::from_value(serde_json::json!(self.dialect())).unwrap();
        PullRequests { forge: Some(forge), api_url: Some(self.forge.api()), ..PullRequests::default() }
    }

    pub fn dialect(&self) -> &'static str {
        let words = [("v3", "github"), ("v4", "gitlab"), ("v1", "gitea")];
        words.iter().find(|(end, _)| self.forge.api().ends_with(end)).unwrap().1
    }

    /// Another run: its own clone, its own queue.
    pub fn run(&self, pull_request: PullRequests) -> Repository {
        let token = Some(Secret::new(TOKEN.to_owned()));
        let username = Some("ci".to_owned());
        self.run_as(Credentials { username, token, ..Credentials::default() }, pull_request)
    }

    /// The same, with these credentials.
    pub fn run_as(&self, credentials: Credentials, pull_request: PullRequests) -> Repository {
        let settings = Settings {
            credentials: [(self.server.url(""), credentials)].into(),
            write_mode: WriteMode::PullRequest,
            pull_request: Some(pull_request),
            ..Settings::default()
        };
        Repositories::new(settings).unwrap().open(&remote(&self.server.url("acme/p.git"))).unwrap()
    }

    pub fn repository(&self) -> Repository {
        self.run(self.wanted())
    }

    pub fn patient(&self) -> Repository {
        self.run(PullRequests { wait_for_merge: true, ..self.wanted() })
    }

    /// The files of a branch.
    pub fn files(&self, branch: &str) -> String {
        self.bare.git(&["ls-tree", "-r", "--name-only", branch]).unwrap().replace('\n', " ")
    }

    pub fn content(&self, branch: &str, path: &str) -> String {
        self.bare.git(&["show", &format!("{branch}:{path}")]).unwrap()
    }

    /// The first lines of the commits that a branch has and `main` has not, oldest first.
    pub fn log(&self) -> String {
        self.bare.git(&["log", "--reverse", "--format=%s", &format!("main..{HEAD}")]).unwrap()
    }

    /// The error as the user reads it.
    pub fn report(&self, error: &Error) -> String {
        let text = format!("{}\nHint: {}", gitops::error::chain(error), error.hint().unwrap_or_default());
        assert!(!text.contains(TOKEN), "{text}");
        let api = self.forge.api();
        let api = api.trim_start_matches("http://").split('/').next().unwrap();
        text.replace(api, "api.example").replace(&self.server.address().to_string(), "git.example")
    }
}

pub fn proposed(result: Result<Outcome, Error>) -> (String, Request) {
    match result {
        Ok(Outcome::Proposed { commit, request }) => (commit, request),
        other => panic!("expected a pull request, got {other:?}"),
    }
}

pub const ALL: [Dialect; 3] = [Dialect::Github, Dialect::Gitlab, Dialect::Gitea];
