//! The JSON encoding of values, as state files have it.
//!
//! The type decides how a value reads. Numbers keep every digit. A dynamic value stands as
//! `{"value":…,"type":…}`. What is unknown has no JSON.

use super::access::{check_attributes, check_length};
use super::error::{Result, Trail};
use super::order::distinct;
use super::{MAX_VALUES, Number, Problem, Type, Value};
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
    text.parse().map_err(|error: super::ParseNumberError| at.error(error.into()))
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

/// Writes `value`, which must be a wholly known value of type `ty`. Duplicates in sets are written once.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>> {
    let mut out = String::new();
    write(&mut out, value, ty, &Trail::ROOT)?;
    Ok(out.into_bytes())
}

fn write(out: &mut String, value: &Value, ty: &Type, at: &Trail<'_>) -> Result<()> {
    at.check_depth()?;
    match (value, ty) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Unknown(_), _) => return Err(at.error(Problem::NotKnown)),
        (Value::Bool(bool), Type::Bool) => out.push_str(if *bool { "true" } else { "false" }),
        (Value::Number(number), Type::Number) => out.push_str(&number.to_string()),
        (Value::String(text), Type::String) => write_text(out, text),
        (Value::List(elements), Type::List(element)) => {
            let each = |out: &mut String, (index, value)| write(out, value, element, &at.index(index));
            write_all(out, ['[', ']'], elements.iter().enumerate(), each)?;
        }
        (Value::Set(elements), Type::Set(element)) => {
            let each = |out: &mut String, value| write(out, value, element, &at.inside());
            write_all(out, ['[', ']'], distinct(elements), each)?;
        }
        (Value::Tuple(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            let each = |out: &mut String, (index, (value, ty))| write(out, value, ty, &at.index(index));
            write_all(out, ['[', ']'], elements.iter().zip(types).enumerate(), each)?;
        }
        (Value::Map(elements), Type::Map(element)) => {
            write_all(out, ['{', '}'], elements, |out, (key, value)| {
                write_text(out, key);
                out.push(':');
                write(out, value, element, &at.key(key))
            })?;
        }
        (Value::Object(attributes), Type::Object(types)) => {
            check_attributes(attributes, types, at)?;
            write_all(out, ['{', '}'], attributes.iter().zip(types.values()), |out, ((name, value), ty)| {
                write_text(out, name);
                out.push(':');
                write(out, value, ty, &at.attribute(name))
            })?;
        }
        (Value::Dynamic(inner), Type::Dynamic) if inner.0 == Type::Dynamic => {
            write(out, &inner.1, ty, &at.inside())?;
        }
        (Value::Dynamic(inner), Type::Dynamic) => {
            out.push_str("{\"value\":");
            write(out, &inner.1, &inner.0, &at.inside())?;
            out.push_str(",\"type\":");
            out.push_str(&String::from_utf8_lossy(&inner.0.to_json()));
            out.push('}');
        }
        (_, Type::Dynamic) => return Err(at.error(Problem::Untyped)),
        _ => return Err(at.expected(ty.kind(), value.kind())),
    }
    Ok(())
}

