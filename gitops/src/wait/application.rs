//! When an Application is ready: a pure judgement of its JSON.
//!
//! Ready means: Argo CD has looked since we asked, it compared what the spec says now, the revision is the one wanted,
//! nothing differs, no sync is asked for or under way and none of this revision has failed, no condition is an error,
//! and it is healthy. There is no `observedGeneration` in an Application; these facts together stand in for it.

use super::Progress;
use crate::argo::status::{self, Operation, Status};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Decides whether a revision will do, such as "this commit, or one that has it as an ancestor".
#[derive(Clone)]
pub struct Acceptable(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Acceptable {
    /// Whatever `accept` accepts.
    pub fn when(accept: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(accept))
    }

    /// Exactly this revision.
    pub fn exactly(revision: impl Into<String>) -> Self {
        let revision = revision.into();
        Self::when(move |seen| seen == revision)
    }
}

impl fmt::Debug for Acceptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptable")
    }
}

/// What an Application is waited to be.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The revision; `None` takes whatever Argo CD finds when it looks.
    pub revision: Option<Acceptable>,
    /// The repository that `revision` is of; `None` means every source that is not a chart.
    pub repo_url: Option<String>,
    /// Whether it must be healthy; else it is enough that nothing differs.
    pub health: bool,
    /// How long trouble that may pass is borne.
    pub patience: Patience,
}

impl Default for Expect {
    fn default() -> Self {
        Self { revision: None, repo_url: None, health: true, patience: Patience::default() }
    }
}

/// How long trouble that may pass is borne before it counts as failure.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// `InvalidSpecError` and `SyncError`: the controller may not have seen a project or a fix yet.
    pub invalid: Duration,
    /// `ComparisonError` and `UnknownError`, such as a path that does not exist.
    pub comparison: Duration,
    /// The same where the text speaks of the network or of a repo server that is starting.
    pub network: Duration,
    /// `Degraded`: many resources are for a moment.
    pub degraded: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [invalid, comparison, network, degraded] = [10, 20, 120, 60].map(Duration::from_secs);
        Self { invalid, comparison, network, degraded }
    }
}

/// An Application that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its status.
    pub status: Status,
    /// Whether it differs from Git and nobody but a person will sync it. Its health is then that of what was.
    pub awaiting_approval: bool,
}

/// Judges one Application over time. Time is what the caller says it is.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    expect: Expect,
    excused: Option<String>,
    since: BTreeMap<&'static str, Duration>,
    unexplained: bool,
}

/// Texts of errors that come from a network or a repo server that is starting.
const NETWORK: [&str; 12] = [
    "connection refused",
    "connection reset",
    "connection error",
    "i/o timeout",
    "TLS handshake timeout",
    "code = Unavailable",
    "DeadlineExceeded",
    "deadline exceeded",
    "no such host",
    "server misbehaving",
    "unexpected EOF",
    "transport is closing",
];

impl Judge {
    /// A judge of one Application.
    pub fn new(expect: Expect) -> Self {
        Self { expect, ..Self::default() }
    }

    /// Does not hold the operation that began at `started_at` against the Application: it failed before anybody waited.
    pub fn excuse(&mut self, started_at: impl Into<String>) {
        self.excused = Some(started_at.into());
    }

    /// Whether `operation` was about what is wanted, and has failed.
    pub fn failed(&self, app: &Value, status: &Status, operation: &Operation) -> bool {
        let about = match &self.expect.revision {
            Some(_) => operation.revisions.is_empty() || self.acceptable(app, &operation.revisions),
            None => operation.revisions.is_empty() || operation.revisions == status.revisions,
        };
        operation.failed() && about
    }

    /// Whether the last look ended at a health that Argo CD gives no reason for.
    pub fn unexplained(&self) -> bool {
        self.unexplained
    }

    /// Looks at the Application as the API server gives it, at a time since any fixed moment.
    pub fn look(&mut self, app: &Value, now: Duration) -> Progress<Ready> {
        self.unexplained = false;
        let status = Status::of(app);
        if status.deleting {
            return Progress::Failed("it is being deleted".into());
        }
        if status.refresh_pending {
            return Progress::Pending("Argo CD has not looked at it since it was asked to".into());
        }
        let excused = |operation: &&Operation| self.excused.as_ref() == Some(&operation.started_at);
        let failed = status.operation.as_ref().filter(|operation| self.failed(app, &status, operation));
        if let Some(operation) =
            failed.filter(|operation| !excused(operation)).filter(|_| !status.operation_pending)
        {
            return Progress::Failed(explain(operation));
        }
        if let Some(trouble) = self.trouble(&status, now) {
            return trouble;
        }
        if !status.compared {
            return Progress::Pending("Argo CD has not compared its changed spec yet".into());
        }
        if !self.acceptable(app, &status.revisions) {
            return Progress::Pending(match status.revisions.is_empty() {
                true => "it has no revision yet".into(),
                false => format!("it is still at revision {}", status.revision()),
            });
        }
        if let Some(pending) = syncing(&status) {
            return pending;
        }
        if failed.is_some() {
            return Progress::Pending("its last sync failed, and a new one has not begun".into());
        }
        self.settled(status, now)
    }

