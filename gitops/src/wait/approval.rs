//! Waiting for an approval: one sync of an Application to a revision, asked for where nobody else's is under way, and
//! followed to its end. The spec is not touched.

use super::{Error, Hints, Progress, until};
use crate::Task;
use crate::apply::{self, SyncRequest, applications};
use crate::argo::approval::{self, ApprovalError};
use crate::argo::status::{Operation, Status};
use crate::cluster::{Cluster, found};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long Argo CD may say that a window holds a sync back: it says so of each for a moment, as it first looks at who
/// asked for the one before (`syncWindowPreventsSync` in its `controller/sync.go`).
const HELD_BACK: Duration = Duration::from_secs(10);

/// An approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Namespace of the Application.
    pub namespace: String,
    /// Name of the Application.
    pub name: String,
    /// The revision: a commit, or what Argo CD makes one of.
    pub revision: String,
    /// What the revision was when it was approved before, one for each source: it is not approved anew where the
    /// Application is there.
    pub before: Option<Vec<String>>,
    /// Whether what left Git is removed.
    pub prune: bool,
    /// Tells this approval from all others.
    pub id: String,
}

/// What is to be done after a look.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The Application is at these revisions.
    There(Vec<String>),
    /// Something is under way.
    Wait(String),
    /// A sync to these revisions is to be asked for.
    Ask(Vec<String>),
    /// A window holds our sync back.
    TakeBack,
    /// It will not be.
    Never(String),
}

/// What is remembered between two looks.
struct Watched<'a> {
    want: &'a Approval,
    held_back_since: Option<Duration>,
}

/// Syncs an Application to a revision, once, and waits for its end. Where it was synced to it before, nothing is done; a
/// sync of somebody else's that is under way is waited for first.
///
/// Answers the revisions that it was synced to, one for each source.
///
/// # Errors
///
/// [`Error`]: failed where there is no such Application, where it syncs by itself, where a sync window does not allow it,
/// and where the sync fails; at the deadline with what was last seen.
pub async fn approved(task: &Task, cluster: &Cluster, want: &Approval) -> Result<Vec<String>, Error> {
    let client = cluster.client();
    let api = applications(&client, &want.namespace);
    let mut hints = Hints::object(&api, &want.name);
    let what = format!("Application {}/{}", want.namespace, want.name);
    let (begun, watched) = (Instant::now(), Mutex::new(Watched { want, held_back_since: None }));
    until(task, &what, super::POLL, &mut hints, || async {
        let Some(live) = found(api.get(&want.name)).await? else {
            return Ok(Progress::Failed("it does not exist".into()));
        };
        let live = serde_json::to_value(live).unwrap_or_default();
        let step = watched.lock().await.look(&live, begun.elapsed());
        Ok(match step {
            Step::There(revisions) => Progress::Done(revisions),
            Step::Wait(text) => Progress::Pending(text),
            Step::Never(text) => Progress::Failed(text),
            Step::Ask(revisions) => {
                let info = Some((approval::INFO, want.id.as_str()));
                let request = SyncRequest { revisions: &revisions, prune: want.prune, retries: 0, info };
                written(apply::request_sync(task, &client, &live, &request).await, "the sync is asked for")
            }
            Step::TakeBack => match apply::take_back_sync(task, &client, &live, TAKEN_BACK).await {
                Ok(true) => Progress::Failed(format!("a sync window does not allow it; {TAKEN_BACK}")),
                other => written(other, "a sync window holds it back"),
            },
        })
    })
    .await
}

/// What is left on an Application whose sync was taken back.
const TAKEN_BACK: &str = "it was taken back and nothing was synced";

/// What a write came to that is looked after in the next look; `pending` says what is seen until then.
fn written<T>(result: Result<bool, apply::Error>, pending: &str) -> Progress<T> {
    match result {
        Ok(_) => Progress::Pending(pending.into()),
        Err(error @ apply::Error::Refused { .. }) => Progress::Failed(error.to_string()),
        Err(error) => Progress::Pending(error.to_string()),
    }
}

impl Watched<'_> {
    /// Looks at the Application, at a time since any fixed moment.
    fn look(&mut self, app: &Value, now: Duration) -> Step {
        let status = Status::of(app);
        if status.deleting {
            return Step::Never("it is being deleted".into());
        }
        let wanted = match approval::revisions(app, &self.want.revision) {
            Ok(wanted) => wanted,
            Err(error) => return Step::Never(said(&error)),
        };
        let running = status.operation.as_ref().filter(|operation| operation.running());
        if running.is_some() || status.operation_pending {
            return self.under_way(app, running, &wanted, now);
        }
        self.held_back_since = None;
        let deployed = approval::deployed(app);
        if let Some(operation) = status.operation.filter(|_| approval::ended(app) == Some(&self.want.id)) {
            return match operation.phase.as_str() {
                "Succeeded" => Step::There(operation.revisions),
                _ => Step::Never(format!("its sync failed: {}", operation.why())),
            };
        }
        let before = self.want.before.as_ref().is_some_and(|before| *before == deployed);
        match before || approval::same_revisions(&deployed, &wanted) {
            true => Step::There(deployed),
            false => Step::Ask(wanted),
        }
    }

    fn under_way(
        &mut self,
        app: &Value,
        running: Option<&Operation>,
        wanted: &[String],
        now: Duration,
    ) -> Step {
        let message = running.map(|operation| operation.message.as_str()).unwrap_or_default();
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        let asked = approval::asked(app);
        // One of a run that was killed is as good as ours.
        let ours =
            approval::approval(app).is_some_and(|approval| approval == self.want.id || asked == wanted);
        if message.contains(approval::WINDOW) && ours {
            if now.saturating_sub(*self.held_back_since.get_or_insert(now)) >= HELD_BACK {
                return Step::TakeBack;
            }
        } else {
            self.held_back_since = None;
        }
        Step::Wait(match (ours || asked == wanted, asked.is_empty()) {
            (true, _) => format!("its sync is running{message}"),
            (false, true) => format!("another sync is running{message}"),
            (false, false) => format!("another sync is running, to {}{message}", asked.join(",")),
        })
    }
}

fn said(error: &ApprovalError) -> String {
    use crate::Explain;
    match error.hint() {
        Some(hint) => format!("{error}. {hint}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
#[path = "approval_tests.rs"]
mod tests;
