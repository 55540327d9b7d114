//! What users read of `gitops_addon`.

use super::super::life::Object;
use super::super::rig::shown;
use super::*;
use serde_json::json;
use tfplugin_rs::value::{Path, Value};

const CONTROLLER: &str = r#"
{apiVersion: v1, kind: Service, metadata: {name: sealed-secrets-controller, namespace: kube-system}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sealed-secrets-controller, namespace: kube-system}
spec: {template: {spec: {containers: [{name: a, image: 'docker.io/bitnami/sealed-secrets-controller:0.36.6'}]}}}
"#;

#[test]
fn configurations_that_cannot_be() {
    let object = Object::new::<AddonInstallation>();
    let file = || json!({ "manifest": { "path": "controller.yaml" } });
    let configs = [
        json!({"kind": "sealed-secrets", "namespace": "Kube System", "source": {}}),
        json!({"kind": "sealed-secrets", "source": file(), "patches": ["spec: {}"], "images": {"": "a"}}),
    ];
    let told: Vec<_> = configs.iter().map(|config| shown(&object.validate(config))).collect();
    insta::assert_snapshot!(told.join("\n===\n"));
    assert_eq!(object.validate(&json!({"kind": "sealed-secrets", "source": file()})), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_the_manifest_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("controller.yaml");
    let provider = std::sync::Arc::new(Gitops::in_environment(&[]).unwrap());
    let config = |more: serde_json::Value| {
        let mut config =
            json!({"kind": "sealed-secrets", "namespace": "vault", "source": {"manifest": {"path": path}}});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let mut object = Object::new::<AddonInstallation>();
    std::fs::write(&path, CONTROLLER).unwrap();
    let planned = object.plan(&provider, &config(json!({}))).await.unwrap();
    let at = |path: &str| planned.get(&path.parse::<Path>().unwrap()).cloned();
    let text = |text: &str| Some(Value::String(text.to_owned()));
    assert_eq!(at("version"), text("0.36.6"));
    assert_eq!(
        (at("service.namespace"), at("service.name")),
        (text("vault"), text("sealed-secrets-controller"))
    );
    assert_eq!(at("managed"), Some(Value::Bool(true)));

    // Whether somebody else installed it is found out by the apply.
    let planned = object.plan(&provider, &config(json!({"if_absent": true}))).await.unwrap();
    assert_eq!(planned.get(&"managed".into()), planned.get(&"version".into()));

    std::fs::write(&path, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").unwrap();
    assert!(object.plan(&provider, &config(json!({}))).await.is_none());
    let told = shown(&object.told).replace(&path.display().to_string(), "controller.yaml");
    insta::assert_snapshot!(told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_reached_is_not_gone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("controller.yaml");
    std::fs::write(&path, CONTROLLER).unwrap();
    let nowhere = "https://127.0.0.1:1";
    let provider = std::sync::Arc::new(Gitops::in_environment(&[("KUBE_HOST", nowhere)]).unwrap());
    let mut told = Vec::new();
    for if_absent in [false, true] {
        let source = json!({"manifest": {"path": path}});
        let config = json!({
            "kind": "sealed-secrets", "if_absent": if_absent, "source": source, "kubernetes": {"host": nowhere},
        });
        let mut object = Object::new::<AddonInstallation>();
        assert!(object.apply(&provider, &config).await, "a plan needs no cluster");
        assert!(object.state.is_null());
        told.push(shown(&object.told));
    }
    let mut object = Object::new::<AddonInstallation>();
    object.import(&provider, "sealed-secrets/vault").await.unwrap();
    assert_eq!(object.get("namespace").as_deref(), Some("vault"), "it is not said to be gone");
    told.push(shown(&object.told));
    insta::assert_snapshot!(told.join("\n===\n"), @"
    kubernetes: The cluster at `https://127.0.0.1:1` cannot be reached: Connection refused (os error 111)
    See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
    ===
    kubernetes: The cluster at `https://127.0.0.1:1` cannot be reached: Connection refused (os error 111)
    See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
    ===
    kubernetes: The cluster at `https://127.0.0.1:1` cannot be reached: Connection refused (os error 111)
    See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
    ");
}

#[test]
fn what_stays_is_told() {
    let told = secrets_stay(
        "vault",
        gitops::seal::keys::LABEL,
        &["sealed-secrets-key-r1", "sealed-secrets-keyx7x7x"],
    );
    insta::assert_snapshot!(shown(&[told]));
}

#[test]
fn the_import_id_is_kind_and_namespace() {
    let id = AddonInstallation::parse_import_id("sealed-secrets/vault").unwrap();
    assert_eq!(AddonInstallation::import_id(&id), "sealed-secrets/vault");
    let wrong = ["vault", "ingress/vault", "sealed-secrets/", "sealed-secrets/A"];
    let told: Vec<_> =
        wrong.iter().map(|text| shown(&[AddonInstallation::parse_import_id(text).err().unwrap()])).collect();
    assert!(told.iter().all(|text| text == &told[0]));
    insta::assert_snapshot!(told[0]);
}
