//! `gitops_project`: what the Applications of a project may do.
//!
//! Argo CD holds Applications to it. A project that Applications still belong to is not removed: they would stop.

use super::argo;
use crate::adoption::{adopted, adopts, imported};
use crate::problem::{self, Locate, problem};
use crate::provider::{Gitops, foresee_in_cluster, task};
use crate::{defaults, import_id};
use gitops::apply::{Deletion, Owner, Writer};
use gitops::argo::{GroupKind, Project as Wanted, ProjectDestination, Role, SyncWindow};
use gitops::cluster::{Cluster, Connection};
use gitops::manifest::Object;
use gitops::names;
use gitops::wait::family;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

const KIND: &str = "AppProject";

/// Puts an Argo CD AppProject into the cluster: the repositories that its Applications may read, where their objects may
/// go, which kinds they may be of, who may sync them, and when.
///
/// What is not named is not allowed, but for kinds that have a namespace: all of them are, unless
/// `namespace_resources` names some. An Application belongs to the project with `project = gitops_project.x.name`, by
/// which it also comes after it and goes before it.
#[derive(JsonSchema)]
pub struct Project;

/// What the project is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of Argo CD.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
    /// Name of the project.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// What it is for.
    pub description: Option<String>,
    /// Repositories that its Applications may read: addresses or patterns; `*` is all of them.
    pub source_repos: Option<Vec<String>>,
    /// Namespaces that its Applications may lie in, beside Argo CD's own.
    pub source_namespaces: Option<Vec<String>>,
    /// Where objects may go.
    pub destinations: Option<Vec<ProjectDestination>>,
    /// Kinds without a namespace that are allowed, such as `{ kind = "Namespace" }`.
    pub cluster_resources: Option<Vec<GroupKind>>,
    /// Kinds without a namespace that are not allowed, although `cluster_resources` has them.
    pub denied_cluster_resources: Option<Vec<GroupKind>>,
    /// Kinds with a namespace that are allowed. Default: all.
    pub namespace_resources: Option<Vec<GroupKind>>,
    /// Kinds with a namespace that are not allowed.
    pub denied_namespace_resources: Option<Vec<GroupKind>>,
    /// Who may do what with its Applications: people by their groups, programs by tokens that Argo CD issues for a role,
    /// which are left alone.
    pub roles: Option<Vec<Role>>,
    /// When its Applications may be synced, or may not. Tiers of tenants that have windows of their own have projects of
    /// their own: `tier_projects` of `gitops_tenant` and `gitops_tenant_fleet`.
    pub sync_windows: Option<Vec<SyncWindow>>,
    /// Ids of GPG keys, one of which must have signed the commit that is synced.
    pub signature_keys: Option<Vec<String>>,
    /// Whether to take over a project that exists and is not ours.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// UID of the project.
    pub uid: String,
}

