//! A provider that does nothing in the world.

use super::past::{Config, Ink, Letter, Letters};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, UNIX_EPOCH};
use tfplugin_rs::schema::derive::Error;
use tfplugin_rs::timeouts::Timeouts;
use tfplugin_rs::{
    Context, DataSource, Ephemeral, Foresight, Function, FunctionError, Opened, Outcome, Prior, Problem,
    Provider, Renewed, Resource, Table, View,
};
use tokio::sync::Notify;

/// Told when the thing `wait` is being applied.
pub static BEGUN: Notify = Notify::const_new();

pub fn table() -> Result<Table<Edges>, Error> {
    Table::new()?
        .resource::<Thing>()?
        .resource::<Letter>()?
        .alias::<Thing>("edges_item")?
        .data_source::<Word>()?
        .data_source::<Letters>()?
        .ephemeral::<Token>()?
        .ephemeral::<Ink>()?
        .function::<Repeat>()
}

pub struct Edges {
    timeouts: Timeouts,
}

impl Provider for Edges {
    type Config = Config;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        config.get().timeouts.iter().flat_map(Timeouts::problems).collect()
    }

    async fn configure(config: View<Config>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        Ok((Self { timeouts: config.into_inner().timeouts.unwrap_or_default() }, Vec::new()))
    }

    fn timeouts(&self) -> Timeouts {
        self.timeouts.clone()
    }
}

#[derive(JsonSchema)]
pub struct Thing;

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    name: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    locks: Option<Vec<Lock>>,
    doors: Option<BTreeMap<String, Lock>>,
    home: Option<Home>,
}

/// Something with a rule that its schema does not tell.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Home {
    address: Ipv4Addr,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Lock {
    key_wo: Option<Hidden>,
}

/// A value that is never written.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Hidden(#[expect(dead_code, reason = "only its schema counts")] String);

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl JsonSchema for Hidden {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hidden".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "string", "writeOnly": true})
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    count_of_applies: u64,
}

impl Resource for Thing {
    const KIND: &'static str = "edges_thing";
    type Provider = Edges;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        Ok(Identity { name: text.to_owned() })
    }

    async fn foresee(_: &Context<Edges>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        if plan.id().name == "later" {
            plan.defer();
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Edges>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
        _: &Spec,
    ) -> Outcome<Status> {
        if id.name == "wait" {
            BEGUN.notify_one();
            cx.cancellation().cancelled().await;
        }
        let count_of_applies = cx.recall("applies").unwrap_or(0) + 1;
        cx.remember("applies", &count_of_applies);
        Outcome::done(Status { count_of_applies })
    }

    async fn read(
        cx: &Context<Edges>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let status = Status { count_of_applies: cx.recall("applies").unwrap_or(0) };
        Ok((id.name != "gone").then_some((Spec { locks: None, doors: None, home: None }, status)))
    }

    async fn delete(_: &Context<Edges>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        Ok(())
    }

    fn moved(_: &str, _: &str, state: &serde_json::Value) -> Option<serde_json::Value> {
        Some(state.clone())
    }
}

#[derive(JsonSchema)]
pub struct Word;

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct WordConfig {
    word: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct WordOutput {
    length: usize,
}

impl DataSource for Word {
    const KIND: &'static str = "edges_word";
    type Provider = Edges;
    type Config = WordConfig;
    type Output = WordOutput;

    fn validate(config: &View<WordConfig>) -> Vec<Problem> {
        let empty = config.get().word.is_empty();
        empty.then(|| Problem::error("No word", "A word has letters.").at("word")).into_iter().collect()
    }

    async fn read(_: &Context<Edges>, config: &WordConfig) -> Result<WordOutput, Problem> {
        match config.word.as_str() {
            "none" => Err(Problem::error("Not found", "There is no such word.").at("word")),
            word => Ok(WordOutput { length: word.len() }),
        }
    }
}

#[derive(JsonSchema)]
pub struct Token;

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct TokenConfig {
    #[schemars(length(min = 1))]
    seed: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct TokenOutput {
    token: String,
}

impl Ephemeral for Token {
    const KIND: &'static str = "edges_token";
    type Provider = Edges;
    type Config = TokenConfig;
    type Output = TokenOutput;

    async fn open(_: &Context<Edges>, config: &TokenConfig) -> Result<Opened<TokenOutput>, Problem> {
        if config.seed.is_empty() {
            return Err(Problem::error("No seed", "A token needs a seed.").at("seed"));
        }
        let output = TokenOutput { token: config.seed.chars().rev().collect() };
        let renew_at = Some(UNIX_EPOCH + Duration::from_secs(1_000));
        Ok(Opened { output, renew_at, private: config.seed.clone().into_bytes() })
    }

    async fn renew(_: &Context<Edges>, private: &[u8]) -> Result<Renewed, Problem> {
        let renew_at = Some(UNIX_EPOCH + Duration::from_secs(2_000));
        Ok(Renewed { renew_at, private: [private, b"+"].concat() })
    }

    async fn close(_: &Context<Edges>, private: &[u8]) -> Result<(), Problem> {
        match private {
            b"" => Err(Problem::error("Not open", "It was never opened.")),
            _ => Ok(()),
        }
    }
}

#[derive(JsonSchema)]
pub struct Repeat;

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct RepeatArguments {
    mark: String,
    marks: Option<u8>,
}

impl Function for Repeat {
    const NAME: &'static str = "repeat";
    const SUMMARY: &'static str = "A mark, many times";
    const PARAMETERS: &'static [&'static str] = &["mark", "marks"];
    type Arguments = RepeatArguments;
    type Output = String;

    fn call(arguments: RepeatArguments) -> Result<String, FunctionError> {
        Ok(arguments.mark.repeat(arguments.marks.unwrap_or(1).into()))
    }
}
