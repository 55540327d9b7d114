//! What users say of a release and what they learn of it, to and from the release that the platform knows.

use super::claims::Second;
use crate::import_id;
use crate::problem::{Locate, first, problem};
use gitops::git::{self, Refusal, Remote, Repository};
use gitops::image::join;
use gitops::path::RepoPath;
use gitops::release::{self, Format, Parts, Release, spelled, spelled_in};
use gitops::yaml::{Document, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::error::Error;
use tfplugin_rs::Problem;

/// The place that is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Path of the file in the repository, such as `apps/web/kustomization.yaml`.
    pub file: String,
    /// Path in the file, such as `spec.template.spec.containers[name=web].image`, `images[name=ghcr.io/acme/web]` or
    /// `image`. An item of a list is chosen by one of its values or by its number, from 0; a key with a dot in it stands
    /// in quotes, single or double.
    pub path: String,
    /// The document that is meant, in a file that has several: `Kind/name`, such as `Deployment/web`, or its number, from
    /// 0.
    pub document: Option<String>,
}

/// What is wanted there.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The repository. Default: that of the provider block.
    pub git: Option<Remote>,
    /// What stands at `path`: the whole `reference`, such as `ghcr.io/acme/web:1.4.2`; the `tag` or the `digest` alone;
    /// `kustomize`, an entry of a kustomization's `images` with `newName`, `newTag` and `digest`; or `helm`, a mapping of
    /// a chart's values with `repository`, `tag` and `digest`.
    #[serde(default)]
    pub format: Format,
    /// Registry and repository of the image, without tag and digest: `newName` of a kustomization, `repository` of a
    /// chart's values. Default: what is there.
    pub image: Option<String>,
    /// Tag of the image. Where only `digest` is given, a tag in a reference or in a kustomization is taken away.
    pub tag: Option<String>,
    /// Digest of the image, such as `sha256:…`. Where only `tag` is given, a digest that is there is taken away: it is
    /// that of another image.
    pub digest: Option<String>,
    /// First line of the commit message. Default: one that names the image, `path` and `file`.
    pub message: Option<String>,
    /// Whether to write a line although a comment on it gives it to Flux's image automation, or an annotation of the
    /// Application in its document gives images to Argo CD Image Updater.
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
    /// Commit that has the image as it is wanted. Empty while Git says something else.
    pub commit: String,
}

impl Status {
    /// The status of a release in `repository`.
    pub fn of(repository: &Repository, commit: String) -> Self {
        Self { repository_url: repository.url(), branch: repository.branch().to_owned(), commit }
    }

    /// Whether it is that of a release in `repository`.
    pub fn is_in(&self, repository: &Repository) -> bool {
        self.repository_url == repository.url() && self.branch == repository.branch()
    }
}

/// Where a release is, read.
pub struct Place {
    /// The file.
    pub file: RepoPath,
    /// The document in it.
    pub document: Option<Document>,
    /// Where in the document.
    pub path: Path,
}

impl Place {
    /// The place that `id` says, or all that is wrong with it.
    pub fn of(id: &Identity) -> Result<Self, Vec<Problem>> {
        let file = RepoPath::parse(&id.file).at("file").and_then(|file| match id.file.contains('#') {
            true => Err(Problem::error("The path of the file has a `#` in it", NO_HASH).at("file")),
            false => Ok(file),
        });
        let path = Path::parse(&id.path).at("path");
        let document =
            id.document.as_deref().map(|document| Document::parse(document).at("document")).transpose();
        match (file, path, document) {
            (Ok(file), Ok(path), Ok(document)) => Ok(Self { file, document, path }),
            (file, path, document) => {
                Err([file.err(), path.err(), document.err()].into_iter().flatten().collect())
            }
        }
    }

    /// The same in words, spelled in one way.
    pub fn name(&self) -> String {
        self.name_of(&self.path)
    }

    /// Another path of the same document in words.
    pub fn name_of(&self, path: &Path) -> String {
        let (document, path) = spelled(self.document.clone(), path.clone());
        let document = document.map(|document| format!(", document `{document}`")).unwrap_or_default();
        format!("`{path}` of `{}`{document}", self.file)
    }

    /// The same place as a file that says `text` has it; `None` where it is not there.
    pub fn found_in(&self, text: &str) -> Option<Self> {
        let (document, path) = spelled_in(text, self.document.as_ref(), &self.path)?;
        Some(Self { file: self.file.clone(), document, path })
    }

    /// The tag of `image` in a kustomization; `None` where it cannot be there.
    pub fn of_tag(file: &str, image: &str) -> Option<Self> {
        let path = Path::parse(&format!("images[name=\"{image}\"].newTag")).ok()?;
        Some(Self { file: RepoPath::parse(file).ok()?, document: None, path })
    }
}

const NO_HASH: &str = "In the import id, `#` stands between the file and the path in it. Rename the file.";

