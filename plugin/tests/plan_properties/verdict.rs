//! What is said of a life: what is wrong with it, and its story.

use crate::cli::Answer;
use crate::life::Life;
use crate::{checks, show};
use tfplugin_rs::conform;
use tfplugin_rs::value::Value;

/// Names the seed of a life that panics.
pub(crate) struct Running(pub(crate) u64);

#[expect(clippy::print_stdout, reason = "a test says how to run it again")]
impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("PLAN_CASES=1 PLAN_SEED={}", self.0);
        }
    }
}

impl Life {
    /// What core asks of every state.
    pub(crate) fn check_state(&mut self, name: &str, answer: &Answer) {
        let state = &answer.kept.state;
        self.hold(name, conform::wholly_known(state));
        self.hold(name, conform::write_only_null(&self.cli.schema, state));
        if let Err(error) = state.conforms_to(&self.cli.schema.ty()) {
            self.fail(&format!("{name}: {error}"));
        }
        self.check_identity(name, answer);
    }

    pub(crate) fn check_identity(&mut self, name: &str, answer: &Answer) {
        let expected = checks::identity(&self.cli.schema, &answer.kept.state).map(|(identity, _)| identity);
        if answer.identity != expected {
            self.fail(&format!("{name}: the identity is not that of the state"));
        }
    }

    pub(crate) fn hold(&mut self, name: &str, violations: Vec<conform::Violation>) {
        for violation in violations {
            self.fail(&format!("{name}: {violation}"));
        }
    }

    pub(crate) fn well(&mut self, name: &str, problems: &[String]) {
        for problem in problems {
            self.fail(&format!("{name}: {problem}"));
        }
    }

    pub(crate) fn check(&mut self, wrong: Option<String>) {
        if let Some(what) = wrong {
            self.fail(&what);
        }
    }

    pub(crate) fn fail(&mut self, what: &str) {
        self.failed = true;
        if let Some(log) = &mut self.log {
            log.push_str(&format!("FAILED: {what}\n"));
        }
    }

    /// Tells the story up to the first failure.
    pub(crate) fn note(&mut self, name: &str, values: &[(&str, &Value)]) {
        let Some(log) = self.log.as_mut().filter(|_| !self.failed) else { return };
        log.push_str(&format!("{name}\n"));
        for (name, value) in values {
            log.push_str(&format!("  {name:8} {}\n", show::value(value)));
        }
    }
}
