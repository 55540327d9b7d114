//! What the provider offers, as protocol messages.

use crate::function::DynFunction;
use crate::provider::{Provider, Table};
use crate::schema::{Attribute, wire};
use std::collections::BTreeMap;
use tfplugin_proto::tfplugin6;

pub(super) fn capabilities() -> tfplugin6::ServerCapabilities {
    tfplugin6::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}

pub(super) fn provider_schema<P: Provider>(table: &Table<P>) -> tfplugin6::get_provider_schema::Response {
    tfplugin6::get_provider_schema::Response {
        provider: Some(table.schema().into()),
        resource_schemas: table
            .resource_schemas()
            .map(|(kind, schema)| (kind.to_owned(), schema.into()))
            .collect(),
        data_source_schemas: table
            .data_source_schemas()
            .map(|(kind, schema)| (kind.to_owned(), schema.into()))
            .collect(),
        ephemeral_resource_schemas: table
            .ephemeral_schemas()
            .map(|(kind, schema)| (kind.to_owned(), schema.into()))
            .collect(),
        functions: functions(table),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

pub(super) fn metadata<P: Provider>(table: &Table<P>) -> tfplugin6::get_metadata::Response {
    use tfplugin6::get_metadata::{
        DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ResourceMetadata,
    };
    tfplugin6::get_metadata::Response {
        server_capabilities: Some(capabilities()),
        resources: table
            .resource_schemas()
            .map(|(kind, _)| ResourceMetadata { type_name: kind.to_owned() })
            .collect(),
        data_sources: table
            .data_source_schemas()
            .map(|(kind, _)| DataSourceMetadata { type_name: kind.to_owned() })
            .collect(),
        ephemeral_resources: table
            .ephemeral_schemas()
            .map(|(kind, _)| EphemeralMetadata { type_name: kind.to_owned() })
            .collect(),
        functions: table
            .functions()
            .map(|function| FunctionMetadata { name: function.name().to_owned() })
            .collect(),
        ..Default::default()
    }
}

pub(super) fn identity_schemas<P: Provider>(
    table: &Table<P>,
) -> BTreeMap<String, tfplugin6::ResourceIdentitySchema> {
    let identities = table
        .resource_schemas()
        .filter_map(|(kind, schema)| Some((kind.to_owned(), wire::identity(schema)?)));
    identities.collect()
}

pub(super) fn functions<P: Provider>(table: &Table<P>) -> BTreeMap<String, tfplugin6::Function> {
    table.functions().map(|function| (function.name().to_owned(), self::function(function))).collect()
}

fn function(function: &dyn DynFunction) -> tfplugin6::Function {
    tfplugin6::Function {
        parameters: function
            .parameters()
            .iter()
            .map(|(name, attribute)| parameter(name, attribute))
            .collect(),
        variadic_parameter: None,
        r#return: Some(tfplugin6::function::Return { r#type: function.output().to_json() }),
        summary: function.summary().to_owned(),
        description: function.description().to_owned(),
        description_kind: tfplugin6::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(name: &str, attribute: &Attribute) -> tfplugin6::function::Parameter {
    tfplugin6::function::Parameter {
        name: name.to_owned(),
        r#type: attribute.ty().to_json(),
        allow_null_value: !attribute.required,
        allow_unknown_values: false,
        description: attribute.description.clone(),
        description_kind: tfplugin6::StringKind::Markdown.into(),
    }
}
