//! `gitops_secret_injection`: a Secret that is in the cluster before anything needs it.
//!
//! Its values are in the configuration and in the cluster, nowhere else. That they changed, on either side, is seen
//! by a fingerprint whose key lies in the Secret itself.

use crate::adoption::{adopted, adopts, imported};
use crate::import_id;
use crate::problem::{Locate, json, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{self, Deletion, Owner, Writer};
use gitops::cluster::{Cluster, Connection};
use gitops::manifest::Object;
use gitops::secrets::{self, Data, Key, Wanted};
use gitops::{Secret, Task, names, secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Context, Fixed, Foresight, Outcome, Prior, Problem, Resource, View};

/// Puts a Secret into a cluster before anything needs it.
///
/// The values are write-only: they are in the configuration and in the cluster, and neither in the plan nor in the
/// state. A value that changed in the configuration is noticed without a number being raised, and so is a key that
/// was changed, removed or added in the cluster by hand.
///
/// A private repository becomes known to Argo CD with the label `argocd.argoproj.io/secret-type = "repository"`.
#[derive(JsonSchema)]
pub struct SecretInjection;

/// What the Secret is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Whether to make the namespace where it is missing. A namespace that was made is removed with the last thing
    /// in it that is ours.
    #[serde(default)]
    pub create_namespace: bool,
    /// Type of the Secret, such as `kubernetes.io/dockerconfigjson`.
    #[serde(default = "opaque")]
    pub r#type: Fixed<String>,
    /// Labels of the Secret.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the Secret.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Values by key, as text.
    pub data_wo: Option<Secret<secret::Map>>,
    /// Values by key, in base64.
    pub binary_data_wo: Option<Secret<secret::Map>>,
    /// A number to raise when the values changed. With it, only the number counts; use it for values that differ
    /// each time they are asked for.
    pub data_wo_revision: Option<i64>,
    /// Keys that must be there and not empty. A missing one fails the plan.
    pub required_keys: Option<BTreeSet<String>>,
    /// Whether to take over a Secret that exists and is not ours.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// UID of the Secret.
    pub uid: String,
    /// The keys of the Secret.
    pub keys: BTreeSet<String>,
    /// A fingerprint of the keys and values. Without the Secret itself it tells nothing about them.
    pub fingerprint: String,
}

