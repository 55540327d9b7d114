//! What is deprecated, and a resource whose stored objects are of an older version. It tells how long it may take.

use super::provider::Edges;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use tfplugin_rs::timeouts::Timeouts;
use tfplugin_rs::{Context, DataSource, Ephemeral, Foresight, Opened, Outcome, Prior, Problem, Resource};

/// It has an edge.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("deprecated" = true, "x-deprecated" = "Use another provider."))]
pub struct Config {
    pub timeouts: Option<Timeouts>,
    #[expect(dead_code, reason = "only its schema counts")]
    #[schemars(extend("deprecated" = true, "x-deprecated" = "It is always sharp."))]
    sharp: Option<bool>,
}

/// A letter.
#[derive(JsonSchema)]
#[schemars(extend("deprecated" = true, "x-deprecated" = "Use `edges_thing`."))]
pub struct Letter;

/// Which letter; in version 0 the field was called `name`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    address: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    stamps: Option<Vec<Stamp>>,
    seals: Option<BTreeSet<Stamp>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    value: Option<u8>,
    #[schemars(extend("deprecated" = true, "x-deprecated" = "All are grey now."))]
    color: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {}

/// Tells how long the operation may take.
fn tell(cx: &Context<Edges>) {
    cx.warn(Problem::warning("Limit", format!("{} minutes", cx.timeout().as_secs() / 60)));
}

/// What was called `name`, under its new name.
fn renamed(version: i64, mut stored: Json) -> Result<Json, Problem> {
    assert_eq!(version, 0, "there was one version before");
    let name = stored["name"].take();
    stored["address"] = name;
    Ok(stored)
}

impl Resource for Letter {
    const KIND: &'static str = "edges_letter";
    const VERSION: i64 = 1;
    type Provider = Edges;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.address.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        Ok(Identity { address: text.to_owned() })
    }

    async fn foresee(cx: &Context<Edges>, _: &mut Foresight<Self>) -> Result<(), Problem> {
        tell(cx);
        Ok(())
    }

    async fn apply(
        cx: &Context<Edges>,
        _: &Identity,
        _: Option<Prior<Spec, Status>>,
        _: &Spec,
    ) -> Outcome<Status> {
        tell(cx);
        Outcome::done(Status {})
    }

    async fn read(
        cx: &Context<Edges>,
        _: &Identity,
        _: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        tell(cx);
        Ok(Some((Spec { stamps: None, seals: None }, Status {})))
    }

    async fn delete(cx: &Context<Edges>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        tell(cx);
        Ok(())
    }

    fn upgrade(version: i64, state: Json) -> Result<Json, Problem> {
        renamed(version, state)
    }

    fn upgrade_identity(version: i64, identity: Json) -> Result<Json, Problem> {
        renamed(version, identity)
    }
}

/// Who writes.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    #[schemars(extend("deprecated" = true, "x-deprecated" = "Nobody signs any more."))]
    writer: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Found {}

/// All letters.
#[derive(JsonSchema)]
#[schemars(extend("deprecated" = true, "x-deprecated" = "Use `edges_word`."))]
pub struct Letters;

impl DataSource for Letters {
    const KIND: &'static str = "edges_letters";
    type Provider = Edges;
    type Config = Asked;
    type Output = Found;

    async fn read(_: &Context<Edges>, _: &Asked) -> Result<Found, Problem> {
        Ok(Found {})
    }
}

/// Ink that fades.
#[derive(JsonSchema)]
#[schemars(extend("deprecated" = true, "x-deprecated" = "Use `edges_token`."))]
pub struct Ink;

impl Ephemeral for Ink {
    const KIND: &'static str = "edges_ink";
    type Provider = Edges;
    type Config = Asked;
    type Output = Found;

    async fn open(_: &Context<Edges>, _: &Asked) -> Result<Opened<Found>, Problem> {
        Ok(Opened { output: Found {}, renew_at: None, private: Vec::new() })
    }
}
