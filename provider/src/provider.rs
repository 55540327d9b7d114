//! The provider block, and what every resource is given of it.

use crate::namespaces::Namespaces;
use crate::problem::{Locate, problem};
use crate::resources::{Lines, Sources};
use gitops::Task;
use gitops::apply::Reads;
use gitops::charts::Charts;
use gitops::cluster::{Cluster, Clusters, Connection, Defaults, Environment};
use gitops::git::{Repositories, Settings};
use gitops::keyring::Keyring;
use gitops::kind::Kind;
use gitops::sealers::Sealers;
use gitops::secrets::Key;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tfplugin_rs::timeouts::Timeouts;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Problem, Provider, Resource, View};

/// Takes a Kubernetes cluster from nothing to Argo CD and its tenants in one apply.
///
/// The provider block holds defaults and credentials, and all of it is optional. Each resource may name its own
/// cluster and repository, also ones that this same apply creates: nothing is dialled before it is needed.
#[derive(Deserialize, JsonSchema)]
pub struct Config {
    /// The cluster of the resources that do not name one themselves.
    pub kubernetes: Option<Defaults>,
    /// The repository of the resources that do not name one themselves, and the credentials for all of them.
    pub git: Option<Settings>,
    /// Time limits of the resources that do not set them themselves, such as `"90s"`, `"5m"` or `"1h30m"`.
    pub timeouts: Option<Timeouts>,
}

/// The configured provider.
pub struct Gitops {
    /// The ways to clusters.
    pub clusters: Clusters,
    /// The engine of local clusters.
    pub kind: Kind,
    /// The identities that open encrypted files.
    pub keyring: Keyring,
    /// The clones of repositories.
    pub repositories: Repositories,
    /// Reads of single objects, which come in great numbers.
    pub reads: Reads,
    /// The manifests and charts that were read.
    pub sources: Sources,
    /// The versions that Helm repositories have.
    pub charts: Charts,
    /// Who writes into which namespace.
    pub namespaces: Namespaces,
    /// The controllers that values are sealed for.
    pub sealers: Sealers,
    /// The lines that image releases wrote.
    pub lines: Lines,
    timeouts: Timeouts,
    fingerprint_key: Option<Key>,
    warned_of_environment: AtomicBool,
    mentioned: Mutex<BTreeSet<String>>,
    keys: Mutex<BTreeMap<(String, String), Key>>,
}

impl Gitops {
    /// The cluster of `kubernetes`, or else of the provider block, to write to.
    pub async fn connect(&self, task: &Task, kubernetes: Option<&Connection>) -> Result<Cluster, Problem> {
        self.clusters.connect(task, kubernetes).await.at("kubernetes")
    }

    /// The same, to read from or delete from; `None` where it is gone.
    pub async fn find(
        &self,
        task: &Task,
        kubernetes: Option<&Connection>,
    ) -> Result<Option<Cluster>, Problem> {
        self.clusters.find(task, kubernetes).await.at("kubernetes")
    }

    /// Keeps the fingerprint key of a Secret that was read, for the plan that follows in the same process. `secret`
    /// is its import id.
    pub fn remember_key(&self, cluster: &Cluster, secret: &str, key: Option<Key>) {
        let place = (cluster.uid().to_owned(), secret.to_owned());
        match key {
            Some(key) => drop(self.keys().insert(place, key)),
            None => drop(self.keys().remove(&place)),
        }
    }

    /// The fingerprint key of a Secret that was read earlier in this process.
    pub fn recall_key(&self, cluster: &Cluster, secret: &str) -> Option<Key> {
        self.keys().get(&(cluster.uid().to_owned(), secret.to_owned())).cloned()
    }

    /// The key from outside for fingerprints of values that are delivered to Git.
    pub fn fingerprint_key(&self) -> Option<&Key> {
        self.fingerprint_key.as_ref()
    }

    /// Whether nobody was told of this pull request, or file, in this process yet.
    pub fn is_first_mention(&self, what: &str) -> bool {
        self.mentioned.lock().unwrap_or_else(PoisonError::into_inner).insert(what.to_owned())
    }

    /// A warning, the first time in this process that a cluster comes from the environment.
    fn of_environment(&self, kubernetes: Option<&Connection>) -> Option<Problem> {
        let source = self.clusters.source(kubernetes).ok().filter(|source| source.is_environment())?;
        if self.warned_of_environment.swap(true, Ordering::Relaxed) {
            return None;
        }
        let detail = format!(
            "No `kubernetes` is configured, so the cluster is the one that {source} leads to. In another shell it may \
             be another one: set `kubernetes` in the provider block or in the resource."
        );
        Some(Problem::warning("The cluster comes from the environment", detail).at("kubernetes"))
    }

