//! What is asked of answers beyond core's own rules. Each check names what is wrong.

use crate::toy::{Fields, Promise};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::schema::{Attribute, Attributes, Nesting, Schema};
use tfplugin_rs::value::{Path, Value, bridge};

/// The attributes that the provider sets, but for the id, which is not the resource's to say.
pub(crate) fn outputs(attributes: &Attributes) -> impl Iterator<Item = (&String, &Attribute)> {
    attributes.iter().filter(|(name, attribute)| attribute.is_output() && *name != "id")
}

/// The identity and the id of an object, none where a part of them is not known.
pub(crate) fn identity(schema: &Schema, state: &Value) -> Option<(Value, Value)> {
    let fields = state.entries()?;
    let identity: BTreeMap<_, _> = schema
        .attributes
        .iter()
        .filter(|(_, attribute)| attribute.identity)
        .map(|(name, _)| (name.clone(), fields[name].clone()))
        .collect();
    let identity = Value::Object(identity);
    let Ok(Json::Object(mut id)) = bridge::to_json(&identity, &schema.identity_ty()) else { return None };
    id.retain(|_, part| !part.is_null());
    Some((identity, Json::Object(id).to_string().into()))
}

/// An output is what was promised; without a promise it is unknown where anything else moves, and kept where nothing
/// does. Null would be a promise, too.
pub(crate) fn planned_outputs(
    schema: &Schema,
    prior: &Value,
    planned: &Value,
    promises: &BTreeMap<String, Promise>,
) -> Option<String> {
    let wrong = |(name, attribute): &(&String, &Attribute)| {
        let path = Path::root().attribute(*name);
        let (before, after) = (prior.get(&path), planned.get(&path));
        match promises.get(*name) {
            Some(Promise::Value(promised)) => after != Some(&value(attribute, promised)),
            Some(Promise::Unknown) => after != Some(&Value::unknown()),
            Some(Promise::Keep) => after != Some(&Value::unknown()) && (before.is_none() || after != before),
            None if planned == prior => after != before,
            None => after != Some(&Value::unknown()),
        }
    };
    let id = identity(schema, planned).map_or(Value::unknown(), |(_, id)| id);
    if planned.get(&"id".into()) != Some(&id) {
        return Some("the id does not follow from the identity".into());
    }
    outputs(&schema.attributes)
        .find(wrong)
        .map(|(name, _)| format!("output `{name}` is not what was promised"))
}

/// After an apply, an output that was unknown is what was found out, to the letter: where its struct has an empty list,
/// null might be more than the struct can hold. One that was planned means what was found out.
pub(crate) fn reached_outputs(
    schema: &Schema,
    planned: &Value,
    state: &Value,
    found: &Fields,
) -> Option<String> {
    let differs = |(name, attribute): &(&String, &Attribute)| {
        let path = Path::root().attribute(*name);
        let found = found.get(*name).map_or(Value::Null, |found| value(attribute, found));
        planned.get(&path).is_some_and(Value::is_unknown) && state.get(&path) != Some(&found)
    };
    let wrong = outputs(&schema.attributes).find(differs);
    let wrong = wrong.map(|(name, _)| format!("output `{name}` is not what the apply found out"));
    wrong.or_else(|| found_outputs(schema, state, found))
}

/// After a read, an output means what was found.
pub(crate) fn found_outputs(schema: &Schema, state: &Value, found: &Fields) -> Option<String> {
    let differs = |(name, attribute): &(&String, &Attribute)| {
        let found = found.get(*name).map_or(Value::Null, |found| value(attribute, found));
        let state = state.get(&Path::root().attribute(*name)).cloned().unwrap_or_default();
        let state = bridge::to_json(&state, &attribute.ty()).expect("a state is known");
        meaning(&value(attribute, &state)) != meaning(&found)
    };
    outputs(&schema.attributes)
        .find(differs)
        .map(|(name, _)| format!("output `{name}` is not what was found"))
}

