//! The attributes of `gitops_addon`.

use super::super::installation::{Facts, Source};
use crate::defaults;
use gitops::cluster::Connection;
use gitops::install::{self, addons::Addon};
use gitops::manifest::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the add-on is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// What is added: `sealed-secrets`, the controller of Bitnami's Sealed Secrets.
    pub kind: Addon,
    /// Namespace of the add-on. It is made where it is missing, and removed with the add-on if nothing else is in it.
    #[serde(default = "defaults::kube_system")]
    pub namespace: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// What to install: a manifest, such as the `controller.yaml` of a release of Sealed Secrets, or a chart.
    pub source: Source,
    /// Changes to objects of the manifest. Each is the YAML of a part of an object, with `apiVersion`, `kind` and
    /// `metadata.name`: mappings merge, null removes a key, everything else replaces.
    pub patches: Option<Vec<String>>,
    /// Image rewrites for private registries: from the beginning of an image's name (`docker.io`,
    /// `docker.io/bitnami/sealed-secrets-controller`) to what takes its place. The longest match wins.
    pub images: Option<BTreeMap<String, String>>,
    /// Whether an add-on that is there already, and was installed by somebody else, is left as it is and used. Without it
    /// such a one is an error.
    #[serde(default)]
    pub if_absent: bool,
    /// Whether to take over objects that exist and are not ours, such as an add-on that was installed by hand.
    #[serde(default)]
    pub take_ownership: bool,
    /// Whether to wait until all of it runs. Without it, what is made next may come too early.
    #[serde(default = "defaults::yes")]
    pub wait: bool,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Version of the add-on: the tag of its main image.
    pub version: String,
    /// SHA-256 checksum of the manifest, or of what the chart renders to. Empty where somebody else installed it.
    pub manifest_sha256: String,
    /// How many objects are there and as wanted; 0 where somebody else installed them.
    pub objects: i64,
    /// Name of the ConfigMap that lists the objects, so that what a newer version lacks is removed.
    pub inventory: String,
    /// Whether all of it runs.
    pub ready: bool,
    /// Whether it was installed here. False where somebody else did, and `if_absent` leaves it to them.
    pub managed: bool,
    /// The Service that others talk to, such as `controller` of a `gitops_sealed_secret`.
    pub service: Option<Service>,
}

/// A Service.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Service {
    /// The Service `id`, which may leave out its `namespace`.
    pub fn of(id: Id, namespace: &str) -> Self {
        Self { namespace: id.namespace.unwrap_or_else(|| namespace.to_owned()), name: id.name }
    }
}

impl Status {
    /// The outputs that say `facts`.
    pub fn of(facts: Facts, managed: bool, service: Option<Service>) -> Self {
        let Facts { version, manifest_sha256, objects, inventory, ready } = facts;
        Self { version, manifest_sha256, objects, inventory, ready, managed, service }
    }

    /// What they say of the installation.
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
pub fn wishes(id: &Identity, spec: &Spec) -> install::Wishes {
    install::Wishes {
        namespace: id.namespace.clone(),
        images: spec.images.clone().unwrap_or_default(),
        patches: spec.patches.clone().unwrap_or_default(),
    }
}

/// A copy of what was last wanted; of an import, nothing.
pub fn spec_of(last: Option<&Spec>) -> Spec {
    let copy = |last: &Spec| serde_json::to_value(last).and_then(serde_json::from_value).ok();
    let nothing = || Spec {
        kubernetes: None,
        source: Source { manifest: None, chart: None },
        patches: None,
        images: None,
        if_absent: false,
        take_ownership: false,
        wait: true,
    };
    last.and_then(copy).unwrap_or_else(nothing)
}