    /// A provider that finds no cluster and has these repositories.
    #[cfg(test)]
    pub fn without_clusters(repositories: Repositories) -> Self {
        let environment = Environment::default();
        Self {
            kind: Kind::new(&environment),
            keyring: Keyring::new(environment.clone()),
            clusters: Clusters::new(None, environment),
            repositories,
            reads: Reads::default(),
            sources: Sources::default(),
            charts: Charts::default(),
            namespaces: Namespaces::default(),
            sealers: Sealers::default(),
            lines: Lines::default(),
            timeouts: Timeouts::default(),
            fingerprint_key: None,
            warned_of_environment: AtomicBool::default(),
            mentioned: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// A provider without a configuration, where the environment has these variables.
    #[cfg(test)]
    pub fn in_environment(variables: &[(&str, &str)]) -> Result<Self, gitops::git::Error> {
        let environment: Environment = variables.iter().copied().collect();
        let without = Self::without_clusters(Repositories::new(Settings::default())?);
        let keyring = Keyring::new(environment.clone());
        Ok(Self { clusters: Clusters::new(None, environment), keyring, ..without })
    }

    /// The same provider, with a key from outside.
    #[cfg(test)]
    pub fn with_fingerprint_key(self, key: Option<Key>) -> Self {
        Self { fingerprint_key: key, ..self }
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<(String, String), Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Gitops {
    type Config = Config;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let mut problems: Vec<_> = config.get().timeouts.iter().flat_map(Timeouts::problems).collect();
        if let Some(kubernetes) = config.get().kubernetes.as_ref().filter(|_| config.is_known("kubernetes")) {
            problems.extend(kubernetes.check_raw().at("kubernetes.config_raw").err());
        }
        problems
    }

    async fn configure(config: View<Config>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let Config { kubernetes, git, timeouts } = config.into_inner();
        let environment = Environment::of_process();
        let repositories = Repositories::for_run(git.unwrap_or_default(), environment.run_url())
            .map_err(|error| vec![problem(&error).at(place_of(&error))])?;
        let fingerprint_key = key_of(&environment).map_err(|problem| vec![problem])?;
        let provider = Self {
            kind: Kind::new(&environment),
            keyring: Keyring::new(environment.clone()),
            clusters: Clusters::new(kubernetes, environment),
            repositories,
            reads: Reads::default(),
            sources: Sources::default(),
            charts: Charts::default(),
            namespaces: Namespaces::default(),
            sealers: Sealers::default(),
            lines: Lines::default(),
            timeouts: timeouts.unwrap_or_default(),
            fingerprint_key,
            warned_of_environment: AtomicBool::default(),
            mentioned: Mutex::default(),
            keys: Mutex::default(),
        };
        Ok((provider, Vec::new()))
    }

    fn timeouts(&self) -> Timeouts {
        self.timeouts.clone()
    }
}

/// The attribute that an error of the block's `git` is about.
fn place_of(error: &gitops::git::Error) -> Path {
    match error.setting() {
        Some(setting) => Path::from(format!("git.{setting}").as_str()),
        None => Path::from("git"),
    }
}

/// What `GITOPS_FINGERPRINT_KEY` says.
fn key_of(environment: &Environment) -> Result<Option<Key>, Problem> {
    let Some(text) = environment.fingerprint_key() else { return Ok(None) };
    let detail =
        "It is 32 random bytes in base64, as `openssl rand -base64 32` prints them. Unset it to go without.";
    match Key::parse(text) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::error("The environment variable `GITOPS_FINGERPRINT_KEY` is not a key", detail)),
    }
}

/// The task of one operation: its time limit and its cancellation.
pub fn task<P>(cx: &Context<P>) -> Task {
    Task::new(cx.cancellation().clone(), cx.timeout())
}

/// Warns, once in this process, where a cluster comes from the environment. Nothing is dialled.
pub fn warn_of_environment(cx: &Context<Gitops>, kubernetes: Option<&Connection>) {
    if let Some(warning) = cx.provider().of_environment(kubernetes) {
        cx.warn(warning);
    }
}

/// What the plan of a resource in a cluster begins with: nobody else in this run may be `noun` with its id, which
/// `attributes` say, and a cluster from the environment is warned of.
pub fn foresee_in_cluster<R: Resource<Provider = Gitops>>(
    cx: &Context<Gitops>,
    plan: &mut Foresight<R>,
    noun: &str,
    attributes: [&str; 2],
    kubernetes: fn(&R::Spec) -> Option<&Connection>,
) {
    let [first, second] = attributes;
    plan.claim(format!("{noun} `{}`", R::import_id(plan.id())), &[first, second, "kubernetes"]);
    if plan.is_known("kubernetes") {
        warn_of_environment(cx, kubernetes(plan.want()));
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
