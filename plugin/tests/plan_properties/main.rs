//! Drives the planner as Terraform core does, with random schemas, configurations and prior states, and holds its
//! answers against the rules that core checks.
//!
//! `PLAN_CASES` sets how many lives of objects are tried, `PLAN_SEED` where to start; a failure names its own seed,
//! and `PLAN_CASES=1 PLAN_SEED=…` runs that life alone.

mod random;
mod show;

use random::Random;
use std::collections::BTreeMap;
use tfplugin_rs::conform;
use tfplugin_rs::plan::{self, Foreseen, Plan};
use tfplugin_rs::schema::{Attributes, Nesting, Schema, check};
use tfplugin_rs::value::{Path, Value, msgpack};

/// What is foreseen of each output, the same whenever the same change is planned.
type Foresight = BTreeMap<String, Foreseen>;

/// One object, and everything that went wrong with it.
struct Life {
    schema: Schema,
    random: Random,
    /// The story, told only of a life that is known to fail.
    log: Option<String>,
    failed: bool,
}

#[test]
fn core_accepts_every_plan() {
    let cases = setting("PLAN_CASES").unwrap_or(10_000);
    let start = setting("PLAN_SEED").unwrap_or(1);
    println!("PLAN_SEED={start} PLAN_CASES={cases}");
    for seed in (0..cases).map(|case| start.wrapping_add(case)) {
        if Life::of(seed, None).failed {
            let life = Life::of(seed, Some(String::new()));
            let story = life.log.unwrap_or_default();
            panic!("PLAN_CASES=1 PLAN_SEED={seed}\n{}{story}", show::schema(&life.schema));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

impl Life {
    fn of(seed: u64, log: Option<String>) -> Self {
        let mut random = Random(seed);
        let mut life = Self { schema: random::schema(&mut random), random, log, failed: false };
        life.live();
        life
    }

    /// Creation, a second plan without a change, and an update or a replacement; half of the objects come from
    /// elsewhere and are only updated.
    fn live(&mut self) {
        if let Err(error) = check::check(&self.schema) {
            return self.fail(&format!("the generator made an invalid schema: {error}"));
        }
        let mut state = if self.random.percent(50) {
            self.change("create", &Value::Null)
        } else {
            random::state(&mut self.random, &self.schema.attributes)
        };
        for _ in 0..2 {
            state = self.change("update", &state);
        }
    }

    /// One change from configuration to state, the way core makes it; then a plan that must be empty.
    fn change(&mut self, name: &str, prior: &Value) -> Value {
        // Core plans with unknown values first; often there are none.
        let unknown = if self.random.percent(30) { 0 } else { 25 };
        let config = random::config(&mut self.random, &self.schema.attributes, unknown);
        let known = random::resolve(&mut self.random, &self.schema.attributes, &config);
        let foresight = self.foresight();
        let first = self.plan(name, prior, &config, &foresight);
        self.check_replaces(prior, &first);
        // A replacement is planned anew as a creation, and applied as one.
        let (prior, first) = match first.replaces.is_empty() || prior.is_null() {
            true => (prior.clone(), first),
            false => (Value::Null, self.plan("replace", &Value::Null, &config, &foresight)),
        };
        let last = self.plan("apply", &prior, &known, &foresight);
        if !prior.is_null() && !last.replaces.is_empty() {
            self.fail("an update became a replacement at apply time");
        }
        self.hold("plan at apply time", conform::compatible(&self.schema, &first.state, &last.state));
        let state = random::complete(&mut self.random, &self.schema.attributes, &last.state);
        self.hold("result", conform::compatible(&self.schema, &last.state, &state));
        self.hold("result", conform::wholly_known(&state));
        self.hold("result", conform::write_only_null(&self.schema, &state));
        self.check_empty_plan(&state, &known);
        state
    }

    fn plan(&mut self, name: &str, prior: &Value, config: &Value, foresight: &Foresight) -> Plan {
        let proposed = conform::proposed_new(&self.schema, prior, config);
        let draft = plan::draft(&self.schema, prior, &proposed, config);
        let plan = plan::finish(&self.schema, prior, draft, foresight);
        self.note(
            name,
            &[("prior", prior), ("config", config), ("proposed", &proposed), ("planned", &plan.state)],
        );
        self.hold(name, conform::plan_valid(&self.schema, prior, config, &plan.state));
        self.hold(name, conform::write_only_null(&self.schema, &plan.state));
        self.hold(name, conform::replace_paths_valid(prior, &plan.state, &plan.replaces));
        self.check_outputs(prior, &plan.state, foresight);
        let mut undefaulted = Vec::new();
        defaults(&self.schema.attributes, config, &plan.state, &Path::root(), &mut undefaulted);
        if let Some(path) = undefaulted.first() {
            self.fail(&format!("`{path}` is not configured and has not its default"));
        }
        let ty = self.schema.ty();
        let travelled = msgpack::encode(&plan.state, &ty).and_then(|bytes| msgpack::decode(&bytes, &ty));
        if travelled.as_ref() != Ok(&plan.state) {
            self.fail("the planned state is another one on the wire");
        }
        plan
    }

    /// An output is what was foreseen; without that it is unknown where anything else moves, and kept where nothing
    /// does. Null would be a promise.
    fn check_outputs(&mut self, prior: &Value, planned: &Value, foresight: &Foresight) {
        let names: Vec<_> =
            self.schema.attributes.iter().filter(|(_, attribute)| attribute.is_output()).collect();
        let wrong = names.into_iter().map(|(name, _)| name).find(|name| {
            let path = Path::root().attribute(*name);
            let (before, after) = (prior.get(&path), planned.get(&path));
            match foresight.get(*name) {
                Some(Foreseen::Value(value)) => after != Some(value),
                Some(Foreseen::Unknown) => after != Some(&Value::unknown()),
                Some(Foreseen::Keep) => {
                    after != Some(&Value::unknown()) && (before.is_none() || after != before)
                }
                None if planned == prior => after != before,
                None => after != Some(&Value::unknown()),
            }
        });
        if let Some(name) = wrong.cloned() {
            self.fail(&format!("output `{name}` is not what was foreseen"));
        }
    }

    /// Whatever replaces the object and differs is named, by its own path or one above it, and nothing is named
    /// that does not differ.
    fn check_replaces(&mut self, prior: &Value, plan: &Plan) {
        if prior.is_null() {
            return;
        }
        let mut demanded = Vec::new();
        replacing(&self.schema.attributes, prior, &plan.state, &Path::root(), &mut demanded);
        let named = |path: &Path| plan.replaces.iter().any(|named| path.starts_with(named));
        if let Some(path) = demanded.iter().find(|path| !named(path)) {
            self.fail(&format!("a change of `{path}` must replace the object"));
        }
        let groundless = |path: &&Path| {
            let (before, after) = (prior.get(path), plan.state.get(path));
            let within = |value: Option<&Value>| {
                value.is_some_and(|value| value.entries().is_some() || value.elements().is_some())
            };
            before == after || (!demanded.contains(path) && within(before) && within(after))
        };
        if let Some(path) = plan.replaces.iter().find(groundless) {
            self.fail(&format!("`{path}` replaces the object without need"));
        }
    }

    /// The same configuration again changes nothing.
    fn check_empty_plan(&mut self, state: &Value, config: &Value) {
        let plan = self.plan("second plan", state, config, &Foresight::new());
        if plan.state != *state || !plan.replaces.is_empty() {
            self.fail("the second plan is not empty");
        }
    }

    fn foresight(&mut self) -> Foresight {
        let random = &mut self.random;
        let outputs = self.schema.attributes.iter().filter(|(_, attribute)| attribute.is_output());
        let foresee = |(name, attribute)| {
            let foreseen = match random.below(4) {
                0 => Foreseen::Value(random::reached(random, attribute)),
                1 => Foreseen::Keep,
                2 => Foreseen::Unknown,
                _ => return None,
            };
            Some((String::clone(name), foreseen))
        };
        outputs.filter_map(foresee).collect()
    }

    fn hold(&mut self, name: &str, violations: Vec<conform::Violation>) {
        for violation in violations {
            self.fail(&format!("{name}: {violation}"));
        }
    }

    fn fail(&mut self, what: &str) {
        self.failed = true;
        if let Some(log) = &mut self.log {
            log.push_str(&format!("FAILED: {what}\n"));
        }
    }

    /// Tells the story up to the first failure.
    fn note(&mut self, name: &str, values: &[(&str, &Value)]) {
        let Some(log) = self.log.as_mut().filter(|_| !self.failed) else { return };
        log.push_str(&format!("{name}\n"));
        for (name, value) in values {
            log.push_str(&format!("  {name:8} {}\n", show::value(value)));
        }
    }
}

/// The paths of the attributes that are not configured and not planned with their default, in the objects that
/// are both configured and planned.
fn defaults(attributes: &Attributes, config: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    for (name, attribute) in attributes {
        let step = Path::root().attribute(name);
        let (Some(configured), Some(planned)) = (config.get(&step), planned.get(&step)) else { continue };
        let path = at.attribute(name);
        if configured.is_null() && attribute.default.as_ref().is_some_and(|default| default != planned) {
            found.push(path);
            continue;
        }
        if let Some((nesting, nested)) = attribute.nested() {
            let depth = usize::from(nesting != Nesting::Single);
            planned.walk(|element, planned| {
                let is_object = element.steps().len() == depth;
                if let Some(configured) = configured.get(element).filter(|_| is_object) {
                    defaults(nested, configured, planned, &path.join(element), found);
                }
                !is_object
            });
        }
    }
}

/// The paths of the replacing attributes that differ, in the objects that both states have.
fn replacing(attributes: &Attributes, prior: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    for (name, attribute) in attributes {
        let step = Path::root().attribute(name);
        let (Some(before), Some(after)) = (prior.get(&step), planned.get(&step)) else { continue };
        let path = at.attribute(name);
        if attribute.replaces && before != after {
            found.push(path);
            continue;
        }
        match (attribute.nested(), before, after) {
            (Some((Nesting::Single, nested)), before, after) => {
                replacing(nested, before, after, &path, found)
            }
            (Some((Nesting::List, nested)), Value::List(before), Value::List(after)) => {
                for (index, (before, after)) in (0..).zip(before.iter().zip(after)) {
                    replacing(nested, before, after, &path.index(index), found);
                }
            }
            (Some((Nesting::Map, nested)), Value::Map(before), Value::Map(after)) => {
                for (key, before) in before {
                    replacing(nested, before, after.get(key).unwrap_or(&Value::Null), &path.key(key), found);
                }
            }
            _ => {}
        }
    }
}
