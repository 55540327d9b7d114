//! What users read of values that fit no object of the API server, or not what they are for.

use super::*;
use crate::secret_values::unknown::{SECRET_LACKS, map, told};
use tfplugin_rs::value::Value;

/// So many values, each of so many bytes.
fn values(count: usize, length: usize) -> Json {
    (0..count).map(|at| (format!("KEY_{at:03}"), json!("x".repeat(length)))).collect()
}

/// All of them fit a Secret, and none of the SealedSecrets would ever be taken.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_values_that_are_too_large_once_they_are_sealed() {
    let rig = Rig::start().await;
    let object = Object::new::<SealedSecretFile>();
    let asked = json!({"certificate": null});
    let bytes = json!({"data_wo": null, "binary_data_wo": values(700, 1_960)});
    let told = [
        config(&rig, values(700, 1_400), json!({})),
        config(&rig, values(700, 1_400), json!({"value_path": "secrets"})),
        config(&rig, values(700, 1_400), asked.clone()),
        config(&rig, json!({}), bytes),
    ]
    .map(|config| shown(&object.validate(&config)));
    insta::assert_snapshot!(told.join("\n===\n"), @"
    data_wo: Sealed, the values make an object of 1582206 bytes, more than the 1564672 that an API server can store
    Sealing makes each value a third larger, and adds about 700 bytes to it. Split the Secret, or give many small values as one, such as `jsonencode(...)`.
    ===
    data_wo: Sealed, the values make an object of 1582206 bytes, more than the 1564672 that an API server can store
    Sealing makes each value a third larger, and adds about 700 bytes to it. Split the Secret, or give many small values as one, such as `jsonencode(...)`.
    ===
    data_wo: Sealed, the values make an object of 1823006 bytes, more than the 1564672 that an API server can store
    Sealing makes each value a third larger, and adds about 700 bytes to it. Split the Secret, or give many small values as one, such as `jsonencode(...)`.
    ===
    binary_data_wo: Sealed, the values make an object of 1649406 bytes, more than the 1564672 that an API server can store
    Sealing makes each value a third larger, and adds about 700 bytes to it. Split the Secret, or give many small values as one, such as `jsonencode(...)`.
    ");
    for fits in [config(&rig, values(1, 1 << 20), asked.clone()), config(&rig, values(400, 1_400), asked)] {
        assert_eq!(object.validate(&fits), []);
    }
}

/// An apply that learns only then what the values are commits nothing either.
#[tokio::test(flavor = "multi_thread")]
async fn of_the_same_where_the_plan_does_not_know_them() {
    let rig = Rig::start().await;
    let (head, mut object) = (rig.bare.head().unwrap(), Object::new::<SealedSecretFile>());
    object.apply(&run(&rig, None), &config(&rig, values(700, 1_400), json!({}))).await;
    assert_eq!((rig.bare.head().unwrap(), object.state.is_null()), (head, true), "something was written");
    assert!(shown(&object.told).starts_with("data_wo: Sealed, the values make an object of "));
}

/// As a Secret of this type that is put into a cluster.
#[tokio::test(flavor = "multi_thread")]
async fn of_values_that_are_hardly_meant() {
    let rig = Rig::start().await;
    let docker = |auths: &str| {
        let (key, kind) = (".dockerconfigjson", "kubernetes.io/dockerconfigjson");
        config(&rig, json!({ key: auths }), json!({ "type": kind }))
    };
    let mut object = Object::new::<SealedSecretFile>();
    let bare = docker(r#"{"auths":{"r.example":{}},"credsStore":"desktop"}"#);
    assert!(object.apply(&run(&rig, None), &bare).await, "it is no more than odd");
    insta::assert_snapshot!(shown(&object.told), @"
    data_wo: The value of `.dockerconfigjson` has a registry without credentials
    Docker leaves them out of its file where a credential helper keeps them, and no node has that helper. Give `username` and `password`.
    ");
    let whole = docker(r#"{"auths":{"r.example":{"username":"u","password":"hunter2"}}}"#);
    assert!(object.apply(&run(&rig, None), &whole).await);
    assert_eq!(object.told, []);
}

/// Of values that are not known yet the keys are, and one that is missing fails the plan.
#[test]
fn of_required_keys_where_values_are_not_known() {
    let (unknown, null) = (Value::unknown(), Value::Null);
    let (token, other) = (map(&[("TOKEN", None)]), map(&[("OTHER", None)]));
    let empty = map(&[("OTHER", None), ("TOKEN", Some(""))]);
    let cases = [
        ("its value is not known", &token, &null, ""),
        ("its bytes are not known", &other, &token, ""),
        ("nothing is known of the texts", &unknown, &other, ""),
        ("only another is there", &other, &null, SECRET_LACKS),
        ("it is empty", &empty, &null, SECRET_LACKS),
        ("it is empty, and nothing is known of the bytes", &empty, &unknown, SECRET_LACKS),
    ];
    for (what, text, bytes, expected) in cases {
        let place = [("namespace", "shop".into()), ("name", "app".into()), ("path", "app.yaml".into())];
        let values = [
            ("certificate", CERTIFICATE.into()),
            ("data_wo", text.clone()),
            ("binary_data_wo", bytes.clone()),
        ];
        assert_eq!(told::<SealedSecretFile>(&[place, values].concat()), expected, "{what}");
    }
}

/// An apply that learns only then what they are commits nothing.
#[tokio::test(flavor = "multi_thread")]
async fn of_required_keys_that_the_apply_finds_empty() {
    let rig = Rig::start().await;
    let (head, mut object) = (rig.bare.head().unwrap(), Object::new::<SealedSecretFile>());
    let empty = config(&rig, json!({"TOKEN": ""}), json!({"required_keys": ["TOKEN"]}));
    object.apply(&run(&rig, None), &empty).await;
    assert_eq!((rig.bare.head().unwrap(), object.state.is_null()), (head, true), "something was written");
    insta::assert_snapshot!(shown(&object.told), @"
    required_keys: The Secret lacks `TOKEN`
    Is the variable that holds the value set in this environment?
    ");
}
