//! What a program takes, as the shell's `time` has it to the millisecond: from its start to its end, and of the
//! processors, which tells more where others are at work, too. The harness alone looks at its programs 100 times a second.

use crate::sample::{Samples, Unit};
use crate::table::{Goal, Row};
use gitops_acceptance_tests::{Outcome, Program};
use std::path::Path;

/// The program that is the first of a command's arguments, with the others as its own.
pub const PROGRAM: &str = r#""$0" "$@""#;

/// A command of the shell, whose arguments are still to be added.
pub fn command(script: &str) -> Program {
    let script = format!("TIMEFORMAT='%3R %3U %3S'\ntime {script}");
    Program::new("bash").args(["-c", &script]).envs([("LC_ALL", "C")])
}

/// What one command took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    whole: f64,
    processors: f64,
}

impl Time {
    /// Of a [`command`], which has to succeed; and what it said.
    pub fn of(command: Program, log: &Path) -> (Self, Outcome) {
        let outcome = command.run(log).success();
        let time =
            Self::said(&outcome.stderr).unwrap_or_else(|| panic!("{}", outcome.report("took no time")));
        (time, outcome)
    }

    /// The last line, behind whatever the program itself has said.
    fn said(errors: &str) -> Option<Self> {
        let mut numbers = errors.lines().last()?.split(' ').map(|number| number.parse::<f64>().ok());
        let mut number = || numbers.next().flatten();
        Some(Self { whole: number()?, processors: number()? + number()? })
    }

    /// From the start to the end.
    pub fn whole(self) -> f64 {
        self.whole
    }

    /// So many times as much.
    pub fn times(self, factor: f64) -> Self {
        Self { whole: self.whole * factor, processors: self.processors * factor }
    }
}

/// What the same command took, each time that it ran.
#[derive(Default)]
pub struct Taken {
    whole: Samples,
    processors: Samples,
}

impl Taken {
    /// Adds a run.
    pub fn add(&mut self, time: Time) {
        self.whole.add(time.whole);
        self.processors.add(time.processors);
    }
}

/// The whole, and the processors' part of it, for which there is a goal.
pub fn rows(what: String, ours: Taken, theirs: Taken, goal: Goal) -> Vec<Row> {
    let row = |what, ours, theirs, goal| Row::Measured {
        what,
        unit: Unit::Seconds,
        ours,
        theirs: Some(theirs),
        goal,
    };
    vec![
        row(what, ours.whole, theirs.whole, Goal::None),
        row("  processor time".to_owned(), ours.processors, theirs.processors, goal),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_tells_the_time() {
        let time = Time { whole: 1.5, processors: 0.75 };
        assert_eq!(Time::said("a warning\n1.500 0.500 0.250\n"), Some(time));
        assert_eq!(time.times(2.0), Time { whole: 3.0, processors: 1.5 });
        for none in ["", "a warning\n", "1.500 0.500\n"] {
            assert_eq!(Time::said(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_program_has_its_arguments_and_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo \"$0 $1\"; echo problem >&2";
        let (time, outcome) =
            Time::of(command(PROGRAM).args(["sh", "-c", burn, "a b", "c"]), &dir.path().join("log"));
        assert_eq!(outcome.stdout, "a b c\n");
        assert!(time.processors > 0.0 && time.whole > 0.0, "{time:?}");
    }
}
