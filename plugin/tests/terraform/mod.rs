//! Terraform's part: asks the notes provider as core does, and checks every answer by core's own rules.

#![expect(clippy::unwrap_used, reason = "a surprise here fails the test")]

use super::notes;
use std::collections::BTreeMap;
use tempfile::TempDir;
use tfplugin_proto::tfplugin6::{self as tf, provider_server::Provider as _};
use tfplugin_rs::conform;
use tfplugin_rs::rpc::Server;
use tfplugin_rs::schema::Schema;
use tfplugin_rs::serve::Work;
use tfplugin_rs::value::{Type, Value, msgpack};
use tonic::Request;

/// A provider under test, and the schema that it told.
pub struct Terraform {
    server: Server<notes::Notes>,
    config: tf::DynamicValue,
    schema: Schema,
    store: TempDir,
}

/// The answer to a plan, an apply or a read.
#[derive(Debug)]
pub struct Answer {
    pub state: Value,
    pub replaces: Vec<String>,
    pub problems: Vec<String>,
    private: Vec<u8>,
}

impl Answer {
    pub fn field(&self, name: &str) -> Value {
        self.state
            .entries()
            .and_then(|fields| fields.get(name))
            .cloned()
            .unwrap_or_else(|| panic!("there is no `{name}`"))
    }
}

pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::object(fields)
}

impl Terraform {
    /// A provider whose notes lie in a directory of their own.
    pub async fn start() -> Self {
        let store = tempfile::tempdir().unwrap();
        let table = notes::table().unwrap();
        let schema = table.resource_schemas().find(|(kind, _)| *kind == "notes_note").unwrap().1.clone();
        let config = Value::object([("directory", Value::String(store.path().display().to_string()))]);
        let config = message(&config, &table.schema().ty());
        let server = Server::new(notes::table, Work::default());
        let terraform = Self { server, config, schema, store };
        terraform.begin().await;
        terraform
    }

    /// Configures the provider, as each run begins.
    async fn begin(&self) {
        let request =
            tf::configure_provider::Request { config: Some(self.config.clone()), ..Default::default() };
        let answer = self.server.configure_provider(Request::new(request)).await.unwrap().into_inner();
        assert!(answer.diagnostics.is_empty(), "{answer:?}");
    }

    pub fn remove_note(&self, name: &str) {
        std::fs::remove_file(self.store.path().join(format!("{name}.json"))).unwrap();
    }

    pub async fn validate(&self, config: &Value) -> Vec<String> {
        let capabilities =
            tf::ClientCapabilities { write_only_attributes_allowed: true, ..Default::default() };
        self.validate_as(config, capabilities).await
    }

    pub async fn validate_as(&self, config: &Value, capabilities: tf::ClientCapabilities) -> Vec<String> {
        let config = Some(self.message(&complete(&self.schema.ty(), config)));
        let request = tf::validate_resource_config::Request {
            type_name: "notes_note".into(),
            config,
            client_capabilities: Some(capabilities),
        };
        let answer = self.server.validate_resource_config(Request::new(request)).await.unwrap().into_inner();
        problems(&answer.diagnostics)
    }

    /// Plans as core does, in a run of its own. A `config` of null is a destroy, a `prior` of null a create.
    pub async fn plan(&self, prior: &Value, config: &Value) -> Answer {
        self.begin().await;
        self.plan_another(prior, config).await
    }

    /// Plans another block of the same run.
    pub async fn plan_another(&self, prior: &Value, config: &Value) -> Answer {
        self.plan_with(prior, Vec::new(), config).await
    }

    /// Plans for the second time, in the same run, what `first` replaces.
    pub async fn plan_anew(&self, first: &Answer, config: &Value) -> Answer {
        self.plan_with(&Value::Null, first.private.clone(), config).await
    }

