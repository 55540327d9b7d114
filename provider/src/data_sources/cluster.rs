//! `gitops_cluster` as a data source: a cluster that something else made.

use crate::problem::{Locate, problem};
use crate::provider::{Gitops, task};
use gitops::cluster::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tfplugin_rs::{Context, DataSource, Problem, View};

/// Finds an existing cluster and describes it as the resource `gitops_cluster` does: a kind cluster by its name, any
/// cluster by how it is reached.
///
/// `kubernetes` carries the UID of the cluster, so that another cluster that answers at the same address later is
/// noticed.
#[derive(JsonSchema)]
pub struct Cluster;

/// Which cluster.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Name of a kind cluster on this machine.
    pub name: Option<String>,
    /// File for the kind cluster's kubeconfig; it is written where it is missing. Default: `<name>.kubeconfig` in the
    /// working directory.
    pub kubeconfig_path: Option<String>,
    /// How to reach the cluster. Without `name` and `access`, it is the cluster of the provider block.
    pub access: Option<Connection>,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// How to reach the cluster: the `kubernetes` of everything that goes into it.
    pub kubernetes: Connection,
    /// Version of Kubernetes.
    pub kubernetes_version: String,
    /// URL of the API server.
    pub endpoint: String,
    /// UID of the cluster's namespace `kube-system`, which stands for the cluster itself.
    pub uid: String,
}

impl DataSource for Cluster {
    const KIND: &'static str = "gitops_cluster";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let known = ["name", "access", "kubeconfig_path"].iter().all(|path| config.is_known(*path));
        if known { contradictions(config.get()) } else { Vec::new() }
    }

    async fn read(cx: &Context<Gitops>, config: &Config) -> Result<Output, Problem> {
        let task = task(cx);
        if let Some(name) = &config.name {
            let path = config
                .kubeconfig_path
                .as_ref()
                .map_or_else(|| PathBuf::from(format!("{name}.kubeconfig")), PathBuf::from);
            let found = cx
                .provider()
                .kind
                .find(&task, name, None, &path)
                .await
                .map_err(|error| problem(&error).at("name"))?;
            let Some(found) = found else { return Err(missing(name)) };
            return Ok(Output {
                endpoint: found.connection.host.clone().unwrap_or_default(),
                uid: found.connection.uid.clone().unwrap_or_default(),
                kubernetes: found.connection,
                kubernetes_version: found.kubernetes_version,
            });
        }
        let connection = config.access.as_ref();
        let described = cx.provider().clusters.describe(&task, connection).await.at("access")?;
        let kubernetes =
            Connection { uid: Some(described.uid.clone()), ..connection.cloned().unwrap_or_default() };
        Ok(Output {
            kubernetes,
            kubernetes_version: described.kubernetes_version,
            endpoint: described.host,
            uid: described.uid,
        })
    }
}

fn contradictions(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    if config.name.is_some() && config.access.is_some() {
        problems.push(
            Problem::error("Two ways to one cluster", "Give either `name`, of a kind cluster, or `access`.")
                .at("name"),
        );
    }
    if config.kubeconfig_path.is_some() && config.name.is_none() {
        let detail = "`kubeconfig_path` is where the kubeconfig of the kind cluster `name` goes. Name the kubeconfig of another cluster in `access.config_path`.";
        problems.push(Problem::error("A kubeconfig of no kind cluster", detail).at("kubeconfig_path"));
    }
    problems
}

fn missing(name: &str) -> Problem {
    let detail = format!(
        "There is no kind cluster `{name}` on this machine. `kind get clusters` lists those that are there."
    );
    Problem::error("No such cluster", detail).at("name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rig::shown;

    #[test]
    fn contradictions_are_told() {
        let config = |name: Option<&str>, path: Option<&str>, connected: bool| Config {
            name: name.map(Into::into),
            kubeconfig_path: path.map(Into::into),
            access: connected.then(Connection::default),
        };
        let cases = [
            config(None, None, false),
            config(Some("dev"), Some("dev.kubeconfig"), false),
            config(None, None, true),
            config(Some("dev"), None, true),
            config(None, Some("dev.kubeconfig"), true),
        ];
        let told = cases.map(|config| {
            let texts: Vec<_> = contradictions(&config)
                .into_iter()
                .map(|p| format!("{}: {}: {}", p.path, p.summary, p.detail))
                .collect();
            if texts.is_empty() { "fine".to_owned() } else { texts.join("; ") }
        });
        insta::assert_snapshot!(told.join("\n"), @"
            fine
            fine
            fine
            name: Two ways to one cluster: Give either `name`, of a kind cluster, or `access`.
            kubeconfig_path: A kubeconfig of no kind cluster: `kubeconfig_path` is where the kubeconfig of the kind cluster `name` goes. Name the kubeconfig of another cluster in `access.config_path`.
        ");
    }

    #[test]
    fn a_missing_cluster_is_an_error() {
        insta::assert_snapshot!(shown(&[missing("dev")]), @"
        name: No such cluster
        There is no kind cluster `dev` on this machine. `kind get clusters` lists those that are there.
        ");
    }
}
