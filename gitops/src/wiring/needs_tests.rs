use super::*;
use crate::manifest::{Limits, parse};
use proptest::prelude::*;
use serde_json::json;

fn found(text: &str) -> Vec<String> {
    let objects = parse(text, &Limits::default()).unwrap();
    let word = |need: &Need| {
        format!(
            "{} {}{}",
            need.place,
            need.secret,
            need.keys.iter().map(|key| format!("#{key}")).collect::<String>()
        )
    };
    needs(&objects, "default").iter().map(word).collect()
}

#[test]
fn volumes_and_their_items_are_needs() {
    let pod = r"
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  volumes:
  - {name: a, secret: {secretName: whole}}
  - {name: b, secret: {secretName: part, items: [{key: k, path: p}]}}
  - {name: c, secret: {secretName: maybe, optional: true}}
  - name: d
    projected:
      sources:
      - secret: {name: projected}
      - secret: {name: picked, items: [{key: k, path: p}]}
";
    assert_eq!(
        found(pod),
        [
            "spec.volumes[0] default/whole",
            "spec.volumes[1] default/part#k",
            "spec.volumes[3].projected.sources[0] default/projected",
            "spec.volumes[3].projected.sources[1] default/picked#k",
        ]
    );
}

#[test]
fn templates_are_found_wherever_they_lie() {
    let container = "containers: [{env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]";
    for (kind, before, place) in [
        ("Pod", "spec: {", "spec."),
        ("Deployment", "spec: {template: {spec: {", "spec.template.spec."),
        ("CronJob", "spec: {jobTemplate: {spec: {template: {spec: {", "spec.jobTemplate.spec.template.spec."),
        ("Rollout", "spec: {template: {spec: {", "spec.template.spec."),
    ] {
        let after = "}".repeat(before.matches('{').count());
        let text = format!(
            "{{apiVersion: x/v1, kind: {kind}, metadata: {{name: a, namespace: b}}, {before}{container}{after}}}"
        );
        assert_eq!(found(&text), [format!("{place}containers[0].env[0] b/s#k")], "{kind}");
    }
}

#[test]
fn what_only_looks_like_a_reference_is_none() {
    let texts = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: a}
spec: {x: {secretKeyRef: {name: s, key: k}}}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {secretKeyRef: {name: {type: string}, key: k}, envFrom: [{configMapRef: {name: c}}], secret: {name: no}}
";
    assert_eq!(found(texts), [""; 0]);
}

#[test]
fn values_for_a_chart_are_no_needs() {
    let values =
        "{imagePullSecrets: [{name: registry}], env: [{valueFrom: {secretKeyRef: {name: s, key: k}}}]}";
    let needs = |group: &str, kind: &str| {
        let source = format!("source: {{helm: {{valuesObject: {values}}}}}");
        let spec = format!("{{{source}, template: {{spec: {{{source}}}}}}}");
        let metadata = "{name: a, namespace: argocd}";
        found(&format!("{{apiVersion: {group}/v1alpha1, kind: {kind}, metadata: {metadata}, spec: {spec}}}"))
            .len()
    };
    for kind in ["Application", "ApplicationSet", "AppProject"] {
        assert_eq!(needs("argoproj.io", kind), 0, "{kind}");
        assert_eq!(needs("app.example", kind), 4, "{kind} of somebody else");
    }
    assert_eq!(needs("argoproj.io", "Rollout"), 4, "it runs pods itself");
}

fn anything() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "secretKeyRef",
        "secretRef",
        "envFrom",
        "imagePullSecrets",
        "secret",
        "secretName",
        "name",
        "key",
        "items",
        "optional",
        "sources",
        "namespace",
        "valueFrom",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(words.clone(), inner, 0..5).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Value>()),
        ]
    })
}

proptest! {
    /// Whatever an app says: no panic, and each need names a Secret and a place.
    #[test]
    fn no_object_is_too_strange(spec in anything()) {
        let object = json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": spec});
        for need in needs(&[Object::new(object).unwrap()], "d") {
            prop_assert!(!need.secret.name.is_empty() && need.place.starts_with("spec"), "{need:?}");
        }
    }
}
