//! The keys in the cluster: those that are there, those that a backup has, and a new one.

use super::SealingKeys;
use super::spec::{Identity, Restore, Spec};
use crate::problem::{Locate, add, problem};
use crate::provider::Gitops;
use crate::sops::{identities, of_keys};
use gitops::apply::{self, OWNER, Owner, Writer};
use gitops::cluster::Cluster;
use gitops::fetch::Sha256;
use gitops::private_file;
use gitops::seal::keys::{self, Error, LABEL, SealingKey, newest, restore};
use gitops::wait;
use gitops::{Secret, Task};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;
use tfplugin_rs::{Context, Problem, Resource};

/// The keys that a namespace has.
#[derive(Default)]
pub struct Live {
    /// Those that can be used.
    pub keys: Vec<SealingKey>,
    /// Problems with those that cannot.
    pub broken: Vec<Error>,
    /// When the last of ours was put in place, as RFC 3339 has it.
    ours_since: Option<String>,
}

impl Live {
    /// Reads them.
    pub async fn read(task: &Task, cluster: &Cluster, id: &Identity) -> Result<Self, Problem> {
        let owner = owner(id);
        let mut live = Self::default();
        for secret in apply::secrets(task, cluster, &id.namespace, LABEL).await.whole()? {
            let mark = secret.metadata.labels.as_ref().and_then(|labels| labels.get(OWNER));
            if mark.is_some_and(|mark| mark == owner.mark()) {
                let created = secret.metadata.creation_timestamp.as_ref().map(|time| time.0.to_string());
                live.ours_since = live.ours_since.max(created);
            }
            match SealingKey::of(&crate::problem::json(&secret)?) {
                Ok(key) => live.keys.push(key),
                Err(error) => live.broken.push(error),
            }
        }
        Ok(live)
    }

    /// All of them, where all can be used: with one that cannot, the controller does not start.
    pub fn whole(self) -> Result<Vec<SealingKey>, Problem> {
        match self.broken.first() {
            Some(error) => Err(problem(error).at("namespace")),
            None => Ok(self.keys),
        }
    }
}

/// Whether one of `keys` has this fingerprint.
pub fn has(keys: &[SealingKey], fingerprint: &str) -> bool {
    keys.iter().any(|key| key.fingerprint() == fingerprint)
}

fn owner(id: &Identity) -> Owner {
    Owner::new(SealingKeys::KIND, &id.namespace)
}

/// The backup that is to be restored, with each of its keys checked; `None` where there is none, and that is fine.
pub fn backup(cx: &Context<Gitops>, spec: &Spec) -> Result<Option<Vec<SealingKey>>, Problem> {
    let Some(wanted) = &spec.restore else { return Ok(None) };
    let Some((at, bytes)) = bytes(wanted)? else { return Ok(None) };
    if let Some(checksum) = wanted.checksum()? {
        let found = Sha256::of(bytes.expose());
        if found != checksum {
            let detail = format!(
                "It has {found}. Nothing was restored: somebody changed it, or it is another one. If it is the right one, change `sha256`."
            );
            return Err(Problem::error("The backup has another checksum", detail).at("restore.sha256"));
        }
    }
    let found = identities(cx, spec.identities_wo.as_ref(), "identities_wo")?;
    match restore(bytes.expose(), &found.identities) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) => {
            let mut problem = problem(&error).at(at);
            if let Error::Closed(why) = &error
                && let Some(paragraph) = of_keys(why, &found)
            {
                add(&mut problem, &paragraph);
            }
            Err(problem)
        }
    }
}

/// The bytes of a backup, and the attribute that names it.
fn bytes(wanted: &Restore) -> Result<Option<(&'static str, Secret<Vec<u8>>)>, Problem> {
    let path = match (&wanted.path, &wanted.content) {
        (Some(path), _) => path,
        (None, content) => {
            let bytes = content.clone().unwrap_or_default().into_bytes();
            return Ok(Some(("restore.content", Secret::new(bytes))));
        }
    };
    let failed = |why: String, detail: &str| {
        Problem::error(format!("The backup `{path}` cannot be read"), format!("{why}.\n\n{detail}"))
            .at("restore.path")
    };
    match private_file::read(Path::new(path), keys::MAX_BACKUP) {
        Ok(Some(bytes)) => Ok(Some(("restore.path", bytes))),
        Ok(None) if wanted.if_exists => Ok(None),
        Ok(None) => Err(failed(
            "There is no such file".to_owned(),
            "The path is relative to the directory that Terraform runs in. Without its keys nothing opens what was sealed for them, so nothing was begun. If there is no backup yet, set `restore.if_exists = true`.",
        )),
        Err(error) => Err(failed(error.to_string(), "See that it is the right file.")),
    }
}

/// Keys that are there, and keys that are to be put in place.
pub struct Prepared {
    known: Vec<SealingKey>,
    missing: Vec<SealingKey>,
    /// Fingerprints of those that the backup has.
    pub restored: BTreeSet<String>,
}

impl Prepared {
    /// All of them.
    pub fn all(&self) -> Vec<SealingKey> {
        self.known.iter().chain(&self.missing).cloned().collect()
    }
}

