//! What stands in a struct for a value that is not known yet: the simplest one that the struct takes.

use crate::schema::constraint::Constraint;
use crate::schema::{Attribute, Attributes, Kind, Nesting};
use crate::value::{Number, Refinements, Type, Value};
use std::collections::BTreeMap;

/// `object` with a placeholder wherever it is unknown.
pub(super) fn placeholders(attributes: &Attributes, object: &Value) -> Value {
    let fill = |(name, attribute): (&String, &Attribute)| {
        let value = match object {
            Value::Object(values) => values.get(name).cloned().unwrap_or_default(),
            Value::Unknown(_) => unknown(),
            _ => return None,
        };
        Some((name.clone(), placeholder(attribute, &value)))
    };
    Value::Object(attributes.iter().filter_map(fill).collect())
}

/// The same, with a placeholder for the attribute `name`, too.
pub(super) fn without(attributes: &Attributes, object: &Value, name: &str) -> Value {
    let Value::Object(values) = object else { return object.clone() };
    let mut values = values.clone();
    values.insert(name.to_owned(), unknown());
    placeholders(attributes, &Value::Object(values))
}

fn unknown() -> Value {
    Value::Unknown(Refinements::default())
}

fn placeholder(attribute: &Attribute, value: &Value) -> Value {
    match (&attribute.kind, value) {
        (_, Value::Unknown(_)) if !attribute.required => Value::Null,
        (_, Value::Null) => Value::Null,
        (Kind::Nested(Nesting::Single, attributes), object) => placeholders(attributes, object),
        (Kind::Nested(_, attributes), Value::List(list)) => {
            Value::List(list.iter().map(|element| placeholders(attributes, element)).collect())
        }
        (Kind::Nested(_, attributes), Value::Set(set)) => {
            Value::Set(set.iter().map(|element| placeholders(attributes, element)).collect())
        }
        (Kind::Nested(_, attributes), Value::Map(map)) => Value::Map(
            map.iter().map(|(key, element)| (key.clone(), placeholders(attributes, element))).collect(),
        ),
        // Null would be a missing field.
        (Kind::Plain(Type::Dynamic), Value::Unknown(_)) => Value::dynamic(Type::String, "".into()),
        (Kind::Nested(..), value) => simplest(&attribute.ty(), value),
        (Kind::Plain(ty), value) => allowed(ty, &attribute.constraint, value),
    }
}

/// `value` with the simplest value that `constraint` allows wherever it is unknown.
fn allowed(ty: &Type, constraint: &Constraint, value: &Value) -> Value {
    // Elements without a constraint may be null, and are `None` then.
    let element = |ty: &Type, value: &Value| match (&constraint.element, value) {
        (None, Value::Unknown(_)) => Value::Null,
        (None, value) => allowed(ty, &Constraint::default(), value),
        (Some(constraint), value) => allowed(ty, constraint, value),
    };
    match (ty, value) {
        (Type::String, Value::Unknown(_)) => {
            Value::String(constraint.one_of.first().cloned().unwrap_or_default())
        }
        (Type::Number, Value::Unknown(_)) => Value::Number(number(constraint)),
        (Type::List(ty), Value::List(values)) => {
            Value::List(values.iter().map(|value| element(ty, value)).collect())
        }
        (Type::Set(ty), Value::Set(values)) => {
            Value::Set(values.iter().map(|value| element(ty, value)).collect())
        }
        (Type::Map(ty), Value::Map(values)) => {
            Value::Map(values.iter().map(|(key, value)| (key.clone(), element(ty, value))).collect())
        }
        (ty, value) => simplest(ty, value),
    }
}

/// Zero, or what is nearest to it within the bounds.
fn number(constraint: &Constraint) -> Number {
    let zero = Number::from(0);
    match (&constraint.minimum, &constraint.maximum) {
        (Some(minimum), _) if *minimum > zero => minimum.clone(),
        (_, Some(maximum)) if *maximum < zero => maximum.clone(),
        _ => zero,
    }
}

