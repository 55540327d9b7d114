//! A root app that is there: what changes of it, what waits for it, and how it ends.

use super::super::bootstraps::NAMESPACE;
use super::{ADDRESS, Platform, find, uid};
use gitops_acceptance_tests::{Case, Kubectl, Workspace, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const KIND: &str = "application.argoproj.io";

/// Update, drift, import, deletion by hand, who syncs it, a commit that is waited for, another name, destroy.
pub fn changes_and_dies(case: &Case, platform: &Platform, mut run: Workspace) {
    let kubectl = case.lab().kubectl();
    let (root, web) = (uid(&kubectl, "platform"), uid(&kubectl, "web"));
    run.var("host", "two.example.com");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!(platform.host(&kubectl).as_deref(), Some("two.example.com"));

    let patch = r#"{"spec": {"syncPolicy": {"automated": {"selfHeal": false}}}}"#;
    kubectl.patch(NAMESPACE, KIND, "platform", patch);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!((uid(&kubectl, "platform"), uid(&kubectl, "web")), (root.clone(), web.clone()));

    // Argo CD may be at it again: what it says of health changes without anybody's doing.
    let others = ["kubernetes", "kustomize", "timeouts", "health_status", "children"];
    run.import(ADDRESS, "argocd/platform").assert_same_but(&others);
    run.apply().success().says("0 added").says("0 destroyed");
    run.plan().assert_empty();
    if case.cli().imports_by_identity() {
        run.import_by_identity(ADDRESS, r#"{ namespace = "argocd", name = "platform" }"#);
        run.plan().assert_empty();
    }
    assert_eq!(uid(&kubectl, "platform"), root);

    let orphan = r#"{"metadata": {"finalizers": null}}"#;
    kubectl.patch(NAMESPACE, KIND, "platform", orphan);
    kubectl.run(&["delete", KIND, "platform", "-n", NAMESPACE]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!(uid(&kubectl, "web"), web, "a child that was there was made anew");

    is_left_to_a_person(platform, &kubectl, &mut run);
    waits_for_a_commit(platform, &kubectl, &mut run);
    run.var("name", "estate").var("delete", "5s");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: delete, create")]);
    run.apply().success();
    run.assert_settled();
    assert!(find(&kubectl, "platform").is_none());
    assert_eq!(platform.host(&kubectl).as_deref(), Some("three.example.com"));
    ends(platform, &kubectl, run);
}

/// By the presets `guarded` and `observe` a change is compared and not synced, which nobody waits for; by `auto` it is.
fn is_left_to_a_person(platform: &Platform, kubectl: &Kubectl, run: &mut Workspace) {
    run.var("host", "three.example.com");
    for preset in ["guarded", "observe"] {
        run.var("preset", preset);
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
        run.apply().success();
        run.plan().assert_empty();
        let policy = find(kubectl, "platform").expect("the root app")["spec"]["syncPolicy"].clone();
        assert_eq!(policy["automated"], Value::Null, "{preset}: {policy}");
        let state = run.state();
        let app = state.resource(ADDRESS);
        assert_eq!((&app["sync"]["preset"], &app["sync_status"]), (&json!(preset), &json!("OutOfSync")));
        assert_eq!(platform.host(kubectl).as_deref(), Some("two.example.com"), "{preset}");
    }
    run.without_var("preset");
    run.apply().success();
    run.plan().assert_empty();
    assert_eq!(platform.host(kubectl).as_deref(), Some("three.example.com"));
}

/// With `wait_for.revision` the apply ends when the root app and its children are at that commit.
fn waits_for_a_commit(platform: &Platform, kubectl: &Kubectl, run: &mut Workspace) {
    platform.repository.write("README.md", "The platform, told anew.\n");
    let commit = platform.repository.log()[0].split_whitespace().next().unwrap_or_default().to_owned();
    run.var("revision", commit.as_str());
    run.apply().success().says("0 added, 1 changed, 0 destroyed");
    for name in ["platform", "tenants", "web"] {
        let app = find(kubectl, name).unwrap_or_else(|| panic!("no Application {name}"));
        assert_eq!(app["status"]["sync"]["revision"], commit.as_str(), "{name}");
    }
    assert_eq!(run.state().resource(ADDRESS)["revision"], commit.as_str());
    run.plan().assert_empty();
    run.without_var("revision");
}

/// An object below it is held: the destroy runs out of its time, says what is left and stores it. Let go, it ends.
fn ends(platform: &Platform, kubectl: &Kubectl, mut run: Workspace) {
    let finalizers = |list: Value| {
        let patch = json!({ "metadata": { "finalizers": list } });
        kubectl.patch(platform.namespace(), "configmap", "web", &patch.to_string());
    };
    finalizers(json!(["example.com/held"]));
    let late = run.destroy();
    let left = run.state();
    finalizers(Value::Null); // before anything is judged: nobody else would do it
    let held = "Application.argoproj.io argocd/estate: it is held by resources-finalizer.argocd.argoproj.io";
    late.failure().says("not done within 5s").says("Still there:").says(held).says("argocd/web: it is ");
    assert_eq!(left.addresses(), [ADDRESS]);

    eventually("the end of the root app", Duration::from_secs(180), || run.destroy().code == Some(0));
    for name in ["estate", "web", "tenants"] {
        assert!(find(kubectl, name).is_none(), "{name} is still there");
    }
    assert!(platform.host(kubectl).is_none(), "what a child made is still there");
}
