//! Tokens of service accounts: asked for with a TokenRequest, which makes one and stores nothing.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/>

use super::{Error, call};
use crate::{Secret, Task, cluster::Cluster, manifest::Id};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use std::time::Duration;

/// A token of a service account.
pub struct Token {
    /// The token.
    pub token: Secret<String>,
    /// When it ends, as RFC 3339 has it. The server may have shortened its life.
    pub expires_at: String,
    /// How long it lives from now on.
    pub lifetime: Duration,
}

/// Asks for a token of the service account `namespace/name` that is good for `audiences`, by default for the API server
/// itself, and lives for `lifetime`.
///
/// # Errors
///
/// [`Error`]; an account that does not exist is [`Error::Refused`] with code 404.
pub async fn token(
    task: &Task,
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    audiences: &[String],
    lifetime: Duration,
) -> Result<Token, Error> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), namespace);
    let id = Id::new("", "ServiceAccount", Some(namespace), name);
    let spec = TokenRequestSpec {
        audiences: audiences.to_vec(),
        bound_object_ref: None,
        expiration_seconds: Some(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
    };
    let request = TokenRequest { spec, ..TokenRequest::default() };
    let params = PostParams::default();
    let ask = || accounts.create_token_request(name, &params, &request);
    let answer = call(task, "make a token of", &id, "v1", ask).await?;
    let status = answer.status.filter(|status| !status.token.is_empty()).ok_or_else(|| Error::Refused {
        action: "make a token of",
        object: id,
        code: 200,
        message: "its answer holds no token".into(),
    })?;
    let left = status.expiration_timestamp.0.duration_since(k8s_openapi::jiff::Timestamp::now());
    Ok(Token {
        token: Secret::new(status.token),
        expires_at: status.expiration_timestamp.0.to_string(),
        lifetime: Duration::try_from(left).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use serde_json::{Value, json};
    use tokio_util::sync::CancellationToken;

    /// What comes of a request that the server answers with this, and what it was sent.
    async fn asked(code: u16, body: Value) -> Result<Token, Error> {
        let server = tower::service_fn(move |request: Request<Body>| {
            let body = body.clone();
            async move {
                assert_eq!(request.uri().path(), "/api/v1/namespaces/ci/serviceaccounts/deployer/token");
                let sent: Value =
                    serde_json::from_slice(&request.into_body().collect_bytes().await?).unwrap();
                assert_eq!(sent["spec"], json!({"audiences": ["vault"], "expirationSeconds": 600}));
                let answer = Response::builder().status(code).body(Body::from(body.to_string().into_bytes()));
                Ok::<_, kube::Error>(answer.unwrap())
            }
        });
        let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
        let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
        token(&task, &cluster, "ci", "deployer", &["vault".to_owned()], Duration::from_secs(600)).await
    }

    #[tokio::test]
    async fn a_token_and_its_end() {
        let status = json!({"token": "t", "expirationTimestamp": "2999-01-01T00:00:00Z"});
        let spec = json!({"audiences": ["vault"], "expirationSeconds": 600});
        let token = asked(201, json!({"metadata": {}, "spec": spec, "status": status})).await.ok().unwrap();
        assert_eq!((token.token.expose().as_str(), token.expires_at.as_str()), ("t", "2999-01-01T00:00:00Z"));
        assert!(token.lifetime > Duration::from_secs(600));
    }

    #[tokio::test]
    async fn what_is_refused_is_said() {
        let no = |message: &str| json!({"kind": "Status", "status": "Failure", "message": message});
        let spec = json!({"audiences": [], "expirationSeconds": 600});
        let cases = [
            (404, no("serviceaccounts \"deployer\" not found")),
            (
                403,
                no(
                    "serviceaccounts \"deployer\" is forbidden: User \"ci\" cannot create resource \"serviceaccounts/token\"",
                ),
            ),
            (201, json!({"metadata": {}, "spec": spec})),
        ];
        let mut said = Vec::new();
        for (code, body) in cases {
            let error = asked(code, body).await.err().unwrap();
            said.push(error.to_string());
        }
        insta::assert_snapshot!(said.join("\n"), @r#"
        the cluster refused to make a token of ServiceAccount ci/deployer: serviceaccounts "deployer" not found
        the cluster refused to make a token of ServiceAccount ci/deployer: serviceaccounts "deployer" is forbidden: User "ci" cannot create resource "serviceaccounts/token"
        the cluster refused to make a token of ServiceAccount ci/deployer: its answer holds no token
        "#);
    }
}
