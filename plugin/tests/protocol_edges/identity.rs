//! The identity that goes with every answer about `edges_thing`.

use super::resources::{KIND, plan, planned, thing, ty};
use super::{Edges, message, problems, server, text, value};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::value::{Type, Value};
use tonic::Request;

/// The name in an identity, where there is one.
fn name(identity: Option<tf::ResourceIdentityData>) -> Option<Value> {
    let ty = Type::object([("name", Type::String)]);
    let identity = value(Some(identity?.identity_data.unwrap()), &ty);
    Some(identity.get(&"name".into()).unwrap().clone())
}

/// The name in the answer to a plan.
async fn of_plan(server: &Server<Edges>, prior: &Value, config: &Value) -> Option<Value> {
    name(plan(server, prior, config, b"", false).await.planned_identity)
}

/// The name in the answer to an apply.
async fn of_apply(server: &Server<Edges>, prior: &Value, planned: &Value) -> Option<Value> {
    let request = tf::apply_resource_change::Request {
        type_name: KIND.to_owned(),
        prior_state: message(prior, &ty()),
        planned_state: message(planned, &ty()),
        config: message(planned, &ty()),
        ..Default::default()
    };
    let answer = server.apply_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(problems(&answer.diagnostics), [""; 0]);
    name(answer.new_identity)
}

/// The name in the answer to a read.
async fn of_read(server: &Server<Edges>, state: &Value) -> Option<Value> {
    let current_state = message(state, &ty());
    let request =
        tf::read_resource::Request { type_name: KIND.to_owned(), current_state, ..Default::default() };
    let answer = server.read_resource(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(problems(&answer.diagnostics), [""; 0]);
    name(answer.new_identity)
}

#[tokio::test]
async fn it_is_that_of_the_object_from_plan_to_read_and_ends_with_it() {
    let server = server().await;
    let (none, a, b) = (Value::Null, Some(text("a")), Some(text("b")));
    let (unknown, state) = (planned("a", Value::unknown()), planned("a", 1.into()));
    let nameless = thing("a", &[("name", Value::unknown())]);

    assert_eq!(of_plan(&server, &none, &thing("a", &[])).await, a, "create");
    assert_eq!(of_apply(&server, &none, &unknown).await, a, "create");
    assert_eq!(of_read(&server, &state).await, a);
    assert_eq!(of_plan(&server, &state, &thing("a", &[])).await, a, "update");
    assert_eq!(of_apply(&server, &state, &unknown).await, a, "update");
    assert_eq!(of_plan(&server, &state, &thing("b", &[])).await, b, "replacement");

    assert_eq!(of_plan(&server, &none, &nameless).await, None, "it is not known yet");
    assert_eq!(of_plan(&server, &state, &nameless).await, None, "it may become another");

    assert_eq!(of_plan(&server, &state, &none).await, None, "destroy");
    assert_eq!(of_apply(&server, &state, &none).await, None, "destroy");
    assert_eq!(of_read(&server, &planned("gone", 1.into())).await, None, "it is gone");
}

#[tokio::test]
async fn it_comes_with_what_is_imported_or_moved() {
    let server = server().await;
    let request = tf::import_resource_state::Request {
        type_name: KIND.to_owned(),
        id: "a".to_owned(),
        ..Default::default()
    };
    let answer = server.import_resource_state(Request::new(request)).await.unwrap().into_inner();
    let [imported] = &answer.imported_resources[..] else { panic!("{answer:?}") };
    assert_eq!(name(imported.identity.clone()), Some(text("a")));

    let request = tf::move_resource_state::Request {
        source_type_name: "other_thing".to_owned(),
        source_state: Some(tf::RawState { json: br#"{"name": "b"}"#.to_vec(), ..Default::default() }),
        target_type_name: KIND.to_owned(),
        ..Default::default()
    };
    let answer = server.move_resource_state(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(name(answer.target_identity), Some(text("b")));
}
