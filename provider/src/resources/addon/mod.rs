//! `gitops_addon`: what a cluster needs beside Argo CD.
//!
//! An installation like that of Argo CD, of one of several kinds; which there are, and what is different from one to the
//! next, is said in `gitops::install::addons`.

pub mod spec;
#[cfg(test)]
mod tests;

use super::installation::{self, Install, Installation, Recipe, Wanted};
use crate::adoption::imported;
use crate::import_id;
use crate::outcome::Phase;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{self, Owner, Survey, inventory_name};
use gitops::cluster::Cluster;
use gitops::install::addons::Addon;
use gitops::manifest::Id;
use gitops::{Task, names, wait};
use schemars::JsonSchema;
use serde_json::Value as Json;
use spec::{Identity, Service, Spec, Status, spec_of, wishes};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Installs what a cluster needs beside Argo CD, from a manifest or a chart, and keeps it as it was installed.
///
/// Of kind `sealed-secrets` it is the controller that opens what `gitops_sealed_secret` seals. Its private keys are
/// Secrets that it makes for itself, or that a `gitops_sealing_key` puts in place before it starts: let the add-on depend
/// on that.
///
/// A newer manifest upgrades in place: what the old one had and the new one lacks is removed. What was deleted or changed
/// by hand shows in the plan, and the apply puts it right. With `if_absent`, an add-on that somebody else installed is
/// left alone and used.
///
/// Destroy removes what was installed. The private keys stay, whoever made them, and so does the definition of a kind of
/// which there are still objects, with a warning: what was sealed can be opened again by the next controller.
#[derive(JsonSchema)]
pub struct AddonInstallation;

/// Inputs that decide what the objects are.
const INPUTS: [&str; 5] = ["kind", "namespace", "source", "patches", "images"];

