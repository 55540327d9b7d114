//! Edits: what they change, and what users read of those that cannot be made.

mod properties;
mod random;

use super::*;

fn path(text: &str) -> Path {
    Path::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn edited(text: &str, edit: impl FnOnce(&mut Yaml) -> Result<(), Error>) -> Result<String, Error> {
    let mut yaml = Yaml::parse(text, None)?;
    edit(&mut yaml)?;
    Ok(yaml.text().to_owned())
}

fn set(text: &str, at: &str, value: &str) -> String {
    edited(text, |yaml| yaml.set(&path(at), value))
        .unwrap_or_else(|error| panic!("{at} in {text:?}: {error}"))
}

fn add(text: &str, at: &str, value: &str) -> String {
    edited(text, |yaml| yaml.set_or_add(&path(at), value))
        .unwrap_or_else(|error| panic!("{at} in {text:?}: {error}"))
}

fn remove(text: &str, at: &str) -> String {
    edited(text, |yaml| yaml.remove(&path(at))).unwrap_or_else(|error| panic!("{at} in {text:?}: {error}"))
}

fn append(text: &str, at: &str) -> String {
    edited(text, |yaml| yaml.append(&path(at), &[("name", "web"), ("newTag", "1.4")]))
        .unwrap_or_else(|error| panic!("{at} in {text:?}: {error}"))
}

const DEPLOYMENT: &str = "\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # not the worker
  annotations: {example.com/owner: 'team a', \"n\": \"1\"}
spec:
  template:
    spec:
      containers:

      # the proxy
      - image: \"proxy:v1\"
        name: proxy
      -   name: web
          image:   ghcr.io/acme/web:1.4.2   # by CI
          args: [\"--name\", 'x', plain]   # in brackets
          command:
          - |
            echo hello

            echo image: no
";

#[test]
fn only_the_value_changes() {
    let cases = [
        ("spec.template.spec.containers[name=web].image", "ghcr.io/acme/web:1.4.2 ", "w:2", "w:2 "),
        ("spec.template.spec.containers[name=proxy].image", "\"proxy:v1\"", "proxy:v2", "\"proxy:v2\""),
        ("spec.template.spec.containers[0].image", "\"proxy:v1\"", "a\"b\\c", r#""a\"b\\c""#),
        ("spec.template.spec.containers[1].args[1]", "'x'", "it's", "'it''s'"),
        ("spec.template.spec.containers[1].args[2]", "plain", "a,b", "\"a,b\""),
        ("metadata.annotations['example.com/owner']", "'team a'", "b", "'b'"),
        ("metadata.annotations.n", "\"1\"", "2", "\"2\""),
        ("metadata.name", "web   #", "1.0", "\"1.0\"   #"),
        ("metadata.name", "web   #", "größe 日本", "größe 日本   #"),
        ("kind", "Deployment", "no", "\"no\""),
    ];
    for (at, old, value, new) in cases {
        let expected = DEPLOYMENT.replacen(old, new, 1);
        assert_eq!(set(DEPLOYMENT, at, value), expected, "{at}");
        let crlf = DEPLOYMENT.replace('\n', "\r\n");
        assert_eq!(set(&crlf, at, value), expected.replace('\n', "\r\n"), "{at} with CRLF");
        let unended = DEPLOYMENT.trim_end();
        assert_eq!(set(unended, at, value), expected.trim_end(), "{at} without a line break at the end");
    }
}

#[test]
fn what_is_there_already_stays() {
    for text in ["tag: v1 # c", "tag: 'v1'", "tag: |-\n  v1\n", "tag: &a v1\nb: *a\n", "tag: !!str v1\n"] {
        assert_eq!(set(text, "tag", "v1"), text);
    }
    // A number is no text, though it looks the same.
    assert_eq!(set("tag: 1.4\n", "tag", "1.4"), "tag: \"1.4\"\n");
    assert_eq!(set("tag: 20240131", "tag", "20240131"), "tag: \"20240131\"");
}

#[test]
fn empty_values_get_one() {
    let cases = [
        ("tag:\n", "tag: v1\n"),
        ("tag: # none\nb: 1", "tag: v1 # none\nb: 1"),
        ("tag : \n", "tag : v1 \n"),
        ("tag: \"\"", "tag: \"v1\""),
        ("tag: ~", "tag: v1"),
        ("{tag: , b: 1}", "{tag: v1 , b: 1}"),
        ("tag: null # c", "tag: v1 # c"),
    ];
    for (text, expected) in cases {
        assert_eq!(set(text, "tag", "v1"), expected, "{text:?}");
    }
}

#[test]
fn documents_are_chosen() {
    let text = "# head\n---\nkind: Service\nmetadata: {name: web}\nimage: a\n---\n# nothing\n---\n\
                kind: Deployment\nmetadata: {name: web}\nimage: a\n...\n";
    for (which, nth) in [("Service/web", 0), ("Deployment/web", 1), ("0", 0), ("1", 1)] {
        let which = Document::parse(which).unwrap();
        let mut yaml = Yaml::parse(text, Some(&which)).unwrap();
        yaml.set(&path("image"), "b").unwrap();
        let at = text.match_indices("image: a").nth(nth).unwrap().0;
        let mut expected = text.to_owned();
        expected.replace_range(at..at + 8, "image: b");
        assert_eq!(yaml.text(), expected, "{which}");
    }
    for wrong in ["", "Deployment", "Deployment/", "/web", "a b/c", "-1"] {
        assert!(Document::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn missing_keys_are_added_at_the_end_of_their_mapping() {
    let cases = [
        (
            "image:\n  repository: a   # c\n  # more\n\nother: 1\n",
            "image.tag",
            "image:\n  repository: a   # c\n  tag: v1\n  # more\n\nother: 1\n",
        ),
        ("a: 1", "tag", "a: 1\ntag: v1"),
        ("a: 1\r\nb: 2\r\n", "tag", "a: 1\r\nb: 2\r\ntag: v1\r\n"),
        ("a: 1\r\nb: 2", "tag", "a: 1\r\nb: 2\r\ntag: v1"),
        ("a:\n  b: |\n    x\n\n    y\n\nc: 1\n", "a.tag", "a:\n  b: |\n    x\n\n    y\n\n  tag: v1\nc: 1\n"),
        ("- name: a\n  b:\n  - c\n- d\n", "[name=a].tag", "- name: a\n  b:\n  - c\n  tag: v1\n- d\n"),
        ("-   name: a\n", "[0].tag", "-   name: a\n    tag: v1\n"),
        ("image: {repository: a} # c", "image.tag", "image: {repository: a, tag: v1} # c"),
        ("image: {}\n", "image.tag", "image: {tag: v1}\n"),
        (
            "{\n  \"image\": {\"repository\": \"a\"}\n}\n",
            "image.tag",
            "{\n  \"image\": {\"repository\": \"a\", \"tag\": \"v1\"}\n}\n",
        ),
        ("a:\n  b:\n", "a.tag", "a:\n  b:\n  tag: v1\n"),
        ("--- # one\na: 1\n...\n", "tag", "--- # one\na: 1\ntag: v1\n...\n"),
        ("\u{feff}a: ü\n", "tag", "\u{feff}a: ü\ntag: v1\n"),
    ];
    for (text, at, expected) in cases {
        assert_eq!(add(text, at, "v1"), expected, "{at} in {text:?}");
    }
    assert_eq!(add("a: 1\n", "'x: y'", "1.0"), "a: 1\n\"x: y\": \"1.0\"\n");
}

#[test]
fn keys_are_removed_with_their_line() {
    let cases = [
        ("a: 1\nb: 2 # c\n# d\nc: 3\n", "b", "a: 1\n# d\nc: 3\n"),
        ("a: 1\r\nb: 2", "b", "a: 1"),
        ("a: 1\nb: 2\n", "a", "b: 2\n"),
        ("- digest: x # pinned\n  name: a\n", "[0].digest", "- name: a\n"),
        ("- digest: x\n  # why\n\n  name: a\n", "[0].digest", "- # why\n\n  name: a\n"),
        ("- name: a\n  digest: x", "[name=a].digest", "- name: a"),
        ("{a: 1, b: 2, c: 3}", "b", "{a: 1, c: 3}"),
        ("{a: 1, b: 2, c: 3}", "a", "{b: 2, c: 3}"),
        ("{a: 1, b: 2 }", "b", "{a: 1 }"),
        ("a: 1\nb:\n  - c\n  - |\n    d\n\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a: 1\n", "b", "a: 1\n"),
        ("a: 1\n", "b.c", "a: 1\n"),
    ];
    for (text, at, expected) in cases {
        assert_eq!(remove(text, at), expected, "{at} in {text:?}");
    }
}

#[test]
fn items_are_added_as_the_list_is_written() {
    let cases = [
        (
            "images:\n- name: a # c\n  newTag: v1\n\n# end\n",
            "images:\n- name: a # c\n  newTag: v1\n- name: web\n  newTag: \"1.4\"\n\n# end\n",
        ),
        ("images:\n  - name: a\nb: 1\n", "images:\n  - name: a\n  - name: web\n    newTag: \"1.4\"\nb: 1\n"),
        ("images: []\n", "images: [{name: web, newTag: \"1.4\"}]\n"),
        ("images: [{name: a}] # c", "images: [{name: a}, {name: web, newTag: \"1.4\"}] # c"),
        ("images: # none\nb: 1\n", "images: # none\n- name: web\n  newTag: \"1.4\"\nb: 1\n"),
        ("resources:\n  - a\nimages:\n", "resources:\n  - a\nimages:\n  - name: web\n    newTag: \"1.4\"\n"),
        ("resources:\n- a\n", "resources:\n- a\nimages:\n- name: web\n  newTag: \"1.4\"\n"),
        ("resources:\r\n  - a", "resources:\r\n  - a\r\nimages:\r\n  - name: web\r\n    newTag: \"1.4\""),
        ("{resources: [a]}", "{resources: [a], images: [{name: web, newTag: \"1.4\"}]}"),
        ("{}", "{images: [{name: web, newTag: \"1.4\"}]}"),
        (
            "{\"images\": [{\"name\": \"a\"}]}",
            "{\"images\": [{\"name\": \"a\"}, {name: web, newTag: \"1.4\"}]}",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(append(text, "images"), expected, "{text:?}");
    }
    let nested = "spec:\n  lists:\n    - - name: a\n    - []\n";
    assert_eq!(
        append(nested, "spec.lists[0]"),
        "spec:\n  lists:\n    - - name: a\n      - name: web\n        newTag: \"1.4\"\n    - []\n"
    );
}

#[test]
fn values_are_told() {
    let text = "a: v1   # c\nb: 1.0\nc:\nd: {}\ne: []\nf: \"1\" \nn: ~\nq: 'null'\n";
    let yaml = Yaml::parse(text, None).unwrap();
    let scalar = |text, is_text, rest| Some(Value::Scalar(Scalar { text, is_text, rest }));
    let cases = [
        ("a", scalar("v1", true, "   # c")),
        ("b", scalar("1.0", false, "")),
        ("c", scalar("", false, ":")),
        ("d", Some(Value::Mapping)),
        ("e", Some(Value::List)),
        ("f", scalar("1", true, " ")),
        ("n", scalar("", false, "")),
        ("q", scalar("null", true, "")),
        ("g", None),
        ("c.x", None),
        ("e[0]", None),
        ("e[name=x].y", None),
    ];
    for (at, expected) in cases {
        assert_eq!(yaml.get(&path(at)), Ok(expected), "{at}");
    }
}

fn told(result: Result<impl Sized, Error>) -> String {
    let error = result.err().expect("an error");
    format!("{error}\n  {}", error.hint().unwrap_or_default())
}

#[test]
fn messages() {
    let change = |text: &str, at: &str| told(edited(text, |yaml| yaml.set(&path(at), "v1")));
    let objects = "kind: A\nmetadata: {name: a}\n---\n- b\n---\nc: 1\n";
    let chosen = |which: &str, text: &str| told(Yaml::parse(text, Some(&Document::parse(which).unwrap())));
    let cases = [
        change("a: [1", "a"),
        change("a: {{ .Values.x }}-b\n", "a"),
        change(&"- ".repeat(70), "a"),
        change("# only\n", "a"),
        change(objects, "a"),
        chosen("B/b", objects),
        chosen("3", objects),
        chosen("A/a", "kind: A\nmetadata: {name: a}\n---\nkind: A\nmetadata: {name: a}\n"),
        change("image:\n  repository: a\n  password: hunter2\n", "image.tag"),
        change("image: {}", "image.tag"),
        change("image:\n", "image.tag"),
        change("a: 1", "b.c"),
        change("- name: a\n- b\n", "[name=c].d"),
        change("- a\n- b\n", "[2]"),
        change("a: 1\nb: 2\na: 3\n", "a"),
        change("x:\n- name: a\n- name: a\n", "x[name=a].b"),
        change("a:\n  b: 1\n", "a"),
        change("a: [b]\n", "a"),
        change("a: b\n", "a.c"),
        change("a: b\n", "a[0]"),
        change("a: |\n  b\n", "a"),
        change("a: b\n  c\n", "a"),
        change("a: !secret b\n", "a"),
        change("a: &x b\nc: *x\n", "c"),
        change("a: &x {b: c}\nd: *x\n", "d.b"),
        change("a: &x b\nc: *x\n", "a"),
        change("a: &x {b: c}\nd: {<<: *x}\n", "a.b"),
        change("a: &x\n", "a"),
        told(edited("a: 1\n", |yaml| yaml.remove(&path("a")))),
        told(edited("a: 1\n", |yaml| yaml.append(&path("a"), &[]))),
        told(edited("a: 1\n", |yaml| yaml.set_or_add(&path("b.c"), "v1"))),
    ];
    insta::assert_snapshot!(cases.join("\n"), @"
    line 1 is not YAML: unclosed bracket '['
      Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead.
    line 1 is not YAML: while parsing a block mapping, did not find expected key
      Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead.
    it cannot be edited: it is nested too deeply
      See that it is the right file, or split it.
    it has no content
      See that it is the right file.
    it has 3 documents: 0 (A/a), 1 (a list), 2
      Say which one is meant: `Kind/name`, or its number.
    it has no document `B/b`, only 0 (A/a), 1 (a list), 2
      Choose one that is there, or commit it first.
    it has no document `3`, only 0 (A/a), 1 (a list), 2
      Choose one that is there, or commit it first.
    several of its documents are `A/a`
      Choose it by its number, from 0.
    `image.tag` is not there: `image` (line 1) has only `repository`, `password`
      Correct the path, or commit what is missing first.
    `image.tag` is not there: `image` (line 1) has no keys
      Correct the path, or commit what is missing first.
    `image.tag` is not there: `image` (line 1) is empty
      Correct the path, or commit what is missing first.
    `b.c` is not there: the document (line 1) has only `a`
      Correct the path, or commit what is missing first.
    `[name=c].d` is not there: the document (line 1) has no item in which `name` is `c`
      Correct the path, or commit what is missing first.
    `[2]` is not there: the document (line 1) has 2 items, counted from 0
      Correct the path, or commit what is missing first.
    `a` is there more than once (lines 1, 3)
      Remove what is there too often, or choose an item of a list by its number.
    `x[name=a]` is there more than once (lines 2, 3)
      Remove what is there too often, or choose an item of a list by its number.
    `a` (line 1) is a mapping, not a single value
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a list, not a single value
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a single value, not a mapping
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a single value, not a list
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a block of text, not a value on one line
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a value over several lines, not a value on one line
      Choose another path, or write the value on the line of its key.
    `a` (line 1) is a value with a tag, not a value on one line
      Choose another path, or write the value on the line of its key.
    `c` (line 2) is an alias: its value is written somewhere else
      Choose the path where the anchor is, or write the value out.
    `d` (line 2) is an alias: its value is written somewhere else
      Choose the path where the anchor is, or write the value out.
    `a` has an anchor (line 1) that is used somewhere else: both would change
      Write the value out in both places.
    `a.b` has an anchor (line 1) that is used somewhere else: both would change
      Write the value out in both places.
    `a` (line 1) is written in a way that cannot be edited alone
      Write it as `key: value` on a line of its own.
    `a` (line 1) is written in a way that cannot be edited alone
      Write it as `key: value` on a line of its own.
    `a` (line 1) is a single value, not a list
      Choose another path, or write the value on the line of its key.
    `b.c` is not there: the document (line 1) has only `a`
      Correct the path, or commit what is missing first.
    ");
}

#[test]
fn an_edit_that_fails_changes_nothing() {
    let text = "a: 1\nb: &x 2\nc: *x\n";
    let mut yaml = Yaml::parse(text, None).unwrap();
    assert!(yaml.set(&path("b"), "3").is_err() && yaml.remove(&path("b")).is_err());
    assert_eq!(yaml.text(), text);
    yaml.set(&path("a"), "x").unwrap();
    assert_eq!(yaml.text(), "a: x\nb: &x 2\nc: *x\n");
}
