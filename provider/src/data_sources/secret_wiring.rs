//! `gitops_secret_wiring`: whether the Secrets that an app needs are supplied, before the app is there.

use crate::problem::Locate;
use crate::provider::{Gitops, task};
use crate::resources::installation::Chart;
use gitops::Task;
use gitops::helm;
use gitops::manifest::{Limits, Object, parse};
use gitops::names;
use gitops::wiring::{self, Name, Repositories, Supplies, gaps, needs, taken_for_public, uncovered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Context, DataSource, Problem, View};

/// How many places an error lists.
const LISTED: usize = 20;

/// Checks that every Secret which an app needs is supplied: each `secretKeyRef`, `envFrom`, volume and `imagePullSecret`
/// of its manifests, and the credentials of the repositories that its Applications read. What is marked `optional`
/// needs nothing.
///
/// Whether a repository is private cannot be told from its address. One that is read over ssh needs credentials, and so
/// does each that `public_repositories` leaves out; without that list all others are taken for public, and a warning names
/// those that `repository_credentials` does not cover.
///
/// Where something is missing the read is an error that lists each place. Whatever depends on this data source, such
/// as Argo CD or the root app, then is not made, instead of pods that do not start. Only names and keys are compared.
/// A destroy reads it, too: where it fails then, destroy with `-refresh=false`.
///
/// The manifests are stored in the state: leave Secrets out of them and name those in `supplies`. SealedSecrets may
/// stay: what they hold is taken for supplied.
#[derive(JsonSchema)]
pub struct SecretWiring;

/// The app, and what is supplied.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Manifests of the app, each the YAML text of any number of objects, such as that of `file(...)`.
    pub manifests: Option<Vec<String>>,
    /// A Helm chart that renders to the app's manifests. It is rendered on this machine.
    pub chart: Option<Chart>,
    /// Namespace of objects that name none, and of the chart's release. Default: `default`.
    pub namespace: Option<String>,
    /// The Secrets that are there before the app, as `namespace/name`, and the keys of each.
    pub supplies: BTreeMap<String, BTreeSet<String>>,
    /// Addresses of repositories, or beginnings of them, that Argo CD has credentials for.
    pub repository_credentials: Option<Vec<String>>,
    /// Addresses of repositories, or beginnings of them, that need no credentials; all others then do. Without it, all but
    /// those that are read over ssh are taken for public, which is a warning.
    pub public_repositories: Option<Vec<String>>,
    /// Whether what is missing is an error. Default: true; otherwise it is only told in `missing`.
    pub fail: Option<bool>,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Secrets that the app needs from elsewhere, as `namespace/name`, and the keys that it names.
    pub needs: BTreeMap<String, BTreeSet<String>>,
    /// Places that need what nothing supplies, in words.
    pub missing: Vec<String>,
    /// Repositories that Applications read and that were taken for public: nobody said whether they need credentials.
    pub taken_for_public: BTreeSet<String>,
}

