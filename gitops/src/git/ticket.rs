//! What a caller and the worker know of each other: who still waits, and whether something was sent.

use git2::Oid;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The caller waits, and nothing of its change is on the way.
    Waiting,
    /// The caller waits, and this commit with its change was sent.
    Sent(Oid),
    /// The caller left.
    Left,
}

/// One request, as seen from both sides.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    state: Arc<Mutex<State>>,
    gone: CancellationToken,
}

impl Ticket {
    pub(super) fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State::Waiting)), gone: CancellationToken::new() }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The caller leaves; answers the commit that may have landed.
    pub(super) fn leave(&self) -> Option<Oid> {
        let before = self.change(|state| std::mem::replace(state, State::Left));
        self.gone.cancel();
        match before {
            State::Sent(commit) => Some(commit),
            State::Waiting | State::Left => None,
        }
    }

    /// The commit that was sent and is not settled yet.
    pub(super) fn sent(&self) -> Option<Oid> {
        self.change(|state| match state {
            State::Sent(commit) => Some(*commit),
            State::Waiting | State::Left => None,
        })
    }

    pub(super) fn has_left(&self) -> bool {
        self.change(|state| *state == State::Left)
    }

    /// Cancelled when the caller leaves.
    pub(super) fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    fn send(&self, commit: Oid) -> bool {
        self.change(|state| {
            let waits = *state != State::Left;
            if waits {
                *state = State::Sent(commit);
            }
            waits
        })
    }

    /// What was sent did not land, for certain.
    fn take_back(&self) {
        self.change(|state| {
            if *state != State::Left {
                *state = State::Waiting;
            }
        });
    }
}

/// Marks `commit` as sent for all of `tickets`; `false` where one of the callers has left.
pub(super) fn send_all<'a>(tickets: impl Iterator<Item = &'a Ticket> + Clone, commit: Oid) -> bool {
    let all = tickets.clone().all(|ticket| ticket.send(commit));
    if !all {
        take_back_all(tickets);
    }
    all
}

/// What was sent for `tickets` did not land, for certain.
pub(super) fn take_back_all<'a>(tickets: impl Iterator<Item = &'a Ticket>) {
    tickets.for_each(Ticket::take_back);
}

/// Leaves when dropped: a caller whose future is dropped waits no more.
pub(super) struct Presence<'a>(pub(super) &'a Ticket);

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_for_a_caller_that_left() {
        let commit = Oid::hash_object(git2::ObjectType::Blob, b"x").unwrap();
        let (stays, leaves) = (Ticket::new(), Ticket::new());
        assert_eq!(leaves.leave(), None);
        assert!(!send_all([&stays, &leaves].into_iter(), commit));
        assert_eq!(stays.sent(), None);
        assert!(send_all([&stays].into_iter(), commit));
        assert_eq!(stays.leave(), Some(commit));
        assert!(stays.has_left() && stays.gone().is_cancelled());
    }
}
