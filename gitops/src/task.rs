//! What every verb is given: when to give up, and how it is told to stop.

use crate::Explain;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One piece of work with a deadline, which somebody may cancel. Cheap to clone; clones share the cancellation.
#[derive(Clone, Debug)]
pub struct Task {
    cancel: CancellationToken,
    deadline: Instant,
    limit: Duration,
}

/// Why a task ended before its work did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// Somebody asked for it: Ctrl-C, a stop request, a lost connection.
    #[error("stopped on request")]
    Cancelled,
    /// The time given was not enough.
    #[error("not done within {}", human(*limit))]
    TimedOut {
        /// The time that the task was given.
        limit: Duration,
    },
}

impl Explain for Interrupted {}

impl Task {
    /// A task that has `limit` from now.
    pub fn new(cancel: CancellationToken, limit: Duration) -> Self {
        Self { cancel, deadline: Instant::now() + limit, limit }
    }

    /// The same task with at most `limit` from now; never longer than the task itself.
    pub fn within(&self, limit: Duration) -> Self {
        let deadline = Instant::now() + limit;
        match deadline < self.deadline {
            true => Self { cancel: self.cancel.clone(), deadline, limit },
            false => self.clone(),
        }
    }

    /// When the work must be over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The time that is left; zero when there is none.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The cancellation, for work that does not run as a future.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// An error when the task was cancelled or its time is over.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.cancel.is_cancelled() {
            return Err(Interrupted::Cancelled);
        }
        match self.remaining().is_zero() {
            true => Err(Interrupted::TimedOut { limit: self.limit }),
            false => Ok(()),
        }
    }

    /// Runs `work` until it is done, the task is cancelled, or its time is over. In the latter two cases
    /// `work` is dropped where it stands.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interrupted::Cancelled),
            done = tokio::time::timeout_at(self.deadline, work) => done.map_err(|_| Interrupted::TimedOut { limit: self.limit }),
        }
    }
}

/// A duration as people write it: `1h30m`, `5m`, `2s`, `300ms`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_ends_at_its_deadline() {
        let task = Task::new(CancellationToken::new(), Duration::from_secs(5));
        let result = task.run(std::future::pending::<()>()).await;
        assert_eq!(result, Err(Interrupted::TimedOut { limit: Duration::from_secs(5) }));
    }

    #[tokio::test]
    async fn a_cancelled_task_stops_at_once() {
        let cancel = CancellationToken::new();
        let task = Task::new(cancel.clone(), Duration::from_secs(60));
        cancel.cancel();
        assert_eq!(task.run(async { 1 }).await, Err(Interrupted::Cancelled));
        assert_eq!(task.check(), Err(Interrupted::Cancelled));
    }

    #[test]
    fn durations_for_people() {
        for (seconds, expected) in [(5, "5s"), (300, "5m"), (5400, "1h30m"), (61, "1m1s")] {
            assert_eq!(human(Duration::from_secs(seconds)), expected, "{seconds}");
        }
        assert_eq!(human(Duration::from_millis(300)), "300ms");
    }
}
