//! The attributes of `gitops_bootstrap`.

use super::super::installation::{Facts, Source};
use crate::defaults;
use gitops::argo::prepare;
use gitops::cluster::Connection;
use gitops::install;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the installation is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of Argo CD. It is made where it is missing, and removed with Argo CD if nothing else is in it.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// What to install: a manifest or a chart.
    pub source: Source,
    /// Settings of Argo CD, as single keys of its ConfigMaps. Other keys are left to whoever wrote them.
    pub settings: Option<Settings>,
    /// Changes to objects of the manifest. Each is the YAML of a part of an object, with `apiVersion`, `kind` and
    /// `metadata.name`: mappings merge, null removes a key, everything else replaces.
    pub patches: Option<Vec<String>>,
    /// Image rewrites for private registries: from the beginning of an image's name (`quay.io`,
    /// `quay.io/argoproj/argocd`) to what takes its place. The longest match wins.
    pub images: Option<BTreeMap<String, String>>,
    /// Whether to take over objects that exist and are not ours, such as an Argo CD that was installed by hand.
    #[serde(default)]
    pub take_ownership: bool,
    /// Whether to wait until all of Argo CD runs. Without it, what is made next may come too early.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
}

/// Settings of Argo CD.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Keys of ConfigMap `argocd-cm`, such as `url` or `timeout.reconciliation`. A health check for Applications is
    /// set unless it is given here: without one, sync waves do not wait for the apps of an app.
    pub config: Option<BTreeMap<String, String>>,
    /// Keys of ConfigMap `argocd-rbac-cm`, such as `policy.csv`.
    pub rbac: Option<BTreeMap<String, String>>,
    /// Keys of ConfigMap `argocd-cmd-params-cm`, such as `server.insecure`. A change starts the pods that read them
    /// anew.
    pub params: Option<BTreeMap<String, String>>,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Version of Argo CD: the tag of its application controller's image.
    pub version: String,
    /// SHA-256 checksum of the manifest, or of what the chart renders to.
    pub manifest_sha256: String,
    /// How many objects are there and as wanted.
    pub objects: i64,
    /// Name of the ConfigMap that lists the objects, so that what a newer version lacks is removed.
    pub inventory: String,
    /// Whether all of Argo CD runs.
    pub ready: bool,
}

impl Status {
    /// The outputs that say `facts`.
    pub fn of(Facts { version, manifest_sha256, objects, inventory, ready }: Facts) -> Self {
        Self { version, manifest_sha256, objects, inventory, ready }
    }

    /// What they say.
    pub fn facts(&self) -> Facts {
        Facts {
            version: self.version.clone(),
            manifest_sha256: self.manifest_sha256.clone(),
            objects: self.objects,
            inventory: self.inventory.clone(),
            ready: self.ready,
        }
    }
}

/// Everything but the source that decides what the objects are.
pub fn wishes(id: &Identity, spec: &Spec) -> prepare::Wishes {
    let settings = spec.settings.as_ref();
    let keys = |map: fn(&Settings) -> &Option<BTreeMap<String, String>>| {
        settings.and_then(|s| map(s).clone()).unwrap_or_default()
    };
    prepare::Wishes {
        install: install::Wishes {
            namespace: id.namespace.clone(),
            images: spec.images.clone().unwrap_or_default(),
            patches: spec.patches.clone().unwrap_or_default(),
        },
        settings: prepare::Settings {
            config: keys(|s| &s.config),
            rbac: keys(|s| &s.rbac),
            params: keys(|s| &s.params),
        },
    }
}