    async fn plan_with(&self, prior: &Value, prior_private: Vec<u8>, config: &Value) -> Answer {
        let config = complete(&self.schema.ty(), config);
        let proposed =
            if config.is_null() { Value::Null } else { conform::proposed_new(&self.schema, prior, &config) };
        let request = tf::plan_resource_change::Request {
            type_name: "notes_note".into(),
            prior_state: Some(self.message(prior)),
            proposed_new_state: Some(self.message(&proposed)),
            config: Some(self.message(&config)),
            prior_private,
            ..Default::default()
        };
        let answer = self.server.plan_resource_change(Request::new(request)).await.unwrap().into_inner();
        let state = self.value(answer.planned_state);
        if !config.is_null() {
            let violations = conform::plan_valid(&self.schema, prior, &config, &state);
            assert!(violations.is_empty(), "{violations:?}");
        }
        let replaces = answer.requires_replace.iter().map(path).collect();
        Answer { state, replaces, problems: problems(&answer.diagnostics), private: answer.planned_private }
    }

    pub async fn apply(&self, prior: &Value, planned: &Answer, config: &Value) -> Answer {
        let request = tf::apply_resource_change::Request {
            type_name: "notes_note".into(),
            prior_state: Some(self.message(prior)),
            planned_state: Some(self.message(&planned.state)),
            config: Some(self.message(&complete(&self.schema.ty(), config))),
            planned_private: planned.private.clone(),
            ..Default::default()
        };
        let answer = self.server.apply_resource_change(Request::new(request)).await.unwrap().into_inner();
        let (state, problems) = (self.value(answer.new_state), problems(&answer.diagnostics));
        if problems.is_empty() && !planned.state.is_null() {
            let violations = conform::compatible(&self.schema, &planned.state, &state);
            assert!(violations.is_empty(), "{violations:?}");
            assert!(state.is_wholly_known(), "{state:?}");
        }
        Answer { state, replaces: Vec::new(), problems, private: answer.private }
    }

    /// Plans and applies, without a problem.
    pub async fn create(&self, config: &Value) -> Answer {
        let planned = self.plan(&Value::Null, config).await;
        let created = self.apply(&Value::Null, &planned, config).await;
        assert!(created.problems.is_empty(), "{:?}", created.problems);
        created
    }

    pub async fn read(&self, state: &Value) -> Answer {
        self.read_with(self.message(state), Vec::new()).await
    }

    pub async fn read_imported(&self, imported: &tf::import_resource_state::ImportedResource) -> Answer {
        self.read_with(imported.state.clone().unwrap(), imported.private.clone()).await
    }

    async fn read_with(&self, state: tf::DynamicValue, private: Vec<u8>) -> Answer {
        let request = tf::read_resource::Request {
            type_name: "notes_note".into(),
            current_state: Some(state),
            private,
            ..Default::default()
        };
        let answer = self.server.read_resource(Request::new(request)).await.unwrap().into_inner();
        let problems = problems(&answer.diagnostics);
        Answer {
            state: self.value(answer.new_state),
            replaces: Vec::new(),
            problems,
            private: answer.private,
        }
    }

    pub async fn import_by_id(
        &self,
        id: &str,
    ) -> Result<tf::import_resource_state::ImportedResource, Vec<String>> {
        self.import(tf::import_resource_state::Request { id: id.into(), ..Default::default() }).await
    }

    pub async fn import_by_identity(
        &self,
        identity: Value,
    ) -> Result<tf::import_resource_state::ImportedResource, Vec<String>> {
        let ty = Type::object([("name", Type::String)]);
        let identity = tf::ResourceIdentityData { identity_data: Some(message(&identity, &ty)) };
        self.import(tf::import_resource_state::Request { identity: Some(identity), ..Default::default() })
            .await
    }

    async fn import(
        &self,
        request: tf::import_resource_state::Request,
    ) -> Result<tf::import_resource_state::ImportedResource, Vec<String>> {
        let request = tf::import_resource_state::Request { type_name: "notes_note".into(), ..request };
        let answer = self.server.import_resource_state(Request::new(request)).await.unwrap().into_inner();
        answer.imported_resources.into_iter().next().ok_or_else(|| problems(&answer.diagnostics))
    }

