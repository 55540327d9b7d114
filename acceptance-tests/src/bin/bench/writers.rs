//! Many writers of one branch at once, some of them plain `git push`: the test of the Git room, with as many as the figures
//! are of. It fails where a commit is lost, there twice, or neither landed nor refused in time.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use gitops_acceptance_tests::Program;
use std::time::Duration;

/// How many write, how often each, and how many with plain `git`.
const CROWD: [(&str, usize); 3] =
    [("GITOPS_TEST_WRITERS", 50), ("GITOPS_TEST_COMMITS", 20), ("GITOPS_TEST_PLAIN", 10)];
/// How long a commit may take until it landed or was refused, in seconds.
const LONGEST: f64 = 60.0;

/// What the test says of its run: the program that is tested is not optimized.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let case = setting.case("writers");
    let [(_, writers), (_, commits), (_, plain)] = CROWD;
    let outcome = Program::new("cargo")
        .args(["test", "--package", "gitops", "--locked", "--test", "git_writers", "--", "--nocapture"])
        .envs(CROWD.map(|(name, number)| (name, number.to_string())))
        .limit(Duration::from_secs(1200))
        .run(&case.dir().join("writers"));
    if outcome.code != Some(0) {
        return Err(outcome.report("was to lose nothing"));
    }
    let line = outcome.stdout.lines().find(|line| line.contains("landed ")).unwrap_or_default().to_owned();
    let row = |what: &str, unit, name: &str, goal| {
        let mut samples = Samples::default();
        samples.add(number(&line, name)?);
        Some(Row::Measured { what: what.to_owned(), unit, ours: samples, theirs: None, goal })
    };
    let rows = [
        row("refused", Unit::Count, "refused", Goal::None),
        row("lost", Unit::Count, "lost", Goal::Limit(0.0)),
        row("doubled", Unit::Count, "doubled", Goal::Limit(0.0)),
        row("the slowest commit", Unit::Seconds, "longest", Goal::Limit(LONGEST)),
        row("a commit in the middle", Unit::Seconds, "seconds p50", Goal::None),
        row("pushes", Unit::Count, "pushes", Goal::None),
    ];
    let note = format!("{writers} writers with {commits} commits each, and {plain} with plain git: {line}");
    Ok(rows.into_iter().flatten().chain([Row::Note(note)]).collect())
}

/// The number that follows `name`.
fn number(line: &str, name: &str) -> Option<f64> {
    let rest = line.split_once(&format!("{name} "))?.1;
    rest.split([',', ';', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_their_names() {
        let line = "landed 40, refused 1, lost 0, spent 17.6 s; seconds p50 0.31, p99 9.00, longest 16.00; attempts p50 1";
        for (name, expected) in [("landed", 40.0), ("refused", 1.0), ("seconds p50", 0.31), ("longest", 16.0)]
        {
            assert_eq!(number(line, name), Some(expected), "{name}");
        }
        assert_eq!(number(line, "pushes"), None);
    }
}
