//! `gitops_admin_password`: the password that Argo CD made up for its first administrator.

use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{Owner, Writer};
use gitops::argo::install;
use gitops::cluster::Connection;
use gitops::manifest::Object;
use gitops::secrets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Ephemeral, Opened, Problem};

/// The Secret that Argo CD writes the password to.
const SECRET: &str = "argocd-initial-admin-secret";

/// Reads the initial password of Argo CD's administrator. It is neither in the plan nor in the state.
///
/// Argo CD recommends to delete the Secret that holds it once the password was changed; from then on this is an
/// error.
#[derive(JsonSchema)]
pub struct AdminPassword;

/// Of which Argo CD.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Namespace of Argo CD. Default: `argocd`.
    pub namespace: Option<String>,
}

/// The account.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Name of the account: `admin`.
    pub username: String,
    /// Its initial password.
    #[schemars(extend("x-sensitive" = true))]
    pub password: String,
}

impl Ephemeral for AdminPassword {
    const KIND: &'static str = "gitops_admin_password";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    async fn open(cx: &Context<Gitops>, config: &Config) -> Result<Opened<Output>, Problem> {
        warn_of_environment(cx, config.kubernetes.as_ref());
        let task = task(cx);
        let cluster = cx.provider().connect(&task, config.kubernetes.as_ref()).await?;
        let namespace = config.namespace.as_deref().unwrap_or(install::NAMESPACE);
        let secret = Object::reference("v1", "Secret", Some(namespace), SECRET);
        // Only read, so that it does not matter on whose behalf.
        let reader = Writer::new(&cluster, Owner::new(Self::KIND, namespace), false);
        let live = reader.read(&task, &secret).await.whole()?.ok_or_else(|| missing(namespace))?;
        let password =
            password(&serde_json::to_value(live).unwrap_or_default()).ok_or_else(|| unreadable(namespace))?;
        Ok(Opened {
            output: Output { username: "admin".to_owned(), password },
            renew_at: None,
            private: Vec::new(),
        })
    }
}

/// The password in a live Secret.
fn password(live: &Json) -> Option<String> {
    let data = secrets::live_data(live);
    let password = data.expose().0.get("password")?;
    String::from_utf8(password.clone()).ok().filter(|password| !password.is_empty())
}

fn missing(namespace: &str) -> Problem {
    let detail = format!(
        "Secret `{namespace}/{SECRET}` does not exist. Argo CD makes it at its first start and recommends to delete it \
         once the password was changed. If it was deleted, take the password from where it was put; if Argo CD is \
         installed by this same configuration, refer to its `gitops_bootstrap`, so that this is read afterwards."
    );
    Problem::error("There is no initial password", detail).at("namespace")
}

fn unreadable(namespace: &str) -> Problem {
    let detail = format!("Secret `{namespace}/{SECRET}` has no `password` that is text.");
    Problem::error("There is no initial password", detail).at("namespace")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rig::shown;
    use serde_json::json;

    #[test]
    fn the_password_is_decoded() {
        let cases = [
            (json!({"data": {"password": "aHVudGVyMg=="}}), Some("hunter2")),
            (json!({"data": {"password": ""}}), None),
            (json!({"data": {"password": "%"}}), None),
            (json!({"data": {}}), None),
            (json!({}), None),
        ];
        for (live, expected) in cases {
            assert_eq!(password(&live).as_deref(), expected, "{live}");
        }
    }

    #[test]
    fn what_holds_no_password_is_explained() {
        insta::assert_snapshot!(shown(&[missing("argocd"), unreadable("argocd")]), @"
        namespace: There is no initial password
        Secret `argocd/argocd-initial-admin-secret` does not exist. Argo CD makes it at its first start and recommends to delete it once the password was changed. If it was deleted, take the password from where it was put; if Argo CD is installed by this same configuration, refer to its `gitops_bootstrap`, so that this is read afterwards.
        ---
        namespace: There is no initial password
        Secret `argocd/argocd-initial-admin-secret` has no `password` that is text.
        ");
    }
}
