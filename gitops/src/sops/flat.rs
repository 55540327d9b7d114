//! Maps and lists as one level of names, for files that have no other: `age__list_0__map_recipient`.

use super::value::{Map, Value};
use std::collections::BTreeMap;

const MAP: &str = "__map_";
const LIST: &str = "__list_";

/// All leaves of `map` by their flat names.
pub(super) fn flatten(map: &Map) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for (key, value) in &map.0 {
        descend(key.clone(), value, &mut leaves);
    }
    leaves
}

fn descend(name: String, value: &Value, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Map(map) => {
            map.0.iter().for_each(|(key, value)| descend(format!("{name}{MAP}{key}"), value, leaves));
        }
        Value::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, value)| descend(format!("{name}{LIST}{at}"), value, leaves));
        }
        Value::Bool(value) => leaves.push((name, value.to_string())),
        Value::Int(number) => leaves.push((name, number.to_string())),
        Value::Text(text) => leaves.push((name, text.clone())),
        Value::Null | Value::Float(_) | Value::Bytes(_) | Value::Comment(_) => {}
    }
}

/// The map of which these are the leaves; `None` where names contradict one another or a list has a hole.
pub(super) fn unflatten(leaves: impl Iterator<Item = (String, String)>) -> Option<Map> {
    let mut root = Node::default();
    for (name, text) in leaves {
        let mut node = &mut root;
        for step in steps(&name) {
            node = match step {
                Step::Key(key) => node.keys.entry(key.to_owned()).or_default(),
                Step::Place(place) => node.places.entry(place?).or_default(),
            };
        }
        if node.leaf.replace(text).is_some() {
            return None;
        }
    }
    match root.value()? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

enum Step<'n> {
    Key(&'n str),
    /// `None` where it is no number.
    Place(Option<usize>),
}

fn steps(name: &str) -> Vec<Step<'_>> {
    let (mut steps, mut rest, mut in_list) = (Vec::new(), name, false);
    loop {
        let next = [(MAP, false), (LIST, true)].into_iter();
        let next = next.filter_map(|(separator, list)| Some((rest.find(separator)?, separator, list))).min();
        let (part, after) = match next {
            Some((at, separator, list)) => {
                (rest.get(..at), rest.get(at + separator.len()..).map(|rest| (rest, list)))
            }
            None => (Some(rest), None),
        };
        let part = part.unwrap_or_default();
        steps.push(if in_list { Step::Place(part.parse().ok()) } else { Step::Key(part) });
        match after {
            Some((after, list)) => (rest, in_list) = (after, list),
            None => return steps,
        }
    }
}

#[derive(Default)]
struct Node {
    leaf: Option<String>,
    keys: BTreeMap<String, Node>,
    places: BTreeMap<usize, Node>,
}

impl Node {
    fn value(self) -> Option<Value> {
        match (self.leaf, self.keys.is_empty(), self.places.is_empty()) {
            (Some(text), true, true) => Some(Value::Text(text)),
            (None, _, true) => {
                let entries = self.keys.into_iter().map(|(key, node)| Some((key, node.value()?)));
                entries.collect::<Option<_>>().map(|entries| Value::Map(Map(entries)))
            }
            (None, true, false) => {
                let whole = self.places.keys().enumerate().all(|(at, place)| at == *place);
                let items = self.places.into_values().map(Node::value).collect::<Option<_>>();
                items.filter(|_| whole).map(Value::List)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(leaves: &[(&str, &str)]) -> Option<String> {
        let leaves = leaves.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        unflatten(leaves).map(|map| serde_json::to_string(&map).unwrap())
    }

    #[test]
    fn names_become_a_tree_and_names_again() {
        let leaves = [
            ("age__list_1__map_enc", "b"),
            ("age__list_0__map_enc", "a"),
            ("key_groups__list_0__map_age__list_0__map_recipient", "r"),
            ("mac", "m"),
        ];
        let text = map(&leaves).unwrap();
        assert_eq!(
            text,
            r#"{"age":[{"enc":"a"},{"enc":"b"}],"key_groups":[{"age":[{"recipient":"r"}]}],"mac":"m"}"#
        );
        let tree = super::super::json::read(&text).unwrap();
        let mut flat = flatten(&tree.0[0]);
        flat.sort();
        let mut expected = leaves.map(|(name, text)| (name.to_owned(), text.to_owned()));
        expected.sort();
        assert_eq!(flat, expected);
    }

    #[test]
    fn contradictions_are_nothing() {
        for leaves in [
            &[("a", "1"), ("a__map_b", "2")][..],
            &[("a__list_0", "1"), ("a__map_b", "2")],
            &[("a__list_1", "1")],
            &[("a__list_x", "1")],
            &[("a__list_", "1")],
            &[("a__list_18446744073709551616", "1")],
            &[("a", "1"), ("a", "1")],
        ] {
            assert_eq!(map(leaves), None, "{leaves:?}");
        }
    }
}