    pub async fn upgrade(&self, version: i64, state: &str) -> Result<Value, Vec<String>> {
        let raw_state = Some(tf::RawState { json: state.into(), ..Default::default() });
        let request =
            tf::upgrade_resource_state::Request { type_name: "notes_note".into(), version, raw_state };
        let answer = self.server.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
        answer
            .upgraded_state
            .map(|state| self.value(Some(state)))
            .ok_or_else(|| problems(&answer.diagnostics))
    }

    pub async fn moved(&self, provider: &str, kind: &str, state: &str) -> Result<Value, Vec<String>> {
        let request = tf::move_resource_state::Request {
            source_provider_address: provider.into(),
            source_type_name: kind.into(),
            source_state: Some(tf::RawState { json: state.into(), ..Default::default() }),
            target_type_name: "notes_note".into(),
            ..Default::default()
        };
        let answer = self.server.move_resource_state(Request::new(request)).await.unwrap().into_inner();
        answer.target_state.map(|state| self.value(Some(state))).ok_or_else(|| problems(&answer.diagnostics))
    }

    pub async fn call(&self, name: &str, arguments: Vec<Value>) -> Result<Value, (String, Option<i64>)> {
        let types = [Type::String, Type::Number];
        let arguments = arguments.iter().zip(&types).map(|(argument, ty)| message(argument, ty)).collect();
        let request = tf::call_function::Request { name: name.into(), arguments };
        let answer = self.server.call_function(Request::new(request)).await.unwrap().into_inner();
        match answer.error {
            Some(error) => Err((error.text, error.function_argument)),
            None => Ok(msgpack::decode(&answer.result.unwrap().msgpack, &Type::String).unwrap()),
        }
    }

    fn message(&self, value: &Value) -> tf::DynamicValue {
        message(value, &self.schema.ty())
    }

    fn value(&self, message: Option<tf::DynamicValue>) -> Value {
        let message = message.unwrap_or_default();
        match message.msgpack.is_empty() {
            true => Value::Null,
            false => msgpack::decode(&message.msgpack, &self.schema.ty()).unwrap(),
        }
    }
}

fn message(value: &Value, ty: &Type) -> tf::DynamicValue {
    tf::DynamicValue { msgpack: msgpack::encode(value, ty).unwrap(), json: Vec::new() }
}

/// `value` with null for every attribute that it leaves out, as Terraform sends it.
fn complete(ty: &Type, value: &Value) -> Value {
    match (ty, value) {
        (Type::Object(types), Value::Object(fields)) => {
            let field = |(name, ty): (&String, &Type)| {
                (name.clone(), fields.get(name).map_or(Value::Null, |value| complete(ty, value)))
            };
            Value::Object(types.iter().map(field).collect::<BTreeMap<_, _>>())
        }
        (Type::Map(element), Value::Map(elements)) => {
            Value::Map(elements.iter().map(|(key, value)| (key.clone(), complete(element, value))).collect())
        }
        _ => value.clone(),
    }
}

fn problems(diagnostics: &[tf::Diagnostic]) -> Vec<String> {
    let line = |diagnostic: &tf::Diagnostic| match &diagnostic.attribute {
        Some(attribute) => format!("{}: {}", path(attribute), diagnostic.detail),
        None => diagnostic.detail.clone(),
    };
    diagnostics.iter().map(line).collect()
}

fn path(path: &tf::AttributePath) -> String {
    use tf::attribute_path::step::Selector;
    let mut text = String::new();
    for step in path.steps.iter().filter_map(|step| step.selector.as_ref()) {
        match step {
            Selector::AttributeName(name) if text.is_empty() => text.push_str(name),
            Selector::AttributeName(name) => text.push_str(&format!(".{name}")),
            Selector::ElementKeyString(key) => text.push_str(&format!("[{key:?}]")),
            Selector::ElementKeyInt(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}
