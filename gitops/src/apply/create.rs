//! An object that is written only if there is none of its name, in one request.

use super::kinds::Kinds;
use super::{Applied, Error, Writer};
use crate::{Task, manifest::Object};

impl Writer {
    /// Writes an object if there is none of its name, without having looked. `None` where nothing is known to be
    /// written: there is one already, or the server refused for whatever reason. The caller then goes the way of
    /// [`Writer::apply`], which says which.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] and [`Error::Interrupted`].
    pub async fn create(&self, task: &Task, object: Object) -> Result<Option<Applied>, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        let planned = self.plan_over(task, &kinds, object, None).await?;
        match self.write_over(task, &planned).await {
            Ok(applied) => Ok(Some(applied)),
            Err(error @ (Error::Unreachable { .. } | Error::Interrupted { .. })) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::write::NONE_HAS;
    use crate::apply::{Change, Owner};
    use crate::cluster::Cluster;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use serde_json::Value;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    /// What comes of a create that the server answers with this.
    async fn created(code: u16, body: &'static str) -> Result<Option<Applied>, Error> {
        let server = tower::service_fn(move |request: Request<Body>| async move {
            assert_eq!(request.method(), "PATCH");
            let sent = request.into_body().collect_bytes().await?;
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent["metadata"]["resourceVersion"], NONE_HAS);
            let answer = Response::builder().status(code).body(Body::from(body.as_bytes().to_vec()));
            Ok::<_, kube::Error>(answer.unwrap())
        });
        let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
        let writer = Writer::new(&cluster, Owner::new("gitops_secret_injection", "b/a"), false);
        let task = Task::new(CancellationToken::new(), Duration::from_secs(20));
        writer.create(&task, Object::reference("v1", "Secret", Some("b"), "a")).await
    }

    #[tokio::test]
    async fn only_what_is_not_there_is_created() {
        let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"b"}}"#;
        assert_eq!(created(201, secret).await.unwrap().unwrap().change, Change::Created);
        let status = r#"{"kind":"Status","status":"Failure","message":"no"}"#;
        for code in [403, 404, 409] {
            assert!(created(code, status).await.unwrap().is_none(), "{code}");
        }
    }
}
