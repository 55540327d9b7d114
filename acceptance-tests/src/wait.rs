//! Waiting for what others do: the one room that lets time pass.

use std::time::{Duration, Instant};

/// Lets a hundredth of a second pass.
#[expect(clippy::disallowed_methods, reason = "looks at things that give no other sign, 100 times a second")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

/// Waits until `done` says so.
///
/// # Panics
/// When it has not within `limit`: with `what`, which was waited for.
#[track_caller]
pub fn eventually(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < limit, "not within {} s: {what}", limit.as_secs_f32());
        pause();
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
