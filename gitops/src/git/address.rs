//! Addresses of repositories: what is taken, and which server an address belongs to.

use super::Error;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::fmt;

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Smart HTTP, with or without TLS.
    Http,
    /// A child `ssh`.
    Ssh,
    /// A directory of this machine.
    File,
}

/// The address of a repository. It holds no secret: it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Address {
    url: Url,
    /// The path of `user@host:path`, which starts in the home directory of the user on the server.
    at_home: bool,
}

impl Address {
    /// Reads `https://`, `http://`, `ssh://` and `file://` URLs, and `user@host:path` as SSH.
    ///
    /// Credentials in the URL are refused: it goes into state, plans and messages.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let wrong = |why: &str| Error::Address { url: without_userinfo(text), why: why.to_owned() };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong("it contains a space or a control character"));
        }
        let (url, at_home) = scp_like(text).unwrap_or_else(|| (text.to_owned(), false));
        let url = Url::parse(&url).map_err(|error| wrong(&error.to_string()))?;
        let ssh = url.scheme() == "ssh";
        if !matches!(url.scheme(), "http" | "https" | "ssh" | "file") {
            return Err(wrong("only https, http, ssh and file are spoken"));
        }
        if url.password().is_some() || (!url.username().is_empty() && !ssh) {
            return Err(Error::UserInfo { url: without_userinfo(text) });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::Address {
                url: without_query(&url),
                why: "it has a query or a fragment".to_owned(),
            });
        }
        if url.scheme() != "file" && url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it names no host"));
        }
        let address = Self { url, at_home };
        match ssh {
            true => address.checked_for_ssh(),
            false => Ok(address),
        }
    }

    /// The server's side runs a shell, and `ssh` takes what starts with a dash for an option.
    fn checked_for_ssh(self) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Address { url: self.to_string(), why: why.to_owned() };
        let path = self.path();
        let parts = [self.host(), self.user().unwrap_or_default(), path.trim_start_matches('/')];
        if parts.iter().any(|part| part.starts_with('-')) {
            return Err(wrong("a part of it starts with a dash"));
        }
        if path.contains(['\'', '!', '\\']) || path.chars().any(char::is_control) {
            return Err(wrong("its path cannot be given to ssh"));
        }
        Ok(self)
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self.url.scheme() {
            "ssh" => Scheme::Ssh,
            "file" => Scheme::File,
            _ => Scheme::Http,
        }
    }

    /// Whether what is sent is encrypted on its way.
    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The address as a URL.
    pub(super) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    pub(super) fn user(&self) -> Option<&str> {
        Some(self.url.username()).filter(|user| !user.is_empty())
    }

    /// The path as the server sees it: `%20` and the like decoded.
    pub(super) fn path(&self) -> String {
        let path = decoded(self.url.path());
        match path.strip_prefix('/') {
            Some(rest) if self.at_home => rest.to_owned(),
            _ => path,
        }
    }

    /// Whether `self` is a prefix of `other`: same scheme, host and port, and a path that ends at a slash of the
    /// other's. The user of an SSH address counts only where the prefix names one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let server = |url: &Url| {
            let port = url.port_or_known_default().or_else(|| (url.scheme() == "ssh").then_some(22));
            (url.scheme().to_owned(), url.host_str().map(str::to_ascii_lowercase), port)
        };
        if server(&self.url) != server(&other.url)
            || self.user().is_some_and(|user| other.user() != Some(user))
        {
            return false;
        }
        let (mine, theirs) = (self.prefix_path(), other.url.path());
        theirs.strip_prefix(mine).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path without the slash at its end, encoded.
    pub(super) fn prefix_path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_home, self.user()) {
            (false, _) => f.write_str(self.as_str()),
            (true, Some(user)) => write!(f, "{user}@{}:{}", self.host(), self.path()),
            (true, None) => write!(f, "{}:{}", self.host(), self.path()),
        }
    }
}

/// `user@host:path` as a URL. A colon after a slash, or a scheme, makes it something else.
fn scp_like(text: &str) -> Option<(String, bool)> {
    if text.contains("://") {
        return None;
    }
    let (host, path) = text.split_once(':')?;
    let plain = !host.contains('/') && !host.is_empty() && !path.is_empty() && !path.starts_with(':');
    plain.then(|| (format!("ssh://{host}/{}", path.trim_start_matches('/')), !path.starts_with('/')))
}

/// The URL without what stands before the `@` of its host: it may be shown.
fn without_userinfo(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let tail = tail.split(['?', '#']).next().unwrap_or_default();
    let text = if scheme.is_empty() { format!("{host}{tail}") } else { format!("{scheme}://{host}{tail}") };
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