/// The keys that are there, and those that are missing: of the backup, where it `restores`, and one of the wanted number.
/// Nothing is written.
pub async fn prepare(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
    want: &Spec,
    restores: bool,
) -> Result<Prepared, Problem> {
    let backup = if restores { backup(cx, want)? } else { None };
    if backup.is_none() && restores {
        cx.warn(nothing_to_restore());
    }
    let known = Live::read(task, cluster, id).await?.whole()?;
    let restored = backup.iter().flatten().map(|key| key.fingerprint().to_owned()).collect();
    let mut missing: Vec<_> =
        backup.into_iter().flatten().filter(|key| !has(&known, key.fingerprint())).collect();
    let all: Vec<_> = known.iter().chain(&missing).cloned().collect();
    missing.extend(next(&all, want.rotation).await?);
    match known.is_empty() && missing.is_empty() {
        true => Err(no_key(id)),
        false => Ok(Prepared { known, missing, restored }),
    }
}

/// Puts what is missing in place, and lets the controller read it. Answers all keys that are there then.
pub async fn place(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
    want: &Spec,
    missing: Prepared,
) -> Result<Vec<SealingKey>, Problem> {
    let writer = Writer::new(cluster, owner(id), false);
    if !missing.missing.is_empty() {
        writer.ensure_namespace(task, &id.namespace).await.at("namespace")?;
    }
    for key in missing.missing {
        tracing::info!(name = key.name, fingerprint = key.fingerprint(), "puts a sealing key in place");
        write(task, &writer, id, key).await?;
    }
    let live = Live::read(task, cluster, id).await?;
    let_it_read(cx, task, cluster, id, want, &live).await?;
    live.whole()
}

/// The key of number `rotation` that is to be made; `None` where there is one.
async fn next(keys: &[SealingKey], rotation: Option<i64>) -> Result<Option<SealingKey>, Problem> {
    let Some(rotation) = rotation else { return Ok(None) };
    match keys.iter().filter_map(SealingKey::rotation).max() {
        Some(last) if last == rotation => return Ok(None),
        Some(last) if last > rotation => return Err(numbers_go_up(last, rotation)),
        _ => {}
    }
    let last = newest(keys).cloned();
    // It takes a second or more of a processor.
    let made =
        tokio::task::spawn_blocking(move || SealingKey::make(rotation, SystemTime::now(), last.as_ref()));
    let made = made.await.map_err(|_| Problem::bug("a key that was not made"))?;
    made.map(Some).at("rotation")
}

/// Writes one key under its name, or under another one where something else has it.
async fn write(task: &Task, writer: &Writer, id: &Identity, key: SealingKey) -> Result<(), Problem> {
    if writer.create(task, key.object(&id.namespace)).await.at("namespace")?.is_some() {
        return Ok(());
    }
    writer.apply(task, key.renamed().object(&id.namespace)).await.at("namespace")?;
    Ok(())
}

/// Starts a controller anew that runs since before the last of our keys was put in place.
async fn let_it_read(
    cx: &Context<Gitops>,
    task: &Task,
    cluster: &Cluster,
    id: &Identity,
    want: &Spec,
    live: &Live,
) -> Result<(), Problem> {
    let Some(ours) = &live.ours_since else { return Ok(()) };
    let running =
        apply::behind(task, cluster, &id.namespace, &want.controller_name).await.at("controller_name")?;
    let Some(running) = running else { return Ok(()) };
    // Both are times of UTC in whole seconds, which compare as text.
    if running.since.is_none_or(|since| since.to_string() > *ours) {
        return Ok(());
    }
    if !want.restart {
        cx.warn(not_read(&running.id.to_string()));
        return Ok(());
    }
    tracing::info!(deployment = running.id.name, "starts the controller anew, so that it reads the keys");
    apply::restart(task, cluster, &running.id, SystemTime::now()).await.at("restart")?;
    wait::rolled_out(task, &cluster.client(), &running.id).await.at("restart")
}

/// Warns of a controller that runs without the newest key.
pub fn not_read(deployment: &str) -> Problem {
    let detail = format!(
        "{deployment} was started before the last of the keys was put in place, and reads keys only when it starts. Until then it neither opens what was sealed for that key nor gives out its certificate. Start it anew: `kubectl rollout restart`; or leave `restart` to its default."
    );
    Problem::warning("The controller has not read the keys", detail).at("restart")
}

fn nothing_to_restore() -> Problem {
    let detail = "There is no file at `restore.path`, and `restore.if_exists` says that this is fine.";
    Problem::warning("No key was restored", detail).at("restore.path")
}

fn no_key(id: &Identity) -> Problem {
    let detail = format!(
        "Namespace `{}` has no Secret with the label `{LABEL}`. A controller makes its first key when it starts: let this depend on the `gitops_addon`. To have the key before that, set `rotation = 1`, which makes it here, or `restore` a backup; then let the `gitops_addon` depend on this.",
        id.namespace
    );
    Problem::error("There is no sealing key", detail).at("namespace")
}

/// A number that is lower than that of a key which is there.
pub fn numbers_go_up(last: i64, rotation: i64) -> Problem {
    let detail = format!(
        "A key of number {last} is there, and is what is sealed for. Nothing was changed. Set `rotation` to {last}, or to {} for a new key.",
        last + 1
    );
    Problem::error(format!("`rotation` goes back from {last} to {rotation}"), detail).at("rotation")
}

/// Warns of a Secret that holds no usable key.
pub fn broken(error: &keys::Error) -> Problem {
    let Problem { summary, detail, .. } = problem(error);
    Problem::warning(summary, detail).at("namespace")
}
