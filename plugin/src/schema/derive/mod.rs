//! Terraform attributes from a Rust struct, by way of its JSON schema.
//!
//! Doc comments become descriptions, `Option` makes an attribute optional, `#[serde(default)]` gives it a default,
//! and a struct within the struct becomes nested attributes. What JSON Schema has no word for is said with
//! `#[schemars(extend("x-…" = true))]`: `x-replace`, `x-sensitive`, `x-identity`; `x-deprecated` is why a field, or the
//! whole struct, is `deprecated`. A keyword that this module does not know is an error naming its path, so nothing that
//! a struct demands is dropped in silence.

mod shape;

use super::{Attribute, Attributes};
use crate::value::bridge;
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

/// Why not to use `T` any more, where it is deprecated as a whole.
pub fn deprecated<T: JsonSchema>() -> Option<String> {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    (schema.get("deprecated") == Some(&Json::Bool(true))).then(|| text(schema.get("x-deprecated")))
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
    let (kind, constraint) = shape::of(schema, role, path)?;
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
