//! `gitops_repository_credentials`: its life, what it notices, what is in its way. Argo CD itself need not be there.

use super::bad_input::resource;
use super::secrets::assert_values;
use gitops_acceptance_tests::{Canary, Case, Kubectl, Namespace, Workspace};
use insta::assert_snapshot;
use serde_json::{Value, json};

const ADDRESS: &str = "gitops_repository_credentials.shop";
const URL: &str = "https://git.example.com/acme/shop.git";
/// What names the Secret says of the address.
const READABLE: &str = "repository-git-example-com-acme-shop-";

/// The published example, in a namespace of the test's own in the shared cluster.
fn example(case: &Case, namespace: &Namespace) -> Workspace {
    let mut run = case.example("gitops_repository_credentials");
    place(&mut run, case, namespace, "argocd");
    run
}

fn place(run: &mut Workspace, case: &Case, namespace: &Namespace, username: &str) {
    let lines = format!(
        "  kubernetes = {{ config_path = {:?} }}\n  namespace  = {:?}\n  project    = null\n  username   = {username:?}",
        case.lab().expect("KUBECONFIG"),
        namespace.name()
    );
    run.write("place_override.tf", &resource("repository_credentials", "shop", &lines));
}

/// The Secrets of repositories in the namespace.
fn secrets(kubectl: &Kubectl, namespace: &Namespace) -> Vec<Value> {
    let label = "argocd.argoproj.io/secret-type=repository";
    let list = kubectl.get(&["secrets", "-n", namespace.name(), "-l", label]);
    list["items"].as_array().cloned().unwrap_or_default()
}

#[track_caller]
fn only(kubectl: &Kubectl, namespace: &Namespace) -> Value {
    let secrets = secrets(kubectl, namespace);
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    secrets[0].clone()
}

fn name(secret: &Value) -> &str {
    secret["metadata"]["name"].as_str().unwrap_or_default()
}

/// From nothing to nothing: create, rotate, drift, import, destroy; the token is nowhere but in the Secret.
pub fn live_and_die(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let values = |username: &str, token: &Canary| {
        let expected = [("password", token.value()), ("type", "git"), ("url", URL), ("username", username)];
        assert_values(&only(&kubectl, &namespace), &expected);
    };
    let mut run = example(case, &namespace);
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    run.var("repository_token", one.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    values("argocd", &one);
    let created = only(&kubectl, &namespace);
    assert!(name(&created).starts_with(READABLE), "{}", name(&created));
    assert_eq!(run.state().resource(ADDRESS)["secret_name"], name(&created));

    run.var("repository_token", two.value());
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    place(&mut run, case, &namespace, "robot");
    run.apply().success();
    run.assert_settled();
    values("robot", &two);

    for drift in [
        r#"{"stringData": {"password": "wrong"}}"#,
        r#"{"stringData": {"project": "theirs"}}"#,
        r#"{"stringData": {"proxy": "http://theirs.example"}}"#,
        r#"{"metadata": {"labels": {"argocd.argoproj.io/secret-type": null}}}"#,
    ] {
        kubectl.patch(namespace.name(), "secret", name(&created), drift);
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
        run.apply().success();
        run.plan().assert_empty();
        values("robot", &two);
    }

    let id = format!("{}/{URL}", namespace.name());
    run.import(ADDRESS, &id).assert_same_but(&["kubernetes", "timeouts"]);
    run.apply().success();
    run.assert_settled();
    if case.cli().imports_by_identity() {
        run.import_by_identity(ADDRESS, &format!("{{ namespace = {:?}, url = {URL:?} }}", namespace.name()));
        run.assert_settled();
    }
    assert_eq!(only(&kubectl, &namespace)["metadata"]["uid"], created["metadata"]["uid"]);
    run.destroy().success();
    assert!(secrets(&kubectl, &namespace).is_empty());
    let traced = std::fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
    }
}

/// A Secret that somebody made for the same address is refused, whatever its name; imported, it is ours under its name.
pub fn of_others_are_refused_and_imported(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let theirs = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "theirs", "namespace": namespace.name(), "labels": { "argocd.argoproj.io/secret-type": "repository" } },
        "stringData": { "type": "git", "url": "https://git.example.com/ACME/shop", "username": "x", "password": "theirs" },
    });
    kubectl.apply(&theirs.to_string(), "somebody");
    let mut run = example(case, &namespace);
    run.var("repository_token", "ours");
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure();
    assert_snapshot!("a_repository_of_somebody_else", errors.errors(&[(namespace.name(), "NAMESPACE")]));
    assert!(run.state().addresses().is_empty());
    assert_eq!(name(&only(&kubectl, &namespace)), "theirs");

    let by = format!("id = \"{}/{URL}\"", namespace.name());
    run.apply_import(ADDRESS, &by).says("1 imported, 0 added, 1 changed, 0 destroyed");
    let ours = only(&kubectl, &namespace);
    assert_eq!(name(&ours), "theirs", "it was made anew");
    assert_values(&ours, &[("password", "ours"), ("type", "git"), ("url", URL), ("username", "argocd")]);
    run.assert_settled();
    run.destroy().success();
    assert!(secrets(&kubectl, &namespace).is_empty());
}

/// What cannot open a repository, by itself or together.
pub fn that_cannot_be(case: &Case) {
    let of = |name: &str, lines: &str| resource("repository_credentials", name, lines);
    let url = format!("  url = {URL:?}\n");
    let blocks = [
        of("no_address", "  url = \"shop\""),
        of("hides", "  url = \"https://ci:token@git.example.com/shop.git\""),
        of("nobody", &format!("{url}  password_wo = \"t\"")),
        of("empty", &format!("{url}  username = \"git\"\n  password_wo = \"\"")),
        of(
            "two_ways",
            &format!("{url}  bearer_token_wo = \"t\"\n  username = \"git\"\n  password_wo = \"t\""),
        ),
        of("ssh_key_for_https", &format!("{url}  ssh_private_key_wo = \"key\"")),
        of("no_key", &format!("{url}  github_app = {{ id = 1, installation_id = 2 }}")),
        of("no_certificate", &format!("{url}  tls_client = {{ certificate = \"x\", key_wo = \"y\" }}")),
        of("opens_nothing", &format!("{url}  secret_type = \"repo-creds\"")),
        of("no_account", &format!("{url}  gcp_service_account_key_wo = \"key\"")),
        of("unused", "  url = \"https://charts.example.com\"\n  type = \"helm\"\n  bearer_token_wo = \"t\""),
        of(
            "no_client_secret",
            &format!("{url}  azure_service_principal = {{ tenant_id = \"t\", client_id = \"c\" }}"),
        ),
        of("no_type", &format!("{url}  type = \"svn\"")),
    ];
    let mut run = case.blocks(&blocks.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&[]);
    assert_snapshot!("repository_credentials_that_cannot_be", errors);
}
