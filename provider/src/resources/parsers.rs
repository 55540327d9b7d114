//! What users write, and what states of theirs say, through every resource and function: import ids, stored states and
//! configurations. Whatever they are, they are answered.

use gitops_acceptance_tests::hostile::{INPUTS, texts, values};
use serde_json::{Value as Json, json};
use tfplugin_rs::value::{Type, json::decode_lenient};

/// A value of type `ty`, with something in each part of it.
fn sample(ty: &Type) -> Json {
    match ty {
        Type::String => json!("main:shop/app"),
        Type::Number => json!(3),
        Type::Bool => json!(true),
        Type::Dynamic => json!({"type": ["object", {"a": "string"}], "value": {"a": "b"}}),
        Type::List(element) | Type::Set(element) => json!([sample(element)]),
        Type::Map(element) => json!({"acme": sample(element)}),
        Type::Object(fields) => fields.iter().map(|(name, ty)| (name.clone(), sample(ty))).collect(),
        Type::Tuple(elements) => elements.iter().map(sample).collect(),
    }
}

#[test]
fn no_import_id_is_too_strange() {
    let good =
        ["main:acme", "shop/app", "main:shop/app:apps/app.yaml#secrets.data", "kind/dev", "shop/app/AgBx"];
    let table = crate::table().unwrap();
    let resources: Vec<_> = table.resources().collect();
    texts(INPUTS, &good, |id| resources.iter().for_each(|resource| drop(resource.import_by_id(id))));
}

#[test]
fn no_state_and_no_configuration_is_too_strange() {
    let table = crate::table().unwrap();
    // All of them have one reader, which the schema leads.
    let each = INPUTS.div_ceil(table.resources().count() as u32);
    for resource in table.resources() {
        let version = resource.schema().version;
        values(each, &[sample(resource.ty())], |state| {
            // A configuration has the shape of a state, but for what is only an output.
            let Ok(config) = resource.upgrade(version, state.to_string().as_bytes()) else { return };
            drop(resource.validate(&config));
        });
        texts(each, &[&sample(resource.ty()).to_string()], |state| {
            drop(resource.upgrade(version, state.as_bytes()))
        });
    }
}

#[test]
fn no_argument_is_too_strange() {
    let table = crate::table().unwrap();
    for function in table.functions() {
        let types: Vec<_> = function.parameters().iter().map(|(_, attribute)| attribute.ty()).collect();
        let mut good = vec![types.iter().map(sample).collect::<Json>()];
        good.push(json!(["v1.2.3-rc.1+b", "minor"]));
        good.push(json!(["registry.example:5000/team/app:1.2@sha256:00"]));
        values(INPUTS, &good, |arguments| {
            let Some(given) = arguments.as_array().filter(|given| given.len() == types.len()) else { return };
            let read = |(json, ty): (&Json, &Type)| decode_lenient(json.to_string().as_bytes(), ty).ok();
            let Some(read) = given.iter().zip(&types).map(read).collect() else { return };
            drop(function.call(read));
        });
    }
}
