//! The file as the repository has it.

use super::shape::{Identity, Spec, Status};
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use crate::sops::identities;
use gitops::files::{Seen, digest};
use gitops::git::{Repository, Snapshot};
use gitops::path::RepoPath;
use gitops::sops::{Encrypted, Last, Policy, policy};
use gitops::sops_program::SopsProgram;
use tfplugin_rs::{Context, Problem};

/// The text of the file in `tree`.
pub fn file(tree: &Snapshot, id: &Identity) -> Result<Option<String>, Problem> {
    let path = RepoPath::parse(&id.path).at("path")?;
    match Seen::at(tree, &path).at("path")? {
        Seen::File(content) => Ok(Some(String::from_utf8_lossy(&content).into_owned())),
        Seen::Nothing | Seen::Obstacle(_) => Ok(None),
    }
}

/// The file as it is in `tree`; `None` where there is none. What others wrote is as it is wanted, where an identity of this
/// machine opens it and it is for the right recipients: its fingerprint tells the plan what it says.
pub async fn seen(
    cx: &Context<Gitops>,
    id: &Identity,
    spec: &Spec,
    last: Option<&Status>,
    tree: &Snapshot,
    repository: &Repository,
) -> Result<Option<Status>, Problem> {
    let Some(text) = file(tree, id)? else { return Ok(None) };
    let digest = digest(text.as_bytes());
    let policy = wanted_policy(spec, tree, id);
    let encrypted = spec.format(&id.path).ok().and_then(|format| Encrypted::parse(&text, format).ok());
    let is_for = |policy: &Policy| encrypted.as_ref().is_some_and(|file| file.is_for(policy));
    // An import knows no recipients: whatever the file has is as it was wanted.
    let right = policy.as_ref().map_or(last.is_none(), is_for);
    let commit = |commit: String| if right { commit } else { String::new() };
    if let Some(status) = last.filter(|status| status.digest == digest) {
        let known = if status.commit.is_empty() { tree.commit() } else { status.commit.clone() };
        return Ok(Some(Status::of(repository, commit(known), status.last())));
    }
    let recipients = encrypted.as_ref().map(Encrypted::recipients).unwrap_or_default();
    let opened = match &encrypted {
        Some(file) => {
            let found = identities(cx, None, "identities_wo")?;
            let plain = SopsProgram::default().open(&task(cx), file, &text, &found.identities).await.ok();
            plain.map(|plain| file.fingerprint(&plain, cx.provider().fingerprint_key()))
        }
        None => None,
    };
    let (commit, fingerprint) = match opened {
        Some(fingerprint) => (commit(tree.commit()), fingerprint),
        None => (String::new(), String::new()),
    };
    Ok(Some(Status::of(repository, commit, Last { digest, fingerprint, recipients })))
}

/// For whom the file is to be; `None` where that cannot be told.
fn wanted_policy(spec: &Spec, tree: &Snapshot, id: &Identity) -> Option<Policy> {
    match spec.policy() {
        Ok(Some(given)) => Some(given),
        Ok(None) => policy(tree, &RepoPath::parse(&id.path).ok()?).ok(),
        Err(_) => None,
    }
}
