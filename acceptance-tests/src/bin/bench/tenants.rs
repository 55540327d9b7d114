//! Many tenants, written to a Git server on loopback, planned again, and one of them changed: `gitops_tenant` under
//! `count`, without a cluster, against the plain `git` program that commits and pushes each by itself.
//!
//! Much of such a command is the CLI's own work: how much is shown by as many resources that no provider works for.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::store::Store;
use crate::table::{Goal, Row};
use gitops_acceptance_tests::git_server::{Bare, Options, Server, git};
use gitops_acceptance_tests::{Case, Workspace};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Runtime;

/// A server, and what it was asked since the last look.
struct Forge {
    _runtime: Runtime,
    server: Server,
    bare: Bare,
}

/// What a command took: seconds, pushes, and looks at the branch.
#[derive(Default)]
struct Cost {
    time: Samples,
    pushes: Samples,
    looks: Samples,
}

#[derive(Default)]
struct Costs {
    create: Cost,
    wide: Cost,
    plan: Cost,
    change: Cost,
}

/// The whole commands, what the provider adds to the CLI's own work, and what the server sees of it.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let (case, count, store) = (setting.case("tenants"), setting.tenants, Store::start()?);
    let (mut ours, mut cli, mut plain) = (Costs::default(), Costs::default(), Samples::default());
    for turn in 0..setting.rounds {
        let state = |side: &str| store.backend(&format!("{side}-{turn}"));
        let failed = |error: io::Error| format!("no Git server: {error}");
        let forge = Forge::start(&case.dir().join(format!("forge-{turn}"))).map_err(failed)?;
        let url = forge.server.url("p.git");
        let mut run = case.configuration(&(state("ours") + &ours_for(count, &url)));
        setting.supply(&case, &mut run);
        life(&mut run, count, Some(&forge), &mut ours);
        life(&mut case.configuration(&(state("cli") + &nobodys(count))), count, None, &mut cli);
        plain.add(by_git(&case, count, turn).map_err(|error| format!("git failed: {error}"))?);
    }
    Ok(rows(count, &ours, &cli, plain))
}

fn rows(count: usize, ours: &Costs, cli: &Costs, plain: Samples) -> Vec<Row> {
    let seconds = |what: String, ours: Samples, theirs: Option<Samples>, goal| Row::Measured {
        what,
        unit: Unit::Seconds,
        ours,
        theirs,
        goal,
    };
    let counted = |what: &str, ours: &Samples, most: f64| Row::Measured {
        what: format!("  {what}"),
        unit: Unit::Count,
        ours: ours.clone(),
        theirs: None,
        goal: Goal::Limit(most),
    };
    let alone = |cost: &Cost| ("  of that the CLI alone".to_owned(), cost.time.clone());
    let added = |ours: &Cost, cli: &Cost| ours.time.beyond(cli.time.median());
    let provider = || "  of that the provider".to_owned();
    let (what, own) = alone(&cli.create);
    vec![
        seconds(format!("{count} created, git"), ours.create.time.clone(), Some(plain), Goal::Times(0.2)),
        seconds(what, own, None, Goal::None),
        seconds(provider(), added(&ours.create, &cli.create), None, Goal::Limit(20.0)),
        counted("pushes", &ours.create.pushes, 110.0),
        seconds(format!("{count} created, 100 at once"), ours.wide.time.clone(), None, Goal::None),
        counted("pushes", &ours.wide.pushes, 15.0),
        seconds(format!("{count} planned again"), ours.plan.time.clone(), None, Goal::None),
        seconds(provider(), added(&ours.plan, &cli.plan), None, Goal::Limit(3.0)),
        counted("looks at the branch", &ours.plan.looks, 1.0),
        seconds(format!("1 of {count} changed"), ours.change.time.clone(), None, Goal::None),
        seconds(provider(), added(&ours.change, &cli.change), None, Goal::Limit(1.0)),
        counted("pushes", &ours.change.pushes, 1.0),
    ]
}

