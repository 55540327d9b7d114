//! Whether a server keeps pace: a request ends when the server does nothing, or next to nothing, for too long.
//!
//! Only the time counts in which we wait for the server; what libgit2 makes of an answer takes its own. A large push
//! over a slow line goes on for as long as it moves.

use crate::git::Error;
use crate::git::patience::Patience;
use crate::git::scope::Scope;
use crate::task::human;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What goes over the line in the time that is given for it, or the line is too slow.
const LEAST: usize = 64 << 10;
/// How many times as long as it may be silent a server may take for that, while it works: Git's signs of life are
/// five bytes in 5 s each.
const WORKS: u32 = 4;

/// One request, as the server deals with it.
pub(super) struct Pace {
    url: String,
    patience: Patience,
    /// The time that is given for [`LEAST`].
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the wait began, or the last byte came in it; none while nobody waits.
    since: Option<Instant>,
    /// How long was waited before that, for the `bytes`.
    waited: Duration,
    bytes: usize,
    /// Why the request was given up.
    lost: Option<Error>,
}

impl Pace {
    /// For what a server has at hand.
    pub(super) fn of_list(url: String, scope: &Scope) -> Self {
        let patience = scope.patience().clone();
        Self { url, window: patience.all(), patience, state: Mutex::default() }
    }

    /// For what it has to work for: a pack that it makes, a push that its hooks look at.
    pub(super) fn of_work(url: String, scope: &Scope) -> Self {
        let list = Self::of_list(url, scope);
        Self { window: list.window * WORKS, ..list }
    }

    /// From now on the server is waited for.
    pub(super) fn begin(&self) {
        self.with(|state| state.since = Some(Instant::now()));
    }

    /// So many bytes went over the line.
    pub(super) fn moved(&self, bytes: usize) {
        self.with(|state| {
            let now = Instant::now();
            state.waited += state.since.map(|since| now - since).unwrap_or_default();
            state.since = state.since.map(|_| now);
            state.bytes += bytes;
            if state.bytes >= LEAST {
                (state.bytes, state.waited) = (0, Duration::ZERO);
            }
        });
    }

    /// The wait is over; `in_vain` where it was for nothing.
    pub(super) fn end(&self, in_vain: bool) {
        self.with(|state| {
            let waited = state.since.take().map(|since| since.elapsed()).unwrap_or_default();
            state.waited += waited;
            if in_vain {
                self.patience.spend(waited);
            }
        });
    }

    /// Ends when the server has done too little for too long, and says so.
    pub(super) async fn over(&self) -> Error {
        loop {
            let (until, why) = self.limit();
            if until <= Instant::now()
                && let Some(why) = why
            {
                self.patience.spend(self.patience.all());
                let lost = Error::Unreachable { url: self.url.clone(), why };
                self.with(|state| state.lost = Some(lost.clone()));
                return lost;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// Why the request was given up, if it was.
    pub(super) fn lost(&self) -> Option<Error> {
        self.with(|state| state.lost.clone())
    }

    /// Waits for `work` of the server, within `scope`.
    pub(super) fn wait<T>(
        &self,
        scope: &Scope,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.begin();
        let done = scope.block_on(async {
            tokio::select! {
                biased;
                done = work => done,
                lost = self.over() => Err(lost),
            }
        });
        self.end(matches!(done, Ok(Err(Error::Unreachable { .. }))));
        done.map_err(|source| Error::Interrupted { url: self.url.clone(), source })?
    }

    /// Until when the server may go on like this, and what is said then; nothing while nobody waits.
    fn limit(&self) -> (Instant, Option<String>) {
        let silence = self.patience.left();
        self.with(|state| {
            let Some(since) = state.since else { return (Instant::now() + silence, None) };
            let slow = since + self.window.saturating_sub(state.waited);
            match since + silence {
                silent if silent <= slow => {
                    (silent, Some(format!("the server did nothing for {}", human(silence))))
                }
                _ => {
                    let (least, window) = (LEAST >> 10, human(self.window));
                    (slow, Some(format!("the server is too slow: less than {least} KiB in {window}")))
                }
            }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
