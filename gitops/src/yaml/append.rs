//! Items of lists: mappings of texts, added at the end.

use super::edit::{Change, Yaml};
use super::find::Trail;
use super::path::{Path, Step};
use super::splice::{self, Entry, Splice};
use super::tree::{Kind, Node};
use super::{Error, scalar};
use granit_parser::ScalarStyle;

impl Yaml {
    /// Adds an item, which is a mapping of texts, to the list at `path`. A list that is missing is begun: an empty value
    /// becomes one, and where only the last key of `path` is missing, it is added at the end of its mapping.
    ///
    /// # Errors
    ///
    /// Those of [`Yaml::get`], and something else than a list.
    pub fn append(&mut self, path: &Path, item: &[(&str, &str)]) -> Result<(), Error> {
        let trail = self.follow(path)?;
        trail.refuse_shared()?;
        let (splice, change) = match trail.rest() {
            [] => self.item(&trail, item)?,
            [Step::Key(key)] => self.list(&trail, key, item)?,
            _ => return Err(trail.missing()),
        };
        let at = trail.places().to_vec();
        self.apply(path, &at, splice, change)
    }

    /// One more item of a list that is there, or is empty.
    fn item(&self, trail: &Trail<'_, '_>, item: &[(&str, &str)]) -> Result<(Splice, Change), Error> {
        let (node, key) = (trail.last(), splice::key_column(trail));
        let Item { node: added, flow, lines } = Item::new(item, trail.in_flow());
        Ok(match &node.kind {
            Kind::List { flow: true, .. } => (splice::add_in_flow(node, &flow), Change::AddItem(added)),
            Kind::List { .. } => {
                let end = splice::last(node).map_or(node.place.end, |(_, end)| end);
                let column = splice::dashes(&self.text, node, key).unwrap_or_default();
                (splice::add_lines(&self.text, end, column, &lines), Change::AddItem(added))
            }
            _ if node.is_null() && !trail.in_flow() => {
                let indented =
                    trail.parent().map_or(0, |parent| splice::indentation_of_lists(&self.text, parent));
                let column = key.ok_or_else(|| trail.not_a("a list"))? + indented;
                let list = Kind::List { items: vec![added], flow: false };
                (splice::add_lines(&self.text, node.place.end, column, &lines), Change::Set(list))
            }
            _ => return Err(trail.not_a("a list")),
        })
    }

    /// A list of one item under a new key of a mapping.
    fn list(
        &self,
        trail: &Trail<'_, '_>,
        key: &str,
        item: &[(&str, &str)],
    ) -> Result<(Splice, Change), Error> {
        let node = trail.last();
        let Kind::Mapping { flow, .. } = &node.kind else { return Err(trail.missing()) };
        let Item { node: added, flow: written, lines } = Item::new(item, trail.in_flow());
        let list = Node::new(Kind::List { items: vec![added], flow: *flow });
        let (name, style) = scalar::write(key, ScalarStyle::Plain, *flow);
        let name_node = Node::new(Kind::Scalar { text: key.to_owned(), style });
        let indentation = " ".repeat(splice::indentation_of_lists(&self.text, node));
        let lines = lines.into_iter().map(|line| format!("{indentation}{line}"));
        let lines: Vec<_> = [format!("{name}:")].into_iter().chain(lines).collect();
        let splice = splice::add_entry(&self.text, node, &lines, &format!("{name}: [{written}]"));
        Ok((splice, Change::AddEntry((name_node, list))))
    }
}

/// A mapping of texts as an item of a list: as the node that it is, in brackets, and as lines behind a dash.
struct Item {
    node: Node,
    flow: String,
    lines: Vec<String>,
}

impl Item {
    fn new(item: &[(&str, &str)], flow: bool) -> Self {
        let entries: Vec<_> =
            item.iter().map(|(key, value)| Entry::new(key, value, ScalarStyle::Plain, flow)).collect();
        let written: Vec<_> = entries.iter().map(|entry| entry.written.as_str()).collect();
        let line =
            |(place, entry): (usize, &&str)| format!("{}{entry}", if place == 0 { "- " } else { "  " });
        let (brackets, lines) =
            (format!("{{{}}}", written.join(", ")), written.iter().enumerate().map(line).collect());
        let entries = entries.into_iter().map(|entry| entry.nodes).collect();
        Self { node: Node::new(Kind::Mapping { entries, flow }), flow: brackets, lines }
    }
}
