//! What the resources that are an object of Argo CD have in common: read it, and say why it is not written or removed.

use crate::problem::{self, problem};
use gitops::Task;
use gitops::apply::{self, Owner, Writer};
use gitops::cluster::Cluster;
use gitops::manifest::Object;
use serde_json::Value as Json;
use tfplugin_rs::Problem;

/// The object in the cluster; `None` where there is none, or no Argo CD at all.
pub async fn read(task: &Task, cluster: &Cluster, object: &Object) -> Result<Option<Json>, Problem> {
    // Reading does not ask for an owner.
    match Writer::new(cluster, Owner::new("", ""), false).read(task, object).await {
        Ok(live) => live.as_ref().map(problem::json).transpose(),
        Err(apply::Error::UnknownKind { .. }) => Ok(None),
        Err(error) => Err(problem(&error)),
    }
}

/// Why an object of `kind` was not written to `namespace`, on the attribute that the error is about.
pub fn refused(error: &apply::Error, kind: &str, namespace: &str) -> Problem {
    match error {
        apply::Error::UnknownKind { .. } => {
            let detail = format!(
                "The cluster does not know the kind {kind}. Install Argo CD first, and let this resource depend on it: with `namespace = gitops_bootstrap.argocd.namespace`, or with `depends_on`."
            );
            Problem::error("Argo CD is not installed in the cluster", detail)
        }
        apply::Error::NoNamespace { .. } => {
            let detail = format!(
                "There is no namespace `{namespace}` in the cluster. Take the one that Argo CD runs in, and let this resource depend on what installs it."
            );
            Problem::error("The namespace does not exist", detail).at("namespace")
        }
        apply::Error::Foreign { .. } => problem(error).at("name"),
        error => problem(error),
    }
}

/// An object of `kind` that is left as it is.
pub fn not_ours(kind: &str, namespace: &str, name: &str) -> Problem {
    let detail = format!(
        "The {kind} `{namespace}/{name}` does not carry the mark of this resource any more: somebody else took it over. It was left as it is."
    );
    Problem::warning(format!("The {kind} stays"), detail)
}
