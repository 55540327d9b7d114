//! An ephemeral resource: opened, used, perhaps renewed, closed; never stored.

use crate::context::Context;
use crate::data_source::Pair;
use crate::problem::Problem;
use crate::resource::{Input, Shape, Wire};
use crate::schema::Schema;
use crate::schema::derive::Error;
use crate::typed::{self, View};
use crate::value::Value;
use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use std::future::Future;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

/// What opening gave.
pub struct Opened<O> {
    /// What the configuration may use. Fields that are secrets are marked `x-sensitive`.
    pub output: O,
    /// When it must be renewed, where it must.
    pub renew_at: Option<SystemTime>,
    /// What [`Ephemeral::renew`] and [`Ephemeral::close`] need. It stays in memory.
    pub private: Vec<u8>,
}

/// What renewing gave: when to renew next, and what that needs.
pub struct Renewed {
    /// When it must be renewed again, where it must.
    pub renew_at: Option<SystemTime>,
    /// What the next renewal needs.
    pub private: Vec<u8>,
}

/// An ephemeral resource. The doc comment of the type is its documentation page.
pub trait Ephemeral: JsonSchema + Send + Sync + Sized + 'static {
    /// The type name, such as `gitops_admin_password`.
    const KIND: &'static str;
    /// How long each operation may take.
    const TIMEOUT: Duration = Duration::from_secs(60);

    /// The configured provider.
    type Provider: Send + Sync + 'static;
    /// What the configuration asks.
    type Config: Input;
    /// What it gives.
    type Output: Shape;

    /// All problems with a configuration that types and constraints cannot tell.
    fn validate(config: &View<Self::Config>) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// Opens it. Called when the configuration is wholly known.
    fn open(
        cx: &Context<Self::Provider>,
        config: &Self::Config,
    ) -> impl Future<Output = Result<Opened<Self::Output>, Problem>> + Send;

    /// Renews it; `private` is what opening, or the renewal before, returned.
    fn renew(
        cx: &Context<Self::Provider>,
        private: &[u8],
    ) -> impl Future<Output = Result<Renewed, Problem>> + Send {
        let _ = (cx, private);
        async { Ok(Renewed { renew_at: None, private: Vec::new() }) }
    }

    /// Closes it; `private` is what opening returned. Closing twice is harmless.
    fn close(
        cx: &Context<Self::Provider>,
        private: &[u8],
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        let _ = (cx, private);
        async { Ok(()) }
    }
}

/// The boxed twin of [`Ephemeral`], for the provider's table.
pub trait DynEphemeral<P>: Send + Sync {
    /// The type name.
    fn kind(&self) -> &str;
    /// The schema of the flat object.
    fn schema(&self) -> &Schema;
    /// All problems of a configuration, parts of which may be unknown.
    fn validate(&self, config: &Value) -> Vec<Problem>;
    /// Opens it: the whole object, and what to tell the user.
    fn open(
        &self,
        wire: Wire<P>,
        config: Value,
    ) -> BoxFuture<'_, (Result<Opened<Value>, Problem>, Vec<Problem>)>;
    /// Renews it.
    fn renew(&self, wire: Wire<P>) -> BoxFuture<'_, Result<Renewed, Problem>>;
    /// Closes it.
    fn close(&self, wire: Wire<P>) -> BoxFuture<'_, Result<(), Problem>>;
}

struct Erased<E> {
    pair: Pair,
    ephemeral: PhantomData<fn() -> E>,
}

/// The boxed twin of `E`.
pub fn erase<E: Ephemeral>() -> Result<Box<dyn DynEphemeral<E::Provider>>, Error> {
    Ok(Box::new(Erased::<E> { pair: Pair::of::<E, E::Config, E::Output>()?, ephemeral: PhantomData }))
}

impl<E: Ephemeral> DynEphemeral<E::Provider> for Erased<E> {
    fn kind(&self) -> &str {
        E::KIND
    }

    fn schema(&self) -> &Schema {
        &self.pair.schema
    }

    fn validate(&self, config: &Value) -> Vec<Problem> {
        self.pair.validate(config, E::validate)
    }

    fn open(
        &self,
        wire: Wire<E::Provider>,
        config: Value,
    ) -> BoxFuture<'_, (Result<Opened<Value>, Problem>, Vec<Problem>)> {
        async move {
            let cx = Context::new(wire.provider, wire.cancel, E::TIMEOUT);
            let opened = async {
                let input: E::Config = typed::read(&self.pair.config, &config)?;
                let opened = E::open(&cx, &input).await?;
                let output = self.pair.object(config, &opened.output)?;
                Ok(Opened { output, renew_at: opened.renew_at, private: opened.private })
            };
            let opened = opened.await;
            (opened, cx.take_warnings())
        }
        .boxed()
    }

    fn renew(&self, wire: Wire<E::Provider>) -> BoxFuture<'_, Result<Renewed, Problem>> {
        async move { E::renew(&Context::new(wire.provider, wire.cancel, E::TIMEOUT), &wire.private).await }
            .boxed()
    }

    fn close(&self, wire: Wire<E::Provider>) -> BoxFuture<'_, Result<(), Problem>> {
        async move { E::close(&Context::new(wire.provider, wire.cancel, E::TIMEOUT), &wire.private).await }
            .boxed()
    }
}