impl Resource for SecretInjection {
    const KIND: &'static str = "gitops_secret_injection";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, name) = import_id::namespaced(text, "web/app-secrets")?;
        Ok(Identity { namespace, name })
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(
            names::namespace(&id.get().namespace).at("namespace").err().filter(|_| id.is_known("namespace")),
        );
        problems
            .extend(names::object(&id.get().name, "Secret").at("name").err().filter(|_| id.is_known("name")));
        if spec.is_known("data_wo") && spec.is_known("binary_data_wo") && spec.is_known("required_keys") {
            problems.extend(data(spec.get()).err().into_iter().flatten());
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let what = format!("the Secret `{}`", Self::import_id(plan.id()));
        plan.claim(what, &["namespace", "name", "kubernetes"]);
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        plan.keep_unless_changed("uid", &["kubernetes"]); // another cluster has another Secret
        plan.derive("keys", &["data_wo", "binary_data_wo"], |_, spec| keys(spec));
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        if plan.has_changes() || plan.want().data_wo_revision.is_some() {
            // Only the number counts; with any other change the values are written anew and may differ by then.
            return Ok(());
        }
        if !plan.is_known("data_wo") || !plan.is_known("binary_data_wo") {
            plan.unknown("fingerprint");
            return Ok(());
        }
        let fingerprint = Some(status.fingerprint.clone());
        match wanted_fingerprint(cx, plan).await {
            Ok(wanted) if wanted.is_some() && wanted == fingerprint => plan.keep("fingerprint"),
            // Other values, or no key to tell by: the Secret is written anew, and its key with it.
            Ok(_) => plan.unknown("fingerprint"),
            Err(problem) => {
                plan.keep("fingerprint");
                plan.keep("keys");
                cx.warn(unreadable(problem));
            }
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let put = put(cx, id, prior.is_none(), want).await;
        if put.is_ok() {
            adopted(cx);
        }
        put.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let (last, kubernetes) =
            (last.as_ref(), last.as_ref().and_then(|last| last.spec.kubernetes.as_ref()));
        let task = task(cx);
        let found = cx.provider().find(&task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(None) };
        let Some(live) = live(cx, &task, &cluster, id).await? else { return Ok(None) };
        cx.provider().remember_key(&cluster, &Self::import_id(id), Key::of(&live));
        if last.is_none() {
            imported(cx, cluster.uid());
        }
        Ok(Some((spec_of(&live, last.map(|last| &last.spec)), status_of(&live))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        let place = cx.provider().namespaces.at(&cluster, &id.namespace);
        let leaving = last.spec.create_namespace.then(|| place.leave());
        if remove(cx, &task, &cluster, id).await? == Deletion::Foreign {
            cx.warn(stays(id));
        }
        let Some(leaving) = leaving else { return Ok(()) };
        // No Secret is put into the namespace while it goes: it would go with it.
        let Some(_alone) = task.run(leaving.last()).await.whole()? else { return Ok(()) };
        writer(&cluster, id).release_namespace(&task, &id.namespace).await.at("namespace").map(drop)
    }
}

/// Deletes the Secret. One that is not ours stays.
async fn remove(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
) -> Result<Deletion, Problem> {
    let writer = writer(cluster, id);
    if adopts(cx, cluster.uid()) && writer.read(task, &named(id)).await.whole()?.is_some() {
        // Only what carries our mark is deleted.
        writer.clone().taking_ownership(true).apply(task, named(id)).await.whole()?;
    }
    writer.delete(task, &named(id)).await.whole()
}

fn stays(id: &Identity) -> Problem {
    let detail = format!(
        "The Secret `{}/{}` does not carry the mark of this resource: somebody else took it over. It was left as it is.",
        id.namespace, id.name
    );
    Problem::warning("The Secret stays", detail)
}

fn opaque() -> Fixed<String> {
    Fixed("Opaque".to_owned())
}

/// The values together; all problems with them, each at its key.
fn data(spec: &Spec) -> Result<Secret<Data>, Vec<Problem>> {
    let nothing = secret::Map::default();
    let text = spec.data_wo.as_ref().map_or(&nothing, Secret::expose);
    let base64 = spec.binary_data_wo.as_ref().map_or(&nothing, Secret::expose);
    let required = spec.required_keys.clone().unwrap_or_default();
    secrets::data(text, base64, &required).map_err(|errors| {
        let locate = |error: &secrets::Error| match error {
            secrets::Error::Missing { .. } => problem(error).at("required_keys"),
            secrets::Error::Base64 { .. } | secrets::Error::Twice { .. } => {
                problem(error).at("binary_data_wo")
            }
            _ => problem(error).at("data_wo"),
        };
        errors.iter().map(locate).collect()
    })
}

fn keys(spec: &Spec) -> BTreeSet<String> {
    let keys = |map: &Option<Secret<secret::Map>>| {
        map.iter().flat_map(|map| map.expose().0.keys().cloned()).collect::<Vec<_>>()
    };
    keys(&spec.data_wo).into_iter().chain(keys(&spec.binary_data_wo)).collect()
}

fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| Problem::bug("an error without a problem"))
}

fn named(id: &Identity) -> Object {
    Object::reference("v1", "Secret", Some(&id.namespace), &id.name)
}

fn writer(cluster: &Cluster, id: &Identity) -> Writer {
    Writer::new(cluster, Owner::new(SecretInjection::KIND, &SecretInjection::import_id(id)), false)
}

async fn live(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
) -> Result<Option<Json>, Problem> {
    let live = cx.provider().reads.read(task, cluster, &named(id)).await.whole()?;
    live.as_ref().map(json).transpose()
}

/// Writes the Secret with the key that it has, or a new one. One that is planned as `new` is written at once, and
/// looked at only if that fails: it may be there by now, ours or not.
async fn put(cx: &Context<Gitops>, id: &Identity, new: bool, want: &Spec) -> Result<Status, Problem> {
    let task = task(cx);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let adopt = want.take_ownership || adopts(cx, cluster.uid());
    let writer = writer(&cluster, id).taking_ownership(adopt);
    let place = cx.provider().namespaces.at(&cluster, &id.namespace);
    let _staying = task.run(place.stay()).await.whole()?;
    if want.create_namespace {
        writer.ensure_namespace(&task, &id.namespace).await.at("namespace")?;
    }
    let wanted = Wanted {
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        kind: want.r#type.0.clone(),
        labels: want.labels.clone().unwrap_or_default(),
        annotations: want.annotations.clone().unwrap_or_default(),
        data: data(want).map_err(first)?,
    };
    let key = Key::generate().whole()?;
    if new {
        let created = writer.create(&task, secrets::object(&wanted, &key)).await.whole()?;
        if let Some(created) = created {
            return Ok(status_of(&json(&created.live)?));
        }
    }
    let live = writer.read(&task, &named(id)).await.whole()?;
    let key = live.as_ref().map(json).transpose()?.as_ref().and_then(Key::of).unwrap_or(key);
    let applied = writer.apply_exactly(&task, secrets::object(&wanted, &key), "data", live).await;
    let applied = applied.map_err(|error| not_written(&error))?;
    Ok(status_of(&json(&applied.live)?))
}

/// The problem, on the attribute that the error is about.
fn not_written(error: &apply::Error) -> Problem {
    match error {
        apply::Error::NoNamespace { .. } => problem(error).at("namespace"),
        apply::Error::Foreign { .. } => problem(error).at("name"),
        error => problem(error),
    }
}

/// The fingerprint that the configured values would have, under the key of the Secret as it is; `None` where there is
/// no key, so that nothing can be told: it was not written by us, or somebody removed the key.
async fn wanted_fingerprint(
    cx: &Context<Gitops>,
    plan: &Foresight<SecretInjection>,
) -> Result<Option<String>, Problem> {
    let task = task(cx);
    let found = cx.provider().find(&task, plan.want().kubernetes.as_ref()).await?;
    let Some(cluster) = found else { return Ok(None) };
    let key = match cx.provider().recall_key(&cluster, &SecretInjection::import_id(plan.id())) {
        Some(key) => Some(key),
        None => live(cx, &task, &cluster, plan.id()).await?.as_ref().and_then(Key::of),
    };
    Ok(key.as_ref().and_then(|key| fingerprint_under(key, plan.want())))
}

fn fingerprint_under(key: &Key, spec: &Spec) -> Option<String> {
    data(spec).ok().map(|data| secrets::fingerprint(key, &data))
}

fn unreadable(why: Problem) -> Problem {
    let detail = format!(
        "Whether the configured values are those in the cluster could not be found out, so no change is planned for them.\n\n{}. {}",
        why.summary, why.detail
    );
    Problem::warning("The Secret cannot be read", detail).at("data_wo")
}

fn status_of(live: &Json) -> Status {
    let text = |pointer: &str| live.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
    let keys = live.get("data").and_then(Json::as_object).map(|data| data.keys().cloned().collect());
    Status {
        uid: text("/metadata/uid"),
        keys: keys.unwrap_or_default(),
        fingerprint: secrets::live_fingerprint(live).unwrap_or_default(),
    }
}

/// The spec as the Secret shows it: its type, and of labels and annotations those that are configured. What only
/// this provider knows stays as it was.
fn spec_of(live: &Json, last: Option<&Spec>) -> Spec {
    let shown = |pointer: &str, last: Option<&BTreeMap<String, String>>| {
        let live = live.pointer(pointer).and_then(Json::as_object);
        let value = |key: &String| Some((key.clone(), live?.get(key)?.as_str()?.to_owned()));
        last.map(|last| last.keys().filter_map(value).collect::<BTreeMap<_, _>>())
    };
    Spec {
        kubernetes: last.and_then(|last| last.kubernetes.clone()),
        create_namespace: last.is_some_and(|last| last.create_namespace),
        r#type: Fixed(live.get("type").and_then(Json::as_str).unwrap_or("Opaque").to_owned()),
        labels: shown("/metadata/labels", last.and_then(|last| last.labels.as_ref())),
        annotations: shown("/metadata/annotations", last.and_then(|last| last.annotations.as_ref())),
        data_wo: None,
        binary_data_wo: None,
        data_wo_revision: last.and_then(|last| last.data_wo_revision),
        required_keys: last.and_then(|last| last.required_keys.clone()),
        take_ownership: last.is_some_and(|last| last.take_ownership),
    }
}

#[cfg(test)]
#[path = "secret_injection_tests.rs"]
mod tests;
