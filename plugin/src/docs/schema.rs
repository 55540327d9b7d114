//! The `## Schema` section of a page.

use super::one_line;
use crate::schema::{Attribute, Attributes, Kind, Nesting, Schema};
use crate::value::{Type, Value, bridge};
use std::fmt::Write;

/// The attributes of `schema`, grouped as the registry groups them, then those of each nested object.
pub(super) fn schema_section(schema: &Schema) -> String {
    let mut text = String::from("\n## Schema\n");
    groups(&schema.attributes, "", &mut text);
    nested_sections(&schema.attributes, "", &mut text);
    text
}

fn groups(attributes: &Attributes, path: &str, text: &mut String) {
    let required = |attribute: &Attribute| attribute.required;
    let optional = |attribute: &Attribute| attribute.optional;
    let read_only = |attribute: &Attribute| attribute.is_output();
    let groups: [(&str, &dyn Fn(&Attribute) -> bool); 3] =
        [("Required", &required), ("Optional", &optional), ("Read-Only", &read_only)];
    for (title, belongs) in groups {
        let members: Vec<_> = attributes.iter().filter(|(_, attribute)| belongs(attribute)).collect();
        if members.is_empty() {
            continue;
        }
        match path {
            "" => _ = write!(text, "\n### {title}\n\n"),
            _ => _ = write!(text, "\n{title}:\n\n"),
        }
        for (name, attribute) in members {
            line(name, attribute, path, text);
        }
    }
}

fn line(name: &str, attribute: &Attribute, path: &str, text: &mut String) {
    let mut marks = vec![type_name(attribute)];
    for (mark, holds) in
        [("Write-only", attribute.write_only), ("Sensitive", attribute.sensitive && !attribute.write_only)]
    {
        if holds {
            marks.push(mark.to_owned());
        }
    }
    if attribute.deprecated.is_some() {
        marks.push("Deprecated".to_owned());
    }
    let _ = write!(text, "- `{name}` ({}) {}", marks.join(", "), one_line(&attribute.description));
    if let Some(default) = attribute.default.as_ref().and_then(|default| spelled(default, &attribute.ty())) {
        let _ = write!(text, " Default: `{default}`.");
    }
    if !attribute.constraint.one_of.is_empty() {
        let allowed: Vec<_> = attribute.constraint.one_of.iter().map(|value| format!("`{value}`")).collect();
        let _ = write!(text, " One of {}.", allowed.join(", "));
    }
    if attribute.replaces {
        text.push_str(" Changing it replaces the object.");
    }
    if attribute.nested().is_some_and(|(_, nested)| !nested.is_empty()) {
        let _ = write!(text, " (see [below](#{}))", anchor(&join(path, name)));
    }
    text.push('\n');
}

fn nested_sections(attributes: &Attributes, path: &str, text: &mut String) {
    for (name, attribute) in attributes {
        let Some((_, nested)) = attribute.nested().filter(|(_, nested)| !nested.is_empty()) else { continue };
        let path = join(path, name);
        let _ = write!(text, "\n<a id=\"{}\"></a>\n### Nested Schema for `{path}`\n", anchor(&path));
        groups(nested, &path, text);
        nested_sections(nested, &path, text);
    }
}

/// The type as the registry names it.
pub(super) fn type_name(attribute: &Attribute) -> String {
    match &attribute.kind {
        Kind::Plain(ty) => plain_type(ty),
        Kind::Nested(nesting, _) => match nesting {
            Nesting::Single => "Attributes".into(),
            Nesting::List => "Attributes List".into(),
            Nesting::Set => "Attributes Set".into(),
            Nesting::Map => "Attributes Map".into(),
        },
    }
}

fn plain_type(ty: &Type) -> String {
    match ty {
        Type::String => "String".into(),
        Type::Number => "Number".into(),
        Type::Bool => "Boolean".into(),
        Type::Dynamic => "Dynamic".into(),
        Type::List(element) => format!("List of {}", plain_type(element)),
        Type::Set(element) => format!("Set of {}", plain_type(element)),
        Type::Map(element) => format!("Map of {}", plain_type(element)),
        Type::Object(_) => "Object".into(),
        Type::Tuple(_) => "Tuple".into(),
    }
}

fn spelled(default: &Value, ty: &Type) -> Option<String> {
    bridge::to_json(default, ty).ok().map(|json| json.to_string())
}

fn anchor(path: &str) -> String {
    format!("nestedatt--{}", path.replace('.', "--"))
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
