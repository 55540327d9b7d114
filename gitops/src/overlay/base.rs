//! What an overlay starts from: places in its own repository, and addresses elsewhere.

use super::Why;
use crate::argo::Source;
use crate::git::{Error, Refusal, Snapshot};
use crate::path::RepoPath;

/// The names that a kustomization's file may have.
pub const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Something that an overlay starts from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// An address that Kustomize fetches itself.
    Elsewhere(String),
    /// A file or directory of the same repository.
    Here(RepoPath),
}

impl Base {
    /// What `text` means in the overlay that lies in `directory`.
    ///
    /// # Errors
    ///
    /// Why it can be no base.
    pub fn parse(directory: &RepoPath, text: &str) -> Result<Self, Why> {
        if text.trim() != text || text.is_empty() {
            return Err(wrong(text, "it is empty, or has a space at its end"));
        }
        if is_address(text) {
            let source = Source { repo_url: text.to_owned(), ..Source::default() };
            let secret = source.validate().into_iter().find(|(at, _)| *at == "repo_url");
            return secret
                .map_or_else(|| Ok(Self::Elsewhere(text.to_owned())), |(_, error)| Err(error.into()));
        }
        let path = resolve(directory, text)?;
        match directory.starts_with(&path) {
            true => Err(wrong(text, "the overlay itself lies in it")),
            false => Ok(Self::Here(path)),
        }
    }

    /// Why Kustomize could not read it in `tree`, if it could not. `directory` is the overlay's.
    ///
    /// # Errors
    ///
    /// Whatever keeps the repository from being read.
    pub fn missing(&self, tree: &Snapshot, directory: &RepoPath) -> Result<Option<Why>, Refusal> {
        let Self::Here(path) = self else { return Ok(None) };
        let names = match tree.list(path) {
            Ok(names) => names,
            Err(Error::Clash { is: "file", .. }) if path.starts_with(directory) => return Ok(None),
            Err(Error::Clash { is: "file", .. }) => {
                return Ok(Some(Why::Outside { path: path.to_string(), directory: directory.to_string() }));
            }
            Err(error @ (Error::Clash { .. } | Error::Detour { .. })) => {
                return Ok(Some(Why::Repository(error)));
            }
            Err(error) => return Err(error.into()),
        };
        let path = path.to_string();
        let has = |name: &str| names.iter().any(|(found, _)| found == name);
        Ok(match names.is_empty() {
            true => Some(Why::Missing { path }),
            false if KUSTOMIZATIONS.iter().any(|name| has(name)) => None,
            false => Some(Why::NoKustomization { path }),
        })
    }
}

/// `text` can be no base.
pub fn wrong(text: &str, why: &'static str) -> Why {
    Why::Base { base: text.chars().take(200).collect(), why }
}

/// What Kustomize fetches: a URL, `git@host:path`, `host/path//directory`, or something with a query.
fn is_address(text: &str) -> bool {
    ["://", "//", "?"].iter().any(|mark| text.contains(mark))
        || text.split_once(':').is_some_and(|(user, _)| user.contains('@'))
        || text.starts_with("github.com/")
}

/// The path in the repository that `relative` leads to from `directory`.
fn resolve(directory: &RepoPath, relative: &str) -> Result<RepoPath, Why> {
    if relative.starts_with('/') {
        return Err(wrong(relative, "it is absolute"));
    }
    let mut parts: Vec<&str> = directory.components().collect();
    for part in relative.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." if parts.pop().is_none() => return Err(wrong(relative, "it leaves the repository")),
            ".." => {}
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => Err(wrong(relative, "the overlay itself lies in it")),
        false => RepoPath::parse(&parts.join("/")).map_err(Why::Path),
    }
}
