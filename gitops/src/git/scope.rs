//! How long the network work for a batch of requests goes on: as long as anybody waits for it.

use super::patience::Patience;
use crate::task::{Interrupted, Task};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What bounds a piece of network work, and the runtime that it runs on. Cheap to clone.
#[derive(Clone)]
pub(super) struct Scope {
    handle: Handle,
    shutdown: CancellationToken,
    patience: Patience,
    waiting: Vec<CancellationToken>,
    /// The last deadline of all that wait, and how long its owner gave.
    last: Task,
}

impl Scope {
    /// A scope for the requests of `waiting`: each a task, and the token that says that its caller left.
    pub(super) fn new(
        handle: Handle,
        shutdown: CancellationToken,
        patience: Patience,
        waiting: &[(Task, CancellationToken)],
    ) -> Option<Self> {
        let last = waiting.iter().map(|(task, _)| task).max_by_key(|task| task.deadline())?.clone();
        let waiting = waiting.iter().map(|(_, gone)| gone.clone()).collect();
        Some(Self { handle, shutdown, patience, waiting, last })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// How long servers are waited for that do nothing.
    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The longest task of all that wait.
    pub(super) fn task(&self) -> &Task {
        &self.last
    }

    pub(super) fn remaining(&self) -> Duration {
        self.last.remaining()
    }

    /// An error when nobody waits any more.
    pub(super) fn check(&self) -> Result<(), Interrupted> {
        if self.shutdown.is_cancelled() || self.waiting.iter().all(CancellationToken::is_cancelled) {
            return Err(Interrupted::Cancelled);
        }
        match self.remaining().is_zero() {
            true => Err(self.timed_out()),
            false => Ok(()),
        }
    }

    /// Ends when nobody waits any more, and says why.
    pub(super) async fn over(&self) -> Interrupted {
        let all_left = async {
            for gone in &self.waiting {
                gone.cancelled().await;
            }
        };
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Interrupted::Cancelled,
            () = all_left => Interrupted::Cancelled,
            () = tokio::time::sleep_until(self.last.deadline()) => self.timed_out(),
        }
    }

    /// Runs `work` on the runtime and blocks this thread, which must not be one of the runtime's.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        self.handle.block_on(async {
            tokio::select! {
                biased;
                why = self.over() => Err(why),
                done = work => Ok(done),
            }
        })
    }

    /// Waits a random time before attempt number `attempt` (from 1): full jitter, doubling from 20 ms, at most 2 s.
    pub(super) fn back_off(&self, attempt: u32) -> Result<(), Interrupted> {
        self.pause_up_to(
            Duration::from_millis(20).saturating_mul(1 << attempt.min(10)).min(Duration::from_secs(2)),
        )
    }

    /// Waits a random time after attempt number `attempt` (from 1), which `took` so long, met a branch that had moved;
    /// `left` is how long there is for more of them. The more there are who move it the more of the attempts are in
    /// vain, and each slows the others down: pauses double from twice the time of an attempt up to 8 s. They become
    /// shorter towards the end, so that those who have tried longest have the best chances.
    pub(super) fn give_way(&self, attempt: u32, took: Duration, left: Duration) -> Result<(), Interrupted> {
        let step = took.max(Duration::from_millis(20));
        self.pause_up_to(step.saturating_mul(1 << attempt.min(10)).min(Duration::from_secs(8)).min(left / 6))
    }

    fn pause_up_to(&self, most: Duration) -> Result<(), Interrupted> {
        let pause = most.mul_f64(fastrand::f64());
        self.block_on(async { tokio::time::sleep_until(Instant::now() + pause).await })
    }

    fn timed_out(&self) -> Interrupted {
        match self.last.check() {
            Err(interrupted @ Interrupted::TimedOut { .. }) => interrupted,
            _ => Interrupted::Cancelled,
        }
    }
}
