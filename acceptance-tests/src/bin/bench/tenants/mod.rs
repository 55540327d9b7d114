//! Many tenants, written to a Git server on loopback, planned again, and one of them changed: as one `gitops_tenant`
//! each and as one `gitops_tenant_fleet`, without a cluster, against the plain `git` program that commits and pushes each
//! by itself.
//!
//! Most of such a command is the CLI's own work. What the provider takes is said in two ways: how long at least one of
//! the CLI's calls was open in it, which is what a goal is held against, and its time of the processors. As many
//! resources that no provider works for show what the CLI takes at the least.

mod forge;
mod life;
mod scale;
mod shape;

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::store::Store;
use crate::table::{Goal, Row};
use life::{Cost, Life};
use shape::Shape;

/// What the provider may have of the machine's memory while it refreshes and plans.
const MEMORY: f64 = 150.0 * 1_048_576.0;

/// What the commands on one shape of the tenants took.
#[derive(Default)]
struct Costs {
    create: Cost,
    plan: Cost,
    /// To plan a change of one, and to apply that.
    change: Cost,
    /// Of that to apply it: what the change takes beside the plan of all.
    apply: Cost,
    /// Files in the diff of a change.
    files: Samples,
}

/// The whole commands, what of them is the provider's, and what the server sees; then what a tenant costs among few and
/// among many.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let (case, count, store) = (setting.case("tenants"), setting.tenants, Store::start()?);
    let (mut each, mut fleet, mut cli) = (Costs::default(), Costs::default(), Costs::default());
    let (mut wide, mut plain) = (Cost::default(), Samples::default());
    plain.add(forge::by_git(&case, count)?); // once: it takes longer than all the rest
    for turn in 0..setting.rounds {
        let life = |shape: Shape, what: &str| {
            Life::new(setting, &case, &store, &format!("{what}-{turn}"), shape, count)
        };
        live(&mut life(Shape::Each, "each")?, &mut each);
        life(Shape::Each, "wide")?.create(&["-parallelism=100"], &mut wide);
        live(&mut life(Shape::Fleet, "fleet")?, &mut fleet);
        live(&mut life(Shape::Nobodys, "cli")?, &mut cli);
    }
    let mut rows = of_each(count, &each, &wide, &cli, &plain);
    rows.extend(of_fleet(count, &fleet, &plain));
    rows.extend(scale::measure(setting, &case, &store)?);
    Ok(rows)
}

/// Creates, plans again, and changes one: in its own file, and in no other.
fn live(life: &mut Life, costs: &mut Costs) {
    life.create(&[], &mut costs.create);
    life.plan(&mut costs.plan);
    costs.files.add(life.change(&mut costs.change, &mut costs.apply).len() as f64);
}

fn of_each(count: usize, each: &Costs, wide: &Cost, cli: &Costs, plain: &Samples) -> Vec<Row> {
    let create = seconds(format!("{count} created, git"), &each.create.time, Some(plain), Goal::Times(0.2));
    let mut rows = vec![create];
    rows.extend(parts(&each.create, Some(&cli.create), 20.0));
    rows.push(counted("pushes", &each.create.pushes, 110.0));
    rows.push(seconds(format!("{count} created, 100 at once"), &wide.time, None, Goal::None));
    rows.extend(parts(wide, None, 20.0));
    rows.push(counted("pushes", &wide.pushes, 15.0));
    rows.push(seconds(format!("{count} planned again"), &each.plan.time, None, Goal::None));
    rows.extend(parts(&each.plan, Some(&cli.plan), 3.0));
    rows.push(memory(&each.plan));
    rows.push(counted("looks at the branch", &each.plan.looks, 1.0));
    rows.push(seconds(format!("1 of {count} changed"), &each.change.time, None, Goal::None));
    rows.extend(parts(&each.change, Some(&cli.change), 1.0));
    rows.push(applied(each));
    rows.push(counted("pushes", &each.change.pushes, 1.0));
    rows.push(counted("files in the diff", &each.files, 1.0));
    rows
}

fn of_fleet(count: usize, fleet: &Costs, plain: &Samples) -> Vec<Row> {
    let what = format!("a fleet of {count} created, git");
    let mut rows = vec![seconds(what, &fleet.create.time, Some(plain), Goal::Times(0.02))];
    rows.extend(parts(&fleet.create, None, 1.0));
    rows.push(counted("pushes", &fleet.create.pushes, 1.0));
    rows.push(seconds(format!("a fleet of {count} planned again"), &fleet.plan.time, None, Goal::None));
    rows.extend(parts(&fleet.plan, None, 3.0));
    rows.push(memory(&fleet.plan));
    rows.push(seconds(format!("1 of a fleet of {count} changed"), &fleet.change.time, None, Goal::None));
    rows.extend(parts(&fleet.change, None, 1.0));
    rows.push(applied(fleet));
    rows.push(counted("pushes", &fleet.change.pushes, 1.0));
    rows.push(counted("files in the diff", &fleet.files, 1.0));
    rows
}

/// Of a whole command what the CLI takes alone, where that is known, and what the provider takes.
fn parts(cost: &Cost, cli: Option<&Cost>, most: f64) -> Vec<Row> {
    let alone = cli.map(|cli| seconds("  the CLI alone".to_owned(), &cli.time, None, Goal::None));
    let provider = [
        seconds("  the provider at work".to_owned(), &cost.busy, None, Goal::Limit(most)),
        seconds("  its processor time".to_owned(), &cost.cpu, None, Goal::None),
    ];
    alone.into_iter().chain(provider).collect()
}

/// The part of a change that is no plan of all of them, which has a goal of its own.
fn applied(costs: &Costs) -> Row {
    seconds("  at work after the plan".to_owned(), &costs.apply.busy, None, Goal::Limit(1.0))
}

fn memory(cost: &Cost) -> Row {
    row("  its memory".to_owned(), Unit::Bytes, &cost.memory, None, Goal::Limit(MEMORY))
}

fn counted(what: &str, ours: &Samples, most: f64) -> Row {
    row(format!("  {what}"), Unit::Count, ours, None, Goal::Limit(most))
}

fn seconds(what: String, ours: &Samples, theirs: Option<&Samples>, goal: Goal) -> Row {
    row(what, Unit::Seconds, ours, theirs, goal)
}

fn row(what: String, unit: Unit, ours: &Samples, theirs: Option<&Samples>, goal: Goal) -> Row {
    Row::Measured { what, unit, ours: ours.clone(), theirs: theirs.cloned(), goal }
}
