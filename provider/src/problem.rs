//! From an error of the platform to a diagnostic: the one way there is.
//!
//! The error's first line is the summary, its causes and its hint are the detail, and the attribute is what the
//! caller says with [`Locate::at`].

use gitops::Explain;
use gitops::error::chain;
use gitops::wait;
use serde::Serialize;
use serde_json::Value as Json;
use tfplugin_rs::Problem;
use tfplugin_rs::value::Path;

/// Adds the attribute that an error is about.
pub trait Locate<T> {
    /// The error as a problem with the attribute at `path`, such as `source.manifest.url`.
    fn at(self, path: impl Into<Path>) -> Result<T, Problem>;

    /// The error as a problem with the object as a whole.
    fn whole(self) -> Result<T, Problem>;
}

impl<T, E: Explain> Locate<T> for Result<T, E> {
    fn at(self, path: impl Into<Path>) -> Result<T, Problem> {
        self.map_err(|error| problem(&error).at(path))
    }

    fn whole(self) -> Result<T, Problem> {
        self.map_err(|error| problem(&error))
    }
}

/// `error` with its causes and its hint.
pub fn problem(error: &impl Explain) -> Problem {
    let text = chain(error);
    let (summary, causes) = text.split_once('\n').unwrap_or((&text, ""));
    let hint = error.hint().unwrap_or_default();
    let detail: Vec<&str> = [causes, &hint].into_iter().filter(|part| !part.is_empty()).collect();
    Problem::error(sentence(summary), detail.join("\n\n"))
}

/// What a wait that did not end well says; where it only had too little time, on the attribute `timeout`.
pub fn waited(error: &wait::Error, timeout: &str) -> Problem {
    let problem = problem(error);
    if error.timed_out() { problem.at(timeout) } else { problem }
}

/// A live object as JSON.
pub fn json(live: &impl Serialize) -> Result<Json, Problem> {
    serde_json::to_value(live).map_err(|_| Problem::bug("an object of the cluster cannot be written as JSON"))
}

/// The first of the problems that an input has, where only one can be told.
pub fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| Problem::bug("an error without a problem"))
}

/// Adds a paragraph to what `problem` says.
pub fn add(problem: &mut Problem, paragraph: &str) {
    if !problem.detail.is_empty() {
        problem.detail.push_str("\n\n");
    }
    problem.detail.push_str(paragraph);
}

/// `text` with a capital letter at its start.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod messages;
#[cfg(test)]
mod tests {
    use super::*;
    use gitops::task::Interrupted;
    use std::time::Duration;

    #[derive(Debug, thiserror::Error)]
    #[error("failed to push to `main`")]
    struct Push(#[source] Interrupted);

    impl Explain for Push {
        fn hint(&self) -> Option<String> {
            Some("Apply again.".into())
        }
    }

    #[test]
    fn an_error_becomes_summary_causes_and_hint() {
        let error = Push(Interrupted::TimedOut { limit: Duration::from_secs(60) });
        let problem = problem(&error).at("git.url");
        assert_eq!(problem.path.to_string(), "git.url");
        insta::assert_snapshot!(format!("{}\n\n{}", problem.summary, problem.detail), @"
        Failed to push to `main`

        Caused by: not done within 1m

        Apply again.
        ");
    }
}
