//! Pull and merge requests on the APIs of GitHub, GitLab, and Gitea or Forgejo.
//!
//! A request is known by its branches: the one that it comes from and the one that it goes to. It is looked for before
//! it is opened, and again when the forge says that there is one or when its answer was lost, so that there is never a
//! second one. Requests that come from forks are not ours, whatever their branch is called.
//!
//! A credential goes to the address that its owner gave or that belongs to the server, and to no other: redirects are
//! not followed. What a forge answers is data: it is bounded, cleaned, and compared with what was asked.

mod error;
mod gitea;
mod github;
mod gitlab;
mod http;
mod project;

pub use error::Error;
pub use project::{Kind, Project};

use crate::Secret;
use crate::wait::{Backoff, pause};
use http::Call;
use serde_json::Value;
use std::time::Duration;

/// How often the forge is asked for the same, where it fails, asks to wait, or its answer is lost.
const ATTEMPTS: u32 = 4;
/// The longest that a forge is waited for, which asks for that, before it is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most pages of a list that are read.
const MAX_PAGES: u32 = 20;

/// How to prove who we are.
#[derive(Clone)]
pub enum Credential {
    /// An access token.
    Token(Secret<String>),
    /// User name and password. GitHub and GitLab take tokens only, also as passwords.
    Password(String, Secret<String>),
}

/// The two branches of a request, both of the same repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branches {
    /// The branch that the request comes from.
    pub head: String,
    /// The branch that it goes to.
    pub base: String,
}

/// What a request says when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Its labels.
    pub labels: Vec<String>,
}

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits, and what the forge says of it, in words.
    Open(String),
    /// It was merged, and the commit that did it, in hex, where the forge says so.
    Merged(Option<String>),
    /// It was closed without a merge.
    Closed,
}

/// A pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number in the repository.
    pub number: u64,
    /// Its page, for people.
    pub url: String,
    /// The last commit of the branch that it comes from, in hex; for a request that ended, at its end.
    pub head: String,
    /// How far it is.
    pub state: State,
}

/// What a forge speaks.
trait Dialect: Sync {
    /// The requests between `branches`, or more of them where the forge cannot say it as exactly: those that are open,
    /// or those that ended, newest first.
    fn list(&self, project: &str, branches: &Branches, open: bool, page: u32) -> Call;
    /// One request.
    fn one(&self, project: &str, number: u64) -> Call;
    /// Opens a request.
    fn create(&self, project: &str, branches: &Branches, wording: &Wording) -> Call;
    /// Adds labels to an open request; `None` where [`Dialect::create`] has them.
    fn label(&self, project: &str, number: u64, labels: &[String]) -> Option<Call>;
    /// Whether an answer is a request between `branches` of `project` itself, and of no fork.
    fn is_of(&self, request: &Value, project: &str, branches: &Branches) -> bool;
    /// Reads a request.
    fn read(&self, request: &Value) -> Option<Request>;
    /// Whether the refusal of a request says that there is one already.
    fn exists(&self, status: u16, said: &str) -> bool;
}

fn dialect(kind: Kind) -> &'static dyn Dialect {
    match kind {
        Kind::Github => &github::Github,
        Kind::Gitlab => &gitlab::Gitlab,
        Kind::Gitea => &gitea::Gitea,
    }
}

/// A way to the requests of one repository.
pub struct Api {
    project: Project,
    client: reqwest::Client,
    credential: Credential,
}

impl Api {
    /// The way to `project`, over `client`, which must not follow redirects. No I/O.
    pub fn new(project: Project, client: reqwest::Client, credential: Credential) -> Self {
        Self { project, client, credential }
    }

    /// The open request between `branches`, if there is one.
    ///
    /// # Errors
    ///
    /// What the forge says, or that it does not answer.
    pub async fn open(&self, branches: &Branches) -> Result<Option<Request>, Error> {
        self.search(branches, true, |request| matches!(request.state, State::Open(_))).await
    }

    /// The request between `branches` that ended with the commit `head`, if there is one. `at` says which commit a
    /// request ended with, where that is known better than from the forge's answer.
    ///
    /// # Errors
    ///
    /// As [`Api::open`].
    pub async fn ended(
        &self,
        branches: &Branches,
        head: &str,
        at: impl Fn(u64) -> Option<String>,
    ) -> Result<Option<Request>, Error> {
        let here = |request: &Request| at(request.number).unwrap_or_else(|| request.head.clone()) == head;
        self.search(branches, false, |request| !matches!(request.state, State::Open(_)) && here(request))
            .await
    }

