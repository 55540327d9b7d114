//! The life of one object, from its creation or its import to its end.

use crate::cli::{Answer, Cli, Kept};
use crate::random::{self, Random};
use crate::toy::{Promise, World, world};
use crate::verdict::Running;
use crate::{checks, toy, values};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::conform;
use tfplugin_rs::schema::Attribute;
use tfplugin_rs::value::{Value, bridge};

/// What is promised of each output, the same whenever the same change is planned.
type Promises = BTreeMap<String, Promise>;

/// One object, and everything that went wrong with it.
pub(crate) struct Life {
    pub(crate) cli: Cli,
    random: Random,
    /// The story, told only of a life that is known to fail.
    pub(crate) log: Option<String>,
    pub(crate) failed: bool,
}

impl Life {
    /// The life of this seed, on this thread alone: that is where its world is.
    pub(crate) fn of(seed: u64, log: Option<String>) -> Self {
        let _running = Running(seed);
        let mut random = Random(seed);
        let structs = random::structs(&mut random);
        world(|world| *world = World { structs, ..World::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut life = Self { cli: Cli::start().await, random, log, failed: false };
            life.live().await;
            life
        })
    }

    /// Half of the objects come from elsewhere and are only updated. Before that, some are imported anew.
    async fn live(&mut self) {
        let mut kept = match self.random.percent(50) {
            true => self.change("create", &Kept::default()).await,
            false => self.of_another().await,
        };
        if self.random.percent(30) {
            kept = self.import(&kept).await;
        }
        kept = self.change("update", &kept).await;
        self.destroy(&kept).await;
    }

    /// An object that another hand made, of which the world has what the state has.
    async fn of_another(&mut self) -> Kept {
        let mut state = values::state(&mut self.random, &self.cli.schema.attributes);
        let (_, id) = checks::identity(&self.cli.schema, &state).expect("a state is known");
        if let Value::Object(fields) = &mut state {
            fields.insert("id".to_owned(), id);
        }
        let Ok(Json::Object(fields)) = bridge::to_json(&state, &self.cli.schema.ty()) else {
            panic!("a state is a known object")
        };
        world(|world| world.object = Some(fields));
        self.reads_the_same(&Kept { state, ..Kept::default() }).await
    }

    /// One change from configuration to state, the way core makes it; then reads, and a plan that must be empty.
    async fn change(&mut self, name: &str, prior: &Kept) -> Kept {
        let attributes = &self.cli.schema.attributes;
        // Core plans with unknown values first; often there are none.
        let unknown = if self.random.percent(30) { 0 } else { 25 };
        let config = values::config(&mut self.random, attributes, unknown);
        let known = values::resolve(&mut self.random, attributes, &config);
        let problems = self.cli.validate(&config).await;
        self.well(name, &problems);
        let promises = self.promise();
        let first = self.plan(name, prior, &config, &promises).await;
        self.check(checks::replaces(&self.cli.schema, &prior.state, &first.kept.state, &first.replaces));
        // Core asks for no apply where nothing changes.
        if first.kept.state == prior.state {
            return prior.clone();
        }
        // A replacement is planned anew as a creation, and applied as one once the object is gone.
        let (prior, first) = if first.replaces.is_empty() {
            (prior.clone(), first)
        } else {
            let anew = Kept { state: Value::Null, private: first.kept.private };
            let first = self.plan("replace", &anew, &config, &promises).await;
            self.destroy(prior).await;
            (Kept::default(), first)
        };
        let last = self.plan("plan at apply time", &prior, &known, &promises).await;
        if !last.replaces.is_empty() {
            self.fail("an update became a replacement at apply time");
        }
        self.hold(
            "plan at apply time",
            conform::compatible(&self.cli.schema, &first.kept.state, &last.kept.state),
        );
        match last.kept.state == prior.state {
            true => prior,
            false => self.apply(&prior, &last.kept, &known).await,
        }
    }

    async fn plan(&mut self, name: &str, prior: &Kept, config: &Value, promises: &Promises) -> Answer {
        let answer = self.cli.plan(prior, config).await;
        let planned = &answer.kept.state;
        self.note(name, &[("prior", &prior.state), ("config", config), ("planned", planned)]);
        self.well(name, &answer.problems);
        let schema = &self.cli.schema;
        let [valid, withheld, replaces] = [
            conform::plan_valid(schema, &prior.state, config, planned),
            conform::write_only_null(schema, planned),
            conform::replace_paths_valid(&prior.state, planned, &answer.replaces),
        ];
        let outputs = checks::planned_outputs(schema, &prior.state, planned, promises);
        let defaults = checks::defaults(schema, config, planned);
        for violations in [valid, withheld, replaces] {
            self.hold(name, violations);
        }
        self.check(outputs);
        self.check(defaults);
        self.check_identity(name, &answer);
        answer
    }

