//! What may not be there.

use kube::core::Status;
use std::future::Future;

/// What the API server says where it does not know a path: it has no such kind, or no longer. It is Go's own answer, and no
/// object (`http.NotFound`).
const NO_SUCH_PATH: &str = "404 page not found";

/// What was asked for; `None` where the cluster does not have it, or does not serve its kind.
///
/// # Errors
///
/// Everything else that the API server says. A 404 of whoever else is at the address is among it.
pub(crate) async fn found<T>(asked: impl Future<Output = kube::Result<T>>) -> kube::Result<Option<T>> {
    match asked.await {
        Ok(there) => Ok(Some(there)),
        Err(kube::Error::Api(status)) if is_absent(&status) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(status: &Status) -> bool {
    status.code == 404 && (status.is_not_found() || status.message.trim() == NO_SUCH_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::{Api, Client, client::Body};

    async fn asked(code: u16, body: &'static str) -> kube::Result<Option<ConfigMap>> {
        let server = tower::service_fn(move |_: Request<Body>| async move {
            let answer = Response::builder().status(code).body(Body::from(body.as_bytes().to_vec()));
            Ok::<_, kube::Error>(answer.unwrap())
        });
        let api: Api<ConfigMap> = Api::namespaced(Client::new(server, "default"), "a");
        found(api.get("b")).await
    }

    #[tokio::test]
    async fn only_what_the_api_server_does_not_have_is_absent() {
        let there = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"#;
        let none = r#"{"kind":"Status","status":"Failure","reason":"NotFound","message":"none","code":404}"#;
        assert_eq!(asked(200, there).await.unwrap().unwrap().metadata.name.as_deref(), Some("b"));
        for absent in [none, "404 page not found\n"] {
            assert!(asked(404, absent).await.unwrap().is_none(), "{absent}");
        }
        let forbidden =
            r#"{"kind":"Status","status":"Failure","reason":"Forbidden","message":"no","code":403}"#;
        for (code, other) in [(404, "<html>Not Found</html>"), (403, forbidden), (503, "404 page not found")]
        {
            assert!(asked(code, other).await.is_err(), "{code} {other}");
        }
    }
}
