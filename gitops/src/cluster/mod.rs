//! From a connection to a client, once per distinct connection.
//!
//! Every other room that talks to a cluster takes a [`Cluster`], which knows the UID of the cluster that answered.

use std::sync::Arc;

/// A cluster that answered, and the client to talk to it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    uid: Arc<str>,
}

impl Cluster {
    /// A cluster made of its parts, for tests and for callers that have a client of their own.
    pub fn from_parts(client: kube::Client, uid: impl Into<Arc<str>>) -> Self {
        Self { client, uid: uid.into() }
    }

    /// The client; all clones share one connection pool.
    pub fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// UID of the namespace `kube-system`, which stands for the cluster itself.
    pub fn uid(&self) -> &str {
        &self.uid
    }
}
