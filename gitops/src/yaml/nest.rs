//! Values below mappings that are not there yet.

use super::edit::{Change, Yaml};
use super::find::Trail;
use super::path::{Path, Step};
use super::splice::{self, Splice};
use super::tree::{Kind, Node};
use super::{Error, scalar};
use granit_parser::ScalarStyle;

/// How far a mapping that is begun is indented.
const INDENTATION: usize = 2;

impl Yaml {
    /// Sets the value at `path`, and begins the mappings that are missing on the way: the first of them at the end of
    /// its mapping, or in the place of an empty value.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::set_or_add`].
    pub fn set_or_nest(&mut self, path: &Path, value: &str) -> Result<(), Error> {
        let trail = self.follow(path)?;
        let (node, rest) = (trail.last(), trail.rest());
        let begins = rest.len() > 1 || !rest.is_empty() && node.is_null();
        if !begins {
            return self.set_or_add(path, value);
        }
        let keys = rest.iter().map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        });
        let Some(keys) = keys.collect::<Option<Vec<_>>>() else { return Err(trail.missing()) };
        trail.refuse_shared()?;
        let (splice, change) = self.nested(&trail, &keys, value)?;
        let at = trail.places().to_vec();
        self.apply(path, &at, splice, change)
    }

    fn nested(&self, trail: &Trail<'_, '_>, keys: &[&str], value: &str) -> Result<(Splice, Change), Error> {
        let (node, in_flow) = (trail.last(), trail.in_flow());
        let Some(Nest { entry, flow, lines }) = Nest::new(keys, value, in_flow) else {
            return Err(trail.missing());
        };
        match &node.kind {
            Kind::Mapping { .. } => {
                Ok((splice::add_entry(&self.text, node, &lines, &flow), Change::AddEntry(entry)))
            }
            _ if node.is_null() && !in_flow => {
                let column = splice::key_column(trail).ok_or_else(|| trail.missing())? + INDENTATION;
                let mapping = Kind::Mapping { entries: vec![entry], flow: false };
                Ok((splice::add_lines(&self.text, node.place.end, column, &lines), Change::Set(mapping)))
            }
            _ => Err(trail.missing()),
        }
    }
}

/// A value below keys: as the entry that it is, in brackets, and as lines.
struct Nest {
    entry: (Node, Node),
    flow: String,
    lines: Vec<String>,
}

impl Nest {
    fn new(keys: &[&str], value: &str, in_flow: bool) -> Option<Self> {
        let write = |text: &str| {
            let (written, style) = scalar::write(text, ScalarStyle::Plain, in_flow);
            (written, Node::new(Kind::Scalar { text: text.to_owned(), style }))
        };
        let (written, mut node) = write(value);
        let (mut flow, mut lines) = (written.clone(), vec![written]);
        let mut entry = None;
        for (depth, key) in keys.iter().enumerate().rev() {
            let (key, key_node) = write(key);
            if let Some(inner) = entry.take() {
                node = Node::new(Kind::Mapping { entries: vec![inner], flow: in_flow });
                flow = format!("{key}: {{{flow}}}");
                lines = [format!("{key}:")].into_iter().chain(lines).collect();
            } else {
                flow = format!("{key}: {flow}");
                lines = vec![flow.clone()];
            }
            if depth > 0 {
                lines = lines.into_iter().map(|line| format!("{:INDENTATION$}{line}", "")).collect();
            }
            entry = Some((key_node, node.clone()));
        }
        Some(Self { entry: entry?, flow, lines })
    }
}
