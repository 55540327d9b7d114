//! Random schemas, and values that fit them.
//!
//! Values come from small domains, so that what is configured often equals what was there before.

use std::collections::BTreeMap;
use tfplugin_rs::schema::{Attribute, Attributes, Kind, Nesting, Schema};
use tfplugin_rs::value::{Refinements, Type, Value};

/// A generator of random numbers (SplitMix64): a case is named by its seed alone.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

/// Who may set an attribute.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Input,
    /// An input among the elements of a set, where no default, nothing write-only and nothing replacing may be.
    InSet,
    Output,
}

/// A schema as the SDK derives them: inputs with and without defaults, outputs, nested objects of both.
pub(crate) fn schema(random: &mut Random) -> Schema {
    let mut attributes = attributes(random, "in", Role::Input, 0);
    attributes.extend(self::attributes(random, "out", Role::Output, 0));
    Schema { attributes, ..Schema::default() }
}

fn attributes(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Attributes {
    let count = 1 + random.below(4);
    (0..count).map(|index| (format!("{prefix}{index}"), attribute(random, prefix, role, depth))).collect()
}

fn attribute(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Attribute {
    let kind = kind(random, prefix, role, depth);
    let [required, has_default, write_only] = match (role, random.below(10)) {
        (Role::Input | Role::InSet, 0..3) => [true, false, false],
        (Role::Input, 3..6) => [false, true, false],
        (Role::Input, 6) => [false, false, true],
        _ => [false, false, false],
    };
    let mut attribute = Attribute {
        kind,
        description: String::new(),
        required,
        optional: !required && role != Role::Output,
        computed: has_default || role == Role::Output,
        sensitive: false,
        write_only,
        deprecated: None,
        default: None,
        replaces: role == Role::Input && !write_only && random.percent(20),
        identity: false,
        constraint: Default::default(),
    };
    attribute.default = has_default.then(|| stored(random, &attribute));
    attribute
}

fn kind(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Kind {
    if depth < 2 && random.percent(40) {
        let nesting = random.pick(&[Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map]);
        let role = if role == Role::Input && nesting == Nesting::Set { Role::InSet } else { role };
        return Kind::Nested(nesting, attributes(random, prefix, role, depth + 1));
    }
    // Elements of one collection must be of one type, so that any type is for the outermost objects only.
    if depth == 0 && random.percent(15) { Kind::Plain(Type::Dynamic) } else { Kind::Plain(ty(random, 0)) }
}

fn ty(random: &mut Random, depth: usize) -> Type {
    if depth < 2 && random.percent(40) {
        let inner = ty(random, depth + 1);
        return match random.below(5) {
            0 => Type::list(inner),
            1 => Type::set(inner),
            2 => Type::map(inner),
            3 => Type::object([("x", inner), ("y", Type::Bool)]),
            _ => Type::Tuple(vec![inner, Type::String]),
        };
    }
    random.pick(&[Type::String, Type::Number, Type::Bool])
}

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
        // Core says nothing about an unknown value of unknown type.
        let refined = attribute.ty() != Type::Dynamic && random.percent(50);
        return if refined { Value::Unknown(Refinements::not_null()) } else { Value::unknown() };
    }
    match &attribute.kind {
        Kind::Plain(ty) => plain(random, ty, unknown),
        Kind::Nested(nesting, nested) => objects(random, *nesting, |random| config(random, nested, unknown)),
    }
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
        (ty, Value::Unknown(_)) => plain(random, ty, 0),
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

/// `planned` with every unknown value replaced by what an apply may find out.
pub(crate) fn complete(random: &mut Random, attributes: &Attributes, planned: &Value) -> Value {
    let Some(values) = planned.entries() else { return planned.clone() };
    let mut known = |(name, value): (&String, &Value)| {
        let attribute = &attributes[name];
        let completed = match &attribute.kind {
            _ if value.is_unknown() => reached(random, attribute),
            Kind::Plain(ty) => resolve_plain(random, ty, value),
            Kind::Nested(_, nested) => each(value, &mut |object| complete(random, nested, object)),
        };
        (name.clone(), completed)
    };
    Value::Object(values.iter().map(&mut known).collect())
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
fn stored(random: &mut Random, attribute: &Attribute) -> Value {
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

const KEYS: [&str; 3] = ["k", "l", "m"];

/// A value of `ty` other than null, inside of which `unknown` percent are unknown.
fn plain(random: &mut Random, ty: &Type, unknown: usize) -> Value {
    let element = |random: &mut Random, ty: &Type| match random.below(100) {
        at if at < unknown => Value::unknown(),
        95.. => Value::Null,
        _ => plain(random, ty, unknown),
    };
    let count = random.below(3);
    match ty {
        Type::String => random.pick(&["a", "b", "c"]).into(),
        Type::Number => {
            let text = random.pick(&["0", "1", "0.1", "18446744073709551616"]);
            Value::Number(text.parse().expect("a number"))
        }
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
            let ty = self::ty(random, 0);
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
