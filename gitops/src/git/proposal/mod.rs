//! Changes that wait in a pull request.
//!
//! What waits is on a branch of its own, whose name follows from that of the branch that it goes to. A look at the
//! branch sees it as it will be once the open request is merged, whoever asks: what was delivered is there, and who
//! looks again makes nothing twice. When the request is merged, in whatever way, the branch itself says so; when it is
//! closed, the branch says that it does not.
//!
//! New commits go on top of those that wait, and nobody's are ever thrown away: where the branch has moved it is merged
//! into what waits. Only a branch whose request has ended, with that very commit, begins anew.

mod history;
mod merge;
mod requests;

use super::access::Access;
use super::address::{Address, Scheme};
use super::github_app::Token;
use super::mirror::{Target, Tips};
use super::scope::Scope;
use super::worker::Worker;
use super::{Credentials, Error, PullRequests, Settings, WriteMode, message};
use crate::forge::{Api, Branches, Project, Request, Wording};
use git2::Oid;
use history::Beyond;
use std::sync::Arc;
use std::time::Instant;

/// How one branch of a repository gets its pull requests.
pub(super) struct Proposals {
    settings: PullRequests,
    project: Project,
    branches: Branches,
    /// The server of the repository, for a message.
    server: String,
    /// Credentials for the API, where those for Git are for ssh.
    pub(super) own: Option<(Access, Option<Token>)>,
    pub(super) api: Option<Arc<Api>>,
    /// The open request, the commit that it had, and when the forge said so.
    known: Option<(Instant, Oid, Request)>,
    /// Whether the forge has taken our token.
    greeted: bool,
}

/// What a look at the server found.
#[derive(Clone)]
pub(super) struct Tip {
    /// The branch.
    pub(super) base: Oid,
    /// What changes are made on.
    pub(super) work: Oid,
    /// What is shown to those who read.
    pub(super) shown: Oid,
    /// The branch that pull requests come from, if it is there.
    pub(super) head: Option<Oid>,
    /// Whether that has what `base` has not, and what was not given up.
    pub(super) waits: bool,
    /// Whether `work` was made here, of `head` and `base`.
    pub(super) joined: bool,
    /// The open request.
    pub(super) request: Option<Request>,
}

impl Tip {
    /// A branch with which nothing waits.
    pub(super) fn of(base: Oid, head: Option<Oid>) -> Self {
        Self { base, work: base, shown: base, head, waits: false, joined: false, request: None }
    }

    /// The commit on the server that `commit` stands for.
    pub(super) fn name(&self, commit: Oid) -> Oid {
        self.head.filter(|_| self.joined && commit == self.work).unwrap_or(commit)
    }
}

impl Proposals {
    /// How `branch` at `address` gets its pull requests; `None` where changes are pushed to it. No I/O.
    pub(super) fn of(
        settings: &Settings,
        credentials: &[(Address, Credentials)],
        address: &Address,
        branch: &str,
    ) -> Result<Option<Self>, Error> {
        if settings.write_mode == WriteMode::Push {
            return Ok(None);
        }
        let wanted = settings.pull_request.clone().unwrap_or_default();
        let project = Project::of(address.url(), &address.path(), wanted.forge, wanted.api_url.as_deref())?;
        let head = format!("{}{branch}", wanted.branch_prefix);
        if head == branch
            || !git2::Reference::is_valid_name(&format!("refs/heads/{head}"))
            || head.starts_with(['-', '+'])
        {
            return Err(Error::HeadBranch { prefix: message::one_line(&wanted.branch_prefix, 80) });
        }
        let host = address.url().host_str().unwrap_or_default();
        let (server, own) = match address.scheme() {
            Scheme::Ssh => {
                let server = format!("https://{host}");
                let path = address.path();
                let there = Address::parse(&format!("{server}/{}", path.trim_start_matches('/')))?;
                (server, Some((Access::find(credentials, &there), None)))
            }
            Scheme::Http | Scheme::File => {
                let port = address.port().map(|port| format!(":{port}")).unwrap_or_default();
                (format!("{}://{host}{port}", address.url().scheme()), None)
            }
        };
        let branches = Branches { head, base: branch.to_owned() };
        let (api, known) = (None, None);
        Ok(Some(Self { settings: wanted, project, branches, server, own, api, known, greeted: false }))
    }

