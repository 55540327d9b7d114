use super::*;
use serde_json::json;

fn app(spec_source: Value, compared_source: Value) -> Value {
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": "a"});
    json!({
        "spec": {"source": spec_source, "destination": destination},
        "status": {"sync": {"comparedTo": {"source": compared_source, "destination": destination}}},
    })
}

#[test]
fn compared_to_the_spec() {
    let source = json!({"repoURL": "u", "path": "p"});
    let cases = [
        (source.clone(), source.clone(), true),
        (source.clone(), json!({"repoURL": "u", "path": "q"}), false),
        (source.clone(), json!({"repoURL": "u", "path": "p", "targetRevision": "main"}), false),
        // Go leaves out zero values.
        (json!({"repoURL": "u", "path": "p", "directory": {"recurse": false}}), source.clone(), true),
        (json!({"repoURL": "u", "path": "p", "directory": {"recurse": true}}), source.clone(), false),
        // But not those of the user's own mappings.
        (
            json!({"repoURL": "u", "helm": {"valuesObject": {"replicas": 0}}}),
            json!({"repoURL": "u", "helm": {"valuesObject": {}}}),
            false,
        ),
        (
            json!({"repoURL": "u", "helm": {"valuesObject": {"a": {"on": false}}}}),
            json!({"repoURL": "u", "helm": {"valuesObject": {"a": {}}}}),
            false,
        ),
    ];
    for (spec, seen, expected) in cases {
        assert_eq!(Status::of(&app(spec.clone(), seen.clone())).compared, expected, "{spec} and {seen}");
    }
    assert!(!Status::of(&json!({"spec": {"source": source}})).compared, "never compared");
}

#[test]
fn several_sources_and_destinations() {
    let sources = json!([{"repoURL": "a", "ref": "values"}, {"repoURL": "b", "chart": "c"}]);
    let app = |compared: Value, destination: Value| {
        let spec = json!({"sources": sources, "destination": {"name": "edge"}});
        json!({"spec": spec, "status": {"sync": {"comparedTo": {"source": {"repoURL": ""}, "sources": compared, "destination": destination}}}})
    };
    let edge = json!({"name": "edge"});
    assert!(Status::of(&app(sources.clone(), edge.clone())).compared);
    assert!(Status::of(&app(sources.clone(), json!({"name": "edge", "server": "https://1.2.3.4"}))).compared);
    assert!(!Status::of(&app(sources.clone(), json!({"name": "other"}))).compared);
    assert!(!Status::of(&app(json!([{"repoURL": "a", "ref": "values"}]), edge)).compared);
}

#[test]
fn repositories() {
    let cases = [
        ("https://git.example/a.git", "https://GIT.example/a/", true),
        ("https://git.example/a", "https://git.example/A", false),
        ("git@git.example:a.git", "git@git.example:a", true),
        ("https://git.example/a", "http://git.example/a", false),
    ];
    for (a, b, expected) in cases {
        assert_eq!(same_repository(a, b), expected, "{a} and {b}");
    }
}

#[test]
fn revisions() {
    let commit = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
    for (wanted, expected) in
        [(commit, true), ("c0ffee0", true), ("c0ffee", false), ("main", false), ("", false)]
    {
        assert_eq!(same_revision(commit, wanted), expected, "{wanted}");
    }
    assert!(same_revision("v1.2.3", "v1.2.3"));
}

#[test]
fn a_status_of_any_shape_is_read() {
    for app in [
        json!(null),
        json!({"status": []}),
        json!({"status": {"sync": 1, "resources": {}, "conditions": [1, {}]}}),
    ] {
        let status = Status::of(&app);
        assert_eq!((status.sync.as_str(), status.compared), ("", false), "{app}");
    }
}

#[test]
fn complaints_begin_with_the_worst() {
    let resources = json!([
        {"kind": "Service", "name": "a", "namespace": "n", "status": "Synced", "health": {"status": "Healthy"}},
        {"kind": "ConfigMap", "name": "b", "namespace": "n", "status": "OutOfSync"},
        {"group": "apps", "kind": "Deployment", "name": "c", "namespace": "n", "status": "Synced", "health": {"status": "Progressing"}},
        {"group": "argoproj.io", "kind": "Application", "name": "d", "namespace": "n", "status": "Synced",
         "health": {"status": "Degraded", "message": "no"}},
    ]);
    let status = Status::of(&json!({"status": {"resources": resources}}));
    insta::assert_snapshot!(status.complaints().join("\n"), @"
        Application.argoproj.io n/d: Degraded: no
        Deployment n/c: Progressing
        ConfigMap n/b: OutOfSync
        ");
    assert_eq!(status.children_by_name(), [("d".into(), ("Synced".into(), "Degraded".into()))].into());
}
