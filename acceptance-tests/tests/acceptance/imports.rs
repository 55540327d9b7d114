//! What somebody made by hand and no mark of ours is on: refused as it is, ours after an import, without a word of
//! `take_ownership`.

use super::bootstraps::{self, NAMESPACE, manifest, objects, uid};
use super::secrets::{ADDRESS, assert_values, example};
use gitops_acceptance_tests::{Case, Kubectl, Workspace};

/// Label that everything carries that is ours.
const OWNER: &str = "gitops-rs.github.io/owner";
/// What takes an object away from us.
const THEIRS: &str = r#"{"metadata": {"labels": {"gitops-rs.github.io/owner": "somebody"}}}"#;

/// A Secret: taken over by id and by identity, and gone with a destroy, also with one that comes right after the
/// import. One that somebody else took over later stays, with a warning.
pub fn of_secrets_made_by_hand(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let find = || kubectl.find(namespace.name(), "secret", "app-secrets");
    let made_by_hand = || {
        let place = ["-n", namespace.name(), "--from-literal=THEIRS=x"];
        kubectl.run(&[&["create", "secret", "generic", "app-secrets"], place.as_slice()].concat());
    };
    let mut run = example(case, &namespace);
    run.var("stripe_key", "ours");
    made_by_hand();
    run.apply().failure().says("app-secrets (by kubectl-create) exists and is not ours");
    assert_values(&find().expect("the Secret"), &[("THEIRS", "x")]);
    kubectl.run(&["delete", "secret", "app-secrets", "-n", namespace.name()]);

    let id = format!("{}/app-secrets", namespace.name());
    let identity = format!("identity = {{ namespace = {:?}, name = \"app-secrets\" }}", namespace.name());
    let by_identity = Some(identity).filter(|_| case.cli().imports_by_identity());
    for by in [format!("id = {id:?}")].into_iter().chain(by_identity) {
        made_by_hand();
        let made = find().expect("the Secret");
        run.apply_import(ADDRESS, &by).says("1 imported, 0 added, 1 changed, 0 destroyed");
        let ours = find().expect("the Secret");
        assert_eq!(ours["metadata"]["uid"], made["metadata"]["uid"], "{by}: it was made anew");
        assert!(ours["metadata"]["labels"][OWNER].is_string(), "{by}: {}", ours["metadata"]);
        assert_values(&ours, &[("STRIPE_KEY", "ours")]);
        run.assert_settled();
        run.destroy().success().says("1 destroyed").says_nothing_of("stays");
        assert!(find().is_none(), "{by}: it outlived the destroy");
    }

    made_by_hand();
    run.command(&["import", "-no-color", ADDRESS, &id]).success();
    run.destroy().success().says("1 destroyed").says_nothing_of("stays");
    assert!(find().is_none(), "it was imported and never applied, and outlived the destroy");

    run.apply().success();
    kubectl.patch(namespace.name(), "secret", "app-secrets", THEIRS);
    let outcome = run.destroy().success().says("The Secret stays").says("somebody else took it over");
    outcome.says(&format!("The Secret `{id}`"));
    assert!(run.state().addresses().is_empty());
    assert_values(&find().expect("theirs"), &[("STRIPE_KEY", "ours")]);
}

/// The Argo CD of `run`, as if somebody had installed it with kubectl and not we: left alone, also by a destroy right
/// after an import, because nothing tells what belongs to it; taken over as it is by an apply after an import.
pub fn of_an_installation_made_by_hand(case: &Case, run: &mut Workspace) {
    let (kubectl, address) = (case.lab().kubectl(), bootstraps::ADDRESS);
    let server = || uid(&kubectl, "deployment", "argocd-server");
    let made = server();
    run.command(&["state", "rm", address]).success();
    become_somebodys(case, &kubectl);
    let outcome = run.apply().failure().says("objects exist and are not ours");
    outcome.says("Service argocd/argocd-server (by gitops, somebody)");

    run.command(&["import", "-no-color", address, NAMESPACE]).success();
    let before = objects(&kubectl);
    let outcome = run.destroy().success().says("Argo CD stays").says("it was imported and never applied");
    outcome.says("gitops-inventory-argocd");
    assert!(run.state().addresses().is_empty());
    assert_eq!((objects(&kubectl), server()), (before, made.clone()));

    run.apply_import(address, &format!("id = {NAMESPACE:?}")).says("1 imported, 0 added, 1 changed");
    run.plan().assert_empty();
    assert_eq!(server(), made, "it was made anew");
    let deployment = kubectl.find(NAMESPACE, "deployment", "argocd-server").expect("the Deployment");
    assert!(deployment["metadata"]["labels"][OWNER].is_string(), "{}", deployment["metadata"]);
    assert!(kubectl.find(NAMESPACE, "configmap", "gitops-inventory-argocd").is_some(), "no inventory");
}

/// Takes our marks from Argo CD and applies its manifest as people do.
fn become_somebodys(case: &Case, kubectl: &Kubectl) {
    let kinds = "configmap,secret,service,deployment,statefulset,serviceaccount,role,rolebinding,networkpolicy,crd,clusterrole,clusterrolebinding";
    let ours = ["-n", NAMESPACE, "-l", OWNER];
    kubectl.run(&["delete", "configmap", "gitops-inventory-argocd", "-n", NAMESPACE]);
    kubectl.run(&[&["annotate", kinds, "gitops-rs.github.io/identity-"], ours.as_slice()].concat());
    kubectl.run(&[&["label", kinds, &format!("{OWNER}-")], ours.as_slice()].concat());
    let by = ["--server-side", "--force-conflicts", "--field-manager=somebody"];
    kubectl.run(&[&["apply", "-n", NAMESPACE, "-f", manifest(case)], by.as_slice()].concat());
}
