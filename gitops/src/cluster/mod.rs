//! From a connection to a client, once per distinct connection.
//!
//! Every room that talks to a cluster takes a [`Cluster`], which knows the UID of the cluster that answered. A
//! connection comes from one source, taken whole: the resource, the provider block, `KUBE_*`, `KUBECONFIG`, the
//! pod. Where none names a cluster it is an error; localhost is never assumed.
//!
//! [`Clusters::connect`] is for writes: another cluster behind the address is an error. [`Clusters::find`] is for reads
//! and deletes: it tells a cluster that is gone from one that cannot be reached, which is an error.
//!
//! kube's client repeats a request that the server did not take (429, 503, 504). A cluster that has answered before and
//! is away is asked again for a minute; one that never did is an error at once.

mod config;
mod connection;
mod describe;
mod environment;
mod error;
mod exec;
mod found;
mod kubeconfig;
mod source;
mod tls;
mod uid;

pub use connection::{Connection, Defaults, Engine, Exec};
pub use describe::Described;
pub use environment::Environment;
pub use error::Error;
pub(crate) use found::found;
pub use source::Source;
pub use tls::Reason;

use crate::{
    Task,
    kind::{Kind, Presence},
    task::Interrupted,
    wait,
};
use kube::{Client, client::ClientBuilder};
use std::sync::Arc;
use std::{collections::HashMap, time::Duration, time::SystemTime};
use tokio::sync::Mutex;

/// The longest that an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a cluster that told its UID is taken for the same one: less than it takes to make another.
const TRUST: Duration = Duration::from_secs(2);

/// A cluster that answered, and the client to talk to it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    uid: Arc<str>,
    parents: Arc<wait::Parents>,
}

impl Cluster {
    /// A cluster made of its parts, for tests and for callers that have a client of their own.
    pub fn from_parts(client: Client, uid: impl Into<Arc<str>>) -> Self {
        Self { client, uid: uid.into(), parents: Arc::default() }
    }

    /// The client; all clones share one connection pool.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// UID of the namespace `kube-system`, which stands for the cluster itself.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// What is known of the Applications in `namespace`, to all who wait through the same connection.
    pub(crate) fn parents(&self, namespace: &str) -> Arc<wait::Place> {
        self.parents.at(namespace)
    }
}

/// All clusters that one provider or runner talks to. Cheap to clone; clones share the clients.
#[derive(Clone)]
pub struct Clusters {
    shared: Arc<Shared>,
}

struct Shared {
    defaults: Option<Defaults>,
    environment: Environment,
    clients: Mutex<HashMap<String, Slot>>,
    /// How long a UID is believed.
    trust: Duration,
}

/// The place of one client, locked while it is being made.
type Slot = Arc<Mutex<Option<Ready>>>;

#[derive(Clone)]
struct Ready {
    host: Arc<str>,
    client: Client,
    /// When the client's certificate is to be replaced.
    valid_until: Option<SystemTime>,
    told: Arc<Mutex<uid::Told>>,
    parents: Arc<wait::Parents>,
}

impl Ready {
    fn new(host: Arc<str>, client: Client, valid_until: Option<SystemTime>) -> Self {
        Self { host, client, valid_until, told: Arc::default(), parents: Arc::default() }
    }
}

impl Clusters {
    /// Clusters as the provider block's `kubernetes` and the environment describe them. Nothing is read or dialled
    /// here.
    pub fn new(defaults: Option<Defaults>, environment: Environment) -> Self {
        Self::trusting(TRUST, defaults, environment)
    }

    fn trusting(trust: Duration, defaults: Option<Defaults>, environment: Environment) -> Self {
        Self { shared: Arc::new(Shared { defaults, environment, clients: Mutex::default(), trust }) }
    }

    /// Where the cluster of `connection` comes from, so that a caller can warn when it was the environment.
    ///
    /// # Errors
    ///
    /// [`Error::NoEndpoint`] when nothing names a cluster.
    pub fn source(&self, connection: Option<&Connection>) -> Result<Source, Error> {
        self.choose(connection).map(|(source, _)| source)
    }

    /// The cluster at `connection`; `None` takes the default one. It has told its UID less than 2 s ago, or tells it
    /// now: a thousand calls ask for it a few times.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Engine`]; [`Error::OtherCluster`] when the connection has a UID and another
    /// cluster answered.
    pub async fn connect(&self, task: &Task, connection: Option<&Connection>) -> Result<Cluster, Error> {
        let (source, settings) = self.choose(connection)?;
        let ready = self.ready(task, connection, source, settings).await?;
        let uid = ready.uid(task, self.shared.trust).await?;
        match connection.and_then(|connection| connection.uid.clone()) {
            Some(wanted) if wanted != uid => {
                Err(Error::OtherCluster { host: ready.host.to_string(), wanted, found: uid })
            }
            _ => Ok(Cluster { client: ready.client, uid: uid.into(), parents: ready.parents }),
        }
    }

