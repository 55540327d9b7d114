//! Waiting for what others do: the one room that lets time pass.

use std::time::{Duration, Instant};

/// Between two looks at something passes three times what the last one took, but no less and no more than this: a look
/// that starts a program keeps a processor from those who are waited for.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// Lets time pass after a look that took so long.
#[expect(clippy::disallowed_methods, reason = "looks at things that give no other sign")]
pub(crate) fn pause(look: Duration) {
    std::thread::sleep((look * 3).clamp(SHORTEST, LONGEST));
}

/// Waits until `done` says so.
///
/// # Panics
/// When it has not within `limit`: with `what`, which was waited for.
#[track_caller]
pub fn eventually(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    loop {
        let look = Instant::now();
        if done() {
            return;
        }
        assert!(begin.elapsed() < limit, "not within {} s: {what}", limit.as_secs_f32());
        pause(look.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happens_is_not_waited_for_for_ever() {
        let mut looks = 0;
        eventually("three looks", Duration::from_secs(60), || {
            looks += 1;
            looks == 3
        });
        let never = std::panic::catch_unwind(|| eventually("nothing", Duration::ZERO, || false));
        assert_eq!(never.unwrap_err().downcast_ref::<String>().unwrap(), "not within 0 s: nothing");
    }
}