    /// The branch that requests come from.
    pub(super) fn head(&self) -> &str {
        &self.branches.head
    }

    /// What a request says that is opened for commits of which the first line is `subject`.
    fn wording(&self, subject: &str) -> Wording {
        let base = &self.branches.base;
        let fill = |text: &str| text.replace("{branch}", base).replace("{message}", subject);
        let title = self.settings.title.as_deref().unwrap_or("{message}");
        let body = self.settings.body.as_deref().unwrap_or(
            "Changes of `{branch}` by the Terraform provider `gitops`. While this is open, later applies add their commits here.",
        );
        let title = message::one_line(&fill(title), 200);
        Wording {
            title: if title.is_empty() { format!("Changes of {base}") } else { title },
            body: fill(body),
            labels: self.settings.labels.clone(),
        }
    }
}

impl Worker {
    /// What the branches on the server mean.
    pub(super) fn look(&mut self, scope: &Scope, tips: &Tips) -> Result<Tip, Error> {
        let (base, Some(head)) = (tips.base, tips.head) else { return Ok(Tip::of(tips.base, None)) };
        let found = self.mirror().and_then(|mirror| {
            let history = |error: git2::Error| mirror.storage(&error);
            let beyond = mirror.beyond(base, head).map_err(history)?;
            // Without a commit in common there is nothing to merge.
            Ok((beyond, mirror.join(base, head).ok()))
        });
        let joined = match found? {
            (Beyond::Nothing, _) => return Ok(Tip::of(base, Some(head))),
            (Beyond::Ours, Some(joined)) if joined.nothing_new => return Ok(Tip::of(base, Some(head))),
            (Beyond::Ours, Some(joined)) => joined,
            (Beyond::Ours | Beyond::Theirs, _) => return Err(self.taken()),
        };
        let request = self.open_request(scope, head)?;
        if request.is_none() && self.has_ended(scope, tips, head)? {
            return Ok(Tip::of(base, Some(head)));
        }
        // What nobody has opened a request for was not acknowledged: it is gone on with, and not shown.
        let (work, joined, head) = (joined.commit, joined.made, Some(head));
        let tip = Tip { base, work, shown: base, head, waits: true, joined, request: None };
        Ok(match request {
            Some(request) => self.acknowledged(&tip, request),
            None => tip,
        })
    }

    /// The tip with an open request for what waits: that is shown from then on, if nobody waits for the merge.
    pub(super) fn acknowledged(&self, tip: &Tip, request: Request) -> Tip {
        let shown = if self.waits_for_merge() { tip.base } else { tip.work };
        Tip { shown, request: Some(request), ..tip.clone() }
    }

    /// The tip after `commit` has gone on top of it.
    pub(super) fn advanced(&self, tip: &Tip, commit: Oid, request: Option<Request>) -> Tip {
        if self.proposals.is_none() {
            return Tip::of(commit, None);
        }
        let head = Some(commit);
        let tip = Tip {
            base: tip.base,
            work: commit,
            shown: tip.base,
            head,
            waits: true,
            joined: false,
            request: None,
        };
        match request {
            Some(request) => self.acknowledged(&tip, request),
            None => tip,
        }
    }

    /// Where the next commit on top of `tip` is pushed.
    pub(super) fn target(&self, tip: &Tip) -> Target {
        match &self.proposals {
            None => Target { branch: self.place.branch.clone(), at: Some(tip.base), replaces: false },
            Some(proposals) => {
                Target { branch: proposals.head().to_owned(), at: tip.head, replaces: !tip.waits }
            }
        }
    }

    fn waits_for_merge(&self) -> bool {
        self.proposals.as_ref().is_some_and(|proposals| proposals.settings.wait_for_merge)
    }

    fn taken(&self) -> Error {
        let (url, branch) = (self.place.url(), self.place.head.clone().unwrap_or_default());
        Error::Taken { url, branch, why: "it has commits that were not made by this provider".to_owned() }
    }
}

#[cfg(test)]
mod tests;