impl Resource for Project {
    const KIND: &'static str = "gitops_project";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, name) = import_id::namespaced(text, "argocd/platform")?;
        Ok(Identity { namespace, name })
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(names::namespace(&id.get().namespace).at("namespace").err());
        problems.extend(names::object(&id.get().name, "AppProject").at("name").err());
        // A policy names its project, which may not be known yet.
        if id.is_known("name") {
            let wrong = wanted(id.get(), spec.get()).validate().into_iter();
            problems.extend(wrong.map(|(at, error)| problem(&error).at(at.as_str())));
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_in_cluster(cx, plan, "the AppProject", ["namespace", "name"], |spec| {
            spec.kubernetes.as_ref()
        });
        plan.keep_unless_changed("uid", &["kubernetes"]); // another cluster has another project
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        put(cx, id, want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let task = task(cx);
        let Some(cluster) = cx.provider().find(&task, kubernetes).await? else { return Ok(None) };
        let Some(live) = argo::read(&task, &cluster, &reference(id)).await? else { return Ok(None) };
        if last.is_none() {
            imported(cx, cluster.uid());
        }
        let status = status_of(&live);
        Ok(Some((spec_of(&live, id, last.map(|last| last.spec)), status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        if argo::read(&task, &cluster, &reference(id)).await?.is_none() {
            return Ok(());
        }
        let used = family::of_project(&task, &cluster, &id.namespace, &id.name).await.whole()?;
        if !used.is_empty() {
            return Err(still_used(id, &used));
        }
        let writer = writer(cx, &cluster, id, false);
        if adopts(cx, cluster.uid()) {
            // Only what carries our mark is deleted.
            writer
                .apply(&task, wanted(id, &last.spec).object())
                .await
                .map_err(|error| argo::refused(&error, KIND, &id.namespace))?;
        }
        if writer.delete(&task, &reference(id)).await.whole()? == Deletion::Foreign {
            cx.warn(argo::not_ours(KIND, &id.namespace, &id.name));
        }
        Ok(())
    }
}

fn writer(cx: &Context<Gitops>, cluster: &Cluster, id: &Identity, take_ownership: bool) -> Writer {
    let owner = Owner::new(Project::KIND, &Project::import_id(id));
    Writer::new(cluster, owner, take_ownership || adopts(cx, cluster.uid()))
}

async fn put(cx: &Context<Gitops>, id: &Identity, want: &Spec) -> Result<Status, Problem> {
    let task = task(cx);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let writer = writer(cx, &cluster, id, want.take_ownership);
    let applied = writer
        .apply(&task, wanted(id, want).object())
        .await
        .map_err(|error| argo::refused(&error, KIND, &id.namespace))?;
    adopted(cx);
    Ok(status_of(&problem::json(&applied.live)?))
}

fn reference(id: &Identity) -> Object {
    Wanted::reference(&id.namespace, &id.name)
}

fn wanted(id: &Identity, spec: &Spec) -> Wanted {
    let spec = spec.clone();
    Wanted {
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        description: spec.description.filter(|text| !text.is_empty()),
        source_repos: spec.source_repos.unwrap_or_default(),
        source_namespaces: spec.source_namespaces.unwrap_or_default(),
        destinations: spec.destinations.unwrap_or_default(),
        cluster_resources: spec.cluster_resources.unwrap_or_default(),
        denied_cluster_resources: spec.denied_cluster_resources.unwrap_or_default(),
        namespace_resources: spec.namespace_resources.unwrap_or_default(),
        denied_namespace_resources: spec.denied_namespace_resources.unwrap_or_default(),
        roles: spec.roles.unwrap_or_default(),
        sync_windows: spec.sync_windows.unwrap_or_default(),
        signature_keys: spec.signature_keys.unwrap_or_default(),
    }
}

fn status_of(live: &Json) -> Status {
    let uid = live.pointer("/metadata/uid").and_then(Json::as_str);
    Status { uid: uid.unwrap_or_default().to_owned() }
}

/// The spec as the project shows it. What means the same as before stays as it was written (an empty list, or none),
/// and what only this provider knows stays as it was.
fn spec_of(live: &Json, id: &Identity, last: Option<Spec>) -> Spec {
    let found = Wanted::of(live);
    let mut spec = last.unwrap_or_default();
    let (now, then) = (found.object().into_value(), wanted(id, &spec).object().into_value());
    let differs = |name: &str| now["spec"].get(name) != then["spec"].get(name);
    if differs("description") {
        spec.description = found.description;
    }
    show(&mut spec.source_repos, found.source_repos, differs("sourceRepos"));
    show(&mut spec.source_namespaces, found.source_namespaces, differs("sourceNamespaces"));
    show(&mut spec.destinations, found.destinations, differs("destinations"));
    show(&mut spec.cluster_resources, found.cluster_resources, differs("clusterResourceWhitelist"));
    let denied = found.denied_cluster_resources;
    show(&mut spec.denied_cluster_resources, denied, differs("clusterResourceBlacklist"));
    show(&mut spec.namespace_resources, found.namespace_resources, differs("namespaceResourceWhitelist"));
    let denied = found.denied_namespace_resources;
    show(&mut spec.denied_namespace_resources, denied, differs("namespaceResourceBlacklist"));
    show(&mut spec.roles, found.roles, differs("roles"));
    show(&mut spec.sync_windows, found.sync_windows, differs("syncWindows"));
    show(&mut spec.signature_keys, found.signature_keys, differs("signatureKeys"));
    spec
}

fn show<T>(shown: &mut Option<Vec<T>>, found: Vec<T>, differs: bool) {
    if differs {
        *shown = Some(found).filter(|found| !found.is_empty());
    }
}

/// How many Applications are named one by one.
const NAMED: usize = 10;

fn still_used(id: &Identity, used: &[String]) -> Problem {
    let mut named = used.iter().take(NAMED).map(|name| format!("- {name}")).collect::<Vec<_>>();
    if used.len() > NAMED {
        named.push(format!("- and {} more", used.len() - NAMED));
    }
    let detail = format!(
        "Without it Argo CD would sync them no more:\n{}\n\nRemove them or move them to another project first; those of this configuration go first by themselves if they refer to this resource. Nothing was removed.",
        named.join("\n")
    );
    Problem::error(format!("Applications belong to the AppProject {}/{}", id.namespace, id.name), detail)
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
