//! How an error of this crate reaches a person.
//!
//! `Display` says what failed and on what, and never repeats its source; [`chain`] prints the causes. What to
//! do about it is the error's [`Explain::hint`].

use std::error::Error;
use std::{io, iter};

/// An error that knows what the user can do about it.
///
/// Every room's error implements this, so that each door prints the same words.
pub trait Explain: Error + Send + Sync + 'static {
    /// What to do about it, as one or two whole sentences; `None` where the message says it all.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The error and its causes, one line each, without repeating a cause that its parent already printed.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut last = text.clone();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !last.contains(&line) {
            text.push_str("\nCaused by: ");
            text.push_str(&line);
        }
        last = line;
        cause = error.source();
    }
    text
}

/// The error and what it comes from, down to the first cause. What an I/O error holds is no source of it, as its own
/// source is the source of that; here it comes in between.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

/// The first cause of an error in one line, without control characters; the error itself where it has none.
pub(crate) fn last_cause(error: &(dyn Error + 'static)) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("failed to clone `{url}`")]
    struct Clone {
        url: String,
        source: io::Error,
    }

    #[test]
    fn what_io_errors_hold_is_among_the_causes() {
        let inner = Clone { url: "ssh://git/p".into(), source: io::Error::other("no route") };
        let outer = io::Error::other(io::Error::other(inner));
        assert_eq!(causes(&outer).filter(|cause| cause.is::<Clone>()).count(), 1);
        assert_eq!(causes(&outer).last().map(ToString::to_string).as_deref(), Some("no route"));
    }

    #[test]
    fn chain_prints_each_cause_once() {
        let error = Clone { url: "ssh://git/p".into(), source: io::Error::other("no route") };
        insta::assert_snapshot!(chain(&error), @"
        failed to clone `ssh://git/p`
        Caused by: no route
        ");
    }
}
