//! Random structs: the attributes of what a resource is, of what is wanted of it and of what is learned about it, and
//! the JSON schemas that a macro would derive from such structs.

use crate::values;
use serde_json::{Map, Value as Json, json};
use tfplugin_rs::schema::{Attribute, Attributes, Kind, Nesting};
use tfplugin_rs::value::{Type, bridge};

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

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

/// Who may set an attribute.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// A part of the identity.
    Key,
    Input,
    /// An input among the elements of a set, where no default, nothing write-only and nothing replacing may be.
    InSet,
    Output,
}

/// The JSON schemas of an identity, a spec and a status.
pub(crate) fn structs(random: &mut Random) -> [Json; 3] {
    let structs = [("key", Role::Key), ("in", Role::Input), ("out", Role::Output)];
    structs.map(|(prefix, role)| object(&attributes(random, prefix, role, 0)))
}

fn attributes(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Attributes {
    let count = 1 + random.below(if role == Role::Key { 2 } else { 3 });
    (0..count).map(|index| (format!("{prefix}{index}"), attribute(random, prefix, role, depth))).collect()
}

fn attribute(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Attribute {
    let kind = kind(random, prefix, role, depth);
    let [required, has_default, write_only] = match (role, random.below(10)) {
        (Role::Key | Role::Input | Role::InSet, 0..3) => [true, false, false],
        (Role::Key | Role::Input, 3..6) => [false, true, false],
        (Role::Input, 6) => [false, false, true],
        _ => [false, false, false],
    };
    let mut attribute = Attribute {
        kind,
        description: String::new(),
        required,
        optional: !required && role != Role::Output,
        computed: has_default || role == Role::Output,
        sensitive: random.percent(20),
        write_only,
        deprecated: None,
        default: None,
        replaces: role == Role::Input && !write_only && random.percent(20),
        identity: false,
        constraint: Default::default(),
    };
    attribute.default = has_default.then(|| values::stored(random, &attribute));
    attribute
}

fn kind(random: &mut Random, prefix: &str, role: Role, depth: usize) -> Kind {
    if role == Role::Key {
        return Kind::Plain(random.pick(&PRIMITIVES));
    }
    if depth < 2 && random.percent(35) {
        let nesting = random.pick(&[Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map]);
        let role = if role == Role::Input && nesting == Nesting::Set { Role::InSet } else { role };
        return Kind::Nested(nesting, attributes(random, prefix, role, depth + 1));
    }
    // Elements of one collection must be of one type, so that any type is for the outermost objects only.
    if depth == 0 && random.percent(15) {
        Kind::Plain(Type::Dynamic)
    } else {
        Kind::Plain(ty(random, 0, false))
    }
}

const PRIMITIVES: [Type; 3] = [Type::String, Type::Number, Type::Bool];

/// A type that a field may have, or that a value may have where `any` type may be.
pub(crate) fn ty(random: &mut Random, depth: usize, any: bool) -> Type {
    if depth == 2 || random.percent(60) {
        return random.pick(&PRIMITIVES);
    }
    let inner = ty(random, depth + 1, any);
    match random.below(if any { 5 } else { 3 }) {
        0 => Type::list(inner),
        1 => Type::set(inner),
        2 => Type::map(inner),
        3 => Type::object([("x", inner), ("y", Type::Bool)]),
        _ => Type::Tuple(vec![inner, Type::String]),
    }
}

/// The JSON schema of a struct with these fields.
fn object(attributes: &Attributes) -> Json {
    let properties: Map<_, _> =
        attributes.iter().map(|(name, attribute)| (name.clone(), property(attribute))).collect();
    let required: Vec<_> =
        attributes.iter().filter(|(_, attribute)| attribute.required).map(|(name, _)| name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn property(attribute: &Attribute) -> Json {
    let mut schema = match &attribute.kind {
        Kind::Plain(ty) => plain(ty),
        Kind::Nested(Nesting::Single, nested) => object(nested),
        Kind::Nested(Nesting::List, nested) => json!({"type": "array", "items": object(nested)}),
        Kind::Nested(Nesting::Set, nested) => {
            json!({"type": "array", "items": object(nested), "uniqueItems": true})
        }
        Kind::Nested(Nesting::Map, nested) => {
            json!({"type": "object", "additionalProperties": object(nested)})
        }
    };
    for (keyword, is_set) in [
        ("writeOnly", attribute.write_only),
        ("x-sensitive", attribute.sensitive),
        ("x-replace", attribute.replaces),
    ] {
        if is_set {
            schema[keyword] = true.into();
        }
    }
    if let Some(default) = &attribute.default {
        schema["default"] = bridge::to_json(default, &attribute.ty()).expect("a default is known");
    }
    schema
}

fn plain(ty: &Type) -> Json {
    // Elements may be null, as those of a `Vec<Option<_>>` may.
    let element = |ty: &Type| {
        let mut schema = plain(ty);
        schema["type"] = json!([schema["type"], "null"]);
        schema
    };
    match ty {
        Type::String => json!({"type": "string"}),
        Type::Number => json!({"type": "number"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::List(inner) => json!({"type": "array", "items": element(inner)}),
        Type::Set(inner) => json!({"type": "array", "items": element(inner), "uniqueItems": true}),
        Type::Map(inner) => json!({"type": "object", "additionalProperties": element(inner)}),
        Type::Dynamic | Type::Object(_) | Type::Tuple(_) => json!({}),
    }
}
