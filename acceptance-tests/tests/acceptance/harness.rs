//! The harness itself, on resources that the CLIs bring along: what the other tests stand on is tried here.

use gitops_acceptance_tests::{Canary, Case};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const DATA: &str = r#"
variable "input" {
  type    = string
  default = "one"
}

resource "terraform_data" "this" {
  input = var.input
}

output "shown" {
  value     = terraform_data.this.output
  sensitive = true
}
"#;

/// Apply, settle, read the state, import, destroy.
pub fn an_apply_settles_and_is_destroyed(case: &Case) {
    let mut run = case.configuration(DATA);
    run.apply().success().says("1 added");
    run.assert_settled();
    let state = run.state();
    assert_eq!(state.addresses(), ["terraform_data.this"]);
    assert_eq!(state.output("shown"), "one");
    let id = state.resource("terraform_data.this")["id"].as_str().expect("an id").to_owned();
    run.import("terraform_data.this", &id).assert_same_but(&["input", "output"]);
    run.destroy().success();
    assert!(run.state().addresses().is_empty());
}

/// A changed variable is planned, and an expectation of emptiness then fails.
pub fn a_change_is_planned(case: &Case) {
    let mut run = case.configuration(DATA);
    run.apply().success();
    run.var("input", "two");
    let plan = run.plan().success().assert_changes(&["terraform_data.this: update"]);
    assert!(catch_unwind(AssertUnwindSafe(|| plan.assert_empty())).is_err());
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
}

const REFUSED: &str = r#"
variable "sum" {
  type    = number
  default = 2
}

resource "terraform_data" "this" {
  lifecycle {
    precondition {
      condition     = var.sum == 3
      error_message = "The sum of one and one, which is two wherever it was asked, was expected to be three."
    }
  }
}
"#;

/// A failure shows what was said, and a success demanded of it fails.
pub fn a_failure_is_reported(case: &Case) {
    let mut run = case.configuration(REFUSED);
    let outcome = run.apply().failure().says("which is two wherever it was asked, was expected to be three");
    assert!(catch_unwind(AssertUnwindSafe(|| outcome.success())).is_err());
    run.plan().fails("The sum of one and one");
}

/// An interrupt in the middle of an apply ends it, and the next apply goes on.
pub fn an_interrupt_ends_an_apply(case: &Case) {
    let main = "resource \"terraform_data\" \"this\" {\n  provisioner \"local-exec\" {\n    command = \"touch started; test -e fast || sleep 300\"\n  }\n}\n";
    let mut run = case.configuration(main);
    let started = run.dir().join("started");
    let mut apply = run.start_apply();
    assert!(apply.until(|_| started.exists()), "the provisioner did not start");
    let moment = apply.elapsed();
    assert!(apply.interrupt_at(moment));
    let outcome = apply.wait().failure();
    assert!(outcome.elapsed < Duration::from_secs(60), "{}", outcome.report("was to end at once"));
    run.write("fast", "");
    run.apply().success();
    run.destroy().success();
}

/// What the search for secrets must find: this resource keeps its input in the state and the plan.
pub fn secrets_are_found_in_state_and_plan(case: &Case) {
    let canary = Canary::new(&mut case.random());
    let mut run = case.configuration(DATA);
    run.var("input", canary.value());
    run.plan().success();
    let plan = run.dir().read_dir().expect("a directory").flatten().map(|entry| entry.path());
    let plan = plan.into_iter().find(|path| path.to_string_lossy().contains("plan-")).expect("a plan");
    assert!(catch_unwind(|| canary.assert_absent(&plan)).is_err(), "not found in the plan");
    run.apply().success();
    let state = run.dir().join("terraform.tfstate");
    assert!(catch_unwind(|| canary.assert_absent(&state)).is_err(), "not found in the state");
    canary.assert_absent(&run.dir().join("main.tf"));
    run.destroy().success();
}

