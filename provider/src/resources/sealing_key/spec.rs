//! What users say of sealing keys, and what they learn of them.

use crate::defaults;
use crate::problem::Locate;
use gitops::Secret;
use gitops::cluster::Connection;
use gitops::fetch::Sha256;
use gitops::git::Remote;
use gitops::names;
use gitops::path::RepoPath;
use gitops::seal::keys::{SealingKey, newest, time};
use gitops::sops::{Policy, Recipient};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Prior, Problem, View};

/// Whose keys they are.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of the controller, where its keys are. It is made where it is missing.
    #[serde(default = "defaults::kube_system")]
    pub namespace: String,
}

/// What is wanted of them.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// The repository of `backup.repository_path`. Default: that of the provider block.
    pub git: Option<Remote>,
    /// Name of the controller's Service. What runs behind it is started anew where it has not read a key yet.
    #[serde(default = "defaults::sealed_secrets_controller")]
    pub controller_name: String,
    /// A backup whose keys are to be there. Those that are missing are put in place; none is replaced. It is looked at
    /// when it is new or another one here, and when a key that came of it is gone.
    pub restore: Option<Restore>,
    /// Identities of age that open backups: lines that begin with `AGE-SECRET-KEY-1`, or private keys of ssh. Default:
    /// those that SOPS finds on this machine.
    pub identities_wo: Option<Secret<Vec<String>>>,
    /// Number of the key to seal for, from 1. A key of this number is made where there is none: raise it for a new key.
    /// Older ones stay, and open what was sealed for them. With 1 the first key is there before the controller starts.
    /// Default: only the controller makes keys.
    pub rotation: Option<i64>,
    /// Where all keys are backed up.
    pub backup: Option<Backup>,
    /// Whether to start a controller anew that runs and has not read a key that was put in place here: it reads them only
    /// when it starts. Otherwise a warning says so.
    #[serde(default = "defaults::yes")]
    pub restart: bool,
}

/// A backup to restore. Whoever can write it can put a key of theirs in it: keep it as safe from changes as the
/// configuration, or give its checksum.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Path of the file, relative to where Terraform runs. Either this or `content`.
    pub path: Option<String>,
    /// The encrypted backup itself.
    pub content: Option<String>,
    /// SHA-256 checksum (64 hexadecimal digits) that it must have.
    pub sha256: Option<String>,
    /// Whether it is fine that there is no file at `path`: nothing is restored then, with a warning.
    #[serde(default)]
    pub if_exists: bool,
}

/// A backup to write: a file in the format of SOPS, with the Secrets of the keys.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Recipients of age: `age1…`, or public keys of ssh. Each of them opens it.
    pub recipients: BTreeSet<String>,
    /// Path of a file on this machine, which only its owner can read, such as `backup/sealing-keys.yaml`.
    pub path: Option<String>,
    /// Path of a file in the repository.
    pub repository_path: Option<String>,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Certificate (PEM) of the key to seal for: the one whose certificate begins last.
    pub certificate: String,
    /// Fingerprint of that key, as the controller's log names it.
    pub fingerprint: String,
    /// All keys, by the names of their Secrets.
    pub keys: BTreeMap<String, Key>,
    /// Fingerprints of the keys that came of `restore`, or were there already.
    pub restored: BTreeSet<String>,
    /// SHA-256 of the backup. Empty where there is none.
    pub backup_sha256: String,
    /// Fingerprints of the keys in the backup, which may have more than the cluster.
    pub backup_keys: BTreeSet<String>,
    /// Whether the backup was opened again after it was written, and each of its keys opened what was sealed for it. It
    /// takes an identity; without one, keys are checked before they are encrypted.
    pub backup_verified: bool,
    /// Whether the backup has all keys, and is as it was written. Where it is not, the plan shows it.
    pub backup_complete: bool,
    /// Address of the repository that has the backup. Empty where none does.
    pub repository_url: String,
    /// Branch of the repository.
    pub branch: String,
    /// Commit that has the backup.
    pub commit: String,
}

/// A key, without what is secret.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Its fingerprint.
    pub fingerprint: String,
    /// When its certificate begins. The key whose certificate begins last is sealed for.
    pub not_before: String,
    /// When its certificate ends. Nothing is sealed for it then; what was sealed before still opens.
    pub not_after: String,
    /// Whether the controller uses it.
    pub active: bool,
    /// Its number, where it was made here.
    pub rotation: Option<i64>,
}

impl Status {
    /// The keys, with nothing known of a backup.
    pub fn of(keys: &[SealingKey]) -> Self {
        let newest = newest(keys);
        let described = |key: &SealingKey| {
            let certificate = key.certificate();
            let described = Key {
                fingerprint: key.fingerprint().to_owned(),
                not_before: time(certificate.not_before()),
                not_after: time(certificate.not_after()),
                active: key.is_active(),
                rotation: key.rotation(),
            };
            (key.name.clone(), described)
        };
        Self {
            certificate: newest.map(|key| key.pem().to_owned()).unwrap_or_default(),
            fingerprint: newest.map(|key| key.fingerprint().to_owned()).unwrap_or_default(),
            keys: keys.iter().map(described).collect(),
            restored: BTreeSet::new(),
            backup_sha256: String::new(),
            backup_keys: BTreeSet::new(),
            backup_verified: false,
            backup_complete: false,
            repository_url: String::new(),
            branch: String::new(),
            commit: String::new(),
        }
    }

