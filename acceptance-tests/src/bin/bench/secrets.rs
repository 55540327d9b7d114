//! Many secrets, written to the lab's cluster and planned again: `gitops_secret_injection` against
//! `kubernetes_secret`. Ours are write-only, so that each plan also looks at fingerprints.

use crate::sample::{Samples, Unit};
use crate::setting::{Peer, Setting};
use crate::table::{Goal, Row};
use gitops_acceptance_tests::{Case, Namespace, Workspace};
use std::fs;
use std::time::Duration;

/// How many things the CLI does at once: its own default, said for both.
const PARALLELISM: &str = "-parallelism=10";

/// How long a namespace full of secrets may take to go.
const CLEANING: Duration = Duration::from_secs(600);

/// Times of one side.
#[derive(Default)]
struct Times {
    create: Samples,
    plan: Samples,
}

/// Two rows.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let peer = setting.peer("kubernetes")?;
    let case = setting.case("secrets");
    case.lab().cluster().clone()?;
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for _ in 0..setting.rounds {
        round(setting, &case, ours_for, &mut ours);
        round(setting, &case, |count, namespace| theirs_for(peer, count, namespace), &mut theirs);
    }
    let row = |what: String, ours, theirs, most| Row::Measured {
        what,
        unit: Unit::Seconds,
        ours,
        theirs: Some(theirs),
        goal: Goal::Times(most),
    };
    let count = setting.secrets;
    Ok(vec![
        row(format!("{count} created, {peer}"), ours.create, theirs.create, 0.5),
        row(format!("{count} planned again, {peer}"), ours.plan, theirs.plan, 0.2),
    ])
}

/// One turn of one side: in a namespace of its own, which is gone before the next.
fn round(setting: &Setting, case: &Case, configuration: impl Fn(usize, &str) -> String, times: &mut Times) {
    let namespace = case.lab().namespace(case);
    let mut run = case.configuration(&configuration(setting.secrets, namespace.name()));
    setting.supply(case, &mut run);
    run.init();
    let apply = run.command(&["apply", "-auto-approve", "-no-color", PARALLELISM]).success();
    times.create.add_time(apply.elapsed);
    assert_there(case, &namespace, setting.secrets);
    let plan = run.command(&["plan", "-no-color", "-detailed-exitcode", PARALLELISM]).success();
    times.plan.add_time(plan.elapsed);
    end(case, &namespace, run);
}

fn assert_there(case: &Case, namespace: &Namespace, count: usize) {
    let arguments = ["get", "secrets", "-n", namespace.name(), "-o", "name"];
    let names = case.lab().kubectl().run(&arguments).stdout;
    assert_eq!(
        names.lines().filter(|name| name.contains("/bench-")).count(),
        count,
        "secrets in the cluster"
    );
}

/// Deletes the namespace with all that is in it, and the state that knows it.
fn end(case: &Case, namespace: &Namespace, run: Workspace) {
    case.lab().kubectl().try_run(&["delete", "namespace", namespace.name()], CLEANING).success();
    let _ = fs::remove_file(run.dir().join("terraform.tfstate")); // nothing is left to destroy
}

fn ours_for(count: usize, namespace: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    gitops = {{ source = "registry.terraform.io/gitops-rs/gitops" }}
  }}
}}

provider "gitops" {{
  kubernetes = {{ config_path = {path:?} }}
}}

resource "gitops_secret_injection" "bench" {{
  count     = {count}
  namespace = "{namespace}"
  name      = "bench-${{count.index}}"
  data_wo   = {{ username = "bench", password = "value-${{count.index}}" }}
}}
"#,
        path = kubeconfig(),
    )
}

fn theirs_for(peer: &Peer, count: usize, namespace: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    kubernetes = {{ source = "registry.terraform.io/peer/{name}" }}
  }}
}}

provider "kubernetes" {{
  config_path = {path:?}
}}

resource "kubernetes_secret" "bench" {{
  count = {count}

  metadata {{
    namespace = "{namespace}"
    name      = "bench-${{count.index}}"
  }}

  data = {{ username = "bench", password = "value-${{count.index}}" }}
}}
"#,
        name = peer.name,
        path = kubeconfig(),
    )
}

fn kubeconfig() -> &'static str {
    gitops_acceptance_tests::Lab::shared().expect("KUBECONFIG")
}