    /// Nothing is under way: what is, will be.
    fn settled(&mut self, status: Status, now: Duration) -> Progress<Ready> {
        if status.sync != "Synced" {
            if status.awaits_sync() {
                return Progress::Done(Ready { status, awaiting_approval: true });
            }
            let difference = status.complaints().into_iter().next().map(|first| format!(" ({first})"));
            return Progress::Pending(format!(
                "it is {}{}",
                or_unknown(&status.sync),
                difference.unwrap_or_default()
            ));
        }
        if self.expect.health && status.health != "Healthy" {
            let complaints = status.complaints();
            let health = or_unknown(&status.health);
            let text = match (complaints.first(), status.health_message.as_str()) {
                (Some(first), _) => format!("it is {health} ({first})"),
                (None, "") => format!("it is {health}"),
                (None, message) => format!("it is {health}: {message}"),
            };
            self.unexplained = complaints.is_empty() && status.health_message.is_empty();
            let degraded =
                self.lasts("Degraded", status.health == "Degraded", self.expect.patience.degraded, now);
            return match degraded {
                true if complaints.is_empty() => Progress::Failed(text),
                true => Progress::Failed(format!("it is {health}: {}", complaints.join("; "))),
                false => Progress::Pending(text),
            };
        }
        self.since.remove("Degraded");
        Progress::Done(Ready { status, awaiting_approval: false })
    }

    /// Error conditions: failed when they last, pending while they may pass.
    fn trouble(&mut self, status: &Status, now: Duration) -> Option<Progress<Ready>> {
        let patience = self.expect.patience;
        let mut seen = None;
        for kind in ["InvalidSpecError", "ComparisonError", "UnknownError", "SyncError"] {
            let message =
                status.errors().find(|(condition, _)| condition == kind).map(|(_, message)| message);
            let network = message.is_some_and(|message| NETWORK.iter().any(|text| message.contains(text)));
            let limit = match (kind, network) {
                (_, true) => patience.network,
                ("InvalidSpecError" | "SyncError", false) => patience.invalid,
                _ => patience.comparison,
            };
            let lasting = self.lasts(kind, message.is_some(), limit, now);
            // The condition repeats what an excused operation said; a new one is on its way.
            let excused = kind == "SyncError"
                && self.excused.is_some()
                && (status.operation_pending || status.operation.as_ref().is_some_and(Operation::running));
            if let Some(message) = message.filter(|_| !excused) {
                let text = format!("{kind}: {message}");
                if lasting {
                    return Some(Progress::Failed(text));
                }
                seen.get_or_insert(text);
            }
        }
        seen.map(Progress::Pending)
    }

    fn lasts(&mut self, what: &'static str, present: bool, limit: Duration, now: Duration) -> bool {
        if !present {
            self.since.remove(what);
            return false;
        }
        now.saturating_sub(*self.since.entry(what).or_insert(now)) >= limit
    }

    /// Whether `revisions`, one per source of `app`, are what is wanted.
    pub(super) fn acceptable(&self, app: &Value, revisions: &[String]) -> bool {
        let Some(Acceptable(accept)) = &self.expect.revision else { return !revisions.is_empty() };
        let ours = |source: &status::SourceOf| {
            !source.chart
                && self
                    .expect
                    .repo_url
                    .as_ref()
                    .is_none_or(|url| status::same_repository(url, &source.repo_url))
        };
        let sources = status::sources(app);
        let mut relevant = sources.iter().enumerate().filter(|(_, source)| ours(source)).peekable();
        match relevant.peek() {
            None => revisions.iter().any(|revision| accept(revision)),
            Some(_) => relevant.all(|(at, _)| revisions.get(at).is_some_and(|revision| accept(revision))),
        }
    }
}

fn syncing(status: &Status) -> Option<Progress<Ready>> {
    match &status.operation {
        Some(operation) if operation.running() => Some(Progress::Pending(match operation.message.as_str() {
            "" => "a sync is running".into(),
            message => format!("a sync is running: {message}"),
        })),
        _ if status.operation_pending => Some(Progress::Pending("a sync is about to begin".into())),
        _ => None,
    }
}

fn explain(operation: &Operation) -> String {
    format!("its sync failed: {}", operation.why())
}

fn or_unknown(word: &str) -> &str {
    if word.is_empty() { "Unknown" } else { word }
}

#[cfg(test)]
#[path = "application_tests.rs"]
mod tests;
