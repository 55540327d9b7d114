//! A resource whose structs are made up anew for each life: what a macro would derive from them, the world says. A
//! world belongs to one thread, and everything of a life happens on one.

use crate::random::Random;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use tfplugin_rs::schema::{Attribute, Attributes, Schema, derive};
use tfplugin_rs::value::Type;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Provider, Resource, Table, View};

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// The fields of a struct.
pub(crate) type Fields = Map<String, Json>;

/// What is foreseen of an output.
#[derive(Clone)]
pub(crate) enum Promise {
    Value(Json),
    Keep,
    Unknown,
}

/// What a resource finds in the world.
#[derive(Default)]
pub(crate) struct World {
    /// The JSON schemas of identity, spec and status.
    pub(crate) structs: [Json; 3],
    /// The table that was made of them, until the provider takes it.
    pub(crate) table: Option<Table<Toys>>,
    /// What is foreseen of each output, the same whenever the same change is planned.
    pub(crate) promises: BTreeMap<String, Promise>,
    /// What an apply finds out of each output of which nothing was promised.
    pub(crate) next: Fields,
    /// What the last apply was asked for.
    pub(crate) wanted: Fields,
    /// Inputs and outputs of the object, where there is one.
    pub(crate) object: Option<Fields>,
}

/// Looks at this thread's world, or changes it.
pub(crate) fn world<T>(with: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(with)
}

/// Makes a table of the structs of this thread's world, and leaves it there for the provider: its resource's schema.
pub(crate) fn prepare() -> Result<Schema, derive::Error> {
    let table = Table::new()?.resource::<Toy>()?;
    let schema = table.resource_schemas().map(|(_, schema)| schema.clone()).next();
    world(|world| world.table = Some(table));
    Ok(schema.unwrap_or_default())
}

/// The table that was prepared.
pub(crate) fn table() -> Result<Table<Toys>, derive::Error> {
    world(|world| world.table.take()).map_or_else(Table::new, Ok)
}

pub(crate) struct Toys;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Config {}

impl Provider for Toys {
    type Config = Config;

    async fn configure(_: View<Config>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        Ok((Self, Vec::new()))
    }
}

macro_rules! structs {
    ($($name:ident $position:literal)*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(Fields);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
                let schema = world(|world| world.structs[$position].clone());
                schemars::Schema::try_from(schema).expect("a JSON schema")
            }
        }
    )*};
}

structs!(Identity 0 Spec 1 Status 2);

#[derive(JsonSchema)]
pub(crate) struct Toy;

impl Resource for Toy {
    const KIND: &'static str = "toys_toy";
    type Provider = Toys;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        Json::Object(id.0.clone()).to_string()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        serde_json::from_str(text).map_err(|_| Problem::error("Not an import id", "It is no JSON."))
    }

    async fn foresee(_: &Context<Toys>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        for (output, promise) in world(|world| world.promises.clone()) {
            match promise {
                Promise::Value(value) => plan.set(&output, value),
                Promise::Keep => plan.keep(&output),
                Promise::Unknown => plan.unknown(&output),
            }
        }
        Ok(())
    }

    async fn apply(
        _: &Context<Toys>,
        _: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        Outcome::done(world(|world| {
            let status = world.kept_promises(prior.map(|prior| prior.status.0));
            world.wanted = want.0.clone();
            world.object = Some(want.0.clone().into_iter().chain(status.clone()).collect());
            Status(status)
        }))
    }

    async fn read(
        _: &Context<Toys>,
        _: &Identity,
        _: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        Ok(world(|world| world.object.clone()).map(|object| (Spec(object.clone()), Status(object))))
    }

    async fn delete(_: &Context<Toys>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        world(|world| world.object = None);
        Ok(())
    }
}

impl World {
    /// The status after an apply: what was promised, and what is found out.
    fn kept_promises(&self, prior: Option<Fields>) -> Fields {
        let kept = |(name, next): (&String, &Json)| {
            let value = match (self.promises.get(name), &prior) {
                (Some(Promise::Value(promised)), _) => promised.clone(),
                (Some(Promise::Keep), Some(prior)) => prior.get(name).cloned().unwrap_or_default(),
                _ => next.clone(),
            };
            (name.clone(), value)
        };
        self.next.iter().map(kept).collect()
    }
}

/// The same inputs in other words: null for nothing of it, or nothing of it for null.
pub(crate) fn respell(random: &mut Random, attributes: &Attributes, object: &mut Fields) {
    for (name, attribute) in attributes.iter().filter(|(_, attribute)| !attribute.is_output()) {
        let value = object.entry(name.clone()).or_insert(Json::Null);
        let is_empty = match &*value {
            Json::Null => true,
            Json::Array(elements) => elements.is_empty(),
            Json::Object(elements) => elements.is_empty(),
            _ => false,
        };
        match empty(attribute) {
            Some(empty) if is_empty && random.percent(50) => {
                *value = if value.is_null() { empty } else { Json::Null };
            }
            _ => respell_nested(random, attribute, value),
        }
    }
}

fn respell_nested(random: &mut Random, attribute: &Attribute, value: &mut Json) {
    let Some((_, nested)) = attribute.nested() else { return };
    let single = matches!(attribute.ty(), Type::Object(_));
    match value {
        Json::Object(object) if single => respell(random, nested, object),
        Json::Object(elements) => {
            elements
                .values_mut()
                .filter_map(Json::as_object_mut)
                .for_each(|object| respell(random, nested, object));
        }
        Json::Array(elements) => {
            elements
                .iter_mut()
                .filter_map(Json::as_object_mut)
                .for_each(|object| respell(random, nested, object));
        }
        _ => {}
    }
}

/// The collection without elements that means the same as null.
fn empty(attribute: &Attribute) -> Option<Json> {
    match attribute.ty() {
        // What every configuration sets is never null.
        _ if attribute.required => None,
        Type::List(_) | Type::Set(_) => Some(json!([])),
        Type::Map(_) => Some(json!({})),
        _ => None,
    }
}
