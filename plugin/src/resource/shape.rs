//! How the three structs of a resource make one flat object, and back.

use super::Resource;
use super::settle::settle;
use crate::problem::Problem;
use crate::schema::constraint::Constraint;
use crate::schema::derive::{self, Error, Role};
use crate::schema::{Attribute, Attributes, Kind, Nesting, Schema, check};
use crate::timeouts::Timeouts;
use crate::typed;
use crate::value::{Type, Value, json};
use std::collections::BTreeMap;

/// The attributes of each struct, and the schema of all of them together.
pub(super) struct Layout {
    pub(super) schema: Schema,
    pub(super) identity: Attributes,
    pub(super) spec: Attributes,
    pub(super) status: Attributes,
    /// The type of the whole object, which every call needs.
    pub(super) ty: Type,
    timeouts: Attributes,
    /// Whether a configuration may say what no plan and no state has.
    has_write_only: bool,
}

impl Layout {
    /// The layout of `R`; an error names what keeps its structs from being one Terraform object.
    pub(super) fn of<R: Resource>() -> Result<Self, Error> {
        let mut identity = derive::attributes::<R::Identity>(Role::Input)?;
        for attribute in identity.values_mut() {
            (attribute.replaces, attribute.identity) = (true, true);
        }
        let spec = derive::attributes::<R::Spec>(Role::Input)?;
        let status = derive::attributes::<R::Status>(Role::Output)?;
        let timeouts = BTreeMap::from([("timeouts".to_owned(), timeouts_attribute()?)]);
        let id = BTreeMap::from([("id".to_owned(), id_attribute())]);
        let mut attributes = Attributes::new();
        for (name, attribute) in [&identity, &spec, &status, &timeouts, &id].into_iter().flatten() {
            if attributes.insert(name.clone(), attribute.clone()).is_some() {
                return Err(Error {
                    path: name.clone(),
                    reason: "is a field of two of the resource's structs".into(),
                });
            }
        }
        let schema = Schema {
            version: R::VERSION,
            description: derive::description::<R>(),
            deprecated: derive::deprecated::<R>(),
            attributes,
        };
        check::check(&schema)?;
        let (ty, has_write_only) = (schema.ty(), any_write_only(&schema.attributes));
        Ok(Self { schema, identity, spec, status, ty, timeouts, has_write_only })
    }

    /// The configured time limits, as far as they are known.
    pub(super) fn timeouts(&self, object: &Value) -> Timeouts {
        #[derive(serde::Deserialize)]
        struct Holder {
            timeouts: Option<Timeouts>,
        }
        let holder = typed::guess::<Holder>(&self.timeouts, object);
        holder.ok().and_then(|holder| holder.timeouts).unwrap_or_default()
    }

    /// `planned` with the write-only values of `config`.
    pub(super) fn with_write_only(&self, planned: Value, config: &Value) -> Value {
        match self.has_write_only {
            true => with_write_only(&self.schema.attributes, &planned, config),
            false => planned,
        }
    }

    /// `value` as a plan or a state may have it.
    pub(super) fn without_write_only(&self, value: Value) -> Value {
        match self.has_write_only {
            true => without_write_only(&self.schema.attributes, value),
            false => value,
        }
    }

    /// The state after an apply: the inputs as planned, the outputs as reached.
    pub(super) fn reached<R: Resource>(
        &self,
        planned: &Value,
        id: &R::Identity,
        status: &R::Status,
    ) -> Result<Value, Problem> {
        let Value::Object(planned) = planned else {
            return Err(Problem::bug("a plan that is no object was applied"));
        };
        let mut state = planned.clone();
        for (name, value) in typed::write(&self.status, status)? {
            let value = settle(&self.status[&name], planned.get(&name).unwrap_or(&Value::Null), value);
            state.insert(name, value);
        }
        state.insert("id".to_owned(), Value::String(R::import_id(id)));
        Ok(Value::Object(state))
    }

    /// The state after a read. Where what was found means the same as what was last known, the last spelling
    /// stays.
    pub(super) fn found<R: Resource>(
        &self,
        last: &Value,
        id: &R::Identity,
        spec: &R::Spec,
        status: &R::Status,
    ) -> Result<Value, Problem> {
        let Value::Object(last) = last else {
            return Err(Problem::bug("a state that is no object was read"));
        };
        let mut state = last.clone();
        for (name, value) in typed::write(&self.spec, spec)? {
            let value = settle(&self.spec[&name], last.get(&name).unwrap_or(&Value::Null), value);
            state.insert(name, value);
        }
        for (name, value) in typed::write(&self.status, status)? {
            // No configuration spells an output: an empty one is not null, which its struct may not be able to hold.
            let value = match last.get(&name) {
                Some(old) if !old.is_null() => settle(&self.status[&name], old, value),
                _ => value,
            };
            state.insert(name, value);
        }
        state.insert("id".to_owned(), Value::String(R::import_id(id)));
        // A struct may say again what it was given for one apply, deep within what it found.
        Ok(self.without_write_only(Value::Object(state)))
    }

