//! Type constraints and their JSON.
//!
//! The JSON stands in schemas, next to dynamic values on the wire and in state files:
//! `"string"`, `["list","number"]`, `["object",{"name":"string"}]`.

use super::error::{Error, Problem, Result, Trail};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What values a place takes, in Terraform's type system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Text.
    String,
    /// A decimal number of any size.
    Number,
    /// True or false.
    Bool,
    /// Any type; each value brings its own.
    Dynamic,
    /// Elements of one type, in order.
    List(Box<Type>),
    /// Elements of one type, each once, in no order.
    Set(Box<Type>),
    /// Elements of one type by name.
    Map(Box<Type>),
    /// Attributes, each with its own type.
    Object(BTreeMap<String, Type>),
    /// Elements in order, each with its own type.
    Tuple(Vec<Type>),
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object of these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// The JSON of the type constraint.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    /// Reads the JSON of a type constraint.
    ///
    /// The list of optional attributes that an object may carry as its third element is accepted and dropped:
    /// it matters to variables of modules only. Nesting beyond [`MAX_DEPTH`](super::MAX_DEPTH) is an error.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let json = serde_json::from_slice(json).map_err(|_| problem("not JSON"))?;
        Self::parse(&json, &Trail::ROOT)
    }

    fn json(&self) -> Json {
        match self {
            Self::String => "string".into(),
            Self::Number => "number".into(),
            Self::Bool => "bool".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => Json::Array(vec!["list".into(), element.json()]),
            Self::Set(element) => Json::Array(vec!["set".into(), element.json()]),
            Self::Map(element) => Json::Array(vec!["map".into(), element.json()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.clone(), ty.json())).collect();
                Json::Array(vec!["object".into(), Json::Object(attributes)])
            }
            Self::Tuple(elements) => {
                let elements = elements.iter().map(Self::json).collect();
                Json::Array(vec!["tuple".into(), Json::Array(elements)])
            }
        }
    }

    fn parse(json: &Json, at: &Trail<'_>) -> Result<Self> {
        at.check_depth()?;
        let (kind, rest) = match json {
            Json::String(name) => return Self::primitive(name),
            Json::Array(parts) => parts.split_first().ok_or_else(|| problem("empty array"))?,
            _ => return Err(problem("neither a name nor an array")),
        };
        let inside = at.inside();
        match (kind.as_str(), rest) {
            (Some("list"), [element]) => Ok(Self::list(Self::parse(element, &inside)?)),
            (Some("set"), [element]) => Ok(Self::set(Self::parse(element, &inside)?)),
            (Some("map"), [element]) => Ok(Self::map(Self::parse(element, &inside)?)),
            (Some("object"), [Json::Object(attributes)] | [Json::Object(attributes), Json::Array(_)]) => {
                let attribute = |(name, ty): (&String, &Json)| Ok((name.clone(), Self::parse(ty, &inside)?));
                attributes.iter().map(attribute).collect::<Result<_>>().map(Self::Object)
            }
            (Some("tuple"), [Json::Array(elements)]) => {
                elements.iter().map(|ty| Self::parse(ty, &inside)).collect::<Result<_>>().map(Self::Tuple)
            }
            _ => Err(problem("unknown kind of collection")),
        }
    }

    fn primitive(name: &str) -> Result<Self> {
        match name {
            "string" => Ok(Self::String),
            "number" => Ok(Self::Number),
            "bool" => Ok(Self::Bool),
            "dynamic" => Ok(Self::Dynamic),
            _ => Err(problem("unknown name")),
        }
    }

    /// The kind of type with its article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a bool",
            Self::Dynamic => "a value with its type",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
        }
    }
}

fn problem(text: &'static str) -> Error {
    Trail::ROOT.error(Problem::Type(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_types() {
        let cases = [
            (r#""string""#, Type::String),
            (r#""dynamic""#, Type::Dynamic),
            (r#"["list","number"]"#, Type::list(Type::Number)),
            (r#"["set",["map","bool"]]"#, Type::set(Type::map(Type::Bool))),
            (r#"["object",{"a":"string","b":["list","bool"]}]"#, {
                Type::object([("a", Type::String), ("b", Type::list(Type::Bool))])
            }),
            (r#"["tuple",["string",["tuple",[]]]]"#, Type::Tuple(vec![Type::String, Type::Tuple(vec![])])),
        ];
        for (json, ty) in cases {
            assert_eq!(Type::from_json(json.as_bytes()), Ok(ty.clone()), "{json}");
            assert_eq!(String::from_utf8(ty.to_json()).unwrap(), json);
        }
    }

    #[test]
    fn optional_attributes_are_dropped() {
        let json = br#"["object",{"a":"string"},["a"]]"#;
        assert_eq!(Type::from_json(json), Ok(Type::object([("a", Type::String)])));
    }

    #[test]
    fn refused_json() {
        let cases = [
            "",
            "null",
            "1",
            "[]",
            r#""text""#,
            r#"["list"]"#,
            r#"["list","number","number"]"#,
            r#"["object",[]]"#,
            r#"["object",{"a":"nope"}]"#,
            r#"["tuple",{}]"#,
            r#"["tuple",["nope"]]"#,
            r#"[1,2]"#,
            r#""string" x"#,
        ];
        for json in cases {
            let error = Type::from_json(json.as_bytes()).unwrap_err();
            assert!(matches!(error.problem, Problem::Type(_)), "{json}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_stack_overflow() {
        let deep = |depth: usize| format!("{}\"bool\"{}", r#"["list","#.repeat(depth), "]".repeat(depth));
        assert!(Type::from_json(deep(super::super::MAX_DEPTH).as_bytes()).is_ok());
        assert!(Type::from_json(deep(super::super::MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(Type::from_json(deep(100_000).as_bytes()).is_err());
    }
}
