//! Structs that cannot be a Terraform object, and what their author is told.

use schemars::JsonSchema;
use std::collections::BTreeMap;
use tfplugin_rs::Fixed;
use tfplugin_rs::schema::derive::{self, Role};

fn refused<T: JsonSchema>() -> String {
    derive::attributes::<T>(Role::Input).err().map_or_else(|| "taken".to_owned(), |error| error.to_string())
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Inner {
    name: String,
}

#[derive(JsonSchema)]
#[schemars(extend("writeOnly" = true))]
#[expect(dead_code, reason = "only its schema counts")]
struct Secret {
    name: String,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
enum Data {
    Number(u8),
    Text(String),
}

/// A type of its own with a schema of its own.
macro_rules! with_schema {
    ($($name:ident: $schema:tt)*) => {
        $(struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        })*
    };
}

with_schema! {
    Hidden: {"type": "string", "writeOnly": true}
    Sensitive: {"type": "string", "x-sensitive": true}
    Deprecated: {"type": "string", "deprecated": true}
    Filled: {"type": "string", "default": "x"}
    Pattern: {"type": "string", "pattern": "^a"}
    Several: {"type": ["string", "number"]}
    Nothing: {"type": "null"}
    Mistyped: {"type": "string", "default": 7}
    Strange: {"type": "blob"}
}

/// One struct of one field for each case, by name and with the error.
macro_rules! cases {
    ($($name:ident: $ty:ty)*) => {{
        $(#[derive(JsonSchema)]
        #[allow(non_camel_case_types, dead_code, reason = "only its schema counts")]
        struct $name {
            field: $ty,
        })*
        [$(format!("{}: {}", stringify!($name), refused::<$name>())),*]
    }};
}

#[test]
fn fields() {
    let told = cases! {
        taken: String
        pattern: Pattern
        several_types: Several
        no_type: Nothing
        unknown_type: Strange
        enum_with_data: Data
        default_of_another_type: Mistyped
        pair: (String, u8)
        elements_of_any_type: Vec<serde_json::Value>
        secret_elements: Vec<Hidden>
        secret_values: BTreeMap<String, Hidden>
        secret_objects: Vec<Secret>
        sensitive_elements: Vec<Sensitive>
        fixed_elements: Vec<Fixed<String>>
        fixed_objects: BTreeMap<String, Fixed<Inner>>
        deprecated_elements: Vec<Deprecated>
        filled_elements: Vec<Filled>
        objects_in_lists_in_lists: Vec<Vec<Inner>>
        secret_in_lists_in_lists: Vec<Vec<Hidden>>
        secret_collection: Fixed<Vec<String>>
    };
    insta::assert_snapshot!(told.join("\n"));
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Named {
    #[schemars(rename = "camelCase")]
    field: String,
}

#[test]
fn names_and_things_that_are_no_structs() {
    let told = [refused::<Named>(), refused::<Vec<Named>>(), refused::<BTreeMap<String, Named>>()];
    insta::assert_snapshot!(told.join("\n"));
}
