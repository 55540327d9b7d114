//! Taking hold of a cluster that is there: its kubeconfig, how to reach it, and whether it is ready.

use super::id::Id;
use super::runtime::Runtime;
use super::{Error, Kind, KindCluster, Made, Spec, kubeconfig, ready};
use crate::cluster::{Clusters, Connection, Engine};
use crate::{Secret, Task};
use kube::Client;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How much longer a call that was ended takes hold of what it has made: a stopped provider has 2 s to answer.
const HOLD: Duration = Duration::from_millis(1500);

impl Kind {
    /// Writes the cluster's kubeconfig to `path`, unless the file there is about something else.
    pub(super) async fn write_kubeconfig(
        &self,
        task: &Task,
        runtime: &Runtime,
        name: &str,
        path: &Path,
    ) -> Result<(), Error> {
        kubeconfig::may_replace(path, name)?;
        let output = self.kind(runtime, "get").args(["kubeconfig", "--name", name]).run(task).await?;
        let text = Secret::new(String::from_utf8_lossy(&output.stdout).into_owned());
        kubeconfig::write(path, name, &text)
    }

    /// Takes hold of a cluster that is made and, if asked for, waits until it is ready. Where the work is ended
    /// meanwhile, it takes a moment more to take hold: what is made belongs into the state.
    pub(super) async fn settle(
        &self,
        task: &Task,
        runtime: &Runtime,
        name: &str,
        id: &Id,
        spec: &Spec,
    ) -> Result<Made, Error> {
        let (cluster, client) = match self.take_hold(task, runtime, name, id, spec).await {
            Err(error) if task.check().is_err() => {
                let moment = Task::new(CancellationToken::new(), HOLD);
                self.take_hold(&moment, runtime, name, id, spec).await.map_err(|_| error)?
            }
            held => held?,
        };
        let ready = if spec.wait { ready::wait(task, name, &client).await } else { Ok(()) };
        Ok(Made { cluster, ready })
    }

    /// Writes the kubeconfig, and sees that the cluster answers.
    async fn take_hold(
        &self,
        task: &Task,
        runtime: &Runtime,
        name: &str,
        id: &Id,
        spec: &Spec,
    ) -> Result<(KindCluster, Client), Error> {
        self.write_kubeconfig(task, runtime, name, &spec.kubeconfig_path).await?;
        let nodes = runtime.nodes(task, name).await?;
        let image = nodes.first().map(|node| node.image.clone()).unwrap_or_default();
        self.describe(task, name, id, &spec.kubeconfig_path, image).await
    }

    /// The living cluster, and a client of it.
    pub(super) async fn describe(
        &self,
        task: &Task,
        name: &str,
        id: &Id,
        path: &Path,
        node_image: String,
    ) -> Result<(KindCluster, Client), Error> {
        let access = kubeconfig::read(path, name)?;
        let mut connection = Connection {
            host: Some(access.host),
            cluster_ca_certificate: Some(access.authority),
            config_path: Some(path.to_string_lossy().into_owned()),
            config_context: Some(access.context),
            engine: Some(Engine { name: "kind".into(), cluster: name.into(), id: Some(id.to_string()) }),
            ..Connection::default()
        };
        let clusters = Clusters::new(None, self.environment.clone());
        let cluster = clusters.connect(task, Some(&connection)).await.map_err(Box::new)?;
        connection.uid = Some(cluster.uid().to_owned());
        let client = cluster.client();
        let version = task.run(client.apiserver_version()).await?;
        let version = version.map_err(|source| Error::Api { name: name.into(), source })?;
        Ok((KindCluster { connection, kubernetes_version: version.git_version, node_image }, client))
    }
}
