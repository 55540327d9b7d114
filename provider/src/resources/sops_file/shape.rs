//! What users say of an encrypted file and what they learn of it, to and from the file that the platform knows.

use crate::problem::{Locate, problem};
use crate::resources::repository::Place;
use gitops::files::Taken;
use gitops::git::{self, Remote, Repository};
use gitops::path::RepoPath;
use gitops::sops::{self, Format, Last, NoPolicy, Pattern, Plain, Policy, Recipient, Rule};
use gitops::{Secret, secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use tfplugin_rs::Problem;

/// What the file is.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Path of the file in the repository, such as `secrets/prod.yaml`.
    pub path: String,
}

/// What is wanted of it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// Format of the file: `yaml`, `json` or `dotenv`. Default: what the ending of `path` says (`.yaml`, `.yml`, `.json`,
    /// `.env`).
    pub format: Option<Format>,
    /// The values, as a text of the file's format: `yamlencode(…)`, `jsonencode(…)`, or lines of `NAME=value`. Comments
    /// are encrypted with them, and a change of nothing but comments is not planned. Either this or `data_wo`.
    pub content_wo: Option<Secret<String>>,
    /// The values by their names, as texts. All of them are encrypted: a rule that would leave one readable is an error. Of
    /// `content_wo`, at least one is.
    pub data_wo: Option<Secret<secret::Map>>,
    /// A number to raise when the values changed. With it, only the number counts; use it for values that differ each time
    /// they are asked for.
    pub data_wo_revision: Option<i64>,
    /// Names of values that must be there and not empty; of a value further down all names on the way, with dots between
    /// them: `stringData.password`. A missing one fails the plan.
    pub required_keys: Option<BTreeSet<String>>,
    /// Recipients of age: `age1…`, or public keys of ssh. Each of them opens the file. Default: those of the nearest
    /// `.sops.yaml` above the file in the repository, which also says what is encrypted then.
    pub age: Option<BTreeSet<String>>,
    /// Values below a key that this regular expression matches are encrypted, and no others: `^(data|stringData)$`. At
    /// most one of the four can be given, and together with `age` only.
    pub encrypted_regex: Option<String>,
    /// Values below a key that this regular expression matches are not encrypted.
    pub unencrypted_regex: Option<String>,
    /// Values below a key with this ending are encrypted, and no others.
    pub encrypted_suffix: Option<String>,
    /// Values below a key with this ending are not encrypted. Default: `_unencrypted`.
    pub unencrypted_suffix: Option<String>,
    /// Whether the MAC of the file covers encrypted values only, so that others may be edited without SOPS.
    pub mac_only_encrypted: Option<bool>,
    /// Identities of age that open the file, so that what stays the same keeps its ciphertext when something changes.
    /// Default: those that SOPS finds on this machine. Without any, a change encrypts all values anew.
    pub identities_wo: Option<Secret<Vec<String>>>,
    /// Line that the commits have as their message; `{action}` in it stands for `create`, `update` or `delete`, `{path}`
    /// for the path. Default: `{action} encrypted file {path}`.
    pub message: Option<String>,
    /// Whether to replace a file that somebody else made.
    #[serde(default)]
    pub take_ownership: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Address of the repository.
    #[schemars(extend("x-identity" = true))]
    pub repository_url: String,
    /// Branch of the repository.
    #[schemars(extend("x-identity" = true))]
    pub branch: String,
    /// Commit that has the file as it is wanted. Empty while Git says something else.
    pub commit: String,
    /// SHA-256 of the encrypted file, as Git has it.
    pub digest: String,
    /// The recipients of the file.
    pub recipients: BTreeSet<String>,
    /// A fingerprint of the values. Without the file itself, or the key in `GITOPS_FINGERPRINT_KEY`, it tells nothing about
    /// them.
    pub fingerprint: String,
}

