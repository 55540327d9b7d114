//! Documents of YAML. A comment goes to what stands below it or on its line, as SOPS has it.

use super::below;
use crate::sops::Error;
use crate::sops::scalar::resolve;
use crate::sops::value::{Map, Tree, Value};
use crate::yaml::tree::{Comment, Kind, Node, parse_commented};
use base64::{Engine, engine::general_purpose::STANDARD};
use granit_parser::ScalarStyle;
use std::collections::{HashSet, VecDeque};

/// The documents of `text`.
pub(in crate::sops) fn read(text: &str) -> Result<Tree, Error> {
    let parsed = parse_commented(text.strip_prefix('\u{feff}').unwrap_or(text));
    let (documents, comments) = parsed.map_err(|error| match error {
        crate::yaml::Error::Excess { problem } => Error::Excess { problem },
        crate::yaml::Error::Syntax { line, problem } => Error::Syntax { what: "YAML", line, problem },
        _ => Error::Excess { problem: "it cannot be read" },
    })?;
    let documents = documents.into_iter().enumerate().map(|(at, node)| {
        let comments = comments.iter().filter(|comment| comment.document == at).collect();
        document(node, &mut Comments(comments))
    });
    documents.collect::<Result<_, _>>().map(Tree)
}

/// The comments that nothing was found for yet, in their order.
struct Comments<'c>(VecDeque<&'c Comment>);

impl Comments<'_> {
    /// Takes those that stand above `line`, or on it.
    fn above(&mut self, line: usize) -> Vec<Value> {
        self.take(|comment| comment.line <= line)
    }

    /// Takes those behind a collection: above the line `end` of what follows, and not further left than its entries.
    fn behind(&mut self, column: usize, end: usize) -> Vec<Value> {
        self.take(|comment| comment.line < end && comment.column >= column)
    }

    fn take(&mut self, mut of: impl FnMut(&Comment) -> bool) -> Vec<Value> {
        let mut taken = Vec::new();
        while let Some(comment) = self.0.pop_front_if(|comment| of(comment)) {
            taken.push(Value::Comment(comment.text.clone()));
        }
        taken
    }
}

/// The comments as entries of a map.
fn entries(comments: Vec<Value>) -> impl Iterator<Item = (String, Value)> {
    comments.into_iter().map(|comment| (String::new(), comment))
}

fn document(node: Node, comments: &mut Comments<'_>) -> Result<Map, Error> {
    if node.is_null() {
        return Ok(Map::default());
    }
    match value(node, "", usize::MAX, comments)? {
        Value::Map(mut map) => {
            // What is left stands in the middle of something that is written on one line.
            map.0.extend(entries(comments.above(usize::MAX)));
            Ok(map)
        }
        other => Err(Error::NotAMap { is: other.is() }),
    }
}

/// The value of `node`, behind which something follows on the line `end`.
fn value(node: Node, path: &str, end: usize, comments: &mut Comments<'_>) -> Result<Value, Error> {
    let refused = |why| Error::Unreadable { path: path.to_owned(), why };
    match node.kind {
        Kind::Alias(_) => Err(refused("is an alias: write the value out")),
        Kind::Mapping { entries: nodes, flow } => {
            let mut seen = HashSet::new();
            let mut map = Vec::with_capacity(nodes.len());
            let mut nodes = nodes.into_iter().peekable();
            while let Some((key, node)) = nodes.next() {
                if !flow {
                    map.extend(entries(comments.above(key.place.line)));
                }
                let name = name(key, path)?;
                let path = below(path, &name);
                if !seen.insert(name.clone()) {
                    return Err(Error::Duplicate { path });
                }
                let end = nodes.peek().map_or(end, |(next, _)| next.place.line);
                map.push((name, value(node, &path, end, comments)?));
            }
            if !flow {
                map.extend(entries(comments.behind(node.place.column, end)));
            }
            Ok(Value::Map(Map(map)))
        }
        Kind::List { items, flow } => {
            let mut list = Vec::with_capacity(items.len());
            let mut items = items.into_iter().peekable();
            while let Some(item) = items.next() {
                if !flow {
                    list.extend(comments.above(item.place.line));
                }
                let end = items.peek().map_or(end, |next| next.place.line);
                list.push(value(item, path, end, comments)?);
            }
            if !flow {
                list.extend(comments.behind(node.place.column, end));
            }
            Ok(Value::List(list))
        }
        Kind::Scalar { text, style } => scalar(text, style, node.tag.as_deref(), refused),
    }
}

/// The value of a scalar with this `tag`.
fn scalar(
    text: String,
    style: ScalarStyle,
    tag: Option<&str>,
    refused: impl Fn(&'static str) -> Error,
) -> Result<Value, Error> {
    match tag {
        None if style == ScalarStyle::Plain => {
            resolve(&text).map_err(|_| refused("is an integer of more than 64 bits: quote it"))
        }
        None | Some("!" | "!!str" | "!<tag:yaml.org,2002:str>") => Ok(Value::Text(text)),
        Some("!!binary") => {
            let encoded: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(encoded).map_err(|_| refused("is no base64, as its tag says"))?;
            Ok(String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text))
        }
        Some("!!int" | "!!float" | "!!bool" | "!!null") if style == ScalarStyle::Plain => {
            resolve(&text).map_err(|_| refused("is an integer of more than 64 bits: quote it"))
        }
        Some(_) => Err(refused("has a tag that SOPS does not know")),
    }
}

/// A key, which must be a text, as SOPS has it.
fn name(key: Node, path: &str) -> Result<String, Error> {
    match value(key, path, 0, &mut Comments(VecDeque::new()))? {
        Value::Text(name) => Ok(name),
        other => Err(Error::Key { path: path.to_owned(), is: other.is() }),
    }
}
