//! The CLI's part: asks the provider as core does, and takes its answers apart.

use crate::toy::{self, Toys};
use tfplugin_proto::tfplugin6::{self as tf, attribute_path::step::Selector, provider_server::Provider as _};
use tfplugin_rs::conform;
use tfplugin_rs::rpc::Server;
use tfplugin_rs::schema::Schema;
use tfplugin_rs::serve::Work;
use tfplugin_rs::value::{Path, Step, Type, Value, msgpack};
use tonic::Request;

const KIND: &str = "toys_toy";

/// A configured provider, and what it told of its resource.
pub(crate) struct Cli {
    server: Server<Toys>,
    pub(crate) schema: Schema,
    ty: Type,
}

/// What a state file keeps of an object.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) state: Value,
    pub(crate) private: Vec<u8>,
}

/// The answer to a plan, an apply, a read or an import.
pub(crate) struct Answer {
    pub(crate) kept: Kept,
    pub(crate) replaces: Vec<Path>,
    pub(crate) identity: Option<Value>,
    pub(crate) problems: Vec<String>,
}

impl Cli {
    /// A provider with the structs of this thread's world.
    pub(crate) async fn start() -> Self {
        let schema = toy::prepare().unwrap_or_else(|error| panic!("these are no structs: {error}"));
        let server = Server::new(toy::table, Work::default());
        let request = Request::new(tf::configure_provider::Request::default());
        let answer = server.configure_provider(request).await.expect("an answer").into_inner();
        assert_eq!(answer.diagnostics, []);
        Self { server, ty: schema.ty(), schema }
    }

    pub(crate) async fn validate(&self, config: &Value) -> Vec<String> {
        let capabilities =
            tf::ClientCapabilities { write_only_attributes_allowed: true, ..Default::default() };
        let request = tf::validate_resource_config::Request {
            type_name: KIND.to_owned(),
            config: self.message(config),
            client_capabilities: Some(capabilities),
        };
        let answer = self.server.validate_resource_config(Request::new(request)).await;
        problems(answer.expect("an answer").into_inner().diagnostics)
    }

    /// A `config` of null is a destroy, a prior state of null a create.
    pub(crate) async fn plan(&self, prior: &Kept, config: &Value) -> Answer {
        let proposed = match config.is_null() {
            true => Value::Null,
            false => conform::proposed_new(&self.schema, &prior.state, config),
        };
        let request = tf::plan_resource_change::Request {
            type_name: KIND.to_owned(),
            prior_state: self.message(&prior.state),
            proposed_new_state: self.message(&proposed),
            config: self.message(config),
            prior_private: prior.private.clone(),
            ..Default::default()
        };
        let answer = self.server.plan_resource_change(Request::new(request)).await;
        let answer = answer.expect("an answer").into_inner();
        let replaces = answer.requires_replace.iter().map(path).collect();
        let kept = self.kept(answer.planned_state, answer.planned_private);
        Answer { replaces, ..self.answer(kept, answer.planned_identity, answer.diagnostics) }
    }

    pub(crate) async fn apply(&self, prior: &Value, planned: &Kept, config: &Value) -> Answer {
        let request = tf::apply_resource_change::Request {
            type_name: KIND.to_owned(),
            prior_state: self.message(prior),
            planned_state: self.message(&planned.state),
            config: self.message(config),
            planned_private: planned.private.clone(),
            ..Default::default()
        };
        let answer = self.server.apply_resource_change(Request::new(request)).await;
        let answer = answer.expect("an answer").into_inner();
        self.answer(self.kept(answer.new_state, answer.private), answer.new_identity, answer.diagnostics)
    }

    pub(crate) async fn read(&self, kept: &Kept) -> Answer {
        let request = tf::read_resource::Request {
            type_name: KIND.to_owned(),
            current_state: self.message(&kept.state),
            private: kept.private.clone(),
            ..Default::default()
        };
        let answer = self.server.read_resource(Request::new(request)).await;
        let answer = answer.expect("an answer").into_inner();
        self.answer(self.kept(answer.new_state, answer.private), answer.new_identity, answer.diagnostics)
    }

    pub(crate) async fn import(&self, id: &str) -> Answer {
        let request = tf::import_resource_state::Request {
            type_name: KIND.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let answer = self.server.import_resource_state(Request::new(request)).await;
        let answer = answer.expect("an answer").into_inner();
        let object = answer.imported_resources.into_iter().next().unwrap_or_default();
        self.answer(self.kept(object.state, object.private), object.identity, answer.diagnostics)
    }

    fn answer(
        &self,
        kept: Kept,
        identity: Option<tf::ResourceIdentityData>,
        diagnostics: Vec<tf::Diagnostic>,
    ) -> Answer {
        let identity =
            identity.map(|identity| value(identity.identity_data.as_ref(), &self.schema.identity_ty()));
        Answer { kept, replaces: Vec::new(), identity, problems: problems(diagnostics) }
    }

    fn kept(&self, state: Option<tf::DynamicValue>, private: Vec<u8>) -> Kept {
        Kept { state: value(state.as_ref(), &self.ty), private }
    }

    fn message(&self, value: &Value) -> Option<tf::DynamicValue> {
        let msgpack = msgpack::encode(value, &self.ty).expect("a value of the resource's type");
        Some(tf::DynamicValue { msgpack, json: Vec::new() })
    }
}

fn value(message: Option<&tf::DynamicValue>, ty: &Type) -> Value {
    message
        .map_or(Value::Null, |message| msgpack::decode(&message.msgpack, ty).expect("a value of this type"))
}

fn problems(diagnostics: Vec<tf::Diagnostic>) -> Vec<String> {
    diagnostics
        .into_iter()
        .map(|diagnostic| format!("{}: {}", diagnostic.summary, diagnostic.detail))
        .collect()
}

fn path(path: &tf::AttributePath) -> Path {
    let steps = path.steps.iter().filter_map(|step| step.selector.clone());
    steps
        .map(|step| match step {
            Selector::AttributeName(name) => Step::Attribute(name),
            Selector::ElementKeyString(key) => Step::Key(key),
            Selector::ElementKeyInt(index) => Step::Index(index),
        })
        .collect()
}
