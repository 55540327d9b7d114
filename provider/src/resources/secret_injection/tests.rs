//! What a Secret shows, and what its configuration comes to.

use super::*;
use crate::resources::life::Object;
use crate::resources::rig::shown;
use crate::secret_values::unknown::{SECRET_LACKS, map, told};
use serde_json::{Value as Json, json};
use tfplugin_rs::value::Value;

fn spec(more: &Json) -> Spec {
    serde_json::from_value(more.clone()).unwrap()
}

/// The Secret as the cluster has it after it was written with `text` under this key.
fn written(spec: &Spec, key: &Key) -> Json {
    let wanted = Wanted {
        namespace: "web".into(),
        name: "app".into(),
        kind: spec.r#type.0.clone(),
        labels: spec.labels.clone().unwrap_or_default(),
        annotations: spec.annotations.clone().unwrap_or_default(),
        immutable: spec.immutable,
        data: values(spec).data().ok().unwrap(),
    };
    secrets::object(&wanted, key).into_value()
}

#[test]
fn what_was_written_has_the_fingerprint_that_is_wanted_and_nothing_else_has() {
    let (key, one) = (Key::generate().unwrap(), spec(&json!({"data_wo": {"TOKEN": "one"}})));
    let live = written(&one, &key);
    assert_eq!(fingerprint_under(&key, &one), Some(status_of(&live).fingerprint));
    let two = spec(&json!({"data_wo": {"TOKEN": "two"}}));
    assert_ne!(fingerprint_under(&key, &two), Some(status_of(&live).fingerprint));
}

/// Without its key a Secret has no fingerprint, and nothing that is wanted may look like none.
#[test]
fn a_secret_without_a_key_is_like_nothing_that_is_wanted() {
    let (key, one) = (Key::generate().unwrap(), spec(&json!({"data_wo": {"TOKEN": "one"}})));
    let mut live = written(&one, &key);
    live["metadata"]["annotations"] = json!({});
    let fingerprint = status_of(&live).fingerprint;
    assert!(Key::of(&live).is_none());
    assert_eq!(fingerprint, "");
    for spec in [one, spec(&json!({})), spec(&json!({"binary_data_wo": {"BROKEN": "!"}}))] {
        assert_ne!(fingerprint_under(&key, &spec), Some(fingerprint.clone()));
    }
}

#[test]
fn of_labels_and_annotations_those_that_are_configured_are_looked_at() {
    let configured =
        json!({"labels": {"a": "1", "b": "2"}, "annotations": {"c": "3"}, "data_wo_revision": 4});
    let (spec, key) = (spec(&configured), Key::generate().unwrap());
    let mut live = written(&spec, &key);
    let same = spec_of(&live, Some(&spec));
    assert_eq!((&same.labels, &same.annotations), (&spec.labels, &spec.annotations));
    assert_eq!(same.data_wo_revision, Some(4));

    live["metadata"]["labels"] = json!({"a": "changed", "more": "theirs"});
    live["metadata"]["annotations"]["more"] = json!("theirs");
    let drifted = spec_of(&live, Some(&spec));
    assert_eq!(drifted.labels, Some([("a".to_owned(), "changed".to_owned())].into()));
    assert_eq!(drifted.annotations, spec.annotations);

    let imported = spec_of(&live, None);
    assert_eq!((imported.labels, imported.annotations, imported.data_wo_revision), (None, None, None));
}

