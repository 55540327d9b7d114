//! What a call does with the typed structs of a resource: it reads them from value trees, asks the resource, and writes
//! what it answers.

use super::dynamic::{Applied, Planned, Read};
use super::erased::Erased;
use super::{Foresight, Outcome, Prior, Reached, Resource};
use crate::context::Context;
use crate::plan::{self, Foreseen};
use crate::problem::Problem;
use crate::typed;
use crate::value::{Path, Value};
use std::collections::BTreeMap;

impl<R: Resource> Erased<R> {
    fn prior(&self, state: &Value) -> Result<Prior<R::Spec, R::Status>, Problem> {
        let spec = typed::read(&self.layout.spec, state)?;
        Ok(Prior { spec, status: typed::read(&self.layout.status, state)? })
    }

    pub(super) async fn try_plan(
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

    pub(super) async fn try_apply(
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

    pub(super) async fn try_read(
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
