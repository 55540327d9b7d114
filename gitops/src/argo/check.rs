//! What Argo CD would refuse, or should never be told, said before anything is written.

use super::{Destination, Directory, Helm, Kustomize, Source};
use crate::Explain;
use crate::path::{Invalid, RepoPath};

/// Why an Application makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// There is no repository.
    #[error("the repository of the Application is empty")]
    NoRepository,
    /// An address holds a password. It is not repeated here.
    #[error("the address of the repository has credentials in it")]
    Credentials,
    /// Not a directory of the repository.
    #[error(transparent)]
    Path(Invalid),
    /// Not a file of values that Argo CD reads.
    #[error(transparent)]
    ValueFile(Invalid),
    /// Not a file or directory that is found from that of the Application.
    #[error(transparent)]
    File(Invalid),
    /// The address of a file holds a password. It is not repeated here.
    #[error("the address of a file of values has credentials in it")]
    FileCredentials,
    /// Options for more than one tool.
    #[error("an Application has one tool, and this one has options for {}", tools.join(" and "))]
    Tools {
        /// The tools.
        tools: Vec<&'static str>,
    },
    /// A cluster by its address and by its name.
    #[error("the destination names a cluster twice: by `server` and by `name`")]
    Destination,
}

impl Explain for SpecError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRepository => "Give the address that Argo CD pulls from, such as `https://git.example/platform.git`.".into(),
            Self::Credentials => {
                "Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`."
                    .into()
            }
            Self::Path(_) => "Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.".into(),
            Self::ValueFile(_) => {
                "It is relative to `path`; with `/` in front, to the root of the repository; with `$name/`, to that of the source whose `reference` is `name`; or it is an address, such as `https://…`."
                    .into()
            }
            Self::File(_) => "Use a path that stays in the repository, such as `../common/web.yaml`.".into(),
            Self::FileCredentials => "Everyone who may see the Application would see them. Put the file into a repository that Argo CD has credentials for.".into(),
            Self::Tools { .. } => "Keep the one that the directory is made for.".into(),
            Self::Destination => "Keep one of the two.".into(),
        })
    }
}

impl Source {
    /// Everything that is wrong with it, and the attribute it is wrong in.
    pub fn validate(&self) -> Vec<(&'static str, SpecError)> {
        let mut wrong = vec![];
        if self.repo_url.trim().is_empty() {
            wrong.push(("repo_url", SpecError::NoRepository));
        }
        if has_password(&self.repo_url) {
            wrong.push(("repo_url", SpecError::Credentials));
        }
        let path = self.path.as_deref().and_then(of_directory);
        wrong.extend(path.map(|error| ("path", SpecError::Path(error))));
        wrong.extend(self.wrong_files());
        let tools = [
            ("directory", self.directory.is_some()),
            ("kustomize", self.kustomize.is_some()),
            ("helm", self.helm.is_some()),
        ];
        let tools: Vec<&'static str> =
            tools.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
        if let [_, second, ..] = *tools {
            wrong.push((second, SpecError::Tools { tools }));
        }
        wrong
    }

    /// What is wrong with the files and directories that its tools read.
    fn wrong_files(&self) -> Vec<(&'static str, SpecError)> {
        let from = self.directory_components();
        let from = from.as_deref();
        let files = self.helm.iter().flat_map(|helm| helm.wrong_files(from));
        let libraries = self.directory.iter().flat_map(Directory::wrong_files);
        files
            .chain(libraries)
            .chain(self.kustomize.iter().flat_map(|kustomize| kustomize.wrong_files(from)))
            .collect()
    }

    /// The directory that its tools work in; a chart of a Helm repository is a root itself. `None` where it is wrong, or not
    /// known yet.
    fn directory_components(&self) -> Option<Vec<&str>> {
        match self.path.as_deref() {
            None | Some(ROOT) => Some(Vec::new()),
            Some(path) => RepoPath::parse(path).is_ok().then(|| path.split('/').collect()),
        }
    }
}

