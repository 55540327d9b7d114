//! The protocol in process, with the notes provider: what Terraform asks, in the order in which it asks.

#[path = "../examples/notes/provider.rs"]
#[allow(dead_code, reason = "the tests use a part of it")]
mod notes;
mod terraform;

use terraform::{Terraform, object, text};
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::rpc::Server;
use tfplugin_rs::serve::Work;
use tfplugin_rs::value::Value;
use tonic::Request;

#[tokio::test]
async fn a_note_is_created_and_the_second_plan_is_empty() {
    let terraform = Terraform::start().await;
    let config = object([("name", text("a")), ("text", text("milk")), ("secret_wo", text("hunter2"))]);

    let planned = terraform.plan(&Value::Null, &config).await;
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    assert_eq!(planned.field("id"), text("a"), "the id follows from the configuration");
    assert_eq!(planned.field("length"), Value::Number(4.into()));
    assert_eq!(planned.field("frame"), text("plain"), "a default is planned");
    assert_eq!(planned.field("secret_wo"), Value::Null, "a write-only value is in no plan");
    assert!(planned.field("revision").is_unknown());

    let created = terraform.apply(&Value::Null, &planned, &config).await;
    assert!(created.problems.is_empty(), "{:?}", created.problems);
    assert_eq!(created.field("secret_wo"), Value::Null, "a write-only value is in no state");

    let read = terraform.read(&created.state).await;
    assert_eq!(read.state, created.state);
    let second = terraform.plan(&read.state, &config).await;
    assert_eq!(second.state, read.state, "nothing is left to do");
    assert!(second.replaces.is_empty());
}

#[tokio::test]
async fn a_changed_secret_is_noticed_without_a_number() {
    let terraform = Terraform::start().await;
    let config = object([("name", text("a")), ("text", text("milk")), ("secret_wo", text("hunter2"))]);
    let created = terraform.create(&config).await;
    let rotated = object([("name", text("a")), ("text", text("milk")), ("secret_wo", text("longer secret"))]);
    let planned = terraform.plan(&created.state, &rotated).await;
    assert!(planned.field("secret_length").is_unknown());
    let updated = terraform.apply(&created.state, &planned, &rotated).await;
    assert_eq!(updated.field("secret_length"), Value::Number(13.into()));
}

#[tokio::test]
async fn identity_and_fixed_fields_replace() {
    let terraform = Terraform::start().await;
    let created =
        terraform.create(&object([("name", text("a")), ("text", text("x")), ("ink", text("blue"))])).await;
    let cases = [
        (object([("name", text("b")), ("text", text("x")), ("ink", text("blue"))]), vec!["name"]),
        (object([("name", text("a")), ("text", text("x")), ("ink", text("red"))]), vec!["ink"]),
        (object([("name", text("a")), ("text", text("y")), ("ink", text("blue"))]), vec![]),
        (object([("name", text("a")), ("text", text("x"))]), vec!["ink"]),
    ];
    for (config, expected) in cases {
        let planned = terraform.plan(&created.state, &config).await;
        assert_eq!(planned.replaces, expected, "{config:?}");
    }
}

#[tokio::test]
async fn two_blocks_for_one_note_are_refused_and_one_that_is_made_anew_is_not() {
    let terraform = Terraform::start().await;
    let note =
        |ink: &str, words: &str| object([("name", text("a")), ("text", text(words)), ("ink", text(ink))]);
    let state = terraform.create(&note("blue", "old")).await.state;
    let refused =
        ["name: Each would undo what the other does. Keep one of them, or give the other a name of its own."];
    // `ignore_changes = [text]` holds for the first plan alone, and `-replace` replaces what we would not.
    for (first, second) in [
        (note("red", "x"), note("red", "x")),
        (note("red", "old"), note("red", "new")),
        (note("blue", "old"), note("blue", "new")),
    ] {
        let planned = terraform.plan(&state, &first).await;
        assert_eq!(terraform.plan_anew(&planned, &second).await.problems, [""; 0], "{second:?}");
        assert_eq!(terraform.plan_another(&Value::Null, &second).await.problems, refused, "{second:?}");
    }
    for (prior, config) in [(&Value::Null, note("blue", "old")), (&state, note("blue", "new"))] {
        terraform.plan(&state, &note("blue", "old")).await;
        assert_eq!(terraform.plan_another(prior, &config).await.problems, refused, "{config:?}");
        let other = object([("name", text("b")), ("text", text("x"))]);
        assert_eq!(terraform.plan_another(&Value::Null, &other).await.problems, [""; 0]);
    }
}

