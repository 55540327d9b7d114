//! `gitops_secret_injection`: its life, what it notices, what it refuses, and that its values are nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Canary, Case, Kubectl, Namespace, Workspace, eventually};
use serde_json::Value;
use std::time::Duration;

pub(crate) const ADDRESS: &str = "gitops_secret_injection.app";

/// The published example, in a namespace of the test's own in the shared cluster.
pub(crate) fn example(case: &Case, namespace: &Namespace) -> Workspace {
    let mut run = case.example("gitops_secret_injection");
    place(&mut run, case, namespace.name(), "app-secrets");
    run
}

fn place(run: &mut Workspace, case: &Case, namespace: &str, name: &str) {
    let kubeconfig = case.lab().expect("KUBECONFIG");
    let text = format!(
        "resource \"gitops_secret_injection\" \"app\" {{\n  kubernetes = {{ config_path = {kubeconfig:?} }}\n  \
         namespace  = {namespace:?}\n  name       = {name:?}\n}}\n"
    );
    run.write("place_override.tf", &text);
}

fn secret(kubectl: &Kubectl, namespace: &Namespace) -> Value {
    kubectl.find(namespace.name(), "secret", "app-secrets").expect("the Secret")
}

/// The Secret's values, decoded.
#[track_caller]
pub(crate) fn assert_values(live: &Value, expected: &[(&str, &str)]) {
    let data = live["data"].as_object().expect("data");
    let decoded: Vec<_> = data
        .iter()
        .map(|(key, value)| {
            let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64");
            (key.clone(), String::from_utf8(bytes).expect("text"))
        })
        .collect();
    let decoded: Vec<_> = decoded.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(decoded, expected);
}

/// From nothing to nothing: create, rotate, import, rename, destroy; the namespace comes and goes with it.
pub fn live_and_die(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().absent_namespace(case));
    let (one, two) = (Canary::new(&mut case.random()), "rotated");
    let mut run = example(case, &namespace);
    run.var("stripe_key", one.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let created = secret(&kubectl, &namespace);
    assert_values(&created, &[("STRIPE_KEY", one.value())]);

    run.var("stripe_key", two);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    let rotated = secret(&kubectl, &namespace);
    assert_values(&rotated, &[("STRIPE_KEY", two)]);
    assert_eq!(rotated["metadata"]["uid"], created["metadata"]["uid"], "rotation made another Secret");

    let id = format!("{}/app-secrets", namespace.name());
    let configured = ["kubernetes", "create_namespace", "required_keys", "timeouts"];
    run.import(ADDRESS, &id).assert_same_but(&configured);
    run.apply().success();
    run.assert_settled();
    if case.cli().imports_by_identity() {
        let identity = format!("{{ namespace = {:?}, name = \"app-secrets\" }}", namespace.name());
        run.import_by_identity(ADDRESS, &identity);
        run.assert_settled();
    }
    assert_eq!(secret(&kubectl, &namespace)["metadata"]["uid"], created["metadata"]["uid"]);

    let again = format!("-replace={ADDRESS}");
    run.command(&["apply", "-auto-approve", "-no-color", &again])
        .success()
        .says("1 added")
        .says("1 destroyed");
    run.assert_settled();
    let anew = secret(&kubectl, &namespace);
    assert_ne!(anew["metadata"]["uid"], created["metadata"]["uid"], "`-replace` kept the Secret");

    place(&mut run, case, namespace.name(), "renamed");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.apply().success();
    run.assert_settled();
    assert!(kubectl.find(namespace.name(), "secret", "app-secrets").is_none());
    run.destroy().success();
    assert!(kubectl.find(namespace.name(), "secret", "renamed").is_none());
    eventually("the end of the namespace", Duration::from_secs(60), || {
        !kubectl.has_namespace(namespace.name())
    });
}

const KEYLESS: &str = r#"{"metadata": {"annotations": {"gitops-rs.github.io/fingerprint-key": null}}}"#;
const CHANGED_AND_KEYLESS: &str = r#"{"stringData": {"STRIPE_KEY": "wrong"},
    "metadata": {"annotations": {"gitops-rs.github.io/fingerprint-key": null}}}"#;