    /// The state right after an import: the identity, and the outputs that the import named.
    pub(super) fn imported<R: Resource>(&self, id: &R::Identity, hints: &Value) -> Result<Value, Problem> {
        let Value::Object(mut state) = self.schema.empty() else {
            return Err(Problem::bug("an empty state is no object"));
        };
        if let Value::Object(hints) = hints {
            let outputs = hints.iter().filter(|(name, _)| self.status.contains_key(*name));
            state.extend(outputs.map(|(name, value)| (name.clone(), value.clone())));
        }
        state.extend(typed::write(&self.identity, id)?);
        state.insert("id".to_owned(), Value::String(R::import_id(id)));
        Ok(Value::Object(state))
    }

    /// `identity` with the defaults of what it leaves out.
    pub(super) fn with_identity_defaults(&self, identity: &Value) -> Value {
        let Value::Object(given) = identity else { return identity.clone() };
        let mut complete = given.clone();
        for (name, attribute) in &self.identity {
            if let (Some(Value::Null) | None, Some(default)) = (given.get(name), &attribute.default) {
                complete.insert(name.clone(), default.clone());
            }
        }
        Value::Object(complete)
    }

    /// A stored state of this version: attributes that it lacks are null, those that are no more are dropped.
    pub(super) fn decode(&self, state: &[u8]) -> Result<Value, Problem> {
        Ok(self.without_write_only(decode("state", state, &self.ty)?))
    }

    /// A stored identity of this version, read in the same way.
    pub(super) fn decode_identity(&self, identity: &[u8]) -> Result<Value, Problem> {
        decode("identity", identity, &self.schema.identity_ty())
    }
}

fn decode(what: &str, stored: &[u8], ty: &Type) -> Result<Value, Problem> {
    json::decode_lenient(stored, ty).map_err(|why| {
        let detail = format!("The stored {what} does not fit the resource: {why}.");
        Problem::error(format!("Unreadable {what}"), detail)
    })
}

/// `planned` with the write-only values of `config`; elements are paired by index and key.
fn with_write_only(attributes: &Attributes, planned: &Value, config: &Value) -> Value {
    let (Value::Object(planned), Value::Object(config)) = (planned, config) else { return planned.clone() };
    let merge = |(name, planned): (&String, &Value)| {
        let merged = match (attributes.get(name), config.get(name)) {
            (Some(attribute), Some(config)) if attribute.write_only => config.clone(),
            (Some(Attribute { kind: Kind::Nested(nesting, nested), .. }), Some(config)) => {
                nested_write_only(*nesting, nested, planned, config)
            }
            _ => planned.clone(),
        };
        (name.clone(), merged)
    };
    Value::Object(planned.iter().map(merge).collect())
}

fn nested_write_only(nesting: Nesting, nested: &Attributes, planned: &Value, config: &Value) -> Value {
    match (nesting, planned, config) {
        (Nesting::Single, planned, config) => with_write_only(nested, planned, config),
        (Nesting::List, Value::List(planned), Value::List(config)) => Value::List(
            planned
                .iter()
                .zip(config)
                .map(|(planned, config)| with_write_only(nested, planned, config))
                .collect(),
        ),
        (Nesting::Map, Value::Map(planned), Value::Map(config)) => {
            let merge = |(key, planned): (&String, &Value)| {
                (key.clone(), with_write_only(nested, planned, config.get(key).unwrap_or(&Value::Null)))
            };
            Value::Map(planned.iter().map(merge).collect())
        }
        (_, planned, _) => planned.clone(),
    }
}

fn any_write_only(attributes: &Attributes) -> bool {
    attributes.values().any(|attribute| {
        attribute.write_only || attribute.nested().is_some_and(|(_, nested)| any_write_only(nested))
    })
}

/// `value` with null for everything write-only.
fn without_write_only(attributes: &Attributes, value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let strip = |(name, value): (String, Value)| {
        let value = match attributes.get(&name) {
            Some(attribute) if attribute.write_only => Value::Null,
            Some(Attribute { kind: Kind::Nested(_, nested), .. }) => match value {
                Value::List(list) => {
                    Value::List(list.into_iter().map(|element| without_write_only(nested, element)).collect())
                }
                Value::Map(map) => Value::Map(
                    map.into_iter()
                        .map(|(key, element)| (key, without_write_only(nested, element)))
                        .collect(),
                ),
                value => without_write_only(nested, value),
            },
            _ => value,
        };
        (name, value)
    };
    Value::Object(fields.into_iter().map(strip).collect())
}

fn timeouts_attribute() -> Result<Attribute, Error> {
    let attributes = derive::attributes::<Timeouts>(Role::Input)?;
    Ok(Attribute {
        optional: true,
        description: derive::description::<Timeouts>(),
        ..output(Kind::Nested(Nesting::Single, attributes))
    })
    .map(|attribute| Attribute { computed: false, ..attribute })
}

fn id_attribute() -> Attribute {
    let description =
        "What names the object in its place. The import id is the same, or says the place, too.";
    Attribute { description: description.into(), ..output(Kind::Plain(Type::String)) }
}

fn output(kind: Kind) -> Attribute {
    Attribute {
        kind,
        description: String::new(),
        required: false,
        optional: false,
        computed: true,
        sensitive: false,
        write_only: false,
        deprecated: None,
        default: None,
        replaces: false,
        identity: false,
        constraint: Constraint::default(),
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
