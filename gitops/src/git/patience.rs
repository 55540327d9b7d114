//! How long servers are waited for that do nothing.
//!
//! What one request waits in vain is not there for the next: a batch that is tried four times does not wait four times
//! as long, and whoever comes after it does not wait as long again for a server that is known to be silent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long all requests of a batch together wait for a server that does nothing. Hooks run meanwhile, and Git sends a
/// sign of life every 5 s.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

/// The part of it that every request may wait, also where there is no more: what became of a push is looked for, and a
/// server that was silent may be there again.
const FLOOR: u32 = 6;

/// What is left of that time. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    all: Duration,
    left: Arc<Mutex<Duration>>,
}

impl Patience {
    /// All of it.
    pub(super) fn new(all: Duration) -> Self {
        Self { all, left: Arc::new(Mutex::new(all)) }
    }

    pub(super) fn all(&self) -> Duration {
        self.all
    }

    /// How long the next request may wait.
    pub(super) fn left(&self) -> Duration {
        self.with(|left| *left).max(self.floor())
    }

    /// Whether the same is not tried again.
    pub(super) fn is_gone(&self) -> bool {
        self.with(|left| *left) < self.floor()
    }

    /// So long was waited in vain.
    pub(super) fn spend(&self, waited: Duration) {
        self.with(|left| *left = left.saturating_sub(waited));
    }

    /// The server answers again.
    pub(super) fn restore(&self) {
        self.with(|left| *left = self.all);
    }

    fn floor(&self) -> Duration {
        self.all / FLOOR
    }

    fn with<T>(&self, work: impl FnOnce(&mut Duration) -> T) -> T {
        work(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fetch is tried four times, and a push that got no answer is looked for: all together that is half a minute.
    #[test]
    fn a_silent_server_is_waited_for_once() {
        let patience = Patience::new(SILENCE);
        let mut waited = Duration::ZERO;
        for _ in 0..4 {
            if !patience.is_gone() {
                waited += patience.left();
                patience.spend(patience.left());
            }
        }
        assert_eq!(waited, Duration::from_secs(30));
        assert_eq!(waited + patience.left(), Duration::from_secs(35), "with a last look");
        patience.restore();
        assert!(!patience.is_gone());
    }

    /// Connections that nobody takes end after 10 s each.
    #[test]
    fn what_is_left_is_for_the_next_one() {
        let patience = Patience::new(SILENCE);
        let left = [0, 10, 10, 6].map(|seconds| {
            patience.spend(Duration::from_secs(seconds));
            (patience.left().as_secs(), patience.is_gone())
        });
        assert_eq!(left, [(30, false), (20, false), (10, false), (5, true)]);
    }
}
