//! Promises that a test of the Git room holds already: it runs here with as much as the figures are of. What it has seen it
//! says in one line, and it fails where a promise is broken, which is a failure here, too.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use gitops_acceptance_tests::Program;
use std::time::Duration;

/// How long a test may take, with what has to be compiled for it.
const LIMIT: Duration = Duration::from_secs(1200);

/// A number of the test's line as a row.
pub struct Figure {
    /// What the table calls it.
    pub what: &'static str,
    /// What it is.
    pub unit: Unit,
    /// What stands before it in the line.
    pub name: &'static str,
    /// What it is to reach.
    pub goal: Goal,
}

/// A test that has run.
pub struct Tested {
    /// What it has seen; nothing where it did not come so far.
    line: String,
    wrong: Option<Row>,
}

impl Tested {
    /// Runs `test`, which these variables make larger. What it tests is not optimized: it is built as for all tests.
    pub fn run(setting: &Setting, test: &str, variables: &[(&str, usize)]) -> Self {
        let case = setting.case(test);
        let outcome = Program::new("cargo")
            .args(["test", "--workspace", "--locked", "--test", test, "--", "--nocapture"])
            .envs(variables.iter().map(|(name, number)| (name, number.to_string())))
            .limit(LIMIT)
            .run(&case.dir().join("test"));
        let wrong = (outcome.code != Some(0)).then(|| Row::Failed {
            what: format!("the test {test}"),
            why: outcome.report("was to see every promise kept"),
        });
        let line =
            outcome.stdout.lines().find(|line| line.contains("landed ")).unwrap_or_default().to_owned();
        Self { line, wrong }
    }

    /// What it has seen of these, `note` with its line, and what went wrong.
    pub fn rows(self, figures: &[Figure], note: &str) -> Vec<Row> {
        let note = Row::Note(format!("{note}: {}", self.line));
        let rows = figures.iter().filter_map(|figure| figure.row(&self.line));
        rows.chain([note]).chain(self.wrong).collect()
    }
}

impl Figure {
    /// Nothing where the line does not have it.
    fn row(&self, line: &str) -> Option<Row> {
        let mut ours = Samples::default();
        ours.add(number(line, self.name)?);
        Some(Row::Measured {
            what: self.what.to_owned(),
            unit: self.unit,
            ours,
            theirs: None,
            goal: self.goal,
        })
    }
}

/// The number that follows `name`.
fn number(line: &str, name: &str) -> Option<f64> {
    let rest = line.split_once(&format!("{name} "))?.1;
    rest.split([',', ';', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn numbers_follow_their_names() {
        let line = "landed 40, refused 1, lost 0, spent 17.6 s; seconds p50 0.31, p99 9.00, longest 16.00; attempts p50 1";
        for (name, expected) in [("landed", 40.0), ("refused", 1.0), ("seconds p50", 0.31), ("longest", 16.0)]
        {
            assert_eq!(number(line, name), Some(expected), "{name}");
        }
        assert_eq!(number(line, "pushes"), None);
    }

    #[test]
    fn what_a_failed_test_has_seen_is_told_with_its_failure() {
        let figure = |what, name, goal| Figure { what, unit: Unit::Count, name, goal };
        let wrong = Row::Failed { what: "the test x".to_owned(), why: "one is lost".to_owned() };
        let tested = Tested { line: "landed 4, lost 1".to_owned(), wrong: Some(wrong) };
        let figures = [figure("lost", "lost", Goal::Limit(0.0)), figure("doubled", "doubled", Goal::None)];
        let rows = tested.rows(&figures, "of 5");
        assert!(rows.iter().any(Row::failed));
        insta::assert_snapshot!(table("a title", &rows), @"
        a title    ours  theirs  ratio  goal
          lost        1                 ≤ 0  MISSED
            of 5: landed 4, lost 1
          the test x: FAILED: one is lost
        ");
    }
}
