//! The kind of value that a JSON schema describes, and what else it demands of the value.

use super::{Error, Role, attribute, error, object};
use crate::schema::constraint::Constraint;
use crate::schema::{Attribute, Attributes, Kind, Nesting};
use crate::value::{Number, Type};
use serde_json::{Map, Value as Json};

/// The kind of value that `schema` describes, and what else it demands.
pub(super) fn of(schema: &Map<String, Json>, role: Role, path: &str) -> Result<(Kind, Constraint), Error> {
    if let Some(one_of) = enumeration(schema, path)? {
        return Ok((Kind::Plain(Type::String), Constraint { one_of, ..Constraint::default() }));
    }
    let mut constraint = Constraint {
        minimum: number(schema, "minimum"),
        maximum: number(schema, "maximum"),
        min_length: length(schema, &["minLength", "minItems", "minProperties"]),
        max_length: length(schema, &["maxLength", "maxItems", "maxProperties"]),
        ..Constraint::default()
    };
    let kind = match type_name(schema, path)? {
        None => Kind::Plain(Type::Dynamic),
        Some("string") => Kind::Plain(Type::String),
        Some("boolean") => Kind::Plain(Type::Bool),
        Some("number") => Kind::Plain(Type::Number),
        Some("integer") => {
            let (least, most) = range(schema);
            constraint.integer = true;
            constraint.minimum = constraint.minimum.or(least);
            constraint.maximum = constraint.maximum.or(most);
            Kind::Plain(Type::Number)
        }
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Json::Bool(true));
            match schema.get("uniqueItems") == Some(&Json::Bool(true)) {
                true => collection(items, Nesting::Set, role, &mut constraint, path)?,
                false => collection(items, Nesting::List, role, &mut constraint, path)?,
            }
        }
        Some("object") if schema.contains_key("properties") => {
            Kind::Nested(Nesting::Single, object(schema, role, path)?)
        }
        Some("object") => match schema.get("additionalProperties") {
            Some(items) if *items != Json::Bool(false) => {
                collection(items, Nesting::Map, role, &mut constraint, path)?
            }
            _ => Kind::Nested(Nesting::Single, Attributes::new()),
        },
        Some(other) => return Err(error(path, &format!("has the type `{other}`, which Terraform has not"))),
    };
    Ok((kind, constraint))
}

fn collection(
    items: &Json,
    nesting: Nesting,
    role: Role,
    constraint: &mut Constraint,
    path: &str,
) -> Result<Kind, Error> {
    let path = format!("{path}[]");
    let element = attribute(items, true, role, &path)?;
    let has = |keyword: &&&str| !matches!(items.get(keyword), None | Some(Json::Bool(false)));
    if let Some(keyword) = OF_ATTRIBUTES.iter().find(has) {
        let reason =
            format!("is an element with `{keyword}`, which Terraform has for whole attributes alone");
        return Err(error(&path, &reason));
    }
    let nullable = items.get("type").and_then(Json::as_array).is_some();
    match element.kind {
        Kind::Nested(Nesting::Single, attributes) => Ok(Kind::Nested(nesting, attributes)),
        Kind::Plain(Type::Dynamic) => {
            Err(error(&path, "has elements of any type: take the whole collection as `serde_json::Value`"))
        }
        Kind::Nested(..) => Err(error(
            &path,
            "is a collection of objects within a collection: take the whole as `serde_json::Value`",
        )),
        kind => {
            if !nullable {
                constraint.element = Some(Box::new(element.constraint.clone()));
            }
            let element = Box::new(Attribute { kind, ..element }.ty());
            Ok(Kind::Plain(match nesting {
                Nesting::Set => Type::Set(element),
                Nesting::Map => Type::Map(element),
                Nesting::List | Nesting::Single => Type::List(element),
            }))
        }
    }
}

/// The strings of an enum without data. Documented variants come as `oneOf` of `const`, the others as `enum`.
fn enumeration(schema: &Map<String, Json>, path: &str) -> Result<Option<Vec<String>>, Error> {
    let mut allowed = Vec::new();
    if let Some(Json::Array(alternatives)) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
        for alternative in alternatives {
            match (alternative.get("const"), alternative.get("enum"), alternative.get("type")) {
                (Some(Json::String(constant)), _, _) => allowed.push(constant.clone()),
                (_, Some(Json::Array(constants)), _) => {
                    allowed.extend(constants.iter().filter_map(Json::as_str).map(str::to_owned))
                }
                (None, None, Some(Json::String(null))) if null == "null" => {}
                (None, None, None) => {
                    // An `Option` of an enum with documented variants nests the alternatives.
                    let inner =
                        alternative.as_object().map(|inner| enumeration(inner, path)).transpose()?.flatten();
                    allowed.extend(
                        inner.ok_or_else(|| error(path, "is an enum with data, which Terraform has not"))?,
                    );
                }
                _ => return Err(error(path, "is an enum with data, which Terraform has not")),
            }
        }
        return Ok(Some(allowed));
    }
    match (schema.get("enum"), schema.get("const")) {
        (Some(Json::Array(constants)), _) => {
            Ok(Some(constants.iter().filter_map(Json::as_str).map(str::to_owned).collect()))
        }
        (_, Some(Json::String(constant))) => Ok(Some(vec![constant.clone()])),
        _ => Ok(None),
    }
}

/// The one JSON type that is not null; `None` where every type is allowed.
fn type_name<'a>(schema: &'a Map<String, Json>, path: &str) -> Result<Option<&'a str>, Error> {
    let names: Vec<&str> = match schema.get("type") {
        None => return Ok(None),
        Some(Json::String(name)) => vec![name],
        Some(Json::Array(names)) => {
            names.iter().filter_map(Json::as_str).filter(|name| *name != "null").collect()
        }
        Some(_) => return Err(error(path, "has a `type` that is no string")),
    };
    match names[..] {
        [name] => Ok(Some(name)),
        _ => Err(error(path, "has several types, which Terraform has not")),
    }
}

/// What is said of an attribute as a whole. Of the elements of a collection it would be lost.
const OF_ATTRIBUTES: [&str; 7] =
    ["default", "deprecated", "writeOnly", "x-deprecated", "x-identity", "x-replace", "x-sensitive"];

fn number(schema: &Map<String, Json>, keyword: &str) -> Option<Number> {
    schema.get(keyword).and_then(Json::as_number).and_then(|number| Number::try_from(number).ok())
}

/// What the Rust type of an integer can hold. The 128 bits of the largest ones do not pass through JSON.
fn range(schema: &Map<String, Json>) -> (Option<Number>, Option<Number>) {
    let range = |least: i64, most: u64| (Some(least.into()), Some(most.into()));
    match schema.get("format").and_then(Json::as_str) {
        Some("int32") => range(i32::MIN.into(), i32::MAX as u64),
        Some("uint32") => range(0, u32::MAX.into()),
        Some("int64" | "int" | "int128") => range(i64::MIN, i64::MAX as u64),
        Some("uint64" | "uint" | "uint128") => range(0, u64::MAX),
        _ => (None, None),
    }
}

fn length(schema: &Map<String, Json>, keywords: &[&str]) -> Option<u64> {
    keywords.iter().find_map(|keyword| schema.get(*keyword)).and_then(Json::as_u64)
}
