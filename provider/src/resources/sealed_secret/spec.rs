//! What users say of sealed values, and what they learn of them.

use super::shape::ImportPath;
use crate::problem::Locate;
use crate::resources::repository::Place;
use crate::resources::sealing::{Controller, Recipient};
use crate::secret_values::Values;
use gitops::cluster::Connection;
use gitops::git::{Remote, Repository};
use gitops::path::RepoPath;
use gitops::seal::{Certificate, Former, Found, Scope, SealedSecret, Target, Template};
use gitops::secrets::Data;
use gitops::{Secret, secret, yaml};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::Problem;

/// What the Secret is that the values are for.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// Path of the file in the repository, such as `apps/shop/app-secrets.yaml`. It is a SealedSecret, and nothing else,
    /// unless `value_path` is given.
    pub path: String,
    /// Where in the file the bare values go, each under its key, such as `secrets.data` in the values of a Helm chart
    /// whose template makes a SealedSecret of them. All else in the file stays as it is; what is missing is added.
    pub value_path: Option<String>,
    /// Certificate (PEM) of the controller that is to open the values, as `kubeseal --fetch-cert` prints it. No cluster
    /// is needed then. Default: the controller is asked for its newest one.
    pub certificate: Option<String>,
    /// The controller that is asked, where no `certificate` is given. Default: the Service `sealed-secrets-controller`
    /// in `kube-system`.
    pub controller: Option<Controller>,
    /// The cluster of the controller. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Where the values can be opened: `strict`, in this namespace and under this name; `namespace-wide`, under any name
    /// in this namespace; `cluster-wide`, anywhere. With `value_path` the template has to set the same scope.
    #[serde(default)]
    pub scope: Scope,
    /// Type of the Secret, such as `kubernetes.io/dockerconfigjson`. The values must be those of the type.
    #[serde(default = "opaque")]
    pub r#type: String,
    /// Labels of the Secret.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the Secret.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Values by key, as text.
    pub data_wo: Option<Secret<secret::Map>>,
    /// Values by key, in base64.
    pub binary_data_wo: Option<Secret<secret::Map>>,
    /// A number to raise when the values changed. With it, only the number counts; use it for values that differ
    /// each time they are asked for.
    pub data_wo_revision: Option<i64>,
    /// Keys that must be there and not empty. A missing one fails the plan.
    pub required_keys: Option<BTreeSet<String>>,
    /// Whether to replace a file, or values, that somebody else put there.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Address of the repository.
    #[schemars(extend("x-identity" = true))]
    pub repository_url: String,
    /// Branch of the repository.
    #[schemars(extend("x-identity" = true))]
    pub branch: String,
    /// Commit that has the values as they are wanted. Empty while Git says something else.
    pub commit: String,
    /// The keys that have a value.
    pub keys: BTreeSet<String>,
    /// Fingerprint of the controller's key that opens the values, as its log names it. Empty while it is not the one to
    /// seal for.
    pub key_fingerprint: String,
    /// A fingerprint of the keys and values. Without the ciphertext in Git, or the key in `GITOPS_FINGERPRINT_KEY`, it
    /// tells nothing about them.
    pub fingerprint: String,
    /// SHA-256 of what Git has, by its place: of the file, or of each ciphertext.
    pub digests: BTreeMap<String, String>,
}

pub fn opaque() -> String {
    "Opaque".to_owned()
}

impl Spec {
    /// What it says of its values.
    pub fn values(&self) -> Values<'_> {
        Values {
            kind: Some(&self.r#type),
            text: self.data_wo.as_ref(),
            base64: self.binary_data_wo.as_ref(),
            required: self.required_keys.as_ref(),
        }
    }

