//! Random documents, laid out as people lay them out, and where in them each node stands.

use super::super::{Path, scalar};
use granit_parser::ScalarStyle;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fmt;

/// A document, or a part of one.
#[derive(Debug, Clone)]
enum Part {
    Text(String, ScalarStyle),
    Block(String),
    Nothing,
    List(Vec<Part>, bool),
    Mapping(BTreeMap<String, Part>, bool),
}

/// A node of a document that was written.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) path: Path,
    /// The same, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) line: usize,
    /// How many keys or items it has; none of a text.
    pub(super) size: Option<usize>,
    /// Whether it stands in brackets.
    pub(super) flow: bool,
}

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9./:-]{0,10}[a-z0-9]",
        "[0-9]{1,3}(\\.[0-9]{1,2}){0,2}",
        select(vec![
            "yes",
            "null",
            "~",
            "",
            "1e3",
            "a: b",
            "a #b",
            "- x",
            "it's",
            "\"q\"",
            "größe",
            "日本 😀",
            "a,b",
            "{x}"
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,8}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z][a-zA-Z]{0,6}", 1 => select(vec!["a.b/c", "ключ", "8080x", "with space"]).prop_map(str::to_owned)]
        .prop_filter("`added` is what tests add", |key| key != "added")
}

fn style() -> impl Strategy<Value = ScalarStyle> {
    select(vec![ScalarStyle::Plain, ScalarStyle::Plain, ScalarStyle::SingleQuoted, ScalarStyle::DoubleQuoted])
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![
        6 => (text(), style()).prop_map(|(text, style)| Part::Text(text, style)),
        1 => Just(Part::Nothing),
        1 => "[a-z:#]{1,5}(\n[a-z -]{0,5}[a-z]){0,3}".prop_map(Part::Block),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), prop::bool::weighted(0.2))
                .prop_map(|(items, flow)| Part::List(items, flow)),
            (prop::collection::btree_map(key(), inner, 0..4), prop::bool::weighted(0.2))
                .prop_map(|(entries, flow)| Part::Mapping(entries, flow)),
        ]
    })
}

pub(super) fn document() -> impl Strategy<Value = Written> {
    let root =
        prop::collection::btree_map(key(), part(), 1..5).prop_map(|entries| Part::Mapping(entries, false));
    (root, prop::collection::vec(any::<u8>(), 64), any::<bool>(), any::<bool>()).prop_map(
        |(root, noise, crlf, unended)| {
            let mut written = Written { text: String::new(), sites: vec![], noise, used: 0 };
            let path = Path::parse("x").unwrap().split_last().unwrap().0;
            written.block(&root, 0, &Place { path, pointer: String::new() }, true);
            if unended && written.text.ends_with('\n') && !written.text.ends_with("\n\n") {
                written.text.pop();
            }
            if crlf {
                written.text = written.text.replace('\n', "\r\n");
            }
            written
        },
    )
}

/// A document as text.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) sites: Vec<Site>,
    /// What decides about the layout.
    noise: Vec<u8>,
    used: usize,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[derive(Clone)]
struct Place {
    path: Path,
    pointer: String,
}

impl Place {
    fn key(&self, key: &str) -> Self {
        let pointer = key.replace('~', "~0").replace('/', "~1");
        Self { path: self.path.key(key), pointer: format!("{}/{pointer}", self.pointer) }
    }

    fn item(&self, index: usize) -> Self {
        let path = Path::parse(&format!("{}[{index}]", self.path)).unwrap();
        Self { path, pointer: format!("{}/{index}", self.pointer) }
    }
}

impl Written {
    /// One of `of` choices of layout.
    fn chance(&mut self, of: u8) -> u8 {
        self.used += 1;
        self.noise[self.used % self.noise.len()] % of
    }

    fn site(&mut self, place: &Place, size: Option<usize>, flow: bool) {
        let (line, place) = (self.text.matches('\n').count(), place.clone());
        self.sites.push(Site { path: place.path, pointer: place.pointer, line, size, flow });
    }

