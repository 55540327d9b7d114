//! What the example tells Argo CD of notifications: by its bootstrap, and in the walk by hand, because Argo CD is there already.

use super::planned::{NOWHERE, applications, plan, resource, yaml};
use super::{EXAMPLE, MAIN, sink, with_key_holder};
use gitops_acceptance_tests::Case;
use serde_json::{Value, json};

/// As much of Argo CD's installation as a plan needs, and its checksum.
const INSTALLATION: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-notifications-cm}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller}
spec: {template: {spec: {containers: [{name: a, image: "quay.io/argoproj/argocd:v3.5.3"}]}}}
"#;
const SHA256: &str = "2fa054b55654ea488f41e8bbf6ccc3d63a2fc82aa65b8f8065a8cce2c5c05bc8";

/// The settings of the bootstrap are those of the walk. What is the test's own is the address, which is a variable; without
/// it nobody is told.
pub fn are_those_of_the_bootstrap(case: &Case) {
    let url = sink::url("somewhere");
    let mut run = case.workspace(EXAMPLE);
    with_key_holder(&mut run);
    run.write("install.yaml", INSTALLATION).var("repository_url", NOWHERE).var("notification_url", &url);
    run.var("argocd_manifest", json!({ "path": "install.yaml", "sha256": SHA256 }).to_string());
    let planned = plan(&mut run);
    let patches = &resource(&planned, "gitops_bootstrap.argocd")["patches"];
    assert_eq!(patches.as_array().map(Vec::len), Some(1), "{patches}");
    let patch = yaml(&patches[0]);
    assert_eq!(
        (&patch["kind"], &patch["metadata"]["name"]),
        (&json!("ConfigMap"), &json!("argocd-notifications-cm"))
    );
    assert_fit(&patch["data"], &url, &applications(&planned));

    run.write("main.tf", MAIN).var("kubeconfig", "none");
    assert_eq!(plan(&mut run)["outputs"]["notifications"]["value"], patch["data"]);
    run.without_var("notification_url");
    let planned = plan(&mut run);
    assert_eq!(planned["outputs"]["notifications"]["value"], json!({}));
    for application in applications(&planned) {
        assert_eq!(application["metadata"]["annotations"], Value::Null);
    }
}

/// Demands that the settings fit together: each trigger sends what there is a template for, each template is for the service,
/// the service is at `url`, and the Applications take part in each trigger.
#[track_caller]
fn assert_fit(settings: &Value, url: &str, applications: &[Value]) {
    assert_eq!(yaml(&settings["service.webhook.sink"])["url"], url);
    let names = settings.as_object().expect("settings").keys();
    let triggers: Vec<_> = names.filter_map(|name| name.strip_prefix("trigger.")).collect();
    assert_eq!(triggers, ["on-deployed", "on-sync-failed"]);
    for trigger in triggers {
        let sent = yaml(&settings[format!("trigger.{trigger}")])[0]["send"][0].clone();
        let template = yaml(&settings[format!("template.{}", sent.as_str().expect("a template"))]);
        assert_eq!(template["webhook"]["sink"]["method"], "POST", "{template}");
        let taken = format!("notifications.argoproj.io/subscribe.{trigger}.sink");
        for application in applications {
            assert_eq!(application["metadata"]["annotations"][&taken], "", "{taken} of {application}");
        }
    }
}
