//! What a provider tells Terraform about its objects.
//!
//! A [`Schema`] is plain data. It is derived from Rust structs ([`derive`]), checked against the rules that
//! Terraform core enforces when it loads a schema ([`check`]), and encoded for the wire ([`wire`]). Nothing here
//! does I/O, and nothing here panics: a struct that cannot be a Terraform object is an error that names the path.

pub mod check;
pub mod constraint;
pub mod derive;
pub mod wire;

use crate::value::{Type, Value};
use constraint::Constraint;
use std::collections::BTreeMap;

/// Attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// The schema of one resource, data source, ephemeral resource or provider configuration.
#[derive(Clone, Default)]
pub struct Schema {
    /// Version of the state that this schema describes; a resource raises it together with an upgrade.
    pub version: i64,
    /// What the object is, in Markdown.
    pub description: String,
    /// Why not to use it any more, where it is deprecated.
    pub deprecated: Option<String>,
    /// The attributes of the object.
    pub attributes: Attributes,
}

/// One attribute.
#[derive(Clone)]
pub struct Attribute {
    /// What kind of value it takes.
    pub kind: Kind,
    /// What it is for, in Markdown.
    pub description: String,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// The CLI hides the value in its output.
    pub sensitive: bool,
    /// The value is in the configuration only, never in a plan or a state.
    pub write_only: bool,
    /// Why not to use it any more, where it is deprecated.
    pub deprecated: Option<String>,
    /// The value where the configuration has none. Such an attribute is optional and computed.
    pub default: Option<Value>,
    /// A change of it replaces the object.
    pub replaces: bool,
    /// It is part of the resource identity.
    pub identity: bool,
    /// What the type cannot say about the value.
    pub constraint: Constraint,
}

/// The value an attribute takes.
#[derive(Clone)]
pub enum Kind {
    /// A value of a type, without attributes of its own.
    Plain(Type),
    /// One or many objects with attributes of their own.
    Nested(Nesting, Attributes),
}

/// How many objects a nested attribute holds, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// Objects in an order.
    List,
    /// Objects without an order.
    Set,
    /// Objects by key.
    Map,
}

impl Schema {
    /// The type of a whole object of this schema.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }

    /// The type of the identity of an object of this schema.
    pub fn identity_ty(&self) -> Type {
        let identity = self.attributes.iter().filter(|(_, attribute)| attribute.identity);
        Type::Object(identity.map(|(name, attribute)| (name.clone(), attribute.ty())).collect())
    }

    /// An object of this schema with every attribute null.
    pub fn empty(&self) -> Value {
        Value::Object(self.attributes.keys().map(|name| (name.clone(), Value::Null)).collect())
    }
}

impl Attribute {
    /// The type of the attribute's value.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => {
                let object = object_type(attributes);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::List(Box::new(object)),
                    Nesting::Set => Type::Set(Box::new(object)),
                    Nesting::Map => Type::Map(Box::new(object)),
                }
            }
        }
    }

    /// Whether the provider alone sets it.
    pub fn is_output(&self) -> bool {
        self.computed && !self.optional
    }

    /// The attributes of the objects it holds, where it holds any.
    pub fn nested(&self) -> Option<(Nesting, &Attributes)> {
        match &self.kind {
            Kind::Nested(nesting, attributes) => Some((*nesting, attributes)),
            Kind::Plain(_) => None,
        }
    }
}

fn object_type(attributes: &Attributes) -> Type {
    Type::Object(attributes.iter().map(|(name, attribute)| (name.clone(), attribute.ty())).collect())
}
