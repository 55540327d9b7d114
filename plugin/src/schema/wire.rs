//! Schemas as protocol messages.

use super::{Attribute, Attributes, Kind, Nesting, Schema};
use tfplugin_proto::tfplugin6;
use tfplugin_proto::tfplugin6::schema::{self, object};

impl From<&Schema> for tfplugin6::Schema {
    fn from(schema: &Schema) -> Self {
        let block = schema::Block {
            version: schema.version,
            attributes: attributes(&schema.attributes),
            description: schema.description.clone(),
            description_kind: tfplugin6::StringKind::Markdown.into(),
            deprecated: schema.deprecated.is_some(),
            deprecation_message: schema.deprecated.clone().unwrap_or_default(),
            ..Default::default()
        };
        Self { version: schema.version, block: Some(block) }
    }
}

/// The identity schema of a resource: every attribute that is part of its identity, where it has any. Its version is
/// that of the resource.
pub fn identity(schema: &Schema) -> Option<tfplugin6::ResourceIdentitySchema> {
    let identity_attributes: Vec<_> = schema
        .attributes
        .iter()
        .filter(|(_, attribute)| attribute.identity)
        .map(|(name, attribute)| tfplugin6::resource_identity_schema::IdentityAttribute {
            name: name.clone(),
            r#type: attribute.ty().to_json(),
            required_for_import: attribute.required,
            optional_for_import: !attribute.required,
            description: attribute.description.clone(),
        })
        .collect();
    (!identity_attributes.is_empty())
        .then_some(tfplugin6::ResourceIdentitySchema { version: schema.version, identity_attributes })
}

fn attributes(attributes: &Attributes) -> Vec<schema::Attribute> {
    attributes.iter().map(|(name, attribute)| self::attribute(name, attribute)).collect()
}

fn attribute(name: &str, attribute: &Attribute) -> schema::Attribute {
    let (ty, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (ty.to_json(), None),
        Kind::Nested(nesting, nested) => (Vec::new(), Some(nested_type(*nesting, nested))),
    };
    schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        description_kind: tfplugin6::StringKind::Markdown.into(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn nested_type(nesting: Nesting, nested: &Attributes) -> schema::Object {
    let nesting = match nesting {
        Nesting::Single => object::NestingMode::Single,
        Nesting::List => object::NestingMode::List,
        Nesting::Set => object::NestingMode::Set,
        Nesting::Map => object::NestingMode::Map,
    };
    schema::Object { attributes: attributes(nested), nesting: nesting.into(), ..Default::default() }
}
