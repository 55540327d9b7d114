//! As much of Terraform's core as a test of one object needs: refresh, plan, apply and destroy, with the checks that core
//! makes on each answer.

use crate::provider::Gitops;
use serde_json::Value as Json;
use std::sync::Arc;
use tfplugin_rs::conform::{compatible, plan_valid, proposed_new, write_only_null};
use tfplugin_rs::resource::{DynResource, Wire, erase};
use tfplugin_rs::value::{Value, json};
use tfplugin_rs::{Problem, Resource};

/// One object through several runs of the CLI: its state, and what the provider remembers beside it.
pub struct Object {
    resource: Box<dyn DynResource<Gitops>>,
    pub state: Value,
    private: Vec<u8>,
    /// What the last operation told the user.
    pub told: Vec<Problem>,
}

impl Object {
    /// An object that is not there yet.
    pub fn new<R: Resource<Provider = Gitops>>() -> Self {
        let resource = erase::<R>(R::KIND).unwrap();
        Self { resource, state: Value::Null, private: Vec::new(), told: Vec::new() }
    }

    fn wire(&self, provider: &Arc<Gitops>) -> Wire<Gitops> {
        Wire { provider: provider.clone(), cancel: Default::default(), private: self.private.clone() }
    }

    fn config(&self, config: &Json) -> Value {
        json::decode_lenient(config.to_string().as_bytes(), self.resource.ty()).unwrap()
    }

    /// What is wrong with `config` by itself.
    pub fn validate(&self, config: &Json) -> Vec<Problem> {
        self.resource.validate(&self.config(config))
    }

    /// Reads the object.
    pub async fn refresh(&mut self, provider: &Arc<Gitops>) {
        if self.state.is_null() {
            return;
        }
        let read = self.resource.read(self.wire(provider), self.state.clone()).await;
        assert_eq!(write_only_null(self.resource.schema(), &read.state), []);
        (self.state, self.private, self.told) = (read.state, read.private, read.problems);
    }

    /// Refreshes and plans. `None` where nothing is to be done, else the plan.
    pub async fn plan(&mut self, provider: &Arc<Gitops>, config: &Json) -> Option<Value> {
        self.refresh(provider).await;
        self.plan_unrefreshed(provider, config).await
    }

    /// The same with `-refresh=false`: from the state as it is.
    pub async fn plan_unrefreshed(&mut self, provider: &Arc<Gitops>, config: &Json) -> Option<Value> {
        let (config, schema) = (self.config(config), self.resource.schema());
        let proposed = proposed_new(schema, &self.state, &config);
        let planned =
            self.resource.plan(self.wire(provider), self.state.clone(), proposed, config.clone()).await;
        assert_eq!(write_only_null(schema, &planned.state), [], "also of a plan that fails");
        self.told.extend(planned.problems);
        if self.told.iter().any(Problem::is_error) {
            return None;
        }
        assert_eq!(plan_valid(schema, &self.state, &config, &planned.state), []);
        self.private = planned.private;
        (planned.state != self.state).then_some(planned.state)
    }

    /// Plans and applies; answers whether there was anything to do. The plan after it is empty.
    pub async fn apply(&mut self, provider: &Arc<Gitops>, config: &Json) -> bool {
        let Some(planned) = self.plan(provider, config).await else { return false };
        let (config, wire) = (self.config(config), self.wire(provider));
        let applied = self.resource.apply(wire, self.state.clone(), planned.clone(), config).await;
        self.told.extend(applied.problems);
        (self.state, self.private) = (applied.state, applied.private);
        if !self.told.iter().any(Problem::is_error) {
            assert_eq!(compatible(self.resource.schema(), &planned, &self.state), []);
        }
        true
    }

    /// Destroys the object.
    pub async fn destroy(&mut self, provider: &Arc<Gitops>) {
        let wire = self.wire(provider);
        let applied = self.resource.apply(wire, self.state.clone(), Value::Null, Value::Null).await;
        (self.state, self.private, self.told) = (applied.state, applied.private, applied.problems);
    }

    /// Imports the object by its id.
    pub async fn import(&mut self, provider: &Arc<Gitops>, id: &str) -> Result<(), Problem> {
        let imported = self.resource.import_by_id(id)?;
        (self.state, self.private) = (imported.state, imported.private);
        self.refresh(provider).await;
        Ok(())
    }

    /// The state as the file has it.
    pub fn json(&self) -> String {
        String::from_utf8(json::encode(&self.state, self.resource.ty()).unwrap()).unwrap()
    }

    /// An attribute of the state.
    pub fn get(&self, attribute: &str) -> Option<String> {
        match self.state.get(&attribute.into()) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }
}