/// An object goes in, comes out, and ends with its namespace.
pub fn the_cluster_takes_and_gives_objects(case: &Case) {
    let kubectl = case.lab().kubectl();
    let namespace = case.lab().namespace(case);
    let name = namespace.name();
    let manifest = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {name}}}\ndata: {{b: c}}\n"
    );
    kubectl.apply(&manifest, "harness");
    assert_eq!(kubectl.find(name, "configmap", "a").expect("the ConfigMap")["data"]["b"], "c");
    assert!(kubectl.find(name, "configmap", "other").is_none());
}

/// Two writers, and every object of the history in the search.
pub fn repositories_are_read_and_written(case: &Case) {
    let canary = Canary::new(&mut case.random());
    let repository = case.lab().repository(case, &[("apps/a.yaml", "a: 1\n")]);
    assert_eq!(
        (repository.files().as_slice(), repository.read("apps/a.yaml").as_deref()),
        (["apps/a.yaml".to_owned()].as_slice(), Some("a: 1\n"))
    );
    repository.write("b", canary.value());
    repository.write("b", "nothing");
    assert_eq!((repository.log().len(), repository.read("b").as_deref()), (3, Some("nothing")));
    let objects = repository.objects();
    assert!(catch_unwind(|| canary.assert_absent(&objects)).is_err(), "not found in the history");
}

/// The same addresses serve this machine and a pod: over HTTP with the password, over ssh with the key.
pub fn pods_reach_the_git_server(case: &Case) {
    let (lab, kubectl) = (case.lab(), case.lab().kubectl());
    let namespace = lab.namespace(case);
    let repository = lab.repository(case, &[("a", "b")]);
    let file = |name: &str| std::fs::read_to_string(lab.expect(name)).expect("a file of the lab");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git", "namespace": namespace.name()},
        "stringData": {
            "username": lab.expect("LAB_GIT_USERNAME"), "password": lab.expect("LAB_GIT_PASSWORD"),
            "key": file("LAB_GIT_SSH_KEY"), "known_hosts": file("LAB_GIT_KNOWN_HOSTS"),
        },
    });
    kubectl.apply(&secret.to_string(), "harness");
    // The kubelet puts the password into the address.
    let http = repository.url().replacen("://", "://$(USERNAME):$(PASSWORD)@", 1);
    for (name, address) in [("over-http", http), ("over-ssh", repository.ssh_url())] {
        let mut pod = asks_git(lab.expect("ARGOCD_VERSION"), &address);
        pod["metadata"] = json!({"name": name, "namespace": namespace.name()});
        kubectl.apply(&pod.to_string(), "harness");
    }
    for pod in ["pod/over-http", "pod/over-ssh"] {
        let done = "jsonpath={.status.phase}=Succeeded";
        kubectl.wait(namespace.name(), pod, done, Duration::from_secs(180));
    }
}

/// A pod that asks the server at `address` for its branch. Argo CD's image has the Git client, and the ssh, that matter;
/// ssh takes a key that others may read as long as it is theirs.
fn asks_git(version: &str, address: &str) -> Value {
    let ssh = "ssh -i /secret/key -o UserKnownHostsFile=/secret/known_hosts -o StrictHostKeyChecking=yes";
    let value = |key: &str| json!({"secretKeyRef": {"name": "git", "key": key}});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "git", "image": format!("quay.io/argoproj/argocd:{version}"),
                "command": ["git", "ls-remote", "--exit-code", address, "main"],
                "env": [
                    {"name": "USERNAME", "valueFrom": value("username")},
                    {"name": "PASSWORD", "valueFrom": value("password")},
                    {"name": "GIT_SSH_COMMAND", "value": ssh},
                ],
                "volumeMounts": [{"name": "secret", "mountPath": "/secret"}],
            }],
            "volumes": [{"name": "secret", "secret": {"secretName": "git"}}],
        },
    })
}
