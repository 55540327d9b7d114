//! `gitops_cluster`: a local cluster, made by kind.
//!
//! What it gives away, `kubernetes`, is how every other resource reaches it: an address, an authority, the path of a
//! kubeconfig, and the marks by which another cluster at the same address is told from this one. No key is in it.

use crate::outcome::{Phase, unfinished};
use crate::problem::{add, problem};
use crate::provider::{Gitops, task};
use crate::{adoption, defaults, import_id};
use gitops::cluster::Connection;
use gitops::image;
use gitops::kind::{self, Deletion, Error, KindCluster, Made};
use gitops::run;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tfplugin_rs::timeouts::Defaults;
use tfplugin_rs::{Context, Fixed, Foresight, Outcome, Prior, Problem, Resource, View};

/// Makes a local Kubernetes cluster with kind, in Docker or Podman.
///
/// The engine is the first of them that answers, or the one that the environment variable `KIND_EXPERIMENTAL_PROVIDER` names.
/// A cluster of that name which this resource did not make is refused, and one that an interrupted apply left
/// half-made is made again. A cluster that was deleted by hand is seen as gone, and so is everything in it.
#[derive(JsonSchema)]
pub struct Cluster;

/// What the cluster is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the kind cluster.
    pub name: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// What makes the cluster.
    #[serde(default)]
    pub engine: Fixed<Engine>,
    /// Image of the nodes. Default: the one that the installed kind was released with.
    pub node_image: Option<Fixed<String>>,
    /// kind's configuration (YAML, `kind.x-k8s.io/v1alpha4`).
    pub config: Option<Fixed<String>>,
    /// For each registry host the endpoints that its images are pulled from instead, in order.
    pub registry_mirrors: Option<Fixed<BTreeMap<String, Vec<String>>>>,
    /// File for the cluster's kubeconfig, which only this user may read. Default: `<name>.kubeconfig` in the
    /// working directory.
    pub kubeconfig_path: Option<String>,
    /// Whether to wait until all nodes are ready.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
}

/// What makes a cluster.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// kind: Kubernetes in Docker or Podman.
    #[default]
    Kind,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// How to reach the cluster: the `kubernetes` of everything that goes into it.
    pub kubernetes: Connection,
    /// Version of Kubernetes.
    pub kubernetes_version: String,
    /// URL of the API server.
    pub endpoint: String,
}

