//! `gitops_addon` with the real controller of Sealed Secrets, in a namespace of its own: somebody else's that is left
//! alone, and one of ours from the first apply to the last.

use crate::sealed_secrets_controller::{LABEL, define, install, manifest, version};
use gitops_acceptance_tests::{Case, Kubectl, Workspace};
use serde_json::json;
use std::fs;
use std::path::Path;

const ADDRESS: &str = "gitops_addon.sealed_secrets";
const NAME: &str = "sealed-secrets-controller";

/// What the test chooses.
const VARIABLES: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "images" {
  type    = map(string)
  default = {}
}

variable "if_absent" {
  type    = bool
  default = null
}

variable "chart" {
  type    = any
  default = null
}
"#;

/// What the published example leaves to the cluster and the registry.
const PLACE: &str = r#"
resource "gitops_addon" "sealed_secrets" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  images     = var.images
  if_absent  = var.if_absent
}
"#;

/// The published example without the keys that it waits for.
fn example(case: &Case, namespace: &str) -> Workspace {
    let mut run = case.example("gitops_addon");
    let path = case.project().join("examples/resources/gitops_addon/resource.tf");
    let text = fs::read_to_string(path).expect("the example");
    let alone = text.replace("  depends_on = [gitops_sealing_key.sealed_secrets]\n", "");
    assert_ne!(text, alone, "the example waits for no keys");
    run.write("example.tf", &alone).write("variables.tf", VARIABLES).write("place_override.tf", PLACE);
    run.write("controller.yaml", &manifest(namespace));
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace);
    run
}

fn uid(kubectl: &Kubectl, namespace: &str) -> String {
    let found = kubectl.find(namespace, "deployment", NAME).expect("the controller");
    found["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

/// A ConfigMap that one version of the manifest has and another lacks.
fn more(namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: of-one-version, namespace: {namespace}}}\n"
    )
}

