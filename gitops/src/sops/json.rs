//! JSON, as SOPS reads it: values in their order, integers of 64 bits, everything else a float.

use super::Error;
use super::value::{Map, Tree, Value};
use super::yaml::below;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::ser::PrettyFormatter;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Nesting of objects and lists.
const MAX_DEPTH: usize = 64;

/// The one document of `text`.
pub(super) fn read(text: &str) -> Result<Tree, Error> {
    match value(parsed(text)?, "", 0)? {
        Value::Map(map) => Ok(Tree(vec![map])),
        other => Err(Error::NotAMap { is: other.is() }),
    }
}

/// The value of `raw`. Numbers are read by us: the library takes some for their neighbours, and the MAC would not fit.
fn value(raw: &RawValue, path: &str, depth: usize) -> Result<Value, Error> {
    let text = raw.get();
    if depth > MAX_DEPTH {
        return Err(Error::Excess { problem: "it is nested too deeply" });
    }
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = parsed(text)?;
            let (mut map, mut seen) = (Vec::with_capacity(entries.len()), HashSet::new());
            for (name, raw) in entries {
                let path = below(path, &name);
                if !seen.insert(name.clone()) {
                    return Err(Error::Duplicate { path });
                }
                map.push((name, value(raw, &path, depth + 1)?));
            }
            Value::Map(Map(map))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = parsed(text)?;
            let items = items.into_iter().map(|raw| value(raw, path, depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(parsed(text)?),
        Some(b't' | b'f') => Value::Bool(parsed(text)?),
        Some(b'n') => Value::Null,
        _ => match (text.parse(), text.parse()) {
            (Ok(number), _) => Value::Int(number),
            (Err(_), Ok(number)) if f64::is_finite(number) => Value::Float(number),
            _ => {
                return Err(Error::Unreadable {
                    path: path.to_owned(),
                    why: "is a number that is too large",
                });
            }
        },
    })
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        // What is wrong is said without what is there.
        let problem = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ => "something is not where it may be",
        };
        Error::Syntax { what: "JSON", line: error.line(), problem: problem.to_owned() }
    })
}

/// Names and values of an object, in their order.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfObject)
    }
}

struct OfObject;

impl<'de> Visitor<'de> for OfObject {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// `tree` as JSON, indented with tabs as SOPS does.
pub(super) fn write(tree: &Tree) -> String {
    let nothing = Map::default();
    let mut out = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"\t"));
    // A vector takes whatever is written, and all keys are texts.
    let _ = tree.0.first().unwrap_or(&nothing).serialize(&mut serializer);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}
