//! Edits of random documents: the line they are about changes and no other, and readers see the one difference.

use super::super::{Error, Path, Value, Yaml};
use super::random::{Site, Written, document, text};
use crate::manifest::{Limits, parse_value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

/// One of the sites of a document that `wanted` fits.
fn pick(written: &Written, index: &Index, wanted: impl Fn(&Site, &Json) -> bool) -> Option<Site> {
    let json = json_of(&written.text);
    let fits = |site: &&Site| json.pointer(&site.pointer).is_some_and(|value| wanted(site, value));
    let all: Vec<_> = written.sites.iter().filter(fits).collect();
    (!all.is_empty()).then(|| Site::clone(all[index.index(all.len())]))
}

fn json_of(text: &str) -> Json {
    parse_value(text, &Limits::default()).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The lines of `old` that are not in `new` at the same distance from the start or the end, and those of `new`.
fn difference<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut old, mut new) = (lines(old), lines(new));
    while !old.is_empty() && old.first() == new.first() {
        (old, new) = (old.split_off(1), new.split_off(1));
    }
    while !old.is_empty() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    (old, new)
}

proptest! {
    #[test]
    fn a_value_is_set_on_its_line(written in document(), index: Index, value in text()) {
        let Some(site) = pick(&written, &index, |site, _| site.size.is_none()) else { return Ok(()) };
        let mut yaml = Yaml::parse(written.text.as_str(), None).unwrap();
        yaml.set(&site.path, &value).unwrap();
        let (old, new) = (lines(&written.text), lines(yaml.text()));
        prop_assert_eq!(old.len(), new.len());
        for (line, (old, new)) in old.iter().zip(&new).enumerate() {
            prop_assert!(line == site.line || old == new, "line {line} of\n{}", yaml.text());
        }
        let comment = |line: &str| line.rsplit_once(" # why").or(line.rsplit_once("\t# y")).map(|(_, rest)| rest.to_owned());
        prop_assert_eq!(comment(old[site.line]), comment(new[site.line]));
        let mut expected = json_of(&written.text);
        *expected.pointer_mut(&site.pointer).unwrap() = json!(value);
        prop_assert_eq!(json_of(yaml.text()), expected, "{}", yaml.text());
        match yaml.get(&site.path) {
            Ok(Some(Value::Scalar(scalar))) => prop_assert!(scalar.text == value && scalar.is_text),
            other => prop_assert!(false, "{other:?}"),
        }
        // The same again changes nothing.
        let again = yaml.clone();
        yaml.set(&site.path, &value).unwrap();
        prop_assert_eq!(yaml.text(), again.text());
    }

    #[test]
    fn a_key_is_added_on_a_line_of_its_own(written in document(), index: Index, value in text()) {
        let Some(site) = pick(&written, &index, |_, value| value.is_object()) else { return Ok(()) };
        let mut yaml = Yaml::parse(written.text.as_str(), None).unwrap();
        yaml.set_or_add(&site.path.key("added"), &value).unwrap();
        let (old, new) = difference(&written.text, yaml.text());
        let line = new.last().unwrap().trim_end();
        prop_assert!(site.flow || line.trim_start().starts_with("added: "), "{}", yaml.text());
        prop_assert!(new.len() - old.len() == usize::from(!site.flow) && old.len() <= 1, "{}", yaml.text());
        // A last line that had no line break has one now.
        prop_assert!(site.flow || old.is_empty() || old[0] == new[0].trim_end_matches(['\r', '\n']), "{}", yaml.text());
        prop_assert_eq!(written.text.ends_with('\n'), yaml.text().ends_with('\n'));
        let mut expected = json_of(&written.text);
        expected.pointer_mut(&site.pointer).unwrap()["added"] = json!(value);
        prop_assert_eq!(json_of(yaml.text()), expected, "{}", yaml.text());
    }

    #[test]
    fn mappings_are_begun_on_the_way(written in document(), index: Index, value in text(), keys in proptest::collection::vec("[a-z.]{1,3}", 1..4)) {
        let fits = |site: &Site, value: &Json| value.is_object() || value.is_null() && site.size.is_none();
        let Some(site) = pick(&written, &index, fits) else { return Ok(()) };
        let path = keys.iter().fold(site.path.key("added"), |path, key| path.key(key));
        let mut yaml = Yaml::parse(written.text.as_str(), None).unwrap();
        let nested = keys.iter().rev().fold(json!(value), |inner, key| json!({ key.as_str(): inner }));
        let mut expected = json_of(&written.text);
        match expected.pointer_mut(&site.pointer).unwrap() {
            Json::Object(mapping) => drop(mapping.insert("added".to_owned(), nested)),
            // A null that is spelled out is a value, and so is one within brackets: neither is a place for a mapping.
            null => *null = json!({"added": nested}),
        }
        match yaml.set_or_nest(&path, &value) {
            Err(Error::Missing { .. } | Error::Kind { .. }) if site.size.is_none() => return Ok(()),
            set => set.unwrap(),
        }
        prop_assert_eq!(json_of(yaml.text()), expected, "{}", yaml.text());
        let (old, new) = difference(&written.text, yaml.text());
        prop_assert!(old.len() <= 1 && new.len() - old.len() == if site.flow { 0 } else { keys.len() + 1 }, "{}", yaml.text());
        let again = yaml.clone();
        yaml.set_or_nest(&path, &value).unwrap();
        prop_assert_eq!(yaml.text(), again.text());
    }

    #[test]
    fn an_item_is_added_at_the_end_of_its_list(written in document(), index: Index, value in text()) {
        let Some(site) = pick(&written, &index, |_, value| value.is_array()) else { return Ok(()) };
        let mut yaml = Yaml::parse(written.text.as_str(), None).unwrap();
        yaml.append(&site.path, &[("name", &value), ("newTag", "1.0")]).unwrap();
        let (old, new) = difference(&written.text, yaml.text());
        prop_assert!(old.len() <= 1 && new.len() - old.len() == if site.flow { 0 } else { 2 }, "{}", yaml.text());
        let mut expected = json_of(&written.text);
        let item = json!({"name": value, "newTag": "1.0"});
        expected.pointer_mut(&site.pointer).unwrap().as_array_mut().unwrap().push(item);
        prop_assert_eq!(json_of(yaml.text()), expected, "{}", yaml.text());
    }

    #[test]
    fn a_key_is_removed_and_nothing_else(written in document(), index: Index, which: Index) {
        let Some(site) = pick(&written, &index, |site, value| value.is_object() && site.size > Some(1)) else { return Ok(()) };
        let mut expected = json_of(&written.text);
        let entries = expected.pointer_mut(&site.pointer).unwrap().as_object_mut().unwrap();
        let key = which.get(&entries.keys().cloned().collect::<Vec<_>>()).clone();
        entries.remove(&key);
        let mut yaml = Yaml::parse(written.text.as_str(), None).unwrap();
        match yaml.remove(&site.path.key(&key)) {
            // What follows the line would become part of a text that keeps all empty lines at its end.
            Err(Error::Entangled { .. }) if written.text.contains("|+") => return Ok(()),
            removed => removed.unwrap(),
        }
        prop_assert_eq!(json_of(yaml.text()), expected, "{}", yaml.text());
        let kept = |text: &str| text.matches("# a: comment").count();
        prop_assert!(kept(yaml.text()) <= kept(&written.text));
        let (old, new) = difference(&written.text, yaml.text());
        prop_assert!(new.len() <= 1 && new.len() <= old.len(), "{}", yaml.text());
    }

    /// Whatever the text, an edit is refused or does what it says.
    #[test]
    fn nothing_panics(text in "[a-c:&*!|>\\-? {}\\[\\],'\"#\n\r\t1]{0,40}", at in "[a-c]|\\[0\\]|[ab]\\.[ab]|a\\[0\\]", value in text()) {
        let path = Path::parse(&at).unwrap();
        if let Ok(yaml) = Yaml::parse(text, None) {
            let mut edits = [yaml.clone(), yaml.clone(), yaml.clone(), yaml.clone(), yaml];
            if edits[0].set(&path, &value).is_ok() | edits[1].set_or_add(&path, &value).is_ok() {
                let told = edits[1].get(&path);
                prop_assert!(matches!(told, Ok(Some(Value::Scalar(scalar))) if scalar.text == value), "{told:?}");
            }
            let _ = (edits[2].remove(&path), edits[3].append(&path, &[("name", &value)]));
            if edits[4].set_or_nest(&path, &value).is_ok() {
                let told = edits[4].get(&path);
                prop_assert!(matches!(told, Ok(Some(Value::Scalar(scalar))) if scalar.text == value), "{told:?}");
            }
        }
    }
}
