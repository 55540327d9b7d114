use super::*;
use crate::wait::application::Acceptable;
use serde_json::json;

fn delivery() -> Delivery {
    Delivery {
        namespace: "argocd".into(),
        name: "acme".into(),
        repo_url: "https://git.example/platform.git".into(),
        branch: "main".into(),
        path: "argo-cd/applications".into(),
        expect: Expect::default(),
    }
}

#[test]
fn who_reads_a_directory() {
    let url = "https://git.example/platform";
    let recurse = json!({"recurse": true});
    let cases = [
        (json!({"repoURL": url, "path": "argo-cd/applications", "targetRevision": "main"}), true),
        (json!({"repoURL": url, "path": "./argo-cd/applications/", "targetRevision": "HEAD"}), true),
        (json!({"repoURL": url, "path": "argo-cd/applications"}), true),
        (json!({"repoURL": url, "path": "argo-cd/applications", "targetRevision": "v1"}), false),
        (json!({"repoURL": "https://git.example/other", "path": "argo-cd/applications"}), false),
        (json!({"repoURL": url, "path": "argo-cd", "directory": recurse}), true),
        (json!({"repoURL": url, "path": "argo-cd"}), false),
        (json!({"repoURL": url, "path": ".", "directory": recurse}), true),
        (json!({"repoURL": url, "path": "argo", "directory": recurse}), false),
        (json!({"repoURL": url, "ref": "values"}), false),
    ];
    for (source, expected) in cases {
        assert_eq!(delivery().reads(&json!({"spec": {"source": source}})), expected, "{source}");
        assert_eq!(
            delivery().reads(&json!({"spec": {"sources": [source]}})),
            expected,
            "{source} of several"
        );
    }
}

#[test]
fn what_a_failed_parent_still_proves() {
    let parent = |revision: &str, sync: &str, child: &str| {
        let source = json!({ "repoURL": delivery().repo_url, "path": delivery().path });
        let destination = json!({ "server": "https://kubernetes.default.svc" });
        let compared = json!({ "source": source, "destination": destination });
        let resource = json!({ "group": GROUP, "kind": "Application", "namespace": "argocd", "name": "acme", "status": child });
        json!({
            "spec": { "source": source, "destination": destination },
            "status": {
                "sync": { "status": sync, "revision": revision, "comparedTo": compared },
                "resources": [resource],
            },
        })
    };
    let expect = Expect { revision: Some(Acceptable::exactly("ours")), ..Expect::default() };
    let (judge, want) = (Judge::new(expect), delivery());
    let cases = [
        (parent("ours", "OutOfSync", "Synced"), true),
        (parent("ours", "OutOfSync", "OutOfSync"), false),
        (parent("older", "OutOfSync", "Synced"), false),
        (parent("ours", "Unknown", "Synced"), false),
    ];
    for (app, expected) in cases {
        assert_eq!(want.arrived(&app, &Status::of(&app), &judge), expected, "{app}");
    }
    let mut dying = parent("ours", "OutOfSync", "Synced");
    dying["metadata"] = json!({ "deletionTimestamp": "2026-01-01T00:00:00Z" });
    assert!(!want.arrived(&dying, &Status::of(&dying), &judge));
}

#[test]
fn who_made_it() {
    let made = |namespace: &str, name: &str| json!({"status": {"resources": [{"group": GROUP, "kind": "Application", "namespace": namespace, "name": name, "status": "Synced"}]}});
    for (namespace, name, expected) in
        [("argocd", "acme", true), ("", "acme", true), ("argocd", "other", false), ("team", "acme", false)]
    {
        let entry = delivery().entry(&Status::of(&made(namespace, name)));
        assert_eq!(entry.is_some(), expected, "{namespace}/{name}");
    }
}
