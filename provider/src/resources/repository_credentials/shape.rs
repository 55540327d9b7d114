//! The attributes as users type them, and as the Secret shows them.

use crate::defaults;
use crate::problem::problem;
use gitops::Secret;
use gitops::argo::repository::{
    AzureServicePrincipal, Credentials, GithubApp, Options, Repository, RepositoryType, SecretType, TlsClient,
};
use gitops::cluster::Connection;
use gitops::secrets::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::Problem;

/// Of which repository.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of Argo CD.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
    /// Address of the repository as Applications have it; with `secret_type = "repo-creds"`, the beginning of addresses.
    pub url: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// `repository` for the one at the address, `repo-creds` for all whose addresses begin so.
    #[serde(default)]
    pub secret_type: SecretType,
    /// What is there: `git`, `helm` or `oci`.
    #[serde(default)]
    pub r#type: RepositoryType,
    /// AppProject that alone may use it. Default: all may.
    pub project: Option<String>,
    /// Name that Argo CD shows, and by which charts refer to a Helm repository.
    pub name: Option<String>,
    /// User name. With a token for a password any will do, such as `git`.
    pub username: Option<String>,
    /// Password of the user, or an access token in its place.
    pub password_wo: Option<Secret<String>>,
    /// Access token that is sent as a bearer token, as Bitbucket Data Center takes them.
    pub bearer_token_wo: Option<Secret<String>>,
    /// Private key for SSH, in PEM or OpenSSH format, without a passphrase.
    pub ssh_private_key_wo: Option<Secret<String>>,
    /// GitHub App that gets access tokens.
    pub github_app: Option<GithubApp>,
    /// Key of a service account of Google Cloud, the whole text of its JSON file, for Git repositories there.
    pub gcp_service_account_key_wo: Option<Secret<String>>,
    /// Service principal of Microsoft Entra ID that gets access tokens, for Git repositories of Azure DevOps.
    pub azure_service_principal: Option<AzureServicePrincipal>,
    /// Whether Argo CD gets access tokens from Azure by its own workload identity, for Git repositories of Azure DevOps
    /// and charts of Azure's registries.
    #[serde(default)]
    pub use_azure_workload_identity: bool,
    /// Certificate that Argo CD shows to the server, by itself or beside another way in.
    pub tls_client: Option<TlsClient>,
    /// A number to raise when what opens the repository changed. With it, only the number counts; use it for values that
    /// differ each time they are asked for.
    pub credentials_wo_revision: Option<i64>,
    /// Whether the charts of a Helm repository come from an OCI registry; its address then has no `oci://`.
    #[serde(default)]
    pub enable_oci: bool,
    /// Whether files of Git LFS are fetched.
    #[serde(default)]
    pub enable_lfs: bool,
    /// Whether the server's certificate or host key is taken unchecked.
    #[serde(default)]
    pub insecure: bool,
    /// Whether user name and password are sent without the server asking for them.
    #[serde(default)]
    pub force_basic_auth: bool,
    /// Proxy on the way to the server.
    pub proxy: Option<String>,
    /// Hosts that are reached without the proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// How many commits of a Git repository Argo CD fetches. Default: all.
    pub depth: Option<i64>,
    /// Whether an OCI registry is talked to by HTTP, without TLS.
    #[serde(default)]
    pub insecure_oci_force_http: bool,
    /// Whether a webhook does not make Argo CD render manifests ahead of the refresh that needs them.
    #[serde(default)]
    pub webhook_manifest_cache_warm_disabled: bool,
    /// Whether to take over a Secret for this address that exists and is not ours.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Name of the Secret.
    pub secret_name: String,
    /// UID of the Secret.
    pub uid: String,
    /// A fingerprint of all that the Secret holds. Without the Secret itself it tells nothing about it.
    pub fingerprint: String,
}

/// The attributes that what the Secret holds is made of, beside the address.
pub const CONTENT: [&str; 22] = [
    "secret_type",
    "type",
    "project",
    "name",
    "username",
    "password_wo",
    "bearer_token_wo",
    "ssh_private_key_wo",
    "github_app",
    "gcp_service_account_key_wo",
    "azure_service_principal",
    "use_azure_workload_identity",
    "tls_client",
    "enable_oci",
    "enable_lfs",
    "insecure",
    "force_basic_auth",
    "proxy",
    "no_proxy",
    "depth",
    "insecure_oci_force_http",
    "webhook_manifest_cache_warm_disabled",
];

