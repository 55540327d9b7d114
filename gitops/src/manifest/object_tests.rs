use super::*;
use serde_json::json;

#[test]
fn an_object_has_identity() {
    let cases = [
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}}),
            Ok("ConfigMap n/a"),
        ),
        (
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}),
            Ok("ClusterRole a"),
        ),
        (
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "a", "namespace": "n"}}),
            Ok("AppProject.argoproj.io n/a"),
        ),
        (json!({"kind": "ConfigMap", "metadata": {"name": "a"}}), Err("has no `apiVersion`")),
        (json!({"apiVersion": "v1", "metadata": {"name": "a"}}), Err("has no `kind`")),
        (json!({"apiVersion": "v1", "kind": "ConfigMap"}), Err("has no `metadata.name`")),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a"}}),
            Err("has no `metadata.name`"),
        ),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ""}}),
            Err("has no `metadata.name`"),
        ),
        (json!(["a"]), Err("is not a mapping")),
    ];
    for (value, expected) in cases {
        let id = Object::new(value.clone()).map(|object| object.id().to_string());
        assert_eq!(id.as_deref(), expected.as_deref(), "{value}");
    }
}

#[test]
fn pointers() {
    let object = Object::new(
        json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {"a": {"b": 1}}}),
    )
    .unwrap();
    assert_eq!(object.at("/spec/a/b"), Some(&json!(1)));
    assert_eq!(object.at("/spec"), Some(&json!({"a": {"b": 1}})));
    assert_eq!(object.at("/nothing/a"), None);
    assert_eq!(object.at(""), None);
}

#[test]
fn debug_shows_no_value() {
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"p": "hunter2"}});
    assert_eq!(format!("{:?}", Object::new(object).unwrap()), "Object(Secret a)");
}
