//! Secrets are where they belong and nowhere else: a different random one for every delivery, every kind of credential and
//! every way to fail, with logs at their most talkative.
//!
//! All of them are searched raw, in hexadecimal, in a URL, in JSON, in Base64 at each alignment and within another, and in
//! whatever is deflated or zipped. Searched is what a run leaves: state, backup, plans, logs, temporary files, every object
//! of Git (also those that nothing leads to), etcd; and, while it runs, the arguments and the environment of every process
//! that it starts.

mod broken;
mod deliveries;
mod etcd;
mod failures;
mod guest;
mod in_git;
mod panics;
mod refused;
mod secrets;
mod stage;

pub use failures::tell_nothing as failures_tell_nothing;

use deliveries::{DELIVERIES, OPENED, PROVIDER};
use gitops_acceptance_tests::{Case, skipped};
use guest::Guest;
use stage::Stage;

/// Every delivery and credential: made, changed and ended.
pub fn secrets_are_where_they_belong(case: &Case) {
    let mut deliveries = DELIVERIES.to_vec();
    match Guest::may_come(case) {
        true => deliveries.push(in_git::OVER_SSH),
        false => skipped("a secret that goes over ssh; the lab's Git server is somebody else's here"),
    }
    let mut stage = Stage::set(case, &[&[PROVIDER], deliveries.as_slice()].concat());
    assert!(stage.secrets.count() >= 27, "{} secrets are too few", stage.secrets.count());
    stage.run.plan().success();
    stage.run.apply().success();
    stage.learn_keys();

    let encrypted = stage.bare.read("secrets/opened.yaml").expect("the encrypted file");
    stage.run.write("opened.yaml", &encrypted).write("opened.tf", OPENED);
    stage.run.apply().success();
    for name in ["random", "account"] {
        let live = stage.value(name, "TEXT");
        stage.secrets.learn(&format!("{name}.it"), &live);
    }

    // All of them change. What they were is searched for as well, and is still in etcd.
    stage.make_up_anew(&deliveries);
    stage.run.apply().success();
    let homes = stage.homes();
    etcd::assert_only_at_home(case, &stage, &homes);
    stage.run.destroy().success();
    stage.assert_nowhere();
}
