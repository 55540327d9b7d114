//! States and identities that were stored by another version of the resource.

use super::{problems, server, text, value};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::value::{Type, Value};
use tonic::Request;

fn raw(json: &str) -> Option<tf::RawState> {
    Some(tf::RawState { json: json.as_bytes().to_vec(), ..Default::default() })
}

/// The identity, or what keeps it from being one.
async fn identity(kind: &str, version: i64, json: &str) -> Result<Value, Vec<String>> {
    let request = tf::upgrade_resource_identity::Request {
        type_name: kind.to_owned(),
        version,
        raw_identity: raw(json),
    };
    let answer = server().await.upgrade_resource_identity(Request::new(request)).await.unwrap().into_inner();
    let field = if kind == "edges_letter" { "address" } else { "name" };
    let ty = Type::object([(field, Type::String)]);
    match answer.upgraded_identity {
        Some(identity) => Ok(value(identity.identity_data, &ty)),
        None => Err(problems(&answer.diagnostics)),
    }
}

#[tokio::test]
async fn a_state_of_an_older_version_becomes_one_of_ours() {
    let server = server().await;
    let table = super::table().unwrap();
    let schema = table.resource_schemas().find(|(kind, _)| *kind == "edges_letter").unwrap().1;
    for (version, json, expected) in [
        (0, r#"{"name": "a", "id": "a", "gone": 1}"#, Ok(("a", "a"))),
        (1, r#"{"address": "b", "id": "b"}"#, Ok(("b", "b"))),
        (0, "no JSON", Err("The stored state is not JSON.")),
        (
            2,
            r#"{"address": "a", "id": "a"}"#,
            Err(
                "The stored state has version 2, and this provider knows none after 1. Use the version of the \
                 provider that stored it, or a newer one.",
            ),
        ),
    ] {
        let request = tf::upgrade_resource_state::Request {
            type_name: "edges_letter".to_owned(),
            version,
            raw_state: raw(json),
        };
        let answer = server.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
        let Ok((address, id)) = expected else {
            assert_eq!(problems(&answer.diagnostics), [expected.unwrap_err()]);
            continue;
        };
        let Value::Object(mut state) = schema.empty() else { panic!("not an object") };
        state.extend([("address".to_owned(), text(address)), ("id".to_owned(), text(id))]);
        assert_eq!(value(answer.upgraded_state, &schema.ty()), Value::Object(state), "{json}");
    }
}

#[tokio::test]
async fn an_identity_of_an_older_version_becomes_one_of_ours() {
    let letter = |address: &str| Value::object([("address", text(address))]);
    assert_eq!(identity("edges_letter", 0, r#"{"name": "a"}"#).await, Ok(letter("a")));
    assert_eq!(identity("edges_letter", 1, r#"{"address": "b"}"#).await, Ok(letter("b")));
    let thing = Value::object([("name", text("c"))]);
    assert_eq!(identity("edges_thing", -1, r#"{"name": "c"}"#).await, Ok(thing), "it stays as it is");
    for (version, json, expected) in [
        (0, "", "The stored identity is not JSON."),
        (
            1,
            r#"{"address": []}"#,
            "The stored identity does not fit the resource: expected a string but found an array at `address`.",
        ),
        (
            2,
            r#"{"address": "a"}"#,
            "The stored identity has version 2, and this provider knows none after 1. Use the version of the \
             provider that stored it, or a newer one.",
        ),
    ] {
        assert_eq!(identity("edges_letter", version, json).await, Err(vec![expected.to_owned()]));
    }
}

#[tokio::test]
async fn the_version_is_told_of_both() {
    let server = server().await;
    let asked = Request::new(tf::get_resource_identity_schemas::Request::default());
    let identities = server.get_resource_identity_schemas(asked).await.unwrap().into_inner().identity_schemas;
    let asked = Request::new(tf::get_provider_schema::Request::default());
    let schemas = server.get_provider_schema(asked).await.unwrap().into_inner().resource_schemas;
    for (kind, version) in [("edges_letter", 1), ("edges_thing", 0)] {
        assert_eq!((identities[kind].version, schemas[kind].version), (version, version), "{kind}");
    }
}
