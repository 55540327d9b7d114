//! The only place that sleeps.

use std::time::Duration;

/// Waits for `duration`; callers bound it with their task.
#[expect(clippy::disallowed_methods, reason = "this is the clock of the room that may sleep")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Growing pauses between tries: each twice as long as the one before, from 200 ms up to 5 s.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: Duration::from_millis(200) }
    }
}

impl Backoff {
    /// Waits for the next pause.
    pub async fn pause(&mut self) {
        pause(self.next).await;
        self.next = (self.next * 2).min(Duration::from_secs(5));
    }
}
