//! What a command answered, and what a test may ask of it. A failed expectation shows the end of the output.

use serde_json::Value;
use std::time::Duration;

/// The end of a program.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command line.
    pub what: String,
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
    /// How long it ran.
    pub elapsed: Duration,
    /// Whether it was killed because it exceeded its limit.
    pub late: bool,
}

impl Outcome {
    /// Demands exit code 0.
    #[track_caller]
    pub fn success(self) -> Self {
        assert!(self.code == Some(0), "{}", self.report("was to succeed"));
        self
    }

    /// Demands an exit code of its own that is not 0: no signal, no time limit.
    #[track_caller]
    pub fn failure(self) -> Self {
        assert!(!self.late && self.code.is_some_and(|code| code != 0), "{}", self.report("was to fail"));
        self
    }

    /// Demands `text` in the output, however the CLI wrapped its lines.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let said = unwrapped(&format!("{}\n{}", self.stdout, self.stderr));
        assert!(said.contains(&unwrapped(text)), "{}", self.report(&format!("was to say `{text}`")));
        self
    }

    /// Demands that `text` is nowhere in the output.
    #[track_caller]
    pub fn says_nothing_of(self, text: &str) -> Self {
        let said = unwrapped(&format!("{}\n{}", self.stdout, self.stderr));
        assert!(!said.contains(&unwrapped(text)), "{}", self.report(&format!("was not to say `{text}`")));
        self
    }

    /// The standard output as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}", self.report("was to print JSON")))
    }

    /// The end of the output, under a line that says what was expected of the command.
    pub fn report(&self, expected: &str) -> String {
        let ended = match self.code {
            _ if self.late => "was killed for taking too long".to_owned(),
            Some(code) => format!("exited with {code}"),
            None => "was ended by a signal".to_owned(),
        };
        let after = self.elapsed.as_secs_f32();
        format!(
            "`{}` {expected}, but {ended} after {after:.1} s\n{}{}",
            self.what,
            tail(&self.stdout),
            tail(&self.stderr)
        )
    }
}

/// The last lines of `text`.
fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].iter().map(|line| format!("  | {line}\n")).collect()
}

/// `text` without the frames and line breaks that the CLIs put around diagnostics.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().filter(|word| !matches!(*word, "│" | "╷" | "╵")).collect::<Vec<_>>().join(" ")
}

/// A plan: its outcome, and the plan itself as JSON.
#[derive(Debug)]
pub struct Plan {
    /// The command's outcome; `-detailed-exitcode` makes its code 0 for no change and 2 for changes.
    pub outcome: Outcome,
    /// What `show -json` says of a plan with changes; else null.
    pub json: Value,
}

impl Plan {
    /// Demands that planning succeeded.
    #[track_caller]
    pub fn success(self) -> Self {
        assert!(matches!(self.outcome.code, Some(0 | 2)), "{}", self.outcome.report("was to plan"));
        self
    }

    /// Demands that planning failed with an error that says `text`.
    #[track_caller]
    pub fn fails(self, text: &str) {
        assert!(self.outcome.code == Some(1), "{}", self.outcome.report("was to fail"));
        self.outcome.says(text);
    }

    /// Demands that nothing is to be done.
    #[track_caller]
    pub fn assert_empty(self) {
        let changes = self.changes();
        assert!(
            self.outcome.code == Some(0),
            "{}\nplanned: {changes:?}",
            self.outcome.report("was to plan nothing")
        );
    }

    /// What is to be done, as `address: actions`, in the plan's order.
    pub fn changes(&self) -> Vec<String> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        list(&self.json["resource_changes"])
            .iter()
            .map(|change| {
                (text(&change["address"]), list(&change["change"]["actions"]).iter().map(text).collect())
            })
            .filter(|(_, actions): &(String, Vec<String>)| actions != &["no-op"] && actions != &["read"])
            .map(|(address, actions)| format!("{address}: {}", actions.join(", ")))
            .collect()
    }

    /// Demands exactly these changes, each `address: actions`.
    #[track_caller]
    pub fn assert_changes(self, expected: &[&str]) -> Self {
        assert_eq!(self.changes(), expected, "{}", self.outcome.report("was to plan other changes"));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(code: Option<i32>, stderr: &str) -> Outcome {
        let (what, stdout) = ("terraform apply".to_owned(), String::new());
        Outcome { what, code, stdout, stderr: stderr.into(), elapsed: Duration::from_secs(2), late: false }
    }

    #[test]
    fn wrapped_diagnostics_are_found() {
        outcome(Some(1), "╷\n│ Error: failed to push\n│ to `main`\n╵\n")
            .failure()
            .says("failed to push to `main`");
    }

    #[test]
    fn a_failed_expectation_shows_the_output() {
        insta::assert_snapshot!(outcome(Some(1), "Error: no route\n").report("was to succeed"), @"
        `terraform apply` was to succeed, but exited with 1 after 2.0 s
          | Error: no route
        ");
    }

    #[test]
    fn changes_leave_out_what_stays() {
        let json = serde_json::json!({"resource_changes": [
            {"address": "a.b", "change": {"actions": ["no-op"]}},
            {"address": "c.d", "change": {"actions": ["delete", "create"]}},
        ]});
        assert_eq!(Plan { outcome: outcome(Some(2), ""), json }.changes(), ["c.d: delete, create"]);
    }
}