    /// The cluster at `connection`, or `None` when it is gone: another cluster answers at its address, or its
    /// engine, asked after a failure, no longer has it.
    ///
    /// # Errors
    ///
    /// What [`Clusters::connect`] says of a cluster that exists or has no engine; [`Error::Engine`] when the engine
    /// here is not the one that made the cluster, or cannot be asked.
    pub async fn find(&self, task: &Task, connection: Option<&Connection>) -> Result<Option<Cluster>, Error> {
        let reached = self.connect(task, connection).await;
        self.or_gone(task, connection, reached).await
    }

    async fn or_gone(
        &self,
        task: &Task,
        connection: Option<&Connection>,
        reached: Result<Cluster, Error>,
    ) -> Result<Option<Cluster>, Error> {
        let error = match reached {
            Ok(cluster) => return Ok(Some(cluster)),
            Err(Error::OtherCluster { .. }) => return Ok(None),
            Err(error @ Error::Interrupted(_)) => return Err(error),
            Err(error) => error,
        };
        let Some(engine) = connection.and_then(|connection| connection.engine.as_ref()) else {
            return Err(error);
        };
        match self.kind().presence(task, engine).await {
            Ok(Presence::Gone) => Ok(None),
            Ok(Presence::Here) => Err(error),
            Err(source) => Err(Error::Engine { unreachable: error.into(), source: source.into() }),
        }
    }

    /// The kind engine that the same environment leads to.
    pub fn kind(&self) -> Kind {
        Kind::new(&self.shared.environment)
    }

    fn choose(&self, connection: Option<&Connection>) -> Result<(Source, Defaults), Error> {
        source::choose(connection, self.shared.defaults.as_ref(), &self.shared.environment)
    }

    /// The client for these settings, made now if there is none.
    async fn ready(
        &self,
        task: &Task,
        connection: Option<&Connection>,
        source: Source,
        settings: Defaults,
    ) -> Result<Ready, Error> {
        let key = self.key(connection, source, &settings);
        let slot = self.shared.clients.lock().await.entry(key).or_default().clone();
        let mut slot = task.run(slot.lock()).await?;
        match slot.as_ref().filter(|ready| ready.valid_until.is_none_or(|until| SystemTime::now() < until)) {
            Some(ready) => Ok(ready.clone()),
            None => Ok(slot.insert(self.make(task, source, settings).await?).clone()),
        }
    }

    /// Tells connections apart. A kubeconfig that was written anew makes another connection.
    fn key(&self, connection: Option<&Connection>, source: Source, settings: &Defaults) -> String {
        let own = connection.filter(|_| source == Source::Resource).map(Connection::address);
        let paths = settings.config_path.iter().chain(settings.config_paths.iter().flatten());
        let written = |path: &String| {
            let metadata = std::fs::metadata(self.shared.environment.expand(path)).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        format!("{source:?} {own:?} {:?}", paths.map(written).collect::<Vec<_>>())
    }

    async fn make(&self, task: &Task, source: Source, settings: Defaults) -> Result<Ready, Error> {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let environment = self.shared.environment.clone();
        let prepared = tokio::task::spawn_blocking(move || config::prepare(source, &settings, &environment));
        let prepared = task.run(prepared).await?.map_err(|_| Interrupted::Cancelled)??;
        let config::Prepared { mut config, exec } = prepared;
        let host: Arc<str> = config.cluster_url.to_string().trim_end_matches('/').into();
        let failed = |error| tls::diagnose(&host, error);
        let Some(exec) = exec else {
            let client = ClientBuilder::try_from(config).map_err(failed)?.build();
            return Ok(Ready::new(host, client, None));
        };
        let plugin = exec::Plugin::new(host.to_string(), exec);
        let credentials = plugin.run(task).await?;
        let mut valid_until = None;
        if let Some((certificate, key)) = &credentials.certificate {
            config.auth_info.client_certificate_data = Some(BASE64_STANDARD.encode(certificate));
            config.auth_info.client_key_data = Some(BASE64_STANDARD.encode(key.expose()).into());
            valid_until = credentials.renew_at;
        }
        let layer = exec::TokenLayer::new(plugin, credentials);
        let client = ClientBuilder::try_from(config).map_err(failed)?.with_layer(&layer).build();
        Ok(Ready::new(host, client, valid_until))
    }
}

#[cfg(test)]
mod tests;
