//! From a path to the node that it names.

use super::path::{Path, Step};
use super::tree::{Kind, Node};
use super::{Error, shown};
use granit_parser::ScalarStyle;

/// The most keys that a message names.
const KEYS: usize = 12;
/// What the value must be that is edited.
pub(super) const ONE_LINE: &str = "a value on one line";

/// The nodes on a path, from the root of the document to the last one that is there.
#[derive(Debug)]
pub(super) struct Trail<'t, 'p> {
    path: &'p Path,
    root: &'t Node,
    /// The nodes below the root.
    nodes: Vec<&'t Node>,
    /// The place of each of them in the one before.
    places: Vec<usize>,
}

impl<'t, 'p> Trail<'t, 'p> {
    /// Follows `path` from `root` as far as it leads.
    ///
    /// # Errors
    ///
    /// A step that fits several nodes, a node of another kind than the next step needs, an alias on the way.
    pub(super) fn follow(root: &'t Node, path: &'p Path) -> Result<Self, Error> {
        let mut trail = Self { path, root, nodes: vec![], places: vec![] };
        for step in path.steps() {
            let Some(place) = trail.next(step)? else { break };
            let Some(node) = trail.last().child(place) else { break };
            trail.nodes.push(node);
            trail.places.push(place);
        }
        match trail.last().kind {
            Kind::Alias(_) => Err(Error::Alias { path: trail.here(), line: trail.line() }),
            _ => Ok(trail),
        }
    }

    /// The last node that is there.
    pub(super) fn last(&self) -> &'t Node {
        self.nodes.last().copied().unwrap_or(self.root)
    }

    /// The steps that lead nowhere.
    pub(super) fn rest(&self) -> &'p [Step] {
        self.path.steps().get(self.places.len()..).unwrap_or_default()
    }

    /// Where the last node is, as indices from the root.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// The path as far as it leads, with the items of lists by their numbers.
    pub(super) fn numbered(&self) -> Path {
        let steps = self.path.steps().iter().zip(&self.places);
        Path::of(steps.map(|(step, place)| match step {
            Step::Where { .. } => Step::Index(*place),
            step => step.clone(),
        }))
    }

    /// The node that holds the last one, where that is not the root.
    pub(super) fn parent(&self) -> Option<&'t Node> {
        let before = self.nodes.len().checked_sub(1)?;
        Some(before.checked_sub(1).and_then(|place| self.nodes.get(place)).copied().unwrap_or(self.root))
    }

    /// Whether the last node stands within brackets or is in brackets itself.
    pub(super) fn in_flow(&self) -> bool {
        let flow = |node: &Node| {
            matches!(node.kind, Kind::List { flow: true, .. } | Kind::Mapping { flow: true, .. })
        };
        self.all().any(flow)
    }

    fn all(&self) -> impl Iterator<Item = &'t Node> {
        [self.root].into_iter().chain(self.nodes.iter().copied())
    }

    /// The path of the last node.
    pub(super) fn here(&self) -> String {
        self.path.start(self.places.len()).to_string()
    }

    /// Refuses a node that stands in other places too: a change here would be one there.
    pub(super) fn refuse_shared(&self) -> Result<(), Error> {
        let shared = |node: &&Node| node.anchor != 0 && self.root.uses(node.anchor);
        match self.all().find(shared) {
            Some(node) => Err(Error::Anchor { path: self.path.to_string(), line: node.place.line }),
            None => Ok(()),
        }
    }

    /// The error that the path leads nowhere.
    pub(super) fn missing(&self) -> Error {
        let node = self.last();
        let why = match (&node.kind, self.rest().first()) {
            (Kind::Mapping { entries, .. }, _) => {
                let names: Vec<_> = entries.iter().filter_map(|(key, _)| key.text()).map(quoted).collect();
                let more = if names.len() > KEYS { " and others" } else { "" };
                let names: Vec<_> = names.into_iter().take(KEYS).collect();
                match names.is_empty() {
                    true => "has no keys".to_owned(),
                    false => format!("has only {}{more}", names.join(", ")),
                }
            }
            (Kind::List { items, .. }, Some(Step::Index(_))) => {
                format!("has {} items, counted from 0", items.len())
            }
            (Kind::List { .. }, Some(Step::Where { key, value })) => {
                format!("has no item in which {} is {}", quoted(key), quoted(value))
            }
            _ => "is empty".to_owned(),
        };
        Error::Missing { path: self.path.to_string(), parent: self.name(), line: self.line(), why }
    }

    /// The error that the last node is not `needed`.
    pub(super) fn not_a(&self, needed: &'static str) -> Error {
        let node = self.last();
        let is = match &node.kind {
            Kind::Mapping { .. } => "a mapping",
            Kind::List { .. } => "a list",
            Kind::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. } => "a block of text",
            Kind::Scalar { .. } if node.tag.is_some() => "a value with a tag",
            Kind::Scalar { .. } if needed == ONE_LINE => "a value over several lines",
            Kind::Scalar { .. } => "a single value",
            Kind::Alias(_) => "an alias",
        };
        Error::Kind { path: self.name(), line: self.line(), is, needed }
    }

    /// The line of the last node: that of its key, where it has one.
    pub(super) fn line(&self) -> usize {
        let line = self.parent().zip(self.places.last()).and_then(|(parent, place)| line_of(parent, *place));
        line.unwrap_or(self.root.place.line)
    }

    /// The last node in a message.
    fn name(&self) -> String {
        match self.places.is_empty() {
            true => "the document".to_owned(),
            false => format!("`{}`", self.here()),
        }
    }

    /// The place of the child that `step` names; `None` where there is none.
    fn next(&self, step: &Step) -> Result<Option<usize>, Error> {
        let node = self.last();
        let found: Vec<usize> = match (step, &node.kind) {
            (_, Kind::Alias(_)) => return Ok(None),
            _ if node.is_null() => vec![],
            (Step::Key(key), Kind::Mapping { .. }) => node.entries(key).collect(),
            (Step::Index(index), Kind::List { items, .. }) => (*index..items.len()).take(1).collect(),
            (Step::Where { key, value }, Kind::List { items, .. }) => {
                let fits = |item: &Node| item.entry(key).and_then(Node::text) == Some(value);
                items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(place, _)| place).collect()
            }
            (Step::Key(_), _) => return Err(self.not_a("a mapping")),
            (Step::Index(_) | Step::Where { .. }, _) => return Err(self.not_a("a list")),
        };
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => {
                let lines = found.iter().filter_map(|place| Some(line_of(node, *place)?.to_string()));
                Err(Error::Ambiguous {
                    path: self.path.start(self.places.len() + 1).to_string(),
                    lines: lines.collect::<Vec<_>>().join(", "),
                })
            }
        }
    }
}

/// The line of an item, or of the key of an entry.
fn line_of(node: &Node, place: usize) -> Option<usize> {
    match &node.kind {
        Kind::Mapping { entries, .. } => entries.get(place).map(|(key, _)| key.place.line),
        _ => node.child(place).map(|item| item.place.line),
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", shown(text))
}
