//! How a cluster is reached, as users write it. Doc comments here are the reference that users read.

use super::{Environment, Error, Source, kubeconfig};
use crate::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How to reach one cluster. It holds no secret: credentials come from the kubeconfig in `config_path`, from
/// `exec`, or are given in the provider block.
///
/// Left out, the connection of the provider block is used, or else the one that the environment describes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    /// URL of the Kubernetes API server, such as `https://127.0.0.1:6443`.
    pub host: Option<String>,
    /// Certificates (PEM) of the authorities that may vouch for the server. Default: those of the kubeconfig, or
    /// else of the operating system.
    pub cluster_ca_certificate: Option<String>,
    /// Name that the server's certificate must carry, when it is not that of `host`.
    pub tls_server_name: Option<String>,
    /// Whether to accept any certificate of the server. Whoever sits between can read and change everything.
    pub insecure: Option<bool>,
    /// URL of the proxy to go through: `http://`, `https://` or `socks5://`. Default: `HTTPS_PROXY` and `NO_PROXY`
    /// of the environment.
    pub proxy_url: Option<String>,
    /// Path of a kubeconfig file. `~/` stands for the home directory.
    pub config_path: Option<String>,
    /// Paths of several kubeconfig files, merged as kubectl does: the first to name something wins.
    pub config_paths: Option<Vec<String>>,
    /// Context of the kubeconfig to use. Default: its current context.
    pub config_context: Option<String>,
    /// User of the kubeconfig to use instead of the context's.
    pub config_context_auth_info: Option<String>,
    /// Cluster of the kubeconfig to use instead of the context's.
    pub config_context_cluster: Option<String>,
    /// Program that prints credentials for the cluster.
    pub exec: Option<Exec>,
    /// UID of the cluster's namespace `kube-system`. When given, another cluster that answers at the address is an
    /// error on writes and counts as "gone" on reads.
    pub uid: Option<String>,
    /// The engine that runs the cluster, if it is a local one. It tells a deleted cluster from an unreachable one.
    pub engine: Option<Engine>,
}

/// A program that prints credentials, as kubectl's credential plugins do: `aws eks get-token`, `kubelogin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// Version that the program speaks: `client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1`.
    pub api_version: String,
    /// Program to run.
    pub command: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Option<Vec<String>>,
    /// Environment variables for it, beside those of this process.
    #[serde(default)]
    pub env: Option<BTreeMap<String, String>>,
}

/// The engine of a local cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Name of the engine: `kind`.
    pub name: String,
    /// Name of the cluster in the engine.
    pub cluster: String,
    /// Mark that the cluster was given when it was made. Empty for a cluster that was imported without one.
    #[serde(default)]
    pub id: Option<String>,
}

/// How to reach the cluster of every resource that does not say so itself. Credentials are given here and nowhere
/// else; they are not stored.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// URL of the Kubernetes API server. Environment: `KUBE_HOST`.
    pub host: Option<String>,
    /// Bearer token. Environment: `KUBE_TOKEN`.
    pub token: Option<Secret<String>>,
    /// User name for basic authentication. Environment: `KUBE_USER`.
    pub username: Option<String>,
    /// Password for basic authentication. Environment: `KUBE_PASSWORD`.
    pub password: Option<Secret<String>>,
    /// Client certificate (PEM). Environment: `KUBE_CLIENT_CERT_DATA`.
    pub client_certificate: Option<String>,
    /// Key of the client certificate (PEM). Environment: `KUBE_CLIENT_KEY_DATA`.
    pub client_key: Option<Secret<String>>,
    /// Certificates (PEM) of the authorities that may vouch for the server. Environment:
    /// `KUBE_CLUSTER_CA_CERT_DATA`.
    pub cluster_ca_certificate: Option<String>,
    /// Name that the server's certificate must carry, when it is not that of `host`. Environment:
    /// `KUBE_TLS_SERVER_NAME`.
    pub tls_server_name: Option<String>,
    /// Whether to accept any certificate of the server. Environment: `KUBE_INSECURE`.
    pub insecure: Option<bool>,
    /// URL of the proxy to go through: `http://`, `https://` or `socks5://`. Environment: `KUBE_PROXY_URL`, or else
    /// `HTTPS_PROXY` and `NO_PROXY`.
    pub proxy_url: Option<String>,
    /// Path of a kubeconfig file. Environment: `KUBE_CONFIG_PATH`.
    pub config_path: Option<String>,
    /// Paths of several kubeconfig files, merged as kubectl does. Environment: `KUBE_CONFIG_PATHS`, or else
    /// `KUBECONFIG`.
    pub config_paths: Option<Vec<String>>,
    /// Context of the kubeconfig to use. Environment: `KUBE_CTX`.
    pub config_context: Option<String>,
    /// User of the kubeconfig to use instead of the context's. Environment: `KUBE_CTX_AUTH_INFO`.
    pub config_context_auth_info: Option<String>,
    /// Cluster of the kubeconfig to use instead of the context's. Environment: `KUBE_CTX_CLUSTER`.
    pub config_context_cluster: Option<String>,
    /// A whole kubeconfig (YAML) as a value. Programs and file paths in it are refused unless `allow_exec` is true.
    pub config_raw: Option<Secret<String>>,
    /// Whether `config_raw` may name programs to run and files to read. Default: false.
    pub allow_exec: Option<bool>,
    /// Program that prints credentials for the cluster.
    pub exec: Option<Exec>,
}

impl Defaults {
    /// What can be said of `config_raw` without a look at anything else: that it cannot be read, does not have what was
    /// asked for, or reaches for programs and files that it is not allowed to.
    ///
    /// # Errors
    ///
    /// [`Error`], as connecting would give it.
    pub fn check_raw(&self) -> Result<(), Error> {
        match self.config_raw {
            Some(_) => kubeconfig::load(Source::Provider, self, &Environment::default()).map(drop),
            None => Ok(()),
        }
    }

    /// Whether this says where a cluster is; if not, it is an error and never a guess.
    pub(super) fn names_a_cluster(&self) -> bool {
        self.host.is_some()
            || self.config_path.is_some()
            || self.config_paths.as_ref().is_some_and(|paths| !paths.is_empty())
            || self.config_raw.is_some()
    }
}

impl From<&Connection> for Defaults {
    fn from(connection: &Connection) -> Self {
        let Connection { uid: _, engine: _, .. } = connection;
        let from = connection.clone();
        Self {
            host: from.host,
            cluster_ca_certificate: from.cluster_ca_certificate,
            tls_server_name: from.tls_server_name,
            insecure: from.insecure,
            proxy_url: from.proxy_url,
            config_path: from.config_path,
            config_paths: from.config_paths,
            config_context: from.config_context,
            config_context_auth_info: from.config_context_auth_info,
            config_context_cluster: from.config_context_cluster,
            exec: from.exec,
            ..Self::default()
        }
    }
}

impl Connection {
    /// The connection without what says nothing about the way to the cluster.
    pub(super) fn address(&self) -> Self {
        Self { uid: None, engine: None, ..self.clone() }
    }

    /// Whether this only says *which* cluster, and leaves the way to it to the next source.
    pub(super) fn only_pins(&self) -> bool {
        self.address() == Self::default() && (self.uid.is_some() || self.engine.is_some())
    }
}
