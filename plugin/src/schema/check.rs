//! The rules that Terraform core enforces on a schema when it loads it.
//!
//! Breaking one of them breaks every command of every user, so a provider's own test calls [`check`], and the
//! table refuses a schema that does not pass.

use super::derive::Error;
use super::{Attribute, Attributes, Kind, Nesting, Schema};
use crate::value::Type;

/// Names that Terraform keeps for itself at the top of a `resource` block.
const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// The first rule that `schema` breaks, if it breaks one.
pub fn check(schema: &Schema) -> Result<(), Error> {
    for name in schema.attributes.keys() {
        if RESERVED.contains(&name.as_str()) {
            return Err(error(name, "is a name that Terraform reserves"));
        }
    }
    attributes(&schema.attributes, "", false)
}

fn attributes(attributes: &Attributes, path: &str, in_set: bool) -> Result<(), Error> {
    for (name, attribute) in attributes {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        check_attribute(attribute, &path, in_set)?;
    }
    Ok(())
}

fn check_attribute(attribute: &Attribute, path: &str, in_set: bool) -> Result<(), Error> {
    let rules = [
        (
            !(attribute.required || attribute.optional || attribute.computed),
            "must be required, optional or computed",
        ),
        (attribute.required && attribute.optional, "cannot be both required and optional"),
        (attribute.required && attribute.computed, "cannot be both required and computed"),
        (attribute.write_only && attribute.computed, "cannot be both write-only and computed"),
        (
            attribute.write_only && attribute.required,
            "is write-only and required: a state has no value for it, so make it an `Option` and demand it in `validate`",
        ),
        (attribute.write_only && attribute.replaces, "is write-only, so that a change of it cannot be seen"),
        (attribute.replaces && in_set, "replaces the object, which cannot be told within a set"),
        (attribute.write_only && in_set, "is write-only, which Terraform forbids within a set"),
        (attribute.default.is_some() && in_set, "has a default, which cannot be planned within a set"),
        (
            attribute.default.is_some() && !(attribute.optional && attribute.computed),
            "has a default and must be optional and computed",
        ),
        (in_set && has_dynamic(&attribute.kind), "has any type, which Terraform forbids within a set"),
    ];
    if let Some((_, reason)) = rules.iter().find(|(broken, _)| *broken) {
        return Err(error(path, reason));
    }
    match &attribute.kind {
        Kind::Plain(Type::Set(element)) if contains_dynamic(element) => {
            Err(error(path, "is a set of any type, which Terraform forbids"))
        }
        Kind::Plain(_) => Ok(()),
        Kind::Nested(nesting, nested) => attributes(nested, path, in_set || *nesting == Nesting::Set),
    }
}

fn has_dynamic(kind: &Kind) -> bool {
    match kind {
        Kind::Plain(ty) => contains_dynamic(ty),
        Kind::Nested(..) => false, // Its attributes are checked one by one.
    }
}

fn contains_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => contains_dynamic(element),
        Type::Object(attributes) => attributes.values().any(contains_dynamic),
        Type::Tuple(elements) => elements.iter().any(contains_dynamic),
        Type::String | Type::Number | Type::Bool => false,
    }
}

fn error(path: &str, reason: &str) -> Error {
    Error { path: path.to_owned(), reason: reason.to_owned() }
}
