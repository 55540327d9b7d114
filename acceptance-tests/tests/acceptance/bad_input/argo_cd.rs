//! Applications, projects, approvals and ephemeral secrets that are wrong by themselves.

use super::{plan_errors, resource};
use gitops_acceptance_tests::Case;
use insta::assert_snapshot;

/// What Argo CD, or Kubernetes, would refuse or never match.
pub fn argo_cd_objects_that_cannot_be(case: &Case) {
    let app = |name: &str, lines: &str| {
        let source = "  name = \"shop\"\n  repo_url = \"https://git.example.com/p.git\"\n";
        resource("application", name, &format!("{source}{lines}"))
    };
    let project = |name: &str, lines: &str| resource("project", name, &format!("  name = \"shop\"\n{lines}"));
    let sync = |name: &str, application: &str, revision: &str| {
        resource("sync", name, &format!("  application = {application:?}\n  revision = {revision:?}"))
    };
    let window = |lines: &str| format!("  sync_windows = [{{ kind = \"deny\", {lines} }}]");
    let policy = |policy: &str| format!("  roles = [{{ name = \"dev\", policies = [{policy:?}] }}]");
    let ephemeral = |kind: &str, name: &str, lines: &str| {
        format!("\nephemeral \"gitops_{kind}\" \"{name}\" {{\n{lines}\n}}\n")
    };
    let from = "  from = { namespace = \"shop\", name = \"app\", key = \"TOKEN\" }\n";
    let account = "  namespace = \"ci\"\n  service_account = \"deployer\"\n";
    let blocks = [
        app("climbs", "  path = \"../apps\""),
        app("two_tools", "  path = \"apps\"\n  helm = {}\n  kustomize = {}"),
        app("prunes_by_hand", "  path = \"apps\"\n  sync = { preset = \"guarded\", prune = true }"),
        project("other_project", &policy("p, proj:web:dev, applications, sync, web/*, allow")),
        project("all_projects", &policy("p, proj:shop:dev, applications, sync, */*, allow")),
        project("twice", "  source_repos = [\"*\", \"*\"]"),
        project("no_cron", &window("schedule = \"nightly\", duration = \"8h\", applications = [\"*\"]")),
        project("for_nothing", &window("schedule = \"0 22 * * *\", duration = \"8h\"")),
        sync("shouts", "Shop", "v1"),
        sync("a_range", "shop", "v1..v2"),
        sync("an_option", "shop", "--force"),
        ephemeral("random_secret", "too_long", &format!("{from}  length = 5000")),
        ephemeral("random_secret", "one_letter", &format!("{from}  characters = \"aaaa\"")),
        ephemeral("random_secret", "no_key", &from.replace("TOKEN", "no key")),
        ephemeral("token", "too_short", &format!("{account}  lifetime = \"30s\"")),
        ephemeral("token", "no_duration", &format!("{account}  lifetime = \"a day\"")),
        ephemeral("token", "nobody", &account.replace("deployer", "The Deployer")),
    ];
    let mut run = case.blocks(&blocks.concat());
    assert_snapshot!("argo_cd_objects_that_cannot_be", plan_errors(&mut run, &[]));
}
