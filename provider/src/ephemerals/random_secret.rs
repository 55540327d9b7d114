//! `gitops_random_secret`: a secret that is made up once, and then is what the cluster has.
//!
//! Nothing is stored but the Secret in the cluster, so that it is the only place that can say what the value is.

use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{Owner, Writer};
use gitops::cluster::Connection;
use gitops::manifest::Object;
use gitops::{names, secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Ephemeral, Opened, Problem, View};

/// Makes up a secret where there is none yet, and else reads the one that the cluster has. It is neither in the plan nor
/// in the state.
///
/// It is opened anew in each plan and apply. As long as the Secret that `from` names has the key, its value is what is
/// read; before that, each opening gives another one, of which the apply's is the one that counts: let
/// `gitops_secret_injection` write it there. A new value is made up when `revision` is another one than the Secret was
/// written with, which is its `data_wo_revision`: give both the same number, and raise both.
#[derive(JsonSchema)]
pub struct RandomSecret;

/// What is asked for.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The cluster that has the Secret. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Where the value is, once it was written.
    pub from: Place,
    /// How many characters a new value has. Default: 32.
    pub length: Option<i64>,
    /// Characters that a new value is made of, each as likely as any other. Default: letters and digits.
    pub characters: Option<String>,
    /// The number that the Secret must have been written with; where it was another one, a new value is made up.
    pub revision: Option<i64>,
}

/// A key of a Secret.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// Key in the Secret.
    pub key: String,
}

/// The secret.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The value.
    #[schemars(extend("x-sensitive" = true))]
    pub value: String,
    /// Whether it was made up just now, and is nowhere yet.
    pub is_new: bool,
}

const LENGTH: i64 = 32;

impl Ephemeral for RandomSecret {
    const KIND: &'static str = "gitops_random_secret";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let (from, mut problems) = (&config.get().from, Vec::new());
        problems.extend(names::namespace(&from.namespace).at("from.namespace").err());
        problems.extend(names::object(&from.name, "Secret").at("from.name").err());
        problems.extend((!secrets::is_key(&from.key)).then(|| not_a_key(&from.key)));
        problems
            .extend(secrets::check_random(length(config.get()), characters(config.get())).err().map(wrong));
        problems
    }

    async fn open(cx: &Context<Gitops>, config: &Config) -> Result<Opened<Output>, Problem> {
        warn_of_environment(cx, config.kubernetes.as_ref());
        let task = task(cx);
        let live = match cx.provider().find(&task, config.kubernetes.as_ref()).await? {
            Some(cluster) => {
                let secret =
                    Object::reference("v1", "Secret", Some(&config.from.namespace), &config.from.name);
                // Only read, so that it does not matter on whose behalf.
                let reader = Writer::new(&cluster, Owner::new(Self::KIND, &config.from.name), false);
                reader.read(&task, &secret).await.whole()?
            }
            None => None,
        };
        let live = live.map(|live| serde_json::to_value(live).unwrap_or_default()).unwrap_or_default();
        let held = held(&live, &config.from.key)?.filter(|_| counts(cx, config, written_with(&live)));
        let output = match held {
            Some(value) => Output { value, is_new: false },
            None => {
                let made_up = secrets::random(length(config), characters(config)).map_err(wrong)?;
                Output { value: made_up.expose().clone(), is_new: true }
            }
        };
        Ok(Opened { output, renew_at: None, private: Vec::new() })
    }
}

/// Whether a value that was written with the number `had` is still the one that is asked for. Where the Secret does not
/// say, it is: a value that works is not thrown away.
fn counts(cx: &Context<Gitops>, config: &Config, had: Option<i64>) -> bool {
    let Some(wanted) = config.revision else { return true };
    if had.is_none() {
        cx.warn(numberless(&config.from));
    }
    had.is_none_or(|had| had == wanted)
}

fn length(config: &Config) -> usize {
    usize::try_from(config.length.unwrap_or(LENGTH)).unwrap_or_default()
}

fn characters(config: &Config) -> &str {
    config.characters.as_deref().unwrap_or(secrets::ALPHANUMERIC)
}

/// The value of `key` in a live Secret; `None` where it is missing or empty.
fn held(live: &Json, key: &str) -> Result<Option<String>, Problem> {
    let data = secrets::live_data(live);
    let value = data.expose().0.get(key).filter(|value| !value.is_empty()).cloned();
    value.map(|value| String::from_utf8(value).map_err(|_| not_text(key))).transpose()
}

/// The number that the values of a live Secret were written with.
fn written_with(live: &Json) -> Option<i64> {
    live.pointer("/metadata/annotations")?.get(secrets::REVISION)?.as_str()?.parse().ok()
}

fn wrong(error: secrets::RandomError) -> Problem {
    let at = if matches!(error, secrets::RandomError::Length { .. }) { "length" } else { "characters" };
    crate::problem::problem(&error).at(at)
}

fn not_a_key(key: &str) -> Problem {
    let error = secrets::Error::Key { key: key.to_owned() };
    crate::problem::problem(&error).at("from.key")
}

fn numberless(from: &Place) -> Problem {
    let detail = format!(
        "The Secret `{}/{}` does not say which number it was written with, so that its value stays. Give the `gitops_secret_injection` that writes it the same number as `data_wo_revision`.",
        from.namespace, from.name
    );
    Problem::warning("The revision is not known", detail).at("revision")
}

fn not_text(key: &str) -> Problem {
    let detail = format!(
        "The Secret has bytes at the key `{key}` that are no text, so that they were not made up by this resource. Name another key, or remove it for a new value."
    );
    Problem::error("The value is not text", detail).at("from.key")
}

#[cfg(test)]
mod tests {
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
        let cases = [
            (live(json!("7")), Some(7)),
            (live(json!("x")), None),
            (live(json!(7)), None),
            (json!({}), None),
        ];
        for (live, expected) in cases {
            assert_eq!(written_with(&live), expected, "{live}");
        }
    }

    #[test]
    fn another_number_asks_for_another_value() {
        let cx =
            Context::new(Arc::new(Gitops::in_environment(&[]).unwrap()), Default::default(), Duration::ZERO);
        for (wanted, had, expected) in [
            (None, None, true),
            (None, Some(1), true),
            (Some(1), Some(1), true),
            (Some(2), Some(1), false),
            (Some(2), None, true),
        ] {
            assert_eq!(
                counts(&cx, &config(&json!({"revision": wanted})), had),
                expected,
                "{wanted:?} {had:?}"
            );
        }
        let problem = numberless(&config(&json!({})).from);
        insta::assert_snapshot!(format!("{}: {}\n{}", problem.path, problem.summary, problem.detail), @"
        revision: The revision is not known
        The Secret `shop/database` does not say which number it was written with, so that its value stays. Give the `gitops_secret_injection` that writes it the same number as `data_wo_revision`.
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
}
