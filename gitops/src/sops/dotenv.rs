//! dotenv, as SOPS reads it: `NAME=value`, one on each line, where `\n` stands for a line break.

use super::Error;
use super::flat::{flatten, unflatten};
use super::value::{Map, Tree, Value};
use std::collections::HashSet;

/// What the names of a file's own entries begin with.
pub(super) const PREFIX: &str = "sops_";

/// The entries and comments of `text`. Empty lines are skipped.
pub(super) fn read(text: &str) -> Result<Tree, Error> {
    let (mut entries, mut seen) = (Vec::new(), HashSet::new());
    let lines = text.split('\n').enumerate();
    for (at, line) in lines.filter(|(_, line)| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix('#') {
            entries.push((String::new(), Value::Comment(comment.to_owned())));
            continue;
        }
        let wrong = || Error::Syntax { what: "dotenv", line: at + 1, problem: "it has no `=`".to_owned() };
        let (name, value) = line.split_once('=').ok_or_else(wrong)?;
        if !seen.insert(name) {
            return Err(Error::Duplicate { path: name.to_owned() });
        }
        entries.push((name.to_owned(), Value::Text(value.replace("\\n", "\n"))));
    }
    Ok(Tree(vec![Map(entries)]))
}

/// Why an entry cannot be written so that it is read as it was; `None` where it can. What is `encrypted` has no
/// character that matters.
pub(super) fn problem(name: &str, value: &Value, encrypted: bool) -> Option<&'static str> {
    match value {
        Value::Comment(_) => None,
        _ if name.is_empty() || name.starts_with('#') || name.contains(['=', '\n']) => {
            Some("has a name that dotenv does not have")
        }
        Value::List(_) | Value::Map(_) => Some("is a list or a map, which dotenv does not have"),
        Value::Text(text) if !encrypted && text.contains("\\n") => {
            Some("is not encrypted and has `\\n` in it, which dotenv takes for a line break")
        }
        Value::Text(_) => None,
        _ => Some("is no text, and dotenv has nothing else"),
    }
}

/// `tree` as dotenv.
pub(super) fn write(tree: &Tree) -> String {
    let mut out = String::new();
    for (name, value) in tree.0.iter().flat_map(|map| &map.0) {
        if let Value::Comment(text) = value {
            out.extend(["#", text, "\n"]);
        }
        let Value::Text(text) = value else { continue };
        out.push_str(name);
        out.push('=');
        out.push_str(&text.replace('\n', "\\n"));
        out.push('\n');
    }
    out
}

/// Takes the entries of SOPS itself out of `map`; `None` where there are none.
pub(super) fn take(map: &mut Map) -> Result<Option<Map>, Error> {
    let (own, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut map.0).into_iter().partition(|(name, _)| name.starts_with(PREFIX));
    map.0 = others;
    if own.is_empty() {
        return Ok(None);
    }
    let text = |(name, value): (String, Value)| match value {
        Value::Text(text) => Some((name.strip_prefix(PREFIX)?.to_owned(), text)),
        _ => None,
    };
    unflatten(own.into_iter().filter_map(text))
        .map(Some)
        .ok_or(Error::Metadata { what: "names that do not fit together" })
}

/// Puts the entries of SOPS itself into `map`.
pub(super) fn put(map: &mut Map, metadata: &Map) {
    let entries = flatten(metadata).into_iter();
    map.0.extend(entries.map(|(name, text)| (format!("{PREFIX}{name}"), Value::Text(text))));
}
