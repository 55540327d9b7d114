//! What opens a repository, as the Secret of Argo CD holds it.

use super::repository::SecretType;
use crate::Secret;
use crate::secrets::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Key of a service account of Google Cloud, in JSON.
    pub gcp_service_account_key: Option<Secret<String>>,
    /// Service principal of Microsoft Entra ID that gets tokens.
    pub azure_service_principal: Option<AzureServicePrincipal>,
    /// Whether Argo CD's own workload identity gets the tokens.
    pub azure_workload_identity: bool,
    /// Certificate that Argo CD shows to the server.
    pub tls_client: Option<TlsClient>,
}

/// A GitHub App.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct GithubApp {
    /// Id of the app.
    pub id: i64,
    /// Id of its installation in the organisation that owns the repository. Default: Argo CD asks GitHub for it.
    pub installation_id: Option<i64>,
    /// Private key of the app, in PEM.
    pub private_key_wo: Option<Secret<String>>,
    /// Address of the API of a GitHub Enterprise server, such as `https://github.example.com/api/v3`.
    pub base_url: Option<String>,
}

/// A service principal of Microsoft Entra ID.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct AzureServicePrincipal {
    /// Id of the tenant (directory) that it belongs to.
    pub tenant_id: String,
    /// Id of the application (client).
    pub client_id: String,
    /// Client secret of the application.
    pub client_secret_wo: Option<Secret<String>>,
    /// Address that gives out tokens. Default: `https://login.microsoftonline.com`; national clouds have others.
    pub active_directory_endpoint: Option<String>,
}

/// A certificate that a client shows.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct TlsClient {
    /// The certificate, in PEM.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key_wo: Option<Secret<String>>,
}

impl Credentials {
    /// Adds what the Secret holds of them to `data`: what is empty is left out.
    pub(super) fn write(&self, secret_type: SecretType, data: &mut Data) {
        let (app, principal) = (self.github_app.as_ref(), self.azure_service_principal.as_ref());
        let (client, azure) = (self.tls_client.as_ref(), AzureKeys::of(secret_type));
        let id = app.map(|app| app.id.to_string());
        let installation = app.and_then(|app| app.installation_id).map(|id| id.to_string());
        let entries = [
            ("password", exposed(&self.password)),
            ("bearerToken", exposed(&self.bearer_token)),
            ("sshPrivateKey", exposed(&self.ssh_private_key)),
            ("githubAppID", id.as_deref()),
            ("githubAppInstallationID", installation.as_deref()),
            ("githubAppPrivateKey", app.and_then(|app| exposed(&app.private_key_wo))),
            ("githubAppEnterpriseBaseUrl", app.and_then(|app| app.base_url.as_deref())),
            ("gcpServiceAccountKey", exposed(&self.gcp_service_account_key)),
            (azure.tenant_id, principal.map(|principal| principal.tenant_id.as_str())),
            (azure.client_id, principal.map(|principal| principal.client_id.as_str())),
            (
                "azureServicePrincipalClientSecret",
                principal.and_then(|principal| exposed(&principal.client_secret_wo)),
            ),
            (
                "azureActiveDirectoryEndpoint",
                principal.and_then(|principal| principal.active_directory_endpoint.as_deref()),
            ),
            ("useAzureWorkloadIdentity", self.azure_workload_identity.then_some("true")),
            ("tlsClientCertData", client.map(|client| client.certificate.as_str())),
            ("tlsClientCertKey", client.and_then(|client| exposed(&client.key_wo))),
        ];
        for (key, value) in entries {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                data.0.insert(key.to_owned(), value.as_bytes().to_vec());
            }
        }
    }

    /// What can be seen of them in a Secret, whose texts `text` answers: everything that is no secret.
    pub(super) fn of(secret_type: SecretType, text: &impl Fn(&str) -> Option<String>) -> Self {
        let number = |key: &str| text(key).and_then(|text| text.parse().ok());
        let azure = AzureKeys::of(secret_type);
        let principal = |client_id: String| AzureServicePrincipal {
            tenant_id: text(azure.tenant_id).unwrap_or_default(),
            client_id,
            client_secret_wo: None,
            active_directory_endpoint: text("azureActiveDirectoryEndpoint"),
        };
        Self {
            github_app: number("githubAppID").map(|id| GithubApp {
                id,
                installation_id: number("githubAppInstallationID"),
                private_key_wo: None,
                base_url: text("githubAppEnterpriseBaseUrl"),
            }),
            azure_service_principal: text(azure.client_id).map(principal),
            azure_workload_identity: text("useAzureWorkloadIdentity").is_some_and(|text| text == "true"),
            tls_client: text("tlsClientCertData").map(|certificate| TlsClient { certificate, key_wo: None }),
            ..Self::default()
        }
    }
}

/// The keys that Argo CD spells in one way for a repository and in another for `repo-creds`.
struct AzureKeys {
    tenant_id: &'static str,
    client_id: &'static str,
}

impl AzureKeys {
    fn of(secret_type: SecretType) -> Self {
        match secret_type {
            SecretType::Repository => Self {
                tenant_id: "azureServicePrincipalTenantId",
                client_id: "azureServicePrincipalClientId",
            },
            SecretType::RepoCreds => Self {
                tenant_id: "azureServicePrincipalTenantID",
                client_id: "azureServicePrincipalClientID",
            },
        }
    }
}

fn exposed(secret: &Option<Secret<String>>) -> Option<&str> {
    secret.as_ref().map(|secret| secret.expose().as_str())
}
