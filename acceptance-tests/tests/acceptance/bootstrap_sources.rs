//! `gitops_bootstrap` from another source than it was installed from: a newer manifest, a chart; and in another place.

use super::bad_input::CONTROLLER;
use super::bootstraps::{ADDRESS, NAMESPACE, manifest, objects, setting, settings, uid};
use gitops_acceptance_tests::{Case, Kubectl, Namespace, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A newer manifest, with other settings: one apply changes what changed, makes what is new, and removes what the old
/// version had and nothing else.
pub fn is_upgraded(case: &Case, run: &mut Workspace) {
    let kubectl = case.lab().kubectl();
    let theirs = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: theirs, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}\n";
    kubectl.apply(theirs, "somebody");
    let (before, sum) = (objects(&kubectl), run.state().resource(ADDRESS)["manifest_sha256"].clone());
    let server = uid(&kubectl, "deployment", "argocd-server");

    let newer = run.dir().join("newer.yaml");
    fs::write(&newer, newer_than(&fs::read_to_string(manifest(case)).expect("the manifest")))
        .expect("a file");
    run.var("path", newer.to_string_lossy());
    settings(run, "90s", "role:admin");
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    run.plan().assert_empty();

    let after = objects(&kubectl);
    let gone: Vec<_> = before.difference(&after).collect();
    let new: Vec<_> = after.difference(&before).collect();
    assert_eq!(gone, ["service/argocd-notifications-controller-metrics"]);
    assert_eq!(new, ["configmap/argocd-release"]);
    assert!(note(&kubectl, "release").is_some(), "the object of a kind that is as new as itself");
    assert_ne!(run.state().resource(ADDRESS)["manifest_sha256"], sum);
    assert_eq!(setting(&kubectl, "argocd-rbac-cm", "policy.default"), "role:admin");
    assert_eq!(setting(&kubectl, "argocd-cm", "timeout.reconciliation"), "90s");
    let metrics = kubectl.find(NAMESPACE, "service", "argocd-metrics").expect("the Service");
    assert_eq!(metrics["spec"]["ports"][0]["name"], "renamed");
    let notifications = kubectl.find(NAMESPACE, "deployment", "argocd-notifications-controller");
    let template = &notifications.expect("the Deployment")["spec"]["template"];
    assert_eq!(template["metadata"]["labels"]["release"], "newer", "{template}");
    kubectl.run(&[
        "rollout",
        "status",
        "deployment/argocd-notifications-controller",
        "-n",
        NAMESPACE,
        "--timeout=60s",
    ]);
    assert_eq!(uid(&kubectl, "deployment", "argocd-server"), server, "it was made anew");
}

/// A kind of the newer manifest's own.
const NOTES: &str = "notes.bootstrap.example.org";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: notes.bootstrap.example.org
spec:
  group: bootstrap.example.org
  scope: Namespaced
  names: {kind: Note, listKind: NoteList, plural: notes, singular: note}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {text: {type: string}}}}
";
const NOTE: &str =
    "apiVersion: bootstrap.example.org/v1\nkind: Note\nmetadata:\n  name: release\ntext: newer\n";

#[track_caller]
fn note(kubectl: &Kubectl, name: &str) -> Option<Value> {
    kubectl.find(NAMESPACE, NOTES, name)
}

/// Another release of the manifest: a Service that is gone, one that is changed, a Deployment with other pods, a new
/// ConfigMap, a new kind. The object of that kind stands first, and its definition near the end.
fn newer_than(manifest: &str) -> String {
    let of = |document: &str, kind: &str, name: &str| {
        document.contains(&format!("\nkind: {kind}\n")) && document.contains(&format!("\n  name: {name}\n"))
    };
    let change = |document: &str| {
        if of(document, "Service", "argocd-metrics") {
            document.replace("  - name: metrics\n", "  - name: renamed\n")
        } else if of(document, "Deployment", "argocd-notifications-controller") {
            document.replace(
                "  template:\n    metadata:\n      labels:\n",
                "  template:\n    metadata:\n      labels:\n        release: newer\n",
            )
        } else {
            document.to_owned()
        }
    };
    let documents = manifest.split("\n---\n");
    let stays =
        documents.filter(|document| !of(document, "Service", "argocd-notifications-controller-metrics"));
    let new = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-release\ndata:\n  notes: newer\n";
    let all = [NOTE.to_owned()].into_iter().chain(stays.map(change));
    all.chain([DEFINITION, new].map(str::to_owned)).collect::<Vec<_>>().join("\n---\n")
}

