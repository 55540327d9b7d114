//! Which forge a repository is on, where its API is, and what the repository is called there.

use super::Error;
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;

/// A forge, by what its API speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// GitHub, and GitHub Enterprise Server.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea, and Forgejo such as Codeberg.
    Gitea,
}

/// A repository on a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// What the forge speaks.
    pub kind: Kind,
    /// Address of the API, without a slash at its end.
    pub api: Url,
    /// Name of the repository with that of its owner, such as `acme/platform`.
    pub path: String,
}

impl Kind {
    /// The forge that a host is known for, or that it is named after: `gitlab.acme.example`.
    fn of(host: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        if host == "codeberg.org" {
            return Some(Self::Gitea);
        }
        host.split('.').find_map(|label| match label {
            "github" => Some(Self::Github),
            "gitlab" => Some(Self::Gitlab),
            "gitea" | "forgejo" => Some(Self::Gitea),
            _ => None,
        })
    }

    /// Where the API is below a forge's own address.
    fn suffix(self) -> &'static str {
        match self {
            Self::Github => "/api/v3",
            Self::Gitlab => "/api/v4",
            Self::Gitea => "/api/v1",
        }
    }

    /// Address of the API that belongs to the server of `repository`: the same host, but for GitHub's own.
    fn api(self, repository: &Url) -> Option<String> {
        let host = repository.host_str()?;
        if matches!(host.to_ascii_lowercase().as_str(), "github.com" | "www.github.com" | "ssh.github.com") {
            return Some("https://api.github.com".to_owned());
        }
        let (scheme, port) = match repository.scheme() {
            // The port is that of ssh, and says nothing of the API.
            "ssh" => ("https", None),
            scheme => (scheme, repository.port()),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{host}{port}{}", self.suffix()))
    }
}

impl Project {
    /// The repository at the address `url` (http, https or ssh), whose path on the server is `path`. `kind` and `api`
    /// are what the user says of the forge.
    ///
    /// # Errors
    ///
    /// A forge that nobody names, an address of the API that cannot be used, or a path that is no repository of a forge.
    pub fn of(url: &Url, path: &str, kind: Option<Kind>, api: Option<&str>) -> Result<Self, Error> {
        let shown = || url.to_string();
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https" | "ssh"));
        let Some(host) = host else { return Err(Error::NoForge { url: shown() }) };
        let kind = kind.or_else(|| Kind::of(host)).ok_or_else(|| Error::Unknown { url: shown() })?;
        let api = match api {
            Some(given) => parse(given)?,
            None => {
                let derived = kind.api(url).ok_or_else(|| Error::NoForge { url: shown() })?;
                Url::parse(&derived).map_err(|error| Error::Api { api: derived, why: error.to_string() })?
            }
        };
        // A forge below a path of its host has that in the address of its API, too.
        let below = api.path().trim_end_matches('/').strip_suffix(kind.suffix()).unwrap_or_default();
        let same = api.host_str() == url.host_str();
        let path = path.strip_prefix(below).filter(|_| same).unwrap_or(path);
        let path = path.trim_matches('/').trim_end_matches(".git").trim_matches('/').to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let exact = kind == Kind::Gitlab || parts.len() == 2;
        let plain = |part: &&str| {
            !part.is_empty() && !matches!(*part, "." | "..") && !part.chars().any(char::is_control)
        };
        if parts.len() < 2 || !exact || !parts.iter().all(plain) {
            return Err(Error::NoProject { url: shown() });
        }
        Ok(Self { kind, api, path })
    }
}

/// An address of an API that a user gives.
fn parse(given: &str) -> Result<Url, Error> {
    let given = given.trim().trim_end_matches('/');
    let wrong = |why: &str| {
        let shown = given.rsplit('@').next().unwrap_or_default().chars();
        Error::Api { api: shown.filter(|c| !c.is_control()).take(200).collect(), why: why.to_owned() }
    };
    let url = Url::parse(given).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has credentials in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a query or a fragment"));
    }
    let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(wrong("it is not https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str, kind: Option<Kind>, api: Option<&str>) -> String {
        let url = Url::parse(url).unwrap();
        match Project::of(&url, url.path(), kind, api) {
            Ok(Project { kind, api, path }) => {
                format!("{kind:?} {} {path}", api.as_str().trim_end_matches('/'))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn forges_are_known_by_their_host_or_named() {
        use Kind::{Gitea, Github, Gitlab};
        let cases = [
            ("https://github.com/acme/p.git", None, None, "Github https://api.github.com acme/p"),
            ("ssh://git@github.com/acme/p.git", None, None, "Github https://api.github.com acme/p"),
            (
                "https://github.acme.example/acme/p",
                None,
                None,
                "Github https://github.acme.example/api/v3 acme/p",
            ),
            ("https://gitlab.com/a/b/c/p.git", None, None, "Gitlab https://gitlab.com/api/v4 a/b/c/p"),
            ("ssh://git@gitlab.acme:2222/a/p.git", None, None, "Gitlab https://gitlab.acme/api/v4 a/p"),
            ("https://codeberg.org/a/p.git/", None, None, "Gitea https://codeberg.org/api/v1 a/p"),
            ("https://git.acme:8443/a/p", Some(Gitea), None, "Gitea https://git.acme:8443/api/v1 a/p"),
            ("http://git.acme/a/p", Some(Github), None, "Github http://git.acme/api/v3 a/p"),
            (
                "https://h/forge/a/p",
                Some(Gitea),
                Some("https://h/forge/api/v1/"),
                "Gitea https://h/forge/api/v1 a/p",
            ),
            (
                "https://h/gl/a/b/p",
                Some(Gitlab),
                Some("https://h/gl/api/v4"),
                "Gitlab https://h/gl/api/v4 a/b/p",
            ),
            ("https://h/a/p", Some(Github), Some("http://127.0.0.1:1/x"), "Github http://127.0.0.1:1/x a/p"),
        ];
        for (url, kind, api, expected) in cases {
            assert_eq!(place(url, kind, api), expected, "{url}");
        }
        let wrong = [
            ("https://git.acme/a/p", None, None),
            ("https://notgithub.com/a/p", None, None),
            ("file:///srv/a/p", Some(Github), None),
            ("https://github.com/p", None, None),
            ("https://github.com/a/b/p", None, None),
            ("https://github.com/a/p", None, Some("http://api.acme")),
            ("https://github.com/a/p", None, Some("https://u:hunter2@api.acme")),
            ("https://github.com/a/p", None, Some("api.acme")),
        ];
        let told: Vec<_> = wrong.into_iter().map(|(url, kind, api)| place(url, kind, api)).collect();
        assert!(!told.iter().any(|text| text.contains("hunter2")), "{told:?}");
        insta::assert_snapshot!(told.join("\n"), @"
        it is not known which forge the git repository `https://git.acme/a/p` is on
        it is not known which forge the git repository `https://notgithub.com/a/p` is on
        the git repository `file:///srv/a/p` is on no forge that pull requests could be opened on
        `https://github.com/p` does not name a repository as forges do
        `https://github.com/a/b/p` does not name a repository as forges do
        `http://api.acme` cannot be the address of an API: it is not https
        `api.acme` cannot be the address of an API: it has credentials in it
        `api.acme` cannot be the address of an API: relative URL without a base
        ");
    }
}
