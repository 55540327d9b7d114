//! A data source: what the configuration asks, and what was found.

use crate::context::Context;
use crate::problem::Problem;
use crate::resource::{Input, Shape, Wire};
use crate::schema::derive::{self, Error, Role};
use crate::schema::{Attributes, Schema, check, constraint};
use crate::typed::{self, View};
use crate::value::{Path, Value};
use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

/// A data source. The doc comment of the type is its documentation page.
pub trait DataSource: JsonSchema + Send + Sync + Sized + 'static {
    /// The type name, such as `gitops_application`.
    const KIND: &'static str;
    /// How long a read may take.
    const TIMEOUT: Duration = Duration::from_secs(60);

    /// The configured provider.
    type Provider: Send + Sync + 'static;
    /// What the configuration asks.
    type Config: Input;
    /// What was found.
    type Output: Shape;

    /// All problems with a configuration that types and constraints cannot tell.
    fn validate(config: &View<Self::Config>) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// Finds it. Called when the configuration is wholly known.
    fn read(
        cx: &Context<Self::Provider>,
        config: &Self::Config,
    ) -> impl Future<Output = Result<Self::Output, Problem>> + Send;
}

/// The boxed twin of [`DataSource`], for the provider's table.
pub trait DynDataSource<P>: Send + Sync {
    /// The type name.
    fn kind(&self) -> &str;
    /// The schema of the flat object.
    fn schema(&self) -> &Schema;
    /// All problems of a configuration, parts of which may be unknown.
    fn validate(&self, config: &Value) -> Vec<Problem>;
    /// The whole object, null where it was not found, and what to tell the user.
    fn read(&self, wire: Wire<P>, config: Value) -> BoxFuture<'_, (Value, Vec<Problem>)>;
}

/// The attributes of a configuration and an output, and the schema of both together.
pub(crate) struct Pair {
    pub(crate) schema: Schema,
    pub(crate) config: Attributes,
    pub(crate) output: Attributes,
}

impl Pair {
    pub(crate) fn of<T: JsonSchema, C: JsonSchema, O: JsonSchema>() -> Result<Self, Error> {
        let config = derive::attributes::<C>(Role::Unstored)?;
        let output = derive::attributes::<O>(Role::Output)?;
        let mut attributes = config.clone();
        for (name, attribute) in &output {
            if attributes.insert(name.clone(), attribute.clone()).is_some() {
                return Err(Error { path: name.clone(), reason: "is both configured and found".into() });
            }
        }
        let (description, deprecated) = (derive::description::<T>(), derive::deprecated::<T>());
        let schema = Schema { version: 0, description, deprecated, attributes };
        check::check(&schema)?;
        Ok(Self { schema, config, output })
    }

    /// The configuration as it is, with the output beside it.
    pub(crate) fn object<O: serde::Serialize>(&self, config: Value, output: &O) -> Result<Value, Problem> {
        let Value::Object(mut fields) = config else {
            return Err(Problem::bug("a configuration that is no object"));
        };
        fields.extend(typed::write(&self.output, output)?);
        Ok(Value::Object(fields))
    }

    /// The problems of `config`: those of types and constraints, else those that `validate` finds.
    pub(crate) fn validate<C: Input>(
        &self,
        config: &Value,
        validate: impl FnOnce(&View<C>) -> Vec<Problem>,
    ) -> Vec<Problem> {
        let problems = constraint::check(&self.config, config, &Path::default());
        if problems.iter().any(Problem::is_error) {
            return problems;
        }
        match View::new(&self.config, config) {
            Ok(view) => view.believable(validate(&view)),
            Err(problem) if config.is_wholly_known() => vec![problem],
            Err(_) => Vec::new(),
        }
    }
}

struct Erased<D> {
    pair: Pair,
    source: PhantomData<fn() -> D>,
}

/// The boxed twin of `D`.
pub fn erase<D: DataSource>() -> Result<Box<dyn DynDataSource<D::Provider>>, Error> {
    Ok(Box::new(Erased::<D> { pair: Pair::of::<D, D::Config, D::Output>()?, source: PhantomData }))
}

impl<D: DataSource> DynDataSource<D::Provider> for Erased<D> {
    fn kind(&self) -> &str {
        D::KIND
    }

    fn schema(&self) -> &Schema {
        &self.pair.schema
    }

    fn validate(&self, config: &Value) -> Vec<Problem> {
        self.pair.validate(config, D::validate)
    }

    fn read(&self, wire: Wire<D::Provider>, config: Value) -> BoxFuture<'_, (Value, Vec<Problem>)> {
        async move {
            let cx = Context::new(wire.provider, wire.cancel, D::TIMEOUT);
            let result = async {
                let input: D::Config = typed::read(&self.pair.config, &config)?;
                let output = D::read(&cx, &input).await?;
                self.pair.object(config, &output)
            };
            let result = result.await;
            let mut problems = cx.take_warnings();
            match result {
                Ok(object) => (object, problems),
                Err(problem) => {
                    problems.push(problem);
                    (Value::Null, problems)
                }
            }
        }
        .boxed()
    }
}