    fn comment(&mut self, column: usize) {
        match self.chance(8) {
            0 => self.text.push_str(&format!("{:column$}# a: comment\n", "")),
            1 => self.text.push('\n'),
            _ => {}
        }
    }

    fn push_one(&mut self, choices: &[&str]) {
        let place = usize::from(self.chance(u8::try_from(choices.len()).unwrap()));
        self.text.push_str(choices[place]);
    }

    fn end_line(&mut self) {
        self.push_one(&["\n", "\n", "\n", "   \n", " # why: 'x\n", "\t# y\n"]);
    }

    /// A collection as lines. The first one has no comment before it where `alone` says that it cannot.
    fn block(&mut self, part: &Part, column: usize, place: &Place, alone: bool) {
        match part {
            Part::Mapping(entries, _) => {
                self.site(place, Some(entries.len()), false);
                for (count, (key, value)) in entries.iter().enumerate() {
                    if alone || count > 0 {
                        self.comment(column);
                    }
                    let style =
                        [ScalarStyle::Plain, ScalarStyle::DoubleQuoted][usize::from(self.chance(8) / 7)];
                    let name = scalar::write(key, style, false).0;
                    self.text.push_str(&format!("{:column$}{name}:", ""));
                    self.value(value, column, &place.key(key), true);
                }
            }
            Part::List(items, _) => {
                self.site(place, Some(items.len()), false);
                for (index, item) in items.iter().enumerate() {
                    if alone || index > 0 {
                        self.comment(column);
                    }
                    self.text.push_str(&format!("{:column$}-", ""));
                    self.value(item, column, &place.item(index), false);
                }
            }
            _ => {}
        }
    }

    /// What follows a colon or a dash, to the end of the line and below.
    fn value(&mut self, part: &Part, column: usize, place: &Place, of_key: bool) {
        match part {
            Part::Text(..) => {
                self.push_one(&[" ", " ", "   "]);
                self.flow(part, place, false);
                self.end_line();
            }
            Part::Nothing => {
                if of_key {
                    self.site(place, None, false);
                }
                self.end_line();
            }
            Part::Block(text) => {
                self.push_one(&[" |\n", " |-\n", " |+\n"]);
                text.lines().for_each(|line| {
                    let column = if line.is_empty() { 0 } else { column + 2 };
                    self.text.push_str(&format!("{:column$}{line}\n", ""));
                });
            }
            Part::List(items, flow) if items.is_empty() || *flow => self.in_line(part, place),
            Part::Mapping(entries, flow) if entries.is_empty() || *flow => self.in_line(part, place),
            _ if of_key => {
                let least = u8::from(matches!(part, Part::Mapping(..)));
                let deeper = 2 * usize::from(least.max(self.chance(3)));
                self.end_line();
                self.block(part, column + deeper, place, true);
            }
            _ => {
                let gap = 1 + usize::from(self.chance(2));
                self.text.push_str(&" ".repeat(gap));
                // The first line goes on behind the dash.
                let dash = self.text.len();
                self.block(part, column + 1 + gap, place, false);
                self.text.replace_range(dash..dash + column + 1 + gap, "");
            }
        }
    }

    fn in_line(&mut self, part: &Part, place: &Place) {
        self.text.push(' ');
        self.flow(part, place, true);
        self.end_line();
    }

    fn flow(&mut self, part: &Part, place: &Place, within: bool) {
        match part {
            Part::Text(text, style) => {
                self.site(place, None, within);
                self.text.push_str(&scalar::write(text, *style, within).0);
            }
            Part::Nothing | Part::Block(_) => self.text.push('~'),
            Part::List(items, _) => {
                self.site(place, Some(items.len()), true);
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.text.push_str(if index == 0 { "" } else { ", " });
                    self.flow(item, &place.item(index), true);
                }
                self.text.push(']');
            }
            Part::Mapping(entries, _) => {
                self.site(place, Some(entries.len()), true);
                self.text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.text.push_str(if index == 0 { "" } else { ", " });
                    self.text.push_str(&format!("{}: ", scalar::write(key, ScalarStyle::Plain, true).0));
                    self.flow(value, &place.key(key), true);
                }
                self.text.push('}');
            }
        }
    }
}
