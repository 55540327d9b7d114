//! `gitops_random_secret`: a secret that is made up once, and then is what the cluster has.
//!
//! Nothing is stored but the Secret in the cluster, so that it is the only place that can say what the value is.

use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use crate::resources::secret_injection::{Identity, SecretInjection};
use gitops::apply::{OWNER, Owner, Writer};
use gitops::cluster::Connection;
use gitops::manifest::Object;
use gitops::{names, secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Ephemeral, Opened, Problem, Resource, View};

/// Makes up a secret where there is none yet, and else reads the one that the cluster has. It is neither in the plan nor
/// in the state.
///
/// It is opened anew in each plan and apply. As long as the Secret that `from` names has the key, its value is what is
/// read; before that, each opening gives another one, of which the apply's is the one that counts: let
/// `gitops_secret_injection` write it there. A new value is made up when `revision` is another one than the Secret was
/// written with, which is its `data_wo_revision`: give both the same number, and raise both. Where only this one has a
/// number, each apply writes a new value, and warns.
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
    /// The number that the Secret must have been written with; where it was another one, or none, a new value is made up.
    /// The value of a Secret that no `gitops_secret_injection` wrote stays.
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
        let held = held(&live, &config.from.key)?.filter(|_| counts(cx, config, &live));
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

/// Whether the value of a live Secret is still the one that is asked for, as the number says that it was written with.
fn counts(cx: &Context<Gitops>, config: &Config, live: &Json) -> bool {
    let Some(wanted) = config.revision else { return true };
    if let Some(had) = written_with(live) {
        return had == wanted;
    }
    // From no number to one is a change, too. But who else writes it notes none, and a value that works is not thrown away.
    let injected = is_injected(&config.from, live);
    cx.warn(if injected { numberless(&config.from) } else { of_others(&config.from) });
    !injected
}

/// Whether a `gitops_secret_injection` wrote a live Secret.
fn is_injected(Place { namespace, name, .. }: &Place, live: &Json) -> bool {
    let id = Identity { namespace: namespace.clone(), name: name.clone() };
    let owner = Owner::new(SecretInjection::KIND, &SecretInjection::import_id(&id));
    live.pointer("/metadata/labels").and_then(|labels| labels.get(OWNER)?.as_str()) == Some(owner.mark())
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
        "The Secret `{}/{}` was written without a number, so that a new value is made up. Give the `gitops_secret_injection` that writes it the same number as `data_wo_revision`: without it, each apply makes up another one.",
        from.namespace, from.name
    );
    Problem::warning("The Secret has no revision", detail).at("revision")
}

fn of_others(from: &Place) -> Problem {
    let detail = format!(
        "The Secret `{}/{}` was not written by a `gitops_secret_injection` and does not say which number it was written with, so that its value stays. Let one take it over, with the same number as `data_wo_revision`, and raise both for a new value.",
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
#[path = "random_secret_tests.rs"]
mod tests;
