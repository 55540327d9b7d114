//! The protocol's RPCs: decode, look up, call, encode.
//!
//! Nothing is decided here. Each call runs in a task of its own, so that it ends what it began when its
//! connection is lost, and so that a panic within it becomes a diagnostic and the process lives on.

mod codec;
mod handlers;
mod schemas;
mod service;
mod used;

use crate::claims::Claims;
use crate::problem::Problem;
use crate::provider::{Provider, Table};
use crate::resource::Wire;
use crate::schema::derive::Error;
use crate::serve::Work;
use std::future::Future;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// The provider protocol over a [`Table`]. Cheap to clone; clones are the same server.
pub struct Server<P> {
    inner: Arc<Inner<P>>,
}

struct Inner<P> {
    table: LazyLock<Result<Table<P>, Error>>,
    provider: RwLock<Option<Arc<P>>>,
    claims: Claims,
    work: Work,
}

impl<P> Clone for Server<P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<P: Provider> Server<P> {
    /// Serves what `table` makes, once, with the first request; every call is a task of `work`.
    pub fn new(table: fn() -> Result<Table<P>, Error>, work: Work) -> Self {
        let (table, provider, claims) = (LazyLock::new(table), RwLock::default(), Claims::default());
        Self { inner: Arc::new(Inner { table, provider, claims, work }) }
    }

    fn table(&self) -> Result<&Table<P>, Problem> {
        let table = self.inner.table.as_ref();
        table.map_err(|error| Problem::bug(format!("it cannot say what it offers, because of {error}")))
    }

    /// Runs `work` to its end, whatever becomes of the connection that asked for it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.inner.work.run(work).await.map_err(|_| {
            // The panic hook has logged where; what it says may hold the user's values.
            Problem::bug("it stopped in the middle of the operation")
        })
    }

    fn configured(&self) -> Result<Arc<P>, Problem> {
        let provider = self.inner.provider.read().unwrap_or_else(PoisonError::into_inner);
        provider.clone().ok_or_else(|| Problem::bug("it was called before it was configured"))
    }

    fn configure(&self, provider: P) {
        self.inner.claims.clear();
        *self.inner.provider.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
    }

    fn wire(&self, private: Vec<u8>) -> Result<Wire<P>, Problem> {
        Ok(Wire { provider: self.configured()?, cancel: self.inner.work.cancellation(), private })
    }

    fn stop(&self) {
        self.inner.work.stop();
    }
}
