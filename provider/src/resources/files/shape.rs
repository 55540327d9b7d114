//! What users say of a set of files and what they learn of it, to and from the set that the platform knows.

use crate::defaults;
use crate::problem::{Locate, problem};
use crate::resources::repository::Place;
use gitops::files::{self, FileSet, Seen, Taken, digest};
use gitops::git::{self, Remote, Repository, Snapshot};
use gitops::names;
use gitops::path::RepoPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use tfplugin_rs::Problem;
use tfplugin_rs::value::Path;

/// What the set is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Name of the set, for messages and commits; no file is called after it.
    pub name: String,
}

/// What is wanted of it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// Content of each file by its path in the repository, such as `.github/workflows/ci.yaml`. All who read the
    /// repository read it: no secret belongs here.
    pub files: BTreeMap<String, String>,
    /// Whether a file of the set that is no longer in `files` is removed. Else it stays, and is nobody's from then on.
    #[serde(default = "defaults::yes")]
    pub prune: bool,
    /// Line that the commits have as their message; `{action}` in it stands for `create`, `update` or `delete`, `{name}`
    /// for the name. Default: `{action} files {name}`, which a destroy also takes where this has no `{action}`.
    pub message: Option<String>,
    /// Whether to replace files that somebody else made and that say something else.
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
    /// Commit that has the files as they are wanted. Empty while Git says something else.
    pub commit: String,
    /// SHA-256 of the content of each file, by its path, as Git has it.
    pub digests: BTreeMap<String, String>,
}

impl Spec {
    /// The digests that the files will have.
    pub fn digests(&self) -> BTreeMap<String, String> {
        self.files.iter().map(|(path, content)| (path.clone(), digest(content.as_bytes()))).collect()
    }
}

impl Status {
    /// The status of files with `digests` in `repository`.
    pub fn of(repository: &Repository, commit: String, digests: BTreeMap<String, String>) -> Self {
        let (repository_url, branch) = (repository.url(), repository.branch().to_owned());
        Self { repository_url, branch, commit, digests }
    }

    /// Where the files are.
    pub fn place(&self) -> Place<'_> {
        Place { url: &self.repository_url, branch: &self.branch, digests: &self.digests }
    }
}

/// The attribute of the file at `path`.
pub fn at(path: &str) -> Path {
    Path::root().attribute("files").key(path)
}

/// The message of a commit that does `action`.
pub fn message(id: &Identity, spec: &Spec, action: &str) -> String {
    let message = spec.message.as_deref().unwrap_or(DEFAULT_MESSAGE);
    // Most messages say what was done to make the files.
    let message = if action == "delete" && !message.contains(ACTION) { DEFAULT_MESSAGE } else { message };
    message.replace(ACTION, action).replace("{name}", &id.name)
}

const ACTION: &str = "{action}";
const DEFAULT_MESSAGE: &str = "{action} files {name}";

/// The set of `files` in `repository`.
pub fn set(
    id: &Identity,
    repository: &Repository,
    files: &BTreeMap<String, String>,
) -> Result<FileSet, Problem> {
    let files = files::parse(files).map_err(|(path, wrong)| problem(&wrong).at(at(&path)))?;
    Ok(FileSet { files, mark: None, import_id: format!("{}:{}", repository.branch(), id.name) })
}

/// What is wrong with the paths alone.
pub fn wrong_paths<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<Problem> {
    let wrong = files::check(paths.map(|path| (path, ""))).into_iter();
    wrong.map(|(path, wrong)| problem(&wrong).at(at(path))).collect()
}

/// Everything that is wrong with a configuration.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(names::object(&id.name, "set of files").at("name").err());
    let wrong = files::check(files::pairs(&spec.files)).into_iter();
    problems.extend(wrong.map(|(path, wrong)| problem(&wrong).at(at(path))));
    if spec.message.as_ref().is_some_and(|message| message.trim().is_empty()) {
        let detail = "Leave `message` out for a message that says what happens.";
        problems.push(Problem::error("The message of the commits is empty", detail).at("message"));
    }
    problems
}

/// The files of the set as `tree` has them: the spec that says so, and their digests. A file that is too large to be
/// shown is shown as missing; one in whose place there is something else is.
pub fn found(
    tree: &Snapshot,
    last: &Spec,
    status: &Status,
) -> Result<(Spec, BTreeMap<String, String>), Problem> {
    let mut spec = last.clone();
    let mut digests = BTreeMap::new();
    let known = status.place().known();
    for path in known.keys() {
        let seen = Seen::at(tree, path).map_err(|error| located(&error, last))?;
        let name = path.to_string();
        digests.extend(seen.digest().map(|digest| (name.clone(), digest)));
        match seen {
            Seen::File(content) => {
                spec.files.insert(name, String::from_utf8_lossy(&content).into_owned());
            }
            Seen::Nothing | Seen::Obstacle(_) => drop(spec.files.remove(&name)),
        }
    }
    Ok((spec, digests))
}

/// The file at `path`, which an import names.
pub fn text(tree: &Snapshot, path: &str, repository: &Repository) -> Result<String, Problem> {
    let refused = |why: &str| {
        let place = format!("`{}` of {}", repository.branch(), repository.url());
        Problem::error(format!("`{path}` cannot be imported"), format!("On {place} {why}"))
    };
    let valid = RepoPath::parse(path).whole()?;
    let Some(content) = tree.file(&valid).whole()? else {
        return Err(refused("there is no such file. Name the files of the set that are there."));
    };
    String::from_utf8(content)
        .map_err(|_| refused("it is no text (UTF-8), which a configuration cannot hold."))
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error, spec: &Spec) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            match why.downcast_ref::<Taken>().map(|taken| taken.paths.as_slice()) {
                Some([one]) => at(one),
                _ => Path::from("files"),
            }
        }
        git::Error::Detour { path, .. }
        | git::Error::Clash { path, .. }
        | git::Error::TooLarge { path, .. } => {
            let file = spec.files.keys().find(|file| is_within(file, path));
            file.map_or_else(|| Path::from("files"), |file| at(file))
        }
        _ => Path::from("git"),
    };
    problem(error).at(path)
}

/// Whether `file` is `path` or lies below it.
fn is_within(file: &str, path: &str) -> bool {
    file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