fn write_all<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T) -> Result<()>,
) -> Result<()> {
    out.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        each(out, item)?;
    }
    out.push(close);
    Ok(())
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::super::strategies;
    use super::*;
    use proptest::prelude::*;

    fn ty() -> Type {
        Type::object([
            ("n", Type::Number),
            ("s", Type::String),
            ("b", Type::Bool),
            ("any", Type::Dynamic),
            ("list", Type::list(Type::Number)),
        ])
    }

    #[test]
    fn state_reads_and_writes() {
        let json = r#"{"any":{"value":["x",null],"type":["tuple",["string","dynamic"]]},"b":true,"list":[0.1,1000000000000000000000000000000],"n":18446744073709551617,"s":"a\"b"}"#;
        let value = decode(json.as_bytes(), &ty()).unwrap();
        assert_eq!(
            value.get(&"n".parse().unwrap()),
            Some(&Value::Number("18446744073709551617".parse().unwrap()))
        );
        assert_eq!(value.get(&"list[0]".parse().unwrap()), Some(&Value::Number("0.1".parse().unwrap())));
        assert_eq!(value.get(&"any[0]".parse().unwrap()), Some(&Value::from("x")));
        assert_eq!(String::from_utf8(encode(&value, &ty()).unwrap()).unwrap(), json);
    }

    #[test]
    fn strict_errors() {
        let cases = [
            ("", "invalid JSON at line 1 column 0"),
            ("{", "invalid JSON at line 1 column 1"),
            ("{} x", "invalid JSON at line 1 column 4"),
            ("[]", "expected an object but found an array"),
            ("{}", "missing attribute `any`"),
            (r#"{"zzz":1}"#, "unsupported attribute `zzz`"),
            (
                r#"{"any":null,"b":"true","list":null,"n":1,"s":"x"}"#,
                "expected a bool but found a string at `b`",
            ),
            (
                r#"{"any":5,"b":true,"list":null,"n":1,"s":"x"}"#,
                "expected a value with its type but found a number at `any`",
            ),
            (
                r#"{"any":{"value":5},"b":true,"list":null,"n":1,"s":"x"}"#,
                "value of a dynamic attribute lacks its type at `any`",
            ),
            (
                r#"{"any":{"value":5,"type":"nope"},"b":true,"list":null,"n":1,"s":"x"}"#,
                "invalid type constraint: unknown name at `any`",
            ),
            (
                r#"{"any":null,"b":null,"list":[1,"x"],"n":1,"s":"x"}"#,
                "expected a number but found a string at `list[1]`",
            ),
            (
                r#"{"any":null,"b":null,"list":[1e99999],"n":1,"s":"x"}"#,
                "number has too many digits at `list[0]`",
            ),
            (
                r#"{"any":null,"b":null,"list":[],"n":1,"s":"\ud800"}"#,
                "invalid JSON at line 1 column 8 at `s`",
            ),
        ];
        for (json, message) in cases {
            let error = decode(json.as_bytes(), &ty()).unwrap_err();
            assert_eq!(error.to_string(), message, "{json}");
        }
        assert_eq!(decode(b"\xff", &ty()).unwrap_err().problem, Problem::NotUtf8);
    }

    #[test]
    fn lenient_reading() {
        let value = decode_lenient(br#"{"n":"1.5","s":10,"b":"true","gone":{"x":1}}"#, &ty()).unwrap();
        let expected = Value::object([
            ("n", Value::Number("1.5".parse().unwrap())),
            ("s", Value::from("10")),
            ("b", Value::from(true)),
            ("any", Value::Null),
            ("list", Value::Null),
        ]);
        assert_eq!(value, expected);
        let error = decode_lenient(br#"{"b":"yes"}"#, &ty()).unwrap_err();
        assert_eq!(error.to_string(), "expected a bool but found a string at `b`");
    }

    #[test]
    fn unknown_has_no_json() {
        let value = Value::List(vec![Value::from(1), Value::unknown()]);
        let error = encode(&value, &Type::list(Type::Number)).unwrap_err();
        assert_eq!(error.to_string(), "value is not known yet at `[1]`");
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_stack_overflow() {
        let mut json = r#"{"value":null,"type":"bool"}"#.to_owned();
        for _ in 0..2 * super::super::MAX_DEPTH {
            json = format!(r#"{{"value":{json},"type":"dynamic"}}"#);
        }
        assert_eq!(decode(json.as_bytes(), &Type::Dynamic).unwrap_err().problem, Problem::TooDeep);
        let json = "[".repeat(1_000_000);
        assert!(matches!(decode(json.as_bytes(), &Type::Dynamic).unwrap_err().problem, Problem::Json { .. }));
    }

    #[test]
    fn size_is_bounded() {
        let json = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert_eq!(
            decode(json.as_bytes(), &Type::list(Type::Number)).unwrap_err().problem,
            Problem::TooLarge
        );
    }

    proptest! {
        #[test]
        fn round_trip((ty, value) in strategies::typed(false)) {
            let json = encode(&value, &ty).unwrap();
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
            prop_assert_eq!(decode(&json, &ty), Ok(value.clone()));
            prop_assert_eq!(decode_lenient(&json, &ty), Ok(value));
        }

        #[test]
        fn any_text_is_read_without_panic(ty in strategies::ty(), text in r#"[\[\]{},:"a0-9.etrufalsn -]{0,40}"#) {
            let _ = decode(text.as_bytes(), &ty);
            if let Ok(value) = decode_lenient(text.as_bytes(), &ty) {
                prop_assert_eq!(value.conforms_to(&ty), Ok(()));
            }
        }
    }
}