impl Spec {
    /// What the configuration says of recipients and rules; `None` where `.sops.yaml` says it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn policy(&self) -> Result<Option<Policy>, Problem> {
        let rules = self.rules();
        let Some(age) = &self.age else {
            let given = rules.first().map(|(name, _)| *name);
            let given = given.or_else(|| self.mac_only_encrypted.map(|_| "mac_only_encrypted"));
            return match given {
                None => Ok(None),
                Some(name) => {
                    let detail = "Without `age`, the `.sops.yaml` of the repository says for whom the file is and what is encrypted. Give `age`, or leave this out.";
                    Err(Problem::error(format!("`{name}` needs `age`"), detail).at(name))
                }
            };
        };
        let recipients = age.iter().map(|text| Recipient::parse(text)).collect::<Result<_, _>>().at("age")?;
        let policy = Policy {
            rule: self.rule(&rules)?,
            mac_only_encrypted: self.mac_only_encrypted.unwrap_or_default(),
            ..Policy::of(recipients)
        };
        policy.check().at("age")?;
        Ok(Some(policy))
    }

    fn rules(&self) -> Vec<(&'static str, &str)> {
        let rules = [
            ("encrypted_regex", &self.encrypted_regex),
            ("unencrypted_regex", &self.unencrypted_regex),
            ("encrypted_suffix", &self.encrypted_suffix),
            ("unencrypted_suffix", &self.unencrypted_suffix),
        ];
        rules.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect()
    }

    fn rule(&self, rules: &[(&'static str, &str)]) -> Result<Rule, Problem> {
        let (name, text) = match rules {
            [] => return Ok(Rule::default()),
            [(name, "")] => {
                return Err(Problem::error(format!("`{name}` is empty"), "Leave it out.").at(*name));
            }
            [one] => *one,
            [(one, _), (other, _), ..] => {
                let error = sops::Error::Rules { one, other };
                return Err(problem(&error).at(*other));
            }
        };
        let pattern = || Pattern::parse(text).map_err(sops::Error::from).at(name);
        Ok(match name {
            "encrypted_regex" => Rule::EncryptedRegex(pattern()?),
            "unencrypted_regex" => Rule::UnencryptedRegex(pattern()?),
            "encrypted_suffix" => Rule::EncryptedSuffix(text.to_owned()),
            _ => Rule::UnencryptedSuffix(text.to_owned()),
        })
    }

    /// The attribute that has the values.
    fn values(&self) -> &'static str {
        if self.data_wo.is_some() { "data_wo" } else { "content_wo" }
    }

    /// The format of the file at `path`.
    pub fn format(&self, path: &str) -> Result<Format, Problem> {
        self.format.or_else(|| Format::of_path(path)).ok_or_else(|| {
            let detail = format!(
                "The ending of `{path}` is none of `.yaml`, `.yml`, `.json` and `.env`. Set `format`."
            );
            Problem::error("The format of the file is not known", detail).at("format")
        })
    }

    /// The values, with all that are required.
    pub fn plain(&self, format: Format) -> Result<Plain, Problem> {
        let plain = self.given(format)?;
        self.required_keys.as_ref().map_or(Ok(()), |required| plain.demand(required)).at("required_keys")?;
        Ok(plain)
    }

    fn given(&self, format: Format) -> Result<Plain, Problem> {
        match (&self.content_wo, &self.data_wo) {
            (Some(content), None) => Plain::parse(content.expose(), format).at("content_wo"),
            (None, Some(data)) => Plain::of(data.expose(), format).at("data_wo"),
            (None, None) => {
                Err(Problem::error("There is nothing to encrypt", "Give `content_wo` or `data_wo`. Is the variable that holds the values set in this environment?").at("content_wo"))
            }
            (Some(_), Some(_)) => {
                Err(Problem::error("The values are given twice", "Give either `content_wo` or `data_wo`.").at("data_wo"))
            }
        }
    }
}

impl Status {
    /// The status of a file in `repository` of which `last` was seen.
    pub fn of(repository: &Repository, commit: String, last: Last) -> Self {
        let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
        let Last { digest, fingerprint, recipients } = last;
        Self { repository_url, branch, commit, digest, recipients, fingerprint }
    }

    /// What was seen of the file.
    pub fn last(&self) -> Last {
        let Self { digest, fingerprint, recipients, .. } = self.clone();
        Last { digest, fingerprint, recipients }
    }

    /// The file by its path, as [`Place`] has it.
    pub fn digests(&self, id: &Identity) -> BTreeMap<String, String> {
        [(id.path.clone(), self.digest.clone())].into()
    }

    /// Where the file is.
    pub fn place<'a>(&'a self, digests: &'a BTreeMap<String, String>) -> Place<'a> {
        Place { url: &self.repository_url, branch: &self.branch, digests }
    }
}

/// The message of a commit that does `action`.
pub fn message(id: &Identity, spec: &Spec, action: &str) -> String {
    let message = spec.message.as_deref().unwrap_or(DEFAULT_MESSAGE);
    // Most messages say what was done to make the file.
    let message = if action == "delete" && !message.contains(ACTION) { DEFAULT_MESSAGE } else { message };
    message.replace(ACTION, action).replace("{path}", &id.path)
}

const ACTION: &str = "{action}";
const DEFAULT_MESSAGE: &str = "{action} encrypted file {path}";

/// Everything that is wrong with what a configuration says apart from the values.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(RepoPath::parse(&id.path).at("path").err());
    problems.extend(spec.policy().err());
    if spec.message.as_ref().is_some_and(|message| message.trim().is_empty()) {
        let detail = "Leave `message` out for a message that says what happens.";
        problems.push(Problem::error("The message of the commits is empty", detail).at("message"));
    }
    problems
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error, spec: &Spec) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            match why.downcast_ref::<sops::Error>() {
                _ if why.is::<NoPolicy>() => "age",
                _ if why.is::<Taken>() => "path",
                Some(sops::Error::Unwritable { .. } | sops::Error::Readable { .. }) => spec.values(),
                _ => "path",
            }
        }
        git::Error::Detour { .. } | git::Error::Clash { .. } | git::Error::TooLarge { .. } => "path",
        _ => "git",
    };
    problem(error).at(path)
}
