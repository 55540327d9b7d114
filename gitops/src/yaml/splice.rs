//! Where a change goes in the text: the bytes that it takes away, and what stands there instead.

use super::find::Trail;
use super::scalar;
use super::tree::{Kind, Node};
use granit_parser::ScalarStyle;
use std::ops::Range;

/// A piece of text in the place of another.
#[derive(Debug)]
pub(super) struct Splice {
    pub(super) at: Range<usize>,
    pub(super) with: String,
}

impl Splice {
    fn insert(at: usize, with: String) -> Self {
        Self { at: at..at, with }
    }
}

/// A key and its value, written and as the nodes that they are.
pub(super) struct Entry {
    pub(super) written: String,
    pub(super) nodes: (Node, Node),
}

impl Entry {
    pub(super) fn new(key: &str, value: &str, like: ScalarStyle, flow: bool) -> Self {
        let part = |text: &str| {
            let (written, style) = scalar::write(text, like, flow);
            (written, Node::new(Kind::Scalar { text: text.to_owned(), style }))
        };
        let ((key, key_node), (value, value_node)) = (part(key), part(value));
        Self { written: format!("{key}: {value}"), nodes: (key_node, value_node) }
    }
}

/// `written` in the place of a scalar; an empty one stands at the colon before it.
pub(super) fn replace(text: &str, node: &Node, written: String) -> Splice {
    let place = node.place;
    match node.is_null() && text.get(place.start..).is_some_and(|rest| rest.starts_with(':')) {
        true => Splice::insert(place.start + 1, format!(" {written}")),
        false => Splice { at: place.start..place.end, with: written },
    }
}

/// `written` as the last entry of a mapping or the last item of a list in brackets.
pub(super) fn add_in_flow(collection: &Node, written: &str) -> Splice {
    match last(collection) {
        Some((_, end)) => Splice::insert(end, format!(", {written}")),
        None => Splice::insert(collection.place.start + 1, written.to_owned()),
    }
}

/// One more entry of a mapping: as these lines, or as `in_flow` within brackets.
pub(super) fn add_entry(text: &str, mapping: &Node, lines: &[String], in_flow: &str) -> Splice {
    match (&mapping.kind, first_key(mapping), last(mapping)) {
        (Kind::Mapping { flow: false, .. }, Some(key), Some((_, end))) => {
            add_lines(text, end, key.place.column, lines)
        }
        _ => add_in_flow(mapping, in_flow),
    }
}

fn first_key(mapping: &Node) -> Option<&Node> {
    match &mapping.kind {
        Kind::Mapping { entries, .. } => entries.first().map(|(key, _)| key),
        _ => None,
    }
}

/// `lines` as the end of a block collection, each indented by `column`.
pub(super) fn add_lines(text: &str, after: usize, column: usize, lines: &[String]) -> Splice {
    let at = line_after(text, after);
    let newline = newline_before(text, at);
    let lines: Vec<_> = lines.iter().map(|line| format!("{:column$}{line}", "")).collect();
    let lines = lines.join(newline);
    match at > 0 && !text.get(..at).is_some_and(|before| before.ends_with('\n')) {
        true => Splice::insert(at, format!("{newline}{lines}")),
        false => Splice::insert(at, format!("{lines}{newline}")),
    }
}

/// Without the entry at `place` of a mapping, which has others.
pub(super) fn remove(text: &str, entries: &[(Node, Node)], place: usize, flow: bool) -> Option<Splice> {
    let (key, value) = entries.get(place)?;
    let (start, end) = (key.place.start, key.place.end.max(value.place.end));
    let next = entries.get(place + 1).map(|(key, _)| key.place.start);
    let before = place.checked_sub(1).and_then(|place| entries.get(place));
    let at = match (flow, before, next) {
        (true, Some((key, value)), _) => key.place.end.max(value.place.end)..end,
        (true, None, next) => start..next?,
        (false, _, next) => {
            let (line, after) = (line_start(text, start), line_after(text, end));
            match (is_blank(text.get(line..start)?), next) {
                // The last line of a text that ends without a line break takes the one before it along.
                (true, _) if !text.get(..after)?.ends_with('\n') => without_break(text, line)..after,
                (true, _) => line..after,
                // It stands behind a dash: the next line moves up there.
                (false, next) => start..after + indentation(text.get(after..next?)?),
            }
        }
    };
    Some(Splice { at, with: String::new() })
}

/// The style of the last entry or item, and the byte after it.
pub(super) fn last(collection: &Node) -> Option<(ScalarStyle, usize)> {
    let (name, end) = match &collection.kind {
        Kind::List { items, .. } => items.last().map(|item| (item, item.place.end))?,
        Kind::Mapping { entries, .. } => {
            entries.last().map(|(key, value)| (key, key.place.end.max(value.place.end)))?
        }
        _ => return None,
    };
    match name.kind {
        Kind::Scalar { style, .. } => Some((style, end)),
        _ => Some((ScalarStyle::Plain, end)),
    }
}

/// The column of the dashes of a block list; `key` is that of the key whose value it is.
pub(super) fn dashes(text: &str, list: &Node, key: Option<usize>) -> Option<usize> {
    let Kind::List { flow: false, .. } = &list.kind else { return None };
    let start = list.place.start;
    let first = text.get(line_start(text, start)..start).is_some_and(is_blank);
    let is_dash = first && text.get(start..).is_some_and(|rest| rest.starts_with('-'));
    // Of a list that is not indented the parser tells where its first item is, not where the dash is.
    Some(key.filter(|_| !is_dash).unwrap_or(list.place.column))
}

/// How far the lists of a mapping are indented, as the first one in it tells.
pub(super) fn indentation_of_lists(text: &str, mapping: &Node) -> usize {
    let Kind::Mapping { entries, .. } = &mapping.kind else { return 0 };
    let indented = |(key, value): &(Node, Node)| {
        dashes(text, value, Some(key.place.column)).map(|dash| dash.saturating_sub(key.place.column))
    };
    entries.iter().find_map(indented).unwrap_or_default()
}

/// The column of the last node's key, where it is the value of one.
pub(super) fn key_column(trail: &Trail<'_, '_>) -> Option<usize> {
    let (Kind::Mapping { entries, .. }, Some(place)) = (&trail.parent()?.kind, trail.places().last()) else {
        return None;
    };
    entries.get(*place).map(|(key, _)| key.place.column)
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Where the next line begins, unless `at` is in the indentation of a line: that one then.
fn line_after(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    if start > 0 && text.get(start..at).is_some_and(is_blank) {
        return start;
    }
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b == b' ')
}

fn indentation(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// `at`, the start of a line, without the line break before it.
fn without_break(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.strip_suffix("\r\n").or_else(|| before.strip_suffix('\n')).unwrap_or(before).len()
}

/// How the line before `at` ends; where it ends with the text, how any other line does.
fn newline_before(text: &str, at: usize) -> &'static str {
    let before = text.get(..at).unwrap_or_default();
    match before.ends_with("\r\n") || !before.ends_with('\n') && text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    }
}