/// The repository that is wanted.
pub fn wanted(id: &Identity, spec: &Spec) -> Repository {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Repository {
        url: id.url.clone(),
        secret_type: spec.secret_type,
        kind: spec.r#type,
        project: text(&spec.project),
        name: text(&spec.name),
        username: spec.username.clone(),
        credentials: Credentials {
            password: spec.password_wo.clone(),
            bearer_token: spec.bearer_token_wo.clone(),
            ssh_private_key: spec.ssh_private_key_wo.clone(),
            github_app: spec.github_app.clone(),
            gcp_service_account_key: spec.gcp_service_account_key_wo.clone(),
            azure_service_principal: spec.azure_service_principal.clone(),
            azure_workload_identity: spec.use_azure_workload_identity,
            tls_client: spec.tls_client.clone(),
        },
        options: Options {
            enable_oci: spec.enable_oci,
            enable_lfs: spec.enable_lfs,
            insecure: spec.insecure,
            force_basic_auth: spec.force_basic_auth,
            proxy: text(&spec.proxy),
            no_proxy: text(&spec.no_proxy),
            depth: spec.depth,
            insecure_oci_force_http: spec.insecure_oci_force_http,
            webhook_manifest_cache_warm_disabled: spec.webhook_manifest_cache_warm_disabled,
        },
    }
}

/// What the Secret holds; all problems with it, each at its attribute.
pub fn data(id: &Identity, spec: &Spec) -> Result<Secret<Data>, Vec<Problem>> {
    let located =
        |wrong: Vec<(&'static str, _)>| wrong.iter().map(|(at, error)| problem(error).at(*at)).collect();
    wanted(id, spec).data().map_err(located)
}

/// The spec as the Secret shows it. What means the same as before stays as it was written, and what only this provider
/// knows stays as it was.
pub fn spec_of(live: &Json, last: Option<Spec>) -> Spec {
    let found = Repository::of(live);
    let shown = |found: Option<String>, last: Option<&Option<String>>| match (found, last) {
        (None, Some(Some(last))) if last.is_empty() => Some(String::new()),
        (found, _) => found,
    };
    let (last, options) = (last.as_ref(), found.options);
    let app = |app: GithubApp| {
        let before = last.and_then(|last| last.github_app.as_ref()).map(|app| &app.base_url);
        GithubApp { base_url: shown(app.base_url, before), ..app }
    };
    let principal = |principal: AzureServicePrincipal| {
        let before = last.and_then(|last| last.azure_service_principal.as_ref());
        let before = before.map(|principal| &principal.active_directory_endpoint);
        AzureServicePrincipal {
            active_directory_endpoint: shown(principal.active_directory_endpoint, before),
            ..principal
        }
    };
    Spec {
        kubernetes: last.and_then(|last| last.kubernetes.clone()),
        secret_type: found.secret_type,
        r#type: found.kind,
        project: shown(found.project, last.map(|last| &last.project)),
        name: shown(found.name, last.map(|last| &last.name)),
        username: found.username,
        password_wo: None,
        bearer_token_wo: None,
        ssh_private_key_wo: None,
        github_app: found.credentials.github_app.map(app),
        gcp_service_account_key_wo: None,
        azure_service_principal: found.credentials.azure_service_principal.map(principal),
        use_azure_workload_identity: found.credentials.azure_workload_identity,
        tls_client: found.credentials.tls_client,
        credentials_wo_revision: last.and_then(|last| last.credentials_wo_revision),
        enable_oci: options.enable_oci,
        enable_lfs: options.enable_lfs,
        insecure: options.insecure,
        force_basic_auth: options.force_basic_auth,
        proxy: shown(options.proxy, last.map(|last| &last.proxy)),
        no_proxy: shown(options.no_proxy, last.map(|last| &last.no_proxy)),
        depth: options.depth,
        insecure_oci_force_http: options.insecure_oci_force_http,
        webhook_manifest_cache_warm_disabled: options.webhook_manifest_cache_warm_disabled,
        take_ownership: last.is_some_and(|last| last.take_ownership),
    }
}
