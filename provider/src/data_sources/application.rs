//! `gitops_application` as a data source: how an Application is.

use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{Owner, Writer};
use gitops::argo::status::Status;
use gitops::argo::{self, install};
use gitops::cluster::Connection;
use gitops::manifest::Object;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::{Context, DataSource, Problem};

/// Reads how an Application of Argo CD is, whoever made it.
///
/// Nothing is waited for, and Argo CD is not asked to look again: this is what it last found.
#[derive(JsonSchema)]
pub struct Application;

/// Which Application.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Namespace of the Application. Default: `argocd`.
    pub namespace: Option<String>,
    /// Name of the Application.
    pub name: String,
}

/// How it is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// `Synced`, `OutOfSync` or `Unknown`; empty before Argo CD first looked.
    pub sync_status: String,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`; empty before Argo CD first looked.
    pub health_status: String,
    /// What the health says in words.
    pub health_message: String,
    /// The revision that Argo CD compared with; of several sources, all of them, joined by commas.
    pub revision: String,
    /// Phase of the last sync: `Running`, `Terminating`, `Succeeded`, `Failed` or `Error`; empty where there was none.
    pub operation_phase: String,
    /// What the last sync says in words.
    pub operation_message: String,
    /// What Argo CD finds remarkable: errors and warnings.
    pub conditions: Vec<Condition>,
    /// Objects that are not healthy or not synced, worst first, in words.
    pub problems: Vec<String>,
    /// Applications that it consists of, by name, as it sees them.
    pub children: BTreeMap<String, Child>,
}

/// Something that Argo CD finds remarkable.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// Type, such as `ComparisonError`.
    pub r#type: String,
    /// In words.
    pub message: String,
}

/// An Application within an Application.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Child {
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync_status: String,
    /// Its health; empty where Argo CD does not judge Applications.
    pub health_status: String,
}

impl DataSource for Application {
    const KIND: &'static str = "gitops_application";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    async fn read(cx: &Context<Gitops>, config: &Config) -> Result<Output, Problem> {
        warn_of_environment(cx, config.kubernetes.as_ref());
        let task = task(cx);
        let cluster = cx.provider().connect(&task, config.kubernetes.as_ref()).await?;
        let namespace = config.namespace.as_deref().unwrap_or(install::NAMESPACE);
        let application = Object::reference(argo::API_VERSION, "Application", Some(namespace), &config.name);
        // Only read, so that it does not matter on whose behalf.
        let reader = Writer::new(&cluster, Owner::new(Self::KIND, &config.name), false);
        match reader.read(&task, &application).await.whole()? {
            Some(live) => Ok(output(&serde_json::to_value(live).unwrap_or_default())),
            None => Err(missing(namespace, &config.name)),
        }
    }
}

fn missing(namespace: &str, name: &str) -> Problem {
    let detail = format!(
        "There is no Application `{name}` in namespace `{namespace}`. `kubectl get applications -A` lists those that are there."
    );
    Problem::error("No such Application", detail).at("name")
}

fn output(live: &Json) -> Output {
    let status = Status::of(live);
    let child = |(name, (sync_status, health_status))| (name, Child { sync_status, health_status });
    let condition =
        |(kind, message): &(String, String)| Condition { r#type: kind.clone(), message: message.clone() };
    let operation = status.operation.clone().unwrap_or_default();
    Output {
        revision: status.revision(),
        conditions: status.conditions.iter().map(condition).collect(),
        problems: status.complaints(),
        children: status.children_by_name().into_iter().map(child).collect(),
        sync_status: status.sync,
        health_status: status.health,
        health_message: status.health_message,
        operation_phase: operation.phase,
        operation_message: operation.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_application_is_told_as_argo_cd_tells_it() {
        let child = json!({"group": "argoproj.io", "kind": "Application", "namespace": "argocd", "name": "web", "status": "OutOfSync", "health": {"status": "Degraded", "message": "no image"}});
        let live = json!({
            "metadata": {"name": "root"},
            "status": {
                "sync": {"status": "OutOfSync", "revision": "4b825dc"},
                "health": {"status": "Degraded"},
                "operationState": {"phase": "Failed", "message": "one or more objects failed to apply"},
                "conditions": [{"type": "SyncError", "message": "failed", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
                "resources": [child],
            },
        });
        insta::assert_snapshot!(serde_json::to_string_pretty(&output(&live)).unwrap(), @r#"
            {
              "sync_status": "OutOfSync",
              "health_status": "Degraded",
              "health_message": "",
              "revision": "4b825dc",
              "operation_phase": "Failed",
              "operation_message": "one or more objects failed to apply",
              "conditions": [
                {
                  "type": "SyncError",
                  "message": "failed"
                }
              ],
              "problems": [
                "Application.argoproj.io argocd/web: Degraded: no image"
              ],
              "children": {
                "web": {
                  "sync_status": "OutOfSync",
                  "health_status": "Degraded"
                }
              }
            }
        "#);
        assert_eq!(output(&json!({})).sync_status, "", "before Argo CD first looked");
    }

    #[test]
    fn a_missing_application_is_an_error() {
        let Problem { summary, detail, .. } = missing("argocd", "root");
        insta::assert_snapshot!(format!("{summary}\n{detail}"), @"
        No such Application
        There is no Application `root` in namespace `argocd`. `kubectl get applications -A` lists those that are there.
        ");
    }
}
