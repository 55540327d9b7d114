//! The Secret by which Argo CD knows a repository and gets into it.
//!
//! Its keys are those of Argo CD 3.5 (`util/db/repository_secrets.go`; <https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/>).

pub use super::repository_credentials::{AzureServicePrincipal, Credentials, GithubApp, TlsClient};
use super::repository_error::RepositoryError;
use crate::Secret;
use crate::secrets::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Label by which Argo CD finds the Secret; its value is a [`SecretType`].
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// All keys that Argo CD reads, of both types.
const KEYS: [&str; 32] = [
    "azureActiveDirectoryEndpoint",
    "azureServicePrincipalClientID",
    "azureServicePrincipalClientId",
    "azureServicePrincipalClientSecret",
    "azureServicePrincipalTenantID",
    "azureServicePrincipalTenantId",
    "bearerToken",
    "depth",
    "enableLfs",
    "enableOCI",
    "forceHttpBasicAuth",
    "gcpServiceAccountKey",
    "githubAppEnterpriseBaseUrl",
    "githubAppID",
    "githubAppInstallationID",
    "githubAppPrivateKey",
    "insecure",
    "insecureIgnoreHostKey",
    "insecureOCIForceHttp",
    "name",
    "noProxy",
    "password",
    "project",
    "proxy",
    "sshPrivateKey",
    "tlsClientCertData",
    "tlsClientCertKey",
    "type",
    "url",
    "useAzureWorkloadIdentity",
    "username",
    "webhookManifestCacheWarmDisabled",
];

/// What the Secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretType {
    /// The repository at the address.
    #[default]
    Repository,
    /// All repositories whose addresses begin as this one does, as far as they have no credentials of their own.
    RepoCreds,
}

impl SecretType {
    /// The value of the label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::RepoCreds => "repo-creds",
        }
    }
}

/// What is at the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryType {
    /// A Git repository.
    #[default]
    Git,
    /// A repository of Helm charts; with `enable_oci`, a registry of them.
    Helm,
    /// An OCI artifact.
    Oci,
}

impl RepositoryType {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Helm => "helm",
            Self::Oci => "oci",
        }
    }

    /// What is there, in words.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Git => "a Git repository",
            Self::Helm => "a Helm repository",
            Self::Oci => "an OCI artifact",
        }
    }
}

/// A repository, and how Argo CD gets into it.
#[derive(Clone, Default)]
pub struct Repository {
    /// Address, or the beginning of addresses.
    pub url: String,
    /// What the Secret is for.
    pub secret_type: SecretType,
    /// What is at the address.
    pub kind: RepositoryType,
    /// AppProject that it belongs to.
    pub project: Option<String>,
    /// Name that Argo CD shows.
    pub name: Option<String>,
    /// User name.
    pub username: Option<String>,
    /// What opens the repository.
    pub credentials: Credentials,
    /// Settings that hold no secret.
    pub options: Options,
}

/// Settings that hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether `helm` charts come from an OCI registry.
    pub enable_oci: bool,
    /// Whether files of Git LFS are fetched.
    pub enable_lfs: bool,
    /// Whether the server's certificate or host key is taken unchecked.
    pub insecure: bool,
    /// Whether the user name and password are sent unasked.
    pub force_basic_auth: bool,
    /// Proxy on the way to the server.
    pub proxy: Option<String>,
    /// Hosts that are reached without it.
    pub no_proxy: Option<String>,
    /// How many commits of a Git repository are fetched; all where nothing is said.
    pub depth: Option<i64>,
    /// Whether an OCI registry is talked to without TLS.
    pub insecure_oci_force_http: bool,
    /// Whether a webhook does not render manifests ahead of the refresh that needs them.
    pub webhook_manifest_cache_warm_disabled: bool,
}