impl Forge {
    fn start(dir: &Path) -> io::Result<Self> {
        let bare = Bare::seeded(&dir.join("p.git"))?;
        bare.write("charts/tenant/Chart.yaml", "name: tenant\nversion: 1.2.3\n")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let options = Options { root: dir.to_owned(), credentials: None, tls: None };
        let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options))?;
        Ok(Self { _runtime: runtime, server, bare })
    }

    /// How many looks at the branch there were since the last call.
    fn looks(&self) -> usize {
        let requests = self.server.take_requests();
        requests.iter().filter(|request| request.query.contains("service=git-upload-pack")).count()
    }
}

/// Creates, plans again, changes one, destroys, and creates with a hundred at once.
fn life(run: &mut Workspace, count: usize, forge: Option<&Forge>, costs: &mut Costs) {
    run.init();
    let mut command = |arguments: &[&str], cost: &mut Cost| {
        let before = forge.map(|forge| {
            forge.looks();
            forge.server.pushes()
        });
        let outcome = run.command(arguments).success();
        cost.time.add_time(outcome.elapsed);
        if let (Some(forge), Some(before)) = (forge, before) {
            cost.pushes.add((forge.server.pushes() - before) as f64);
            cost.looks.add(forge.looks() as f64);
        }
    };
    let change = format!("-var=changed={}", count / 2);
    let mut unmeasured = Cost::default();
    command(&["apply", "-auto-approve", "-no-color"], &mut costs.create);
    command(&["plan", "-no-color", "-detailed-exitcode"], &mut costs.plan);
    command(&["apply", "-auto-approve", "-no-color", &change], &mut costs.change);
    command(&["destroy", "-auto-approve", "-no-color", "-parallelism=100"], &mut unmeasured);
    command(&["apply", "-auto-approve", "-no-color", "-parallelism=100"], &mut costs.wide);
    let Some(forge) = forge else { return };
    let written = forge.bare.git(&["ls-tree", "-r", "--name-only", "main", "instances/"]).unwrap_or_default();
    assert_eq!(written.lines().count(), count, "tenants in the repository");
}

/// The same files, each tenant committed and pushed by itself; seconds.
fn by_git(case: &Case, count: usize, turn: usize) -> io::Result<f64> {
    let dir = case.dir().join(format!("plain-{turn}"));
    let (forge, clone) = (Forge::start(&dir)?, dir.join("clone"));
    fs::create_dir_all(&clone)?;
    git(&clone, &["clone", "--quiet", &forge.server.url("p.git"), "."])?;
    let begun = Instant::now();
    for index in 0..count {
        for (path, content) in files(index) {
            let file = clone.join(path);
            fs::create_dir_all(file.parent().unwrap_or(&clone))?;
            fs::write(file, content)?;
        }
        git(&clone, &["add", "--all"])?;
        git(&clone, &["commit", "--quiet", "--message", &format!("create tenant bench-{index}")])?;
        git(&clone, &["push", "--quiet", "origin", "HEAD:main"])?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn files(index: usize) -> [(String, String); 2] {
    [
        (format!("instances/bench-{index}/values.yaml"), format!("greeting: hello {index}\nreplicas: 1\n")),
        (
            format!("argo-cd/applications/bench-{index}.yaml"),
            format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: bench-{index}\n"
            ),
        ),
    ]
}

/// As many resources that the CLI keeps in its state by itself.
fn nobodys(count: usize) -> String {
    format!(
        r#"variable "changed" {{
  type    = number
  default = -1
}}

resource "terraform_data" "bench" {{
  count = {count}
  input = {{ tenant_id = "bench-${{count.index}}", values = {{ greeting = count.index == var.changed ? "moin" : "hello ${{count.index}}", replicas = 1 }} }}
}}
"#
    )
}

fn ours_for(count: usize, url: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    gitops = {{ source = "registry.terraform.io/gitops-rs/gitops" }}
  }}
}}

variable "changed" {{
  type    = number
  default = -1
}}

provider "gitops" {{
  git = {{ url = {url:?} }}
}}

resource "gitops_tenant" "bench" {{
  count     = {count}
  tenant_id = "bench-${{count.index}}"
  chart     = {{ path = "charts/tenant" }}
  values    = {{ greeting = count.index == var.changed ? "moin" : "hello ${{count.index}}", replicas = 1 }}
  wait      = false
}}
"#
    )
}
