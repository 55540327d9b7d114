//! The boxed twin of [`Resource`]: the same operations on value trees, for the provider's table.

use super::{Foresight, Outcome, Prior, Reached, Resource};
use crate::claims::Target;
use crate::context::{Context, Private};
use crate::plan::{self, Foreseen};
use crate::problem::Problem;
use crate::resource::shape::Layout;
use crate::schema::{Schema, constraint};
use crate::timeouts::{Operation, Timeouts};
use crate::typed::{self, View};
use crate::value::{Path, Type, Value};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the wire brings with a call besides the object itself.
pub struct Wire<P> {
    /// The configured provider.
    pub provider: Arc<P>,
    /// Cancelled by a stop request.
    pub cancel: CancellationToken,
    /// What earlier operations remembered.
    pub private: Vec<u8>,
}

/// The answer to a plan.
pub struct Planned {
    /// The planned state; null for a destroy.
    pub state: Value,
    /// The attributes whose change replaces the object.
    pub replaces: Vec<Path>,
    /// What to remember until the apply.
    pub private: Vec<u8>,
    /// Whether the object waits for a later run.
    pub deferred: bool,
    /// What it writes, as far as that is known.
    pub targets: Vec<Target>,
    /// What to tell the user.
    pub problems: Vec<Problem>,
}

/// The answer to an apply.
pub struct Applied {
    /// The new state; null where nothing is to be stored.
    pub state: Value,
    /// What to remember.
    pub private: Vec<u8>,
    /// What to tell the user.
    pub problems: Vec<Problem>,
}

/// The answer to a read.
pub type Read = Applied;

/// The answer to an import.
pub struct Imported {
    /// The state as far as the identity tells it.
    pub state: Value,
    /// Tells the read that follows that it follows an import.
    pub private: Vec<u8>,
}

/// A [`Resource`] whose structs are value trees.
pub trait DynResource<P>: Send + Sync {
    /// The type name.
    fn kind(&self) -> &str;
    /// The type name without an alias, which is the same for all that have the same private state.
    fn own_kind(&self) -> &str;
    /// The schema of the flat object.
    fn schema(&self) -> &Schema;
    /// The type of the flat object.
    fn ty(&self) -> &Type;
    /// All problems of a configuration, parts of which may be unknown.
    fn validate(&self, config: &Value) -> Vec<Problem>;
    /// Plans a create (`prior` is null), an update, or a destroy (`proposed` is null).
    fn plan(&self, wire: Wire<P>, prior: Value, proposed: Value, config: Value) -> BoxFuture<'_, Planned>;
    /// Applies a create, an update, or a destroy (`planned` is null).
    fn apply(&self, wire: Wire<P>, prior: Value, planned: Value, config: Value) -> BoxFuture<'_, Applied>;
    /// Reads the object; the state is null where it is gone.
    fn read(&self, wire: Wire<P>, state: Value) -> BoxFuture<'_, Read>;
    /// The state to read for an import id.
    fn import_by_id(&self, id: &str) -> Result<Imported, Problem>;
    /// The state to read for an identity.
    fn import_by_identity(&self, identity: &Value) -> Result<Imported, Problem>;
    /// The state of this version for a stored one.
    fn upgrade(&self, version: i64, state: &[u8]) -> Result<Value, Problem>;
    /// The state for that of another resource.
    fn moved(&self, provider: &str, kind: &str, state: &[u8]) -> Result<Value, Problem>;
}

struct Erased<R> {
    kind: &'static str,
    layout: Layout,
    resource: PhantomData<fn() -> R>,
}

/// The boxed twin of `R`, under `kind`: its own name, or an alias. An error names what keeps its structs from
/// being a Terraform object.
pub fn erase<R: Resource>(
    kind: &'static str,
) -> Result<Box<dyn DynResource<R::Provider>>, crate::schema::derive::Error> {
    Ok(Box::new(Erased::<R> { kind, layout: Layout::of::<R>()?, resource: PhantomData }))
}

impl<R: Resource> Erased<R> {
    fn context(&self, wire: Wire<R::Provider>, operation: Operation, object: &Value) -> Context<R::Provider> {
        let timeouts: Timeouts = self.layout.timeouts(object);
        let timeout = timeouts.limit(operation, R::TIMEOUTS.of(operation));
        let private = Private::from_bytes(&wire.private).without_own();
        Context::new(wire.provider, wire.cancel, timeout).with_private(private)
    }

    fn prior(&self, state: &Value) -> Result<Prior<R::Spec, R::Status>, Problem> {
        let spec = typed::read(&self.layout.spec, state)?;
        Ok(Prior { spec, status: typed::read(&self.layout.status, state)? })
    }

