//! Each rule of core, broken once and kept once.

use super::*;
use crate::schema::{Attribute, Kind};
use crate::value::{Facts, Type};

fn attribute(kind: Kind, flags: &str) -> Attribute {
    Attribute {
        kind,
        description: String::new(),
        required: flags.contains('r'),
        optional: flags.contains('o'),
        computed: flags.contains('c'),
        sensitive: false,
        write_only: flags.contains('w'),
        deprecated: None,
        default: None,
        replaces: false,
        identity: false,
        constraint: Default::default(),
    }
}

fn attributes<const N: usize>(attributes: [(&str, Attribute); N]) -> Attributes {
    attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)).collect()
}

fn text(flags: &str) -> Attribute {
    attribute(Kind::Plain(Type::String), flags)
}

/// A schema with one attribute `a` of that kind.
fn schema(a: Attribute) -> Schema {
    Schema { attributes: attributes([("a", a)]), ..Schema::default() }
}

/// Nested objects of a required `r` and a computed `c`.
fn nested(nesting: Nesting, flags: &str) -> Schema {
    let inner = attributes([("r", text("r")), ("c", text("c")), ("oc", text("oc"))]);
    schema(attribute(Kind::Nested(nesting, inner), flags))
}

fn a(value: impl Into<Value>) -> Value {
    Value::object([("a", value.into())])
}

fn object(r: &str, c: impl Into<Value>) -> Value {
    Value::object([("r", r.into()), ("c", c.into()), ("oc", Value::Null)])
}

fn list<const N: usize>(elements: [Value; N]) -> Value {
    Value::List(elements.into())
}

fn set<const N: usize>(elements: [Value; N]) -> Value {
    Value::Set(elements.into())
}

fn rules(violations: Vec<Violation>) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

const NULL: Value = Value::Null;
const UNKNOWN: Value = Value::unknown();

#[test]
fn plans_of_plain_attributes() {
    let not_computed = "`a`: planned a value for an attribute that is not computed";
    let not_config = "`a`: the planned value is not the configured one";
    let neither = "`a`: the planned value is neither the configured nor the prior one";
    let wants_existence = "planned for absence but the configuration wants existence";
    let wants_absence = "planned for existence but the configuration wants absence";
    let refined = || Value::Unknown(Facts { not_null: true, ..Facts::default() }.into());
    let cases = [
        ("create as configured", "o", NULL, a("x"), a("x"), ""),
        ("create otherwise", "o", NULL, a("x"), a("y"), not_config),
        ("update as configured", "o", a("w"), a("x"), a("x"), ""),
        ("keep the prior spelling", "o", a("X"), a("x"), a("X"), ""),
        ("update otherwise", "o", a("w"), a("x"), a("y"), neither),
        ("unknown for a configured value", "o", a("w"), a("x"), a(UNKNOWN), neither),
        ("unknown as configured", "o", a("w"), a(UNKNOWN), a(UNKNOWN), ""),
        ("without the refinement", "o", NULL, a(refined()), a(UNKNOWN), ""),
        ("with a refinement", "o", NULL, a(UNKNOWN), a(refined()), ""),
        ("known for unknown", "o", NULL, a(UNKNOWN), a("x"), not_config),
        ("prior for unknown", "o", a("x"), a(UNKNOWN), a("x"), ""),
        ("keep what is not configured any more", "o", a("x"), a(NULL), a("x"), not_computed),
        ("null for a configured value", "o", NULL, a("x"), a(NULL), not_config),
        ("computed freely", "c", a("x"), a(NULL), a("y"), ""),
        ("computed as unknown", "c", NULL, a(NULL), a(UNKNOWN), ""),
        ("optional and computed, not configured", "oc", NULL, a(NULL), a("x"), ""),
        ("optional and computed, configured", "oc", NULL, a("x"), a("y"), not_config),
        ("write-only withheld", "ow", NULL, a("x"), a(NULL), ""),
        ("destroy", "o", a("x"), NULL, NULL, ""),
        ("absent but wanted", "o", a("x"), a("x"), NULL, wants_existence),
        ("present but not wanted", "o", a("x"), NULL, a("x"), wants_absence),
        ("of another type", "o", NULL, a("x"), a(1), "`a`: expected a string but found a number"),
        ("unknown as a whole", "o", NULL, a("x"), UNKNOWN, "the object itself must not be unknown"),
    ];
    for (name, flags, prior, config, planned, expected) in cases {
        assert_eq!(rules(plan_valid(&schema(text(flags)), &prior, &config, &planned)), expected, "{name}");
    }
}

