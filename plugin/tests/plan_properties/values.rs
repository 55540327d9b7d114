//! Random values: what a configuration says, what it turns out to be, and what a state may have.
//!
//! Values come from small domains, so that what is configured often equals what was there before.

use crate::random::{self, Random};
use std::collections::BTreeMap;
use tfplugin_rs::schema::{Attribute, Attributes, Kind, Nesting};
use tfplugin_rs::value::{Facts, Type, Value};

/// Durations, which the `timeouts` of every resource take.
const TEXTS: [&str; 3] = ["1m", "1m1s", "2m"];
const PREFIXES: [&str; 3] = ["1", "1m", "2"];
/// The last has more digits than a float; its neighbours are rounded to the same one.
const NUMBERS: [&str; 4] = ["0", "1", "0.1", "18446744073709551616"];
const KEYS: [&str; 3] = ["k", "l", "m"];

/// A configuration, of which `unknown` percent are unknown. It is what core lets through: required attributes are
/// set, outputs are not, and elements of nested attributes are not null.
pub(crate) fn config(random: &mut Random, attributes: &Attributes, unknown: usize) -> Value {
    let set =
        |(name, attribute): (&String, &Attribute)| (name.clone(), configured(random, attribute, unknown));
    Value::Object(attributes.iter().map(set).collect())
}

fn configured(random: &mut Random, attribute: &Attribute, unknown: usize) -> Value {
    if attribute.is_output() || (!attribute.required && random.percent(30)) {
        return Value::Null;
    }
    if random.percent(unknown) {
        return self::unknown(random, &attribute.ty());
    }
    match &attribute.kind {
        Kind::Plain(ty) => plain(random, ty, unknown),
        Kind::Nested(nesting, nested) => objects(random, *nesting, |random| config(random, nested, unknown)),
    }
}

/// An unknown value of type `ty`, of which often something is known; `1`, `"1m"` and two elements are always allowed
/// by some of it.
fn unknown(random: &mut Random, ty: &Type) -> Value {
    // Core says nothing about an unknown value of unknown type.
    if *ty == Type::Dynamic || random.percent(30) {
        return Value::unknown();
    }
    let mut facts = Facts { not_null: random.percent(50), ..Facts::default() };
    let mut bound = |choices: &[(&str, bool)]| {
        let (number, included) = random.pick(choices);
        random.percent(50).then(|| (number.parse().expect("a number"), included))
    };
    match ty {
        Type::String => facts.prefix = random.percent(70).then(|| random.pick(&PREFIXES).to_owned()),
        Type::Number => {
            facts.lower = bound(&[("0", true), ("0", false), ("0.1", true), ("0.1", false)]);
            facts.upper = bound(&[("1", true), (NUMBERS[3], true), (NUMBERS[3], false)]);
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            let least = random.below(3);
            let most = least + random.below(3 - least);
            facts.min_length = random.percent(50).then_some(least as u64);
            facts.max_length = random.percent(50).then_some(most as u64);
        }
        _ => {}
    }
    Value::Unknown(facts.into())
}

/// `config` with every unknown value replaced by a known one that it may turn out to be.
pub(crate) fn resolve(random: &mut Random, attributes: &Attributes, config: &Value) -> Value {
    let Some(values) = config.entries() else { return config.clone() };
    let mut known = |(name, value): (&String, &Value)| {
        let attribute = &attributes[name];
        let resolved = match (&attribute.kind, value) {
            (_, Value::Unknown(refinements)) => loop {
                let value = configured(random, attribute, 0);
                if refinements.allow(value.plain()) {
                    break value;
                }
            },
            (Kind::Plain(ty), value) => resolve_plain(random, ty, value),
            (Kind::Nested(_, nested), value) => each(value, &mut |object| resolve(random, nested, object)),
        };
        (name.clone(), resolved)
    };
    Value::Object(values.iter().map(&mut known).collect())
}