impl Spec {
    /// The parts of the image that are wanted.
    pub fn parts(&self) -> Parts {
        Parts { image: self.image.clone(), tag: self.tag.clone(), digest: self.digest.clone() }
    }

    /// The same with other parts.
    pub fn with(self, Parts { image, tag, digest }: Parts) -> Self {
        Self { image, tag, digest, ..self }
    }

    /// What is wanted where a release was found.
    pub fn imported(git: Remote, found: &Release) -> Self {
        let git = Some(git).filter(|git| *git != Remote::default());
        let (format, message, take_ownership) = (found.format, None, false);
        let spec = Self { git, format, image: None, tag: None, digest: None, message, take_ownership };
        spec.with(found.parts.clone())
    }
}

/// The release that is wanted.
pub fn release(id: &Identity, spec: &Spec) -> Result<Release, Problem> {
    let Place { file, document, path } = Place::of(id).map_err(first)?;
    Ok(Release { file, document, path, format: spec.format, parts: spec.parts() })
}

/// Everything that is wrong with a configuration.
pub fn problems(id: &Identity, spec: &Spec) -> Vec<Problem> {
    let parts = spec.parts();
    let place = Place::of(id);
    let format = place.as_ref().ok().and_then(|place| spec.format.check(&place.path).at("path").err());
    let wrong = parts.problems().into_iter().chain(spec.format.problems(&parts));
    let wrong = wrong.map(|(attribute, error)| problem(&error).at(attribute));
    let mut problems: Vec<_> = place.err().into_iter().flatten().chain(format).chain(wrong).collect();
    if spec.tag.as_deref() == Some("latest") && spec.digest.is_none() {
        problems.push(Problem::warning("The tag `latest` moves", MOVES).at("tag"));
    }
    problems
}

const MOVES: &str = "What runs is then not what Git says, but what the registry had when a node last pulled it. Give \
                     the `digest` too, or a tag that is never pushed again.";

/// The first line of the commit.
pub fn message(spec: &Spec, release: &Release) -> String {
    if let Some(message) = spec.message.as_ref().filter(|message| !message.trim().is_empty()) {
        return message.clone();
    }
    let Parts { image, tag, digest } = spec.parts();
    // As much of a digest as people compare.
    let digest: Option<String> = digest.map(|digest| digest.chars().take(19).collect());
    let image = join(image.as_deref().unwrap_or_default(), tag.as_deref(), digest.as_deref());
    let image = image.trim_start_matches([':', '@']);
    format!("set {} of {} to {image}", release.path, release.file)
}

/// An import id, and what it says of the branch.
pub struct ImportId {
    /// The branch.
    pub branch: Option<String>,
    /// The place.
    pub identity: Identity,
}

impl ImportId {
    /// Reads `branch:file#path` or `branch:file#document#path`. The branch may be left out.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let not_one = || import_id::not_one(IMPORT_ID);
        let (file, rest) = text.split_once('#').ok_or_else(not_one)?;
        let (branch, file) = file.split_once(':').map_or((None, file), |(branch, file)| (Some(branch), file));
        let (document, path) = match rest.split_once('#') {
            Some((document, path)) if Document::parse(document).is_ok() => (Some(document.to_owned()), path),
            _ => (None, rest),
        };
        let identity = Identity { file: file.to_owned(), path: path.to_owned(), document };
        match branch == Some("") || Place::of(&identity).is_err() {
            true => Err(not_one()),
            false => Ok(Self { branch: branch.map(str::to_owned), identity }),
        }
    }

    /// The id of `identity`.
    pub fn of(Identity { file, path, document }: &Identity) -> String {
        let document = document.as_ref().map(|document| format!("{document}#")).unwrap_or_default();
        format!("{file}#{document}{path}")
    }
}

const IMPORT_ID: &str = "The import id is `branch:file#path`, such as `main:apps/web/kustomization.yaml#images[name=web]`, \
                         and for one of several documents `branch:file#document#path`, such as \
                         `main:apps/web.yaml#Deployment/web#spec.template.spec.containers[0].image`. The repository is \
                         that of the provider block.";

/// Whether `refusal` says that what is at the path of the file is none to read, and not that reading failed.
pub fn is_of_the_file(refusal: &Refusal) -> bool {
    use git::Error::{Clash, Detour, TooLarge};
    let why: &dyn Error = refusal.error();
    let git = why.downcast_ref::<git::Error>();
    why.is::<release::Error>() || matches!(git, Some(Clash { .. } | Detour { .. } | TooLarge { .. }))
}

/// The problem, on the attribute that the error is about.
pub fn located(error: &git::Error) -> Problem {
    let path = match error {
        git::Error::Declined(refusal) => {
            let why: &dyn Error = refusal.error();
            match why.downcast_ref::<release::Error>() {
                Some(error) => error.attribute(),
                None if is_of_the_file(refusal) => "file",
                None if why.is::<Second>() => "path",
                None => "git",
            }
        }
        _ => "git",
    };
    problem(error).at(path)
}
