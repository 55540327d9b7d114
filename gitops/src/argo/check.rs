//! What Argo CD would refuse, or should never be told, said before anything is written.

use super::{Destination, Source};
use crate::Explain;

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
    /// A path that leaves the repository.
    #[error("`{path}` is not a path in a repository")]
    Path {
        /// The path.
        path: String,
    },
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
            Self::Path { .. } => "Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.".into(),
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
        let leaves = |path: &&String| path.starts_with('/') || path.split('/').any(|part| part == "..");
        wrong.extend(
            self.path.iter().filter(leaves).map(|path| ("path", SpecError::Path { path: path.clone() })),
        );
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
}

impl Destination {
    /// What is wrong with it.
    pub fn validate(&self) -> Option<SpecError> {
        (self.server.is_some() && self.name.is_some()).then_some(SpecError::Destination)
    }
}

/// Whether the address carries a password, as in `https://user:password@host`. A user alone is none: `git@host`.
pub(super) fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    authority.and_then(|authority| authority.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argo::{Helm, Kustomize};

    #[test]
    fn messages() {
        let good = Source {
            repo_url: "https://git.example/p.git".into(),
            path: Some("apps".into()),
            ..Source::default()
        };
        assert_eq!(good.validate(), []);
        let bad = Source {
            repo_url: "https://me:hunter2@git.example/p.git".into(),
            path: Some("../apps".into()),
            kustomize: Some(Kustomize::default()),
            helm: Some(Helm::default()),
            ..Source::default()
        };
        let both = Destination { server: Some("a".into()), name: Some("b".into()), namespace: None };
        let mut wrong = bad.validate();
        wrong.extend(both.validate().map(|error| ("destination", error)));
        wrong.extend(Source::default().validate());
        let text: Vec<_> = wrong
            .iter()
            .map(|(at, error)| format!("{at}: {error}\n  {}", error.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        repo_url: the address of the repository has credentials in it
          Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`.
        path: `../apps` is not a path in a repository
          Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.
        helm: an Application has one tool, and this one has options for kustomize and helm
          Keep the one that the directory is made for.
        destination: the destination names a cluster twice: by `server` and by `name`
          Keep one of the two.
        repo_url: the repository of the Application is empty
          Give the address that Argo CD pulls from, such as `https://git.example/platform.git`.
        "#);
    }

    #[test]
    fn addresses() {
        let cases = [
            ("git@git.example:p.git", false),
            ("ssh://git@git.example:22/p.git", false),
            ("https://git.example:8443/p@1:2", false),
            ("https://token@git.example/p", false),
            ("https://a:b@git.example/p", true),
        ];
        for (url, expected) in cases {
            assert_eq!(has_password(url), expected, "{url}");
        }
    }
}
