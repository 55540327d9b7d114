//! Ctrl-C, an API server that dies, a cluster that is replaced, and one that is deleted by hand: on three clusters and
//! a half-made one in all, one after the other.

use super::stage::{GREETING, Stage, Uids, assert_kept};
use gitops_acceptance_tests::{Case, Outcome, Running, crowd, eventually};
use std::time::Duration;

/// How soon a provider has ended after Ctrl-C, and the CLI, which writes its state afterwards.
const ANSWER: Duration = Duration::from_secs(2);
const END: Duration = Duration::from_secs(3);

/// How long an API server may take to come back.
const BACK: Duration = Duration::from_secs(180);

/// Ctrl-C while kind works; Ctrl-C and the death of the API server while Argo CD comes up, and while it runs; then the
/// cluster is replaced; then it is lost; then Ctrl-C while a tenant goes; then the cluster is lost for good.
pub fn survives_interrupts_and_losses(case: &Case) {
    let mut stage = Stage::set_with_knobs(case);
    stage.run.init();
    let half_made = interrupted_while_kind_works(&mut stage);
    let early = interrupted_while_argocd_comes_up(&mut stage);
    let made = stage.cluster.nodes();
    assert!(made.len() == 1 && !half_made.contains(&made[0]), "{made:?} after {half_made:?}");
    dies_while_argocd_comes_up(&mut stage);
    stage.assert_runs(GREETING);
    stage.run.assert_settled();
    assert_kept(&early, &stage.uids(), "after an interrupt and the death of the API server");
    dies_while_it_runs(&mut stage);
    interrupted_while_it_changes(&mut stage);
    replaced(&mut stage);

    stage.cluster.delete();
    stage.run.apply().success();
    stage.assert_runs(GREETING);
    stage.run.assert_settled();
    interrupted_while_a_tenant_goes(&mut stage);
    stage.cluster.delete();
    stage.end();
}

/// Ctrl-C reaches kind's host while kind works, and kind ends with it: nothing is stored, and what is left of the cluster
/// is told. Answers its nodes, which the next apply replaces.
fn interrupted_while_kind_works(stage: &mut Stage) -> Vec<String> {
    let mut apply = stage.run.start_apply();
    assert!(apply.until(|_| !stage.cluster.nodes().is_empty()), "kind did not start");
    let outcome = interrupt(apply);
    assert!(stage.run.state().addresses().is_empty());
    let left = stage.cluster.nodes();
    if !left.is_empty() {
        let name = stage.cluster.name();
        outcome
            .says(&format!("The kind cluster `{name}` may be there, half-made, and is not in the state"))
            .says(&format!("To remove it instead: `kind delete cluster --name {name}`"));
    }
    left
}

/// Ctrl-C is answered at once, and all that was made is in the state, untainted.
fn interrupted_while_argocd_comes_up(stage: &mut Stage) -> Uids {
    let mut apply = stage.run.start_apply();
    let kubeconfig = stage.run.dir().join("kubeconfig");
    let installing = || stage.kubectl.find("argocd", "deployment", "argocd-server").is_some();
    assert!(apply.until(|_| kubeconfig.exists() && installing()), "Argo CD was not installed");
    interrupt(apply);
    let state = stage.run.state();
    let made = [
        "gitops_bootstrap.argocd",
        "gitops_cluster.this",
        "gitops_secret_injection.repository",
        "gitops_secret_injection.web",
    ];
    assert_eq!(state.addresses(), made, "what was made is not what is in the state");
    assert_untainted(stage);
    stage.early_uids()
}

#[track_caller]
fn assert_untainted(stage: &mut Stage) {
    let changes = stage.run.plan().success().changes();
    let replaced: Vec<_> = changes.iter().filter(|change| change.contains("delete")).collect();
    assert!(replaced.is_empty(), "the interrupt has tainted {replaced:?}");
}

/// Ctrl-C while a tenant changes: all of it stays in the state, and the next apply goes on.
fn interrupted_while_it_changes(stage: &mut Stage) {
    let (uids, before) = (stage.uids(), stage.run.state());
    stage.run.var("greeting", "after the interrupt");
    let mut apply = stage.run.start_apply();
    assert!(apply.until(|apply| apply.said("gitops_tenant.acme: Modifying...")), "nothing was to be changed");
    interrupt(apply);
    assert_eq!(stage.run.state().addresses(), before.addresses(), "of the interrupt");
    assert_untainted(stage);
    stage.run.apply().success();
    stage.assert_runs("after the interrupt");
    stage.run.assert_settled();
    assert_eq!(stage.uids(), uids, "after an interrupt");
    stage.run.var("greeting", GREETING);
}

