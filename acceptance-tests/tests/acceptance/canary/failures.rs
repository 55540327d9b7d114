//! Every way to fail with a secret at hand. One more is one more block, here or in [`super::refused`]; a secret that is
//! malformed on purpose has its random part in what is wrong with it.

use super::deliveries::PROVIDER;
use super::refused::{REFUSED_BY_OTHERS, REFUSED_BY_THE_PLAN};
use super::stage::Stage;
use super::{broken, panics};
use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use gitops_acceptance_tests::{Case, Outcome};

/// Providers that cannot be, each of which ends the plan before anything else is looked at, and what is said of it.
const PROVIDERS_REFUSED_BY_THE_PLAN: &[((&str, &str), &str)] = &[
    (
        (
            "signing",
            r#"git = { url = var.public.repository, signing = { ssh_private_key = var.secrets["signing.it"] } }"#,
        ),
        "Commits cannot be signed",
    ),
    (
        ("raw_kubeconfig", r#"kubernetes = { config_raw = "users: [${var.secrets["raw_kubeconfig.it"]}" }"#),
        "is not a valid kubeconfig",
    ),
    (
        (
            "raw_program",
            r#"kubernetes = { config_raw = "current-context: a\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {token: ${var.secrets["raw_program.token"]}, exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}}}]\n" }"#,
        ),
        "asks for a program to run",
    ),
];

/// Providers that cannot be, of which only the apply can tell; each has something to do.
const PROVIDERS_REFUSED_BY_THE_APPLY: &[(&str, &str)] = &[
    (
        "two_tokens",
        r#"kubernetes = { host = "https://127.0.0.1:1", token = "${var.secrets["two_tokens.token"]}\n${var.secrets["two_tokens.token"]}" }"#,
    ),
    (
        "signing_gpg",
        r#"git = { url = var.public.repository, signing = { gpg_key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${var.secrets["signing_gpg.it"]}\n-----END PGP PRIVATE KEY BLOCK-----\n" } }"#,
    ),
    (
        "client_key",
        r#"kubernetes = { host = var.public.host, client_certificate = var.public.certificate, client_key = var.secrets["client_key.it"] }"#,
    ),
    (
        "client_pair",
        r#"kubernetes = { host = var.public.host, cluster_ca_certificate = var.public.authority, client_certificate = var.public.certificate, client_key = var.secrets["client_pair.rsa_key"] }"#,
    ),
    (
        "bearer",
        r#"kubernetes = { host = var.public.host, cluster_ca_certificate = var.public.authority, token = var.secrets["bearer.token"] }"#,
    ),
    (
        "basic",
        r#"kubernetes = { host = var.public.host, cluster_ca_certificate = var.public.authority, username = "robot", password = var.secrets["basic.it"] }"#,
    ),
    ("nobody", r#"kubernetes = { host = "https://127.0.0.1:1", token = var.secrets["nobody.token"] }"#),
    // It prints the credential as it should, and on its standard error, too: var.secrets["program.token"].
    (
        "program",
        r#"kubernetes = { host = var.public.host, cluster_ca_certificate = var.public.authority, exec = { api_version = "client.authentication.k8s.io/v1", command = "cat", args = [var.public.credential] } }"#,
    ),
    (
        "github_app",
        r#"git = { url = var.public.repository, credentials = { (var.public.repository) = { github_app = { id = "1", installation_id = "2", private_key = var.secrets["github_app.it"], base_url = "https://127.0.0.1:1" } } } }"#,
    ),
    (
        "github_key",
        r#"git = { url = var.public.repository, credentials = { (var.public.repository) = { github_app = { id = "1", installation_id = "2", private_key = var.secrets["github_key.rsa_key"], base_url = "https://127.0.0.1:1" } } } }"#,
    ),
    (
        "ssh_key",
        r#"git = { url = "ssh://git@127.0.0.1:1/p", credentials = { "ssh://git@127.0.0.1:1/" = { known_hosts = "127.0.0.1 ssh-ed25519 AAAA", ssh_private_key = var.secrets["ssh_key.ssh_key"] } } }"#,
    ),
    (
        "no_ssh_key",
        r#"git = { url = "ssh://git@127.0.0.1:1/p", credentials = { "ssh://git@127.0.0.1:1/" = { known_hosts = "127.0.0.1 ssh-ed25519 AAAA", ssh_private_key = var.secrets["no_ssh_key.it"] } } }"#,
    ),
    (
        "git_password",
        r#"git = { url = var.public.repository, credentials = { (var.public.repository) = { username = "git", password = var.secrets["git_password.it"] } } }"#,
    ),
    (
        "git_token",
        r#"git = { url = var.public.repository, credentials = { (var.public.repository) = { token = var.secrets["git_token.token"] } } }"#,
    ),
];

/// A provider by another name, and something for it to do: a Secret in its cluster, or a file in its repository.
fn alias((label, attributes): &(&str, &str)) -> String {
    let resource = match attributes.starts_with("git") {
        true => format!(
            "resource \"gitops_sops_file\" {label:?} {{\n  provider = gitops.{label}\n  path = \"secrets/{label}.yaml\"\n  \
             age = [var.public.recipient]\n  data_wo = {{ IT = var.secrets[\"{label}_value.it\"] }}\n}}\n"
        ),
        false => format!(
            "resource \"gitops_secret_injection\" {label:?} {{\n  provider = gitops.{label}\n  namespace = \
             var.public.namespace\n  name = \"none\"\n  data_wo = {{ IT = var.secrets[\"{label}_value.it\"] }}\n}}\n"
        ),
    };
    format!("provider \"gitops\" {{\n  alias = {label:?}\n  {attributes}\n}}\n{resource}")
}

const PUSHED: &str = r#"
resource "gitops_sealed_secret" "pushed" {
  namespace   = var.public.namespace
  name        = "pushed"
  path        = "pushed.yaml"
  certificate = var.public.certificate
  data_wo     = { IT = var.secrets["pushed.it"] }
}
"#;

/// Each of them fails, and is told of; no secret is.
pub fn tell_nothing(case: &Case) {
    let mut stage = Stage::set(case, &[PROVIDER, REFUSED_BY_THE_PLAN]);
    let said = stage.run.command(&["plan", "-no-color"]);
    assert_all_fail(&said, &labels(REFUSED_BY_THE_PLAN));

    for (provider, expected) in PROVIDERS_REFUSED_BY_THE_PLAN {
        stage.change(&[PROVIDER, &alias(provider)]);
        let said = stage.run.command(&["plan", "-no-color"]);
        assert!(said.code != Some(0) && said.stderr.contains(expected), "{}", said.stderr);
    }

    let apply: String = PROVIDERS_REFUSED_BY_THE_APPLY.iter().map(alias).collect();
    stage.of_others("of-others");
    stage.change(&[PROVIDER, &apply, REFUSED_BY_OTHERS]);
    let said = stage.run.apply();
    assert_all_fail(&said, &labels(&[&apply, REFUSED_BY_OTHERS].concat()));

    broken::tells_nothing(&mut stage);
    stage.change(&[PROVIDER, PUSHED]);
    stage.server.faults().push(Fault::once(Service::Receive, Kind::Status(500)));
    stage.run.apply();
    stage.make_up_anew(&[PUSHED]);
    stage.server.faults().clear();
    stage.server.faults().push(Fault::always(Service::Receive, Kind::Hang));
    let pushes = stage.server.pushes();
    stage.killed_while(|stage| stage.server.pushes() > pushes);
    panics::tells_nothing(&mut stage);
    stage.assert_nowhere();
}

/// The labels of the resources in these blocks.
pub fn labels(blocks: &str) -> Vec<&str> {
    let heads = blocks.lines().filter(|line| line.starts_with("resource "));
    heads.filter_map(|line| line.split('"').nth(3)).collect()
}

/// Demands that it failed, and that each of these resources is told of.
#[track_caller]
pub fn assert_all_fail(said: &Outcome, labels: &[&str]) {
    assert_ne!(said.code, Some(0), "it did not fail");
    let told = |label: &&str| said.stderr.contains(&format!(".{label},"));
    let silent: Vec<_> = labels.iter().filter(|label| !told(label)).collect();
    assert!(!labels.is_empty() && silent.is_empty(), "nothing was said of {silent:?}:\n{}", said.stderr);
}
