//! `gitops_secret_injection`: a Secret that is in the cluster before anything needs it.
//!
//! Its values are in the configuration and in the cluster, nowhere else. That they changed, on either side, is seen
//! by a fingerprint whose key lies in the Secret itself.

mod immutable;
mod live;

use super::injected::{Injected, unreadable};
use crate::adoption::{adopted, adopts, imported};
use crate::import_id;
use crate::problem::Locate;
use crate::provider::{Gitops, foresee_in_cluster, task};
use crate::secret_values::{Values, warn_of_doubts};
use gitops::apply::Owner;
use gitops::cluster::Connection;
use gitops::secrets::{self, Key, Wanted};
use gitops::{Secret, Task, names, secret};
use immutable::foresee_immutable;
use live::{spec_of, status_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Context, Fixed, Foresight, Outcome, Prior, Problem, Resource, View};

/// Puts a Secret into a cluster before anything needs it.
///
/// The values are write-only: they are in the configuration and in the cluster, and neither in the plan nor in the
/// state. A value that changed in the configuration is noticed without a number being raised, and so is a key that
/// was changed, removed or added in the cluster by hand.
///
/// Of a type that Kubernetes knows (`kubernetes.io/dockerconfigjson`, `dockercfg`, `tls`, `basic-auth`, `ssh-auth`) the
/// values are looked at when the plan is made: a certificate that is not of its private key, or registries whose
/// credentials no node can read, are errors, and a certificate that has expired is a warning.
///
/// Kubernetes changes no value of an `immutable` Secret: other values replace it, which the plan shows. Between its end
/// and its return a Pod that starts waits for it. Pods that should see new values only when they are made anew are better
/// served with another `name` for each version.
///
/// A private repository becomes known to Argo CD with `gitops_repository_credentials`.
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
    /// Type of the Secret, such as `kubernetes.io/dockerconfigjson`. The values must be those of the type.
    #[serde(default = "opaque")]
    pub r#type: Fixed<String>,
    /// Whether the cluster refuses every change of the values, also by others. Other values then replace the Secret, and
    /// so does taking this back.
    #[serde(default)]
    pub immutable: bool,
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
        problems.extend(values(spec.get()).known(spec).err().into_iter().flatten());
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_in_cluster(cx, plan, "the Secret", ["namespace", "name"], |spec| spec.kubernetes.as_ref());
        plan.keep_unless_changed("uid", &["kubernetes"]); // another cluster has another Secret
        plan.derive("keys", &["data_wo", "binary_data_wo"], |_, spec| values(spec).keys());
        warn_of_doubts(cx, plan, values);
        if plan.prior().is_some_and(|prior| prior.spec.immutable) && !plan.is_changed("kubernetes") {
            return foresee_immutable(cx, plan).await;
        }
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        if plan.has_changes() || plan.want().data_wo_revision.is_some() {
            // Only the number counts; with any other change the values are written anew and may differ by then.
            return Ok(());
        }
        if !plan.is_known("data_wo") || !plan.is_known("binary_data_wo") {
            plan.unknown("fingerprint");
            return Ok(());
        }
        let task = task(cx);
        let key = injected(cx, &task, plan.id()).key(plan.want().kubernetes.as_ref()).await;
        match key.map(|key| key.and_then(|key| fingerprint_under(&key, plan.want()))) {
            Ok(Some(wanted)) if wanted == status.fingerprint => plan.keep("fingerprint"),
            // Other values, or no key to tell by: the Secret is written anew, and its key with it.
            Ok(_) => plan.unknown("fingerprint"),
            Err(problem) => {
                plan.keep("fingerprint");
                plan.keep("keys");
                cx.warn(unreadable(&problem, "data_wo"));
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
        let Some(live) = injected(cx, &task, id).read(&cluster).await? else { return Ok(None) };
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
        let injected = injected(cx, &task, id);
        injected.remove(&cluster).await?;
        let Some(leaving) = leaving else { return Ok(()) };
        // No Secret is put into the namespace while it goes: it would go with it.
        let Some(_alone) = task.run(leaving.last()).await.whole()? else { return Ok(()) };
        injected.writer(&cluster).release_namespace(&task, &id.namespace).await.at("namespace").map(drop)
    }
}

fn injected<'a>(cx: &'a Context<Gitops>, task: &'a Task, id: &'a Identity) -> Injected<'a> {
    let owner = Owner::new(SecretInjection::KIND, &SecretInjection::import_id(id));
    Injected { cx, task, owner, namespace: &id.namespace, name: &id.name, at: "name" }
}

fn opaque() -> Fixed<String> {
    Fixed("Opaque".to_owned())
}

fn values(spec: &Spec) -> Values<'_> {
    Values {
        kind: Some(&spec.r#type),
        text: spec.data_wo.as_ref(),
        base64: spec.binary_data_wo.as_ref(),
        required: spec.required_keys.as_ref(),
    }
}

async fn put(cx: &Context<Gitops>, id: &Identity, new: bool, want: &Spec) -> Result<Status, Problem> {
    // What the plan did not know is judged before anything is made, the namespace too.
    let (task, data) = (task(cx), values(want).data_or_first()?);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let adopt = want.take_ownership || adopts(cx, cluster.uid());
    let injected = injected(cx, &task, id);
    let writer = injected.writer(&cluster).taking_ownership(adopt);
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
        annotations: annotations(want),
        immutable: want.immutable,
        data,
    };
    injected.put(&writer, new, wanted).await.map(|live| status_of(&live))
}

/// The annotations that are configured, and the number that the values were written with.
fn annotations(want: &Spec) -> BTreeMap<String, String> {
    let mut annotations = want.annotations.clone().unwrap_or_default();
    annotations
        .extend(want.data_wo_revision.map(|number| (secrets::REVISION.to_owned(), number.to_string())));
    annotations
}

fn fingerprint_under(key: &Key, spec: &Spec) -> Option<String> {
    values(spec).data().ok().map(|data| secrets::fingerprint(key, &data))
}

#[cfg(test)]
mod tests;
