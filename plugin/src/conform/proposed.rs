//! The state that core proposes to a planner.

use super::{attribute, element, same};
use crate::schema::{Attribute, Attributes, Nesting, Schema};
use crate::value::{Type, Value};

/// What core sends as `proposed_new_state`: the configuration, with the prior values of computed attributes that
/// are not configured.
///
/// `prior` is null where the object is created; it must be wholly known. Elements of nested lists and maps belong
/// together by index and key, those of sets where they differ in computed attributes alone. For a destroy core
/// proposes null without asking this function.
pub fn proposed_new(schema: &Schema, prior: &Value, config: &Value) -> Value {
    match (prior.is_null(), config.entries()) {
        (_, None) => prior.clone(),
        (true, Some(_)) => propose_object(&schema.attributes, &schema.empty(), config),
        (false, Some(_)) => propose_object(&schema.attributes, prior, config),
    }
}

fn propose_object(attributes: &Attributes, prior: &Value, config: &Value) -> Value {
    if config.is_null() {
        return Value::Null;
    }
    let propose = |(name, schema): (&String, &Attribute)| {
        let (prior, config) = (attribute(prior, name), attribute(config, name));
        (name.clone(), propose_value(schema, &prior, &config))
    };
    Value::Object(attributes.iter().map(propose).collect())
}

fn propose_value(schema: &Attribute, prior: &Value, config: &Value) -> Value {
    match schema.nested() {
        Some((_, nested)) if schema.computed && config.is_null() => {
            // What holds values that only a configuration can have set was configured, and is no more.
            let was_configured = schema.optional && holds_configured(nested, prior);
            if was_configured { Value::Null } else { prior.clone() }
        }
        None if schema.computed && config.is_null() => prior.clone(),
        Some((nesting, nested)) if !config.is_null() && !config.is_unknown() => {
            propose_nested(nesting, nested, prior, config)
        }
        _ => config.clone(),
    }
}

fn propose_nested(nesting: Nesting, attributes: &Attributes, prior: &Value, config: &Value) -> Value {
    match (nesting, config) {
        (Nesting::Single, _) => propose_object(attributes, prior, config),
        (Nesting::List, Value::List(elements)) => {
            let before = prior.elements().map_or(0, <[_]>::len);
            let propose = |(index, config): (usize, &Value)| {
                if index >= before {
                    config.clone()
                } else {
                    propose_object(attributes, &element(prior, index), config)
                }
            };
            Value::List(elements.iter().enumerate().map(propose).collect())
        }
        (Nesting::Map, Value::Map(elements)) => {
            let propose = |(key, config): (&String, &Value)| {
                let before = prior.entries().and_then(|prior| prior.get(key));
                (
                    key.clone(),
                    before.map_or_else(|| config.clone(), |prior| propose_object(attributes, prior, config)),
                )
            };
            Value::Map(elements.iter().map(propose).collect())
        }
        (Nesting::Set, config) => propose_set(attributes, prior, config),
        (_, config) => config.clone(),
    }
}

fn propose_set(attributes: &Attributes, prior: &Value, config: &Value) -> Value {
    let mut unused = prior.distinct().unwrap_or_default();
    let propose = |config: &Value| {
        let matching = unused.iter().position(|prior| may_come_from(attributes, prior, config));
        let prior = matching.map_or(Value::Null, |index| unused.remove(index).clone());
        propose_object(attributes, &prior, config)
    };
    Value::Set(config.distinct().unwrap_or_default().into_iter().map(propose).collect())
}

/// Whether objects of these attributes hold a value that is not computed.
fn holds_configured(attributes: &Attributes, value: &Value) -> bool {
    match value {
        Value::Object(object) => attributes.iter().any(|(name, schema)| {
            let Some(value) = object.get(name).filter(|value| !value.is_null()) else { return false };
            !schema.computed || schema.nested().is_some_and(|(_, nested)| holds_configured(nested, value))
        }),
        Value::List(elements) | Value::Set(elements) => {
            elements.iter().any(|value| holds_configured(attributes, value))
        }
        Value::Map(elements) => elements.values().any(|value| holds_configured(attributes, value)),
        _ => false,
    }
}

/// Whether the configuration may have led to `prior`: they differ where the provider could fill in alone.
fn may_come_from(attributes: &Attributes, prior: &Value, config: &Value) -> bool {
    if same(prior, config) || prior.is_null() {
        return true;
    }
    if config.is_null() {
        return false;
    }
    attributes.iter().all(|(name, schema)| {
        let (prior, config) = (attribute(prior, name), attribute(config, name));
        let (prior, config) = (prior.as_ref(), config.as_ref());
        if same(prior, config) {
            return true;
        }
        match schema.nested() {
            _ if matches!(schema.ty(), Type::Set(_)) => false,
            Some((Nesting::Single, nested)) => may_come_from(nested, prior, config),
            Some((_, nested)) => elements_may_come_from(nested, prior, config),
            None => schema.computed && config.is_null(),
        }
    })
}

fn elements_may_come_from(attributes: &Attributes, prior: &Value, config: &Value) -> bool {
    match (prior, config) {
        (Value::List(prior), Value::List(config)) => {
            prior.len() <= config.len()
                && prior.iter().zip(config).all(|(prior, config)| may_come_from(attributes, prior, config))
        }
        (Value::Map(prior), Value::Map(config)) => prior.iter().all(|(key, prior)| {
            config.get(key).is_some_and(|config| may_come_from(attributes, prior, config))
        }),
        (Value::Null, _) => true,
        (Value::List(prior), Value::Unknown(_)) => {
            prior.iter().all(|prior| may_come_from(attributes, prior, &Value::unknown()))
        }
        (Value::Map(prior), Value::Unknown(_)) => {
            prior.values().all(|prior| may_come_from(attributes, prior, &Value::unknown()))
        }
        (prior, _) => {
            prior.elements().is_some_and(<[_]>::is_empty) || prior.entries().is_some_and(|all| all.is_empty())
        }
    }
}
