//! The tree of a YAML text, in which every node knows where it stands.

use super::Error;
use crate::manifest::Limits;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

/// A node. Two are equal that say the same in the same style, wherever they stand.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Number of its anchor; 0 where it has none.
    pub(crate) anchor: usize,
    /// Its tag, as it is written.
    pub(crate) tag: Option<String>,
    pub(crate) place: Place,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A text, number, boolean or null, with the text that it is read as.
    Scalar { text: String, style: ScalarStyle },
    /// A sequence.
    List { items: Vec<Node>, flow: bool },
    /// A mapping: keys and values.
    Mapping { entries: Vec<(Node, Node)>, flow: bool },
    /// What the anchor with this number stands at.
    Alias(usize),
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    /// Byte of its first character, quotes and brackets included. An empty value stands at the colon before it, a block
    /// scalar at its first line of text.
    pub(crate) start: usize,
    /// Byte after its last character; of a block scalar perhaps within the indentation of the next line.
    pub(crate) end: usize,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Characters before it on its line.
    pub(crate) column: usize,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, self.anchor, &self.tag) == (&other.kind, other.anchor, &other.tag)
    }
}

impl Node {
    /// A node that stands nowhere yet.
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, anchor: 0, tag: None, place: Place::default() }
    }

    /// Whether there is nothing at all where a value could be.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, style: ScalarStyle::Plain } if text.is_empty())
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The places in a mapping whose key is `key`: more than one where it is there twice.
    pub(crate) fn entries<'n>(&'n self, key: &'n str) -> impl Iterator<Item = usize> + 'n {
        let entries = match &self.kind {
            Kind::Mapping { entries, .. } => entries.as_slice(),
            _ => &[],
        };
        entries
            .iter()
            .enumerate()
            .filter(move |(_, (name, _))| name.text() == Some(key))
            .map(|(place, _)| place)
    }

    /// The value of a key of a mapping.
    pub(crate) fn entry(&self, key: &str) -> Option<&Node> {
        self.entries(key).next().and_then(|place| self.child(place))
    }

    /// The item, or the value of the entry, at `place`.
    pub(crate) fn child(&self, place: usize) -> Option<&Node> {
        match &self.kind {
            Kind::List { items, .. } => items.get(place),
            Kind::Mapping { entries, .. } => entries.get(place).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn child_mut(&mut self, place: usize) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::List { items, .. } => items.get_mut(place),
            Kind::Mapping { entries, .. } => entries.get_mut(place).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether an alias of `anchor` is in this node.
    pub(crate) fn uses(&self, anchor: usize) -> bool {
        match &self.kind {
            Kind::Scalar { .. } => false,
            Kind::List { items, .. } => items.iter().any(|item| item.uses(anchor)),
            Kind::Mapping { entries, .. } => {
                entries.iter().any(|(key, value)| key.uses(anchor) || value.uses(anchor))
            }
            Kind::Alias(of) => *of == anchor,
        }
    }
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// What stands behind its `#`.
    pub(crate) text: String,
    /// The place of its document.
    pub(crate) document: usize,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Characters before it on its line.
    pub(crate) column: usize,
}

/// The documents of `text`, those without content as nodes that are null.
///
/// # Errors
///
/// [`Error::Syntax`], and [`Error::Excess`] beyond the budgets that manifests have.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    read(text, false).map(|builder| builder.documents)
}

/// The same, with the comments in their order.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_commented(text: &str) -> Result<(Vec<Node>, Vec<Comment>), Error> {
    read(text, true).map(|builder| (builder.documents, builder.comments))
}

fn read(text: &str, comments: bool) -> Result<Builder, Error> {
    let limits = Limits::default();
    if text.len() > limits.bytes {
        return Err(Error::Excess { problem: "it is longer than 16 MiB" });
    }
    let options = granit_parser::options! {
        emit_comments: comments,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, span);
        let many = builder.nodes + builder.comments.len() > limits.nodes;
        if many || builder.documents.len() > limits.documents {
            return Err(Error::Excess { problem: "it has more than 200000 values or 4096 documents" });
        }
    }
    Ok(builder)
}

fn syntax(error: &ScanError) -> Error {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => Error::Excess { problem: "it is nested too deeply" },
        problem => Error::Syntax { line: error.marker().line(), problem: problem.to_string() },
    }
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    /// The collections that are not closed yet, each with the key that waits for its value.
    open: Vec<(Node, Option<Node>)>,
    nodes: usize,
    comments: Vec<Comment>,
    /// The line on which each document begins.
    begins: Vec<usize>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) {
        let tag = event.tag().map(|tag| tag.original());
        let anchor = event.anchor_id().unwrap_or_default();
        let node = |kind| Node { kind, anchor, tag, place: place(span) };
        match event {
            Event::Scalar(text, style, ..) => {
                // The parser says `~` where there is nothing. A block of nothing but line breaks stands nowhere, too.
                let nothing = span.is_empty() && style == ScalarStyle::Plain;
                let text = if nothing { String::new() } else { text.into_owned() };
                self.add(node(Kind::Scalar { text, style }));
            }
            Event::Alias(of) => self.add(node(Kind::Alias(of))),
            Event::SequenceStart(style, ..) => {
                let flow = style == StructureStyle::Flow;
                self.open.push((node(Kind::List { items: vec![], flow }), None));
            }
            Event::MappingStart(style, ..) => {
                let flow = style == StructureStyle::Flow;
                self.open.push((node(Kind::Mapping { entries: vec![], flow }), None));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((mut node, _)) = self.open.pop() {
                    if !span.is_empty() {
                        node.place.end = place(span).end;
                    }
                    self.add(node);
                }
            }
            Event::DocumentStart(..) => self.begins.push(span.start.line()),
            Event::Comment(text, _) => {
                let Place { line, column, .. } = place(span);
                // What stands above the first document belongs to it.
                let document = self.begins.partition_point(|begin| *begin <= line).saturating_sub(1);
                self.comments.push(Comment { text: text.into_owned(), document, line, column });
            }
            _ => {}
        }
    }

    fn add(&mut self, node: Node) {
        self.nodes += 1;
        let Some((parent, waiting)) = self.open.last_mut() else { return self.documents.push(node) };
        parent.place.end = parent.place.end.max(node.place.end);
        match &mut parent.kind {
            Kind::List { items, .. } => items.push(node),
            Kind::Mapping { entries, .. } => match waiting.take() {
                Some(key) => entries.push((key, node)),
                None => *waiting = Some(node),
            },
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }
}

fn place(span: Span) -> Place {
    let bytes = span.byte_range().unwrap_or_default();
    Place { start: bytes.start, end: bytes.end, line: span.start.line(), column: span.start.col() }
}
