//! `gitops_sealed_secret`: values in a Git repository that only the controller of one cluster opens.
//!
//! Sealing is random, so the ciphertext that is there stays for as long as nothing of what it was made of has changed.
//! That the values changed is told by a fingerprint, for which the ciphertext in Git is the key.

mod import;
mod shape;
mod spec;
#[cfg(test)]
pub(super) mod tests;
mod write;

use super::repository::{Kept, claim_file, commit, foresee, open, share_file};
use super::sealing::foresee_key;
use crate::adoption::adopted;
use crate::problem::first;
use crate::provider::{Gitops, task};
use crate::secret_values::{renewed, untold, warn_of_doubts};
use gitops::Secret;
use gitops::git::{self, Change, Owner, Repository};
use gitops::seal::{Found, Target};
use gitops::secrets::{Data, Told, tell};
use import::import;
use schemars::JsonSchema;
use shape::{ImportId, located};
use spec::{Identity, Spec, Status};
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};
use write::write;

/// A Secret whose values lie in a Git repository, encrypted for the Sealed Secrets controller of one cluster: it alone
/// opens them. Without `value_path` the file at `path` is a SealedSecret; with it the bare ciphertexts go into a mapping
/// of a file that has more in it, such as the values of a Helm chart, as with `kubeseal --raw`.
///
/// The values are write-only: they are in the configuration, and neither in the plan nor in the state nor in Git. The
/// ciphertext in Git stays as it is, and no commit is made, until a value, a key, the scope, the namespace, the name or the
/// controller's key has changed; then all of them are sealed anew, in one commit. Ask for the certificate with
/// `kubeseal --fetch-cert` and give it as `certificate`, and no cluster is needed. Without it the controller is asked
/// each time that something is sealed, and its new key is noticed by the next plan.
///
/// That a value changed is seen without a number being raised, by comparing fingerprints. The key of a fingerprint is made
/// of the ciphertext in Git, and the fingerprint itself is in the state: one of the two tells nothing, and whoever has
/// both can try values, which finds a short one such as a PIN. Set `GITOPS_FINGERPRINT_KEY` where the provider runs, to 32
/// random bytes in base64 (`openssl rand -base64 32`), and they tell nothing either. A run without that variable cannot
/// tell whether a value changed: it plans nothing for it, and warns.
///
/// What others change in the file shows in the plan, and the apply writes it again. A destroy removes the file, or the
/// values from theirs. The apply does not wait for the controller.
///
/// The id of an import is `branch:namespace/name:file`, with `#value_path` behind it for bare values. What an import finds
/// cannot be opened, so that the apply after it seals anew.
#[derive(JsonSchema)]
pub struct SealedSecretFile;