/// What somebody does to the Secret by hand is planned, and undone.
pub fn drift_is_repaired(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let mut run = example(case, &namespace);
    run.var("stripe_key", "right");
    run.apply().success();
    let patch = |patch: &str| kubectl.patch(namespace.name(), "secret", "app-secrets", patch);
    let drifts = [
        ("changed", r#"{"stringData": {"STRIPE_KEY": "wrong"}}"#),
        ("removed", r#"{"data": {"STRIPE_KEY": null}}"#),
        ("added", r#"{"stringData": {"OTHER": "more"}}"#),
        // Without the fingerprint's key nothing can be told of the values.
        ("made unreadable", KEYLESS),
        ("changed and made unreadable", CHANGED_AND_KEYLESS),
    ];
    for (name, drift) in drifts {
        patch(drift);
        let plan = run.plan().success();
        assert_eq!(plan.changes(), [format!("{ADDRESS}: update")], "a key was {name} by hand");
        run.apply().success();
        assert_values(&secret(&kubectl, &namespace), &[("STRIPE_KEY", "right")]);
        run.plan().assert_empty();
    }
    kubectl.run(&["delete", "secret", "app-secrets", "-n", namespace.name()]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    assert_values(&secret(&kubectl, &namespace), &[("STRIPE_KEY", "right")]);
    run.destroy().success();
    assert!(
        kubectl.has_namespace(namespace.name()),
        "a namespace that was there before is not ours to remove"
    );
}

/// Values are in the cluster, and neither in state, plans, output nor logs at the most talkative level.
pub fn values_are_nowhere_else(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().absent_namespace(case));
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let mut run = example(case, &namespace);
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    run.var("stripe_key", one.value());
    run.plan().success();
    run.apply().success();
    assert_values(&secret(&kubectl, &namespace), &[("STRIPE_KEY", one.value())]);
    run.var("stripe_key", two.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    assert_values(&secret(&kubectl, &namespace), &[("STRIPE_KEY", two.value())]);
    run.plan().assert_empty();
    run.destroy().success();
    let traced = std::fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
    }
}

const PLAIN: &str = r#"
variable "namespace" {
  type = string
}

variable "kubernetes" {
  type = object({
    host        = optional(string)
    config_path = optional(string)
  })
  default = null
}

variable "text" {
  type      = map(string)
  ephemeral = true
  default   = { TOKEN = "t" }
}

variable "bytes" {
  type      = map(string)
  ephemeral = true
  default   = null
}

variable "take_ownership" {
  type    = bool
  default = false
}

resource "gitops_secret_injection" "app" {
  kubernetes     = var.kubernetes
  namespace      = var.namespace
  name           = "app-secrets"
  required_keys  = ["TOKEN"]
  data_wo        = var.text
  binary_data_wo = var.bytes
  take_ownership = var.take_ownership
}
"#;

/// What is wrong around the Secret fails the apply, and nothing is in the state.
pub fn what_is_in_the_way_is_named(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().absent_namespace(case));
    let mut run = case.blocks(PLAIN);
    run.var("namespace", namespace.name());
    run.apply().failure().says("does not exist").says("set `create_namespace = true`");
    run.var("kubernetes", r#"{ host = "https://127.0.0.1:1" }"#);
    run.apply().failure().says("https://127.0.0.1:1").says("cannot be reached").says("`kubectl version`");
    run.var("kubernetes", r#"{ config_path = "missing.kubeconfig" }"#);
    run.apply().failure().says("missing.kubeconfig").says("create the cluster that writes it first");
    assert!(run.state().addresses().is_empty());

    run.var("kubernetes", "null");
    kubectl.run(&["create", "namespace", namespace.name()]);
    kubectl.run(&[
        "create",
        "secret",
        "generic",
        "app-secrets",
        "-n",
        namespace.name(),
        "--from-literal=THEIRS=x",
    ]);
    run.apply().failure().says("exists and is not ours").says("take_ownership = true");
    assert_values(&secret(&kubectl, &namespace), &[("THEIRS", "x")]);
    run.var("take_ownership", "true");
    run.apply().success();
    assert_values(&secret(&kubectl, &namespace), &[("TOKEN", "t")]);
    run.plan().assert_empty();
    run.destroy().success();
}

const IMMUTABLE: &str = r#"
variable "namespace" {
  type = string
}

variable "immutable" {
  type    = bool
  default = true
}

variable "team" {
  type    = string
  default = "shop"
}

variable "token" {
  type      = string
  ephemeral = true
}

variable "revision" {
  type    = number
  default = 0
}

variable "take_ownership" {
  type    = bool
  default = false
}

resource "gitops_secret_injection" "app" {
  namespace        = var.namespace
  name             = "app-secrets"
  immutable        = var.immutable
  labels           = { team = var.team }
  data_wo          = { TOKEN = var.token }
  data_wo_revision = var.revision == 0 ? null : var.revision
  take_ownership   = var.take_ownership
}
"#;

/// What Kubernetes does not change in an immutable Secret is made anew, and only that.
pub fn that_are_immutable_are_replaced(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let mut run = case.blocks(IMMUTABLE);
    let (update, replace) = (format!("{ADDRESS}: update"), format!("{ADDRESS}: delete, create"));
    run.var("namespace", namespace.name()).var("token", "one").var("immutable", "false");
    run.apply().success();
    let mut last = secret(&kubectl, &namespace);
    let other = r#"{"stringData": {"OTHER": "more"}}"#;
    // One that becomes immutable while it has a key of somebody else; labels; and a lost key of its fingerprint.
    let steps: [(&str, &str, &str, Option<&str>, &str, &str); 9] = [
        ("becomes immutable", "immutable", "true", Some(other), &update, "one"),
        ("gets a label", "team", "web", None, &update, "one"),
        ("loses its key", "team", "web", Some(KEYLESS), &update, "one"),
        ("gets a value", "token", "two", None, &replace, "two"),
        ("counts by a number", "revision", "1", None, &replace, "two"),
        ("is read anew", "token", "three", None, "", "two"),
        ("is read anew and gets a label", "team", "shop", None, &update, "two"),
        ("gets a number", "revision", "2", None, &replace, "three"),
        ("is to be mutable", "immutable", "false", None, &replace, "three"),
    ];
    for (what, variable, value, by_hand, planned, token) in steps {
        if let Some(patch) = by_hand {
            kubectl.patch(namespace.name(), "secret", "app-secrets", patch);
        }
        run.var(variable, value);
        let changes: &[&str] = if planned.is_empty() { &[] } else { &[planned] };
        assert_eq!(run.plan().success().changes(), changes, "it {what}");
        run.apply().success();
        run.assert_settled();
        let live = secret(&kubectl, &namespace);
        assert_values(&live, &[("TOKEN", token)]);
        assert_eq!(live["immutable"] == true, variable != "immutable" || value == "true", "it {what}");
        let anew = live["metadata"]["uid"] != last["metadata"]["uid"];
        assert_eq!(anew, planned == replace, "it {what}");
        last = live;
    }
    run.destroy().success();

    // Somebody else's stays as it is.
    let theirs = format!(
        r#"{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "app-secrets", "namespace": "{}"}}, "immutable": true, "stringData": {{"TOKEN": "theirs"}}}}"#,
        namespace.name()
    );
    let file = case.dir().join("theirs.json");
    std::fs::write(&file, theirs).expect("a manifest");
    kubectl.run(&["create", "-f", &file.to_string_lossy()]);
    run.var("immutable", "true").var("revision", "0").var("take_ownership", "true");
    run.apply().failure().says("The Secret is immutable").says("Else delete it first");
    assert_values(&secret(&kubectl, &namespace), &[("TOKEN", "theirs")]);
    run.var("token", "theirs");
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
}

/// Values that are none of the type of their Secret fail the plan.
pub fn of_types_are_looked_at(case: &Case) {
    let secret = |name: &str, kind: &str, data: &str| {
        format!(
            "resource \"gitops_secret_injection\" \"{name}\" {{\n  namespace = \"shop\"\n  name = \"{name}\"\n  \
             type = \"kubernetes.io/{kind}\"\n  {data}\n}}\n"
        )
    };
    let blocks = [
        secret(
            "docker",
            "dockerconfigjson",
            "data_wo = { \".dockerconfigjson\" = jsonencode({ (local.value) = 1 }) }",
        ),
        secret(
            "docker-bytes",
            "dockerconfigjson",
            "binary_data_wo = { \".dockerconfigjson\" = base64encode(local.value) }",
        ),
        secret("docker-old", "dockercfg", "data_wo = { \".dockercfg\" = jsonencode({ auths = {} }) }"),
        secret("tls", "tls", "data_wo = { \"tls.crt\" = local.value, \"tls.key\" = local.value }"),
        secret("user", "basic-auth", "data_wo = { user = local.value }"),
        secret("ssh", "ssh-auth", "data_wo = { \"ssh-privatekey\" = local.value }"),
        secret("key", "tls", "data_wo = { \"tls crt\" = local.value }\n  required_keys = [\"tls.crt\"]"),
    ];
    let mut run = case.blocks(&format!("locals {{\n  value = \"hunter2\"\n}}\n{}", blocks.concat()));
    let errors = run.command(&["plan", "-json"]).failure().errors(&[]);
    assert!(!errors.contains("hunter2"), "{errors}");
    insta::assert_snapshot!("values_that_are_none_of_the_type", errors);
}
