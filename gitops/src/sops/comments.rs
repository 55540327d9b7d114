//! Comments, which stay where they are when values are written anew.
//!
//! A comment belongs to what stands below it: it stays before that, and goes with it. Those at an end stay there.

use super::Plain;
use super::value::{Map, Tree, Value};
use crate::Secret;
use std::collections::HashMap;

impl Plain {
    /// These values, with the comments of `old` where they have none themselves.
    pub(crate) fn with_comments_of(&self, old: &Self) -> Self {
        let tree = match self.tree().0.iter().any(map_has_comments) {
            true => self.tree().clone(),
            false => merged(self.tree(), old.tree()),
        };
        Self { tree: Secret::new(tree), secret: self.secret }
    }
}

fn map_has_comments(map: &Map) -> bool {
    map.0.iter().any(|(_, value)| has_comments(value))
}

fn has_comments(value: &Value) -> bool {
    match value {
        Value::Comment(_) => true,
        Value::Map(map) => map_has_comments(map),
        Value::List(items) => items.iter().any(has_comments),
        _ => false,
    }
}

fn merged(new: &Tree, old: &Tree) -> Tree {
    let nothing = Map::default();
    let documents = new.0.iter().enumerate();
    Tree(documents.map(|(at, map)| of_map(map, old.0.get(at).unwrap_or(&nothing))).collect())
}

fn of_map(new: &Map, old: &Map) -> Map {
    let mut entries = Vec::with_capacity(new.0.len());
    let places = old.0.iter().enumerate().filter(|(_, (_, value))| !value.is_comment());
    let places: HashMap<&str, usize> = places.map(|(place, (name, _))| (name.as_str(), place)).collect();
    for (name, value) in &new.0 {
        let former = places.get(name.as_str()).and_then(|place| old.0.get(..=*place)?.split_last());
        let value = match former {
            Some(((_, old), above)) => {
                entries.extend(last_comments(above.iter()).into_iter().cloned());
                of_value(value, old)
            }
            None => value.clone(),
        };
        entries.push((name.clone(), value));
    }
    entries.extend(last_comments(old.0.iter()).into_iter().cloned());
    Map(entries)
}

/// The comments that `entries` end with.
fn last_comments<'m>(
    entries: impl DoubleEndedIterator<Item = &'m (String, Value)>,
) -> Vec<&'m (String, Value)> {
    let mut comments: Vec<_> = entries.rev().take_while(|(_, value)| value.is_comment()).collect();
    comments.reverse();
    comments
}

fn of_value(new: &Value, old: &Value) -> Value {
    match (new, old) {
        (Value::Map(new), Value::Map(old)) => Value::Map(of_map(new, old)),
        (Value::List(new), Value::List(old)) => Value::List(of_list(new, old)),
        (new, _) => new.clone(),
    }
}

/// Items belong together by their places: nothing else is known of them.
fn of_list(new: &[Value], old: &[Value]) -> Vec<Value> {
    let (mut items, mut left) = (Vec::with_capacity(new.len()), old.iter());
    for item in new {
        let mut former = None;
        for old in left.by_ref() {
            match old.is_comment() {
                true => items.push(old.clone()),
                false => {
                    former = Some(old);
                    break;
                }
            }
        }
        items.push(former.map_or_else(|| item.clone(), |former| of_value(item, former)));
    }
    // What stands before items that are gone goes with them.
    let end: Vec<_> = old.iter().rev().take_while(|item| item.is_comment()).cloned().collect();
    if left.len() > 0 {
        items.extend(end.into_iter().rev());
    }
    items
}
