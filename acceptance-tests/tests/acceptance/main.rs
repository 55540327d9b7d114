//! The acceptance tests. One line per test: its name, what it needs, and the function.
//!
//! `make acceptance` runs them; `cargo test -p gitops-acceptance-tests --test acceptance -- tofu::` some of them.

mod harness;

use gitops_acceptance_tests::Suite;
use std::process::ExitCode;

fn main() -> ExitCode {
    use gitops_acceptance_tests::Need::{Cluster, Git};
    let mut suite = Suite::from_args();
    suite.both("harness::an_apply_settles_and_is_destroyed", &[], harness::an_apply_settles_and_is_destroyed);
    suite.both("harness::a_change_is_planned", &[], harness::a_change_is_planned);
    suite.both("harness::a_failure_is_reported", &[], harness::a_failure_is_reported);
    suite.both("harness::an_interrupt_ends_an_apply", &[], harness::an_interrupt_ends_an_apply);
    suite.both(
        "harness::secrets_are_found_in_state_and_plan",
        &[],
        harness::secrets_are_found_in_state_and_plan,
    );
    suite.once(
        "harness::the_cluster_takes_and_gives_objects",
        &[Cluster],
        harness::the_cluster_takes_and_gives_objects,
    );
    suite.once(
        "harness::repositories_are_read_and_written",
        &[Git],
        harness::repositories_are_read_and_written,
    );
    suite.once("harness::pods_reach_the_git_server", &[Cluster, Git], harness::pods_reach_the_git_server);
    suite.run()
}
