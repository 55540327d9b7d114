//! Between values and Rust's own structs, by way of `serde_json`.
//!
//! A struct that derives `Deserialize` is made from [`to_json`], and one that derives `Serialize` becomes a value
//! by [`from_json`]. Numbers pass exactly when they are integers of 64 bits; others pass as `f64`, the form that
//! `serde_json` has for them. Whoever needs all digits, or the type of a dynamic value, keeps the [`Value`].

use super::check::{check_attributes, check_length};
use super::error::{Result, Trail};
use super::order::distinct;
use super::{Number, Problem, Type, Value};
use serde_json::{Map, Value as Json};

/// The value as plain JSON, without the types of dynamic values.
///
/// Sets become arrays. Fails on unknown values, and on numbers beyond `f64`.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json> {
    plain(value, ty, &Trail::ROOT)
}

fn plain(value: &Value, ty: &Type, at: &Trail<'_>) -> Result<Json> {
    at.check_depth()?;
    match (value, ty) {
        (Value::Null, _) => Ok(Json::Null),
        (Value::Unknown(_), _) => Err(at.error(Problem::NotKnown)),
        (Value::Bool(bool), Type::Bool) => Ok(Json::Bool(*bool)),
        (Value::Number(number), Type::Number) => {
            number.to_json().map(Json::Number).ok_or_else(|| at.error(Problem::NumberRange))
        }
        (Value::String(text), Type::String) => Ok(Json::String(text.clone())),
        (Value::List(elements), Type::List(element)) => {
            let elements = elements.iter().enumerate();
            elements
                .map(|(index, value)| plain(value, element, &at.index(index)))
                .collect::<Result<_>>()
                .map(Json::Array)
        }
        (Value::Set(elements), Type::Set(element)) => {
            let elements = distinct(elements).into_iter();
            elements.map(|value| plain(value, element, &at.inside())).collect::<Result<_>>().map(Json::Array)
        }
        (Value::Tuple(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            let pairs = elements.iter().zip(types).enumerate();
            pairs
                .map(|(index, (value, ty))| plain(value, ty, &at.index(index)))
                .collect::<Result<_>>()
                .map(Json::Array)
        }
        (Value::Map(elements), Type::Map(element)) => {
            let each =
                |(key, value): (&String, &Value)| Ok((key.clone(), plain(value, element, &at.key(key))?));
            elements.iter().map(each).collect::<Result<_>>().map(Json::Object)
        }
        (Value::Object(attributes), Type::Object(types)) => {
            check_attributes(attributes, types, at)?;
            let each = |((name, value), ty): ((&String, &Value), &Type)| {
                Ok((name.clone(), plain(value, ty, &at.attribute(name))?))
            };
            attributes.iter().zip(types.values()).map(each).collect::<Result<_>>().map(Json::Object)
        }
        (Value::Dynamic(inner), Type::Dynamic) => plain(&inner.1, &inner.0, &at.inside()),
        (_, Type::Dynamic) => Err(at.error(Problem::Untyped)),
        _ => Err(at.expected(ty.kind(), value.kind())),
    }
}

/// Plain JSON as a value of type `ty`.
///
/// Attributes that are missing become null; attributes that the type does not know are errors. At a dynamic
/// place the type is inferred as HCL does it: arrays are tuples and objects are objects, whatever the original
/// value was.
pub fn from_json(json: Json, ty: &Type) -> Result<Value> {
    typed(json, ty, &Trail::ROOT)
}

fn typed(json: Json, ty: &Type, at: &Trail<'_>) -> Result<Value> {
    at.check_depth()?;
    match (json, ty) {
        (Json::Null, _) => Ok(Value::Null),
        (json, Type::Dynamic) => {
            let (ty, value) = infer(json, at)?;
            Ok(Value::dynamic(ty, value))
        }
        (Json::Bool(bool), Type::Bool) => Ok(Value::Bool(bool)),
        (Json::Number(number), Type::Number) => self::number(&number, at),
        (Json::String(text), Type::String) => Ok(Value::String(text)),
        (Json::Array(elements), Type::List(element)) => {
            let elements = elements.into_iter().enumerate();
            elements
                .map(|(index, json)| typed(json, element, &at.index(index)))
                .collect::<Result<_>>()
                .map(Value::List)
        }
        (Json::Array(elements), Type::Set(element)) => {
            let elements = elements.into_iter();
            elements.map(|json| typed(json, element, &at.inside())).collect::<Result<_>>().map(Value::Set)
        }
        (Json::Array(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            let pairs = elements.into_iter().zip(types).enumerate();
            pairs
                .map(|(index, (json, ty))| typed(json, ty, &at.index(index)))
                .collect::<Result<_>>()
                .map(Value::Tuple)
        }
        (Json::Object(elements), Type::Map(element)) => {
            let each = |(key, json): (String, Json)| {
                let value = typed(json, element, &at.key(&key))?;
                Ok((key, value))
            };
            elements.into_iter().map(each).collect::<Result<_>>().map(Value::Map)
        }
        (Json::Object(attributes), Type::Object(types)) => object(attributes, types, at),
        (json, _) => Err(at.expected(ty.kind(), kind(&json))),
    }
}

fn object(
    mut attributes: Map<String, Json>,
    types: &std::collections::BTreeMap<String, Type>,
    at: &Trail<'_>,
) -> Result<Value> {
    let mut values = std::collections::BTreeMap::new();
    for (name, ty) in types {
        let json = attributes.remove(name).unwrap_or_default();
        values.insert(name.clone(), typed(json, ty, &at.attribute(name))?);
    }
    match attributes.into_iter().next() {
        Some((name, _)) => Err(at.error(Problem::UnsupportedAttribute(name))),
        None => Ok(Value::Object(values)),
    }
}

/// The type that HCL gives to a literal of this JSON, and the value.
fn infer(json: Json, at: &Trail<'_>) -> Result<(Type, Value)> {
    at.check_depth()?;
    match json {
        Json::Null => Ok((Type::Dynamic, Value::Null)),
        Json::Bool(bool) => Ok((Type::Bool, Value::Bool(bool))),
        Json::Number(number) => Ok((Type::Number, self::number(&number, at)?)),
        Json::String(text) => Ok((Type::String, Value::String(text))),
        Json::Array(elements) => {
            let elements =
                elements.into_iter().enumerate().map(|(index, json)| infer(json, &at.index(index)));
            let (types, values) = elements.collect::<Result<Vec<_>>>()?.into_iter().unzip();
            Ok((Type::Tuple(types), Value::Tuple(values)))
        }
        Json::Object(attributes) => {
            let mut types = std::collections::BTreeMap::new();
            let mut values = std::collections::BTreeMap::new();
            for (name, json) in attributes {
                let (ty, value) = infer(json, &at.attribute(&name))?;
                types.insert(name.clone(), ty);
                values.insert(name, value);
            }
            Ok((Type::Object(types), Value::Object(values)))
        }
    }
}

fn number(number: &serde_json::Number, at: &Trail<'_>) -> Result<Value> {
    Number::try_from(number).map(Value::Number).map_err(|error| at.error(error.into()))
}

/// What a JSON value is, with its article, for messages.
fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
#[path = "bridge_tests.rs"]
mod tests;
