//! `gitops_cluster`: its life, with kind and a real engine. Each test makes as few clusters as it can.

use gitops_acceptance_tests::{Case, KindCluster, Kubectl, Workspace, crowd};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ADDRESS: &str = "gitops_cluster.dev";
/// How long kind is at work after its first node, on the fastest machine.
const ALWAYS_AT_WORK: Duration = Duration::from_secs(6);

fn example(case: &Case, cluster: &KindCluster) -> Workspace {
    let mut run = case.example("gitops_cluster");
    run.cluster_fits_the_lab("dev", cluster.name());
    run
}

/// The only node of a cluster that runs.
fn node(cluster: &KindCluster) -> String {
    let nodes = cluster.nodes();
    assert_eq!(nodes.len(), 1, "{nodes:?}");
    nodes[0].clone()
}

/// Create, drift, import, what a change means, another kubeconfig, deletion by hand, create again, destroy.
pub fn live_and_die(case: &Case) {
    let cluster = case.lab().kind_cluster(case);
    let mut run = example(case, &cluster);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let made = node(&cluster);

    let kubeconfig = run.dir().join("dev.kubeconfig");
    assert_private(&kubeconfig);
    let kubectl = case.lab().kubectl().with_kubeconfig(&kubeconfig);
    kubectl.run(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=5s"]);
    assert_no_key_in_state(&run, &kubectl);

    fs::remove_file(&kubeconfig).expect("the kubeconfig goes");
    run.plan().assert_empty();
    kubectl.run(&["version"]);

    let imported = run.import(ADDRESS, &format!("kind/{}", cluster.name()));
    imported.assert_same_but(&["config", "kubeconfig_path", "kubernetes", "node_image", "timeouts"]);
    // Podman has a longer name for it.
    let image = run.state().resource(ADDRESS)["node_image"].as_str().unwrap_or_default().to_owned();
    assert!(image.ends_with(case.lab().expect("KIND_NODE_IMAGE")), "{image}");
    run.apply().success();
    run.assert_settled();
    if case.cli().imports_by_identity() {
        run.import_by_identity(ADDRESS, &format!("{{ name = {:?} }}", cluster.name()));
        run.assert_settled();
    }

    run.write(
        "image_override.tf",
        "resource \"gitops_cluster\" \"dev\" {\n  node_image = \"example.com/node:1\"\n}\n",
    );
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.remove("image_override.tf");
    let kubeconfig = moves_its_kubeconfig(&mut run, &kubectl, &kubeconfig);
    assert_eq!(node(&cluster), made, "the cluster was made anew");

    cluster.delete();
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    assert_ne!(node(&cluster), made);
    run.destroy().success();
    assert!(!cluster.exists());
    assert!(!kubeconfig.exists(), "the kubeconfig of a cluster that is gone");
}

#[track_caller]
fn assert_private(kubeconfig: &Path) {
    let mode = fs::metadata(kubeconfig).expect("the kubeconfig").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others may read the kubeconfig");
}

/// Another path is an update: the kubeconfig, and what lies beside it, are there and no longer at `from`. Answers the
/// path, which stays.
fn moves_its_kubeconfig(run: &mut Workspace, kubectl: &Kubectl, from: &Path) -> PathBuf {
    let to = run.dir().join("moved/kubeconfig");
    let block = "resource \"gitops_cluster\" \"dev\" {\n  kubeconfig_path = \"moved/kubeconfig\"\n}\n";
    run.write("kubeconfig_override.tf", block);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    assert!(from.exists() && !to.exists(), "the plan has moved it");
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.assert_settled();
    assert_private(&to);
    kubectl.clone().with_kubeconfig(&to).run(&["get", "namespace", "kube-system"]);
    let left: Vec<_> = [from.to_owned(), journal(from)].into_iter().filter(|file| file.exists()).collect();
    assert!(left.is_empty(), "still there: {left:?}");
    assert!(journal(&to).exists(), "the journal is lost");
    to
}

/// What this machine knows of a cluster, beside its kubeconfig.
fn journal(kubeconfig: &Path) -> PathBuf {
    PathBuf::from(format!("{}.kind.json", kubeconfig.display()))
}

/// The client key of the kubeconfig is not in the state.
fn assert_no_key_in_state(run: &Workspace, kubectl: &Kubectl) {
    let config = kubectl.run(&["config", "view", "--raw", "-o", "json"]).json();
    let key = config["users"][0]["user"]["client-key-data"].as_str().expect("a client key").to_owned();
    let state = fs::read_to_string(run.dir().join("terraform.tfstate")).expect("the state");
    assert!(key.len() > 100 && !state.contains(&key), "the client key is in the state");
}

/// A provider that was killed, and one that was interrupted, while kind worked: the next apply makes it whole.
pub fn half_made_are_made_whole(case: &Case) {
    let cluster = case.lab().kind_cluster(case);
    let mut random = case.random();
    let mut run = example(case, &cluster);
    run.init();

    let mut apply = run.start_apply();
    assert!(apply.until(|_| !cluster.nodes().is_empty()), "kind did not start");
    let moment = apply.elapsed() + random.moment(ALWAYS_AT_WORK);
    assert!(apply.kill_provider_at(moment), "the provider had ended");
    apply.wait().failure();
    assert!(run.state().addresses().is_empty());

    let mut apply = run.start_apply();
    let moment = random.moment(ALWAYS_AT_WORK);
    assert!(apply.until(|apply| !apply.providers().is_empty()), "the provider did not start");
    assert!(apply.until(|_| !cluster.nodes().is_empty()), "kind did not start");
    let moment = apply.elapsed() + moment;
    assert!(apply.interrupt_at(moment), "the apply had ended");
    let outcome = apply.wait().failure();
    let answered = outcome.elapsed.saturating_sub(moment);
    assert!(answered < Duration::from_secs(5).mul_f64(crowd()), "{}", outcome.report("was to end at once"));
    assert!(run.state().addresses().is_empty());

    run.apply().success();
    run.assert_settled();
    run.destroy().success();
    assert!(!cluster.exists());
}

const FOUND: &str = r#"
variable "name" {
  type = string
}

variable "config_path" {
  type = string
}

data "gitops_cluster" "by_name" {
  name            = var.name
  kubeconfig_path = "found.kubeconfig"
}

data "gitops_cluster" "by_access" {
  access = { config_path = var.config_path }
}

output "by_name" {
  value = data.gitops_cluster.by_name
}

output "by_access" {
  value = data.gitops_cluster.by_access
}
"#;

/// The data source on a cluster that somebody else made, by its name and by the way to it; and on none.
pub fn of_others_are_found(case: &Case) {
    let (lab, kubectl) = (case.lab(), case.lab().kubectl());
    let mut run = case.blocks(FOUND);
    run.var("name", "gitops").var("config_path", lab.expect("KUBECONFIG"));
    run.apply().success();
    let state = run.state();
    let version = kubectl.run(&["version", "-o", "json"]).json()["serverVersion"]["gitVersion"].clone();
    let uid = kubectl.find("", "namespace", "kube-system").expect("kube-system")["metadata"]["uid"].clone();
    for way in ["by_name", "by_access"] {
        let found = state.output(way);
        assert_eq!((&found["kubernetes_version"], &found["uid"]), (&version, &uid), "{way}");
        assert_eq!(found["kubernetes"]["uid"], uid, "{way}");
    }
    // It carries no mark, and is still told from a later one of its name.
    let id = state.output("by_name")["kubernetes"]["engine"]["id"].as_str().unwrap_or_default().to_owned();
    assert!(id.split_once("-unmarked-").is_some_and(|(_, authority)| authority.len() == 10), "{id}");
    let kubeconfig = run.dir().join("found.kubeconfig");
    kubectl.with_kubeconfig(&kubeconfig).run(&["get", "namespace", "kube-system"]);
    assert_no_key_in_state(&run, &lab.kubectl().with_kubeconfig(&kubeconfig));

    run.var("name", "gitops-none");
    run.plan().fails("There is no kind cluster `gitops-none` on this machine");
    run.var("name", "gitops").var("config_path", "missing.kubeconfig");
    run.plan().fails("missing.kubeconfig");
}
