//! `kill -9` of the provider at 25 random points, each of which cuts an apply short: whatever it was doing, the next apply
//! goes on, nothing is made anew, and the plan after it is empty.

use super::knobs::KNOBS;
use super::stage::{GREETING, Stage, Uids, assert_kept};
use gitops_acceptance_tests::{Case, Random};
use std::time::Duration;

/// How many kills meet an Argo CD that runs.
const ROUNDS: u32 = 20;
/// How often each is tried: a kill may come when the work is done.
const TRIES: u32 = 10;

/// Two kills while kind works, two while Argo CD comes up, one while it is changed, and twenty while it runs.
pub fn survives_kills(case: &Case) {
    let (mut stage, mut random) = (Stage::set_with_knobs(case), case.random());
    stage.run.init();
    for _ in 0..2 {
        killed_while_kind_works(&mut stage, &mut random);
    }
    let early = killed_while_argocd_comes_up(&mut stage, &mut random);
    stage.run.apply().success();
    stage.assert_runs(GREETING);
    stage.run.assert_settled();
    assert_kept(&early, &stage.uids(), "after kills while Argo CD came up");
    killed_while_argocd_changes(&mut stage, &mut random);

    let uids = stage.uids();
    let mut rounds = Rounds { random, times: KNOBS.map(|knob| knob.within), changes: [0; KNOBS.len()] };
    for round in 0..ROUNDS {
        rounds.killed_while_it_runs(&mut stage, round);
        assert_kept(&uids, &stage.uids(), &format!("after kill {round}"));
    }
    stage.run.assert_settled();
    stage.end();
}

/// Kills of a provider that changes something small, one after another.
struct Rounds {
    random: Random,
    /// For each knob how long that takes in which it is killed, as far as is known.
    times: [Duration; KNOBS.len()],
    /// How often each was changed: two values that follow each other differ.
    changes: [u32; KNOBS.len()],
}

impl Rounds {
    /// Kills until an apply is cut short: a kill that came too late is followed by one within half the time.
    fn killed_while_it_runs(&mut self, stage: &mut Stage, round: u32) {
        let turn = round as usize % KNOBS.len();
        for _ in 0..TRIES {
            if self.cuts_short(stage, turn) {
                return;
            }
            self.times[turn] /= 2;
        }
        panic!("none of the {TRIES} kills of round {round} came in time");
    }

    /// One change and one kill: whether the apply failed of it. The next apply goes on, and then nothing is left to do.
    fn cuts_short(&mut self, stage: &mut Stage, turn: usize) -> bool {
        let (knob, value) = (&KNOBS[turn], (KNOBS[turn].change)(self.changes[turn]));
        self.changes[turn] += 1;
        let mut apply = stage.run.var(knob.name, value.as_str()).start_apply();
        let begun = ["Creating...", "Modifying...", "Destroying..."];
        let begun = !knob.at_work || apply.until(|apply| begun.iter().any(|begun| apply.said(begun)));
        assert!(begun, "nothing was to be changed");
        let moment = apply.elapsed() + self.random.moment(self.times[turn]);
        let met = apply.kill_provider_from(moment);
        let killed = apply.wait();
        let cut_short = met && killed.code != Some(0);
        let next = stage.run.apply().success();
        let took = match knob.at_work {
            true => work(&next.stdout).or(work(&killed.stdout)),
            false => Some(next.elapsed),
        };
        self.times[turn] = took.unwrap_or(self.times[turn]);
        // Whichever of the two came to plan first had one thing to do, and nothing to make anew.
        let first = if killed.stdout.contains("\nPlan: ") { killed } else { next };
        first.says(&knob.planned(&value));
        stage.assert_plans_nothing();
        (knob.assert)(stage, &value);
        cut_short
    }
}

/// How long the CLI says that the provider was at work, in whole seconds; none where it was less than one.
fn work(said: &str) -> Option<Duration> {
    let times = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once(" complete after ")?;
        rest.split_once('s')?.0.parse().ok()
    });
    times.max().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

fn killed_while_kind_works(stage: &mut Stage, random: &mut Random) {
    let before = stage.cluster.nodes();
    let mut apply = stage.run.start_apply();
    let made = |stage: &Stage| !stage.cluster.nodes().is_empty() && stage.cluster.nodes() != before;
    assert!(apply.until(|_| made(stage)), "kind did not start");
    let moment = apply.elapsed() + random.moment(Duration::from_secs(8));
    assert!(apply.kill_provider_from(moment), "kind had ended");
    apply.wait().failure();
    assert!(stage.run.state().addresses().is_empty());
}

/// Two kills in a row: the second meets the apply that goes on after the first.
fn killed_while_argocd_comes_up(stage: &mut Stage, random: &mut Random) -> Uids {
    let mut before = Uids::new();
    for _ in 0..2 {
        let mut apply = stage.run.start_apply();
        let begun = "gitops_bootstrap.argocd: Creating...";
        assert!(apply.until(|apply| apply.said(begun)), "Argo CD was not installed");
        let moment = apply.elapsed() + random.moment(Duration::from_secs(10));
        assert!(apply.kill_provider_from(moment), "the apply had ended");
        apply.wait().failure();
        let now = stage.early_uids();
        assert!(now.contains_key("Secret web/web"), "{now:?}");
        if !before.is_empty() {
            assert_kept(&before, &now, "by the apply after a kill");
        }
        before = now;
    }
    before
}

fn killed_while_argocd_changes(stage: &mut Stage, random: &mut Random) {
    let uids = stage.uids();
    stage.run.var("release", "second");
    let mut apply = stage.run.start_apply();
    let begun = "gitops_bootstrap.argocd: Modifying...";
    assert!(apply.until(|apply| apply.said(begun)), "Argo CD was not changed");
    let moment = apply.elapsed() + random.moment(Duration::from_secs(4));
    assert!(apply.kill_provider_from(moment), "the apply had ended");
    apply.wait().failure();
    stage.run.apply().success();
    let changed = stage.kubectl.find("argocd", "deployment", "argocd-repo-server").expect("a deployment");
    assert_eq!(changed["spec"]["template"]["metadata"]["annotations"]["release"], "second");
    stage.assert_plans_nothing();
    assert_eq!(stage.uids(), uids, "after a kill while Argo CD was changed");
}
