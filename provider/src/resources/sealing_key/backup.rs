//! The backup: where it is, whether it has all keys, and how it follows them. What is in it is never lost: keys that the
//! cluster has no more stay in it.

use super::SealingKeys;
use super::keys::has;
use super::spec::{Backup, Identity, Spec, Status};
use crate::problem::{Locate, problem, sentence};
use crate::provider::Gitops;
use crate::resources::repository::{self, open};
use crate::sops::identities;
use gitops::files::{Seen, digest};
use gitops::git::{self, Change, Edit, Repository, Snapshot};
use gitops::path::RepoPath;
use gitops::seal::keys::{self, Error, SealingKey, read_backup, write_backup};
use gitops::sops::{Identities, Recipient};
use gitops::{Task, private_file};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;
use tfplugin_rs::{Context, Problem, Resource};

const FILE: &str = "backup.path";
const REPOSITORY: &str = "backup.repository_path";

/// The places of a backup, and what they have.
pub struct Places {
    file: Option<(String, Option<String>)>,
    repository: Option<(Repository, RepoPath, Option<String>)>,
    found: Vec<Found>,
    recipients: Vec<Recipient>,
    owner: String,
    identities: Identities,
}

/// A backup that was found, and the attribute that says where.
struct Found {
    at: &'static str,
    text: String,
    backup: keys::Backup,
}

impl Places {
    /// Looks at all of them; `None` where nothing is to be backed up.
    pub async fn look(
        cx: &Context<Gitops>,
        task: &Task,
        id: &Identity,
        want: &Spec,
    ) -> Result<Option<Self>, Problem> {
        let Some(backup) = &want.backup else { return Ok(None) };
        let mut places = Self {
            file: None,
            repository: None,
            found: Vec::new(),
            recipients: backup.recipients()?,
            owner: format!("{} {}", SealingKeys::KIND, id.namespace),
            identities: identities(cx, want.identities_wo.as_ref(), "identities_wo")?.identities,
        };
        if let Some(path) = &backup.path {
            let text = read_file(path)?;
            places.find(FILE, text.as_ref())?;
            places.file = Some((path.clone(), text));
        }
        if let Some((repository, path)) = repository(cx, want, backup)? {
            let tree = repository.glance(task).await.map_err(|error| located(&error))?;
            let text = read_tree(&tree, &path).map_err(|error| located(&error))?;
            places.find(REPOSITORY, text.as_ref())?;
            places.repository = Some((repository, path, text));
        }
        Ok(Some(places))
    }

    fn find(&mut self, at: &'static str, text: Option<&String>) -> Result<(), Problem> {
        if let Some(text) = text {
            let backup = read_backup(text.as_bytes()).at(at)?;
            self.found.push(Found { at, text: text.clone(), backup });
        }
        Ok(())
    }

    /// `keys`, and those that only a backup has: they stay in it.
    pub fn with_lost_keys(&self, mut keys: Vec<SealingKey>) -> Result<Vec<SealingKey>, Problem> {
        for Found { at, backup, .. } in &self.found {
            let lost: Vec<_> =
                backup.fingerprints.iter().filter(|print| !has(&keys, print)).cloned().collect();
            // One that tells nothing may have any keys.
            if lost.is_empty() && !backup.fingerprints.is_empty() {
                continue;
            }
            match backup.open(&self.identities) {
                Ok(opened) => {
                    for key in opened {
                        // Another cluster may have given its name to another key.
                        let is_taken = keys.iter().any(|other| other.name == key.name);
                        if !has(&keys, key.fingerprint()) {
                            keys.push(if is_taken { key.renamed() } else { key });
                        }
                    }
                }
                Err(error) if lost.is_empty() => return Err(problem(&error).at(*at)),
                Err(error) => {
                    let alone = Error::Alone { fingerprints: lost, source: Box::new(error) };
                    return Err(problem(&alone).at(*at));
                }
            }
        }
        Ok(keys)
    }

    /// Brings all places to have `keys`, and those that only they had. Answers `status` with what is known of the backup
    /// then; `last` says what was known before.
    pub async fn fill(
        self,
        cx: &Context<Gitops>,
        task: &Task,
        id: &Identity,
        last: Option<&Status>,
        keys: Vec<SealingKey>,
        status: Status,
    ) -> Result<Status, Problem> {
        let keys = self.with_lost_keys(keys)?;
        let prints = prints_of(&keys);
        let text = match self.found.iter().find(|found| self.is_good(found, last, &prints)) {
            Some(good) => good.text.clone(),
            None => write_backup(&keys, &id.namespace, &self.recipients, &self.owner, SystemTime::now())
                .at("backup.recipients")?,
        };
        let mut status = Status {
            backup_verified: self.verify(&text, &prints)?,
            backup_sha256: digest(text.as_bytes()),
            backup_keys: prints,
            backup_complete: true,
            ..status
        };
        if let Some((path, found)) = self.file.as_ref().filter(|(_, found)| found.as_ref() != Some(&text)) {
            write_file(path, &text, found.is_some())?;
        }
        if let Some((repository, path, seen)) = self.repository {
            let landed = commit(cx, task, id, &repository, path, seen, text).await?;
            let same =
                last.filter(|last| last.backup_sha256 == status.backup_sha256 && !last.commit.is_empty());
            status.commit = match (landed, same) {
                (git::Outcome::Unchanged { .. }, Some(last)) => last.commit.clone(),
                (landed, _) => landed.commit().to_owned(),
            };
            (status.repository_url, status.branch) = (repository.url(), repository.branch().to_owned());
        }
        Ok(status)
    }

