//! Between the value tree and a provider's structs.
//!
//! A struct never holds an unknown: where a value is not known yet, the struct gets a placeholder of the right
//! type, and a [`View`] remembers which paths those are, so that nothing computed from a placeholder is believed.

use crate::problem::Problem;
use crate::schema::{Attribute, Attributes, Kind, Nesting};
use crate::value::{Path, Step, Value, bridge};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

mod placeholder;

use placeholder::{placeholders, without};

/// A struct that was read from a value of which parts may be unknown.
pub struct View<T> {
    /// The value; `None` where all of it is known.
    value: Option<Value>,
    read: T,
}

impl<T: DeserializeOwned> View<T> {
    /// Reads `T` from the attributes of `object` that `attributes` names, with placeholders where it is unknown.
    ///
    /// # Errors
    ///
    /// `T` does not take a value that its schema allows: the user's mistake, for all that anybody can tell.
    pub fn new(attributes: &Attributes, object: &Value) -> Result<Self, Problem> {
        let value = (!object.is_wholly_known()).then(|| object.clone());
        Ok(Self { value, read: guess(attributes, object)? })
    }

    /// The struct. Where [`View::is_known`] is false it holds placeholders.
    pub fn get(&self) -> &T {
        &self.read
    }

    /// Gives the struct away.
    pub fn into_inner(self) -> T {
        self.read
    }

    /// Whether the value at `path` is wholly known. Null is known.
    pub fn is_known(&self, path: impl Into<Path>) -> bool {
        self.value.as_ref().is_none_or(|value| is_known(value, &path.into()))
    }

    /// Drops the problems that lie on unknown values: a placeholder may have caused them.
    pub(crate) fn believable(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        problems.retain(|problem| problem.path.is_empty() || self.is_known(problem.path.clone()));
        problems
    }
}

/// Whether `object` is wholly known at `path` and nothing above it is unknown. A path into null is known.
pub(crate) fn is_known(object: &Value, path: &Path) -> bool {
    let (mut value, mut any) = (object, false);
    for step in path.steps() {
        any |= matches!(value, Value::Dynamic(_));
        match value.step(step) {
            Some(inner) if inner.is_unknown() => return false,
            Some(inner) => value = inner,
            None => {
                // In a place of any type may be anything; elsewhere, collections have elements and no attributes.
                let collection = matches!(value, Value::List(_) | Value::Map(_) | Value::Set(_));
                let wrong = !any && collection && matches!(step, Step::Attribute(_));
                debug_assert!(!wrong, "`{path}` is no path to an attribute");
                return true;
            }
        }
    }
    value.is_wholly_known()
}

/// Reads `T` from the attributes of `object` that `attributes` names, with placeholders where it is unknown. Most
/// objects are known, and are read as they are.
///
/// # Errors
///
/// As [`View::new`].
pub(crate) fn guess<T: DeserializeOwned>(attributes: &Attributes, object: &Value) -> Result<T, Problem> {
    let known = match object {
        Value::Object(values) => {
            attributes.keys().all(|name| values.get(name).is_none_or(Value::is_wholly_known))
        }
        other => other.is_wholly_known(),
    };
    let read = match known {
        true => read(attributes, object),
        false => read(attributes, &placeholders(attributes, object)),
    };
    read.map_err(|_| refused::<T>(attributes, object))
}

/// Reads `T` from a wholly known object. Attributes that `attributes` does not name are left out.
pub(crate) fn read<T: DeserializeOwned>(attributes: &Attributes, object: &Value) -> Result<T, Problem> {
    let json = object_to_json(attributes, object)?;
    serde_json::from_value(Json::Object(json)).map_err(|why| {
        // serde_json repeats values in its messages, and this object may hold secrets: only the kind is told.
        Problem::bug(format!(
            "an object that fits its schema does not fit its struct ({:?} error)",
            why.classify()
        ))
    })
}

/// The problem of an object that `T` does not take, on the one attribute without which it does.
fn refused<T: DeserializeOwned>(attributes: &Attributes, object: &Value) -> Problem {
    let taken_without = |name: &&String| read::<T>(attributes, &without(attributes, object, name)).is_ok();
    // Why, serde would say with the value in its words, which may be a secret.
    let problem =
        Problem::error("Invalid value", "It has the right type, but is none that the provider takes.");
    match attributes.keys().find(taken_without) {
        Some(name) => problem.at(name.as_str()),
        None => problem,
    }
}

/// The attributes of `attributes` as `data` has them; an attribute that it lacks is null.
pub(crate) fn write<T: Serialize>(
    attributes: &Attributes,
    data: &T,
) -> Result<BTreeMap<String, Value>, Problem> {
    let json = serde_json::to_value(data).map_err(|_| Problem::bug("a struct cannot be written as JSON"))?;
    let Json::Object(mut fields) = json else {
        return Err(Problem::bug("a struct is written as something else"));
    };
    attributes
        .iter()
        .map(|(name, attribute)| Ok((name.clone(), write_field(name, attribute, fields.remove(name))?)))
        .collect()
}

/// The value of one attribute as `data` has it.
pub(crate) fn write_field(name: &str, attribute: &Attribute, data: Option<Json>) -> Result<Value, Problem> {
    let Some(data) = data.filter(|data| !attribute.write_only && !data.is_null()) else {
        return Ok(Value::Null);
    };
    bridge::from_json(data, &attribute.ty())
        .map_err(|why| Problem::bug(format!("the provider's value of `{name}` is not of its type: {why}")))
}

fn object_to_json(attributes: &Attributes, object: &Value) -> Result<Map<String, Json>, Problem> {
    let Value::Object(values) = object else { return Ok(Map::new()) };
    let mut json = Map::new();
    for (name, attribute) in attributes {
        // A null attribute is a missing field, so that serde's defaults apply where the schema has none.
        if let Some(value) = values.get(name).filter(|value| !value.is_null()) {
            json.insert(name.clone(), attribute_to_json(attribute, value)?);
        }
    }
    Ok(json)
}

fn attribute_to_json(attribute: &Attribute, value: &Value) -> Result<Json, Problem> {
    let nested = |nested: &Attributes, element: &Value| object_to_json(nested, element).map(Json::Object);
    match (&attribute.kind, value) {
        (Kind::Nested(Nesting::Single, attributes), value) => nested(attributes, value),
        (Kind::Nested(_, attributes), Value::List(elements) | Value::Set(elements)) => {
            elements.iter().map(|element| nested(attributes, element)).collect()
        }
        (Kind::Nested(_, attributes), Value::Map(elements)) => {
            let elements =
                elements.iter().map(|(key, element)| Ok((key.clone(), nested(attributes, element)?)));
            elements.collect::<Result<_, _>>().map(Json::Object)
        }
        (_, value) => bridge::to_json(value, &attribute.ty()).map_err(|why| Problem::bug(why.to_string())),
    }
}
