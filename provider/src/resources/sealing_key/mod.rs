//! `gitops_sealing_key`: the private keys of a controller of Sealed Secrets, as far as Terraform has to do with them:
//! restored, made, backed up. None of them is in the plan, the state or a log.

mod backup;
mod keys;
pub mod spec;
#[cfg(test)]
mod tests;

use super::repository;
use crate::import_id;
use crate::provider::{Gitops, task, warn_of_environment};
use backup::{Places, is_complete};
use gitops::names;
use keys::{Live, broken, place, prepare};
use schemars::JsonSchema;
use spec::{Identity, Spec, Status};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// The keys of a Sealed Secrets controller: restored before it starts, made anew, and backed up. Without them nothing
/// opens what is sealed, and a cluster that is made again opens nothing of what Git has.
///
/// **Backup.** All keys of the controller are encrypted for recipients of age, to a file on this machine, in Git, or both.
/// Each key has to open what is sealed for its certificate before it is encrypted; where an identity is at hand, the
/// backup is opened again after that. A key that the controller made by itself, as it does every 30 days, shows in the
/// plan, and the apply adds it. A backup only grows: keys in it that the cluster has no more stay in it, and one that
/// cannot be opened to keep them is not replaced. It is a file of SOPS, so that `sops decrypt FILE | kubectl apply -f -`
/// restores it by hand.
///
/// **Restore.** The keys of a backup are put in place, each of them checked before the first is written. Let the
/// `gitops_addon` depend on this: the controller finds the keys when it starts, and makes none. A controller that runs
/// already is started anew. If the newest of the keys is older than 30 days, the controller makes another one when it
/// starts, and the next plan adds it to the backup.
///
/// **Rotation.** With `rotation` keys are made here, by number: the first one before the controller starts, so that its
/// `certificate` is known in the same apply. Set the controller's `--key-renew-period` to 0, and it makes no others.
///
/// No private key is in the plan, the state or the logs. A destroy leaves keys and backups where they are, and says so:
/// what they open cannot be opened without them.
#[derive(JsonSchema)]
pub struct SealingKeys;

/// What follows from the keys, and what from the backup.
const OF_KEYS: [&str; 4] = ["certificate", "fingerprint", "keys", "restored"];
const OF_BACKUP: [&str; 4] = ["backup_sha256", "backup_keys", "backup_verified", "commit"];

impl Resource for SealingKeys {
    const KIND: &'static str = "gitops_sealing_key";
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
            Err(_) => Err(import_id::not_one(
                "The import id is the namespace of the controller, such as `kube-system`.",
            )),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        spec::problems(id, spec)
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let what = format!("the sealing keys in namespace `{}`", plan.id().namespace);
        plan.claim(what, &["namespace", "kubernetes"]);
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        let inputs = ["restore", "rotation", "kubernetes", "identities_wo"];
        let is_known = inputs.iter().all(|input| plan.is_known(*input));
        if is_known && plan.want().restores(plan.prior()) {
            keys::backup(cx, plan.want())?;
        }
        let (last, want) = (plan.prior(), plan.want());
        if let (Some(last), Some(rotation), true) = (last, want.rotation, is_known)
            && let Some(number) = last.status.last_rotation().filter(|number| *number > rotation)
        {
            return Err(keys::numbers_go_up(number, rotation));
        }
        let others = !is_known || last.is_none_or(|last| want.changes_keys(last));
        let complete = last.is_some_and(|last| last.status.backup_complete);
        foresee_keys(plan, others);
        foresee_backup(cx, plan, complete)
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        write(cx, id, prior.as_ref(), want).await.into()
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
        let live = Live::read(&task, &cluster, id).await?;
        live.broken.iter().for_each(|error| cx.warn(broken(error)));
        if live.keys.is_empty() {
            return Ok(None);
        }
        let status = Status::of(&live.keys);
        let Some(Prior { spec, status: last }) = last else { return Ok(Some((Spec::imported(), status))) };
        let complete = is_complete(cx, &task, &spec, &last, &status.fingerprints()).await?;
        Ok(Some((spec, Status { backup_complete: complete, ..status.with_backup_of(&last) })))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        cx.warn(stays(id, &last.spec, &last.status));
        Ok(())
    }
}

