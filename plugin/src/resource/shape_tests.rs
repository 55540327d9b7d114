//! One object of three structs, and what is empty in it.

use super::*;
use crate::{Context, Outcome, Prior};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A thing with lists.
#[derive(schemars::JsonSchema)]
struct Thing;

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Identity {
    /// Name.
    name: String,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Spec {
    /// Wanted.
    #[serde(default)]
    wanted: BTreeSet<String>,
    /// How.
    how: Option<How>,
    /// Needed.
    needed: BTreeSet<String>,
    /// Parts.
    #[serde(default)]
    parts: Vec<How>,
    /// Names.
    #[serde(default)]
    names: BTreeMap<String, How>,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct How {
    /// Ways.
    #[serde(default)]
    ways: Vec<String>,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Status {
    /// Learned.
    learned: BTreeSet<String>,
}

impl Resource for Thing {
    const KIND: &'static str = "test_thing";
    type Provider = ();
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        Ok(Identity { name: text.to_owned() })
    }

    async fn apply(
        _: &Context<()>,
        _: &Identity,
        _: Option<Prior<Spec, Status>>,
        _: &Spec,
    ) -> Outcome<Status> {
        Outcome::failed(Problem::error("Not asked for", ""))
    }

    async fn read(
        _: &Context<()>,
        _: &Identity,
        _: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        Ok(None)
    }

    async fn delete(_: &Context<()>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        Ok(())
    }
}

/// After an import all that was last known is null. An input that is empty stays null, as a configuration that
/// says nothing has it; one that every configuration says, and an output, are what was found, and can be read again.
#[test]
fn an_empty_output_is_not_null() {
    let layout = Layout::of::<Thing>().unwrap();
    let (id, spec) = (
        Identity { name: "a".into() },
        Spec {
            wanted: BTreeSet::new(),
            how: Some(How { ways: vec![] }),
            needed: BTreeSet::new(),
            parts: vec![How { ways: vec![] }],
            names: [("a".to_owned(), How { ways: vec![] })].into(),
        },
    );
    let status = Status { learned: BTreeSet::new() };
    let last = layout.imported::<Thing>(&id, &Value::Null).unwrap();
    let found = layout.found::<Thing>(&last, &id, &spec, &status).unwrap();
    let Value::Object(fields) = &found else { panic!("not an object") };
    let silent = Value::object([("ways", Value::Null)]);
    assert_eq!(fields["how"], silent);
    assert_eq!(fields["parts"], Value::List(vec![silent.clone()]));
    assert_eq!(fields["names"], Value::map([("a", silent)]));
    assert!(fields["wanted"].is_null() && !fields["learned"].is_null(), "{fields:?}");
    assert!(typed::read::<Status>(&layout.status, &found).is_ok());
    assert!(typed::read::<Spec>(&layout.spec, &found).is_ok());
}