    /// What it says of whom it seals for.
    pub fn recipient(&self) -> Recipient<'_> {
        Recipient {
            certificate: self.certificate.as_deref(),
            controller: self.controller.as_ref(),
            kubernetes: self.kubernetes.as_ref(),
        }
    }

    /// Where the values go.
    pub fn target(&self) -> Result<Target, Problem> {
        let file = RepoPath::parse(&self.path).at("path")?;
        if self.path.contains('#') {
            return Err(Problem::error("The path of the file has a `#` in it", NO_HASH).at("path"));
        }
        let Some(path) = &self.value_path else { return Ok(Target::File(file)) };
        let path = yaml::Path::parse(path).at("value_path")?;
        Target::values(file, path).at("value_path")
    }

    /// The SealedSecret with `data`.
    pub fn sealed(&self, id: &Identity, data: BTreeMap<String, String>) -> SealedSecret {
        SealedSecret {
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            scope: self.scope,
            template: Template {
                kind: self.r#type.clone(),
                labels: self.labels.clone().unwrap_or_default(),
                annotations: self.annotations.clone().unwrap_or_default(),
            },
            data,
        }
    }

    /// Demands that an API server can store the SealedSecret of `data`, also where the template of a chart makes it.
    pub fn fits(
        &self,
        id: &Identity,
        data: &Secret<Data>,
        certificate: Option<&Certificate>,
    ) -> Result<(), Problem> {
        self.sealed(id, BTreeMap::new()).fits(data, certificate).at(self.values().all())
    }

    /// The same as a file says that has this SealedSecret: its scope and type, and of labels and annotations those that
    /// are configured.
    pub fn showing(self, found: &SealedSecret) -> Self {
        let shown = |last: &Option<BTreeMap<String, String>>, found: &BTreeMap<String, String>| {
            let pick = |key: &String| Some((key.clone(), found.get(key)?.clone()));
            last.as_ref().map(|last| last.keys().filter_map(pick).collect::<BTreeMap<_, _>>())
        };
        Self {
            scope: found.scope,
            r#type: found.template.kind.clone(),
            labels: shown(&self.labels, &found.template.labels),
            annotations: shown(&self.annotations, &found.template.annotations),
            ..self
        }
    }

    /// What is wanted where something was found, and nothing else is known.
    pub fn imported(git: Remote, path: &ImportPath<'_>, found: Option<&SealedSecret>) -> Self {
        let template = found.map(|found| found.template.clone()).unwrap_or_default();
        let map = |map: BTreeMap<String, String>| (!map.is_empty()).then_some(map);
        Self {
            git: Some(git).filter(|git| *git != Remote::default()),
            path: path.file.to_owned(),
            value_path: path.value_path.map(str::to_owned),
            certificate: None,
            controller: None,
            kubernetes: None,
            scope: found.map(|found| found.scope).unwrap_or_default(),
            r#type: Some(template.kind).filter(|kind| !kind.is_empty()).unwrap_or_else(opaque),
            labels: map(template.labels),
            annotations: map(template.annotations),
            data_wo: None,
            binary_data_wo: None,
            data_wo_revision: None,
            required_keys: None,
            take_ownership: false,
        }
    }
}

const NO_HASH: &str = "In the import id, `#` stands between the file and the path in it. Rename the file.";

impl Status {
    /// The status of what was found in `repository`, of which nothing else is known.
    pub fn found(repository: &Repository, commit: String, found: Found) -> Self {
        Self {
            repository_url: repository.url(),
            branch: repository.branch().to_owned(),
            commit,
            keys: found.data.into_keys().collect(),
            key_fingerprint: String::new(),
            fingerprint: String::new(),
            digests: found.digests,
        }
    }

    /// Where it is.
    pub fn place(&self) -> Place<'_> {
        Place { url: &self.repository_url, branch: &self.branch, digests: &self.digests }
    }

    /// What was delivered, where the spec of then says where.
    pub fn former(&self, spec: &Spec) -> Option<Former> {
        let target = spec.target().ok().filter(|_| !self.digests.is_empty())?;
        Some(Former { target, digests: self.digests.clone() })
    }
}
