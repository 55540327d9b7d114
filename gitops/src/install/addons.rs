//! The add-ons: one entry for each.

use super::{Product, first_image};
use crate::image::ImageRef;
use crate::manifest::{Id, Object};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be added to a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Addon {
    /// The controller of Bitnami's Sealed Secrets.
    SealedSecrets,
}

impl Addon {
    /// All of them, in the order of the docs.
    pub const ALL: [Self; 1] = [Self::SealedSecrets];

    /// The one that users call `name`.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|addon| addon.name() == name)
    }

    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SealedSecrets => "sealed-secrets",
        }
    }

    /// What is installed.
    pub fn product(self) -> &'static Product {
        match self {
            Self::SealedSecrets => &SEALED_SECRETS,
        }
    }

    /// Selects the Secrets that it makes for itself and that outlive it, because nothing else has what is in them.
    pub fn kept_secrets(self) -> Option<&'static str> {
        match self {
            Self::SealedSecrets => Some(crate::seal::keys::LABEL),
        }
    }

    /// The Service that others talk to, among the `objects` of an installation.
    pub fn service(self, objects: &[Object]) -> Option<Id> {
        let services =
            || objects.iter().filter(|object| object.group().is_empty() && object.kind() == "Service");
        let found = match self {
            // The other one is that of its metrics.
            Self::SealedSecrets => services().find(|service| !service.name().ends_with("-metrics")),
        };
        found.map(Object::id)
    }
}

/// What the name of its image ends with, in whatever registry.
const SEALED_SECRETS_IMAGE: &str = "sealed-secrets-controller";

static SEALED_SECRETS: Product = Product {
    title: "Sealed Secrets",
    release: "sealed-secrets",
    home: "kube-system",
    is_main: |object| {
        let image = first_image(object).and_then(|image| ImageRef::parse(image).ok());
        let is_it = |image: ImageRef| image.repository.rsplit('/').next() == Some(SEALED_SECRETS_IMAGE);
        object.name().ends_with(SEALED_SECRETS_IMAGE) || image.is_some_and(is_it)
    },
    main: "its controller",
    sources: "Its manifest is `controller.yaml` of a release; its chart is `sealed-secrets`.",
    // As its manifest calls it, and its chart.
    workloads: &[("Deployment", "sealed-secrets-controller"), ("Deployment", "sealed-secrets")],
};