impl Resource for AddonInstallation {
    const KIND: &'static str = "gitops_addon";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.kind.name(), id.namespace)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let parts = text.split_once('/').and_then(|(kind, namespace)| Some((Addon::of(kind)?, namespace)));
        match parts {
            Some((kind, namespace)) if names::namespace(namespace).is_ok() => {
                Ok(Identity { kind, namespace: namespace.to_owned() })
            }
            _ => Err(import_id::not_one(
                "The import id is `kind/namespace`, such as `sealed-secrets/kube-system`.",
            )),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let namespace =
            names::namespace(&id.get().namespace).at("namespace").err().filter(|_| id.is_known("namespace"));
        let Spec { source, patches, images, .. } = spec.get();
        let example = "the `controller.yaml` of a release";
        let more = installation::problems(spec, source, example, patches, images);
        namespace.into_iter().chain(more).collect()
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let Identity { kind, namespace } = plan.id();
        let what = format!("the add-on `{}` in namespace `{namespace}`", kind.name());
        let inventory = inventory_name(kind.product().release);
        plan.claim(what, &["kind", "namespace", "kubernetes"]);
        plan.set("inventory", inventory);
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        let outputs = ["version", "manifest_sha256", "objects", "ready", "managed", "service"];
        if !INPUTS.iter().all(|input| plan.is_known(*input)) {
            outputs.iter().for_each(|output| plan.unknown(output));
            return Ok(());
        }
        let installation = installation_of(plan.id(), plan.want());
        let managed = plan.prior().is_some_and(|prior| prior.status.managed);
        if plan.want().if_absent && !managed && plan.prior().is_some() {
            return Ok(()); // Somebody else's, as long as it is there.
        }
        let install = installation.install(cx, &task(cx), &plan.want().source).await?;
        installation.warn_of_unused(cx, &install);
        if plan.want().if_absent && !managed {
            return Ok(()); // Perhaps somebody else's.
        }
        let (before, wait) = (plan.prior().map(|prior| prior.status.facts()), plan.want().wait);
        installation.foresee(plan, &install, before.as_ref(), wait);
        let service = service(plan.id(), &install);
        plan.set("managed", true);
        plan.set("service", service);
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, installation) = (task(cx), installation_of(id, want));
        if want.if_absent {
            match theirs(cx, &task, id, &installation, want).await {
                Ok(Some(status)) => return Outcome::done(status),
                Ok(None) => {}
                Err(problem) => return Outcome::failed(problem),
            }
        }
        let wanted = Wanted {
            kubernetes: want.kubernetes.as_ref(),
            source: &want.source,
            take_ownership: want.take_ownership,
            wait: want.wait,
        };
        let status = |facts, install: &Install| Status::of(facts, true, service(id, install));
        installation.apply(cx, &task, Phase::of(&prior), &wanted, status).await
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let task = task(cx);
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let found = cx.provider().find(&task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(None) };
        let spec = spec_of(last.as_ref().map(|last| &last.spec));
        let installation = installation_of(id, &spec);
        if let Some(Prior { status: Status { managed: false, .. }, .. }) = &last {
            let found = installation.essential(&task, &cluster).await?;
            return Ok((!found.is_empty()).then(|| (spec, status_of_theirs(id, &installation, found))));
        }
        let source = last.as_ref().map(|last| (&last.spec.source, last.status.manifest_sha256.as_str()));
        let live = installation.live(cx, &task, &cluster, source).await?;
        let Some((survey, installed)) = live else { return Ok(None) };
        let managed = match last {
            Some(_) => {
                installation.warn_of_drift(cx, &survey);
                true
            }
            None => {
                imported(cx, cluster.uid());
                survey.intact > 0
            }
        };
        let facts = installation.seen(last.as_ref().map(|last| last.status.facts()), &survey);
        let service = match (installed, last) {
            (Some(install), _) => service(id, &install),
            (None, Some(last)) => last.status.service,
            (None, None) => service_of_workload(id, &survey.workloads),
        };
        Ok(Some((spec, Status::of(facts, managed, service))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        if !last.status.managed {
            return Ok(());
        }
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        installation_of(id, &last.spec).delete(cx, &task, &cluster, &[]).await?;
        warn_of_secrets(cx, &task, &cluster, id).await
    }
}

/// What is installed.
fn installation_of(id: &Identity, spec: &Spec) -> Installation {
    let (product, import_id) = (id.kind.product(), AddonInstallation::import_id(id));
    let owner = Owner::new(AddonInstallation::KIND, &import_id);
    Installation { owner, set: product.release, recipe: Recipe::Plain(product, wishes(id, spec)) }
}

/// The Service that others talk to.
fn service(id: &Identity, install: &Install) -> Option<Service> {
    id.kind.service(&install.prepared.objects).map(|service| Service::of(service, &id.namespace))
}

/// The same, of an add-on of which nothing but its workloads is known: it is called like the first.
fn service_of_workload(id: &Identity, workloads: &[(Id, Json)]) -> Option<Service> {
    let known = |name: &str| id.kind.product().workloads.iter().any(|(_, workload)| *workload == name);
    let name = workloads.iter().map(|(id, _)| id.name.clone()).find(|name| known(name))?;
    Some(Service { namespace: id.namespace.clone(), name })
}

/// The add-on that somebody else installed, when it runs; `None` where there is none.
async fn theirs(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    installation: &Installation,
    want: &Spec,
) -> Result<Option<Status>, Problem> {
    let cluster = cx.provider().connect(task, want.kubernetes.as_ref()).await?;
    let found = installation.essential(task, &cluster).await?;
    let owns = |(_, live): &(Id, Json)| {
        let mark = live.pointer("/metadata/labels").and_then(|labels| labels.get(apply::OWNER));
        mark.and_then(Json::as_str) == Some(installation.owner.mark())
    };
    if found.is_empty() || found.iter().any(owns) {
        return Ok(None);
    }
    if want.wait {
        let workloads: Vec<_> = found.iter().map(|(id, _)| id.clone()).collect();
        wait::all_rolled_out(task, &cluster.client(), &workloads).await.map_err(|error| problem(&error))?;
    }
    let found = installation.essential(task, &cluster).await?;
    Ok(Some(status_of_theirs(id, installation, found)))
}

fn status_of_theirs(id: &Identity, installation: &Installation, workloads: Vec<(Id, Json)>) -> Status {
    let service = service_of_workload(id, &workloads);
    let facts = installation.seen(None, &Survey { workloads, ..Survey::default() });
    Status::of(facts, false, service)
}

/// Says which private keys are still there: with them the next installation opens what was sealed.
async fn warn_of_secrets(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
) -> Result<(), Problem> {
    let Some(label) = id.kind.kept_secrets() else { return Ok(()) };
    let secrets = apply::secrets(task, cluster, &id.namespace, label).await.whole()?;
    let names: Vec<_> = secrets.iter().filter_map(|secret| secret.metadata.name.as_deref()).collect();
    if !names.is_empty() {
        cx.warn(secrets_stay(&id.namespace, label, &names));
    }
    Ok(())
}

fn secrets_stay(namespace: &str, label: &str, names: &[&str]) -> Problem {
    let detail = format!(
        "These Secrets in namespace `{namespace}` hold private keys, without which nothing opens what was sealed for them: {}.\n\nThe next installation there uses them. If they are not needed any more: `kubectl delete secret -n {namespace} -l {label}`.",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    );
    Problem::warning("Private keys stay", detail)
}