impl Resource for Cluster {
    const KIND: &'static str = "gitops_cluster";
    const TIMEOUTS: Defaults = Defaults::minutes(10);
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("kind/{}", id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        match text.strip_prefix("kind/") {
            Some(name) if !name.is_empty() => Ok(Identity { name: name.to_owned() }),
            _ => Err(import_id::not_one("The import id is `kind/name`, such as `kind/dev`.")),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let known = ["config", "node_image", "registry_mirrors", "kubeconfig_path"]
            .iter()
            .all(|path| spec.is_known(*path));
        let wanted = wanted(id.get(), spec.get());
        wanted.validate().err().filter(|_| known && id.is_known("name")).map(located).into_iter().collect()
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.claim(format!("the kind cluster `{}`", plan.id().name), &["name"]);
        let Some(Prior { spec, status }) = plan.prior() else { return Ok(()) };
        let mut kubernetes = status.kubernetes.clone();
        kubernetes.config_path = Some(kubeconfig(plan.id(), plan.want()).display().to_string());
        let unread = [
            // A configuration that names no image is content with the one that the cluster has, whose name is the engine's.
            ("node_image", has_image(&spec.node_image, &plan.want().node_image)),
            ("config", spec.config.is_none()),
            ("registry_mirrors", spec.registry_mirrors.is_none()),
        ];
        if adoption::adopts(cx, uid(status)) {
            // What kind cannot tell back is taken from the configuration.
            unread.iter().filter(|(_, unread)| *unread).for_each(|(path, _)| plan.adopt(*path));
        }
        match plan.is_known("kubeconfig_path") {
            true => plan.set("kubernetes", kubernetes),
            false => plan.unknown("kubernetes"),
        }
        plan.keep("kubernetes_version");
        plan.keep("endpoint");
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, kind, wanted) = (task(cx), &cx.provider().kind, wanted(id, want));
        let Some(prior) = prior else {
            return created(id, kind.create(&task, &wanted).await);
        };
        adoption::adopted(cx);
        let before = kubeconfig(id, &prior.spec);
        let mark = mark(&prior.status);
        let found = match kind.find(&task, &id.name, Some(&mark), &wanted.kubeconfig_path).await {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::failed(gone_meanwhile(id)),
            Err(error) => return Outcome::failed(located(error)),
        };
        match kind.move_files(&id.name, &mark, &before, &wanted.kubeconfig_path) {
            Ok(()) => Outcome::done(status(found)),
            Err(error) => Outcome::partly(status(found), vec![located(error)]),
        }
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let path = last.as_ref().map_or_else(|| default_kubeconfig(id), |last| kubeconfig(id, &last.spec));
        let mark = last.as_ref().map(|last| mark(&last.status));
        let found =
            cx.provider().kind.find(&task(cx), &id.name, mark.as_deref(), &path).await.map_err(located)?;
        let Some(found) = found else { return Ok(None) };
        let spec = match last {
            Some(last) => last.spec,
            None => {
                adoption::imported(cx, found.connection.uid.as_deref().unwrap_or_default());
                imported(&found)
            }
        };
        Ok(Some((spec, status(found))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let (path, mark) = (kubeconfig(id, &last.spec), mark(&last.status));
        match cx.provider().kind.delete(&task(cx), &id.name, &mark, &path).await.map_err(located)? {
            Deletion::Gone => {}
            Deletion::Foreign => cx.warn(stays(id)),
        }
        Ok(())
    }
}

/// Whether the image that was read is the one that is wanted, as far as they tell.
fn has_image(read: &Option<Fixed<String>>, wanted: &Option<Fixed<String>>) -> bool {
    let both = read.as_ref().zip(wanted.as_ref());
    both.is_none_or(|(read, wanted)| image::same(read, wanted))
}

fn default_kubeconfig(id: &Identity) -> PathBuf {
    PathBuf::from(format!("{}.kubeconfig", id.name))
}

fn kubeconfig(id: &Identity, spec: &Spec) -> PathBuf {
    spec.kubeconfig_path.as_ref().map_or_else(|| default_kubeconfig(id), PathBuf::from)
}

fn wanted(id: &Identity, spec: &Spec) -> kind::Spec {
    kind::Spec {
        name: id.name.clone(),
        node_image: spec.node_image.as_ref().map(|image| image.0.clone()),
        config: spec.config.as_ref().map(|config| config.0.clone()),
        registry_mirrors: spec.registry_mirrors.as_ref().map(|mirrors| mirrors.0.clone()).unwrap_or_default(),
        kubeconfig_path: kubeconfig(id, spec),
        wait: spec.wait,
    }
}

/// What an import can tell of the spec.
fn imported(found: &KindCluster) -> Spec {
    Spec {
        engine: Fixed(Engine::Kind),
        node_image: (!found.node_image.is_empty()).then(|| Fixed(found.node_image.clone())),
        config: None,
        registry_mirrors: None,
        kubeconfig_path: None,
        wait: true,
    }
}

fn status(made: KindCluster) -> Status {
    Status {
        endpoint: made.connection.host.clone().unwrap_or_default(),
        kubernetes: made.connection,
        kubernetes_version: made.kubernetes_version,
    }
}

/// What the cluster is known by to whatever lies in it.
fn uid(status: &Status) -> &str {
    status.kubernetes.uid.as_deref().unwrap_or_default()
}

/// The mark that the cluster was given when it was made.
fn mark(status: &Status) -> String {
    status.kubernetes.engine.as_ref().and_then(|engine| engine.id.clone()).unwrap_or_default()
}

/// What a create comes to. One that was stopped after kind had made the cluster leaves it in the state, and one whose
/// nodes are not ready in time says where it is.
fn created(id: &Identity, made: Result<Made, Error>) -> Outcome<Status> {
    let what = format!("The kind cluster `{}`", id.name);
    match made {
        Ok(Made { cluster, ready: Ok(()) }) => Outcome::done(status(cluster)),
        Ok(Made { cluster, ready: Err(error) }) => {
            let stopped = matches!(error, Error::Interrupted(_));
            let import_id = Cluster::import_id(id);
            unfinished(Phase::Create, &what, &import_id, status(cluster), located(error), stopped)
        }
        Err(error) => {
            let half_made =
                matches!(error, Error::Interrupted(_) | Error::Run(run::Error::Interrupted { .. }));
            let mut problem = located(error);
            if half_made {
                let paragraph = format!(
                    "{what} may be there, half-made, and is not in the state. The next apply makes it anew. To remove it instead: `kind delete cluster --name {}`.",
                    id.name
                );
                add(&mut problem, &paragraph);
            }
            Outcome::failed(problem)
        }
    }
}

fn gone_meanwhile(id: &Identity) -> Problem {
    let detail = format!(
        "The kind cluster `{}` was deleted after this apply was planned. Apply again to make it anew.",
        id.name
    );
    Problem::error("The cluster is gone", detail)
}

fn stays(id: &Identity) -> Problem {
    let detail = format!(
        "The kind cluster `{}` is not the one of this resource, which is gone: somebody made another of that name. It was left as it is.",
        id.name
    );
    Problem::warning("A kind cluster stays", detail)
}

/// The problem, on the attribute that the error is about.
fn located(error: Error) -> Problem {
    let path = match &error {
        Error::Name { .. } | Error::Taken { .. } | Error::HalfMade { .. } => "name",
        Error::Image => "node_image",
        Error::Config { .. } => "config",
        Error::Mirror { .. } => "registry_mirrors",
        Error::KubeconfigPath { .. } | Error::KubeconfigTaken { .. } | Error::Kubeconfig { .. } => {
            "kubeconfig_path"
        }
        Error::NoEngine { .. }
        | Error::Provider { .. }
        | Error::OtherEngine { .. }
        | Error::UnknownEngine { .. } => "engine",
        Error::NotReady { .. } => "wait",
        _ => return problem(&error),
    };
    problem(&error).at(path)
}

#[cfg(test)]
#[path = "cluster_tests.rs"]
mod tests;