/// The attribute's value as the SDK has it from a struct.
fn value(attribute: &Attribute, field: &Json) -> Value {
    bridge::from_json(field.clone(), &attribute.ty()).expect("a value of the attribute's type")
}

/// The value with null for every collection without elements, outside of what is of any type.
fn meaning(value: &Value) -> Value {
    let all = |elements: &[Value]| elements.iter().map(meaning).collect();
    match value {
        Value::List(elements) | Value::Set(elements) if elements.is_empty() => Value::Null,
        Value::Map(elements) if elements.is_empty() => Value::Null,
        Value::List(elements) => Value::List(all(elements)),
        Value::Set(elements) => Value::Set(all(elements)),
        Value::Map(elements) => Value::map(elements.iter().map(|(key, value)| (key, meaning(value)))),
        Value::Object(fields) => Value::object(fields.iter().map(|(name, value)| (name, meaning(value)))),
        other => other.clone(),
    }
}

/// All that is configured reaches the apply, write-only values too.
pub(crate) fn wanted(schema: &Schema, config: &Value, wanted: &Fields) -> Option<String> {
    let wrong = |(name, attribute): &(&String, &Attribute)| {
        let configured = config.get(&Path::root().attribute(*name)).cloned().unwrap_or_default();
        let configured =
            bridge::to_json(&configured, &attribute.ty()).expect("a configuration that is known");
        !covers(&configured, wanted.get(*name).unwrap_or(&Json::Null))
    };
    let of_spec = |(name, attribute): &(&String, &Attribute)| {
        !attribute.is_output() && !attribute.identity && *name != "timeouts"
    };
    let wrong = schema.attributes.iter().filter(of_spec).find(wrong);
    wrong.map(|(name, _)| format!("the apply was not asked for the `{name}` that is configured"))
}

/// Whether `wanted` has all that `configured` says; it may have defaults beside that.
fn covers(configured: &Json, wanted: &Json) -> bool {
    match (configured, wanted) {
        (Json::Null, _) => true,
        (Json::Object(configured), Json::Object(wanted)) => {
            configured.iter().all(|(name, value)| covers(value, wanted.get(name).unwrap_or(&Json::Null)))
        }
        (Json::Array(configured), Json::Array(wanted)) => {
            configured.len() == wanted.len()
                && configured.iter().zip(wanted).all(|(configured, wanted)| covers(configured, wanted))
        }
        (configured, wanted) => configured == wanted,
    }
}

/// Whatever replaces the object and differs is named, by its own path or one above it, and nothing is named that does
/// not differ.
pub(crate) fn replaces(schema: &Schema, prior: &Value, planned: &Value, named: &[Path]) -> Option<String> {
    let mut demanded = Vec::new();
    if !prior.is_null() {
        replacing(&schema.attributes, prior, planned, &Path::root(), &mut demanded);
    }
    let is_named = |path: &Path| named.iter().any(|named| path.starts_with(named));
    if let Some(path) = demanded.iter().find(|path| !is_named(path)) {
        return Some(format!("a change of `{path}` must replace the object"));
    }
    let groundless = |path: &&Path| {
        let (before, after) = (prior.get(path), planned.get(path));
        let within = |value: Option<&Value>| {
            value.is_some_and(|value| value.entries().is_some() || value.elements().is_some())
        };
        before == after || (!demanded.contains(path) && within(before) && within(after))
    };
    named.iter().find(groundless).map(|path| format!("`{path}` replaces the object without need"))
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

/// An attribute that is not configured is planned with its default.
pub(crate) fn defaults(schema: &Schema, config: &Value, planned: &Value) -> Option<String> {
    let mut without = Vec::new();
    undefaulted(&schema.attributes, config, planned, &Path::root(), &mut without);
    without.first().map(|path| format!("`{path}` is not configured and has not its default"))
}

/// The paths of the attributes that are not configured and not planned with their default, in the objects that
/// are both configured and planned.
fn undefaulted(attributes: &Attributes, config: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
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
                    undefaulted(nested, configured, planned, &path.join(element), found);
                }
                !is_object
            });
        }
    }
}
