//! What providers do on behalf of a request, kept apart from the request.
//!
//! tonic drops a request's future when the connection goes, at whichever await it stands. A change of the world must
//! not end like that, so it runs here: as a task of its own, which is told to stop and then awaited.

use crate::serve::meter::Meter;
use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

tokio::task_local! {
    static GUARDED: ();
}

/// Whether the current task is work, whose panics are answered and not only printed.
pub(super) fn guarded() -> bool {
    GUARDED.try_with(|()| ()).is_ok()
}

/// Runs what must outlive its connection, and tells it to stop. Clones share the work.
#[derive(Clone, Debug)]
pub struct Work {
    tracker: TaskTracker,
    /// Cancelled when the provider ends.
    end: CancellationToken,
    /// The run's, which is cancelled by a stop, too.
    stop: Arc<Mutex<CancellationToken>>,
    meter: Arc<Meter>,
}

impl Default for Work {
    fn default() -> Self {
        let end = CancellationToken::new();
        let stop = Arc::new(Mutex::new(end.child_token()));
        Self { tracker: TaskTracker::default(), end, stop, meter: Arc::default() }
    }
}

impl Work {
    /// Starts `work` in the current span. It goes on if the answer is dropped, and the server waits for it at the end.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let meter = self.meter.clone();
        let metered = async move {
            let _call = meter.begin();
            work.await
        };
        self.tracker.spawn(GUARDED.scope((), metered).in_current_span())
    }

    /// Runs `work` to its end, even if the answer is no longer awaited; a panic becomes an error.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Panicked> {
        self.spawn(work).await.map_err(|error| match error.try_into_panic() {
            Ok(payload) => Panicked { message: message(payload.as_ref()).to_owned() },
            Err(error) => Panicked { message: error.to_string() },
        })
    }

    /// Cancelled by a [`stop`](Self::stop), be it one that came before, or when the provider ends.
    pub fn cancellation(&self) -> CancellationToken {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cancelled when the provider ends, and by no stop: for what must still be done after one, such as closing what the
    /// run has opened.
    pub fn last(&self) -> CancellationToken {
        self.end.clone()
    }

    /// Cancels the work of this run: the answer to `StopProvider`. That is also what is yet to begin: Terraform asks to
    /// stop while a request of its own is under way, and either may arrive first.
    pub fn stop(&self) {
        self.cancellation().cancel();
    }

    /// A run begins, which no stop of an earlier one is meant for: the first thing that `ConfigureProvider` does. A
    /// provider under a debugger serves many, and is configured several times in one: what is at work then can still be
    /// stopped.
    pub fn begin(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        if stop.is_cancelled() {
            *stop = self.end.child_token();
        }
    }

    /// Cancels the work in flight and all that is yet to begin, in whatever run.
    pub(super) fn shut(&self) {
        self.end.cancel();
    }

    /// Logs how long there was work, if there was any: that is what a run spends in the provider.
    pub(super) fn tell(&self) {
        let (calls, busy) = self.meter.read();
        if calls > 0 {
            tracing::info!(calls, busy_ms = busy.as_secs_f64() * 1e3, "the provider was at work");
        }
    }

    /// Waits until no work is left.
    pub(super) async fn finished(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Work that panicked. The message is the panic's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Panicked {
    message: String,
}

/// The text of a panic.
pub(super) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_outlives_its_request() {
        let work = Work::default();
        let (go, gone) = oneshot::channel::<()>();
        let (done, end) = oneshot::channel();
        let (running, runs) = oneshot::channel();
        let task = async move {
            running.send(()).unwrap();
            gone.await.unwrap();
            done.send("done").unwrap();
        };
        let host = work.clone();
        let request = tokio::spawn(async move { host.run(task).await });
        runs.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        assert_eq!(end.await, Ok("done"));
        work.finished().await;
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let work = Work::default();
        let plain = work.run(async { panic!("plain") }).await;
        let formatted = work.run(async { panic!("{}", "formatted") }).await;
        let other = work.run(async { std::panic::panic_any(7) }).await;
        let texts = [plain, formatted, other].map(|result: Result<(), _>| result.unwrap_err().to_string());
        assert_eq!(texts, ["plain", "formatted", "no message"]);
    }

    #[tokio::test]
    async fn only_work_is_guarded() {
        assert!(!guarded());
        assert_eq!(Work::default().run(async { guarded() }).await, Ok(true));
    }

    #[test]
    fn stop_ends_a_run_and_shut_all_of_them() {
        let work = Work::default();
        let before = work.cancellation();
        work.stop();
        let late = work.cancellation();
        assert_eq!(
            (before.is_cancelled(), late.is_cancelled(), work.last().is_cancelled()),
            (true, true, false)
        );
        work.begin();
        let next = work.cancellation();
        assert!(!next.is_cancelled());
        work.begin();
        work.stop();
        assert!(next.is_cancelled(), "another provider block has hidden it");
        work.begin();
        let next = work.cancellation();
        work.shut();
        assert_eq!((next.is_cancelled(), work.last().is_cancelled()), (true, true));
        work.begin();
        assert!(work.cancellation().is_cancelled());
    }
}