#[test]
fn plans_of_nested_attributes() {
    use Nesting::*;
    let map = |key: &str, value: Value| Value::map([(key, value)]);
    let count = "`a`: the number of planned elements is not that of the configuration";
    let [x, x_c, y_c] = [object("x", NULL), object("x", "c"), object("y", "c")];
    let cases = [
        ("computed inside", Single, NULL, x.clone(), x_c.clone(), ""),
        (
            "changed inside",
            Single,
            NULL,
            x.clone(),
            y_c.clone(),
            "`a.r`: the planned value is not the configured one",
        ),
        ("unknown as a whole", Single, NULL, x.clone(), UNKNOWN, "`a`: planned as unknown but configured"),
        (
            "null as a whole",
            Single,
            NULL,
            x.clone(),
            NULL,
            "`a`: planned for absence but the configuration wants existence",
        ),
        (
            "not configured",
            Single,
            x.clone(),
            NULL,
            x.clone(),
            "`a`: planned a value for an attribute that is not computed",
        ),
        ("computed in a list", List, NULL, list([x.clone()]), list([x_c.clone()]), ""),
        ("longer list", List, NULL, list([x.clone()]), list([x_c.clone(), x_c.clone()]), count),
        ("known list for an unknown one", List, NULL, UNKNOWN, list([x_c.clone()]), count),
        (
            "changed in a list",
            List,
            list([object("w", "c")]),
            list([x.clone()]),
            list([y_c.clone()]),
            "`a[0].r`: the planned value is neither the configured nor the prior one",
        ),
        ("prior spelling in a list", List, list([y_c.clone()]), list([x.clone()]), list([y_c.clone()]), ""),
        ("computed in a map", Map, NULL, map("k", x.clone()), map("k", x_c.clone()), ""),
        (
            "another key",
            Map,
            NULL,
            map("k", x.clone()),
            map("l", x_c.clone()),
            "`a[\"k\"]`: configured but not planned; `a[\"l\"]`: planned but not configured",
        ),
        ("elements of a set are trusted", Set, NULL, set([x.clone()]), set([y_c.clone()]), ""),
        ("larger set", Set, NULL, set([x.clone()]), set([x_c.clone(), y_c.clone()]), count),
        (
            "unknown elements may coincide",
            Set,
            NULL,
            set([x.clone()]),
            set([object("x", UNKNOWN), object("y", UNKNOWN)]),
            "",
        ),
    ];
    for (name, nesting, prior, config, planned, expected) in cases {
        let (prior, config, planned) = (a(prior), a(config), a(planned));
        assert_eq!(rules(plan_valid(&nested(nesting, "o"), &prior, &config, &planned)), expected, "{name}");
    }
}

#[test]
fn paths_of_replacements() {
    let (prior, planned) = (a(list(["x".into()])), a(NULL));
    let paths = ["a", "a[0]", "a[1]", "b"].map(|path| path.parse().unwrap());
    let expected = "`a[1]`: a path that requires replacement leads nowhere; `b`: a path that requires replacement leads nowhere";
    assert_eq!(rules(replace_paths_valid(&prior, &planned, &paths)), expected);
}

#[test]
fn results() {
    let dynamic = |value: &str| Value::dynamic(Type::String, value.into());
    let any_of = |flags| attribute(Kind::Plain(Type::Dynamic), flags);
    let [strings, numbers] =
        [Type::list(Type::String), Type::set(Type::Number)].map(|ty| attribute(Kind::Plain(ty), "c"));
    let map = attribute(Kind::Plain(Type::map(Type::String)), "c");
    let prefixed = || Value::Unknown(Facts { prefix: Some("ab".into()), ..Facts::default() }.into());
    let broken = |rule: &str| format!("`a`: {rule}");
    let cases = [
        ("as planned", text("c"), a("x"), a("x"), "".into()),
        ("otherwise", text("c"), a("x"), a("y"), broken("the final value is not the planned one")),
        ("unknown becomes known", text("c"), a(UNKNOWN), a("y"), "".into()),
        ("unknown becomes null", text("c"), a(UNKNOWN), a(NULL), "".into()),
        ("refinement kept", text("c"), a(prefixed()), a("abc"), "".into()),
        (
            "refinement broken",
            text("c"),
            a(prefixed()),
            a("b"),
            broken("the final value is not what was said about the unknown one"),
        ),
        ("null becomes known", text("c"), a(NULL), a("x"), broken("was null, but now has a value")),
        ("known becomes null", text("c"), a("x"), a(NULL), broken("had a value, but is now null")),
        ("known becomes unknown", text("c"), a("x"), a(UNKNOWN), broken("was known, but is now unknown")),
        ("of another type", text("c"), a("x"), a(1), broken("expected a string but found a number")),
        ("destroyed", text("c"), NULL, NULL, "".into()),
        ("vanished", text("c"), a("x"), NULL, "was present, but is now absent".into()),
        ("appeared", text("c"), NULL, a("x"), "was absent, but is now present".into()),
        ("dynamic as planned", any_of("c"), a(dynamic("x")), a(dynamic("x")), "".into()),
        ("dynamic null promises nothing", any_of("c"), a(NULL), a(dynamic("x")), "".into()),
        (
            "dynamic of another type",
            any_of("c"),
            a(dynamic("x")),
            a(Value::dynamic(Type::Bool, true.into())),
            broken("the final value is of another type"),
        ),
        (
            "shorter list",
            strings.clone(),
            a(list(["x".into()])),
            a(list([])),
            "`a[0]`: the element has vanished".into(),
        ),
        (
            "longer list",
            strings.clone(),
            a(list([])),
            a(list(["x".into()])),
            "`a[0]`: the element has appeared".into(),
        ),
        ("unknown in a list", strings, a(list([UNKNOWN])), a(list(["x".into()])), "".into()),
        (
            "another key",
            map,
            a(Value::map([("k", UNKNOWN)])),
            a(Value::map([("l", Value::from("x"))])),
            "`a[\"k\"]`: the element has vanished; `a[\"l\"]`: the element has appeared".into(),
        ),
        (
            "set in another order",
            numbers.clone(),
            a(set([1.into(), 2.into()])),
            a(set([2.into(), 1.into()])),
            "".into(),
        ),
        (
            "unknown elements coincide",
            numbers.clone(),
            a(set([UNKNOWN, 1.into()])),
            a(set([1.into()])),
            "".into(),
        ),
        (
            "set without a planned element",
            numbers.clone(),
            a(set([1.into(), 2.into()])),
            a(set([1.into()])),
            broken("a planned element of the set has no counterpart"),
        ),
        (
            "larger set",
            numbers.clone(),
            a(set([UNKNOWN])),
            a(set([1.into(), 2.into()])),
            broken("the set has grown"),
        ),
        (
            "set with another element",
            numbers,
            a(set([1.into()])),
            a(set([1.into(), 2.into()])),
            "`a`: an element of the set was not planned; `a`: the set has grown".into(),
        ),
    ];
    for (name, a, planned, actual, expected) in cases {
        assert_eq!(rules(compatible(&schema(a), &planned, &actual)), expected, "{name}");
    }
}

