//! How long the provider was at work: what is left of a run's time is the host's.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts the calls, and the time in which at least one of them was open.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: u64,
    open: u64,
    /// Since when at least one is open.
    since: Option<Instant>,
    spent: Duration,
}

/// A call that is open until it is dropped.
#[derive(Debug)]
pub(super) struct Call<'a>(&'a Meter);

impl Meter {
    /// A call begins.
    pub(super) fn begin(&self) -> Call<'_> {
        self.with(|state| {
            state.calls += 1;
            state.open += 1;
            state.since.get_or_insert_with(Instant::now);
        });
        Call(self)
    }

    /// How many calls there were, and for how long at least one was open; those that still are count up to now.
    pub(super) fn read(&self) -> (u64, Duration) {
        self.with(|state| {
            (state.calls, state.spent + state.since.map(|since| since.elapsed()).unwrap_or_default())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.open -= 1;
            if state.open == 0 {
                state.spent += state.since.take().map(|since| since.elapsed()).unwrap_or_default();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_at_the_same_time_count_once() {
        let meter = Meter::default();
        let before = Instant::now();
        let (first, second) = (meter.begin(), meter.begin());
        // What is measured lies between the time that is surely inside and the time that is surely around it.
        let inside = Instant::now();
        while inside.elapsed() < Duration::from_millis(5) {}
        let least = inside.elapsed();
        drop((first, second));
        let most = before.elapsed();
        let (calls, spent) = meter.read();
        assert!(calls == 2 && (least..=most).contains(&spent), "{calls} {least:?} {spent:?} {most:?}");
        assert_eq!(meter.read().1, spent, "time without a call");
        let third = meter.begin();
        assert!(meter.read().1 >= spent);
        drop(third);
    }
}
