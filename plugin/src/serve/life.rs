//! When the process ends: the host asks for it, leaves without asking, or never comes.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a host may take from the handshake line to its connection.
const NO_SHOW: Duration = Duration::from_secs(60);

/// Why it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The host called Shutdown. It kills the process 2 s later.
    Shutdown,
    /// The last connection closed without a Shutdown: the host was killed.
    Abandoned,
    /// A human interrupted a provider that has no host.
    Interrupted,
    /// No host connected.
    NoShow,
}

impl End {
    /// How long requests and work may go on after it.
    fn grace(self) -> Duration {
        match self {
            Self::Shutdown | Self::Interrupted => Duration::from_millis(1500),
            // Nobody will kill us: more time to bring a change to a good end.
            Self::Abandoned => Duration::from_secs(10),
            Self::NoShow => Duration::ZERO,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    end: Option<End>,
    open: usize,
    seen: bool,
}

/// The life of the process. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Life {
    state: Arc<watch::Sender<State>>,
    hosted: bool,
}

impl Life {
    /// Ends with its host.
    pub(super) fn hosted() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())), hosted: true }
    }

    /// Outlives the hosts that come and go.
    pub(super) fn attached() -> Self {
        Self { hosted: false, ..Self::hosted() }
    }

    /// Whether there is one host, with one connection.
    pub(super) fn is_hosted(&self) -> bool {
        self.hosted
    }

    /// Ends it. Only the first reason counts.
    pub(super) fn end(&self, why: End) {
        let first = self.state.send_if_modified(|state| {
            let first = state.end.is_none();
            state.end.get_or_insert(why);
            first
        });
        if first {
            tracing::debug!(?why, "the provider ends");
        }
    }

    /// Done when it ends.
    pub(super) async fn ended(self) {
        self.wait_for(|state| state.end.is_some()).await;
    }

    /// Counts a connection until the answer is dropped.
    pub(super) fn connected(&self) -> Open {
        self.state.send_modify(|state| {
            state.open += 1;
            state.seen = true;
        });
        Open(self.clone())
    }

    /// Runs `drained` while alive, then `on_end`, then `drained` for as long as the end allows; `None` if that was
    /// not enough.
    pub(super) async fn grace<T>(
        &self,
        drained: impl Future<Output = T>,
        on_end: impl FnOnce(),
    ) -> Option<T> {
        let mut drained = pin!(drained);
        let end = tokio::select! {
            done = &mut drained => return Some(done),
            end = self.last() => end,
        };
        on_end();
        timeout(end.grace(), drained).await.ok()
    }

    /// Waits for the end, which also comes if a host never does.
    async fn last(&self) -> End {
        let came = self.wait_for(|state| state.seen || state.end.is_some());
        if self.hosted && timeout(NO_SHOW, came).await.is_err() {
            self.end(End::NoShow);
        }
        self.clone().ended().await;
        // `ended` saw a reason; the fallback is for the type only.
        self.state.borrow().end.unwrap_or(End::Shutdown)
    }

    async fn wait_for(&self, condition: impl FnMut(&State) -> bool) {
        // We hold the sender, so the only error, its loss, cannot be.
        drop(self.state.subscribe().wait_for(condition).await);
    }
}

/// An open connection. When the last one of a hosted life is dropped, so does the host.
#[derive(Debug)]
pub(super) struct Open(Life);

impl Drop for Open {
    fn drop(&mut self) {
        let mut left = 0;
        self.0.state.send_modify(|state| {
            state.open = state.open.saturating_sub(1);
            left = state.open;
        });
        if left == 0 && self.0.hosted {
            self.0.end(End::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::Instant;

    fn end_of(life: &Life) -> Option<End> {
        life.state.borrow().end
    }

    #[test]
    fn the_last_connection_ends_a_hosted_life() {
        let life = Life::hosted();
        let (first, second) = (life.connected(), life.connected());
        drop(first);
        assert_eq!(end_of(&life), None);
        drop(second);
        assert_eq!(end_of(&life), Some(End::Abandoned));
    }

    #[test]
    fn an_attached_life_outlasts_connections() {
        let life = Life::attached();
        drop(life.connected());
        assert_eq!(end_of(&life), None);
    }

    #[test]
    fn the_first_reason_counts() {
        let life = Life::hosted();
        let open = life.connected();
        life.end(End::Shutdown);
        drop(open);
        assert_eq!(end_of(&life), Some(End::Shutdown));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_outlasts_its_grace() {
        let start = Instant::now();
        for (why, expected) in [(End::Shutdown, 1500), (End::Interrupted, 1500), (End::Abandoned, 10_000)] {
            let (life, start, mut told) = (Life::attached(), Instant::now(), false);
            life.end(why);
            let left = life.grace(pending::<()>(), || told = true).await;
            assert_eq!((left, told), (None, true), "{why:?}");
            assert_eq!(start.elapsed().as_millis() / 10, expected / 10, "{why:?}");
        }
        // A host kills 2 s after its Shutdown.
        assert!(End::Shutdown.grace() < Duration::from_secs(2), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_comes_is_not_awaited() {
        let (life, start) = (Life::hosted(), Instant::now());
        assert_eq!(life.grace(pending::<()>(), || ()).await, None);
        assert_eq!((start.elapsed().as_secs(), end_of(&life)), (60, Some(End::NoShow)));
    }
}
