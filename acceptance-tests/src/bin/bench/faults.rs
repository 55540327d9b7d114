//! A Git server that fails a hundred times while three writers change one branch: it answers 500, 401 or 429, cuts a pack in
//! half, resets the connection, hangs, or takes a push and loses the answer. The test of the Git room, with as many faults
//! as the figures are of.
//!
//! It fails where a change that was told to have landed is not there once, where one that was told to have failed is there,
//! where one is there twice, where a second try does not bring each of them, and where somebody waits for too long. What
//! counts is a change, not a fault: one fault may meet two changes that are pushed together, or one change several of them.

use crate::sample::Unit;
use crate::setting::Setting;
use crate::table::{Goal, Row};
use crate::tested::{Figure, Tested};

/// How many requests the server fails.
const FAULTS: [(&str, usize); 1] = [("GITOPS_TEST_FAULTS", 100)];
/// How long a change may take until its writer knows what became of it, in seconds.
const LONGEST: f64 = 30.0;

const FIGURES: [Figure; 9] = [
    Figure { what: "faults that met a request", unit: Unit::Count, name: "faults", goal: Goal::None },
    Figure { what: "changes meanwhile", unit: Unit::Count, name: "changes", goal: Goal::None },
    Figure { what: "  landed once", unit: Unit::Count, name: "landed", goal: Goal::None },
    Figure { what: "  a clean error, not there", unit: Unit::Count, name: "failed", goal: Goal::None },
    Figure {
        what: "  said to be unknown, there at most once",
        unit: Unit::Count,
        name: "unknown",
        goal: Goal::None,
    },
    Figure { what: "lost", unit: Unit::Count, name: "lost", goal: Goal::Limit(0.0) },
    Figure { what: "doubled", unit: Unit::Count, name: "doubled", goal: Goal::Limit(0.0) },
    Figure { what: "there in spite of an error", unit: Unit::Count, name: "denied", goal: Goal::Limit(0.0) },
    Figure { what: "the slowest change", unit: Unit::Seconds, name: "longest", goal: Goal::Limit(LONGEST) },
];

/// What the test says of its run.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let tested = Tested::run(setting, "git_random_faults", &FAULTS);
    Ok(tested.rows(&FIGURES, "three writers, who give a change up when its time is over"))
}
