//! Notes in files: a resource, a data source, an ephemeral resource and a function.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tfplugin_rs::schema::derive::Error;
use tfplugin_rs::{
    Context, DataSource, Ephemeral, Fixed, Foresight, Function, FunctionError, Opened, Outcome, Prior,
    Problem, Provider, Resource, Table, View,
};

/// What the provider offers.
pub fn table() -> Result<Table<Notes>, Error> {
    Table::new()?.resource::<Note>()?.data_source::<Listing>()?.ephemeral::<Token>()?.function::<Shout>()
}

/// The configured provider.
pub struct Notes {
    directory: Option<PathBuf>,
}

/// Keeps notes in files.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The directory of the notes; it must exist when notes are written.
    directory: Option<String>,
}

impl Provider for Notes {
    type Config = Config;

    async fn configure(config: View<Config>) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        Ok((Self { directory: config.into_inner().directory.map(PathBuf::from) }, Vec::new()))
    }
}

impl Notes {
    fn file(&self, name: &str) -> Result<PathBuf, Problem> {
        let directory = self.directory.as_ref();
        let missing = || Problem::error("No directory", "Set `directory` in the provider block.");
        Ok(directory.ok_or_else(missing)?.join(format!("{name}.json")))
    }
}

/// A value that is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

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

/// How a note looks.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Frame {
    /// No frame.
    #[default]
    Plain,
    /// A frame of dashes.
    Dashed,
}

/// A note in a file.
#[derive(JsonSchema)]
pub struct Note;

/// What the note is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the note, also of its file.
    pub name: String,
}

/// What the note says.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The text.
    pub text: String,
    /// Words to find it by.
    pub tags: Option<BTreeSet<String>>,
    /// The frame around it.
    #[serde(default)]
    pub frame: Frame,
    /// What it is written with; a note cannot be written anew.
    pub ink: Option<Fixed<String>>,
    /// Anything else.
    pub extra: Option<serde_json::Value>,
    /// Remarks by author.
    pub remarks: Option<BTreeMap<String, Remark>>,
    /// A number, as exact as it was written.
    pub weight: Option<f64>,
    /// A secret, of which only the length is kept.
    pub secret_wo: Option<Hidden>,
}

/// A remark on a note.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// What it says.
    pub text: String,
    /// How loud it is.
    #[serde(default = "one")]
    pub volume: u8,
}

fn one() -> u8 {
    1
}

/// What was learned.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Length of the text in bytes.
    pub length: u64,
    /// Length of the secret in bytes.
    pub secret_length: u64,
    /// How often the note was written.
    pub revision: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    spec: Spec,
    secret_length: u64,
    revision: u64,
}

impl Stored {
    fn read(file: &Path) -> Result<Option<Self>, Problem> {
        match std::fs::read(file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::error("Cannot read the note", error.to_string())),
        }
    }

    fn status(&self) -> Status {
        Status {
            length: self.spec.text.len() as u64,
            secret_length: self.secret_length,
            revision: self.revision,
        }
    }
}

impl Resource for Note {
    const KIND: &'static str = "notes_note";
    type Provider = Notes;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.name.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        match text.is_empty() || text.contains('/') {
            true => Err(Problem::error(
                "Not an import id",
                "The import id is the note's name, such as `groceries`.",
            )),
            false => Ok(Identity { name: text.to_owned() }),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        assert_ne!(id.get().name, "panic", "the tests want to see what becomes of this");
        if id.is_known("name") && id.get().name.contains('/') {
            problems.push(Problem::error("Invalid name", "A name has no slash.").at("name"));
        }
        if spec.get().text.is_empty() {
            problems.push(Problem::error("Empty note", "Write something.").at("text"));
        }
        problems
    }

