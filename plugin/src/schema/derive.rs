//! Terraform attributes from a Rust struct, by way of its JSON schema.
//!
//! Doc comments become descriptions, `Option` makes an attribute optional, `#[serde(default)]` gives it a default,
//! and a struct within the struct becomes nested attributes. What JSON Schema has no word for is said with
//! `#[schemars(extend("x-…" = true))]`: `x-replace`, `x-sensitive`, `x-identity`. A keyword that this module does
//! not know is an error naming its path, so nothing that a struct demands is dropped in silence.

use super::constraint::Constraint;
use super::{Attribute, Attributes, Kind, Nesting};
use crate::value::{Number, Type, bridge};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value as Json};

/// A struct that cannot be a Terraform object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Error {
    /// Where in the struct: field names joined by dots, `[]` for the elements of a collection.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

/// Who sets the attributes of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The configuration of a managed resource.
    Input,
    /// A configuration that is never stored (provider, data source, ephemeral resource): where a resource has
    /// write-only attributes, it has sensitive ones.
    Unstored,
    /// The provider.
    Output,
}

/// The attributes of struct `T`.
pub fn attributes<T: JsonSchema>(role: Role) -> Result<Attributes, Error> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    match schema.as_value() {
        Json::Object(schema) if is_struct(schema) => object(schema, role, ""),
        _ => Err(error(&T::schema_name(), "is not a struct")),
    }
}

/// The Markdown description of `T`: its doc comment.
pub fn description<T: JsonSchema>() -> String {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    text(schema.get("description"))
}

fn object(schema: &Map<String, Json>, role: Role, path: &str) -> Result<Attributes, Error> {
    let empty = Map::new();
    let properties = match schema.get("properties") {
        Some(Json::Object(properties)) => properties,
        None => &empty,
        Some(_) => return Err(error(path, "`properties` is not an object")),
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    properties
        .iter()
        .map(|(name, property)| {
            let path = join(path, name);
            if !is_identifier(name) {
                return Err(error(&path, "is no attribute name: lower-case letters, digits and `_` are"));
            }
            let attribute = attribute(property, required.contains(&name.as_str()), role, &path)?;
            Ok((name.clone(), attribute))
        })
        .collect()
}

fn attribute(schema: &Json, required: bool, role: Role, path: &str) -> Result<Attribute, Error> {
    let any = Map::new();
    let schema = match schema {
        Json::Object(schema) => schema,
        Json::Bool(true) => &any,
        _ => return Err(error(path, "has a schema that allows nothing")),
    };
    known_keywords(schema, path)?;
    let (kind, constraint) = shape(schema, role, path)?;
    let flag = |keyword: &str| schema.get(keyword) == Some(&Json::Bool(true));
    let mut attribute = Attribute {
        description: text(schema.get("description")),
        required,
        optional: !required,
        computed: false,
        sensitive: flag("x-sensitive") || flag("writeOnly"),
        write_only: flag("writeOnly") && role == Role::Input,
        deprecated: flag("deprecated").then(|| text(schema.get("x-deprecated"))),
        default: None,
        replaces: flag("x-replace"),
        identity: flag("x-identity"),
        constraint,
        kind,
    };
    if role == Role::Output {
        (attribute.required, attribute.optional, attribute.computed) = (false, false, true);
    } else if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        (attribute.required, attribute.optional) = (false, true);
        // Only a managed resource plans defaults; elsewhere serde fills them in when the struct is read, and so it
        // does everywhere where the default is "none of it".
        if role == Role::Input && !is_empty(default) {
            let value = bridge::from_json(default.clone(), &attribute.ty())
                .map_err(|why| error(path, &format!("has a default that is not of its type: {why}")))?;
            (attribute.computed, attribute.default) = (true, Some(value));
        }
    }
    Ok(attribute)
}

/// The kind of value that `schema` describes, and what else it demands.
fn shape(schema: &Map<String, Json>, role: Role, path: &str) -> Result<(Kind, Constraint), Error> {
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

const KEYWORDS: [&str; 25] = [
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minimum",
    "minItems",
    "minLength",
    "minProperties",
    "oneOf",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];
/// What is said of an attribute as a whole. Of the elements of a collection it would be lost.
const OF_ATTRIBUTES: [&str; 7] =
    ["default", "deprecated", "writeOnly", "x-deprecated", "x-identity", "x-replace", "x-sensitive"];
const EXTENSIONS: [&str; 4] = ["x-replace", "x-sensitive", "x-identity", "x-deprecated"];

fn known_keywords(schema: &Map<String, Json>, path: &str) -> Result<(), Error> {
    let known =
        |keyword: &&String| KEYWORDS.contains(&keyword.as_str()) || EXTENSIONS.contains(&keyword.as_str());
    match schema.keys().find(|keyword| !known(keyword)) {
        Some(keyword) => Err(error(
            path,
            &format!("uses the JSON Schema keyword `{keyword}`, which has no Terraform equivalent"),
        )),
        None => Ok(()),
    }
}

/// Whether `schema` has fields of its own: neither a collection nor a map.
fn is_struct(schema: &Map<String, Json>) -> bool {
    let open = !matches!(schema.get("additionalProperties"), None | Some(Json::Bool(false)));
    schema.get("type").and_then(Json::as_str) == Some("object") && !open
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Array(elements) => elements.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn is_identifier(name: &str) -> bool {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(tail)
}

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

fn text(value: Option<&Json>) -> String {
    value.and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn error(path: &str, reason: &str) -> Error {
    Error { path: path.to_owned(), reason: reason.to_owned() }
}
