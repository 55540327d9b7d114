//! What a wait that did not end well means for the state.
//!
//! During a create nothing is stored: the objects carry our mark, so that the next apply adopts them and goes on
//! waiting, where a stored state would be tainted and replaced. During an update the true state is stored. A create
//! that was stopped on request stores what it reached, with a warning.

#![expect(dead_code, reason = "the resources that wait come next")]

use tfplugin_rs::{Outcome, Problem};

/// How far an operation had come when it began to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The object is being created.
    Create,
    /// It was there before.
    Update,
}

impl Phase {
    /// The phase of an apply with this prior state.
    pub fn of<T>(prior: &Option<T>) -> Self {
        match prior {
            None => Self::Create,
            Some(_) => Self::Update,
        }
    }
}

/// The outcome of a wait for `what` that ended with `problem`. `reached` is the status so far; `stopped` says that
/// the wait was ended on request.
pub fn unfinished<T>(
    phase: Phase,
    what: &str,
    reached: T,
    mut problem: Problem,
    stopped: bool,
) -> Outcome<T> {
    match (phase, stopped) {
        (Phase::Create, true) => {
            let detail = format!(
                "{what} was made, and the wait for it was stopped. Apply again to wait for the rest."
            );
            Outcome::partly(reached, vec![Problem::warning(problem.summary, detail).at(problem.path)])
        }
        (Phase::Create, false) => {
            problem.detail.push_str(&format!(
                "\n\n{what} was made and is still there; it is not in the state yet. Apply again to go on waiting for it."
            ));
            Outcome::failed(problem)
        }
        (Phase::Update, _) => Outcome::partly(reached, vec![problem]),
    }
}
