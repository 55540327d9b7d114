//! Many writers of one branch at once, some of them plain `git push`: the test of the Git room, with as many as the figures
//! are of. It fails where a commit is lost, there twice, or neither landed nor refused in time.

use crate::sample::Unit;
use crate::setting::Setting;
use crate::table::{Goal, Row};
use crate::tested::{Figure, Tested};

/// How many write, how often each, and how many with plain `git`.
const CROWD: [(&str, usize); 3] =
    [("GITOPS_TEST_WRITERS", 50), ("GITOPS_TEST_COMMITS", 20), ("GITOPS_TEST_PLAIN", 10)];
/// How long a commit may take until it landed or was refused, in seconds.
const LONGEST: f64 = 60.0;

const FIGURES: [Figure; 6] = [
    Figure { what: "refused", unit: Unit::Count, name: "refused", goal: Goal::None },
    Figure { what: "lost", unit: Unit::Count, name: "lost", goal: Goal::Limit(0.0) },
    Figure { what: "doubled", unit: Unit::Count, name: "doubled", goal: Goal::Limit(0.0) },
    Figure { what: "the slowest commit", unit: Unit::Seconds, name: "longest", goal: Goal::Limit(LONGEST) },
    Figure { what: "a commit in the middle", unit: Unit::Seconds, name: "seconds p50", goal: Goal::None },
    Figure { what: "pushes", unit: Unit::Count, name: "pushes", goal: Goal::None },
];

/// What the test says of its run.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let [(_, writers), (_, commits), (_, plain)] = CROWD;
    let note = format!("{writers} writers with {commits} commits each, and {plain} with plain git");
    Ok(Tested::run(setting, "git_writers", &CROWD).rows(&FIGURES, &note))
}