    /// Whether a backup that was found is what is wanted: as it was written, or opened.
    fn is_good(&self, found: &Found, last: Option<&Status>, prints: &BTreeSet<String>) -> bool {
        let is_known = last.is_some_and(|last| last.backup_sha256 == digest(found.text.as_bytes()));
        found.backup.fingerprints == *prints
            && found.backup.is_for(&self.recipients)
            && (is_known
                || found.backup.open(&self.identities).is_ok_and(|opened| prints_of(&opened) == *prints))
    }

    /// Opens what was written, where an identity does. Answers whether one did.
    fn verify(&self, text: &str, prints: &BTreeSet<String>) -> Result<bool, Problem> {
        match read_backup(text.as_bytes()).at("backup")?.open(&self.identities) {
            Ok(opened) if prints_of(&opened) == *prints => Ok(true),
            Ok(_) => Err(Problem::bug("a backup has other keys than were written to it")),
            Err(Error::Closed(gitops::sops::Error::NoIdentity { .. })) => Ok(false),
            Err(error) => Err(problem(&error).at("backup")),
        }
    }
}

fn prints_of(keys: &[SealingKey]) -> BTreeSet<String> {
    keys.iter().map(|key| key.fingerprint().to_owned()).collect()
}

/// Whether the backup that `last` knows is everywhere as it was written, and has all keys of `live`.
pub async fn is_complete(
    cx: &Context<Gitops>,
    task: &Task,
    spec: &Spec,
    last: &Status,
    live: &BTreeSet<String>,
) -> Result<bool, Problem> {
    let Some(backup) = &spec.backup else { return Ok(false) };
    let is_it = |text: Option<String>| text.is_some_and(|text| digest(text.as_bytes()) == last.backup_sha256);
    if !live.is_subset(&last.backup_keys) {
        return Ok(false);
    }
    if let Some(path) = &backup.path
        && !is_it(read_file(path)?)
    {
        return Ok(false);
    }
    if let Some((repository, path)) = repository(cx, spec, backup)? {
        if (repository.url().as_str(), repository.branch()) != (&last.repository_url, &last.branch) {
            return Ok(true); // The provider block has another one now: the plan will say so.
        }
        let tree = repository.glance(task).await.map_err(|error| located(&error))?;
        return Ok(is_it(read_tree(&tree, &path).map_err(|error| located(&error))?));
    }
    Ok(true)
}

/// The repository that has the backup, and the path in it.
fn repository(
    cx: &Context<Gitops>,
    spec: &Spec,
    backup: &Backup,
) -> Result<Option<(Repository, RepoPath)>, Problem> {
    let Some(path) = backup.repository_path()? else { return Ok(None) };
    let repository = open(cx, spec.git.as_ref()).map_err(|error| located(&error))?;
    Ok(Some((repository, path)))
}

fn read_file(path: &str) -> Result<Option<String>, Problem> {
    let refused = |why: String| {
        let detail = format!("{why}.\n\nNothing was written there. See that it is the right path.");
        Problem::error(format!("The backup `{path}` cannot be read"), detail).at(FILE)
    };
    let place = Path::new(path);
    if let Some(what) = private_file::obstacle(place).at(FILE)? {
        return Err(refused(format!("It is {what}, which is not written over")));
    }
    let bytes = private_file::read(place, keys::MAX_BACKUP).map_err(|error| refused(error.to_string()))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes.expose()).into_owned()))
}

/// Writes the backup, over the one that was `found` there.
fn write_file(path: &str, text: &str, found: bool) -> Result<(), Problem> {
    let place = Path::new(path);
    let written =
        private_file::make_directory(place).and_then(|()| private_file::write(place, text.as_bytes(), found));
    written.map_err(|error| {
        let why = sentence(&error.to_string());
        let detail = format!("{why}.\n\nThe keys are in the cluster, and not backed up yet. Apply again.");
        Problem::error(format!("The backup `{path}` cannot be written"), detail).at(FILE)
    })
}

fn read_tree(tree: &Snapshot, path: &RepoPath) -> Result<Option<String>, git::Error> {
    match Seen::at(tree, path)? {
        Seen::File(content) => Ok(Some(String::from_utf8_lossy(&content).into_owned())),
        Seen::Nothing => Ok(None),
        Seen::Obstacle(error) => Err(error),
    }
}

/// Commits `text`, where the repository still has what was `seen`.
async fn commit(
    cx: &Context<Gitops>,
    task: &Task,
    id: &Identity,
    repository: &Repository,
    path: RepoPath,
    seen: Option<String>,
    text: String,
) -> Result<git::Outcome, Problem> {
    let owner = git::Owner::new(SealingKeys::KIND, id.namespace.clone());
    let message = format!("back up the sealing keys of {} to {path}", id.namespace);
    let change = Change::new(owner, message, move |tree| {
        let now = read_tree(tree, &path)?;
        if now != seen && now.as_ref() != Some(&text) {
            return Err(Error::Changed.into());
        }
        Ok(vec![Edit::Write { path: path.clone(), content: text.clone().into_bytes() }])
    });
    repository::commit(cx, task, repository, change).await.map_err(|error| located(&error))
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error) -> Problem {
    let at = match error {
        git::Error::Declined(_)
        | git::Error::Detour { .. }
        | git::Error::Clash { .. }
        | git::Error::TooLarge { .. } => REPOSITORY,
        _ => "git",
    };
    problem(error).at(at)
}