    async fn apply(&mut self, prior: &Kept, planned: &Kept, config: &Value) -> Kept {
        let answer = self.cli.apply(&prior.state, planned, config).await;
        let state = &answer.kept.state;
        self.note("apply", &[("config", config), ("planned", &planned.state), ("state", state)]);
        self.well("apply", &answer.problems);
        self.hold("apply", conform::compatible(&self.cli.schema, &planned.state, state));
        self.check_state("apply", &answer);
        let schema = &self.cli.schema;
        let (outputs, wanted) = world(|world| {
            let found = world.object.clone().unwrap_or_default();
            let outputs = checks::reached_outputs(schema, &planned.state, state, &found);
            (outputs, checks::wanted(schema, config, &world.wanted))
        });
        self.check(outputs);
        self.check(wanted);
        let kept = match self.random.percent(50) {
            true => self.reads_the_same(&answer.kept).await,
            false => self.reads_on(&answer.kept).await,
        };
        self.check_empty_plan(&kept, config).await;
        kept
    }

    /// A read of what nobody has changed changes nothing.
    async fn reads_the_same(&mut self, kept: &Kept) -> Kept {
        let answer = self.read("read", kept).await;
        if answer.kept.state != kept.state {
            self.fail("a read of an object that is as it was finds it changed");
        }
        answer.kept
    }

    /// A read of an object whose inputs the world says in other words, and whose outputs may be others by now.
    async fn reads_on(&mut self, kept: &Kept) -> Kept {
        let attributes = &self.cli.schema.attributes;
        let moves = self.random.percent(50);
        for (name, attribute) in checks::outputs(attributes).filter(|_| moves) {
            let found = found(&mut self.random, attribute);
            world(|world| world.object.as_mut().map(|object| object.insert(name.clone(), found)));
        }
        world(|world| world.object.as_mut().map(|object| toy::respell(&mut self.random, attributes, object)));
        let answer = self.read("read of what is said in other words", kept).await;
        let inputs = self.cli.schema.attributes.iter().filter(|(_, attribute)| !attribute.is_output());
        let input = |state: &Value, name: &str| state.entries().and_then(|fields| fields.get(name)).cloned();
        let changed = inputs
            .map(|(name, _)| name)
            .find(|name| input(&answer.kept.state, name) != input(&kept.state, name));
        if let Some(name) = changed.cloned() {
            self.fail(&format!("a read finds input `{name}` changed, which only is said in other words"));
        }
        answer.kept
    }

    async fn read(&mut self, name: &str, kept: &Kept) -> Answer {
        let answer = self.cli.read(kept).await;
        let state = &answer.kept.state;
        self.note(name, &[("before", &kept.state), ("state", state)]);
        self.well(name, &answer.problems);
        self.check_state(name, &answer);
        let found = world(|world| world.object.clone().unwrap_or_default());
        self.check(checks::found_outputs(&self.cli.schema, state, &found));
        answer
    }

    /// The object as its id alone tells it, and then as it is found.
    async fn import(&mut self, kept: &Kept) -> Kept {
        let id = kept.state.get(&"id".into()).and_then(Value::as_str).unwrap_or_default().to_owned();
        let imported = self.cli.import(&id).await;
        self.well("import", &imported.problems);
        self.check_state("import", &imported);
        let answer = self.read("read after an import", &imported.kept).await;
        if answer.kept.state.get(&"id".into()).and_then(Value::as_str) != Some(&id) {
            self.fail("the import id is another one after the import");
        }
        answer.kept
    }

    async fn destroy(&mut self, kept: &Kept) {
        let planned = self.cli.plan(kept, &Value::Null).await;
        let gone = self.cli.apply(&kept.state, &planned.kept, &Value::Null).await;
        let read = self.cli.read(kept).await;
        for (name, answer) in [("plan", planned), ("apply", gone), ("read", read)] {
            self.well(&format!("{name} of a destroy"), &answer.problems);
            if !answer.kept.state.is_null() || answer.identity.is_some() || !answer.replaces.is_empty() {
                self.fail(&format!("{name} of a destroy leaves something"));
            }
        }
    }

    /// The same configuration again changes nothing.
    async fn check_empty_plan(&mut self, kept: &Kept, config: &Value) {
        world(|world| world.promises.clear());
        let plan = self.plan("second plan", kept, config, &Promises::new()).await;
        if plan.kept.state != kept.state || !plan.replaces.is_empty() {
            self.fail("the second plan is not empty");
        }
    }

    /// Makes up what the next change promises of outputs, and what it finds out.
    fn promise(&mut self) -> Promises {
        let (random, mut promises) = (&mut self.random, Promises::new());
        let mut next = toy::Fields::new();
        for (name, attribute) in checks::outputs(&self.cli.schema.attributes) {
            let promise = match random.below(4) {
                0 => Some(Promise::Value(found(random, attribute))),
                1 => Some(Promise::Keep),
                2 => Some(Promise::Unknown),
                _ => None,
            };
            promises.extend(promise.map(|promise| (name.clone(), promise)));
            next.insert(name.clone(), found(random, attribute));
        }
        world(|world| (world.promises, world.next) = (promises.clone(), next));
        promises
    }
}

/// A value that a struct may have for the output.
fn found(random: &mut Random, attribute: &Attribute) -> Json {
    bridge::to_json(&values::reached(random, attribute), &attribute.ty()).expect("a state is known")
}
