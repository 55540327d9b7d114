//! One document of a YAML text, to be looked at and edited.

use super::find::{ONE_LINE, Trail};
use super::path::{Path, Step};
use super::splice::{self, Entry, Splice};
use super::tree::{self, Kind, Node};
use super::{Document, Error, scalar};
use granit_parser::ScalarStyle;
use std::slice;

/// A YAML text and the document in it that is edited.
///
/// Every edit changes the lines it is about and no other byte; its result has been read again and says what was meant,
/// and nothing else has changed in any document. An edit that fails leaves the text as it was.
#[derive(Debug, Clone)]
pub struct Yaml {
    pub(super) text: String,
    documents: Vec<Node>,
    chosen: usize,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'y> {
    /// A single value.
    Scalar(Scalar<'y>),
    /// A mapping.
    Mapping,
    /// A list.
    List,
}

/// A single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalar<'y> {
    /// What it says, without quotes; empty where it is null.
    pub text: &'y str,
    /// Whether readers take it for text, and not for a number, a boolean or null.
    pub is_text: bool,
    /// What follows it on its line: its comment, if it has one.
    pub rest: &'y str,
}

/// What an edit makes of the tree.
pub(super) enum Change {
    /// The node is this.
    Set(Kind),
    /// The mapping has one more entry.
    AddEntry((Node, Node)),
    /// The list has one more item.
    AddItem(Node),
    /// The mapping lacks an entry.
    Remove(usize),
}

impl Yaml {
    /// Reads `text`, of which `document` is meant: the only one, where it is `None`.
    ///
    /// # Errors
    ///
    /// A text that is no YAML or more than a manifest may be, and no or several such documents.
    pub fn parse(text: impl Into<String>, document: Option<&Document>) -> Result<Self, Error> {
        let text = text.into();
        let documents = tree::parse(&text)?;
        let chosen = Document::choose(&documents, document)?;
        Ok(Self { text, documents, chosen })
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is at `path`; `None` where nothing is.
    ///
    /// # Errors
    ///
    /// A step that fits several nodes or leads into something of another kind, and an alias on the way.
    pub fn get(&self, path: &Path) -> Result<Option<Value<'_>>, Error> {
        let trail = self.follow(path)?;
        let node = trail.last();
        Ok(match &node.kind {
            _ if !trail.rest().is_empty() => None,
            Kind::Mapping { .. } => Some(Value::Mapping),
            Kind::List { .. } => Some(Value::List),
            Kind::Alias(_) => None,
            Kind::Scalar { text, .. } => {
                let rest = self.text.get(node.place.end..).unwrap_or_default();
                let rest = rest.lines().next().unwrap_or_default();
                let is_text = is_text(node);
                let is_null = !is_text && matches!(text.as_str(), "~" | "null" | "Null" | "NULL");
                Some(Value::Scalar(Scalar { text: if is_null { "" } else { text }, is_text, rest }))
            }
        })
    }

    /// The number of the document, and `path` with the items of lists by their numbers: the one way to say it in numbers.
    /// `None` where nothing is there.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::get`].
    pub fn numbered(&self, path: &Path) -> Result<Option<(usize, Path)>, Error> {
        let trail = self.follow(path)?;
        let number = self.documents.iter().take(self.chosen).filter(|node| !node.is_null()).count();
        Ok(trail.rest().is_empty().then(|| (number, trail.numbered())))
    }

    /// Sets the value at `path`, in the style of quotes that it has. One that says so already stays as it is.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::get`], a path that leads nowhere, and a value that cannot be edited alone: a block of text, one
    /// of several lines, one with an anchor that is used elsewhere.
    pub fn set(&mut self, path: &Path, value: &str) -> Result<(), Error> {
        self.put(path, value, false)
    }

    /// The same, and where only the last key of `path` is missing, it is added at the end of its mapping.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::set`].
    pub fn set_or_add(&mut self, path: &Path, value: &str) -> Result<(), Error> {
        self.put(path, value, true)
    }