    async fn search(
        &self,
        branches: &Branches,
        open: bool,
        wanted: impl Fn(&Request) -> bool,
    ) -> Result<Option<Request>, Error> {
        let dialect = dialect(self.project.kind);
        for page in 1..=MAX_PAGES {
            let call = dialect.list(&self.project.path, branches, open, page);
            let (answer, more) = self.get(&call, "list the pull requests").await?;
            let Some(list) = answer.as_array() else {
                return Err(self.unusable("list the pull requests"));
            };
            let ours = list.iter().filter(|request| dialect.is_of(request, &self.project.path, branches));
            if let Some(found) = ours.filter_map(|request| dialect.read(request)).find(&wanted) {
                return Ok(Some(found));
            }
            if !more {
                break;
            }
        }
        Ok(None)
    }

    /// The request with this number.
    ///
    /// # Errors
    ///
    /// As [`Api::open`], and where there is none.
    pub async fn request(&self, number: u64) -> Result<Request, Error> {
        const WHAT: &str = "read the pull request";
        let dialect = dialect(self.project.kind);
        let (answer, _) = self.get(&dialect.one(&self.project.path, number), WHAT).await?;
        dialect.read(&answer).ok_or_else(|| self.unusable(WHAT))
    }

    /// The open request between `branches`: the one that is there, or a new one with this `wording`. Never a second one,
    /// whoever else opens one, and whatever becomes of an answer.
    ///
    /// # Errors
    ///
    /// As [`Api::open`], and what the forge has against the request.
    pub async fn ensure(&self, branches: &Branches, wording: &Wording) -> Result<Request, Error> {
        let mut backoff = Backoff::default();
        let mut attempt = 0;
        loop {
            attempt += 1;
            if let Some(request) = self.open(branches).await? {
                return Ok(request);
            }
            match self.create(branches, wording).await {
                Ok(Some(request)) => return Ok(request),
                Err(Error::Limited { after: Some(after), .. }) if after <= PATIENCE && attempt < ATTEMPTS => {
                    pause(after).await;
                }
                Err(error) if !error.is_transient() || attempt >= ATTEMPTS => return Err(error),
                // It is there and was not listed yet, or what became of the request is not known.
                Ok(None) | Err(_) if attempt < ATTEMPTS => backoff.pause().await,
                Ok(None) | Err(_) => {
                    let said = "it says that there is a pull request, and lists none".to_owned();
                    return Err(self.answered("open a pull request", said));
                }
            }
        }
    }

    /// Opens a request; `None` where the forge says that there is one.
    async fn create(&self, branches: &Branches, wording: &Wording) -> Result<Option<Request>, Error> {
        const WHAT: &str = "open a pull request";
        let dialect = dialect(self.project.kind);
        let answer = self.send(&dialect.create(&self.project.path, branches, wording), WHAT).await?;
        if dialect.exists(answer.status, &answer.said()) {
            return Ok(None);
        }
        let body = self.accepted(answer, WHAT)?;
        let request = dialect.read(&body).ok_or_else(|| self.unusable(WHAT))?;
        self.label(&request, &wording.labels).await;
        Ok(Some(request))
    }

    /// Labels help people to find a request: it is good without them.
    async fn label(&self, request: &Request, labels: &[String]) {
        const WHAT: &str = "label the pull request";
        let call = dialect(self.project.kind).label(&self.project.path, request.number, labels);
        let Some(call) = call.filter(|_| !labels.is_empty()) else { return };
        let labelled = match self.send(&call, WHAT).await {
            Ok(answer) => self.accepted(answer, WHAT).map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = labelled {
            tracing::warn!(%error, url = request.url, "the pull request has no labels");
        }
    }
}

/// The text at `pointer`, on one line and not too long.
fn text(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?;
    let plain: String = text.chars().filter(|c| !c.is_control()).take(500).collect();
    Some(plain).filter(|text| !text.is_empty())
}

/// The commit at `pointer`.
fn commit(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer)
        .filter(|id| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A word of a forge for the state of an open request, such as `not_approved`, as people read it.
fn words(word: Option<String>) -> String {
    match word {
        Some(word) => format!("open ({})", word.to_lowercase().replace('_', " ")),
        None => "open".to_owned(),
    }
}

#[cfg(test)]
mod tests;
