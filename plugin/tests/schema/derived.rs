//! What a struct becomes, as the wire has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_proto::tfplugin6::{self as tf, schema::object::NestingMode};
use tfplugin_rs::Fixed;
use tfplugin_rs::schema::derive::{self, Role};
use tfplugin_rs::schema::{Attributes, Schema, check, constraint, wire};
use tfplugin_rs::value::{Path, Value};

/// One of each.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Everything {
    /// A required text.
    text: String,
    /// An optional one.
    maybe: Option<String>,
    yes: bool,
    small: u8,
    whole: i64,
    fraction: f64,
    any: serde_json::Value,
    list: Vec<String>,
    set: BTreeSet<String>,
    map: BTreeMap<String, bool>,
    lists: Vec<Vec<u8>>,
    one: Nested,
    perhaps: Option<Nested>,
    many: Vec<Nested>,
    keyed: BTreeMap<String, Nested>,
    /// Planned where it is left out.
    #[serde(default)]
    color: Color,
    /// Left out, it is none.
    #[serde(default)]
    none: Vec<String>,
    fixed: Fixed<String>,
    #[schemars(extend("writeOnly" = true))]
    secret_wo: Option<String>,
    #[schemars(extend("x-sensitive" = true))]
    hidden: Option<String>,
    #[deprecated]
    #[schemars(extend("x-deprecated" = "Use `text`."))]
    old: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nested {
    /// Its name.
    name: String,
    #[serde(default = "seven")]
    number: u8,
}

fn seven() -> u8 {
    7
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    /// Like the sky.
    #[default]
    Blue,
    Red,
}

fn schema(attributes: Attributes) -> Schema {
    let schema = Schema { version: 3, description: "One of each.".into(), deprecated: None, attributes };
    check::check(&schema).unwrap();
    schema
}

/// One line for each attribute.
fn lines(attributes: &[tf::schema::Attribute], indent: &str, lines: &mut Vec<String>) {
    for attribute in attributes {
        let flags = [
            ("required", attribute.required),
            ("optional", attribute.optional),
            ("computed", attribute.computed),
            ("sensitive", attribute.sensitive),
            ("write_only", attribute.write_only),
            ("deprecated", attribute.deprecated),
        ];
        let flags: Vec<_> = flags.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        let ty = match &attribute.nested_type {
            Some(nested) => format!("{:?}", NestingMode::try_from(nested.nesting).unwrap()),
            None => String::from_utf8(attribute.r#type.clone()).unwrap(),
        };
        let texts = [&attribute.description, &attribute.deprecation_message].map(String::as_str);
        let line = format!("{indent}{} {ty} {} {}", attribute.name, flags.join("+"), texts.join(" "));
        lines.push(line.trim_end().to_owned());
        if let Some(nested) = &attribute.nested_type {
            self::lines(&nested.attributes, &format!("{indent}  "), lines);
        }
    }
}

fn told<T: JsonSchema>(role: Role) -> String {
    let told = tf::Schema::from(&schema(derive::attributes::<T>(role).unwrap()));
    let block = told.block.unwrap();
    assert_eq!((told.version, block.version, block.description.as_str()), (3, 3, "One of each."));
    let mut text = Vec::new();
    lines(&block.attributes, "", &mut text);
    text.join("\n")
}

#[test]
fn inputs() {
    insta::assert_snapshot!(told::<Everything>(Role::Input));
}

/// Nothing is stored: what would be write-only is sensitive, and defaults are serde's affair.
#[test]
fn unstored_inputs() {
    insta::assert_snapshot!(told::<Everything>(Role::Unstored));
}

#[test]
fn outputs() {
    insta::assert_snapshot!(told::<Everything>(Role::Output));
}

#[test]
fn an_identity_has_the_version_of_its_resource() {
    let mut attributes = derive::attributes::<Nested>(Role::Input).unwrap();
    assert!(wire::identity(&schema(attributes.clone())).is_none());
    attributes.values_mut().for_each(|attribute| attribute.identity = true);
    let identity = wire::identity(&schema(attributes)).unwrap();
    assert_eq!(identity.version, 3);
    let told: Vec<_> = identity
        .identity_attributes
        .iter()
        .map(|attribute| {
            (attribute.name.as_str(), attribute.required_for_import, attribute.optional_for_import)
        })
        .collect();
    assert_eq!(told, [("name", true, false), ("number", false, true)]);
}

#[test]
fn defaults_and_replacements() {
    let attributes = derive::attributes::<Everything>(Role::Input).unwrap();
    assert_eq!(attributes["color"].default, Some("blue".into()));
    assert_eq!(attributes["none"].default, None, "an empty default is no default");
    let replacing: Vec<_> = attributes.iter().filter(|(_, attribute)| attribute.replaces).collect();
    assert_eq!(replacing.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["fixed"]);
    let (_, nested) = attributes["one"].nested().unwrap();
    assert_eq!(nested["number"].default, Some(7.into()));
}

/// Everything that a type cannot say.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Bounds {
    color: Option<Color>,
    colors: Option<Vec<Color>>,
    byte: Option<u8>,
    int: Option<i32>,
    unsigned: Option<u32>,
    long: Option<i64>,
    unsigned_long: Option<u64>,
    size: Option<usize>,
    #[schemars(range(min = -1.5, max = 2))]
    range: Option<f64>,
    #[schemars(length(min = 2, max = 3))]
    text: Option<String>,
    #[schemars(length(min = 1, max = 2))]
    list: Option<Vec<String>>,
    nested: Option<Vec<Nested>>,
}