impl DataSource for SecretWiring {
    const KIND: &'static str = "gitops_secret_wiring";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let (true, Some(namespace)) = (config.is_known("namespace"), &config.get().namespace) {
            problems.extend(names::namespace(namespace).at("namespace").err());
        }
        let given = config.get();
        if config.is_known("manifests")
            && config.is_known("chart")
            && given.manifests.is_none()
            && given.chart.is_none()
        {
            let detail = "Give the app's `manifests`, or the `chart` that renders to them.";
            problems.push(Problem::error("No app", detail).at("manifests"));
        }
        if config.is_known("supplies") {
            problems.extend(supplies(given).err());
        }
        problems
    }

    async fn read(cx: &Context<Gitops>, config: &Config) -> Result<Output, Problem> {
        let namespace = config.namespace.as_deref().unwrap_or("default");
        let objects = objects(&task(cx), config, namespace).await?;
        if objects.iter().any(|object| object.kind() == "Secret" && object.group().is_empty()) {
            cx.warn(stored());
        }
        let mut supplied = supplies(config)?;
        let own = wiring::brought(&objects, namespace);
        let mut outside = BTreeMap::<String, BTreeSet<String>>::new();
        let needs = needs(&objects, namespace);
        for need in needs.iter().filter(|need| !own.contains_key(&need.secret)) {
            outside.entry(need.secret.to_string()).or_default().extend(need.keys.clone());
        }
        for (name, keys) in own {
            supplied.entry(name).or_default().extend(keys);
        }
        let repositories = repositories(config);
        let mut missing: Vec<_> = gaps(needs, &supplied).iter().map(ToString::to_string).collect();
        let unread = uncovered(&objects, &repositories);
        missing.extend(unread.into_iter().map(|(app, url)| format!("{app}: no credentials for `{url}`")));
        let taken_for_public = taken_for_public(&objects, &repositories);
        if !taken_for_public.is_empty() {
            cx.warn(unsaid(&taken_for_public));
        }
        match missing.is_empty() || config.fail == Some(false) {
            true => Ok(Output { needs: outside, missing, taken_for_public }),
            false => Err(unwired(&missing)),
        }
    }
}

/// All objects of the app.
async fn objects(task: &Task, config: &Config, namespace: &str) -> Result<Vec<Object>, Problem> {
    let mut objects = Vec::new();
    for (at, text) in config.manifests.iter().flatten().enumerate() {
        let more = parse(text, &Limits::default()).at(format!("manifests[{at}]").as_str())?;
        objects.extend(more);
    }
    if let Some(chart) = &config.chart {
        let rendered = helm::template(task, &chart.wanted(), &chart.name, namespace).await.at("chart")?;
        objects.extend(parse(&String::from_utf8_lossy(&rendered), &Limits::default()).at("chart")?);
    }
    Ok(objects)
}

fn supplies(config: &Config) -> Result<Supplies, Problem> {
    let parsed = |(id, keys): (&String, &BTreeSet<String>)| match id.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((Name { namespace: namespace.into(), name: name.into() }, keys.clone()))
        }
        _ => {
            let detail =
                format!("`{id}` does not name a Secret. Write `namespace/name`, as in `web/app-secrets`.");
            Err(Problem::error("Not a Secret's name", detail).at("supplies"))
        }
    };
    config.supplies.iter().map(parsed).collect()
}

/// What the configuration says of repositories.
fn repositories(config: &Config) -> Repositories {
    Repositories {
        credentials: config.repository_credentials.clone().unwrap_or_default(),
        public: config.public_repositories.clone(),
    }
}

fn unwired(missing: &[String]) -> Problem {
    let detail = format!(
        "Nothing supplies these:\n{}Supply them, for example by `gitops_secret_injection`, and name them in `supplies`; mark what the app can do without as `optional` in its manifests.",
        listed(missing.iter())
    );
    Problem::error("Secrets that the app needs are missing", detail).at("supplies")
}

fn unsaid(repositories: &BTreeSet<String>) -> Problem {
    let detail = format!(
        "Whether Argo CD needs credentials for these, nobody said:\n{}Name those that it has credentials for in `repository_credentials`, and those that need none in `public_repositories`.",
        listed(repositories.iter())
    );
    Problem::warning("Repositories are taken for public", detail).at("public_repositories")
}

/// One line for each, as far as there is room.
fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = texts.len().saturating_sub(LISTED);
    let mut lines: String = texts.take(LISTED).map(|text| format!("  - {text}\n")).collect();
    if more > 0 {
        lines.push_str(&format!("  and {more} more\n"));
    }
    lines
}

fn stored() -> Problem {
    let detail = "The manifests hold a Secret, and they are stored in the state of this data source. Leave it out and name it in `supplies`.";
    Problem::warning("Secrets in the state", detail).at("manifests")
}

#[cfg(test)]
#[path = "secret_wiring_tests.rs"]
mod tests;