impl Helm {
    fn wrong_files(&self, from: Option<&[&str]>) -> Vec<(&'static str, SpecError)> {
        let wrong = self.value_files.iter().filter_map(|file| of_value_file(from, file));
        wrong.map(|error| ("helm.value_files", error)).collect()
    }
}

impl Directory {
    /// Libraries are found from the root, whatever the path is.
    fn wrong_files(&self) -> Vec<(&'static str, SpecError)> {
        let libraries = self.jsonnet.iter().flat_map(|jsonnet| &jsonnet.libs);
        let wrong = libraries.filter_map(|library| lands(Some(&[]), library).err());
        wrong.map(|error| ("directory.jsonnet.libs", SpecError::File(error))).collect()
    }
}

impl Kustomize {
    fn wrong_files(&self, from: Option<&[&str]>) -> Vec<(&'static str, SpecError)> {
        let patches =
            self.patches.iter().filter_map(|patch| Some(("kustomize.patches", patch.path.as_ref()?)));
        let components = self.components.iter().map(|component| ("kustomize.components", component));
        // Kustomize fetches what is an address: a URL, `git@host:path`, `host/path//directory`, something with a query.
        let paths = patches
            .chain(components)
            .filter(|(_, text)| ![":", "//", "?"].iter().any(|mark| text.contains(mark)));
        paths.filter_map(|(at, text)| Some((at, SpecError::File(lands(from, text).err()?)))).collect()
    }
}

impl Destination {
    /// What is wrong with it.
    pub fn validate(&self) -> Option<SpecError> {
        (self.server.is_some() && self.name.is_some()).then_some(SpecError::Destination)
    }
}

/// The root of a repository, as a directory.
const ROOT: &str = ".";

fn of_directory(path: &str) -> Option<Invalid> {
    RepoPath::parse(path).err().filter(|_| path != ROOT)
}

/// What is wrong with a file of values, by what Argo CD makes of it (`ResolveValueFilePathOrUrl` of its `util/io/path`).
fn of_value_file(from: Option<&[&str]>, file: &str) -> Option<SpecError> {
    if let Some(scheme) = scheme(file) {
        // Which others an installation allows is a setting of its own, `helm.valuesFileSchemes`.
        let local =
            scheme.eq_ignore_ascii_case("file").then(|| invalid(file, "Argo CD reads no local files"));
        return local
            .map(SpecError::ValueFile)
            .or_else(|| has_password(file).then_some(SpecError::FileCredentials));
    }
    let (from, path) = match (file.strip_prefix('/'), file.split_once('/')) {
        (Some(path), _) => (Some(&[][..]), path),
        // The source that is referred to is read from its root, whatever its path is.
        (None, Some((name, path))) if name.starts_with('$') => (Some(&[][..]), path),
        (None, _) => (from, file),
    };
    lands(from, path).err().map(|error| SpecError::ValueFile(retold(error, file)))
}

/// The scheme of a URL.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters)).then_some(scheme)
}

/// Where `relative` leads from the directory `from`. It may leave the directory, and not the repository; where the
/// directory is not known, nobody can tell.
fn lands(from: Option<&[&str]>, relative: &str) -> Result<RepoPath, Invalid> {
    let empty = relative.is_empty().then_some("it is empty");
    if let Some(why) = empty.or(relative.starts_with('/').then_some("it is absolute")) {
        return Err(invalid(relative, why));
    }
    let mut parts = from.unwrap_or_default().to_vec();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." if parts.pop().is_none() && from.is_some() => {
                return Err(invalid(relative, "it leaves the repository"));
            }
            ".." => {}
            part => parts.push(part),
        }
    }
    RepoPath::parse(&parts.join("/")).map_err(|error| retold(error, relative))
}

fn invalid(path: &str, why: &'static str) -> Invalid {
    Invalid::Path { path: path.to_owned(), why }
}

/// The same error, about what was written.
fn retold(error: Invalid, written: &str) -> Invalid {
    match error {
        Invalid::Path { why, .. } => invalid(written, why),
        other => other,
    }
}

/// Whether the address carries a password, as in `https://user:password@host`. A user alone is none: `git@host`.
pub(crate) fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    authority.and_then(|authority| authority.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
