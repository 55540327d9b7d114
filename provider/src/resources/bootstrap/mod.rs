//! `gitops_bootstrap`: Argo CD itself.
//!
//! The objects are computed at plan from the source, and written by server-side apply with an inventory, so that an
//! upgrade in place removes what the old version had and a half-made installation is resumed. Drift is found by
//! comparing the cluster with the same source as long as its checksum is the one that was installed; where the
//! source cannot be read, the objects of the inventory are counted. Each object that is gone or changed lowers
//! `objects`, so that the plan shows an update.

mod live;
mod source;
mod spec;

use crate::adoption::{adopted, adopts, imported};
use crate::import_id;
use live::{drift, essential, installed, is_ready, settings, spec_of, status_of, survey};
pub use source::Sources;
use spec::{Identity, Spec, Status};

use crate::outcome::{Phase, unfinished};
use crate::problem::{self, Locate, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{self, ChangeSet, Owner, Set, Survey, Writer, inventory_name};
use gitops::argo::install;
use gitops::cluster::Cluster;
use gitops::manifest::{Id, Object};
use gitops::wait;
use gitops::{Task, names};
use schemars::JsonSchema;
use source::Install;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Installs Argo CD, from a manifest or a chart, and keeps it as it was installed.
///
/// Everything goes through the Kubernetes API: no login to Argo CD, no Helm release. The first apply creates the
/// namespace, the definitions, settings and workloads, and waits until all of it runs; an apply that was interrupted
/// is resumed by the next. A newer manifest upgrades in place. An Argo CD that somebody else installed is not touched
/// unless `take_ownership` is true; nothing else in this provider needs an Argo CD that it installed itself.
///
/// Destroy removes what was installed. It refuses as long as Applications exist that wait for Argo CD to clean up
/// after them; the definition of a kind of which others still have objects stays, with a warning.
#[derive(JsonSchema)]
pub struct Bootstrap;

/// The set of objects; the inventory is called after it.
const SET: &str = "argocd";

/// Inputs that decide what the objects are.
const INPUTS: [&str; 5] = ["namespace", "source", "settings", "patches", "images"];

impl Resource for Bootstrap {
    const KIND: &'static str = "gitops_bootstrap";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.namespace.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        match names::namespace(text) {
            Ok(()) => Ok(Identity { namespace: text.to_owned() }),
            Err(_) => Err(import_id::not_one("The import id is the namespace, such as `argocd`.")),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let namespace =
            names::namespace(&id.get().namespace).at("namespace").err().filter(|_| id.is_known("namespace"));
        namespace.into_iter().chain(source::validate(spec)).collect()
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.claim(format!("Argo CD in namespace `{}`", plan.id().namespace), &["namespace", "kubernetes"]);
        plan.set("inventory", inventory_name(SET));
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        if !INPUTS.iter().all(|input| plan.is_known(*input)) {
            ["version", "manifest_sha256", "objects", "ready"].iter().for_each(|output| plan.unknown(output));
            return Ok(());
        }
        let install = cx.provider().sources.install(&task(cx), plan.id(), plan.want()).await?;
        warn_of_unused(cx, &install);
        let status = status(&install, false);
        if let Some(Prior { status: before, .. }) = plan.prior() {
            let same = !plan.has_changes()
                && (before.objects, &before.manifest_sha256) == (status.objects, &status.manifest_sha256);
            match (plan.want().wait, same) {
                // An update that waits ends with all of it running, or with an error.
                (true, _) => plan.set("ready", true),
                (false, true) => plan.keep("ready"),
                (false, false) => plan.unknown("ready"),
            }
        }
        plan.set("version", status.version);
        plan.set("manifest_sha256", status.manifest_sha256);
        plan.set("objects", status.objects);
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, phase) = (task(cx), Phase::of(&prior));
        let (cluster, install) = match prepared(cx, &task, id, want).await {
            Ok(prepared) => prepared,
            Err(problem) => return Outcome::failed(problem),
        };
        let mut status = status(&install, true);
        if let Err(error) = write(cx, &task, &cluster, id, want, &install).await {
            status.ready = false;
            return match phase == Phase::Create && error.cancelled() {
                true => Outcome::partly(status, vec![stopped(&error)]),
                false => Outcome::failed(not_written(&error)),
            };
        }
        let workloads = workloads(&install.prepared.objects, &id.namespace);
        if want.wait {
            return match wait::all_rolled_out(&task, &cluster.client(), &workloads).await {
                Ok(()) => Outcome::done(status),
                Err(error) => {
                    status.ready = false;
                    unfinished(phase, "Argo CD", &id.namespace, status, problem(&error), error.cancelled())
                }
            };
        }
        let survey = survey(&task, &writer(&cluster, id), id, Some(install.prepared.objects.clone())).await;
        status.ready = survey.is_ok_and(|survey| is_ready(&survey));
        Outcome::done(status)
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
        let writer = writer(&cluster, id);
        let installed = match &last {
            Some(last) => installed(cx, &task, id, last).await,
            None => None,
        };
        let mut survey =
            survey(&task, &writer, id, installed.map(|install| install.prepared.objects.clone())).await?;
        if survey.workloads.is_empty() {
            // Perhaps an installation that is not ours, and has no inventory.
            survey.workloads = essential(&task, &writer, id).await?;
        }
        if survey.intact == 0 && survey.changed.is_empty() && survey.workloads.is_empty() {
            return Ok(None);
        }
        match last {
            Some(_) => warn_of_drift(cx, &survey),
            None => imported(cx, cluster.uid()),
        }
        let live = settings(&task, &writer, id, last.as_ref()).await?;
        Ok(Some((spec_of(last.as_ref(), live), status_of(last.as_ref(), &survey))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        let (companions, writer) = (install::companions(&id.namespace), writer(&cluster, id));
        if writer.inventory(&task, &set(id)).await.whole()?.is_empty()
            && !essential(&task, &writer, id).await?.is_empty()
        {
            cx.warn(stays(id));
        }
        let removal = writer.delete_set(&task, &set(id), &companions).await.whole()?;
        warn_of_kept(cx, &removal.kept);
        Ok(())
    }
}

fn set(id: &Identity) -> Set {
    Set { name: SET.to_owned(), namespace: id.namespace.clone() }
}

fn writer(cluster: &Cluster, id: &Identity) -> Writer {
    Writer::new(cluster, Owner::new(Bootstrap::KIND, &Bootstrap::import_id(id)), false)
}

/// Without an inventory nothing tells which objects are to be removed.
fn stays(id: &Identity) -> Problem {
    let detail = format!(
        "The Argo CD in namespace `{}` has no inventory (ConfigMap `{}`): it was imported and never applied, or somebody removed the inventory. What belongs to it is not known, so it was left as it is.",
        id.namespace,
        inventory_name(SET)
    );
    Problem::warning("Argo CD stays", detail)
}

/// The cluster, and the objects for it.
async fn prepared(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    want: &Spec,
) -> Result<(Cluster, Install), Problem> {
    let install = cx.provider().sources.install(task, id, want).await?;
    let cluster = cx.provider().connect(task, want.kubernetes.as_ref()).await?;
    Ok((cluster, install))
}

/// Writes the objects.
async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
    want: &Spec,
    install: &Install,
) -> Result<(), apply::Error> {
    let adopt = want.take_ownership || adopts(cx, cluster.uid());
    let writer = writer(cluster, id).taking_ownership(adopt);
    let begun = std::time::Instant::now();
    let changes = writer.apply_set(task, &set(id), install.prepared.objects.clone()).await?;
    adopted(cx);
    log(&changes, begun.elapsed());
    warn_of_kept(cx, &changes.kept);
    Ok(())
}

