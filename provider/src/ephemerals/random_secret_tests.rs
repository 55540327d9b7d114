//! What a Secret says of the value in it, and what is made up.

use super::*;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn config(more: &Json) -> Config {
    let mut config = json!({"from": {"namespace": "shop", "name": "database", "key": "PASSWORD"}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

#[test]
fn what_the_secret_has() {
    let cases = [
        (json!({"data": {"PASSWORD": "aHVudGVyMg=="}}), Some("hunter2")),
        (json!({"data": {"PASSWORD": ""}}), None),
        (json!({"data": {"OTHER": "aHVudGVyMg=="}}), None),
        (json!(null), None),
    ];
    for (live, expected) in cases {
        assert_eq!(held(&live, "PASSWORD").ok().unwrap().as_deref(), expected, "{live}");
    }
    let problem = held(&json!({"data": {"PASSWORD": "/w=="}}), "PASSWORD").err().unwrap();
    insta::assert_snapshot!(format!("{}: {}\n{}", problem.path, problem.summary, problem.detail), @"
    from.key: The value is not text
    The Secret has bytes at the key `PASSWORD` that are no text, so that they were not made up by this resource. Name another key, or remove it for a new value.
    ");
}

#[test]
fn the_number_that_it_was_written_with() {
    let live = |annotation: Json| json!({"metadata": {"annotations": {secrets::REVISION: annotation}}});
    let cases =
        [(live(json!("7")), Some(7)), (live(json!("x")), None), (live(json!(7)), None), (json!({}), None)];
    for (live, expected) in cases {
        assert_eq!(written_with(&live), expected, "{live}");
    }
}

/// A Secret as a `gitops_secret_injection` writes it that has this id, with this number.
fn injected(id: &str, number: Option<i64>) -> Json {
    let annotations: serde_json::Map<_, _> =
        number.map(|number| (secrets::REVISION.to_owned(), json!(number.to_string()))).into_iter().collect();
    let labels = json!({OWNER: Owner::new("gitops_secret_injection", id).mark()});
    json!({"metadata": {"labels": labels, "annotations": annotations}})
}

#[test]
fn another_number_asks_for_another_value() {
    let cx = Context::new(Arc::new(Gitops::in_environment(&[]).unwrap()), Default::default(), Duration::ZERO);
    for (wanted, had, expected) in [
        (None, None, true),
        (None, Some(1), true),
        (Some(1), Some(1), true),
        (Some(2), Some(1), false),
        (None, None, true),
        (Some(1), None, false),
    ] {
        let live = injected("shop/database", had);
        let counts = counts(&cx, &config(&json!({"revision": wanted})), &live);
        assert_eq!(counts, expected, "{wanted:?} {had:?}");
    }
    // Somebody else wrote it: also one of ours, under another name or of another kind.
    let numbered = config(&json!({"revision": 1}));
    for live in [json!({"data": {"PASSWORD": "aHVudGVyMg=="}}), injected("shop/other", None)] {
        assert!(counts(&cx, &numbered, &live), "{live}");
    }
    let said = [numberless(&numbered.from), of_others(&numbered.from)]
        .map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
    insta::assert_snapshot!(said.join("\n\n"), @"
    revision: The Secret has no revision
    The Secret `shop/database` was written without a number, so that a new value is made up. Give the `gitops_secret_injection` that writes it the same number as `data_wo_revision`: without it, each apply makes up another one.

    revision: The revision is not known
    The Secret `shop/database` was not written by a `gitops_secret_injection` and does not say which number it was written with, so that its value stays. Let one take it over, with the same number as `data_wo_revision`, and raise both for a new value.
    ");
}

#[test]
fn lengths_and_characters() {
    let plain = config(&json!({}));
    assert_eq!((length(&plain), characters(&plain)), (32, secrets::ALPHANUMERIC));
    let pin = config(&json!({"length": 6, "characters": "0123456789"}));
    assert_eq!((length(&pin), characters(&pin)), (6, "0123456789"));
    assert_eq!(length(&config(&json!({"length": -1}))), 0, "which is refused");
}
