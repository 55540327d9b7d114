//! Waits for the cluster to reach a condition.
//!
//! Every wait ends with its [`Task`]: at the deadline the error carries what was last seen. A condition answers
//! done, pending or failed, and failed ends the wait at once. A watch only hints that something changed; the condition
//! always looks for itself, so a lost, reordered or expired watch costs time and never truth. Nothing outside this
//! room sleeps or polls.

pub mod application;
mod approval;
mod apps;
mod clock;
mod crd;
mod delivery;
pub mod family;
mod gone;
mod hints;
mod outage;
mod parents;
mod pods;
mod rested;
pub mod rollout;
mod rollouts;
mod why;

pub use approval::{Approval, approved};
pub use apps::{AppReady, ForApplication, application};
pub use clock::{Backoff, pause};
pub use crd::established;
pub use delivery::{Delivery, delivered, removed};
pub use gone::{gone, left};
pub use hints::Hints;
pub(crate) use outage::Outage;
pub(crate) use parents::{Parents, Place};
pub use rested::at_rest;
pub use rollout::rolled_out;
pub use rollouts::all_rolled_out;

use crate::{Explain, Task, task::Interrupted};
use std::future::Future;
use std::time::Duration;

/// How far a condition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<T> {
    /// It holds.
    Done(T),
    /// It does not hold yet; what was seen, in words.
    Pending(String),
    /// It will not hold; why, in words.
    Failed(String),
}

/// Why a wait ended without its condition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The condition will not come true.
    #[error("{what} failed: {reason}")]
    Failed {
        /// What was waited for.
        what: String,
        /// Why it will not come true.
        reason: String,
    },
    /// The time was over, or somebody asked to stop.
    #[error("{what}: {source}; last seen: {seen}")]
    Interrupted {
        /// What was waited for.
        what: String,
        /// What was seen last.
        seen: String,
        /// Time or request.
        source: Interrupted,
    },
    /// The cluster refused to be asked.
    #[error("{what}: {reason}")]
    Refused {
        /// What was waited for.
        what: String,
        /// What the API server said.
        reason: String,
    },
}

impl Error {
    /// Whether somebody asked to stop, which is not a failure of what was waited for.
    pub fn cancelled(&self) -> bool {
        matches!(self, Self::Interrupted { source: Interrupted::Cancelled, .. })
    }

    /// Whether the time given was not enough.
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::Interrupted { source: Interrupted::TimedOut { .. }, .. })
    }
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Interrupted { source: Interrupted::TimedOut { .. }, .. } => {
                Some("Raise the timeout if it only needs more time; apply again to go on waiting.".into())
            }
            Self::Refused { .. } => Some("Waiting needs the rights to get, list and watch.".into()),
            Self::Failed { reason, .. } if reason.contains(LAST_OBJECT) => Some(
                "Argo CD does not prune the last object of an Application unless it is told to: set `sync = { allow_empty = true }` on the one that reads the directory, or keep another object in it.".into(),
            ),
            Self::Interrupted { .. } | Self::Failed { .. } => None,
        }
    }
}

/// What Argo CD says of a sync that would leave nothing.
const LAST_OBJECT: &str = "auto-sync will wipe out all resources";

/// The longest time between two looks, if no watch hints at a change.
pub const POLL: Duration = Duration::from_secs(5);

/// The shortest time between two looks, however much changes.
const GAP: Duration = Duration::from_millis(100);

