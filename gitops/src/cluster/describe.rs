//! What a cluster says of itself.

use super::{Clusters, Connection, Error, tls};
use crate::{Task, task::Interrupted, task::human};

/// What a cluster says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// URL of its API server.
    pub host: String,
    /// UID of its namespace `kube-system`, which stands for the cluster.
    pub uid: String,
    /// Its version of Kubernetes, such as `v1.36.3`.
    pub kubernetes_version: String,
}

impl Clusters {
    /// Asks the cluster at `connection` who it is; `None` takes the default one.
    ///
    /// # Errors
    ///
    /// What [`Clusters::connect`] says.
    pub async fn describe(&self, task: &Task, connection: Option<&Connection>) -> Result<Described, Error> {
        let cluster = self.connect(task, connection).await?;
        let (source, settings) = self.choose(connection)?;
        let ready = self.ready(task, connection, source, settings).await?;
        let host = ready.host.to_string();
        let version = match task.within(super::ANSWER_TIMEOUT).run(cluster.client().apiserver_version()).await
        {
            Ok(answer) => answer.map_err(|error| tls::diagnose(&ready.host, error))?,
            Err(Interrupted::TimedOut { limit }) => {
                return Err(Error::Unreachable { host, why: format!("no answer within {}", human(limit)) });
            }
            Err(cancelled) => return Err(cancelled.into()),
        };
        Ok(Described { host, uid: cluster.uid().to_owned(), kubernetes_version: version.git_version })
    }
}
