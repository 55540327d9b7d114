//! Brings a repository to what is wanted, with the ciphertext that is there wherever it still holds the values.

use super::super::repository::{Kept, commit, open};
use super::shape::{self, located};
use super::spec::{Identity, Spec, Status};
use super::{SealedSecretFile, found, owner, place, refused};
use crate::adoption::adopts;
use crate::problem::Locate;
use crate::provider::Gitops;
use gitops::git::{Change, Outcome as Landed, Repository};
use gitops::seal::{self, Found};
use gitops::secrets::{Data, Told, delivered_fingerprint, tell};
use gitops::{Secret, Task};
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Prior, Problem, Resource};

/// Brings the repository to what is wanted.
pub(super) async fn write(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error))?;
    let (target, data) = (want.target()?, want.values().data_or_first()?);
    let here = prior.filter(|prior| prior.status.place().is(&repository));
    let (ciphertext, key) = ciphertext(cx, task, id, &repository, here, want, &data).await?;
    let print = delivered_fingerprint(&data, &ciphertext, cx.provider().fingerprint_key());
    let keys = ciphertext.keys().cloned().collect();
    let delivery = shape::delivery(&repository, target, want.sealed(id, ciphertext));
    let digests = delivery.digests().map_err(refused)?;
    let former = here.and_then(|prior| prior.status.former(&prior.spec));
    let adopt = want.take_ownership || adopts(cx, &place(&repository));
    let message = format!("seal {} into {}", SealedSecretFile::import_id(id), delivery.target.file());
    let kept = Kept::default();
    let noted = kept.clone();
    let change = Change::new(owner(id), message, move |tree| {
        Ok(noted.note(delivery.changes(tree, former.as_ref(), adopt)?))
    });
    let landed = commit(cx, task, &repository, change).await.map_err(|error| located(&error))?;
    kept.warning().into_iter().for_each(|warning| cx.warn(warning));
    if let Some(prior) = prior.filter(|prior| here.is_none() && !prior.status.digests.is_empty()) {
        cx.warn(prior.status.place().left_behind());
    }
    let commit = match (landed, here) {
        // Nothing has changed: the commit that had it stays.
        (Landed::Unchanged { .. }, Some(Prior { status, .. }))
            if status.digests == digests && !status.commit.is_empty() =>
        {
            status.commit.clone()
        }
        (landed, _) => landed.commit().to_owned(),
    };
    let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
    Ok(Status { repository_url, branch, commit, keys, key_fingerprint: key, fingerprint: print, digests })
}

/// The ciphertext to deliver, and the key that opens it: what is there, where that is still what is wanted, and else
/// everything sealed anew.
async fn ciphertext(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    repository: &Repository,
    here: Option<&Prior<Spec, Status>>,
    want: &Spec,
    data: &Secret<Data>,
) -> Result<(BTreeMap<String, String>, String), Problem> {
    let recipient = want.recipient();
    let same = here.filter(|prior| !prior.status.key_fingerprint.is_empty());
    let known = same.filter(|prior| want.certificate.is_none() && prior.spec.recipient() == recipient);
    // A controller that was asked by the read is not asked again, unless something is to be sealed.
    let certificate = match known {
        Some(_) => None,
        None => Some(recipient.certificate(cx, task).await?),
    };
    let fits = |prior: &&Prior<Spec, Status>| {
        let key = certificate.as_ref().map(|certificate| certificate.fingerprint());
        key.is_none_or(|key| key == prior.status.key_fingerprint) && prior.spec.scope == want.scope
    };
    if let Some(Prior { spec, status }) = same.filter(fits) {
        let found = found(cx, repository, spec, status).await?;
        if is_as_wanted(cx, spec, status, want, data, &found) {
            return Ok((found.data, status.key_fingerprint.clone()));
        }
    }
    let certificate = match certificate {
        Some(certificate) => certificate,
        None => recipient.certificate(cx, task).await?,
    };
    recipient.refuse_expired(&certificate)?;
    want.fits(id, data, Some(&certificate))?;
    let sealed = seal::seal_all(&certificate, want.scope, &id.namespace, &id.name, data).whole()?;
    Ok((sealed, certificate.fingerprint().to_owned()))
}

/// Whether `found`, which was sealed for the right key and scope, holds what is wanted.
fn is_as_wanted(
    cx: &Context<Gitops>,
    spec: &Spec,
    status: &Status,
    want: &Spec,
    data: &Secret<Data>,
    found: &Found,
) -> bool {
    if !found.data.keys().eq(data.expose().0.keys()) {
        return false;
    }
    match want.data_wo_revision {
        Some(revision) => spec.data_wo_revision == Some(revision) && found.digests == status.digests,
        None => tell(&status.fingerprint, data, &found.data, cx.provider().fingerprint_key()) == Told::Same,
    }
}