fn log(changes: &ChangeSet, took: std::time::Duration) {
    let ChangeSet { created, changed, unchanged, pruned, kept } = changes;
    tracing::info!(
        created = created.len(),
        changed = changed.len(),
        unchanged = unchanged.len(),
        pruned = pruned.len(),
        kept = kept.len(),
        milliseconds = took.as_millis(),
        "wrote the objects of Argo CD"
    );
}

/// The problem, on the attribute that the error is about.
fn not_written(error: &apply::Error) -> Problem {
    match error {
        apply::Error::Foreign { .. } | apply::Error::Conflict { .. } => problem(error).at("take_ownership"),
        apply::Error::UnknownKind { .. } => problem(error).at("source"),
        apply::Error::Interrupted { .. } | apply::Error::Unreachable { .. } => {
            let mut problem = problem(error);
            problem::add(&mut problem, "What was written stays. Apply again to go on from there.");
            problem
        }
        _ => problem(error),
    }
}

/// A create that was stopped has objects in the cluster, which belong into the state: the next read counts them.
fn stopped(error: &apply::Error) -> Problem {
    let detail = "What was written is in the state. Apply again to go on from there.";
    Problem::warning(problem(error).summary, detail)
}

/// The status right after the objects were written.
fn status(install: &Install, ready: bool) -> Status {
    Status {
        version: install.prepared.version.clone(),
        manifest_sha256: install.sha256.clone(),
        objects: count(install.prepared.objects.len()),
        inventory: inventory_name(SET),
        ready,
    }
}

fn count(objects: usize) -> i64 {
    i64::try_from(objects).unwrap_or(i64::MAX)
}

fn is_workload(id: &Id) -> bool {
    id.group == "apps" && matches!(id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
}

/// The workloads among `objects`, which may leave out the namespace.
fn workloads(objects: &[Object], namespace: &str) -> Vec<Id> {
    let placed = |id: Id| Id { namespace: id.namespace.or_else(|| Some(namespace.to_owned())), ..id };
    objects.iter().map(Object::id).filter(is_workload).map(placed).collect()
}

fn warn_of_unused(cx: &Context<Gitops>, install: &Install) {
    for prefix in &install.prepared.unused_images {
        let detail =
            format!("No image of the manifest begins with `{prefix}`, so this rewrite does nothing.");
        cx.warn(Problem::warning("An image rewrite matches nothing", detail).at("images"));
    }
}

fn warn_of_drift(cx: &Context<Gitops>, survey: &Survey) {
    if let Some(text) = drift(survey) {
        cx.warn(Problem::warning("Argo CD is not as it was installed", text));
    }
}

fn warn_of_kept(cx: &Context<Gitops>, kept: &[apply::Kept]) {
    for apply::Kept { object, reason } in kept {
        cx.warn(Problem::warning("An object stays", format!("{object} was not removed: {reason}.")));
    }
}

#[cfg(test)]
mod tests;
