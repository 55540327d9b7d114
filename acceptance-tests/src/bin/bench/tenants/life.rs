//! What the CLI does with the tenants of one configuration, and what each command takes.

use super::forge::Forge;
use super::shape::Shape;
use crate::sample::Samples;
use crate::setting::Setting;
use crate::store::Store;
use crate::usage::{self, Usage};
use gitops_acceptance_tests::{Case, Workspace};
use std::time::Duration;

/// What a command took, in each of its turns.
#[derive(Default)]
pub struct Cost {
    /// The whole command, in seconds.
    pub time: Samples,
    /// How long the provider was at work, in seconds.
    pub busy: Samples,
    /// What the provider had of the processors, in seconds.
    pub cpu: Samples,
    /// The most memory that the provider had, in bytes.
    pub memory: Samples,
    /// Pushes that the server saw.
    pub pushes: Samples,
    /// Looks at the branch that the server saw.
    pub looks: Samples,
}

impl Cost {
    fn add(&mut self, taken: &Taken) {
        self.time.add_time(taken.time);
        self.busy.add(taken.usage.busy);
        self.cpu.add(taken.usage.cpu);
        self.memory.add(taken.usage.memory);
        self.pushes.add(taken.pushes as f64);
        self.looks.add(taken.looks as f64);
    }
}

/// What one command took.
struct Taken {
    time: Duration,
    usage: Usage,
    pushes: usize,
    looks: usize,
}

impl Taken {
    /// This one and the next.
    fn and(&self, next: &Self) -> Self {
        let (first, second) = (self.usage, next.usage);
        let usage = Usage {
            cpu: first.cpu + second.cpu,
            memory: first.memory.max(second.memory),
            busy: first.busy + second.busy,
        };
        Self {
            time: self.time + next.time,
            usage,
            pushes: self.pushes + next.pushes,
            looks: self.looks + next.looks,
        }
    }
}

/// The tenants of one configuration, in a repository and a state of their own.
pub struct Life {
    run: Workspace,
    forge: Forge,
    count: usize,
    shape: Shape,
}

impl Life {
    /// With nothing created yet; `name` is no other's.
    pub fn new(
        setting: &Setting,
        case: &Case,
        store: &Store,
        name: &str,
        shape: Shape,
        count: usize,
    ) -> Result<Self, String> {
        let forge = Forge::start(&case.dir().join(name))?;
        let mut run = case.configuration(&(store.backend(name) + &shape.configuration(count, &forge.url())));
        if shape != Shape::Nobodys {
            setting.supply(case, &mut run);
        }
        run.init();
        Ok(Self { run, forge, count, shape })
    }

    /// Creates them; all are in the repository then.
    pub fn create(&mut self, more: &[&str], cost: &mut Cost) {
        self.command(&[&["apply", "-auto-approve", "-no-color"], more].concat(), cost);
        if self.shape != Shape::Nobodys {
            assert_eq!(self.forge.tenants(), self.count, "tenants in the repository");
        }
    }

    /// Refreshes and plans them; there is nothing to do.
    pub fn plan(&mut self, cost: &mut Cost) {
        self.command(&["plan", "-no-color", "-detailed-exitcode"], cost);
    }

    /// Plans that one of them changes, and applies that plan: what `both` took, and what of it the plan's `apply` did.
    /// Answers which files differ then.
    pub fn change(&mut self, both: &mut Cost, apply: &mut Cost) -> Vec<String> {
        let change = format!("-var=changed={}", self.count / 2);
        let planned = self.taken(&["plan", "-no-color", "-out=change.tfplan", &change]);
        let applied = self.taken(&["apply", "-no-color", "change.tfplan"]);
        both.add(&planned.and(&applied));
        apply.add(&applied);
        self.forge.changed()
    }

    fn command(&mut self, arguments: &[&str], cost: &mut Cost) {
        cost.add(&self.taken(arguments));
    }

    fn taken(&mut self, arguments: &[&str]) -> Taken {
        self.forge.looks();
        let before = self.forge.pushes();
        let (outcome, usage) = usage::command(&mut self.run, arguments);
        let provider = self.shape != Shape::Nobodys;
        assert!(!provider || (usage.busy > 0.0 && usage.cpu > 0.0), "nothing was seen of the provider");
        let (pushes, looks) = (self.forge.pushes() - before, self.forge.looks());
        Taken { time: outcome.elapsed, usage, pushes, looks }
    }
}
