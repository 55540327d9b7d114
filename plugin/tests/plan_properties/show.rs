//! Schemas and values as text. `Debug` of a value hides its content; here nothing is secret.

use tfplugin_rs::schema::{Attributes, Kind, Schema};
use tfplugin_rs::value::{Facts, Number, Value};

/// One line per attribute.
pub(crate) fn schema(schema: &Schema) -> String {
    let mut out = String::new();
    attributes(&schema.attributes, 0, &mut out);
    out
}

fn attributes(attributes: &Attributes, depth: usize, out: &mut String) {
    for (name, attribute) in attributes {
        let flags = [
            (attribute.required, "required"),
            (attribute.optional, "optional"),
            (attribute.computed, "computed"),
            (attribute.sensitive, "sensitive"),
            (attribute.write_only, "write-only"),
            (attribute.replaces, "replaces"),
        ];
        let flags: Vec<_> = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
        let default =
            attribute.default.as_ref().map(|default| format!(" = {}", value(default))).unwrap_or_default();
        let kind = match &attribute.kind {
            Kind::Plain(ty) => String::from_utf8_lossy(&ty.to_json()).into_owned(),
            Kind::Nested(nesting, _) => format!("{nesting:?}"),
        };
        out.push_str(&format!("{}{name}: {kind} {}{default}\n", "  ".repeat(depth), flags.join(" ")));
        if let Kind::Nested(_, nested) = &attribute.kind {
            self::attributes(nested, depth + 1, out);
        }
    }
}

/// The value on one line.
pub(crate) fn value(value: &Value) -> String {
    let all = |elements: &[Value]| elements.iter().map(self::value).collect::<Vec<_>>().join(", ");
    match value {
        Value::Null => "null".into(),
        Value::Unknown(refinements) => refinements.facts().map_or("?".into(), facts),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(elements) => format!("[{}]", all(elements)),
        Value::Set(elements) => format!("set({})", all(elements)),
        Value::Tuple(elements) => format!("({})", all(elements)),
        Value::Map(entries) | Value::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(name, inner)| format!("{name}: {}", self::value(inner))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Dynamic(inner) => format!("any {}", self::value(&inner.1)),
    }
}

/// What is known about an unknown value.
fn facts(facts: &Facts) -> String {
    let bound = |sign: &str, bound: &Option<(Number, bool)>| {
        bound.as_ref().map(|(number, included)| format!("{sign}{}{number}", if *included { "=" } else { "" }))
    };
    let known = [
        facts.not_null.then(|| "not null".to_owned()),
        facts.prefix.as_ref().map(|prefix| format!("{prefix:?}…")),
        bound(">", &facts.lower),
        bound("<", &facts.upper),
        facts.min_length.map(|length| format!("length >= {length}")),
        facts.max_length.map(|length| format!("length <= {length}")),
    ];
    format!("?({})", known.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