#[tokio::test]
async fn an_unknown_is_planned_and_never_computed_with() {
    let terraform = Terraform::start().await;
    let config =
        object([("name", Value::Unknown(Default::default())), ("text", Value::Unknown(Default::default()))]);
    assert!(terraform.validate(&config).await.is_empty(), "a placeholder is no reason to complain");
    let planned = terraform.plan(&Value::Null, &config).await;
    assert!(planned.field("length").is_unknown());
    assert!(planned.field("id").is_unknown());
}

#[tokio::test]
async fn problems_name_their_attributes() {
    let terraform = Terraform::start().await;
    let remark = object([("text", text("x")), ("volume", Value::Number(300.into()))]);
    let cases = [
        (
            object([("name", text("a/b")), ("text", text(""))]),
            vec!["name: A name has no slash.", "text: Write something."],
        ),
        (
            object([("name", text("a")), ("text", text("x")), ("frame", text("round"))]),
            vec![r#"frame: The value must be one of "plain", "dashed"."#],
        ),
        (
            object([("name", text("a")), ("text", text("x")), ("remarks", Value::map([("bob", remark)]))]),
            vec![
                "remarks[\"bob\"]: The number must be at most 255.\n\nThe attribute is `remarks[\"bob\"].volume`.",
            ],
        ),
        (
            object([
                ("name", text("a")),
                ("text", text("x")),
                ("timeouts", object([("create", text("soon"))])),
            ]),
            vec![
                "timeouts: \"soon\" is no duration. Write numbers with units, such as \"90s\", \"5m\" or \"1h30m\".\n\nThe \
                 attribute is `timeouts.create`.",
            ],
        ),
    ];
    for (config, expected) in cases {
        assert_eq!(terraform.validate(&config).await, expected, "{config:?}");
    }
}

#[tokio::test]
async fn a_note_is_imported_by_id_and_by_identity() {
    let terraform = Terraform::start().await;
    let created = terraform.create(&object([("name", text("a")), ("text", text("milk"))])).await;
    for imported in
        [terraform.import_by_id("a").await, terraform.import_by_identity(object([("name", text("a"))])).await]
    {
        let read = terraform.read_imported(&imported.unwrap()).await;
        assert_eq!(read.state, created.state);
    }
    let wrong = terraform.import_by_id("a/b").await.unwrap_err();
    assert_eq!(wrong, ["The import id is the note's name, such as `groceries`."]);
    let wrong = terraform.import_by_identity(object([("name", text("a/b"))])).await.unwrap_err();
    assert_eq!(wrong, ["The import id is the note's name, such as `groceries`."]);
}

#[tokio::test]
async fn what_is_gone_is_null_and_deleting_it_again_succeeds() {
    let terraform = Terraform::start().await;
    let created = terraform.create(&object([("name", text("a")), ("text", text("milk"))])).await;
    terraform.remove_note("a");
    assert_eq!(terraform.read(&created.state).await.state, Value::Null);
    let planned = terraform.plan(&created.state, &Value::Null).await;
    assert_eq!(planned.state, Value::Null);
    let deleted = terraform.apply(&created.state, &planned, &Value::Null).await;
    assert_eq!((deleted.state, deleted.problems), (Value::Null, vec![]));
}

#[tokio::test]
async fn a_failed_create_stores_nothing() {
    let terraform = Terraform::start().await;
    let config = object([("name", text("a")), ("text", text("milk"))]);
    terraform.create(&config).await;
    let planned = terraform.plan(&Value::Null, &config).await;
    let again = terraform.apply(&Value::Null, &planned, &config).await;
    assert_eq!(again.state, Value::Null);
    assert_eq!(
        again.problems,
        [r#"name: A note named "a" is there already. Import it, or choose another name."#]
    );
}

#[tokio::test]
async fn a_cli_without_write_only_attributes_is_told() {
    let terraform = Terraform::start().await;
    let config = object([("name", text("a")), ("text", text("x")), ("secret_wo", text("hunter2"))]);
    let problems = terraform.validate_as(&config, tf::ClientCapabilities::default()).await;
    insta::assert_snapshot!(problems.join("\n"), @"secret_wo: This attribute is write-only, so that its value is never stored. That needs Terraform 1.11 or newer, or OpenTofu 1.11 or newer.");
}

#[tokio::test]
async fn functions_name_the_wrong_argument() {
    let terraform = Terraform::start().await;
    assert_eq!(terraform.call("shout", vec![text("hi"), Value::Number(2.into())]).await, Ok(text("HI!!")));
    assert_eq!(terraform.call("shout", vec![text("hi"), Value::Null]).await, Ok(text("HI")));
    let wrong = terraform.call("shout", vec![text(""), Value::Null]).await;
    assert_eq!(wrong, Err(("There is nothing to shout.".to_owned(), Some(0))));
}

#[tokio::test]
async fn a_panic_becomes_a_diagnostic_and_the_process_lives_on() {
    let terraform = Terraform::start().await;
    let problems = terraform.validate(&object([("name", text("panic")), ("text", text("x"))])).await;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("it stopped in the middle of the operation"), "{problems:?}");
    assert!(terraform.validate(&object([("name", text("a")), ("text", text("x"))])).await.is_empty());
}

#[tokio::test]
async fn a_stored_state_with_other_attributes_is_read() {
    let terraform = Terraform::start().await;
    let state = terraform.upgrade(0, r#"{"name": "a", "text": "x", "since_removed": true}"#).await.unwrap();
    assert_eq!(state.entries().and_then(|fields| fields.get("text")), Some(&text("x")));
    let problems = terraform.upgrade(-1, "{}").await.unwrap_err();
    assert!(problems[0].contains("there is no upgrade from state version -1"), "{problems:?}");
}

#[tokio::test]
async fn another_providers_note_becomes_ours() {
    let terraform = Terraform::start().await;
    let moved = terraform
        .moved("registry.terraform.io/example/paper", "paper_note", r#"{"title": "a", "text": "x"}"#)
        .await;
    assert_eq!(moved.unwrap().entries().and_then(|fields| fields.get("name")), Some(&text("a")));
    let refused =
        terraform.moved("registry.terraform.io/hashicorp/null", "null_resource", "{}").await.unwrap_err();
    assert_eq!(
        refused,
        ["A null_resource of registry.terraform.io/hashicorp/null cannot become a notes_note."]
    );
}

/// A type that no Terraform object can be made of.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Broken {
    #[expect(dead_code, reason = "only its schema counts")]
    #[schemars(rename = "No-Name")]
    field: String,
}

struct Nothing;

impl tfplugin_rs::Provider for Nothing {
    type Config = Broken;

    async fn configure(
        _: tfplugin_rs::View<Broken>,
    ) -> Result<(Self, Vec<tfplugin_rs::Problem>), Vec<tfplugin_rs::Problem>> {
        Ok((Self, Vec::new()))
    }
}

#[tokio::test]
async fn a_provider_that_cannot_describe_itself_says_why() {
    let server = Server::new(tfplugin_rs::Table::<Nothing>::new, Work::default());
    let answer = server
        .get_provider_schema(Request::new(tf::get_provider_schema::Request::default()))
        .await
        .unwrap()
        .into_inner();
    let details: Vec<_> = answer.diagnostics.iter().map(|diagnostic| diagnostic.detail.as_str()).collect();
    assert!(
        matches!(details[..], [detail] if detail.contains("No-Name: is no attribute name")),
        "{details:?}"
    );
}
