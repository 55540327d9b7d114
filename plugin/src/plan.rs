//! From prior state and configuration to the state that is planned. Pure: no I/O, nothing async.
//!
//! Planning has two steps with the provider's foresight between them. [`draft`] takes what core proposes, fills
//! in defaults, removes write-only values and finds out whether anything changes. [`finish`] settles every
//! output by what was foreseen of it, and names the attributes whose change replaces the object. The rules are
//! those that core checks on the answer; `conform` is a port of those checks, and the property tests hold one
//! against the other.

use crate::schema::{Attribute, Attributes, Kind, Nesting, Schema};
use crate::value::{Path, Refinements, Value};
use std::collections::BTreeMap;

/// A plan whose outputs are not settled yet.
pub struct Draft {
    /// The planned object; outputs still have their prior values.
    pub object: BTreeMap<String, Value>,
    /// Whether any attribute that the configuration sets differs from the prior state.
    pub changed: bool,
    /// Whether there is no prior object.
    pub creates: bool,
}

/// What is foreseen of an output.
#[derive(Clone)]
pub enum Foreseen {
    /// It will have this value.
    Value(Value),
    /// It keeps its value; unknown where there is none yet.
    Keep,
    /// It is known after the apply only.
    Unknown,
}

/// A finished plan.
pub struct Plan {
    /// The planned state.
    pub state: Value,
    /// The attributes whose change replaces the object.
    pub replaces: Vec<Path>,
}

/// The first step: what the configuration asks for. `prior` is null where the object is created.
pub fn draft(schema: &Schema, prior: &Value, proposed: &Value, config: &Value) -> Draft {
    let empty = BTreeMap::new();
    let (proposed, config) = (fields(proposed).unwrap_or(&empty), fields(config).unwrap_or(&empty));
    let object = with_defaults(&schema.attributes, proposed, config);
    let changed = match fields(prior) {
        None => true,
        Some(prior) => schema
            .attributes
            .iter()
            .filter(|(_, attribute)| !attribute.is_output())
            .any(|(name, _)| object.get(name) != prior.get(name)),
    };
    Draft { object, changed, creates: prior.is_null() }
}

/// The second step: every output as `foreseen`. An output of which nothing is foreseen keeps its value where
/// nothing changes, neither an input nor another output, and is unknown otherwise.
pub fn finish(schema: &Schema, prior: &Value, draft: Draft, foreseen: &BTreeMap<String, Foreseen>) -> Plan {
    let Draft { mut object, changed, creates } = draft;
    // One output that moves makes the plan an update, which may find any other elsewhere too.
    let changed = changed
        || foreseen.iter().any(|(name, foreseen)| match foreseen {
            Foreseen::Value(value) => fields(prior).and_then(|prior| prior.get(name)) != Some(value),
            Foreseen::Unknown => true,
            Foreseen::Keep => false,
        });
    for (name, _) in schema.attributes.iter().filter(|(_, attribute)| attribute.is_output()) {
        let kept = fields(prior).and_then(|prior| prior.get(name)).filter(|_| !creates);
        let value = match (foreseen.get(name), kept) {
            (Some(Foreseen::Value(value)), _) => value.clone(),
            (Some(Foreseen::Keep), Some(kept)) => kept.clone(),
            (None, Some(kept)) if !changed => kept.clone(),
            _ => Value::Unknown(Refinements::default()),
        };
        object.insert(name.clone(), value);
    }
    let mut replaces = Vec::new();
    if let Some(prior) = fields(prior) {
        replacements(&schema.attributes, prior, &object, &Path::default(), &mut replaces);
    }
    Plan { state: Value::Object(object), replaces }
}

fn fields(value: &Value) -> Option<&BTreeMap<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// The proposed object without write-only values, and with defaults where the configuration has null.
fn with_defaults(
    attributes: &Attributes,
    proposed: &BTreeMap<String, Value>,
    config: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let plan = |(name, attribute): (&String, &Attribute)| {
        let proposed = proposed.get(name).unwrap_or(&Value::Null);
        let config = config.get(name).unwrap_or(&Value::Null);
        (name.clone(), plan_attribute(attribute, proposed, config))
    };
    attributes.iter().map(plan).collect()
}

fn plan_attribute(attribute: &Attribute, proposed: &Value, config: &Value) -> Value {
    match (&attribute.default, &attribute.kind) {
        _ if attribute.write_only => Value::Null,
        (Some(default), _) if config.is_null() => default.clone(),
        // What is said of it, is said of what is configured: where that turns out null, the default is applied.
        (Some(default), _) if may_be_another(proposed, default) => Value::Unknown(Refinements::default()),
        (_, Kind::Nested(nesting, nested)) if !attribute.is_output() => {
            plan_nested(*nesting, nested, proposed, config)
        }
        _ => proposed.clone(),
    }
}

