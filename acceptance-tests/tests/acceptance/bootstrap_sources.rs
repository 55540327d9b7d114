//! `gitops_bootstrap` from another source than it was installed from: a newer manifest, a chart.

use super::bootstraps::{ADDRESS, NAMESPACE, manifest, objects, setting, settings, uid};
use gitops_acceptance_tests::{Case, Workspace};
use serde_json::json;
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

/// Another release of the manifest: a Service that is gone, one that is changed, a Deployment with other pods, a new
/// ConfigMap.
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
    stays.map(change).chain([new.to_owned()]).collect::<Vec<_>>().join("\n---\n")
}

/// A chart that renders what is installed: the change of the source is an update, and so is a change of its values.
pub fn comes_from_a_chart(case: &Case, run: &mut Workspace) {
    let kubectl = case.lab().kubectl();
    let charts = run.dir().join("charts");
    write_chart(&charts.join("argo-cd"), &run.dir().join("newer.yaml"));
    let controller =
        kubectl.find(NAMESPACE, "statefulset", "argocd-application-controller").expect("the controller");
    let chart = |notes: &str| {
        json!({ "repository": charts, "name": "argo-cd", "values": { "notes": notes } }).to_string()
    };
    for notes in ["one", "two"] {
        run.var("chart", chart(notes));
        run.apply().success().says("0 added, 1 changed, 0 destroyed");
        assert_eq!(setting(&kubectl, "argocd-chart", "notes"), notes);
    }
    run.assert_settled();
    let now =
        kubectl.find(NAMESPACE, "statefulset", "argocd-application-controller").expect("the controller");
    assert_eq!(
        now["metadata"]["generation"], controller["metadata"]["generation"],
        "the chart changed the controller"
    );
}

/// A chart with a manifest in it, and a ConfigMap that its values decide.
fn write_chart(dir: &Path, manifest: &Path) {
    let notes = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-chart\ndata:\n  notes: {{ .Values.notes | quote }}\n";
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: argo-cd\nversion: 1.0.0\n".to_owned()),
        ("install.yaml", fs::read_to_string(manifest).expect("the manifest")),
        ("templates/install.yaml", format!("{{{{ .Files.Get \"install.yaml\" }}}}\n{notes}")),
    ];
    fs::create_dir_all(dir.join("templates")).expect("a directory");
    for (name, content) in files {
        fs::write(dir.join(name), content).expect("a file of the chart");
    }
}
