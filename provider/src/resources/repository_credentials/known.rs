//! The Secrets by which Argo CD knows a repository already, ours and others'.

use super::{Identity, RepositoryCredentials, owner};
use crate::problem::{Locate, json};
use gitops::Task;
use gitops::apply;
use gitops::argo::repository::{Repository, SECRET_TYPE, SecretType};
use gitops::cluster::Cluster;
use tfplugin_rs::{Problem, Resource};

/// A Secret that is there.
pub struct Known {
    /// Its name.
    pub name: String,
    /// Whether it carries our mark.
    pub ours: bool,
    /// Of which repository it is.
    pub repository: Repository,
}

/// The Secrets of `secret_type` in the namespace.
pub async fn known(
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
    secret_type: SecretType,
) -> Result<Vec<Known>, Problem> {
    let label = format!("{SECRET_TYPE}={}", secret_type.label());
    let (secrets, owner) = (apply::secrets(task, cluster, &id.namespace, &label).await.whole()?, owner(id));
    let known = secrets.iter().map(|live| {
        let (name, ours) = (live.metadata.name.clone().unwrap_or_default(), owner.owns(live));
        Ok(Known { name, ours, repository: Repository::of(&json(live)?) })
    });
    known.collect()
}

/// The name of the Secret that Argo CD has for an address, whoever made it, for an import: one of the repository itself
/// before one of all that begin so, and one of no project before that of one.
pub async fn made_by_hand(task: &Task, cluster: &Cluster, id: &Identity) -> Result<Option<String>, Problem> {
    for secret_type in [SecretType::Repository, SecretType::RepoCreds] {
        let known = known(task, cluster, id, secret_type).await?;
        let found = at(id, secret_type, &known);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn at(id: &Identity, secret_type: SecretType, known: &[Known]) -> Option<String> {
    let here = |project: &Option<String>| Repository {
        url: id.url.clone(),
        secret_type,
        project: project.clone(),
        ..Repository::default()
    };
    let same = known.iter().filter(|known| known.repository.same(&here(&known.repository.project)));
    let found = same.min_by_key(|known| (&known.repository.project, &known.name))?;
    Some(found.name.clone())
}

/// The name of the Secret to write, among those that Argo CD has: that of `before`, or one of ours, or with `take`
/// anybody's, else a new one. Any other one for the same repository is in the way.
pub fn name_among(
    id: &Identity,
    wanted: &Repository,
    before: Option<String>,
    take: bool,
    known: &[Known],
) -> Result<String, Problem> {
    let same: Vec<&Known> = known.iter().filter(|known| known.repository.same(wanted)).collect();
    let ours = same.iter().find(|known| known.ours);
    let taken = ours.or_else(|| same.first().filter(|_| take)).map(|known| known.name.clone());
    let chosen = before.or(taken).unwrap_or_else(|| Repository::secret_name(&id.url));
    match same.iter().find(|known| known.name != chosen) {
        None => Ok(chosen),
        Some(other) => Err(in_the_way(id, &other.name)),
    }
}

fn in_the_way(id: &Identity, name: &str) -> Problem {
    let detail = format!(
        "It is the Secret `{}/{name}`. Argo CD takes one of several for the same address, and nobody knows which. Nothing was written. Remove it; or import it, with the id `{}`; or set `take_ownership = true`.",
        id.namespace,
        RepositoryCredentials::import_id(id)
    );
    Problem::error("Argo CD knows this repository from somebody else", detail).at("url")
}
