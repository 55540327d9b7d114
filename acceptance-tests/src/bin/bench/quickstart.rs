//! The whole quickstart in one apply against the same steps by hand, and what its second plan costs.

use crate::by_hand::{Hands, Recipe};
use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Repository, Workspace, eventually};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the second plan is made in each round; beside the apply it costs nothing.
const PLANS: usize = 5;

/// One apply of `examples/quickstart`.
struct Apply {
    run: Workspace,
    repository: Repository,
    kubectl: Kubectl,
    cluster: KindCluster,
}

/// What all rounds measured.
#[derive(Default)]
struct Times {
    ours: Samples,
    by_hand: Samples,
    plan: Samples,
    empty: Samples,
}

/// Two rows, and what the steps of the last round took.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let case = setting.case("quickstart");
    case.lab().engine()?;
    case.lab().git()?;
    let mut times = Times::default();
    let mut notes = Vec::new();
    for _ in 0..setting.rounds {
        notes = round(setting, &case, &mut times);
    }
    let mut rows = vec![Row::Measured {
        what: "all of it, by hand".to_owned(),
        unit: Unit::Seconds,
        ours: times.ours,
        theirs: Some(times.by_hand),
        goal: Goal::Times(1.1),
    }];
    rows.extend(notes.into_iter().map(Row::Note));
    let added = times.plan.beyond(times.empty.median());
    let row = |what: &str, ours, goal| Row::Measured {
        what: what.to_owned(),
        unit: Unit::Seconds,
        ours,
        theirs: None,
        goal,
    };
    rows.push(row("second plan, whole command", times.plan, Goal::None));
    rows.push(row("plan of nothing, the CLI alone", times.empty, Goal::None));
    rows.push(row("second plan, the provider", added, Goal::Limit(1.0)));
    Ok(rows)
}

/// One turn of each: clusters are gone before the next begins. Says what the steps took.
fn round(setting: &Setting, case: &Case, times: &mut Times) -> Vec<String> {
    let mut apply = Apply::prepare(setting, case);
    let outcome = apply.run.apply().success();
    times.ours.add_time(outcome.elapsed);
    let ours = end_state(&apply.kubectl);
    plans(case, &mut apply, times);
    let recipe = Recipe::of(&apply.kubectl, &apply.repository);
    apply.end();

    let mut hands = Hands::prepare(case, recipe);
    times.by_hand.add_time(hands.work());
    assert_eq!(ours, end_state(hands.kubectl()), "what runs after the apply, and after the work by hand");
    vec![format!("ours: {}", completions(&outcome.stdout)), format!("by hand: {}", hands.steps())]
}

/// The second plan, and the plan of a configuration without any provider.
fn plans(case: &Case, apply: &mut Apply, times: &mut Times) {
    let mut empty = case.configuration("output \"nothing\" {\n  value = 1\n}\n");
    empty.apply().success();
    let arguments = ["plan", "-no-color", "-detailed-exitcode"];
    for _ in 0..PLANS {
        times.plan.add_time(apply.run.command(&arguments).success().elapsed);
        times.empty.add_time(empty.command(&arguments).success().elapsed);
    }
}

impl Apply {
    fn prepare(setting: &Setting, case: &Case) -> Self {
        let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
        let repository = lab.repository_of(case, &case.project().join("examples/quickstart/repository"));
        let token = Canary::new(&mut case.random());
        let mut run = case.workspace("examples/quickstart");
        setting.supply(case, &mut run);
        run.quickstart_fits_the_lab(&cluster, &repository).var("api_token", token.value());
        run.init();
        let kubectl = lab.kubectl().with_kubeconfig(&run.dir().join("kubeconfig"));
        Self { run, repository, kubectl, cluster }
    }

    /// Everything goes, so that the next turn finds the machine as this one did.
    fn end(mut self) {
        self.run.destroy().success();
        assert!(!self.cluster.exists());
    }
}

/// What runs: Applications with their sync and health, workloads with what of them is ready, and the secrets.
///
/// # Panics
/// When an Application is not healthy soon: what lies above a tenant looks at it again only after it is done.
fn end_state(kubectl: &Kubectl) -> BTreeSet<String> {
    let list = |arguments: &[&str]| kubectl.run(&[&["get", "--no-headers"], arguments].concat()).stdout;
    let applications = "-o=custom-columns=:metadata.name,:status.sync.status,:status.health.status";
    let apps = || list(&["applications.argoproj.io", "-n", "argocd", applications]);
    eventually("healthy Applications", Duration::from_secs(120), || {
        let apps = apps();
        apps.lines().count() == 4 && apps.lines().all(|app| app.contains("Synced") && app.contains("Healthy"))
    });
    let workloads = "-o=custom-columns=:kind,:metadata.namespace,:metadata.name,:status.readyReplicas";
    let secrets = "-o=custom-columns=:kind,:metadata.namespace,:metadata.name";
    let text = [
        apps(),
        list(&["deployments,statefulsets", "-A", workloads]),
        list(&["secret/web", "-n", "web", secrets]),
        list(&["secret/platform-repository", "-n", "argocd", secrets]),
    ];
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.iter().flat_map(|text| text.lines().map(words)).collect()
}

/// What the CLI says about how long each resource took: `cluster 31s, web 0s`.
fn completions(output: &str) -> String {
    let said = output.lines().filter_map(|line| {
        let (address, rest) = line.split_once(": Creation complete after ")?;
        Some(format!("{} {}", address.strip_prefix("gitops_")?, rest.split_whitespace().next()?))
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_are_read() {
        let output = "gitops_cluster.this: Creating...\ngitops_cluster.this: Still creating... [10s elapsed]\n\
            gitops_cluster.this: Creation complete after 31s [id=kind/x]\n\
            gitops_bootstrap.argocd: Creation complete after 1m2s [id=argocd]\n\nApply complete!\n";
        assert_eq!(completions(output), "cluster.this 31s, bootstrap.argocd 1m2s");
    }
}
