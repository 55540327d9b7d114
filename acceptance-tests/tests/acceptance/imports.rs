//! What somebody made by hand and no mark of ours is on: refused as it is, ours after an import, without a word of
//! `take_ownership`.

use super::secrets::{ADDRESS, assert_values, example};
use gitops_acceptance_tests::Case;

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