/// Looks with `probe` until it answers done or failed, at once after each hint of `hints` and every `poll`.
///
/// `probe` returns an error for what the API server answered; errors that may pass (no connection, 429, 5xx, a refusal
/// by a server that comes back) count as pending.
///
/// # Errors
///
/// [`Error`]; an interruption carries what was last seen.
pub async fn until<T, F>(
    task: &Task,
    what: &str,
    poll: Duration,
    hints: &mut Hints,
    mut probe: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<Progress<T>, kube::Error>>,
{
    let (mut seen, mut outage) = ("nothing yet".to_owned(), Outage::default());
    loop {
        match task.run(probe()).await {
            Ok(Ok(Progress::Done(value))) => return Ok(value),
            Ok(Ok(Progress::Failed(reason))) => return Err(Error::Failed { what: what.into(), reason }),
            Ok(Ok(Progress::Pending(now))) => {
                outage.over();
                if now != seen {
                    tracing::info!(what, seen = now, "waiting");
                }
                seen = now;
            }
            Ok(Err(error)) if outage.explains(&error) => {
                seen = format!("the API server did not answer ({})", brief(&error))
            }
            Ok(Err(error)) => return Err(Error::Refused { what: what.into(), reason: brief(&error) }),
            Err(source) => return Err(Error::Interrupted { what: what.into(), seen, source }),
        }
        let next = async {
            clock::pause(GAP).await;
            tokio::select! {
                () = hints.changed() => {}
                () = clock::pause(poll) => {}
            }
        };
        if let Err(source) = task.run(next).await {
            return Err(Error::Interrupted { what: what.into(), seen, source });
        }
    }
}

/// An API error in one line, without a body that may hold values.
pub(crate) fn brief(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.code == 403 || status.code == 404 => status.message.clone(),
        kube::Error::Api(status) => format!("{} {}", status.code, status.reason),
        kube::Error::SerdeError(_) => "an answer of unexpected shape".into(),
        error => {
            let chain = crate::error::chain(error);
            chain.lines().next_back().unwrap_or_default().trim_start_matches("Caused by: ").to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio_util::sync::CancellationToken;

    fn task(seconds: u64) -> Task {
        Task::new(CancellationToken::new(), Duration::from_secs(seconds))
    }

    fn unavailable() -> kube::Error {
        kube::Error::Api(
            kube::core::Status::failure("secret text", "ServiceUnavailable").with_code(503).boxed(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_says_what_was_last_seen() {
        let looks = AtomicU32::new(0);
        let probe = || async {
            let look = looks.fetch_add(1, Ordering::Relaxed);
            Ok(Progress::<()>::Pending(format!("{look} of 9 pods are ready")))
        };
        let error =
            until(&task(12), "Deployment argocd/server", POLL, &mut Hints::none(), probe).await.unwrap_err();
        insta::assert_snapshot!(error, @"Deployment argocd/server: not done within 12s; last seen: 2 of 9 pods are ready");
        insta::assert_snapshot!(error.hint().unwrap(), @"Raise the timeout if it only needs more time; apply again to go on waiting.");
    }

    #[tokio::test(start_paused = true)]
    async fn failed_ends_the_wait_at_once() {
        let begun = tokio::time::Instant::now();
        let probe = || async { Ok(Progress::<()>::Failed("no".into())) };
        let error = until(&task(60), "app", POLL, &mut Hints::none(), probe).await.unwrap_err();
        assert_eq!(error.to_string(), "app failed: no");
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_out_and_a_refusal_is_not() {
        let looks = AtomicU32::new(0);
        let probe = || async {
            match looks.fetch_add(1, Ordering::Relaxed) {
                0..5 => Err(unavailable()),
                _ => Ok(Progress::Done(7)),
            }
        };
        assert_eq!(until(&task(60), "app", POLL, &mut Hints::none(), probe).await.unwrap(), 7);
        let refuse = || async {
            let status = kube::core::Status::failure("pods is forbidden", "Forbidden").with_code(403);
            Err::<Progress<()>, _>(kube::Error::Api(status.boxed()))
        };
        let error = until(&task(60), "app", POLL, &mut Hints::none(), refuse).await.unwrap_err();
        assert_eq!(error.to_string(), "app: pods is forbidden");
        let looks = AtomicU32::new(0);
        let comes_back = || async {
            match looks.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Progress::Pending("0 of 1".into())),
                1..4 => refuse().await,
                _ => Ok(Progress::Done(())),
            }
        };
        until(&task(60), "app", POLL, &mut Hints::none(), comes_back).await.unwrap();
        let probe = || async { Err::<Progress<()>, _>(unavailable()) };
        let error = until(&task(1), "app", POLL, &mut Hints::none(), probe).await.unwrap_err();
        insta::assert_snapshot!(error, @"app: not done within 1s; last seen: the API server did not answer (503 ServiceUnavailable)");
    }
}