    fn put(&mut self, path: &Path, value: &str, add: bool) -> Result<(), Error> {
        let trail = self.follow(path)?;
        let node = trail.last();
        let (splice, change) = match (trail.rest(), &node.kind) {
            ([], _) if node.text() == Some(value) && is_text(node) => return Ok(()),
            ([], _) => self.replacement(&trail, value)?,
            ([Step::Key(key)], Kind::Mapping { flow, .. }) if add => {
                // In brackets as JSON has them, quotes go around all.
                let like = splice::last(node).map(|(style, _)| style).filter(|_| *flow);
                let entry = Entry::new(key, value, like.unwrap_or(ScalarStyle::Plain), trail.in_flow());
                let splice =
                    splice::add_entry(&self.text, node, slice::from_ref(&entry.written), &entry.written);
                (splice, Change::AddEntry(entry.nodes))
            }
            _ => return Err(trail.missing()),
        };
        trail.refuse_shared()?;
        let at = trail.places().to_vec();
        self.apply(path, &at, splice, change)
    }

    /// A scalar with another text.
    fn replacement(&self, trail: &Trail<'_, '_>, value: &str) -> Result<(Splice, Change), Error> {
        let node = trail.last();
        let Kind::Scalar { style, .. } = node.kind else { return Err(trail.not_a("a single value")) };
        let source = self.text.get(node.place.start..node.place.end).unwrap_or_default();
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if block || source.contains('\n') || node.tag.as_deref().is_some_and(|tag| tag != STRING) {
            return Err(trail.not_a(ONE_LINE));
        }
        let (written, style) = scalar::write(value, style, trail.in_flow());
        let set = Change::Set(Kind::Scalar { text: value.to_owned(), style });
        Ok((splice::replace(&self.text, node, written), set))
    }

    /// Removes the last key of `path` from its mapping, with its line. Nothing happens where it is not there.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::get`], and a key that is the only one of its mapping.
    pub fn remove(&mut self, path: &Path) -> Result<(), Error> {
        let trail = self.follow(path)?;
        let (Some(parent), Some(place), []) = (trail.parent(), trail.places().last(), trail.rest()) else {
            return Ok(());
        };
        let Kind::Mapping { entries, flow } = &parent.kind else {
            return Err(trail.not_a("an entry of a mapping"));
        };
        trail.refuse_shared()?;
        let splice = splice::remove(&self.text, entries, *place, *flow).filter(|_| entries.len() > 1);
        let splice = splice.ok_or_else(|| self.refused(path))?;
        let (change, mut at) = (Change::Remove(*place), trail.places().to_vec());
        at.pop();
        self.apply(path, &at, splice, change)
    }

    pub(super) fn follow<'y, 'p>(&'y self, path: &'p Path) -> Result<Trail<'y, 'p>, Error> {
        match self.documents.get(self.chosen) {
            Some(root) => Trail::follow(root, path),
            None => Err(Error::Empty),
        }
    }

    /// Takes the text with `splice`, if it says what the documents say after `change` at `places`.
    pub(super) fn apply(
        &mut self,
        path: &Path,
        places: &[usize],
        splice: Splice,
        change: Change,
    ) -> Result<(), Error> {
        let mut expected = self.documents.clone();
        let root = expected.get_mut(self.chosen);
        let node = places.iter().try_fold(root, |node, place| Some(node?.child_mut(*place))).flatten();
        node.and_then(|node| change.make(node)).ok_or_else(|| self.refused(path))?;
        let mut text = self.text.clone();
        if text.get(splice.at.clone()).is_none() {
            return Err(self.refused(path));
        }
        text.replace_range(splice.at, &splice.with);
        match tree::parse(&text) {
            Ok(documents) if documents == expected => {
                (self.text, self.documents) = (text, documents);
                Ok(())
            }
            _ => Err(self.refused(path)),
        }
    }

    fn refused(&self, path: &Path) -> Error {
        let line = self.follow(path).map_or(1, |trail| trail.line());
        Error::Entangled { path: path.to_string(), line }
    }
}

impl Change {
    fn make(self, node: &mut Node) -> Option<()> {
        match (self, &mut node.kind) {
            (Self::Set(kind), into) => *into = kind,
            (Self::AddEntry(entry), Kind::Mapping { entries, .. }) => entries.push(entry),
            (Self::AddItem(item), Kind::List { items, .. }) => items.push(item),
            (Self::Remove(place), Kind::Mapping { entries, .. }) if place < entries.len() => {
                drop(entries.remove(place));
            }
            _ => return None,
        }
        Some(())
    }
}

/// The tag of a text.
const STRING: &str = "!!str";

/// Whether readers take a scalar for text.
fn is_text(node: &Node) -> bool {
    match (&node.kind, node.tag.as_deref()) {
        (Kind::Scalar { text, style: ScalarStyle::Plain }, None) => scalar::reads_as_text(text),
        (Kind::Scalar { .. }, None) => true,
        (_, tag) => tag == Some(STRING),
    }
}