#[test]
fn states_hold_neither_secrets_nor_unknowns() {
    let inner = attributes([("w", text("ow")), ("o", text("o"))]);
    let schema = schema(attribute(Kind::Nested(Nesting::List, inner), "o"));
    let element = |w: Value, o: Value| a(list([Value::object([("w", w), ("o", o)])]));
    assert_eq!(
        rules(write_only_null(&schema, &element("x".into(), NULL))),
        "`a[0].w`: a write-only attribute must be null"
    );
    assert_eq!(rules(write_only_null(&schema, &element(NULL, "x".into()))), "");
    assert_eq!(rules(wholly_known(&element(NULL, UNKNOWN))), "`a[0].o`: a state must be wholly known");
    assert_eq!(rules(wholly_known(&element(NULL, "x".into()))), "");
}

#[test]
fn proposals_of_plain_attributes() {
    let cases = [
        ("configured", "o", a("p"), a("x"), a("x")),
        ("not configured any more", "o", a("p"), a(NULL), a(NULL)),
        ("computed", "c", a("p"), a(NULL), a("p")),
        ("optional and computed, not configured", "oc", a("p"), a(NULL), a("p")),
        ("optional and computed, configured", "oc", a("p"), a("x"), a("x")),
        ("unknown", "oc", a("p"), a(UNKNOWN), a(UNKNOWN)),
        ("create", "c", NULL, a(NULL), a(NULL)),
        ("destroy", "c", a("p"), NULL, a("p")),
        ("nothing", "c", NULL, NULL, NULL),
    ];
    for (name, flags, prior, config, expected) in cases {
        assert_eq!(proposed_new(&schema(text(flags)), &prior, &config), expected, "{name}");
    }
}

#[test]
fn proposals_of_nested_attributes() {
    use Nesting::*;
    let [x, x_c, y, y_c] = [object("x", NULL), object("x", "c"), object("y", NULL), object("y", "c")];
    let map = |key: &str, value: &Value| Value::map([(key, value.clone())]);
    let cases = [
        ("computed inside", Single, x_c.clone(), y.clone(), y_c.clone()),
        ("not configured any more", Single, x_c.clone(), NULL, NULL),
        (
            "list by index",
            List,
            list([x_c.clone()]),
            list([y.clone(), x.clone()]),
            list([y_c.clone(), x.clone()]),
        ),
        ("shorter list", List, list([x_c.clone(), y_c.clone()]), list([]), list([])),
        ("map by key", Map, map("k", &x_c), map("k", &y), map("k", &y_c)),
        ("map with another key", Map, map("k", &x_c), map("l", &y), map("l", &y)),
        (
            "set by what is configured",
            Set,
            set([x_c.clone(), y_c.clone()]),
            set([y.clone()]),
            set([y_c.clone()]),
        ),
        ("set with another element", Set, set([x_c.clone()]), set([y.clone()]), set([y.clone()])),
        ("unknown", List, list([x_c.clone()]), UNKNOWN, UNKNOWN),
    ];
    for (name, nesting, prior, config, expected) in cases {
        for flags in ["o", "oc"] {
            let proposed = proposed_new(&nested(nesting, flags), &a(prior.clone()), &a(config.clone()));
            assert_eq!(proposed, a(expected.clone()), "{name}, {flags}");
        }
    }
    // Computed as a whole, and holding nothing that only a configuration can have set.
    let outputs = schema(attribute(Kind::Nested(Single, attributes([("c", text("c"))])), "oc"));
    let prior = a(Value::object([("c", Value::from("p"))]));
    assert_eq!(proposed_new(&outputs, &prior, &a(NULL)), prior);
}
