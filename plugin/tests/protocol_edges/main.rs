//! The protocol in process, where the notes have nothing to show: private state, deferral, moves, write-only values in
//! collections, identities, stop requests, older versions, time limits, and what a data source, an ephemeral resource and a function
//! answer.

#![allow(clippy::unwrap_used, reason = "a surprise here fails the test")]

mod deprecated;
mod identity;
mod past;
mod provider;
mod resources;
mod timeouts;
mod versions;

use provider::{Edges, table};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::serve::Work;
use tfplugin_rs::value::{Type, Value, msgpack};
use tonic::{Code, Request};

/// A configured provider.
async fn server() -> Server<Edges> {
    configured(None).await
}

/// A provider with this configuration.
async fn configured(config: Option<tf::DynamicValue>) -> Server<Edges> {
    let server = Server::new(table, Work::default());
    let request = tf::configure_provider::Request { config, ..Default::default() };
    let answer = server.configure_provider(Request::new(request)).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty(), "{answer:?}");
    server
}

fn message(value: &Value, ty: &Type) -> Option<tf::DynamicValue> {
    Some(tf::DynamicValue { msgpack: msgpack::encode(value, ty).unwrap(), json: Vec::new() })
}

fn value(message: Option<tf::DynamicValue>, ty: &Type) -> Value {
    msgpack::decode(&message.unwrap().msgpack, ty).unwrap()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Each problem as `attribute: detail`.
fn problems(diagnostics: &[tf::Diagnostic]) -> Vec<String> {
    let line = |diagnostic: &tf::Diagnostic| {
        let step = diagnostic.attribute.as_ref().and_then(|path| path.steps.first()?.selector.clone());
        match step {
            Some(tf::attribute_path::step::Selector::AttributeName(name)) => {
                format!("{name}: {}", diagnostic.detail)
            }
            _ => diagnostic.detail.clone(),
        }
    };
    diagnostics.iter().map(line).collect()
}

#[tokio::test]
async fn a_data_source_answers_what_it_found_or_why_it_did_not() {
    let server = server().await;
    let ty = Type::object([("word", Type::String), ("length", Type::Number)]);
    let ask = |word: Value| {
        let config = message(&Value::object([("word", word), ("length", Value::Null)]), &ty);
        (config, "edges_word".to_owned())
    };
    let (config, type_name) = ask(text("four"));
    let request = tf::read_data_source::Request { type_name, config, ..Default::default() };
    let answer = server.read_data_source(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(value(answer.state, &ty), Value::object([("word", text("four")), ("length", 4.into())]));

    let (config, type_name) = ask(text("none"));
    let request = tf::read_data_source::Request { type_name, config, ..Default::default() };
    let answer = server.read_data_source(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(problems(&answer.diagnostics), ["word: There is no such word."]);
    assert_eq!(value(answer.state, &ty), Value::Null);

    let wrong = Type::object([("word", Type::Number), ("length", Type::Number)]);
    let config = message(&Value::object([("word", 4.into()), ("length", Value::Null)]), &wrong);
    let request =
        tf::read_data_source::Request { type_name: "edges_word".to_owned(), config, ..Default::default() };
    let answer = server.read_data_source(Request::new(request)).await.unwrap().into_inner();
    let expected = "word: Terraform sent a value that does not fit the schema: expected a string but found a number at `word`.";
    assert_eq!(problems(&answer.diagnostics), [expected]);

    for (word, expected) in [(text(""), vec!["word: A word has letters."]), (Value::unknown(), vec![])] {
        let (config, type_name) = ask(word);
        let request = tf::validate_data_resource_config::Request { type_name, config };
        let answer = server.validate_data_resource_config(Request::new(request)).await.unwrap();
        assert_eq!(problems(&answer.into_inner().diagnostics), expected);
    }
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_renewed_and_closed() {
    let server = server().await;
    let ty = Type::object([("seed", Type::String), ("token", Type::String)]);
    let config = |seed: &str| message(&Value::object([("seed", text(seed)), ("token", Value::Null)]), &ty);
    let open = |seed: &str| {
        let type_name = "edges_token".to_owned();
        Request::new(tf::open_ephemeral_resource::Request {
            type_name,
            config: config(seed),
            ..Default::default()
        })
    };
    let opened = server.open_ephemeral_resource(open("abc")).await.unwrap().into_inner();
    let expected = Value::object([("seed", text("abc")), ("token", text("cba"))]);
    assert_eq!((opened.diagnostics, value(opened.result, &ty)), (vec![], expected));
    assert_eq!(opened.renew_at.unwrap().seconds, 1_000);

    let renew = tf::renew_ephemeral_resource::Request {
        type_name: "edges_token".to_owned(),
        private: opened.private,
    };
    let renewed = server.renew_ephemeral_resource(Request::new(renew)).await.unwrap().into_inner();
    assert_eq!((renewed.renew_at.unwrap().seconds, renewed.private.as_deref()), (2_000, Some(&b"abc+"[..])));

    for (private, expected) in [(renewed.private, vec![]), (None, vec!["It was never opened."])] {
        let close = tf::close_ephemeral_resource::Request { type_name: "edges_token".to_owned(), private };
        let closed = server.close_ephemeral_resource(Request::new(close)).await.unwrap().into_inner();
        assert_eq!(problems(&closed.diagnostics), expected);
    }

    let refused = server.open_ephemeral_resource(open("")).await.unwrap().into_inner();
    assert_eq!(problems(&refused.diagnostics), ["seed: A token needs a seed."]);
    assert!(refused.result.is_none() && refused.private.is_none());
    let request = tf::validate_ephemeral_resource_config::Request {
        type_name: "edges_token".to_owned(),
        config: config(""),
    };
    let answer = server.validate_ephemeral_resource_config(Request::new(request)).await.unwrap();
    assert_eq!(problems(&answer.into_inner().diagnostics), ["seed: The value is too short."]);
}

#[tokio::test]
async fn functions_are_told_and_name_the_argument_that_is_wrong() {
    let server = server().await;
    let told = server.get_functions(Request::new(tf::get_functions::Request::default())).await.unwrap();
    let function = &told.into_inner().functions["repeat"];
    let parameters: Vec<_> = function
        .parameters
        .iter()
        .map(|parameter| {
            (parameter.name.as_str(), String::from_utf8_lossy(&parameter.r#type), parameter.allow_null_value)
        })
        .collect();
    let expected = [("mark", r#""string""#.into(), false), ("marks", r#""number""#.into(), true)];
    assert_eq!(parameters, expected);
    assert_eq!(function.r#return.as_ref().unwrap().r#type, br#""string""#);
    assert_eq!(function.summary, "A mark, many times");

    let call = |marks: Value| {
        let arguments = [message(&text("!"), &Type::String), message(&marks, &Type::Number)];
        let arguments = arguments.into_iter().flatten().collect();
        Request::new(tf::call_function::Request { name: "repeat".to_owned(), arguments })
    };
    let answer = server.call_function(call(3.into())).await.unwrap().into_inner();
    assert_eq!(value(answer.result, &Type::String), text("!!!"));
    let error = server.call_function(call(300.into())).await.unwrap().into_inner().error.unwrap();
    let expected = ("The number must be at most 255.", Some(1));
    assert_eq!((error.text.as_str(), error.function_argument), expected);
}

#[tokio::test]
async fn what_there_is_not_yet_is_unimplemented() {
    let server = server().await;
    let list = server.list_resource(Request::new(tf::list_resource::Request::default())).await;
    let action = server.plan_action(Request::new(tf::plan_action::Request::default())).await;
    let codes = [list.err().unwrap().code(), action.err().unwrap().code()];
    assert_eq!(codes, [Code::Unimplemented; 2]);
}

#[tokio::test]
async fn an_unknown_name_is_an_answer() {
    let server = server().await;
    let request = tf::read_data_source::Request { type_name: "edges_none".to_owned(), ..Default::default() };
    let answer = server.read_data_source(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(problems(&answer.diagnostics), ["This provider has no data source `edges_none`."]);
}