impl Resource for SealedSecretFile {
    const KIND: &'static str = "gitops_sealed_secret";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        ImportId::parse(text).map(|id| id.identity)
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let Ok(ImportId { branch, path, .. }) = ImportId::parse(text) else { return Vec::new() };
        let hints = [("branch", branch), (PATH, path)].into_iter();
        hints.filter_map(|(name, text)| Some((name, text?.to_owned()))).collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = shape::problems(id.get(), spec.get());
        match spec.get().values().known(spec) {
            Err(found) => problems.extend(found),
            Ok(Some(data)) => problems.extend(shape::too_large(id.get(), spec, &data)),
            Ok(None) => {}
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.derive("keys", &["data_wo", "binary_data_wo"], |_, spec| spec.values().keys());
        warn_of_doubts(cx, plan, Spec::values);
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        if let Some(repository) = repository.as_ref().filter(|_| plan.is_known("path")) {
            claim(plan, repository)?;
        }
        foresee_key(cx, plan, Spec::recipient, |status| &status.key_fingerprint)?;
        let Some(Prior { spec, status }) = plan.prior() else { return Ok(()) };
        if plan.has_changes() || plan.want().data_wo_revision.is_some() {
            // Only the number counts; with any other change the values are compared when they are written.
            return Ok(());
        }
        let Some(repository) = repository.filter(|repository| status.place().is(repository)) else {
            return Ok(());
        };
        if !plan.is_known("data_wo") || !plan.is_known("binary_data_wo") {
            plan.unknown("fingerprint");
            return Ok(());
        }
        let (data, found) = (plan.want().values().data(), found(cx, &repository, spec, status).await);
        match (data, found) {
            (Ok(data), Ok(found)) => match told(cx, status, &data, &found) {
                Told::Same => {}
                Told::Other => plan.unknown("fingerprint"),
                Told::Nothing => cx.warn(untold("data_wo")),
            },
            (Err(problems), _) => return Err(first(problems)),
            (_, Err(problem)) => cx.warn(unreadable(&problem)),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let written = write(cx, &task(cx), id, prior.as_ref(), want).await;
        if written.is_ok() {
            adopted(cx);
        }
        written.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let Some(Prior { spec, status }) = last else { return import(cx, id).await };
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
        if !status.place().is(&repository) {
            // The provider block has another one now: the plan will say so.
            return Ok(Some((spec, status)));
        }
        if spec.path.is_empty() {
            // An import that named no file.
            return Ok(Some((spec, status)));
        }
        let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error))?;
        let target = spec.target()?;
        let found = target.found(&tree, Some(&status.keys)).map_err(refused)?;
        if found.digests.is_empty() && !status.digests.is_empty() {
            return Ok(None);
        }
        let mut status = status;
        if spec.recipient().has_moved_on(cx, &task(cx), &status.key_fingerprint).await {
            status.key_fingerprint = String::new();
        }
        if found.digests == status.digests {
            if status.commit.is_empty() {
                status.commit = tree.commit();
            }
            return Ok(Some((spec, status)));
        }
        let spec = match &found.secret {
            Some(secret) => spec.showing(secret),
            None => spec,
        };
        Ok(Some((spec, Status { commit: String::new(), digests: found.digests, ..status })))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let Prior { spec, status } = last;
        let Some(former) = status.former(&spec) else { return Ok(()) };
        let repository = status.place().open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
        let delivery = shape::delivery(&repository, former.target.clone(), spec.sealed(id, BTreeMap::new()));
        let message = format!("remove the sealed {} from {}", Self::import_id(id), former.target.file());
        let kept = Kept::default();
        let noted = kept.clone();
        let change =
            Change::new(owner(id), message, move |tree| Ok(noted.note(delivery.removal(tree, &former)?)));
        commit(cx, &task(cx), &repository, change).await.map_err(|error| located(&error))?;
        kept.warning().into_iter().for_each(|warning| cx.warn(warning));
        Ok(())
    }
}

/// The hint of an import that has the path of the file, and perhaps that in it.
const PATH: &str = "path";

fn owner(id: &Identity) -> Owner {
    Owner::new(SealedSecretFile::KIND, SealedSecretFile::import_id(id))
}

/// Claims the file, or the lines in it: one block writes each.
fn claim(plan: &mut Foresight<SealedSecretFile>, repository: &Repository) -> Result<(), Problem> {
    match plan.want().target()? {
        Target::File(file) => claim_file(plan, repository, file.as_str(), "path".into()),
        Target::Values { file, path } if plan.is_known("value_path") => {
            share_file(plan, repository, file.as_str(), "path".into());
            let (branch, url) = (repository.branch(), repository.url());
            for key in plan.want().values().keys() {
                let line = path.key(&key);
                plan.claim_part(
                    format!("the line `{line}` of `{file}` on `{branch}` of `{url}`"),
                    "value_path",
                );
            }
        }
        Target::Values { .. } => {}
    }
    Ok(())
}

/// What Git has of it as it was seen a moment ago.
async fn found(
    cx: &Context<Gitops>,
    repository: &Repository,
    spec: &Spec,
    status: &Status,
) -> Result<Found, Problem> {
    let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error))?;
    spec.target()?.found(&tree, Some(&status.keys)).map_err(refused)
}

fn refused(refusal: git::Refusal) -> Problem {
    located(&git::Error::Declined(refusal))
}

/// What the fingerprint says of `data`. One that was made without a key from outside is made anew where there is one now.
fn told(cx: &Context<Gitops>, status: &Status, data: &Secret<Data>, found: &Found) -> Told {
    let outside = cx.provider().fingerprint_key();
    renewed(tell(&status.fingerprint, data, &found.data, outside), &status.fingerprint, outside)
}

fn unreadable(why: &Problem) -> Problem {
    let detail = format!(
        "Whether the configured values are those in Git could not be found out, so no change is planned for them.\n\n{}. {}",
        why.summary, why.detail
    );
    Problem::warning("The ciphertext cannot be read", detail.trim_end()).at("data_wo")
}

/// Where an import was consent.
fn place(repository: &Repository) -> String {
    format!("{}#{}", repository.url(), repository.branch())
}