#[test]
fn the_type_is_that_of_the_cluster() {
    let (key, plain) = (Key::generate().unwrap(), spec(&json!({})));
    let mut live = written(&plain, &key);
    assert_eq!(spec_of(&live, Some(&plain)).r#type.0, "Opaque");
    live["type"] = json!("kubernetes.io/tls");
    assert_eq!(spec_of(&live, Some(&plain)).r#type.0, "kubernetes.io/tls");
}

/// What is wrong with a configuration, as users read it.
fn wrong(more: &Json) -> String {
    let mut config = json!({"namespace": "web", "name": "app"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shown(&Object::new::<SecretInjection>().validate(&config))
}

#[test]
fn values_are_those_of_the_type() {
    let auths = r#"{"auths":{"r.example":{"username":"u","password":"hunter2"}}}"#;
    let docker = "kubernetes.io/dockerconfigjson";
    assert_eq!(wrong(&json!({"type": docker, "data_wo": {".dockerconfigjson": auths}})), "");
    assert_eq!(wrong(&json!({"data_wo": {".dockerconfigjson": "hunter2"}})), "");
    let said = [
        json!({"type": docker}),
        json!({"type": docker, "data_wo": {".dockerconfigjson": "hunter2"}}),
        json!({"type": docker, "binary_data_wo": {".dockerconfigjson": "aHVudGVyMg=="}}),
    ]
    .map(|config| wrong(&config));
    insta::assert_snapshot!(said.join("\n===\n"));
}

#[test]
fn values_of_more_than_a_mebibyte_are_refused() {
    let large = "x".repeat(1 << 20);
    let said = [
        json!({"data_wo": {"A": large, "B": "y"}}),
        json!({"binary_data_wo": {"A": large, "B": large, "a b": ""}}),
    ]
    .map(|config| wrong(&config));
    insta::assert_snapshot!(said.join("\n===\n"), @"
    data_wo: The values have 1048577 bytes, more than the 1048576 that a Secret may have
    Split the Secret.
    ===
    binary_data_wo: `a b` cannot be a key of a Secret
    Keys have 1 to 253 letters, digits, `-`, `_` and `.`.
    ---
    binary_data_wo: The values have 1572864 bytes, more than the 1048576 that a Secret may have
    Split the Secret.
    ");
    assert_eq!(wrong(&json!({"data_wo": {"A": large}})), "");
}

/// Of values that are not known yet the keys are, and one that is missing fails the plan.
#[test]
fn required_keys_are_looked_for_where_values_are_not_known() {
    let (unknown, null) = (Value::unknown(), Value::Null);
    let (token, other) = (map(&[("TOKEN", None)]), map(&[("OTHER", None)]));
    let empty = map(&[("OTHER", None), ("TOKEN", Some(""))]);
    let cases = [
        ("its value is not known", &token, &null, ""),
        ("its bytes are not known", &map(&[("OTHER", Some("1"))]), &token, ""),
        ("it is known, another is not", &map(&[("OTHER", None), ("TOKEN", Some("1"))]), &null, ""),
        ("nothing is known of the texts", &unknown, &other, ""),
        ("nothing is known of the bytes", &other, &unknown, ""),
        ("only another is there", &other, &null, SECRET_LACKS),
        ("others are there, as texts and bytes", &map(&[("OTHER", Some("1"))]), &other, SECRET_LACKS),
        ("it is empty", &empty, &null, SECRET_LACKS),
        ("it is empty, and nothing is known of the bytes", &empty, &unknown, SECRET_LACKS),
    ];
    for (what, text, bytes, expected) in cases {
        let config = [("namespace", "web".into()), ("name", "app".into())];
        let values = [("data_wo", text.clone()), ("binary_data_wo", bytes.clone())];
        assert_eq!(told::<SecretInjection>(&[config, values].concat()), expected, "{what}");
    }
}

/// An apply that learns only then what the values are asks no cluster for anything before they are judged.
#[tokio::test]
async fn required_keys_are_demanded_before_anything_is_made() {
    let config = json!({
        "namespace": "web", "name": "app", "create_namespace": true, "data_wo": {"TOKEN": ""}, "required_keys": ["TOKEN"],
    });
    let (mut object, provider) = (Object::new::<SecretInjection>(), Gitops::in_environment(&[]).unwrap());
    object.apply(&std::sync::Arc::new(provider), &config).await;
    assert!(object.state.is_null());
    insta::assert_snapshot!(shown(&object.told), @"
    required_keys: The Secret lacks `TOKEN`
    Is the variable that holds the value set in this environment?
    ");
}

/// What is odd is told by the plan, and does not stop it.
#[tokio::test]
async fn a_key_that_ssh_does_not_read_is_doubted() {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMg==\n-----END OPENSSH PRIVATE KEY-----";
    let config = json!({
        "namespace": "web", "name": "app", "type": "kubernetes.io/ssh-auth", "data_wo": {"ssh-privatekey": key},
    });
    let (mut object, provider) = (Object::new::<SecretInjection>(), Gitops::in_environment(&[]).unwrap());
    assert!(object.plan(&std::sync::Arc::new(provider), &config).await.is_some());
    insta::assert_snapshot!(shown(&object.told));
}
