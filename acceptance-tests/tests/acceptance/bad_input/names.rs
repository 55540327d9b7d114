//! Names and values that are wrong by themselves: the plan says so.

use super::{plan_errors, resource};
use gitops_acceptance_tests::Case;
use insta::assert_snapshot;

/// Names that Kubernetes, Git or kind cannot have, and secrets that lack something.
pub fn names_that_cannot_be(case: &Case) {
    let tenant = |name: &str, id: &str| {
        let lines = format!(
            "  git = {{ url = \"https://git.example.com/p.git\" }}\n  chart = {{ path = \"charts/t\" }}\n  tenant_id = \"{id}\""
        );
        resource("tenant", name, &lines)
    };
    let secret = |name: &str, called: &str, lines: &str| {
        resource("secret_injection", name, &format!("  name = \"{called}\"\n{lines}"))
    };
    let app = |name: &str, lines: &str| {
        resource("root_app", name, &format!("  repo_url = \"https://git.example.com/p.git\"\n{lines}"))
    };
    let long = "a".repeat(254);
    let blocks = [
        resource("cluster", "shout", "  name = \"Dev!\""),
        resource("cluster", "no_yaml", "  name = \"dev\"\n  config = \"kind: [\""),
        resource("cluster", "no_image", "  name = \"dev\"\n  node_image = \"\""),
        tenant("climbs", "../etc"),
        tenant("looks_alike", "\u{430}cme"),
        tenant("long", &long),
        tenant("empty", ""),
        secret("namespace", "app", "  namespace = \"../shop\"\n  data_wo = { A = \"1\" }"),
        secret("name", "My App", "  namespace = \"shop\"\n  data_wo = { A = \"1\" }"),
        secret("key", "app", "  namespace = \"shop\"\n  data_wo = { \"no key\" = \"1\" }"),
        secret(
            "missing",
            "app",
            "  namespace = \"shop\"\n  required_keys = [\"TOKEN\"]\n  data_wo = { A = \"1\" }",
        ),
        secret("base64", "app", "  namespace = \"shop\"\n  binary_data_wo = { A = \"§\" }"),
        secret(
            "twice",
            "app",
            "  namespace = \"shop\"\n  data_wo = { A = \"1\" }\n  binary_data_wo = { A = \"MQ==\" }",
        ),
        app("shouts", "  name = \"Root_App\"\n  path = \"apps\""),
        app("climbs", "  name = \"root\"\n  path = \"../apps\""),
        app(
            "hides",
            "  name = \"root\"\n  path = \"apps\"\n  repo_url = \"https://ci:token@git.example.com/p.git\"",
        )
        .replacen("  repo_url = \"https://git.example.com/p.git\"\n", "", 1),
        resource("bootstrap", "nothing", "  source = {}"),
        resource(
            "bootstrap",
            "namespace",
            "  namespace = \"Argo CD\"\n  source = { manifest = { path = \"x.yaml\" } }",
        ),
    ];
    let mut run = case.blocks(&blocks.concat());
    let errors = plan_errors(&mut run, &[(&long, "aaa…")]);
    assert_snapshot!("names_that_cannot_be", errors);
}

/// Two blocks that would write the same thing: whatever it is, and under either name of a resource. The second waits for
/// the first, or it would be open which of them is told of.
pub fn two_blocks_for_one_thing(case: &Case) {
    let second = |kind: &str, name: &str, first: &str, lines: &str| {
        resource(kind, name, &format!("{lines}\n  depends_on = [gitops_{first}]"))
    };
    let git = "  git = { url = \"https://git.example.com/p.git\" }\n  chart = { repo_url = \"https://charts.example.com\", name = \"t\", version = \"1.0.0\" }\n  tenant_id = \"acme\"";
    let secret = "  namespace = \"shop\"\n  name = \"app\"\n  data_wo = { A = \"1\" }";
    let app = "  name = \"root\"\n  repo_url = \"https://git.example.com/p.git\"\n  path = \"apps\"";
    let there = "\n  kubernetes = { host = \"https://127.0.0.1:1\" }";
    let elsewhere = git.replace("p.git\"", "p.git\", branch = \"next\"");
    let files = "  git = { url = \"https://git.example.com/p.git\" }\n  name = \"values\"\n  files = { \"instances/acme/values.yaml\" = \"\" }";
    let blocks = [
        resource("cluster", "dev", "  name = \"dev\""),
        second(
            "cluster",
            "again",
            "cluster.dev",
            "  name = \"dev\"\n  kubeconfig_path = \"again.kubeconfig\"",
        ),
        resource("secret_injection", "app", secret),
        second("secret_injection", "again", "secret_injection.app", secret),
        second("secret_injection", "elsewhere", "secret_injection.app", &format!("{secret}{there}")),
        resource("root_app", "root", app),
        second("root_app", "again", "root_app.root", &format!("  provider = gitops\n{app}"))
            .replace("\"gitops_root_app\"", "\"argocd_root_app\""),
        resource("tenant", "acme", git),
        second("tenant", "again", "tenant.acme", git),
        second("tenant", "on_a_branch", "tenant.acme", &elsewhere),
        second("files", "in_the_tenant", "tenant.acme", files),
    ];
    let mut run = case.blocks(&blocks.concat());
    assert_snapshot!("two_blocks_for_one_thing", plan_errors(&mut run, &[]));
}
