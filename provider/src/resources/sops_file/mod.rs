//! `gitops_sops_file`: a file in a Git repository whose values are encrypted, as SOPS does it.
//!
//! The state has no value and no ciphertext: a digest of the file, and a fingerprint of the values whose key is made of
//! the file. Neither tells anything without the other.

mod deliver;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod values;

use super::repository::{ImportId, Kept, claim_file, commit, foresee, imported as remote_of_import, open};
use crate::adoption::{adopted, adopts, imported};
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use crate::secret_values::{renewed, untold};
use crate::sops::identities;
use deliver::Delivery;
use gitops::files::FileSet;
use gitops::git::{Change, Outcome as Landed, Owner, Remote, Repository};
use gitops::path::RepoPath;
use gitops::secrets::Told;
use gitops::sops::{Encrypted, Made, Wanted};
use read::{file, seen};
use schemars::JsonSchema;
use shape::{Identity, Spec, Status, located};
use std::collections::BTreeMap;
use std::sync::Arc;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// A file in a Git repository whose values are encrypted, in the format of SOPS: YAML, JSON or dotenv, for recipients of
/// age by this provider itself. Whoever has an identity opens it with `sops decrypt`, or with the ephemeral resource of the same name.
///
/// The values are write-only: they are in the configuration and, encrypted, in Git, and neither in the plan nor in the
/// state. A value that changed in the configuration is noticed without a number being raised. Names of values stay
/// readable in the file, and so does the length of each value.
///
/// That a value changed is seen by comparing fingerprints. The key of a fingerprint is made of the file in Git, and the
/// fingerprint itself is in the state: one of the two tells nothing, and whoever has both can try values, which finds a
/// short one such as a PIN. Set `GITOPS_FINGERPRINT_KEY` where the provider runs, to 32 random bytes in base64 (`openssl
/// rand -base64 32`), and they tell nothing either. A run without that variable cannot tell whether a value changed: it
/// plans nothing for it, and warns.
///
/// A change is one commit. Where an identity is at hand (`identities_wo`, or one that SOPS finds on this machine), values
/// that stay the same keep their ciphertext, so that the diff shows what changed; a change of recipients always encrypts
/// everything anew, with a new key. Comments that are in the file stay, unless `content_wo` has comments. What nobody
/// changed makes no commit.
///
/// Without `age`, the nearest `.sops.yaml` above the file in the repository says for whom the file is encrypted, with
/// groups of keys too, and which of its values; when it changes, the plan shows it. Where it names keys of PGP or of a
/// cloud, an installed `sops` encrypts the file, and opens it where no identity of age does: with the keys of GnuPG and the
/// credentials that the process has which runs Terraform. Such a file is encrypted anew as a whole when a value changes,
/// unless an identity of age opens it.
///
/// What others change in the file shows in the plan, and the apply writes it again. A file that somebody else made is an
/// error, unless `take_ownership` is set. A destroy removes the file; its history stays in Git, as of every file there.
///
/// The id of an import is `branch:path`. With an identity at hand, the import of a file that says what the configuration
/// says plans nothing.
#[derive(JsonSchema)]
pub struct SopsFile;

const IMPORT_ID: &str = "The import id is `branch:path`, such as `main:secrets/prod.yaml`. The repository is that of the provider block.";

