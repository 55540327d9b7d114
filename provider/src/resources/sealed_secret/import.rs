//! What an import finds: a SealedSecret, or bare values, which nobody here can open.

use super::super::repository::{imported as remote_of_import, open};
use super::shape::{ImportPath, located};
use super::spec::{Identity, Spec, Status};
use super::{PATH, place, refused};
use crate::adoption::imported;
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use gitops::git;
use gitops::path::RepoPath;
use gitops::seal::{Found, SealedSecret, Target};
use tfplugin_rs::{Context, Problem};

/// What is at a place of which nothing else is known; nothing where the import names no file.
pub(super) async fn import(cx: &Context<Gitops>, id: &Identity) -> Result<Option<(Spec, Status)>, Problem> {
    let remote = remote_of_import(cx);
    let repository = open(cx, Some(&remote)).map_err(|error| located(&error))?;
    let tree = repository.glance(&task(cx)).await.map_err(|error| located(&error))?;
    let path = ImportPath::parse(cx.imported(PATH).unwrap_or_default());
    let mut spec = Spec::imported(remote, &path, None);
    let mut found = Found::default();
    if !path.file.is_empty() {
        let target = spec.target()?;
        found = target.found(&tree, None).map_err(refused)?;
        if found.digests.is_empty() {
            return Ok(None);
        }
        if let Target::File(file) = &target {
            let secret = sealed_secret(&tree, file, id)?;
            spec = Spec::imported(spec.git.unwrap_or_default(), &path, Some(&secret));
        }
    }
    imported(cx, &place(&repository));
    Ok(Some((spec, Status::found(&repository, tree.commit(), found))))
}

/// The SealedSecret that a file is, which must be that of `id`.
fn sealed_secret(tree: &git::Snapshot, file: &RepoPath, id: &Identity) -> Result<SealedSecret, Problem> {
    let content = tree.file(file).at("path")?.unwrap_or_default();
    let secret = SealedSecret::parse(&String::from_utf8_lossy(&content)).at("path")?;
    secret.check(&id.namespace, &id.name).at("path")?;
    Ok(secret)
}
