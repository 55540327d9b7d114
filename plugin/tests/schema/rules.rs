//! The rules of Terraform core, and those of a provider's table: one case each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tfplugin_rs::schema::constraint::Constraint;
use tfplugin_rs::schema::{Attribute, Attributes, Kind, Nesting, Schema, check};
use tfplugin_rs::value::Type;
use tfplugin_rs::{DataSource, Problem, Provider, Table, View};

/// An optional text.
fn attribute() -> Attribute {
    Attribute {
        kind: Kind::Plain(Type::String),
        description: String::new(),
        required: false,
        optional: true,
        computed: false,
        sensitive: false,
        write_only: false,
        deprecated: None,
        default: None,
        replaces: false,
        identity: false,
        constraint: Constraint::default(),
    }
}

fn within(nesting: Nesting, attribute: Attribute) -> Attribute {
    let nested = Attributes::from([("inner".to_owned(), attribute)]);
    Attribute { kind: Kind::Nested(nesting, nested), ..self::attribute() }
}

fn checked(name: &str, attribute: Attribute) -> String {
    let attributes = Attributes::from([(name.to_owned(), attribute)]);
    let schema = Schema { attributes, ..Schema::default() };
    check::check(&schema).map_or_else(|error| error.to_string(), |()| "taken".to_owned())
}

#[test]
fn attributes() {
    let required = || Attribute { required: true, optional: false, ..attribute() };
    let secret = || Attribute { write_only: true, ..attribute() };
    let filled = || Attribute { computed: true, default: Some("x".into()), ..attribute() };
    let fixed = || Attribute { replaces: true, ..attribute() };
    let any = || Attribute { kind: Kind::Plain(Type::Dynamic), ..attribute() };
    let any_elements = Kind::Plain(Type::Set(Box::new(Type::Dynamic)));
    let told = [
        checked("plain", attribute()),
        checked("nobody_sets_it", Attribute { optional: false, ..attribute() }),
        checked("required_and_optional", Attribute { required: true, ..attribute() }),
        checked("required_and_computed", Attribute { computed: true, ..required() }),
        checked("secret", secret()),
        checked("secret_and_computed", Attribute { computed: true, ..secret() }),
        checked("secret_and_required", Attribute { write_only: true, ..required() }),
        checked("secret_and_fixed", Attribute { replaces: true, ..secret() }),
        checked("filled", filled()),
        checked("filled_and_not_computed", Attribute { computed: false, ..filled() }),
        checked("set", within(Nesting::Set, attribute())),
        checked("fixed_in_list", within(Nesting::List, fixed())),
        checked("fixed_in_set", within(Nesting::Set, fixed())),
        checked("secret_in_map", within(Nesting::Map, secret())),
        checked("secret_in_set", within(Nesting::Set, secret())),
        checked("filled_in_set", within(Nesting::Set, filled())),
        checked("any_in_list", within(Nesting::List, any())),
        checked("any_in_set", within(Nesting::Set, any())),
        checked("deep_in_set", within(Nesting::Set, within(Nesting::Single, secret()))),
        checked("set_of_any", Attribute { kind: any_elements, ..attribute() }),
        checked("count", attribute()),
        checked("counter", attribute()),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Reserved {
    count: Option<u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Empty {}

#[derive(JsonSchema)]
struct Nothing;

macro_rules! provider {
    ($name:ident, $config:ty) => {
        struct $name;

        impl Provider for $name {
            type Config = $config;

            async fn configure(_: View<$config>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
                Ok((Self, Vec::new()))
            }
        }
    };
}
provider!(Reserving, Reserved);
provider!(Plain, Empty);

impl DataSource for Nothing {
    const KIND: &'static str = "plain_nothing";
    type Provider = Plain;
    type Config = Empty;
    type Output = Empty;

    async fn read(_: &tfplugin_rs::Context<Plain>, _: &Empty) -> Result<Empty, Problem> {
        Ok(Empty {})
    }
}

#[test]
fn a_table_refuses_what_core_would_and_what_it_has_already() {
    let reserving = Table::<Reserving>::new().err().unwrap();
    assert_eq!(reserving.to_string(), "count: is a name that Terraform reserves");
    let table = Table::<Plain>::new().unwrap().data_source::<Nothing>().unwrap();
    let twice = table.data_source::<Nothing>().err().unwrap();
    assert_eq!(twice.to_string(), "plain_nothing: is offered twice");
}