    /// The same keys, and of the backup what `last` says.
    #[must_use]
    pub fn with_backup_of(self, last: &Self) -> Self {
        let Self { certificate, fingerprint, keys, .. } = self;
        Self { certificate, fingerprint, keys, ..last.clone() }
    }

    /// The fingerprints of the keys.
    pub fn fingerprints(&self) -> BTreeSet<String> {
        self.keys.values().map(|key| key.fingerprint.clone()).collect()
    }

    /// The highest number of a key that was made here.
    pub fn last_rotation(&self) -> Option<i64> {
        self.keys.values().filter_map(|key| key.rotation).max()
    }

    /// Whether a key is gone that came of a backup.
    pub fn lacks_restored(&self) -> bool {
        !self.restored.is_subset(&self.fingerprints())
    }
}

impl Spec {
    /// What is wanted where keys were found, and nothing else is known.
    pub fn imported() -> Self {
        Self {
            kubernetes: None,
            git: None,
            controller_name: defaults::sealed_secrets_controller(),
            restore: None,
            identities_wo: None,
            rotation: None,
            backup: None,
            restart: true,
        }
    }

    /// Whether the backup to restore is to be looked at: it is another one than that of `last`, or a key of it is gone.
    pub fn restores(&self, last: Option<&Prior<Self, Status>>) -> bool {
        let is_new = |last: &Prior<Self, Status>| {
            last.spec.restore != self.restore || last.spec.kubernetes != self.kubernetes
        };
        self.restore.is_some() && last.is_none_or(|last| is_new(last) || last.status.lacks_restored())
    }

    /// Whether other keys may be there after an apply than are there now, as `last` has it.
    pub fn changes_keys(&self, last: &Prior<Self, Status>) -> bool {
        let is_made = self.rotation.is_some_and(|rotation| last.status.last_rotation() < Some(rotation));
        is_made
            || self.restores(Some(last))
            || last.spec.kubernetes != self.kubernetes
            || last.spec.restore != self.restore
    }
}

impl Restore {
    /// The checksum that it must have.
    pub fn checksum(&self) -> Result<Option<Sha256>, Problem> {
        let parsed = self.sha256.as_deref().map(str::parse::<Sha256>).transpose();
        parsed.map_err(|error| Problem::error("Not a checksum", format!("{error}.")).at("restore.sha256"))
    }
}

impl Backup {
    /// The recipients.
    pub fn recipients(&self) -> Result<Vec<Recipient>, Problem> {
        let parsed = self.recipients.iter().map(|text| Recipient::parse(text));
        let recipients = parsed.collect::<Result<Vec<_>, _>>().at("backup.recipients")?;
        Policy::of(recipients.clone()).check().at("backup.recipients")?;
        Ok(recipients)
    }

    /// The path in the repository.
    pub fn repository_path(&self) -> Result<Option<RepoPath>, Problem> {
        self.repository_path.as_deref().map(RepoPath::parse).transpose().at("backup.repository_path")
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(self.recipients().err());
        problems.extend(self.repository_path().err());
        for (attribute, path) in
            [("backup.path", &self.path), ("backup.repository_path", &self.repository_path)]
        {
            if path.as_ref().is_some_and(|path| !path.ends_with(".yaml") && !path.ends_with(".yml")) {
                let detail =
                    "Call it `….yaml`: it is YAML, and `sops decrypt` tells the format by the ending.";
                problems
                    .push(Problem::error("The backup has another ending than `.yaml`", detail).at(attribute));
            }
        }
        if self.path.is_none() && self.repository_path.is_none() {
            let detail = "Give `path`, a file on this machine, or `repository_path`, a file in Git, or both.";
            problems.push(Problem::error("The backup goes nowhere", detail).at("backup"));
        }
        problems
    }
}

/// Everything that is wrong with a configuration.
pub fn problems(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (identity, wanted) = (id.get(), spec.get());
    if id.is_known("namespace") {
        problems.extend(names::namespace(&identity.namespace).at("namespace").err());
    }
    if spec.is_known("controller_name") {
        problems.extend(names::object(&wanted.controller_name, "Service").at("controller_name").err());
    }
    if let Some(restore) = wanted.restore.as_ref().filter(|_| spec.is_known("restore")) {
        problems.extend(restore.checksum().err());
        problems.extend(
            match (&restore.path, &restore.content) {
                (None, None) => Some(("There is nothing to restore", "Give `path` or `content`.")),
                (Some(_), Some(_)) => {
                    Some(("Two backups are to be restored", "Give either `path` or `content`."))
                }
                _ => None,
            }
            .map(|(summary, detail)| Problem::error(summary, detail).at("restore")),
        );
    }
    if let Some(backup) = wanted.backup.as_ref().filter(|_| spec.is_known("backup")) {
        problems.extend(backup.problems());
    }
    if wanted.rotation.is_some_and(|rotation| rotation < 1) && spec.is_known("rotation") {
        let detail = "Keys are numbered from 1. Leave `rotation` out to let the controller alone make keys.";
        problems.push(Problem::error("There is no such number of a key", detail).at("rotation"));
    }
    problems
}