#[test]
fn a_value_beyond_its_bounds_is_an_error_on_its_attribute() {
    let attributes = derive::attributes::<Bounds>(Role::Input).unwrap();
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let strings = |texts: &[&str]| Value::List(texts.iter().map(|text| (*text).into()).collect());
    let element = |number: Value| Value::object([("name", "a".into()), ("number", number)]);
    let values = [
        ("color", "green".into()),
        ("colors", strings(&["red", "green"])),
        ("byte", number("256")),
        ("byte", number("-1")),
        ("byte", number("1.5")),
        ("int", number("2147483648")),
        ("int", number("-2147483649")),
        ("unsigned", number("4294967296")),
        ("unsigned", number("-1")),
        ("long", number("1e30")),
        ("long", number("-9223372036854775809")),
        ("unsigned_long", number("18446744073709551616")),
        ("size", number("-1")),
        ("range", number("-1.6")),
        ("range", number("2.01")),
        ("text", "ä".into()),
        ("text", "äöüß".into()),
        ("list", strings(&[])),
        ("list", strings(&["a", "b", "c"])),
        ("list", Value::List(vec![Value::Null])),
        ("nested", Value::List(vec![Value::Null])),
        ("nested", Value::List(vec![element(number("7")), element(number("300"))])),
    ];
    let told = values.map(|(name, value)| {
        let problems = constraint::check(&attributes, &Value::object([(name, value)]), &Path::root());
        let [problem] = &problems[..] else { panic!("{name}: {problems:?}") };
        format!("{}: {}: {}", problem.path, problem.summary, problem.detail)
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_value_at_its_bounds_is_allowed() {
    let attributes = derive::attributes::<Bounds>(Role::Input).unwrap();
    let number = |text: &str| Value::Number(text.parse().unwrap());
    for (name, value) in [
        ("color", Value::unknown()),
        ("colors", Value::List(vec![Value::unknown(), "red".into()])),
        ("byte", number("255")),
        ("int", number("-2147483648")),
        ("unsigned", number("4294967295")),
        ("long", number("9223372036854775807")),
        ("long", number("-9223372036854775808")),
        ("unsigned_long", number("18446744073709551615")),
        ("range", number("2")),
        ("text", "äöü".into()),
        ("nested", Value::List(vec![Value::unknown()])),
        ("nested", Value::Null),
    ] {
        let problems = constraint::check(&attributes, &Value::object([(name, value)]), &Path::root());
        assert_eq!(problems, [], "{name}");
    }
}