impl Resource for SopsFile {
    const KIND: &'static str = "gitops_sops_file";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.path.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let id = ImportId::parse(text, IMPORT_ID)?;
        match (RepoPath::parse(id.name), id.more.is_empty()) {
            (Ok(path), true) => Ok(Identity { path: path.to_string() }),
            _ => Err(crate::import_id::not_one(IMPORT_ID)),
        }
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        let branch = ImportId::parse(text, IMPORT_ID).ok().and_then(|id| id.branch);
        branch.map(|branch| ("branch", branch.to_owned())).into_iter().collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = shape::problems(id.get(), spec.get());
        let rules = ["encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix"];
        if !spec.is_known("age") || !rules.iter().all(|rule| spec.is_known(*rule)) {
            problems.retain(|problem| problem.path == "path".into() || problem.path == "message".into());
        }
        problems.extend(values::problems(id, spec));
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        let repository = foresee(cx, plan, |spec| spec.git.as_ref(), |status| &status.commit)?;
        if plan.prior().is_some_and(|prior| prior.status.commit.is_empty()) {
            rewritten(plan);
        }
        let Some(repository) = repository else { return Ok(()) };
        let path = plan.id().path.clone();
        claim_file(plan, &repository, &path, Path::from("path"));
        if plan.prior().is_none() || plan.has_changes() || plan.want().data_wo_revision.is_some() {
            // Only the number counts; with any other change the values are written anew and may differ by then.
            return Ok(());
        }
        if !plan.is_known("content_wo") || !plan.is_known("data_wo") {
            rewritten(plan);
            return Ok(());
        }
        match told(cx, plan, &repository).await {
            Ok(Told::Same) => {}
            Ok(Told::Other) => rewritten(plan),
            Ok(Told::Nothing) => cx.warn(untold("data_wo")),
            Err(problem) => cx.warn(unreadable(problem)),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let written = write(cx, id, prior.as_ref(), want).await;
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
        let remote = remote_of_import(cx);
        let Some(Prior { spec, status }) = last else {
            let repository = open(cx, Some(&remote)).at("git")?;
            let tree = repository.glance(&task(cx)).await.at("git")?;
            imported(cx, &place(&repository));
            let git = Some(remote).filter(|remote| *remote != Remote::default());
            let spec = Spec { git, ..Spec::default() };
            return Ok(seen(cx, id, &spec, None, &tree, &repository).await?.map(|status| (spec, status)));
        };
        let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error, &spec))?;
        if !status.place(&BTreeMap::new()).is(&repository) {
            // The provider block has another one now: the plan will say so, and the file there is not this one.
            return Ok(Some((spec, status)));
        }
        let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error, &spec))?;
        Ok(seen(cx, id, &spec, Some(&status), &tree, &repository).await?.map(|status| (spec, status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let Prior { spec, status } = last;
        let digests = status.digests(id);
        let place = status.place(&digests);
        let repository = place.open(cx, spec.git.as_ref()).map_err(|error| located(&error, &spec))?;
        let (set, known) = (set(&repository, id, None)?, place.known());
        let (kept, message) = (Kept::default(), shape::message(id, &spec, "delete"));
        let noted = kept.clone();
        let change = Change::new(owner(id), message, move |tree| Ok(noted.note(set.removal(tree, &known)?)));
        commit(cx, &task(cx), &repository, change).await.map_err(|error| located(&error, &spec))?;
        kept.warning().into_iter().for_each(|warning| cx.warn(warning));
        Ok(())
    }
}

/// The file will be written: another one, with other values.
fn rewritten(plan: &mut Foresight<SopsFile>) {
    ["commit", "digest", "fingerprint", "recipients"].iter().for_each(|output| plan.unknown(output));
}

fn owner(id: &Identity) -> Owner {
    Owner::new(SopsFile::KIND, &id.path)
}

/// Where an import was consent.
fn place(repository: &Repository) -> String {
    format!("{}#{}", repository.url(), repository.branch())
}

/// The file with this content as a set of its own; without a content, what it is to be removed by.
fn set(repository: &Repository, id: &Identity, content: Option<String>) -> Result<FileSet, Problem> {
    let path = RepoPath::parse(&id.path).at("path")?;
    let files = content.map(|content| (path, content.into_bytes())).into_iter().collect();
    Ok(FileSet { files, mark: None, import_id: repository.branch().to_owned() })
}

/// Whether the file that is there says what is configured, as its fingerprint tells.
async fn told(
    cx: &Context<Gitops>,
    plan: &Foresight<SopsFile>,
    repository: &Repository,
) -> Result<Told, Problem> {
    let (id, want) = (plan.id(), plan.want());
    let Some(prior) = plan.prior() else { return Ok(Told::Other) };
    let tree = repository.glance(&task(cx)).await.at("git")?;
    let format = want.format(&id.path)?;
    let Some(file) = file(&tree, id)?.and_then(|text| Encrypted::parse(&text, format).ok()) else {
        return Ok(Told::Other);
    };
    let (print, outside) = (&prior.status.fingerprint, cx.provider().fingerprint_key());
    Ok(renewed(file.tell(print, &want.plain(format)?, outside), print, outside))
}

fn unreadable(why: Problem) -> Problem {
    let detail = format!(
        "Whether the configured values are those in the repository could not be found out, so no change is planned for them.\n\n{}. {}",
        why.summary, why.detail
    );
    Problem::warning("The encrypted file cannot be read", detail).at("git")
}

/// Brings the file to what is wanted.
async fn write(
    cx: &Context<Gitops>,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let repository = open(cx, want.git.as_ref()).map_err(|error| located(&error, want))?;
    let digests = prior.map(|prior| prior.status.digests(id)).unwrap_or_default();
    let here = prior.filter(|prior| prior.status.place(&digests).is(&repository));
    let known = here.map(|prior| prior.status.place(&digests).known()).unwrap_or_default();
    let format = want.format(&id.path)?;
    let wanted = Wanted {
        path: RepoPath::parse(&id.path).at("path")?,
        format,
        plain: want.plain(format)?,
        policy: want.policy()?,
        owner: format!("{} {}", SopsFile::KIND, id.path),
        identities: identities(cx, want.identities_wo.as_ref(), "identities_wo")?.identities,
        last: here.map(|prior| prior.status.last()).unwrap_or_default(),
        outside: cx.provider().fingerprint_key().cloned(),
    };
    let adopt = want.take_ownership || adopts(cx, &place(&repository));
    let action = if prior.is_some() { "update" } else { "create" };
    let message = shape::message(id, want, action);
    let delivery = Delivery { owner: owner(id), message, wanted: Arc::new(wanted), known, adopt };
    let (landed, made) = delivery.land(cx, &repository).await.map_err(|error| located(&error, want))?;
    if let Some(prior) = prior.filter(|_| here.is_none()) {
        cx.warn(prior.status.place(&digests).left_behind());
    }
    let Made { last, .. } = made.ok_or_else(|| Problem::bug("a change that was not made"))?;
    let commit = match (landed, here) {
        // Nothing of the file has changed: the commit that had it stays.
        (Landed::Unchanged { .. }, Some(Prior { status, .. }))
            if status.digest == last.digest && !status.commit.is_empty() =>
        {
            status.commit.clone()
        }
        (landed, _) => landed.commit().to_owned(),
    };
    Ok(Status::of(&repository, commit, last))
}
