//! Names and values that are wrong by themselves: the plan says so.

use super::{configuration, plan_errors, resource};
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
    let mut run = configuration(case, &blocks.concat());
    let errors = plan_errors(&mut run, &[(&long, "aaa…")]);
    assert_snapshot!("names_that_cannot_be", errors);
}
