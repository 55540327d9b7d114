//! Many secrets, written to the lab's cluster and planned again: `gitops_secret_injection` against
//! `kubernetes_secret`. Ours are write-only, so that each plan also looks at fingerprints.
//!
//! Most of such a command is the CLI's own work: its graph, its state, and what it does to talk to a provider. How much
//! that is, is shown by as many resources of a provider that does next to nothing: `notes`, the example of the SDK, keeps
//! a line in a file. A provider of Secrets has all of that to do, and more. What is beyond it is the provider's, and the API
//! server's; what the provider alone takes is the time of the processors that its processes use.

use crate::sample::{Samples, Unit};
use crate::setting::{Peer, Setting};
use crate::store::Store;
use crate::table::{Goal, Row};
use crate::usage;
use gitops_acceptance_tests::{Case, Namespace, Workspace};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How many things the CLI does at once: its own default, said for both.
const PARALLELISM: &str = "-parallelism=10";

/// How long a namespace full of secrets may take to go.
const CLEANING: Duration = Duration::from_secs(600);

/// Times of one side.
#[derive(Default)]
struct Times {
    create: Taken,
    plan: Taken,
}

/// What one command took.
#[derive(Default)]
struct Taken {
    whole: Samples,
    /// The provider's processors.
    cpu: Samples,
}

/// The whole commands, and what the providers add to the CLI's own work.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let peer = setting.peer("kubernetes")?;
    let case = setting.case("secrets");
    case.lab().cluster().clone()?;
    let (store, count) = (Store::start()?, setting.secrets);
    setting.example("notes")?;
    let (mut ours, mut theirs, mut least) = (Times::default(), Times::default(), Times::default());
    for turn in 0..setting.rounds {
        let state = |side: &str| store.backend(&format!("{side}-{turn}"));
        round(setting, &case, |namespace| state("ours") + &ours_for(count, namespace), &mut ours);
        round(setting, &case, |namespace| state("theirs") + &theirs_for(peer, count, namespace), &mut theirs);
        let notes = case.dir().join(format!("notes-{turn}"));
        fs::create_dir(&notes).map_err(|error| format!("failed to make {}: {error}", notes.display()))?;
        let mut run = case.configuration(&(state("notes") + &notes_for(count, &notes)));
        setting.supply(&case, &mut run);
        times(&mut run, &mut least);
    }
    Ok([
        rows(&format!("{count} created, {peer}"), 0.5, ours.create, theirs.create, least.create),
        rows(&format!("{count} planned again, {peer}"), 0.2, ours.plan, theirs.plan, least.plan),
    ]
    .concat())
}

/// The whole command, what is least for any provider, and the rest.
fn rows(what: &str, goal: f64, ours: Taken, theirs: Taken, least: Taken) -> Vec<Row> {
    let floor = least.whole.median();
    let row =
        |what: String, ours, theirs, goal| Row::Measured { what, unit: Unit::Seconds, ours, theirs, goal };
    let (added, theirs_added) = (ours.whole.beyond(floor), theirs.whole.beyond(floor));
    vec![
        row(what.to_owned(), ours.whole, Some(theirs.whole), Goal::Times(goal)),
        row("  of that the CLI, with notes in files".to_owned(), least.whole, None, Goal::None),
        row("  of that the rest".to_owned(), added, Some(theirs_added), Goal::Times(goal)),
        row("  processors of the provider".to_owned(), ours.cpu, Some(theirs.cpu), Goal::Times(goal)),
    ]
}

/// One turn of one side: in a namespace of its own, which is gone before the next.
fn round(setting: &Setting, case: &Case, configuration: impl Fn(&str) -> String, spent: &mut Times) {
    let namespace = case.lab().namespace(case);
    let mut run = case.configuration(&configuration(namespace.name()));
    setting.supply(case, &mut run);
    times(&mut run, spent);
    assert_there(case, &namespace, setting.secrets);
    case.lab().kubectl().try_run(&["delete", "namespace", namespace.name()], CLEANING).success();
}

/// Creates, and plans again.
fn times(run: &mut Workspace, spent: &mut Times) {
    run.init();
    take(run, &["apply", "-auto-approve", "-no-color", PARALLELISM], &mut spent.create);
    take(run, &["plan", "-no-color", "-detailed-exitcode", PARALLELISM], &mut spent.plan);
}

fn take(run: &mut Workspace, arguments: &[&str], taken: &mut Taken) {
    let (outcome, usage) = usage::unlogged(run, arguments);
    taken.whole.add_time(outcome.elapsed);
    taken.cpu.add(usage.cpu);
}

/// Where a provider comes from, and its block with one line.
fn provider(name: &str, source: &str, line: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    {name} = {{ source = "registry.terraform.io/{source}" }}
  }}
}}

provider "{name}" {{
  {line}
}}

"#
    )
}

/// As many notes in files, of the SDK's example.
fn notes_for(count: usize, directory: &Path) -> String {
    provider("notes", "example/notes", &format!("directory = {directory:?}"))
        + &format!(
            r#"resource "notes_note" "bench" {{
  count     = {count}
  name      = "bench-${{count.index}}"
  text      = "bench"
  secret_wo = "value-${{count.index}}"
}}
"#
        )
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

fn ours_for(count: usize, namespace: &str) -> String {
    let cluster = format!("kubernetes = {{ config_path = {:?} }}", kubeconfig());
    provider("gitops", "gitops-rs/gitops", &cluster)
        + &format!(
            r#"resource "gitops_secret_injection" "bench" {{
  count     = {count}
  namespace = "{namespace}"
  name      = "bench-${{count.index}}"
  data_wo   = {{ username = "bench", password = "value-${{count.index}}" }}
}}
"#
        )
}

fn theirs_for(peer: &Peer, count: usize, namespace: &str) -> String {
    let cluster = format!("config_path = {:?}", kubeconfig());
    provider("kubernetes", &format!("peer/{}", peer.name), &cluster)
        + &format!(
            r#"resource "kubernetes_secret" "bench" {{
  count = {count}

  metadata {{
    namespace = "{namespace}"
    name      = "bench-${{count.index}}"
  }}

  data = {{ username = "bench", password = "value-${{count.index}}" }}
}}
"#
        )
}

fn kubeconfig() -> &'static str {
    gitops_acceptance_tests::Lab::shared().expect("KUBECONFIG")
}
