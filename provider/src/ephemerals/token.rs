//! `gitops_token`: a token of a service account, asked for and never stored.

use crate::problem::{Locate, add, problem};
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply;
use gitops::cluster::Connection;
use gitops::names;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tfplugin_rs::{Context, Ephemeral, Opened, Problem, View, timeouts};

/// Asks the cluster for a token of a service account. It is neither in the plan nor in the state, and ends by itself.
///
/// It is opened anew in each plan and apply. A token cannot be prolonged, so that its life must last for the run; and
/// what is written with it somewhere must be renewed before it ends.
#[derive(JsonSchema)]
pub struct Token;

/// Whose token.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The cluster. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Namespace of the service account.
    pub namespace: String,
    /// Name of the service account.
    pub service_account: String,
    /// Whom the token is for. Default: the API server of the cluster.
    pub audiences: Option<Vec<String>>,
    /// How long it lives, at least `10m`. Default: `1h`. The cluster may make it shorter.
    pub lifetime: Option<String>,
}

/// The token.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The token.
    #[schemars(extend("x-sensitive" = true))]
    pub token: String,
    /// When it ends, as in `2026-11-29T12:00:00Z`.
    pub expires_at: String,
}

const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// The shortest life that Kubernetes gives (`validateTokenRequest`).
const SHORTEST: Duration = Duration::from_secs(10 * 60);

impl Ephemeral for Token {
    const KIND: &'static str = "gitops_token";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(names::namespace(&config.get().namespace).at("namespace").err());
        let account = names::object(&config.get().service_account, "ServiceAccount");
        problems.extend(account.at("service_account").err());
        problems.extend(lifetime(config.get()).err());
        problems
    }

    async fn open(cx: &Context<Gitops>, config: &Config) -> Result<Opened<Output>, Problem> {
        warn_of_environment(cx, config.kubernetes.as_ref());
        let (task, lifetime) = (task(cx), lifetime(config)?);
        let cluster = cx.provider().connect(&task, config.kubernetes.as_ref()).await?;
        let audiences = config.audiences.as_deref().unwrap_or_default();
        let (namespace, account) = (&config.namespace, &config.service_account);
        let token = apply::token(&task, &cluster, namespace, account, audiences, lifetime).await;
        let token = token.map_err(|error| refused(&error))?;
        // Some seconds pass on the way.
        if token.lifetime + Duration::from_secs(60) < lifetime {
            cx.warn(shortened(&token.expires_at));
        }
        let output = Output { token: token.token.expose().clone(), expires_at: token.expires_at };
        Ok(Opened { output, renew_at: None, private: Vec::new() })
    }
}

fn lifetime(config: &Config) -> Result<Duration, Problem> {
    let given = config.lifetime.as_deref().map(timeouts::parse).transpose();
    let lifetime = given.map_err(|why| Problem::error("Invalid duration", why).at("lifetime"))?;
    match lifetime.unwrap_or(LIFETIME) {
        short if short < SHORTEST => {
            let detail = "Kubernetes gives no token that lives for less than `10m`.";
            Err(Problem::error("The token would live too short", detail).at("lifetime"))
        }
        lifetime => Ok(lifetime),
    }
}

fn refused(error: &apply::Error) -> Problem {
    let mut problem = problem(error);
    let apply::Error::Refused { code, .. } = error else { return problem };
    match code {
        404 => {
            add(&mut problem, "Make the account first, and let this depend on what makes it.");
            problem.at("service_account")
        }
        403 => {
            add(&mut problem, "It is the right to create `serviceaccounts/token` in the namespace.");
            problem
        }
        _ => problem,
    }
}

fn shortened(expires_at: &str) -> Problem {
    let detail = format!("The cluster gives no token for so long: this one ends at {expires_at}.");
    Problem::warning("The token lives shorter than asked for", detail).at("lifetime")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops::manifest::Id;
    use serde_json::json;

    fn asked(given: Option<&str>) -> Result<Duration, Problem> {
        let config = json!({"namespace": "ci", "service_account": "deployer", "lifetime": given});
        lifetime(&serde_json::from_value(config).unwrap())
    }

    #[test]
    fn lifetimes() {
        let cases = [
            (None, Some(3600)),
            (Some("10m"), Some(600)),
            (Some("24h"), Some(86_400)),
            (Some("599s"), None),
            (Some("forever"), None),
        ];
        for (given, expected) in cases {
            assert_eq!(asked(given).ok().map(|lifetime| lifetime.as_secs()), expected, "{given:?}");
        }
    }

    #[test]
    fn what_users_read() {
        let refused = |code: u16, message: &str| {
            let object = Id::new("", "ServiceAccount", Some("ci"), "deployer");
            refused(&apply::Error::Refused {
                action: "make a token of",
                object,
                code,
                message: message.into(),
            })
        };
        let said = [
            asked(Some("5m")).err().unwrap(),
            refused(404, "serviceaccounts \"deployer\" not found"),
            refused(403, "serviceaccounts \"deployer\" is forbidden: User \"ci\" cannot create resource \"serviceaccounts/token\""),
            shortened("2026-11-29T12:00:00Z"),
        ]
        .map(|problem| format!("{}: {}\n{}", problem.path, problem.summary, problem.detail));
        insta::assert_snapshot!(said.join("\n\n"), @r#"
        lifetime: The token would live too short
        Kubernetes gives no token that lives for less than `10m`.

        service_account: The cluster refused to make a token of ServiceAccount ci/deployer: serviceaccounts "deployer" not found
        Make the account first, and let this depend on what makes it.

        : The cluster refused to make a token of ServiceAccount ci/deployer: serviceaccounts "deployer" is forbidden: User "ci" cannot create resource "serviceaccounts/token"
        The account needs more rights; `kubectl auth can-i --list` shows what it has.

        It is the right to create `serviceaccounts/token` in the namespace.

        lifetime: The token lives shorter than asked for
        The cluster gives no token for so long: this one ends at 2026-11-29T12:00:00Z.
        "#);
    }
}
