//! YAML text → objects, within budgets.
//!
//! Read as Kubernetes' own tools read it: YAML 1.1 booleans and octal numbers, duplicate keys are errors. Documents
//! without content are skipped, `List` kinds are taken apart.

use super::{Error, Object};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::HashSet;

/// What a manifest may cost. The defaults take Argo CD's `install.yaml` (1.9 MB, 59 documents, 64,144 nodes, depth
/// 35) with room to spare, and reject bombs within milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Nesting of mappings and lists.
    pub depth: usize,
    /// Scalars, mappings and lists, over all documents.
    pub nodes: usize,
    /// Documents in the text.
    pub documents: usize,
    /// Uses of an anchor (`*name`).
    pub aliases: usize,
    /// Nodes that uses of anchors may multiply to.
    pub replayed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 64,
            nodes: 200_000,
            documents: 4_096,
            aliases: 1_000,
            replayed: 50_000,
        }
    }
}

impl Limits {
    fn options(&self) -> serde_saphyr::Options {
        serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_reader_input_bytes: Some(self.bytes),
                max_events: self.nodes * 2 + self.documents * 2 + 16,
                max_aliases: self.aliases,
                max_anchors: self.aliases,
                max_recorded_anchor_events: self.replayed,
                max_recorded_anchor_bytes: 4 << 20,
                flow_nesting_limit: self.depth,
                max_depth: self.depth,
                max_documents: self.documents,
                max_nodes: self.nodes,
                max_total_scalar_bytes: self.bytes,
                max_merge_keys: self.aliases,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: self.replayed,
                max_replay_stack_depth: 8,
            },
            emit_comments: false,
            legacy_octal_numbers: true,
            with_snippet: false,
        }
    }
}

/// Every object of a YAML text, in its order.
///
/// # Errors
///
/// [`Error::Syntax`], [`Error::Excess`], [`Error::TooLarge`], [`Error::NotAnObject`] and [`Error::Duplicate`] (same
/// group, kind, namespace and name).
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for document in documents(text, limits)? {
        let line = document.referenced.line();
        collect(document.value, &mut objects, &|value, problem| Error::NotAnObject {
            document: number(text, line),
            line,
            object: description(value),
            problem,
        })?;
    }
    let mut seen = HashSet::new();
    match objects.iter().map(Object::id).find(|id| !seen.insert(id.clone())) {
        Some(object) => Err(Error::Duplicate { object }),
        None => Ok(objects),
    }
}

/// The one value of a YAML (or JSON) text, such as a file of Helm values; null where the text is empty.
///
/// # Errors
///
/// [`Error::Syntax`], also when there is more than one document, [`Error::Excess`] and [`Error::TooLarge`].
pub fn parse_value(text: &str, limits: &Limits) -> Result<Value, Error> {
    let mut documents = documents(text, limits)?;
    match documents.len() {
        0 => Ok(Value::Null),
        1 => Ok(documents.remove(0).value),
        _ => {
            let line = documents.get(1).map_or(1, |document| document.referenced.line());
            Err(Error::Syntax { document: 2, line, problem: "only one document is expected".into() })
        }
    }
}

/// The one document of a YAML text as a `T`, which takes of it what it needs.
///
/// # Errors
///
/// [`Error::Syntax`], also when there is more than one document or it is no `T`, [`Error::Excess`] and
/// [`Error::TooLarge`].
pub fn parse_as<T: DeserializeOwned>(text: &str, limits: &Limits) -> Result<T, Error> {
    let text = within(text, limits)?;
    serde_saphyr::from_str_with_options(text, limits.options()).map_err(|error| syntax(text, &error))
}

/// The text without a byte order mark, if it is small enough.
fn within<'t>(text: &'t str, limits: &Limits) -> Result<&'t str, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.len() > limits.bytes {
        true => Err(Error::TooLarge { size: text.len(), limit: limits.bytes }),
        false => Ok(text),
    }
}

fn documents(text: &str, limits: &Limits) -> Result<Vec<Spanned<Value>>, Error> {
    let text = within(text, limits)?;
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple_with_options(text, limits.options())
        .map_err(|error| syntax(text, &error))?;
    Ok(documents.into_iter().filter(|document| !document.value.is_null()).collect())
}

fn syntax(text: &str, error: &serde_saphyr::Error) -> Error {
    let line = error.location().map_or(1, |location| location.line());
    let told = error.without_snippet().to_string();
    // The parser goes on with where it stands, which is already said, and with options that users do not have.
    let problem = told.lines().next().unwrap_or_default();
    let end = [" at line ", ", set ", "; use "].iter().filter_map(|tail| problem.find(tail)).min();
    let problem = problem.get(..end.unwrap_or(problem.len())).unwrap_or(problem).trim();
    let document = number(text, line);
    match problem.strip_prefix("budget breached: ") {
        Some(budget) => Error::Excess { document, line, problem: excess(budget) },
        None => Error::Syntax { document, line, problem: problem.to_owned() },
    }
}

/// Which budget was exceeded, in words; the parser only has its name.
fn excess(budget: &str) -> &'static str {
    let is = |names: &[&str]| names.iter().any(|name| budget.starts_with(name));
    match () {
        () if is(&["Alias", "Anchors", "MergeKeys", "Recorded"]) => "its anchors and aliases repeat too much",
        () if is(&["Depth"]) => "it is nested too deeply",
        () if is(&["Documents"]) => "it has too many documents",
        () => "it is larger than a manifest may be",
    }
}

/// Which document of the text holds `line`, both from 1: separators before the line are counted, and one that opens
/// the first document separates nothing.
fn number(text: &str, line: u64) -> usize {
    let before = usize::try_from(line).unwrap_or(usize::MAX);
    let mut number = 1;
    let mut content = false;
    for line in text.lines().take(before) {
        if line == "---" || line.starts_with("--- ") {
            number += usize::from(content);
            content = line.len() > 4;
        } else {
            content |= !line.trim().is_empty() && !line.starts_with('#') && !line.starts_with('%');
        }
    }
    number
}

fn collect(
    value: Value,
    into: &mut Vec<Object>,
    fail: &dyn Fn(&Value, &'static str) -> Error,
) -> Result<(), Error> {
    let list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if list && value.get("items").is_some() {
        let Some(Value::Array(items)) = value.get("items").cloned() else {
            return Err(fail(&value, "has `items` that are not a list"));
        };
        for item in items {
            let nested = item.get("items").is_some();
            match nested {
                true => return Err(fail(&item, "is a list within a list")),
                false => collect(item, into, fail)?,
            }
        }
        return Ok(());
    }
    match Object::new(value.clone()) {
        Ok(object) => into.push(object),
        Err(problem) => return Err(fail(&value, problem)),
    }
    Ok(())
}

/// As much of `kind namespace/name` as a broken object has.
fn description(value: &Value) -> String {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let name = match (text("/metadata/namespace"), text("/metadata/name").or(text("/metadata/generateName")))
    {
        (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
        (_, name) => name.map(Into::into),
    };
    [text("/kind").map(Into::into), name].into_iter().flatten().collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
