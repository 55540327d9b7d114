//! `kill -9` of the provider at 25 random points: whatever it was doing, the next apply goes on, and nothing is made
//! anew.

use super::stage::{GREETING, Stage, Uids, assert_kept};
use gitops_acceptance_tests::{Case, Random, Running};
use std::time::Duration;

/// How many kills meet an Argo CD that runs.
const ROUNDS: u32 = 20;
/// How many rounds there are at most: a kill may come when the provider has ended already.
const MOST_ROUNDS: u32 = 50;

/// How many of those, at least, must have met a provider that lived, and one at work: an apply may be faster than any
/// before it.
const MET: usize = 13;
const AT_WORK: usize = 8;

/// The shortest work that a kill is aimed at.
const SHORTEST: Duration = Duration::from_millis(100);

/// What the rounds change in turn, cheapest first.
const KNOBS: [Knob; 3] = [
    Knob { name: "api_token", change: |round| format!("token-{round}"), assert: assert_token },
    Knob { name: "retries", change: |round| (6 + round).to_string(), assert: assert_retries },
    Knob { name: "greeting", change: |round| format!("round {round}"), assert: Stage::assert_says },
];

/// A variable of the configuration, and where its value must have gone.
struct Knob {
    name: &'static str,
    change: fn(u32) -> String,
    assert: fn(&Stage, &str),
}

fn assert_token(stage: &Stage, value: &str) {
    let secret = stage.kubectl.find("web", "secret", "web").expect("the Secret");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value);
    assert_eq!(secret["data"]["API_TOKEN"], encoded);
}

fn assert_retries(stage: &Stage, value: &str) {
    let app = stage.kubectl.find("argocd", "application.argoproj.io", "platform").expect("the root app");
    assert_eq!(app["spec"]["syncPolicy"]["retry"]["limit"].to_string(), value);
}

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
    let (mut works, mut met) = ([SHORTEST; KNOBS.len()], Vec::new());
    let at_work = |met: &[Phase]| met.iter().filter(|phase| **phase == Phase::Apply).count();
    for round in 0..MOST_ROUNDS {
        if round >= ROUNDS && met.len() >= MET && at_work(&met) >= AT_WORK {
            break;
        }
        let turn = round as usize % KNOBS.len();
        let knob = &KNOBS[turn];
        let value = (knob.change)(round);
        stage.run.var(knob.name, value.as_str());
        met.extend(killed_while_it_runs(&mut stage, &mut random, round, &mut works[turn]));
        (knob.assert)(&stage, &value);
        assert_eq!(stage.uids(), uids, "after kill {round}");
    }
    stage.run.assert_settled();
    assert!(met.len() >= MET, "only {} of {MOST_ROUNDS} kills met a provider", met.len());
    assert!(at_work(&met) >= AT_WORK, "only {} kills met a provider at work: {met:?}", at_work(&met));
    stage.end();
}

/// What the CLI was doing with the provider that was killed.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Plan,
    Apply,
}

fn phase(apply: &Running) -> Phase {
    if apply.said("Modifying...") { Phase::Apply } else { Phase::Plan }
}

/// One kill in four comes at any moment of the plan, the others while the provider is at work. `works` is how long
/// that took when last somebody looked.
fn killed_while_it_runs(
    stage: &mut Stage,
    random: &mut Random,
    round: u32,
    works: &mut Duration,
) -> Option<Phase> {
    let (mut apply, at_any_moment) = (stage.run.start_apply(), round.is_multiple_of(4));
    let begun = at_any_moment || apply.until(|apply| apply.said("Modifying..."));
    assert!(begun, "nothing was to be changed");
    let within = if at_any_moment { Duration::from_secs(3) } else { *works };
    let moment = apply.elapsed() + random.moment(within);
    let met = apply.kill_provider_from(moment).then(|| phase(&apply));
    let killed = apply.wait();
    let next = stage.run.apply().success();
    // Whichever of the two came to plan first shows that the round before had left nothing to do.
    let first = if killed.stdout.contains("\nPlan: ") { killed } else { next.clone() };
    first.says("Plan: 0 to add, 1 to change, 0 to destroy.");
    *works = work(&next.stdout).unwrap_or(*works);
    met
}

/// How long the CLI says that the provider was at work.
fn work(said: &str) -> Option<Duration> {
    let times = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once("Modifications complete after ")?;
        rest.split_once('s')?.0.parse().ok()
    });
    times.max().map(|seconds: u64| Duration::from_secs(seconds).max(SHORTEST))
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
        assert!(now.contains_key("Secret web"), "{now:?}");
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
    apply.wait();
    stage.run.apply().success();
    let changed = stage.kubectl.find("argocd", "deployment", "argocd-repo-server").expect("a deployment");
    assert_eq!(changed["spec"]["template"]["metadata"]["annotations"]["release"], "second");
    stage.assert_plans_nothing();
    assert_eq!(stage.uids(), uids, "after a kill while Argo CD was changed");
}
