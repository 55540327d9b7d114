//! How long an operation may take: as the resource says, else as the provider block does, else as it is by default.

use super::{Edges, configured, message, problems, server, table, text};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::schema::Schema;
use tfplugin_rs::value::Value;
use tonic::Request;

const KIND: &str = "edges_letter";

/// Time limits as a configuration has them.
fn timeouts(limits: &[(&str, Value)]) -> Value {
    let limit =
        |name: &str| limits.iter().find(|(limited, _)| *limited == name).map(|(_, limit)| limit.clone());
    let names = ["create", "read", "update", "delete"];
    Value::object(names.map(|name| (name, limit(name).unwrap_or_default())))
}

fn letter() -> Schema {
    table().unwrap().resource_schemas().find(|(kind, _)| *kind == KIND).unwrap().1.clone()
}

/// A letter with these time limits.
fn state(schema: &Schema, timeouts: Value) -> Value {
    let Value::Object(mut state) = schema.empty() else { panic!("not an object") };
    state.extend([("address".to_owned(), text("a")), ("id".to_owned(), text("a"))]);
    state.insert("timeouts".to_owned(), timeouts);
    Value::Object(state)
}

/// The configuration of a provider with these time limits.
fn config(timeouts: Value) -> Option<tf::DynamicValue> {
    let config = Value::object([("timeouts", timeouts), ("sharp", Value::Null)]);
    message(&config, &table().unwrap().schema().ty())
}

/// What a plan, a create, a read, an update and a delete were told, in minutes.
async fn told(server: &Server<Edges>, own: Value) -> Vec<String> {
    let (schema, type_name) = (letter(), KIND.to_owned());
    let ty = schema.ty();
    let (letter, none) = (state(&schema, own), Value::Null);
    let plan = tf::plan_resource_change::Request {
        type_name: type_name.clone(),
        prior_state: message(&none, &ty),
        proposed_new_state: message(&letter, &ty),
        config: message(&letter, &ty),
        ..Default::default()
    };
    let mut told = server.plan_resource_change(Request::new(plan)).await.unwrap().into_inner().diagnostics;
    let read = tf::read_resource::Request {
        type_name: type_name.clone(),
        current_state: message(&letter, &ty),
        ..Default::default()
    };
    told.extend(server.read_resource(Request::new(read)).await.unwrap().into_inner().diagnostics);
    for (prior, planned) in [(&none, &letter), (&letter, &letter), (&letter, &none)] {
        let apply = tf::apply_resource_change::Request {
            type_name: type_name.clone(),
            prior_state: message(prior, &ty),
            planned_state: message(planned, &ty),
            config: message(planned, &ty),
            ..Default::default()
        };
        let applied = server.apply_resource_change(Request::new(apply)).await.unwrap().into_inner();
        told.extend(applied.diagnostics);
    }
    problems(&told).iter().map(|line| line.replace(" minutes", "")).collect()
}

#[tokio::test]
async fn the_nearest_limit_counts() {
    let all =
        [("create", text("11m")), ("read", text("12m")), ("update", text("13m")), ("delete", text("14m"))];
    let own = timeouts(&[("create", text("1m")), ("delete", text("2m"))]);
    for (shared, own, expected) in [
        (Value::Null, Value::Null, ["5", "5", "5", "5", "5"]),
        (timeouts(&all), Value::Null, ["12", "12", "11", "13", "14"]),
        (timeouts(&all), own.clone(), ["12", "12", "1", "13", "2"]),
        (timeouts(&all[..1]), own.clone(), ["5", "5", "1", "5", "2"]),
        // Not known yet, it is none.
        (timeouts(&[("read", Value::unknown())]), Value::Null, ["5", "5", "5", "5", "5"]),
        (Value::unknown(), own, ["5", "5", "1", "5", "2"]),
    ] {
        let server = configured(config(shared.clone())).await;
        assert_eq!(told(&server, own.clone()).await, expected, "{shared:?} {own:?}");
    }
    assert_eq!(told(&server().await, Value::Null).await, ["5"; 5], "without a provider block");
}

#[tokio::test]
async fn a_limit_of_the_provider_block_is_a_duration() {
    let limits = timeouts(&[("create", text("soon")), ("read", text("5m")), ("delete", Value::unknown())]);
    let request = tf::validate_provider_config::Request { config: config(limits) };
    let answer = server().await.validate_provider_config(Request::new(request)).await.unwrap().into_inner();
    let lines = problems(&answer.diagnostics);
    let expected = "timeouts: \"soon\" is no duration. Write numbers with units, such as \"90s\", \"5m\" or \"1h30m\".\n\n\
                    The attribute is `timeouts.create`.";
    assert_eq!(lines[0], expected);
    let errors = answer.diagnostics.iter().filter(|each| each.severity() == tf::diagnostic::Severity::Error);
    assert_eq!(errors.count(), 1, "{lines:?}");
}
