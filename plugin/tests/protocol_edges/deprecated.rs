//! What a user is told who uses something that is deprecated.

use super::{Edges, message, problems, server, table, text};
use tfplugin_proto::tfplugin6::{self as tf, diagnostic::Severity, provider_server::Provider as _};
use tfplugin_rs::docs::{Source, pages};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::schema::Schema;
use tfplugin_rs::value::Value;
use tonic::Request;

/// What is said of `fields`, set in an object of `schema`, each as `summary: attribute: detail`.
async fn warnings(
    schema: &Schema,
    fields: &[(&str, Value)],
    validate: impl AsyncFnOnce(Option<tf::DynamicValue>) -> Vec<tf::Diagnostic>,
) -> Vec<String> {
    let Value::Object(mut config) = schema.empty() else { panic!("not an object") };
    config.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let diagnostics = validate(message(&Value::Object(config), &schema.ty())).await;
    assert!(diagnostics.iter().all(|each| each.severity() == Severity::Warning), "{diagnostics:?}");
    let lines = problems(&diagnostics).into_iter().zip(&diagnostics);
    lines.map(|(line, diagnostic)| format!("{}: {line}", diagnostic.summary)).collect()
}

fn stamp(color: Value) -> Value {
    Value::object([("value", Value::Null), ("color", color)])
}

async fn resource(server: &Server<Edges>, kind: &str, fields: &[(&str, Value)]) -> Vec<String> {
    let table = table().unwrap();
    let schema = table.resource_schemas().find(|(other, _)| *other == kind).unwrap().1;
    let validate = async |config| {
        let request = tf::validate_resource_config::Request {
            type_name: kind.to_owned(),
            config,
            ..Default::default()
        };
        server.validate_resource_config(Request::new(request)).await.unwrap().into_inner().diagnostics
    };
    warnings(schema, fields, validate).await
}

#[tokio::test]
async fn a_resource_and_what_is_nested_in_it() {
    let server = server().await;
    let whole = "Deprecated resource: Use `edges_thing`.";
    assert_eq!(resource(&server, "edges_letter", &[("address", text("a"))]).await, [whole]);
    let stamps = Value::List(vec![stamp(Value::Null), stamp(text("red"))]);
    let seals = Value::Set(vec![stamp(text("red")), stamp(text("blue")), stamp(Value::Null)]);
    let fields = [("address", text("a")), ("stamps", stamps), ("seals", seals)];
    let of = |attribute: &str, path: &str| {
        format!("Deprecated attribute: {attribute}: All are grey now.\n\nThe attribute is `{path}`.")
    };
    let expected = [whole.to_owned(), of("seals", "seals.color"), of("stamps", "stamps[1].color")];
    assert_eq!(resource(&server, "edges_letter", &fields).await, expected);
    assert_eq!(resource(&server, "edges_thing", &[("name", text("a"))]).await, [""; 0]);
}

#[tokio::test]
async fn a_data_source_an_ephemeral_resource_and_the_provider() {
    let (server, table) = (server().await, table().unwrap());
    let written = [("writer", text("ann"))];
    let signed = "Deprecated attribute: writer: Nobody signs any more.";

    let schema = table.data_source_schemas().find(|(kind, _)| *kind == "edges_letters").unwrap().1;
    let validate = async |config| {
        let type_name = "edges_letters".to_owned();
        let request = Request::new(tf::validate_data_resource_config::Request { type_name, config });
        server.validate_data_resource_config(request).await.unwrap().into_inner().diagnostics
    };
    let told = warnings(schema, &written, validate).await;
    assert_eq!(told, ["Deprecated data source: Use `edges_word`.", signed]);

    let schema = table.ephemeral_schemas().find(|(kind, _)| *kind == "edges_ink").unwrap().1;
    let validate = async |config| {
        let type_name = "edges_ink".to_owned();
        let request = Request::new(tf::validate_ephemeral_resource_config::Request { type_name, config });
        server.validate_ephemeral_resource_config(request).await.unwrap().into_inner().diagnostics
    };
    let told = warnings(schema, &written, validate).await;
    assert_eq!(told, ["Deprecated ephemeral resource: Use `edges_token`.", signed]);

    let validate = async |config| {
        let request = Request::new(tf::validate_provider_config::Request { config });
        server.validate_provider_config(request).await.unwrap().into_inner().diagnostics
    };
    let told = warnings(table.schema(), &[("sharp", Value::Bool(true))], validate).await;
    let sharp = "Deprecated attribute: sharp: It is always sharp.";
    assert_eq!(told, ["Deprecated provider: Use another provider.", sharp]);
}

#[tokio::test]
async fn the_schema_and_the_pages_say_so() {
    let server = server().await;
    let asked = Request::new(tf::get_provider_schema::Request::default());
    let schemas = server.get_provider_schema(asked).await.unwrap().into_inner();
    let pages = pages(&table().unwrap(), &Source { provider: "edges", example: &|_| None });
    for (schema, page, message) in [
        (schemas.provider, "index", "Use another provider."),
        (schemas.resource_schemas.get("edges_letter").cloned(), "resources/letter", "Use `edges_thing`."),
        (
            schemas.data_source_schemas.get("edges_letters").cloned(),
            "data-sources/letters",
            "Use `edges_word`.",
        ),
        (
            schemas.ephemeral_resource_schemas.get("edges_ink").cloned(),
            "ephemeral-resources/ink",
            "Use `edges_token`.",
        ),
        (schemas.resource_schemas.get("edges_thing").cloned(), "resources/thing", ""),
    ] {
        let block = schema.unwrap().block.unwrap();
        let deprecated = !message.is_empty();
        assert_eq!((block.deprecated, block.deprecation_message.as_str()), (deprecated, message), "{page}");
        let note = pages[&format!("{page}.md")].contains(&format!("\n\n~> **Deprecated:** {message}\n\n"));
        assert_eq!(note, deprecated, "{page}");
    }
}