/// Whether an unknown value may turn out null, and `default` is none of those that it may be otherwise.
fn may_be_another(value: &Value, default: &Value) -> bool {
    matches!(value, Value::Unknown(known) if known.allow(&Value::Null) && !known.allow(default.plain()))
}

/// Elements of lists and maps belong together by index and key, as core pairs them; a set has no defaults, so
/// that what core proposes for its elements is planned.
fn plan_nested(nesting: Nesting, nested: &Attributes, proposed: &Value, config: &Value) -> Value {
    let object = |proposed: &Value, config: &Value| match (fields(proposed), fields(config)) {
        (Some(proposed), Some(config)) => Value::Object(with_defaults(nested, proposed, config)),
        _ => proposed.clone(),
    };
    match (nesting, proposed, config) {
        (Nesting::Single, proposed, config) => object(proposed, config),
        (Nesting::List, Value::List(proposed), Value::List(config)) => Value::List(
            proposed.iter().zip(config).map(|(proposed, config)| object(proposed, config)).collect(),
        ),
        (Nesting::Map, Value::Map(proposed), Value::Map(config)) => {
            let element = |(key, proposed): (&String, &Value)| {
                (
                    key.clone(),
                    config.get(key).map_or_else(|| proposed.clone(), |config| object(proposed, config)),
                )
            };
            Value::Map(proposed.iter().map(element).collect())
        }
        (_, proposed, _) => proposed.clone(),
    }
}

/// The paths of replacing attributes that differ.
fn replacements(
    attributes: &Attributes,
    prior: &BTreeMap<String, Value>,
    planned: &BTreeMap<String, Value>,
    at: &Path,
    found: &mut Vec<Path>,
) {
    for (name, attribute) in attributes {
        let (before, after) =
            (prior.get(name).unwrap_or(&Value::Null), planned.get(name).unwrap_or(&Value::Null));
        if before == after {
            continue;
        }
        let path = at.attribute(name);
        match attribute.nested() {
            _ if attribute.replaces => found.push(path),
            Some((_, nested)) if any_replaces(nested) => {
                nested_replacements(nested, before, after, &path, found)
            }
            _ => {}
        }
    }
}

/// The same within nested objects, where both states have them; an object that only one of them has, has changed
/// as a whole. Objects of a list or a map belong together by index and key. Those of a set cannot be told apart,
/// which is why the schema check keeps replacing attributes out of sets.
fn nested_replacements(
    attributes: &Attributes,
    before: &Value,
    after: &Value,
    at: &Path,
    found: &mut Vec<Path>,
) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => replacements(attributes, before, after, at, found),
        (Value::List(before), Value::List(after)) => {
            for index in 0..before.len().max(after.len()) {
                let element = |list: &[Value]| list.get(index).cloned().unwrap_or_default();
                let path = at.index(index as i64);
                nested_replacements(attributes, &element(before), &element(after), &path, found);
            }
        }
        (Value::Map(before), Value::Map(after)) => {
            let added = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(added) {
                let element = |map: &BTreeMap<String, Value>| map.get(key).cloned().unwrap_or_default();
                nested_replacements(attributes, &element(before), &element(after), &at.key(key), found);
            }
        }
        _ if before != after => found.push(at.clone()),
        _ => {}
    }
}

fn any_replaces(attributes: &Attributes) -> bool {
    attributes.values().any(|attribute| {
        attribute.replaces || attribute.nested().is_some_and(|(_, nested)| any_replaces(nested))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::derive::{self, Role};
    use crate::value::Facts;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Spec {
        #[serde(default = "one")]
        text: String,
    }

    fn one() -> String {
        "one".to_owned()
    }

    /// Core holds the result of the apply against what the plan said of an unknown value.
    #[test]
    fn what_may_become_the_default_is_not_said_to_be_another() {
        let attributes = derive::attributes::<Spec>(Role::Input).unwrap();
        let schema = Schema { attributes, ..Schema::default() };
        let unknown = |prefix: &str, not_null| {
            let facts = Facts { prefix: Some(prefix.to_owned()), not_null, ..Facts::default() };
            Value::Unknown(facts.into())
        };
        for (configured, expected) in [
            (unknown("two", false), Value::unknown()),
            (unknown("two", true), unknown("two", true)),
            (unknown("on", false), unknown("on", false)),
        ] {
            let config = Value::object([("text", configured)]);
            let draft = draft(&schema, &Value::Null, &config, &config);
            assert_eq!(draft.object["text"], expected);
        }
    }
}
