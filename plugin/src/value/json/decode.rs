//! From JSON to values.

use super::super::check::{check_attributes, check_length};
use super::super::error::{Result, Trail};
use super::super::{MAX_VALUES, Number, ParseNumberError, Problem, Type, Value};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Reads `json` as one value of type `ty`. Fails on anything that is not exactly such a value.
pub fn decode(json: &[u8], ty: &Type) -> Result<Value> {
    Reader { lenient: false, left: MAX_VALUES }.document(json, ty)
}

/// Reads a value that an earlier version of the schema may have written, as far as it is still understood.
///
/// Attributes that are missing become null, those that the type does not know are dropped, and strings, numbers
/// and bools convert into each other where the text allows it.
pub fn decode_lenient(json: &[u8], ty: &Type) -> Result<Value> {
    Reader { lenient: true, left: MAX_VALUES }.document(json, ty)
}

struct Reader {
    lenient: bool,
    /// How many more values may come.
    left: usize,
}

impl Reader {
    fn document(&mut self, json: &[u8], ty: &Type) -> Result<Value> {
        let text = std::str::from_utf8(json).map_err(|_| Trail::ROOT.error(Problem::NotUtf8))?;
        self.value(parse(text, &Trail::ROOT)?, ty, &Trail::ROOT)
    }

    fn value(&mut self, json: &RawValue, ty: &Type, at: &Trail<'_>) -> Result<Value> {
        at.check_depth()?;
        self.left = self.left.checked_sub(1).ok_or_else(|| at.error(Problem::TooLarge))?;
        let json = json.get();
        if json == "null" {
            return Ok(Value::Null);
        }
        match (ty, kind(json)) {
            (Type::Bool, "a bool") => Ok(Value::Bool(json == "true")),
            (Type::Number, "a number") => Ok(Value::Number(number(json, at)?)),
            (Type::String, "a string") => parse(json, at).map(Value::String),
            (Type::Bool | Type::Number | Type::String, _) if self.lenient => converted(json, ty, at),
            (Type::List(element), "an array") => {
                let elements = parse::<Vec<&RawValue>>(json, at)?.into_iter().enumerate();
                elements
                    .map(|(index, json)| self.value(json, element, &at.index(index)))
                    .collect::<Result<_>>()
                    .map(Value::List)
            }
            (Type::Set(element), "an array") => {
                let elements = parse::<Vec<&RawValue>>(json, at)?.into_iter();
                elements
                    .map(|json| self.value(json, element, &at.inside()))
                    .collect::<Result<_>>()
                    .map(Value::Set)
            }
            (Type::Tuple(types), "an array") => self.tuple(json, types, at).map(Value::Tuple),
            (Type::Map(element), "an object") => {
                let elements = parse::<BTreeMap<String, &RawValue>>(json, at)?.into_iter();
                let read = |(key, json): (String, &RawValue)| {
                    let value = self.value(json, element, &at.key(&key))?;
                    Ok((key, value))
                };
                elements.map(read).collect::<Result<_>>().map(Value::Map)
            }
            (Type::Object(types), "an object") => self.object(json, types, at).map(Value::Object),
            (Type::Dynamic, "an object") => self.dynamic(json, at),
            (_, found) => Err(at.expected(ty.kind(), found)),
        }
    }

    fn tuple(&mut self, json: &str, types: &[Type], at: &Trail<'_>) -> Result<Vec<Value>> {
        let elements = parse::<Vec<&RawValue>>(json, at)?;
        check_length(elements.len(), types.len(), at)?;
        let pairs = elements.into_iter().zip(types).enumerate();
        pairs.map(|(index, (json, ty))| self.value(json, ty, &at.index(index))).collect()
    }

    fn object(
        &mut self,
        json: &str,
        types: &BTreeMap<String, Type>,
        at: &Trail<'_>,
    ) -> Result<BTreeMap<String, Value>> {
        let values = parse::<BTreeMap<String, &RawValue>>(json, at)?;
        if !self.lenient {
            check_attributes(&values, types, at)?;
        }
        let read = |(name, ty): (&String, &Type)| {
            let value = values.get(name).map(|json| self.value(json, ty, &at.attribute(name)));
            Ok((name.clone(), value.transpose()?.unwrap_or_default()))
        };
        types.iter().map(read).collect()
    }

    fn dynamic(&mut self, json: &str, at: &Trail<'_>) -> Result<Value> {
        let parts = parse::<BTreeMap<String, &RawValue>>(json, at)?;
        let (Some(ty), Some(value), 2) = (parts.get("type"), parts.get("value"), parts.len()) else {
            return Err(at.error(Problem::Untyped));
        };
        let ty = Type::from_json(ty.get().as_bytes()).map_err(|error| at.error(error.problem))?;
        let value = self.value(value, &ty, &at.inside())?;
        Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str, at: &Trail<'_>) -> Result<T> {
    // The error of serde_json quotes the text; only its position is safe to show.
    serde_json::from_str(json)
        .map_err(|error| at.error(Problem::Json { line: error.line(), column: error.column() }))
}

fn number(text: &str, at: &Trail<'_>) -> Result<Number> {
    text.parse().map_err(|error: ParseNumberError| at.error(error.into()))
}

/// A string, a number or a bool as another of the three, with the rules that Terraform's conversions have.
fn converted(json: &str, ty: &Type, at: &Trail<'_>) -> Result<Value> {
    let text = match kind(json) {
        "a string" => parse::<String>(json, at)?,
        "a number" => number(json, at)?.to_string(),
        _ => json.to_owned(),
    };
    match (ty, kind(json), text.as_str()) {
        (Type::String, "a number" | "a bool", _) => Ok(Value::String(text)),
        (Type::Number, "a string", _) => number(&text, at).map(Value::Number),
        (Type::Bool, "a string", "true" | "1") => Ok(Value::Bool(true)),
        (Type::Bool, "a string", "false" | "0") => Ok(Value::Bool(false)),
        (_, found, _) => Err(at.expected(ty.kind(), found)),
    }
}

/// What a JSON value is, with its article; its first byte tells.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        Some(b't' | b'f') => "a bool",
        Some(b'n') => "null",
        _ => "a number",
    }
}
