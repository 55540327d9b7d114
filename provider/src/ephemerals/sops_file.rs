//! `gitops_sops_file`: what an encrypted file says, decrypted while Terraform runs and stored nowhere.

use crate::problem::{add, problem};
use crate::provider::{Gitops, task};
use crate::sops::{identities, of_keys};
use gitops::Secret;
use gitops::sops::{Encrypted, Format, Plain};
use gitops::sops_program::{SopsProgram, Unopened};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fs;
use std::io::{self, Read};
use tfplugin_rs::{Context, Ephemeral, Opened, Problem, View};

/// Bytes of a file that are read.
const MAX_FILE: u64 = 16 << 20;

/// Decrypts a file that was encrypted with SOPS. What it says is neither in the plan nor in the state.
///
/// Argo CD does not decrypt such files: give `data` to a `gitops_secret_injection`, which puts it into the cluster. A file
/// that no identity of age opens, and that is for keys of PGP or of a cloud too, is opened by an installed `sops`: with the
/// keys of GnuPG and the credentials that the process has which runs Terraform.
///
/// The MAC is checked: a file in which a value was changed, added, removed or moved without SOPS is an error. As in SOPS, it
/// covers neither comments nor empty values nor the names of values that are not encrypted; with `mac_only_encrypted`, none
/// of those values. Comments are in `raw` alone.
#[derive(JsonSchema)]
pub struct SopsFile;

/// Which file, and who opens it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Path of the file, relative to where Terraform runs. Either this or `content`.
    pub path: Option<String>,
    /// The encrypted file itself, such as another resource or data source has it.
    pub content: Option<String>,
    /// Format of the file: `yaml`, `json` or `dotenv`. Default: what the ending of `path` says (`.yaml`, `.yml`, `.json`,
    /// `.env`); with `content`, `yaml`.
    pub format: Option<Format>,
    /// Identities of age: lines that begin with `AGE-SECRET-KEY-1`, or private keys of ssh. Default: those that SOPS
    /// finds: `SOPS_AGE_SSH_PRIVATE_KEY_FILE`, `~/.ssh/id_ed25519` and `~/.ssh/id_rsa`, `SOPS_AGE_KEY`,
    /// `SOPS_AGE_KEY_FILE`, `sops/age/keys.txt` in the user's configuration.
    pub identities: Option<Secret<Vec<String>>>,
}

/// What the file says.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The values by their names, with maps and lists as the file has them. Of a YAML file with several documents, a list
    /// of them.
    #[schemars(extend("x-sensitive" = true))]
    pub data: Json,
    /// The whole file, decrypted, in its format.
    #[schemars(extend("x-sensitive" = true))]
    pub raw: String,
}

impl Ephemeral for SopsFile {
    const KIND: &'static str = "gitops_sops_file";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let given = config.get();
        if !config.is_known("path") || !config.is_known("content") {
            return Vec::new();
        }
        match (&given.path, &given.content) {
            (None, None) => vec![Problem::error("No file is named", "Give `path` or `content`.").at("path")],
            (Some(_), Some(_)) => {
                vec![Problem::error("Two files are named", "Give either `path` or `content`.").at("content")]
            }
            (Some(path), None) if config.is_known("format") => {
                format(path, given.format).err().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    async fn open(cx: &Context<Gitops>, config: &Config) -> Result<Opened<Output>, Problem> {
        let (at, text, format) = match (&config.path, &config.content) {
            (Some(path), _) => ("path", read(path)?, format(path, config.format)?),
            (None, content) => {
                ("content", content.clone().unwrap_or_default(), config.format.unwrap_or(Format::Yaml))
            }
        };
        let named = config.path.as_deref().map_or_else(|| "The file".to_owned(), |path| format!("`{path}`"));
        let failed = |error: &Unopened| cannot(&named, error).at(at);
        let file = Encrypted::parse(&text, format).map_err(|error| failed(&error.into()))?;
        let found = identities(cx, config.identities.as_ref(), "identities")?;
        let plain = SopsProgram::default().open(&task(cx), &file, &text, &found.identities).await;
        let plain = plain.map_err(|error| {
            let mut problem = failed(&error);
            if let Unopened::Sops(error) = &error {
                of_keys(error, &found).iter().for_each(|paragraph| add(&mut problem, paragraph));
            }
            problem
        })?;
        Ok(Opened { output: output(&plain, format), renew_at: None, private: Vec::new() })
    }
}

fn cannot(file: &str, error: &Unopened) -> Problem {
    let Problem { summary, detail, .. } = problem(error);
    Problem::error(format!("{file} cannot be decrypted"), format!("{summary}.\n\n{detail}"))
}

/// The format of the file at `path`.
fn format(path: &str, given: Option<Format>) -> Result<Format, Problem> {
    given.or_else(|| Format::of_path(path)).ok_or_else(|| {
        let detail =
            format!("The ending of `{path}` is none of `.yaml`, `.yml`, `.json` and `.env`. Set `format`.");
        Problem::error("The format of the file is not known", detail).at("format")
    })
}

fn read(path: &str) -> Result<String, Problem> {
    let text = || {
        let mut text = String::new();
        fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    match text() {
        Ok(text) if text.len() as u64 <= MAX_FILE => Ok(text),
        Ok(_) => {
            Err(Problem::error(format!("`{path}` is larger than 16 MiB"), "See that it is the right file.")
                .at("path"))
        }
        Err(error) => {
            let detail = format!(
                "{error}.\n\nThe path is relative to the directory that Terraform runs in: `${{path.module}}/…` is relative to the module."
            );
            Err(Problem::error(format!("`{path}` cannot be read"), detail).at("path"))
        }
    }
}

fn output(plain: &Plain, format: Format) -> Output {
    let documents = plain.tree().0.iter().map(|document| serde_json::to_value(document).unwrap_or_default());
    let mut documents: Vec<Json> = documents.collect();
    let data = if documents.len() == 1 { documents.remove(0) } else { Json::Array(documents) };
    Output { data, raw: plain.text(format).expose().clone() }
}

#[cfg(test)]
#[path = "sops_file_tests.rs"]
mod tests;
