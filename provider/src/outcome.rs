//! What a wait that did not end well means for the state.
//!
//! During a create nothing is stored: the objects carry our mark, so that the next apply adopts them and goes on
//! waiting, where a stored state would be tainted and replaced. During an update the true state is stored. A create
//! that was stopped on request stores what it reached, with a warning.

use crate::problem;
use tfplugin_rs::{Outcome, Problem};

/// How far an operation had come when it began to wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The object is being created.
    Create,
    /// It was there before.
    Update,
}

/// The attribute that a wait is about which had too little time; which of the timeouts it is, the phase says.
pub const TIMEOUTS: &str = "timeouts";

impl Phase {
    /// Its timeout.
    fn timeout(self) -> &'static str {
        match self {
            Self::Create => "timeouts.create",
            Self::Update => "timeouts.update",
        }
    }

    /// The phase of an apply with this prior state.
    pub fn of<T>(prior: &Option<T>) -> Self {
        match prior {
            None => Self::Create,
            Some(_) => Self::Update,
        }
    }
}

/// The outcome of a wait for `what` that ended with `problem`. `import_id` is how a user gets hold of it, `reached`
/// the status so far; `stopped` says that the wait was ended on request.
pub fn unfinished<T>(
    phase: Phase,
    what: &str,
    import_id: &str,
    reached: T,
    mut problem: Problem,
    stopped: bool,
) -> Outcome<T> {
    if problem.path == TIMEOUTS.into() {
        problem = problem.at(phase.timeout());
    }
    match (phase, stopped) {
        (Phase::Create, true) => {
            let detail = format!(
                "{what} was made, and the wait for it was stopped. Apply again to wait for the rest."
            );
            Outcome::partly(reached, vec![Problem::warning(problem.summary, detail).at(problem.path)])
        }
        (Phase::Create, false) => {
            let paragraph = format!(
                "{what} was made and is still there; it is not in the state yet. Apply again to go on waiting \
                 for it. To remove it instead, import it (its id is `{import_id}`) and destroy it."
            );
            problem::add(&mut problem, &paragraph);
            Outcome::failed(problem)
        }
        (Phase::Update, _) => Outcome::partly(reached, vec![problem]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout() -> Problem {
        Problem::error(
            "Application argocd/platform: not done within 1s; last seen: it is Progressing",
            "Raise the timeout.",
        )
    }

    #[test]
    fn a_create_that_was_not_waited_for_stores_nothing_and_says_how_to_go_on() {
        let outcome = unfinished(
            Phase::Create,
            "The Application `argocd/platform`",
            "argocd/platform",
            (),
            timeout().at(TIMEOUTS),
            false,
        );
        assert!(outcome.status().is_none());
        assert_eq!(outcome.problems()[0].path, "timeouts.create".into());
        insta::assert_snapshot!(outcome.problems()[0].detail, @"
        Raise the timeout.

        The Application `argocd/platform` was made and is still there; it is not in the state yet. Apply again to go on waiting for it. To remove it instead, import it (its id is `argocd/platform`) and destroy it.
        ");
    }

    #[test]
    fn what_was_stopped_or_was_there_before_is_stored() {
        let stopped = unfinished(Phase::Create, "Argo CD", "argocd", (), timeout(), true);
        assert!(stopped.status().is_some());
        insta::assert_snapshot!(stopped.problems()[0].detail, @"Argo CD was made, and the wait for it was stopped. Apply again to wait for the rest.");
        let update = unfinished(Phase::Update, "Argo CD", "argocd", (), timeout().at(TIMEOUTS), false);
        assert!(update.status().is_some());
        assert_eq!(update.problems()[0].path, "timeouts.update".into());
        assert_eq!(update.problems()[0].detail, "Raise the timeout.");
    }
}
