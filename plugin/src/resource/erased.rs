//! The boxed twin of [`Resource`]: the operations of [`DynResource`], with the structs of one type behind them.

use super::Resource;
use super::dynamic::{Applied, DynResource, Imported, Planned, Read, Wire};
use crate::context::{Context, Private};
use crate::problem::Problem;
use crate::provider::Provider;
use crate::resource::shape::Layout;
use crate::schema::{Schema, constraint};
use crate::timeouts::Operation;
use crate::typed::{self, View};
use crate::value::{Path, Type, Value};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::marker::PhantomData;

pub(super) struct Erased<R> {
    kind: &'static str,
    pub(super) layout: Layout,
    resource: PhantomData<fn() -> R>,
}

/// The boxed twin of `R`, under `kind`: its own name, or an alias. An error names what keeps its structs from
/// being a Terraform object.
pub fn erase<R: Resource<Provider: Provider>>(
    kind: &'static str,
) -> Result<Box<dyn DynResource<R::Provider>>, crate::schema::derive::Error> {
    Ok(Box::new(Erased::<R> { kind, layout: Layout::of::<R>()?, resource: PhantomData }))
}

impl<R: Resource<Provider: Provider>> Erased<R> {
    fn context(&self, wire: Wire<R::Provider>, operation: Operation, object: &Value) -> Context<R::Provider> {
        let (own, shared) = (self.layout.timeouts(object), wire.provider.timeouts());
        let configured = own.limit(operation).or_else(|| shared.limit(operation));
        let timeout = configured.unwrap_or_else(|| R::TIMEOUTS.of(operation));
        let private = Private::from_bytes(&wire.private).without_own();
        Context::new(wire.provider, wire.cancel, timeout).with_private(private)
    }

    /// What an import that named `outputs` leaves; `hints` also has what is no output.
    fn imported(
        &self,
        id: &R::Identity,
        outputs: &Value,
        hints: &BTreeMap<String, String>,
    ) -> Result<Imported, Problem> {
        let state = self.layout.imported::<R>(id, outputs)?;
        Ok(Imported { state, private: Private::imported(hints).to_bytes() })
    }
}

impl<R: Resource<Provider: Provider>> DynResource<R::Provider> for Erased<R> {
    fn kind(&self) -> &str {
        self.kind
    }

    fn own_kind(&self) -> &str {
        R::KIND
    }

    fn schema(&self) -> &Schema {
        &self.layout.schema
    }

    fn ty(&self) -> &Type {
        &self.layout.ty
    }

    fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = constraint::check(&self.layout.schema.attributes, config, &Path::default());
        if problems.iter().any(Problem::is_error) {
            return problems;
        }
        problems.extend(self.layout.timeouts(config).problems());
        // A configuration that cannot be read even with placeholders is read again when more of it is known.
        let views = (View::new(&self.layout.identity, config), View::new(&self.layout.spec, config));
        match views {
            (Ok(id), Ok(spec)) => problems.extend(spec.believable(R::validate(&id, &spec))),
            (Err(problem), _) | (_, Err(problem)) if config.is_wholly_known() => problems.push(problem),
            _ => {}
        }
        problems
    }

    fn plan(
        &self,
        mut wire: Wire<R::Provider>,
        prior: Value,
        proposed: Value,
        config: Value,
    ) -> BoxFuture<'_, Planned> {
        async move {
            if proposed.is_null() {
                return Planned {
                    state: Value::Null,
                    replaces: Vec::new(),
                    private: wire.private,
                    deferred: false,
                    targets: Vec::new(),
                    problems: Vec::new(),
                };
            }
            // At apply time a replacement is planned again with no private state, where the first time it had some.
            if prior.is_null() {
                wire.private.clear();
            }
            let cx = self.context(wire, Operation::Read, &proposed);
            self.try_plan(&cx, prior, proposed.clone(), config).await.unwrap_or_else(|problem| Planned {
                state: self.layout.without_write_only(proposed),
                replaces: Vec::new(),
                private: cx.private().to_bytes(),
                deferred: false,
                targets: Vec::new(),
                problems: with(cx.take_warnings(), problem),
            })
        }
        .boxed()
    }

    fn apply(
        &self,
        wire: Wire<R::Provider>,
        prior: Value,
        planned: Value,
        config: Value,
    ) -> BoxFuture<'_, Applied> {
        async move {
            let (operation, object) = match (prior.is_null(), planned.is_null()) {
                (_, true) => (Operation::Delete, &prior),
                (true, false) => (Operation::Create, &planned),
                (false, false) => (Operation::Update, &planned),
            };
            let cx = self.context(wire, operation, object);
            let unchanged = prior.clone();
            self.try_apply(&cx, prior, planned, config).await.unwrap_or_else(|problem| Applied {
                state: unchanged,
                private: cx.private().to_bytes(),
                problems: with(cx.take_warnings(), problem),
            })
        }
        .boxed()
    }

    fn read(&self, wire: Wire<R::Provider>, state: Value) -> BoxFuture<'_, Read> {
        async move {
            let imported = Private::from_bytes(&wire.private).import();
            let mut cx = self.context(wire, Operation::Read, &state);
            if let Some(hints) = &imported {
                let hints = hints.iter().map(|(name, text)| (name.clone(), Value::String(text.clone())));
                let hints = fields(&state).into_iter().chain(hints).collect();
                cx = cx.with_private(Private::default()).with_hints(hints);
            }
            self.try_read(&cx, &state, imported.is_some()).await.unwrap_or_else(|problem| Read {
                state,
                private: cx.private().to_bytes(),
                problems: with(cx.take_warnings(), problem),
            })
        }
        .boxed()
    }

    fn import_by_id(&self, id: &str) -> Result<Imported, Problem> {
        let identity = R::parse_import_id(id)?;
        let hints: BTreeMap<_, _> =
            R::import_hints(id).into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        let outputs = hints.iter().map(|(name, text)| (name.clone(), Value::String(text.clone())));
        self.imported(&identity, &Value::Object(outputs.collect()), &hints)
    }

    fn import_by_identity(&self, identity: &Value) -> Result<Imported, Problem> {
        let complete = self.layout.with_identity_defaults(identity);
        if let Some(problem) =
            constraint::check(&self.layout.identity, &complete, &Path::default()).into_iter().next()
        {
            return Err(problem);
        }
        let id: R::Identity = typed::guess(&self.layout.identity, &complete)?;
        // What an import id must look like, an identity must, too.
        R::parse_import_id(&R::import_id(&id))?;
        self.imported(&id, identity, &BTreeMap::new())
    }

    fn upgrade(&self, version: i64, state: &[u8]) -> Result<Value, Problem> {
        if version == R::VERSION {
            return self.layout.decode(state);
        }
        let state = R::upgrade(version, older::<R>("state", version, state)?)?;
        self.layout.decode(state.to_string().as_bytes())
    }

    fn upgrade_identity(&self, version: i64, identity: &[u8]) -> Result<Value, Problem> {
        if version == R::VERSION {
            return self.layout.decode_identity(identity);
        }
        let identity = R::upgrade_identity(version, older::<R>("identity", version, identity)?)?;
        self.layout.decode_identity(identity.to_string().as_bytes())
    }

    fn moved(&self, provider: &str, kind: &str, state: &[u8]) -> Result<Value, Problem> {
        let state = R::moved(provider, kind, &parse("state", state)?).ok_or_else(|| {
            let detail = format!("A {kind} of {provider} cannot become a {}.", self.kind);
            Problem::error("This move is not supported", detail)
        })?;
        self.layout.decode(state.to_string().as_bytes())
    }
}

/// What a version before ours stored; an error for one that comes after it.
fn older<R: Resource>(what: &str, version: i64, stored: &[u8]) -> Result<serde_json::Value, Problem> {
    if version <= R::VERSION {
        return parse(what, stored);
    }
    let detail = format!(
        "The stored {what} has version {version}, and this provider knows none after {}. Use the version of the \
         provider that stored it, or a newer one.",
        R::VERSION
    );
    Err(Problem::error(format!("The {what} is of a newer provider"), detail))
}

fn parse(what: &str, stored: &[u8]) -> Result<serde_json::Value, Problem> {
    serde_json::from_slice(stored)
        .map_err(|_| Problem::error(format!("Unreadable {what}"), format!("The stored {what} is not JSON.")))
}

fn fields(object: &Value) -> BTreeMap<String, Value> {
    match object {
        Value::Object(fields) => fields.clone(),
        _ => BTreeMap::new(),
    }
}

fn with(mut problems: Vec<Problem>, problem: Problem) -> Vec<Problem> {
    problems.push(problem);
    problems
}
