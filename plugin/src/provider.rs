//! A provider: its configuration, and the table of what it offers.

use crate::data_source::{self, DataSource, DynDataSource};
use crate::ephemeral::{self, DynEphemeral, Ephemeral};
use crate::function::{self, DynFunction, Function};
use crate::problem::Problem;
use crate::resource::{self, DynResource, Input, Resource};
use crate::schema::derive::{self, Error, Role};
use crate::schema::{Schema, check};
use crate::timeouts::Timeouts;
use crate::typed::View;
use std::collections::BTreeMap;
use std::future::Future;

/// A provider. The doc comment of its configuration is the provider's documentation page.
pub trait Provider: Send + Sync + Sized + 'static {
    /// The provider block.
    type Config: Input;

    /// All problems with a configuration that types and constraints cannot tell.
    fn validate(config: &View<Self::Config>) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// Takes the configuration, and dials nobody: at plan, parts of it may be unknown, and what it points to may
    /// not exist yet.
    fn configure(
        config: View<Self::Config>,
    ) -> impl Future<Output = Result<(Self, Vec<Problem>), Vec<Problem>>> + Send;

    /// Time limits for the resources that set none themselves, before those that each has by default. A configuration
    /// that has them asks [`Timeouts::problems`] in [`Provider::validate`].
    fn timeouts(&self) -> Timeouts {
        Timeouts::default()
    }
}

/// What a provider offers. Built once, with the first request; a struct that cannot be a Terraform object is an error here.
pub struct Table<P> {
    pub(crate) schema: Schema,
    pub(crate) resources: BTreeMap<String, Box<dyn DynResource<P>>>,
    pub(crate) data_sources: BTreeMap<String, Box<dyn DynDataSource<P>>>,
    pub(crate) ephemerals: BTreeMap<String, Box<dyn DynEphemeral<P>>>,
    pub(crate) functions: BTreeMap<String, Box<dyn DynFunction>>,
}

impl<P: Provider> Table<P> {
    /// An empty table.
    pub fn new() -> Result<Self, Error> {
        let attributes = derive::attributes::<P::Config>(Role::Unstored)?;
        let schema = Schema {
            version: 0,
            description: derive::description::<P::Config>(),
            deprecated: derive::deprecated::<P::Config>(),
            attributes,
        };
        check::check(&schema)?;
        Ok(Self {
            schema,
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            functions: BTreeMap::new(),
        })
    }

    /// Adds a managed resource.
    pub fn resource<R: Resource<Provider = P>>(self) -> Result<Self, Error> {
        self.alias::<R>(R::KIND)
    }

    /// Adds a managed resource under another name.
    pub fn alias<R: Resource<Provider = P>>(mut self, kind: &'static str) -> Result<Self, Error> {
        add(&mut self.resources, kind, resource::erase::<R>(kind))?;
        Ok(self)
    }

    /// Adds a data source.
    pub fn data_source<D: DataSource<Provider = P>>(mut self) -> Result<Self, Error> {
        add(&mut self.data_sources, D::KIND, data_source::erase::<D>())?;
        Ok(self)
    }

    /// Adds an ephemeral resource.
    pub fn ephemeral<E: Ephemeral<Provider = P>>(mut self) -> Result<Self, Error> {
        add(&mut self.ephemerals, E::KIND, ephemeral::erase::<E>())?;
        Ok(self)
    }

    /// Adds a function.
    pub fn function<F: Function>(mut self) -> Result<Self, Error> {
        add(&mut self.functions, F::NAME, function::erase::<F>())?;
        Ok(self)
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The managed resources.
    pub fn resources(&self) -> impl Iterator<Item = &dyn DynResource<P>> {
        self.resources.values().map(Box::as_ref)
    }

    /// The schemas of the managed resources by name.
    pub fn resource_schemas(&self) -> impl Iterator<Item = (&str, &Schema)> {
        self.resources.iter().map(|(kind, resource)| (kind.as_str(), resource.schema()))
    }

    /// The schemas of the data sources by name.
    pub fn data_source_schemas(&self) -> impl Iterator<Item = (&str, &Schema)> {
        self.data_sources.iter().map(|(kind, source)| (kind.as_str(), source.schema()))
    }

    /// The schemas of the ephemeral resources by name.
    pub fn ephemeral_schemas(&self) -> impl Iterator<Item = (&str, &Schema)> {
        self.ephemerals.iter().map(|(kind, ephemeral)| (kind.as_str(), ephemeral.schema()))
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = &dyn DynFunction> {
        self.functions.values().map(Box::as_ref)
    }
}

/// Puts `made` under `name`, which must be free.
fn add<T>(table: &mut BTreeMap<String, T>, name: &str, made: Result<T, Error>) -> Result<(), Error> {
    let made =
        made.map_err(|error| Error { path: format!("{name}.{}", error.path), reason: error.reason })?;
    match table.insert(name.to_owned(), made) {
        None => Ok(()),
        Some(_) => Err(Error { path: name.to_owned(), reason: "is offered twice".into() }),
    }
}