pub fn live_and_die(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let name = namespace.name();
    install(&kubectl, &namespace);
    let mut run = example(case, name);

    // Somebody else's: an error, unless it is to be left alone.
    run.apply().failure().says("exist and are not ours").says("take_ownership");
    run.var("if_absent", "true");
    let theirs = uid(&kubectl, name);
    run.apply().success();
    run.assert_settled();
    let state = run.state();
    let status = state.resource(ADDRESS);
    assert_eq!((&status["managed"], &status["version"]), (&json!(false), &json!(version())));
    assert_eq!(status["service"], json!({ "namespace": name, "name": NAME }));
    let live = kubectl.find(name, "deployment", NAME).expect("the controller");
    assert!(live["metadata"]["labels"]["gitops-rs.github.io/owner"].is_null(), "it was written to");
    run.destroy().success();
    assert_eq!(uid(&kubectl, name), theirs);

    // Ours, through a registry that stands in for another one. An image that is not there makes the first wait fail.
    let kinds = "deployment,service,serviceaccount,rolebinding";
    kubectl.run(&["delete", kinds, NAME, "-n", name]);
    kubectl.run(&["delete", "secret", "-n", name, "-l", LABEL]);
    define(&kubectl);
    run.write("controller.yaml", &format!("{}{}", manifest(name), more(name)));
    run.var("images", r#"{ "docker.io/bitnami" = "localhost:1/bitnami" }"#);
    run.write(
        "timeouts_override.tf",
        "resource \"gitops_addon\" \"sealed_secrets\" {\n  timeouts = { create = \"20s\" }\n}\n",
    );
    run.apply().failure().says("not done within 20s").says("Apply again to go on waiting");
    assert!(run.state().addresses().is_empty());
    run.remove("timeouts_override.tf");
    run.var("images", "{}");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let state = run.state();
    let status = state.resource(ADDRESS).clone();
    assert_eq!(
        (&status["managed"], &status["ready"], &status["objects"]),
        (&json!(true), &json!(true), &json!(5))
    );
    let made = uid(&kubectl, name);

    // What somebody deleted or changed is put right.
    kubectl.run(&["delete", "service", NAME, "-n", name]);
    let plan = run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    plan.outcome.says(&format!("Gone: Service {name}/{NAME}"));
    run.apply().success();
    run.assert_settled();

    // What another version lacks is removed, and the rest stays.
    assert!(kubectl.find(name, "configmap", "of-one-version").is_some());
    run.write("controller.yaml", &manifest(name));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert!(kubectl.find(name, "configmap", "of-one-version").is_none());

    run.import(ADDRESS, &format!("sealed-secrets/{name}")).assert_same_but(&[
        "kubernetes",
        "source",
        "images",
        "if_absent",
        "manifest_sha256",
        "timeouts",
    ]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(uid(&kubectl, name), made, "it was made anew");

    // The private key outlives the controller.
    run.destroy().success().says("Private keys stay").says("sealed-secrets-key");
    assert!(kubectl.find(name, "deployment", NAME).is_none());
    let keys = kubectl.run(&["get", "secret", "-n", name, "-l", LABEL, "-o", "name"]);
    assert_eq!(keys.stdout.lines().count(), 1, "{}", keys.stdout);
}

/// What the chart is installed with.
const CHART: &str = r#"
resource "gitops_addon" "sealed_secrets" {
  source = { chart = var.chart }
}
"#;

/// Installed from a chart; other values; a newer version; a manifest with the same objects.
pub fn come_from_charts(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let name = namespace.name();
    define(&kubectl);
    let mut run = example(case, name);
    let charts = run.dir().join("charts");
    let chart = |notes: &str| {
        json!({ "repository": charts, "name": "sealed-secrets", "values": { "notes": notes } }).to_string()
    };
    write_chart(&charts.join("sealed-secrets"), "1.0.0");
    run.write("chart_override.tf", CHART).var("chart", chart("one"));
    run.apply().success();
    run.assert_settled();
    let state = run.state();
    let status = state.resource(ADDRESS).clone();
    assert_eq!((&status["version"], &status["objects"]), (&json!(version()), &json!(5)));
    assert_eq!((&status["managed"], &status["ready"]), (&json!(true), &json!(true)));
    assert_eq!(status["service"], json!({ "namespace": name, "name": NAME }));
    let notes = || kubectl.find(name, "configmap", "of-the-chart").map(|live| live["data"].clone());
    assert_eq!(notes(), Some(json!({ "notes": "one", "chart": "1.0.0" })));
    let made = uid(&kubectl, name);

    run.var("chart", chart("two"));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(notes(), Some(json!({ "notes": "two", "chart": "1.0.0" })));
    write_chart(&charts.join("sealed-secrets"), "1.1.0");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(notes(), Some(json!({ "notes": "two", "chart": "1.1.0" })));
    assert_ne!(run.state().resource(ADDRESS)["manifest_sha256"], status["manifest_sha256"]);

    // A chart that is not there any more is no reason to do anything to what runs.
    run.var("chart", json!({ "repository": charts, "name": "gone" }).to_string());
    run.apply().failure().says("holds no chart").says("with a file `Chart.yaml`");
    assert_eq!(uid(&kubectl, name), made);

    run.remove("chart_override.tf");
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.assert_settled();
    assert_eq!((notes(), uid(&kubectl, name)), (None, made), "what only the chart has stayed");
    run.destroy().success();
    assert!(kubectl.find(name, "deployment", NAME).is_none());
}

/// A chart of the controller that the lab has, and a ConfigMap that its version and its values decide.
fn write_chart(dir: &Path, version_of_chart: &str) {
    let app = version();
    let notes = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-the-chart}\n\
                 data: {notes: {{ .Values.notes | quote }}, chart: {{ .Chart.Version | quote }}}\n";
    let files = [
        (
            "Chart.yaml",
            format!("apiVersion: v2\nname: sealed-secrets\nversion: {version_of_chart}\nappVersion: {app}\n"),
        ),
        (
            "templates/controller.yaml",
            manifest("{{ .Release.Namespace }}").replace(app, "{{ .Chart.AppVersion }}"),
        ),
        ("templates/notes.yaml", notes.to_owned()),
    ];
    fs::create_dir_all(dir.join("templates")).expect("a directory");
    for (name, content) in files {
        fs::write(dir.join(name), content).expect("a file of the chart");
    }
}