fn resolve_plain(random: &mut Random, ty: &Type, value: &Value) -> Value {
    match (ty, value) {
        (ty, Value::Unknown(refinements)) => loop {
            let value = plain(random, ty, 0);
            if refinements.allow(value.plain()) {
                break value;
            }
        },
        (Type::List(ty) | Type::Set(ty) | Type::Map(ty), value) => {
            each(value, &mut |element| resolve_plain(random, ty, element))
        }
        (Type::Object(types), Value::Object(values)) => {
            let types = types.values();
            let pairs = values.iter().zip(types);
            Value::Object(
                pairs.map(|((name, value), ty)| (name.clone(), resolve_plain(random, ty, value))).collect(),
            )
        }
        (Type::Tuple(types), Value::Tuple(values)) => Value::Tuple(
            values.iter().zip(types).map(|(value, ty)| resolve_plain(random, ty, value)).collect(),
        ),
        (Type::Dynamic, Value::Dynamic(inner)) => {
            Value::dynamic(inner.0.clone(), resolve_plain(random, &inner.0, &inner.1))
        }
        (_, known) => known.clone(),
    }
}

/// Any state: what an import, another version or another hand may have left.
pub(crate) fn state(random: &mut Random, attributes: &Attributes) -> Value {
    Value::Object(
        attributes.iter().map(|(name, attribute)| (name.clone(), reached(random, attribute))).collect(),
    )
}

/// A value that a state may have for the attribute, null included.
pub(crate) fn reached(random: &mut Random, attribute: &Attribute) -> Value {
    if attribute.write_only || random.percent(20) { Value::Null } else { stored(random, attribute) }
}

/// A value that a state may have for the attribute.
pub(crate) fn stored(random: &mut Random, attribute: &Attribute) -> Value {
    match &attribute.kind {
        Kind::Plain(ty) => plain(random, ty, 0),
        Kind::Nested(nesting, nested) => objects(random, *nesting, |random| state(random, nested)),
    }
}

fn objects(random: &mut Random, nesting: Nesting, mut object: impl FnMut(&mut Random) -> Value) -> Value {
    let count = random.below(3);
    match nesting {
        Nesting::Single => object(random),
        Nesting::List => Value::List((0..count).map(|_| object(random)).collect()),
        Nesting::Set => distinct((0..count).map(|_| object(random)).collect()),
        Nesting::Map => {
            Value::Map((0..count).map(|_| (random.pick(&KEYS).to_owned(), object(random))).collect())
        }
    }
}

/// A value of `ty` other than null, inside of which `unknown` percent are unknown.
fn plain(random: &mut Random, ty: &Type, unknown: usize) -> Value {
    let element = |random: &mut Random, ty: &Type| match random.below(100) {
        at if at < unknown => self::unknown(random, ty),
        95.. => Value::Null,
        _ => plain(random, ty, unknown),
    };
    let count = random.below(3);
    match ty {
        Type::String => random.pick(&TEXTS).into(),
        Type::Number => Value::Number(random.pick(&NUMBERS).parse().expect("a number")),
        Type::Bool => random.percent(50).into(),
        Type::List(ty) => Value::List((0..count).map(|_| element(random, ty)).collect()),
        Type::Set(ty) => distinct((0..count).map(|_| element(random, ty)).collect()),
        Type::Map(ty) => {
            Value::Map((0..count).map(|_| (random.pick(&KEYS).to_owned(), element(random, ty))).collect())
        }
        Type::Object(types) => {
            Value::Object(types.iter().map(|(name, ty)| (name.clone(), element(random, ty))).collect())
        }
        Type::Tuple(types) => Value::Tuple(types.iter().map(|ty| element(random, ty)).collect()),
        Type::Dynamic => {
            let ty = random::ty(random, 0, true);
            let value = plain(random, &ty, unknown);
            Value::dynamic(ty, value)
        }
    }
}

/// A set as core sends it, without duplicates.
fn distinct(elements: Vec<Value>) -> Value {
    let set = Value::Set(elements);
    Value::Set(set.distinct().into_iter().flatten().cloned().collect())
}

/// The value with `change` done to each of its elements; an object is its own element.
fn each(value: &Value, change: &mut dyn FnMut(&Value) -> Value) -> Value {
    match value {
        Value::Object(_) => change(value),
        Value::List(elements) => Value::List(elements.iter().map(change).collect()),
        Value::Set(elements) => distinct(elements.iter().map(change).collect()),
        Value::Map(elements) => {
            let changed: BTreeMap<_, _> =
                elements.iter().map(|(key, value)| (key.clone(), change(value))).collect();
            Value::Map(changed)
        }
        other => other.clone(),
    }
}