    async fn foresee(_: &Context<Notes>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.claim(format!("the note `{}`", plan.id().name), &["name"]);
        plan.derive("length", &["text"], |_, spec| spec.text.len());
        let secret = plan.want().secret_wo.as_ref().map_or(0, |secret| secret.0.len() as u64);
        match plan.prior().map(|prior| prior.status.secret_length) {
            _ if !plan.is_known("secret_wo") => plan.unknown("secret_length"),
            Some(before) if before != secret => {
                plan.unknown("secret_length");
                plan.unknown("revision");
            }
            Some(_) => plan.keep("secret_length"),
            None => plan.set("secret_length", secret),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Notes>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let write = || {
            let file = cx.provider().file(&id.name)?;
            if prior.is_none() && file.exists() {
                let detail = format!(
                    "A note named {:?} is there already. Import it, or choose another name.",
                    id.name
                );
                return Err(Problem::error("The note exists", detail).at("name"));
            }
            let revision = prior.as_ref().map_or(0, |prior| prior.status.revision) + 1;
            let secret_length = want.secret_wo.as_ref().map_or(0, |secret| secret.0.len() as u64);
            let stored = Stored { spec: want.clone(), secret_length, revision };
            let json =
                serde_json::to_vec(&stored).map_err(|_| Problem::bug("a note cannot be written as JSON"))?;
            std::fs::write(file, json)
                .map_err(|error| Problem::error("Cannot write the note", error.to_string()))?;
            Ok(stored.status())
        };
        write().into()
    }

    async fn read(
        cx: &Context<Notes>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let stored = Stored::read(&cx.provider().file(&id.name)?)?;
        Ok(stored.map(|stored| (stored.spec.clone(), stored.status())))
    }

    async fn delete(cx: &Context<Notes>, id: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        match std::fs::remove_file(cx.provider().file(&id.name)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Problem::error("Cannot remove the note", error.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn moved(provider: &str, kind: &str, state: &serde_json::Value) -> Option<serde_json::Value> {
        let known = provider.ends_with("/example/paper") && kind == "paper_note";
        known.then(|| serde_json::json!({"name": state.get("title"), "text": state.get("text"), "id": state.get("title")}))
    }
}

/// The names of all notes.
#[derive(JsonSchema)]
pub struct Listing;

/// Which notes to list.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ListingConfig {
    /// What the names begin with.
    pub prefix: Option<String>,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ListingOutput {
    /// The names in order.
    pub names: Vec<String>,
}

impl DataSource for Listing {
    const KIND: &'static str = "notes_listing";
    type Provider = Notes;
    type Config = ListingConfig;
    type Output = ListingOutput;

    async fn read(cx: &Context<Notes>, config: &ListingConfig) -> Result<ListingOutput, Problem> {
        let file = cx.provider().file("any")?;
        let directory = file.parent().unwrap_or(&file);
        let entries = std::fs::read_dir(directory)
            .map_err(|error| Problem::error("Cannot list the notes", error.to_string()))?;
        let prefix = config.prefix.as_deref().unwrap_or_default();
        let name =
            |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned);
        let mut names: Vec<_> =
            entries.flatten().filter_map(name).filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        Ok(ListingOutput { names })
    }
}

/// A word that nobody may keep.
#[derive(JsonSchema)]
pub struct Token;

/// Which word.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct TokenConfig {
    /// What it is made of.
    pub seed: String,
}

/// The word.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct TokenOutput {
    /// The seed, backwards.
    #[schemars(extend("x-sensitive" = true))]
    pub token: String,
}

impl Ephemeral for Token {
    const KIND: &'static str = "notes_token";
    type Provider = Notes;
    type Config = TokenConfig;
    type Output = TokenOutput;

    async fn open(_: &Context<Notes>, config: &TokenConfig) -> Result<Opened<TokenOutput>, Problem> {
        let output = TokenOutput { token: config.seed.chars().rev().collect() };
        Ok(Opened { output, renew_at: None, private: Vec::new() })
    }
}

/// Turns a text into capital letters.
#[derive(JsonSchema)]
pub struct Shout;

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct ShoutArguments {
    /// The text.
    pub text: String,
    /// How many exclamation marks follow.
    pub marks: Option<u8>,
}

impl Function for Shout {
    const NAME: &'static str = "shout";
    const SUMMARY: &'static str = "A text in capital letters";
    const PARAMETERS: &'static [&'static str] = &["text", "marks"];
    type Arguments = ShoutArguments;
    type Output = String;

    fn call(arguments: ShoutArguments) -> Result<String, FunctionError> {
        if arguments.text.is_empty() {
            return Err(FunctionError { text: "There is nothing to shout.".into(), parameter: Some("text") });
        }
        Ok(arguments.text.to_uppercase() + &"!".repeat(arguments.marks.unwrap_or(0).into()))
    }
}
