//! The requests themselves, and what a merge does to the repository.

use crate::git_server::Bare;
use std::io;

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Open,
    /// It was closed without a merge.
    Closed,
    /// It was merged by this commit.
    Merged(String),
}

/// How a request is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By a commit with two parents.
    Merge,
    /// By one commit with everything in it.
    Squash,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// The owner of the repository that it comes from.
    pub from: String,
    /// The branch that it comes from.
    pub head: String,
    /// The branch that it goes to.
    pub base: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// How far it is.
    pub state: State,
    /// The commit that it ended with.
    pub ended_at: Option<String>,
}

/// The requests of a repository.
pub(super) struct Pulls {
    bare: Bare,
    pub(super) project: String,
    pub(super) all: Vec<Pull>,
}

/// Why a request is not opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is one, with this number.
    Exists(u64),
    /// A branch is missing.
    NoBranch(&'static str),
    /// The branches do not differ.
    Same,
}

impl Pulls {
    pub(super) fn new(bare: Bare, project: &str) -> Self {
        Self { bare, project: project.to_owned(), all: Vec::new() }
    }

    pub(super) fn owner(&self) -> &str {
        self.project.split('/').next().unwrap_or_default()
    }

    /// The commit that a branch names.
    pub(super) fn tip(&self, branch: &str) -> Option<String> {
        self.bare.git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]).ok()
    }

    /// The last commit of a request.
    pub(super) fn head(&self, pull: &Pull) -> String {
        let tip = || self.tip(&pull.head);
        pull.ended_at.clone().or_else(tip).unwrap_or_else(|| "0".repeat(40))
    }

    pub(super) fn find(&self, number: u64) -> Option<&Pull> {
        self.all.iter().find(|pull| pull.number == number)
    }

    /// Why no request may be opened.
    pub(super) fn refusal(&self, head: &str, base: &str) -> Option<Refusal> {
        let open = |pull: &&Pull| pull.state == State::Open && pull.from == self.owner();
        let same = |pull: &&Pull| pull.head == head && pull.base == base;
        if let Some(pull) = self.all.iter().filter(open).find(same) {
            return Some(Refusal::Exists(pull.number));
        }
        let Some(from) = self.tip(head) else { return Some(Refusal::NoBranch("head")) };
        let Some(to) = self.tip(base) else { return Some(Refusal::NoBranch("base")) };
        let new = self.bare.git(&["rev-list", "--count", &format!("{to}..{from}")]);
        new.is_ok_and(|count| count == "0").then_some(Refusal::Same)
    }

    pub(super) fn open(
        &mut self,
        from: &str,
        head: &str,
        base: &str,
        title: &str,
        body: &str,
    ) -> io::Result<u64> {
        let number = self.all.len() as u64 + 1;
        if let Some(tip) = self.tip(head) {
            self.bare.git(&["update-ref", &format!("refs/pull/{number}/head"), &tip])?;
        }
        let [from, head, base, title, body] = [from, head, base, title, body].map(str::to_owned);
        let (labels, state, ended_at) = (Vec::new(), State::Open, None);
        self.all.push(Pull { number, from, head, base, title, body, labels, state, ended_at });
        Ok(number)
    }

    pub(super) fn label(&mut self, number: u64, labels: Vec<String>) {
        if let Some(pull) = self.all.iter_mut().find(|pull| pull.number == number) {
            pull.labels.extend(labels);
        }
    }

    pub(super) fn close(&mut self, number: u64) -> io::Result<()> {
        self.end(number, State::Closed).map(drop)
    }

    fn end(&mut self, number: u64, state: State) -> io::Result<String> {
        let missing = || io::Error::other(format!("there is no open request {number}"));
        let pull = self.find(number).filter(|pull| pull.state == State::Open).ok_or_else(missing)?;
        let head = self.tip(&pull.head).ok_or_else(missing)?;
        self.bare.git(&["update-ref", &format!("refs/pull/{number}/head"), &head])?;
        if let Some(pull) = self.all.iter_mut().find(|pull| pull.number == number) {
            pull.state = state;
            pull.ended_at = Some(head.clone());
        }
        Ok(head)
    }

    pub(super) fn merge(&mut self, number: u64, how: How, branch_goes: bool) -> io::Result<String> {
        let missing = || io::Error::other(format!("there is no open request {number}"));
        let pull = self.find(number).filter(|pull| pull.state == State::Open).ok_or_else(missing)?.clone();
        let (head, base) =
            (self.tip(&pull.head).ok_or_else(missing)?, self.tip(&pull.base).ok_or_else(missing)?);
        let tree = self.bare.git(&["merge-tree", "--write-tree", &base, &head])?;
        let title = format!("{} (#{number})", pull.title);
        let mut commit = vec!["commit-tree", &tree, "-m", &title, "-p", &base];
        if how == How::Merge {
            commit.extend(["-p", &head]);
        }
        let commit = self.bare.git(&commit)?;
        self.bare.git(&["update-ref", &format!("refs/heads/{}", pull.base), &commit, &base])?;
        self.end(number, State::Merged(commit.clone()))?;
        if branch_goes {
            self.bare.git(&["update-ref", "-d", &format!("refs/heads/{}", pull.head), &head])?;
        }
        Ok(commit)
    }
}