impl Repository {
    /// The name of the Secret: readable, and for each address another one.
    ///
    /// Argo CD's own command line names it after a hash of the address alone, so that the two never meet.
    pub fn secret_name(url: &str) -> String {
        const READABLE: usize = 40;
        let url = url.trim();
        let hash = hex::encode(Sha256::digest(normal(url)));
        let place = url.split_once("://").map_or(url, |(_, rest)| rest);
        let place = place.rsplit_once('@').map_or(place, |(_, rest)| rest);
        let place = place.strip_suffix(".git").unwrap_or(place).to_ascii_lowercase();
        let words = place.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut readable = words.collect::<Vec<_>>().join("-");
        readable.truncate(READABLE);
        let parts = ["repository", readable.trim_end_matches('-'), hash.get(..8).unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// What the Secret holds.
    ///
    /// # Errors
    ///
    /// All of [`RepositoryError`] that apply, each with the attribute it is about.
    pub fn data(&self) -> Result<Secret<Data>, Vec<(&'static str, RepositoryError)>> {
        let wrong = self.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let options = &self.options;
        let depth = options.depth.map(|depth| depth.to_string());
        let settings = [
            ("type", Some(self.kind.word())),
            ("url", Some(self.url.trim())),
            ("project", self.project.as_deref()),
            ("name", self.name.as_deref()),
            ("username", self.username.as_deref()),
            ("enableOCI", options.enable_oci.then_some("true")),
            ("enableLfs", options.enable_lfs.then_some("true")),
            ("insecure", options.insecure.then_some("true")),
            ("forceHttpBasicAuth", options.force_basic_auth.then_some("true")),
            ("proxy", options.proxy.as_deref()),
            ("noProxy", options.no_proxy.as_deref()),
            ("depth", depth.as_deref()),
            ("insecureOCIForceHttp", options.insecure_oci_force_http.then_some("true")),
            (
                "webhookManifestCacheWarmDisabled",
                options.webhook_manifest_cache_warm_disabled.then_some("true"),
            ),
        ];
        let filled = |value: Option<&str>| Some(value.filter(|value| !value.is_empty())?.as_bytes().to_vec());
        let settings = settings.into_iter().filter_map(|(key, value)| Some((key.to_owned(), filled(value)?)));
        let mut data = Data(settings.collect());
        self.credentials.write(self.secret_type, &mut data);
        Ok(Secret::new(data))
    }

    /// Reads a Secret, without what opens the repository. Total: what is missing or of another shape is left out.
    pub fn of(live: &Value) -> Self {
        let data = crate::secrets::live_data(live);
        let text = |key: &str| {
            let bytes = data.expose().0.get(key)?.clone();
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        let on = |key: &str| text(key).is_some_and(|text| text == "true");
        let label = live.pointer("/metadata/labels").and_then(|labels| labels.get(SECRET_TYPE)?.as_str());
        let secret_type = match label {
            Some("repo-creds") => SecretType::RepoCreds,
            _ => SecretType::Repository,
        };
        Self {
            url: text("url").unwrap_or_default(),
            secret_type,
            kind: match text("type").as_deref() {
                Some("helm") => RepositoryType::Helm,
                Some("oci") => RepositoryType::Oci,
                _ => RepositoryType::Git,
            },
            project: text("project"),
            name: text("name"),
            username: text("username"),
            credentials: Credentials::of(secret_type, &text),
            options: Options {
                enable_oci: on("enableOCI"),
                enable_lfs: on("enableLfs"),
                insecure: on("insecure") || on("insecureIgnoreHostKey"), // what it was called before
                force_basic_auth: on("forceHttpBasicAuth"),
                proxy: text("proxy"),
                no_proxy: text("noProxy"),
                depth: text("depth").and_then(|text| text.parse().ok()).filter(|depth| *depth != 0),
                insecure_oci_force_http: on("insecureOCIForceHttp"),
                webhook_manifest_cache_warm_disabled: on("webhookManifestCacheWarmDisabled"),
            },
        }
    }

    /// The keys of a Secret that mean nothing to Argo CD 3.5, and so are in no [`Repository`].
    pub fn unknown_keys(live: &Value) -> Vec<String> {
        let keys = crate::secrets::live_data(live).expose().0.keys().cloned().collect::<Vec<_>>();
        keys.into_iter().filter(|key| !KEYS.contains(&key.as_str())).collect()
    }

    /// Whether Argo CD takes this and `other` for the same: it would use one of the two, and nobody knows which.
    pub fn same(&self, other: &Self) -> bool {
        let project = |of: &Self| of.project.clone().unwrap_or_default();
        self.secret_type == other.secret_type
            && normal(&self.url) == normal(&other.url)
            && project(self) == project(other)
    }
}

/// An address as Argo CD compares it (`NormalizeGitURL` of its `util/git`): in lower case, without `ssh://` and `.git`.
fn normal(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = url.strip_prefix("ssh://").unwrap_or(&url);
    url.strip_suffix(".git").unwrap_or(url).to_owned()
}

#[cfg(test)]
#[path = "repository_tests.rs"]
mod tests;
