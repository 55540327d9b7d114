//! What becomes of `edges_thing`.

use super::{Edges, message, problems, server, text, value};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::value::{Type, Value};
use tonic::Request;

pub(crate) const KIND: &str = "edges_thing";

pub(crate) fn ty() -> Type {
    let table = super::table().unwrap();
    table.resource_schemas().find(|(kind, _)| *kind == KIND).unwrap().1.ty()
}

/// A thing as a configuration has it, with `fields` beside its name.
pub(crate) fn thing(name: &str, fields: &[(&str, Value)]) -> Value {
    let Type::Object(types) = ty() else { panic!("not an object") };
    let field = |field: &String| match (field.as_str(), fields.iter().find(|(name, _)| name == field)) {
        (_, Some((_, value))) => value.clone(),
        ("name", None) => text(name),
        _ => Value::Null,
    };
    Value::Object(types.keys().map(|name| (name.clone(), field(name))).collect())
}

pub(crate) fn planned(name: &str, count: Value) -> Value {
    thing(name, &[("id", text(name)), ("count_of_applies", count)])
}

async fn apply(server: &Server<Edges>, prior: &Value, planned: &Value, private: &[u8]) -> (Value, Vec<u8>) {
    let (ty, config) = (ty(), if planned.is_null() { Value::Null } else { planned.clone() });
    let request = tf::apply_resource_change::Request {
        type_name: KIND.to_owned(),
        prior_state: message(prior, &ty),
        planned_state: message(planned, &ty),
        config: message(&config, &ty),
        planned_private: private.to_owned(),
        ..Default::default()
    };
    let answer = server.apply_resource_change(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(problems(&answer.diagnostics), [""; 0]);
    (value(answer.new_state, &ty), answer.private)
}

pub(crate) async fn plan(
    server: &Server<Edges>,
    prior: &Value,
    config: &Value,
    prior_private: &[u8],
    deferral_allowed: bool,
) -> tf::plan_resource_change::Response {
    let ty = ty();
    let capabilities = tf::ClientCapabilities { deferral_allowed, ..Default::default() };
    let request = tf::plan_resource_change::Request {
        type_name: KIND.to_owned(),
        prior_state: message(prior, &ty),
        proposed_new_state: message(config, &ty),
        config: message(config, &ty),
        prior_private: prior_private.to_owned(),
        client_capabilities: Some(capabilities),
        ..Default::default()
    };
    server.plan_resource_change(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn what_is_remembered_goes_from_plan_to_apply_to_read_and_ends_with_the_object() {
    let server = server().await;
    let first = planned("a", Value::unknown());
    let (state, private) = apply(&server, &Value::Null, &first, b"").await;
    assert_eq!(state, planned("a", 1.into()));
    let read = |state: &Value, private: &[u8]| {
        let (current_state, private) = (message(state, &ty()), private.to_owned());
        Request::new(tf::read_resource::Request {
            type_name: KIND.to_owned(),
            current_state,
            private,
            ..Default::default()
        })
    };
    let found = server.read_resource(read(&state, &private)).await.unwrap().into_inner();
    assert_eq!((value(found.new_state, &ty()), &found.private), (state.clone(), &private));

    let planned_again = plan(&server, &state, &thing("a", &[]), &found.private, false).await;
    assert_eq!(problems(&planned_again.diagnostics), [""; 0]);
    let update = planned("a", Value::unknown());
    let (state, private) = apply(&server, &state, &update, &planned_again.planned_private).await;
    assert_eq!(state, planned("a", 2.into()), "the apply before was remembered");

    // A replacement begins anew: what comes with a null prior state is of the object before.
    let anew = plan(&server, &Value::Null, &thing("a", &[]), &private, false).await;
    let (state, _) = apply(&server, &Value::Null, &first, &anew.planned_private).await;
    assert_eq!(state, planned("a", 1.into()), "a new object has no past");

    let gone = planned("gone", 1.into());
    let found = server.read_resource(read(&gone, &private)).await.unwrap().into_inner();
    assert_eq!((value(found.new_state, &ty()), found.private), (Value::Null, vec![]));
    let (deleted, private) = apply(&server, &state, &Value::Null, &private).await;
    assert_eq!((deleted, private), (Value::Null, vec![]));
}

#[tokio::test]
async fn what_cannot_be_planned_yet_waits_where_the_cli_can_wait() {
    let server = server().await;
    let config = thing("later", &[]);
    let allowed = plan(&server, &Value::Null, &config, b"", true).await;
    let reason = allowed.deferred.map(|deferred| deferred.reason());
    assert_eq!((reason, allowed.diagnostics), (Some(tf::deferred::Reason::AbsentPrereq), vec![]));
    let refused = plan(&server, &Value::Null, &config, b"", false).await;
    assert_eq!(
        problems(&refused.diagnostics),
        [
            "Something that it needs does not exist yet, and this version of the CLI cannot leave it for a later run."
        ]
    );
}

#[tokio::test]
async fn a_rule_that_no_schema_tells_is_the_structs_own() {
    let server = server().await;
    let home = |address: Value| thing("a", &[("home", Value::object([("address", address)]))]);
    for (address, expected) in [
        (text("127.0.0.1"), vec![]),
        (text("nowhere"), vec!["home: It has the right type, but is none that the provider takes."]),
        (Value::unknown(), vec![]),
    ] {
        let config = message(&home(address), &ty());
        let request = tf::validate_resource_config::Request {
            type_name: KIND.to_owned(),
            config,
            ..Default::default()
        };
        let answer = server.validate_resource_config(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(problems(&answer.diagnostics), expected);
    }
    // No placeholder is an address, so that nothing is foreseen.
    let config = home(Value::unknown());
    let created = plan(&server, &Value::Null, &config, b"", false).await;
    assert_eq!(problems(&created.diagnostics), [""; 0]);
    let fields = [("home", Value::object([("address", Value::unknown())])), ("id", Value::unknown())];
    let expected = thing("a", &[&fields[..], &[("count_of_applies", Value::unknown())]].concat());
    assert_eq!(value(created.planned_state, &ty()), expected);
    let updated = plan(&server, &planned("a", 1.into()), &config, b"", false).await;
    let id = value(updated.planned_state, &ty()).get(&"id".into()).cloned();
    assert_eq!((problems(&updated.diagnostics), id), (vec![], Some(text("a"))));
}

#[tokio::test]
async fn a_thing_that_is_renamed_keeps_what_was_remembered_of_it() {
    let server = server().await;
    let (_, private) = apply(&server, &Value::Null, &planned("a", Value::unknown()), b"").await;
    let moved = |source: &str| {
        Request::new(tf::move_resource_state::Request {
            source_provider_address: "registry.terraform.io/example/edges".to_owned(),
            source_type_name: source.to_owned(),
            source_state: Some(tf::RawState { json: br#"{"name": "a"}"#.to_vec(), ..Default::default() }),
            source_private: private.clone(),
            target_type_name: KIND.to_owned(),
            ..Default::default()
        })
    };
    for (source, expected) in [("edges_item", &private), ("other_thing", &Vec::new())] {
        let answer = server.move_resource_state(moved(source)).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
        assert_eq!(&answer.target_private, expected, "{source}");
    }
}

#[tokio::test]
async fn a_cli_without_write_only_attributes_is_told_of_those_in_collections() {
    let server = server().await;
    let secret = || Value::object([("key_wo", text("hunter2"))]);
    let config = thing(
        "a",
        &[
            ("locks", Value::List(vec![Value::object([("key_wo", Value::Null)]), secret()])),
            ("doors", Value::map([("front", secret())])),
        ],
    );
    for (write_only_attributes_allowed, expected) in [(true, vec![]), (false, vec!["doors", "locks"])] {
        let request = tf::validate_resource_config::Request {
            type_name: KIND.to_owned(),
            config: message(&config, &ty()),
            client_capabilities: Some(tf::ClientCapabilities {
                write_only_attributes_allowed,
                ..Default::default()
            }),
        };
        let answer = server.validate_resource_config(Request::new(request)).await.unwrap().into_inner();
        let lines = problems(&answer.diagnostics);
        let names: Vec<_> = lines.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn a_stop_request_reaches_the_operation_in_flight() {
    let server = server().await;
    let waiting = server.clone();
    let work = tokio::spawn(async move {
        apply(&waiting, &Value::Null, &planned("wait", Value::unknown()), b"").await.0
    });
    // Not before the operation has begun: this is about one that waits.
    super::provider::BEGUN.notified().await;
    let stopped = server.stop_provider(Request::new(tf::stop_provider::Request::default())).await.unwrap();
    assert_eq!(stopped.into_inner().error, "");
    assert_eq!(work.await.unwrap(), planned("wait", 1.into()));
}

#[tokio::test]
async fn a_stop_request_reaches_the_operation_that_arrives_just_after_it() {
    let server = server().await;
    server.stop_provider(Request::new(tf::stop_provider::Request::default())).await.unwrap();
    let planned_one = planned("wait", Value::unknown());
    let operation = apply(&server, &Value::Null, &planned_one, b"");
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), operation).await;
    assert_eq!(ended.expect("it was not stopped").0, planned("wait", 1.into()));
}