/// A chart that renders what is installed, but for the new kind: the change of the source is an update, and so is a change
/// of its values. The object of the kind goes with the first, and the definition when nobody else needs it.
pub fn comes_from_a_chart(case: &Case, run: &mut Workspace) {
    let kubectl = case.lab().kubectl();
    let charts = run.dir().join("charts");
    let newer = fs::read_to_string(run.dir().join("newer.yaml")).expect("the manifest");
    let lacks = newer.split("\n---\n").filter(|document| !document.contains("bootstrap.example.org"));
    write_chart(&charts.join("argo-cd"), lacks.collect::<Vec<_>>().join("\n---\n"));
    kubectl.apply(&NOTE.replace("name: release", "name: theirs\n  namespace: argocd"), "somebody");
    let controller =
        kubectl.find(NAMESPACE, "statefulset", "argocd-application-controller").expect("the controller");
    let chart = |notes: &str| {
        json!({ "repository": charts, "name": "argo-cd", "values": { "notes": notes } }).to_string()
    };
    let applied = run.var("chart", chart("one")).apply().success().says("0 added, 1 changed, 0 destroyed");
    applied.says("An object stays").says("argocd/theirs still needs it");
    assert_eq!(setting(&kubectl, "argocd-chart", "notes"), "one");
    assert_eq!((note(&kubectl, "release"), note(&kubectl, "theirs").is_some()), (None, true));
    run.plan().assert_empty();

    kubectl.run(&["delete", NOTES, "theirs", "-n", NAMESPACE]);
    run.var("chart", chart("two")).apply().success().says("0 added, 1 changed, 0 destroyed");
    assert_eq!(setting(&kubectl, "argocd-chart", "notes"), "two");
    assert_eq!(kubectl.find("", "customresourcedefinition", NOTES), None, "nobody needs it any more");
    run.assert_settled();
    let now =
        kubectl.find(NAMESPACE, "statefulset", "argocd-application-controller").expect("the controller");
    assert_eq!(
        now["metadata"]["generation"], controller["metadata"]["generation"],
        "the chart changed the controller"
    );
}

/// A chart with a manifest in it, and a ConfigMap that its values decide.
fn write_chart(dir: &Path, manifest: String) {
    let notes = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-chart\ndata:\n  notes: {{ .Values.notes | quote }}\n";
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: argo-cd\nversion: 1.0.0\n".to_owned()),
        ("install.yaml", manifest),
        ("templates/install.yaml", format!("{{{{ .Files.Get \"install.yaml\" }}}}\n{notes}")),
    ];
    fs::create_dir_all(dir.join("templates")).expect("a directory");
    for (name, content) in files {
        fs::write(dir.join(name), content).expect("a file of the chart");
    }
}

const SMALL: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

resource "gitops_bootstrap" "argocd" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  source     = { manifest = { path = "small.yaml" } }
}
"#;

/// Written for Argo CD's own namespace; the cluster has one of that name.
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: BINDING}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: argocd-application-controller, namespace: argocd}]
";

/// Another namespace, applied to an installation that runs nothing: the old one goes with its namespace, and what belongs
/// to the whole cluster is then the new one's.
pub fn are_replaced(case: &Case) {
    let (kubectl, binding) = (case.lab().kubectl(), case.name("t"));
    let places = [case.lab().absent_namespace(case), case.lab().absent_namespace(case)];
    let [from, to] = places.each_ref().map(Namespace::name);
    let is_in = |namespace: &str| {
        let bound = kubectl.find("", "clusterrolebinding", &binding).expect("the binding");
        let controller = kubectl.find(namespace, "statefulset", "argocd-application-controller");
        assert_eq!((&bound["subjects"][0]["namespace"], controller.is_some()), (&json!(namespace), true));
    };
    let mut run = case.blocks(SMALL);
    run.write("small.yaml", &format!("{CONTROLLER}---\n{}", BINDING.replace("BINDING", &binding)));
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", from);
    run.apply().success().says("1 added");
    is_in(from);

    run.var("namespace", to).plan().success().assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.apply().success().says("1 added, 0 changed, 1 destroyed");
    run.assert_settled();
    assert!(kubectl.find("", "namespace", from).is_none(), "the old installation's namespace is still there");
    is_in(to);
    assert_eq!(run.state().resource(ADDRESS)["id"], to);

    run.destroy().success();
    assert!(kubectl.find("", "namespace", to).is_none());
    assert!(kubectl.find("", "clusterrolebinding", &binding).is_none());
}