    async fn try_plan(
        &self,
        cx: &Context<R::Provider>,
        prior: Value,
        proposed: Value,
        config: Value,
    ) -> Result<Planned, Problem> {
        let schema = &self.layout.schema;
        let draft = plan::draft(schema, &prior, &proposed, &config);
        let inputs = self.layout.with_write_only(Value::Object(draft.object.clone()), &config);
        let (id, want) =
            match (typed::guess(&self.layout.identity, &inputs), typed::guess(&self.layout.spec, &inputs)) {
                (Ok(id), Ok(want)) => (id, want),
                // A struct with rules that its schema does not tell may take no placeholder: nothing can be foreseen.
                (Err(_), _) | (_, Err(_)) if !inputs.is_wholly_known() => {
                    let same = BTreeMap::from([("id".to_owned(), Foreseen::Keep)]);
                    return Ok(unforeseen(cx, plan::finish(schema, &prior, draft, &same)));
                }
                (Err(problem), _) | (_, Err(problem)) => return Err(problem),
            };
        let mut foresight = Foresight::<R> {
            id,
            want,
            prior: if prior.is_null() { None } else { Some(self.prior(&prior)?) },
            outputs: self.layout.status.clone(),
            changed: draft.changed,
            prior_value: prior,
            foreseen: BTreeMap::new(),
            adopted: Vec::new(),
            replaced: Vec::new(),
            deferred: false,
            targets: Vec::new(),
            bug: None,
            inputs,
        };
        R::foresee(cx, &mut foresight).await?;
        if let Some(bug) = foresight.bug {
            return Err(bug);
        }
        if self.layout.identity.keys().all(|name| typed::is_known(&foresight.inputs, &name.as_str().into())) {
            let id = Value::String(R::import_id(&foresight.id));
            foresight.foreseen.insert("id".to_owned(), Foreseen::Value(id));
        }
        let mut plan = plan::finish(schema, &foresight.prior_value, draft, &foresight.foreseen);
        plan.replaces.retain(|path| !foresight.adopted.iter().any(|adopted| path.starts_with(adopted)));
        let prior = foresight.prior.is_some().then_some(&foresight.prior_value);
        let differs = |path: &Path| prior.is_some_and(|prior| prior.get(path) != plan.state.get(path));
        let replaced: Vec<_> = foresight.replaced.into_iter().filter(differs).collect();
        plan.replaces.extend(replaced);
        Ok(Planned { deferred: foresight.deferred, targets: foresight.targets, ..unforeseen(cx, plan) })
    }

    async fn try_apply(
        &self,
        cx: &Context<R::Provider>,
        prior: Value,
        planned: Value,
        config: Value,
    ) -> Result<Applied, Problem> {
        if planned.is_null() {
            return self.delete(cx, prior).await;
        }
        let inputs = self.layout.with_write_only(planned.clone(), &config);
        let id: R::Identity = typed::read(&self.layout.identity, &inputs)?;
        let want: R::Spec = typed::read(&self.layout.spec, &inputs)?;
        let before = if prior.is_null() { None } else { Some(self.prior(&prior)?) };
        let Outcome { reached, mut problems } = R::apply(cx, &id, before, &want).await;
        problems.extend(cx.take_warnings());
        let (state, private) = match reached {
            Reached::Object(status) => {
                (self.layout.reached::<R>(&planned, &id, &status)?, cx.private().to_bytes())
            }
            Reached::Nothing if prior.is_null() => (prior, Vec::new()),
            Reached::Nothing => (prior, cx.private().to_bytes()),
        };
        Ok(Applied { state, private, problems })
    }

    async fn delete(&self, cx: &Context<R::Provider>, prior: Value) -> Result<Applied, Problem> {
        let id: R::Identity = typed::read(&self.layout.identity, &prior)?;
        let result = R::delete(cx, &id, self.prior(&prior)?).await;
        let mut problems = cx.take_warnings();
        Ok(match result {
            Ok(()) => Applied { state: Value::Null, private: Vec::new(), problems },
            Err(problem) => {
                problems.push(problem);
                Applied { state: prior, private: cx.private().to_bytes(), problems }
            }
        })
    }

    async fn try_read(
        &self,
        cx: &Context<R::Provider>,
        state: &Value,
        imported: bool,
    ) -> Result<Read, Problem> {
        let id: R::Identity = typed::read(&self.layout.identity, state)?;
        let last = if imported { None } else { Some(self.prior(state)?) };
        let found = R::read(cx, &id, last).await?;
        let problems = cx.take_warnings();
        Ok(match found {
            None => Read { state: Value::Null, private: Vec::new(), problems },
            Some((spec, status)) => {
                let state = self.layout.found::<R>(state, &id, &spec, &status)?;
                Read { state, private: cx.private().to_bytes(), problems }
            }
        })
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

impl<R: Resource> DynResource<R::Provider> for Erased<R> {
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
        let state = R::upgrade(version, parse(state)?)?;
        self.layout.decode(state.to_string().as_bytes())
    }

    fn moved(&self, provider: &str, kind: &str, state: &[u8]) -> Result<Value, Problem> {
        let state = R::moved(provider, kind, &parse(state)?).ok_or_else(|| {
            let detail = format!("A {kind} of {provider} cannot become a {}.", self.kind);
            Problem::error("This move is not supported", detail)
        })?;
        self.layout.decode(state.to_string().as_bytes())
    }
}

/// The answer of `plan` alone.
fn unforeseen<P>(cx: &Context<P>, plan: plan::Plan) -> Planned {
    Planned {
        state: plan.state,
        replaces: plan.replaces,
        private: cx.private().to_bytes(),
        deferred: false,
        targets: Vec::new(),
        problems: cx.take_warnings(),
    }
}

fn parse(state: &[u8]) -> Result<serde_json::Value, Problem> {
    serde_json::from_slice(state)
        .map_err(|_| Problem::error("Unreadable state", "The stored state is not JSON."))
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