/// `value` with the simplest value of its type wherever it is unknown.
fn simplest(ty: &Type, value: &Value) -> Value {
    let all = |ty: &Type, values: &[Value]| values.iter().map(|value| simplest(ty, value)).collect();
    match (ty, value) {
        (Type::String, Value::Unknown(_)) => Value::String(String::new()),
        (Type::Number, Value::Unknown(_)) => Value::Number(0.into()),
        (Type::Bool, Value::Unknown(_)) => Value::Bool(false),
        (Type::Dynamic, Value::Unknown(_)) => Value::Null,
        (Type::List(_), Value::Unknown(_)) => Value::List(Vec::new()),
        (Type::Set(_), Value::Unknown(_)) => Value::Set(Vec::new()),
        (Type::Map(_), Value::Unknown(_)) => Value::Map(BTreeMap::new()),
        (Type::Object(types), Value::Unknown(_)) => {
            Value::Object(types.iter().map(|(name, ty)| (name.clone(), simplest(ty, value))).collect())
        }
        (Type::Tuple(types), Value::Unknown(_)) => {
            Value::Tuple(types.iter().map(|ty| simplest(ty, value)).collect())
        }
        (Type::Dynamic, Value::Dynamic(inner)) => {
            Value::Dynamic(Box::new((inner.0.clone(), simplest(&inner.0, &inner.1))))
        }
        (Type::List(element), Value::List(values)) => Value::List(all(element, values)),
        (Type::Set(element), Value::Set(values)) => Value::Set(all(element, values)),
        (Type::Tuple(types), Value::Tuple(values)) => {
            Value::Tuple(types.iter().zip(values).map(|(ty, value)| simplest(ty, value)).collect())
        }
        (Type::Map(element), Value::Map(values)) => {
            Value::Map(values.iter().map(|(key, value)| (key.clone(), simplest(element, value))).collect())
        }
        (Type::Object(types), Value::Object(values)) => {
            let field = |(name, value): (&String, &Value)| {
                (name.clone(), types.get(name).map_or(value.clone(), |ty| simplest(ty, value)))
            };
            Value::Object(values.iter().map(field).collect())
        }
        (_, value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::derive::{self, Role};
    use crate::typed::View;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use std::collections::BTreeSet;
    use std::num::NonZeroU8;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        Green,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "what was read is seen by `Debug`")]
    struct Inner {
        name: String,
        color: Color,
        count: NonZeroU8,
        parts: Vec<String>,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "what was read is seen by `Debug`")]
    struct Outer {
        list: Vec<Inner>,
        map: BTreeMap<String, Inner>,
        one: Inner,
        maybe: Option<Inner>,
        colors: Vec<Color>,
        perhaps: Vec<Option<Color>>,
        counts: BTreeMap<String, NonZeroU8>,
        names: BTreeSet<String>,
        #[schemars(range(min = -9, max = -3))]
        cold: i8,
        any: serde_json::Value,
    }

    fn view(object: &Value) -> Outer {
        let attributes = derive::attributes::<Outer>(Role::Input).unwrap();
        View::<Outer>::new(&attributes, object).unwrap().into_inner()
    }

    #[test]
    fn every_struct_can_be_read_with_unknowns_anywhere() {
        insta::assert_debug_snapshot!(view(&unknown()));
        let elements = Value::object([
            (
                "list",
                Value::List(vec![
                    unknown(),
                    Value::object([
                        ("name", "known".into()),
                        ("color", unknown()),
                        ("count", unknown()),
                        ("parts", Value::List(vec![unknown()])),
                    ]),
                ]),
            ),
            ("map", Value::map([("key", unknown())])),
            (
                "one",
                Value::object([
                    ("name", unknown()),
                    ("color", "green".into()),
                    ("count", 3.into()),
                    ("parts", unknown()),
                ]),
            ),
            ("maybe", unknown()),
            ("colors", Value::List(vec![unknown(), "green".into()])),
            ("perhaps", Value::List(vec![unknown(), "green".into(), Value::Null])),
            ("counts", Value::map([("key", unknown())])),
            ("names", Value::Set(vec![unknown(), "a".into()])),
            ("cold", unknown()),
            ("any", Value::dynamic(Type::Tuple(vec![Type::String]), Value::Tuple(vec![unknown()]))),
        ]);
        insta::assert_debug_snapshot!(view(&elements));
    }

    #[test]
    fn a_value_that_the_struct_refuses_is_an_error_on_its_attribute() {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[expect(dead_code, reason = "it is only read")]
        struct Addresses {
            name: String,
            address: Option<std::net::Ipv4Addr>,
        }
        let attributes = derive::attributes::<Addresses>(Role::Input).unwrap();
        let object = Value::object([("name", "a".into()), ("address", "hunter2".into())]);
        let problem = View::<Addresses>::new(&attributes, &object).err().unwrap();
        assert_eq!(
            (problem.summary.as_str(), problem.path.to_string().as_str()),
            ("Invalid value", "address")
        );
        assert!(!problem.detail.contains("hunter2"), "{}", problem.detail);
    }
}