/// Ctrl-C while a tenant goes: the next destroy of it goes on, and an apply brings it back.
fn interrupted_while_a_tenant_goes(stage: &mut Stage) {
    let destroy = ["destroy", "-auto-approve", "-no-color", "-target=gitops_tenant.acme"];
    let mut going = stage.run.start(&destroy);
    assert!(going.until(|going| going.said("gitops_tenant.acme: Destroying...")), "nothing was to go");
    interrupt(going);
    assert!(stage.run.state().addresses().contains(&"gitops_tenant.acme"), "the tenant is lost");
    stage.run.command(&destroy).success();
    let left: Vec<_> = stage.repository.files().into_iter().filter(|path| path.contains("acme")).collect();
    assert!(left.is_empty(), "the tenant is still in the repository: {left:?}");
    assert!(stage.kubectl.find("argocd", "application.argoproj.io", "acme").is_none());
    stage.run.apply().success().says("1 added").says("0 destroyed");
    stage.assert_runs(GREETING);
    stage.run.assert_settled();
}

fn interrupt(mut apply: Running) -> Outcome {
    let answered = apply.interrupt();
    let outcome = apply.wait().failure();
    let answered = answered.unwrap_or_else(|| panic!("{}", outcome.report("was to be interrupted")));
    let crowd = crowd();
    let soon = answered.providers < ANSWER.mul_f64(crowd) && answered.cli < END.mul_f64(crowd);
    let report = outcome.report("was to end at once");
    assert!(soon, "{answered:?}, of which {crowd:.1} times the limit is allowed: {report}");
    outcome
}

/// The apply that goes on after the interrupt loses the API server.
fn dies_while_argocd_comes_up(stage: &mut Stage) {
    let mut apply = stage.run.start_apply();
    // Where the plan before took long, all of Argo CD was up by then.
    let goes_on = ["gitops_bootstrap.argocd: Modifying...", "gitops_root_app.platform: Creating..."];
    assert!(apply.until(|apply| goes_on.iter().any(|line| apply.said(line))), "nothing was left to do");
    the_api_server_dies(stage);
    goes_on_or_names_the_server(stage, apply.wait());
    back(stage);
    stage.run.apply().success();
}

/// A change of everything loses the API server.
fn dies_while_it_runs(stage: &mut Stage) {
    let uids = stage.uids();
    stage.run.var("greeting", "after the outage").var("retries", "7").var("api_token", "rotated");
    let mut apply = stage.run.start_apply();
    assert!(apply.until(|apply| apply.said("Modifying...")), "nothing was to be changed");
    the_api_server_dies(stage);
    goes_on_or_names_the_server(stage, apply.wait());
    back(stage);
    stage.run.apply().success();
    stage.assert_runs("after the outage");
    stage.run.assert_settled();
    assert_eq!(stage.uids(), uids, "after the death of the API server");
    stage.run.var("greeting", GREETING);
}

#[track_caller]
fn the_api_server_dies(stage: &Stage) {
    stage.cluster.in_node(&["pkill", "-KILL", "-x", "kube-apiserver"]).success();
}

/// Waits until the node has started it again.
#[track_caller]
fn back(stage: &Stage) {
    let ready = || {
        let asked = ["get", "--raw=/readyz", "--request-timeout=5s"];
        stage.kubectl.try_run(&asked, Duration::from_secs(10)).code == Some(0)
    };
    eventually("the API server's return", BACK, ready);
}

/// An apply either outlasts the outage, or says who did not answer.
#[track_caller]
fn goes_on_or_names_the_server(stage: &mut Stage, outcome: Outcome) {
    if outcome.code == Some(0) {
        return;
    }
    let state = stage.run.state();
    let server = state.resource("gitops_cluster.this")["endpoint"].as_str().expect("an endpoint");
    outcome.failure().says(server);
}

/// Another configuration of kind is another cluster, and the same apply fills it.
fn replaced(stage: &mut Stage) {
    let before = stage.uids();
    let config = format!("{}\n# another\n", stage.config);
    stage.run.var("kind_config", config);
    let plan = stage.run.plan().success();
    assert!(
        plan.changes().contains(&"gitops_cluster.this: delete, create".to_owned()),
        "{:?}",
        plan.changes()
    );
    stage.run.apply().success();
    stage.assert_runs(GREETING);
    stage.run.assert_settled();
    let now = stage.uids();
    let kept: Vec<_> = before.iter().filter(|(object, uid)| now.get(*object) == Some(uid)).collect();
    assert!(kept.is_empty(), "the cluster was not replaced: {kept:?}");
}