/// Foresees the keys: others, or those that are there.
fn foresee_keys(plan: &mut Foresight<SealingKeys>, others: bool) {
    for output in OF_KEYS {
        match others {
            true => plan.unknown(output),
            false => plan.keep(output),
        }
    }
}

/// Foresees the backup. One that is not `complete` is written anew.
fn foresee_backup(
    cx: &Context<Gitops>,
    plan: &mut Foresight<SealingKeys>,
    complete: bool,
) -> Result<(), Problem> {
    let places = ["repository_url", "branch"];
    if !plan.is_known("backup") {
        OF_BACKUP.iter().chain(&places).for_each(|output| plan.unknown(output));
        plan.unknown("backup_complete");
        return Ok(());
    }
    let Some(backup) = plan.want().backup.clone() else {
        for output in ["backup_sha256", "commit"].iter().chain(&places) {
            plan.set(output, "");
        }
        plan.set("backup_keys", [""; 0]);
        plan.set("backup_verified", false);
        plan.set("backup_complete", false);
        return Ok(());
    };
    if !complete {
        OF_BACKUP.iter().for_each(|output| plan.unknown(output));
    }
    plan.set("backup_complete", true);
    if let Some(path) = &backup.path {
        plan.claim_part(format!("the file `{path}` on this machine"), "backup.path");
    }
    let Some(path) = &backup.repository_path else {
        for output in places.iter().chain(&["commit"]) {
            plan.set(output, "");
        }
        return Ok(());
    };
    let repository = repository::foresee(cx, plan, |spec| spec.git.as_ref(), |_| "kept")?;
    if let Some(repository) = repository {
        repository::claim_file(plan, &repository, path, "backup.repository_path".into());
    }
    Ok(())
}

/// Puts the keys in place and backs them up.
async fn write(
    cx: &Context<Gitops>,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let task = task(cx);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let prepared = prepare(cx, &task, &cluster, id, want, want.restores(prior)).await?;
    let places = Places::look(cx, &task, id, want).await?;
    if let Some(places) = &places {
        // Before anything is written: a backup that would lose a key ends it.
        places.with_lost_keys(prepared.all())?;
    }
    let restored = prepared.restored.clone();
    let keys = place(cx, &task, &cluster, id, want, prepared).await?;
    let status = Status::of(&keys);
    let status = match prior {
        // As it was planned. What the controller made since then is in the backup, and the next refresh shows it.
        Some(last) if !want.changes_keys(last) => {
            let Status { certificate, fingerprint, keys, restored, .. } = last.status.clone();
            Status { certificate, fingerprint, keys, restored, ..status }
        }
        Some(last) if !want.restores(prior) && want.restore == last.spec.restore => {
            Status { restored: last.status.restored.clone(), ..status }
        }
        _ => Status { restored, ..status },
    };
    match places {
        Some(places) => places.fill(cx, &task, id, prior.map(|prior| &prior.status), keys, status).await,
        None => Ok(status),
    }
}

fn stays(id: &Identity, spec: &Spec, status: &Status) -> Problem {
    let names: Vec<_> = status.keys.keys().map(|name| format!("`{name}`")).collect();
    let mut detail = format!(
        "Nothing was deleted: without these Secrets in namespace `{}` nothing opens what was sealed for them: {}.",
        id.namespace,
        names.join(", ")
    );
    let backup = spec.backup.as_ref();
    let places = [
        backup.and_then(|backup| backup.path.as_ref()).map(|path| format!("`{path}`")),
        backup
            .and_then(|backup| backup.repository_path.as_ref())
            .map(|path| format!("`{path}` on `{}` of {}", status.branch, status.repository_url)),
    ];
    let places: Vec<_> = places.into_iter().flatten().collect();
    if !places.is_empty() {
        detail.push_str(&format!("\n\nThe backup stays, too: {}.", places.join(" and ")));
    }
    Problem::warning("The sealing keys stay", detail)
}
