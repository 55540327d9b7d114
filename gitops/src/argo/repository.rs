//! The Secret by which Argo CD knows a repository and gets into it.
//!
//! Its keys are those of Argo CD 3.5 (`util/db/repository_secrets.go`; <https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/>).

use super::repository_check::RepositoryError;
use crate::Secret;
use crate::secrets::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Label by which Argo CD finds the Secret; its value is a [`SecretType`].
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

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

/// What opens a repository.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Password of the user, or a token in its place.
    pub password: Option<Secret<String>>,
    /// Token that is sent as it is, without a user.
    pub bearer_token: Option<Secret<String>>,
    /// Private key for SSH.
    pub ssh_private_key: Option<Secret<String>>,
    /// GitHub App that gets tokens.
    pub github_app: Option<GithubApp>,
    /// Certificate that Argo CD shows to the server.
    pub tls_client: Option<TlsClient>,
}

/// A GitHub App.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct GithubApp {
    /// Id of the app.
    pub id: i64,
    /// Id of its installation in the organisation that owns the repository.
    pub installation_id: i64,
    /// Private key of the app, in PEM.
    pub private_key_wo: Option<Secret<String>>,
    /// Address of the API of a GitHub Enterprise server, such as `https://github.example.com/api/v3`.
    pub base_url: Option<String>,
}

/// A certificate that a client shows.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct TlsClient {
    /// The certificate, in PEM.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key_wo: Option<Secret<String>>,
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
        let (credentials, options) = (&self.credentials, &self.options);
        let (app, client) = (credentials.github_app.as_ref(), credentials.tls_client.as_ref());
        let id = app.map(|app| app.id.to_string());
        let installation = app.map(|app| app.installation_id.to_string());
        let entries = [
            ("type", Some(self.kind.word())),
            ("url", Some(self.url.trim())),
            ("project", self.project.as_deref()),
            ("name", self.name.as_deref()),
            ("username", self.username.as_deref()),
            ("password", exposed(&credentials.password)),
            ("bearerToken", exposed(&credentials.bearer_token)),
            ("sshPrivateKey", exposed(&credentials.ssh_private_key)),
            ("githubAppID", id.as_deref()),
            ("githubAppInstallationID", installation.as_deref()),
            ("githubAppPrivateKey", app.and_then(|app| exposed(&app.private_key_wo))),
            ("githubAppEnterpriseBaseUrl", app.and_then(|app| app.base_url.as_deref())),
            ("tlsClientCertData", client.map(|client| client.certificate.as_str())),
            ("tlsClientCertKey", client.and_then(|client| exposed(&client.key_wo))),
            ("enableOCI", options.enable_oci.then_some("true")),
            ("enableLfs", options.enable_lfs.then_some("true")),
            ("insecure", options.insecure.then_some("true")),
            ("forceHttpBasicAuth", options.force_basic_auth.then_some("true")),
            ("proxy", options.proxy.as_deref()),
            ("noProxy", options.no_proxy.as_deref()),
        ];
        let filled = entries.into_iter().filter_map(|(key, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((key.to_owned(), value.as_bytes().to_vec()))
        });
        Ok(Secret::new(Data(filled.collect())))
    }

    /// Reads a Secret, without what opens the repository. Total: what is missing or of another shape is left out.
    pub fn of(live: &Value) -> Self {
        let data = crate::secrets::live_data(live);
        let text = |key: &str| {
            let bytes = data.expose().0.get(key)?.clone();
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        let on = |key: &str| text(key).is_some_and(|text| text == "true");
        let number = |key: &str| text(key).and_then(|text| text.parse().ok());
        let label = live.pointer("/metadata/labels").and_then(|labels| labels.get(SECRET_TYPE)?.as_str());
        let github_app = number("githubAppID").map(|id| GithubApp {
            id,
            installation_id: number("githubAppInstallationID").unwrap_or_default(),
            private_key_wo: None,
            base_url: text("githubAppEnterpriseBaseUrl"),
        });
        let tls_client = text("tlsClientCertData").map(|certificate| TlsClient { certificate, key_wo: None });
        Self {
            url: text("url").unwrap_or_default(),
            secret_type: match label {
                Some("repo-creds") => SecretType::RepoCreds,
                _ => SecretType::Repository,
            },
            kind: match text("type").as_deref() {
                Some("helm") => RepositoryType::Helm,
                Some("oci") => RepositoryType::Oci,
                _ => RepositoryType::Git,
            },
            project: text("project"),
            name: text("name"),
            username: text("username"),
            credentials: Credentials { github_app, tls_client, ..Credentials::default() },
            options: Options {
                enable_oci: on("enableOCI"),
                enable_lfs: on("enableLfs"),
                insecure: on("insecure"),
                force_basic_auth: on("forceHttpBasicAuth"),
                proxy: text("proxy"),
                no_proxy: text("noProxy"),
            },
        }
    }

    /// Whether Argo CD takes this and `other` for the same: it would use one of the two, and nobody knows which.
    pub fn same(&self, other: &Self) -> bool {
        let project = |of: &Self| of.project.clone().unwrap_or_default();
        self.secret_type == other.secret_type
            && normal(&self.url) == normal(&other.url)
            && project(self) == project(other)
    }
}

fn exposed(secret: &Option<Secret<String>>) -> Option<&str> {
    secret.as_ref().map(|secret| secret.expose().as_str())
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
