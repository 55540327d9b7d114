//! The one validator of names that users give and that become paths: repository paths and tenant ids.
//!
//! Everything that writes to a repository, and everything that reads a path that somebody sent, goes through
//! here. A value that exists is valid: there is no way to make a [`RepoPath`] or a [`TenantId`] but parsing.
//! Git refuses some of these names itself, on some systems; this room refuses all of them on every system, so
//! that a repository written here can be checked out anywhere and never escapes the directory it is meant for.

use crate::Explain;
use std::fmt;

/// The longest path, in bytes.
pub const MAX_PATH: usize = 4096;
/// The longest component of a path, in bytes.
pub const MAX_COMPONENT: usize = 255;
/// The longest tenant id: a DNS label of RFC 1123.
pub const MAX_TENANT_ID: usize = 63;

/// Why a name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not a path inside of a repository.
    #[error("`{}` is not a path in a repository: {why}", shown(.path))]
    Path {
        /// What was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a tenant id.
    #[error("`{}` is not a tenant id: {why}", shown(.id))]
    TenantId {
        /// What was given.
        id: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Explain for Invalid {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Path { .. } => {
                "Use a path relative to the root of the repository, such as `instances/team-a`.".to_owned()
            }
            Self::TenantId { .. } => {
                "Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as \
                `team-a`; at most 63 characters."
                    .to_owned()
            }
        })
    }
}

/// What a message may repeat of a bad name: printable, and not too long.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    if name.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}

/// A path in a repository: relative, `/` between components, never empty, never leaving the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// Checks `path`.
    pub fn parse(path: &str) -> Result<Self, Invalid> {
        match path_problem(path) {
            Some(why) => Err(Invalid::Path { path: path.to_owned(), why }),
            None => Ok(Self(path.to_owned())),
        }
    }

    /// `rest` below this path; the result is always below it.
    pub fn join(&self, rest: &str) -> Result<Self, Invalid> {
        // Checked alone first, so that the message names what was given.
        Self::parse(rest)?;
        Self::parse(&format!("{}/{rest}", self.0))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names between the slashes.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Whether this path is `base` or lies below it.
    pub fn starts_with(&self, base: &RepoPath) -> bool {
        self.0.strip_prefix(&base.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&str> for RepoPath {
    type Error = Invalid;

    fn try_from(path: &str) -> Result<Self, Invalid> {
        Self::parse(path)
    }
}

/// The id of a tenant: an RFC 1123 label. It may begin with a digit, as a UUID does; what must not, such as the name
/// of a Service, is derived from it ([`crate::tenant::release_name`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(String);

impl TenantId {
    /// Checks `id`.
    pub fn parse(id: &str) -> Result<Self, Invalid> {
        match tenant_id_problem(id) {
            Some(why) => Err(Invalid::TenantId { id: id.to_owned(), why }),
            None => Ok(Self(id.to_owned())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn path_problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > MAX_PATH {
        return Some("it is longer than 4096 bytes");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    let directories = path.rsplit('/').skip(1);
    path.split('/').find_map(component_problem).or_else(|| {
        // Servers that check what they are sent refuse it.
        let file = directories
            .into_iter()
            .any(|name| [".gitattributes", ".gitmodules"].iter().any(|file| name.eq_ignore_ascii_case(file)));
        file.then_some("`.gitattributes` and `.gitmodules` are files to Git, never directories")
    })
}

fn component_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a component is empty");
    }
    if name.len() > MAX_COMPONENT {
        return Some("a component is longer than 255 bytes");
    }
    if name == "." || name == ".." {
        return Some("`.` and `..` are not allowed");
    }
    if name.chars().any(|c| c.is_control()) {
        return Some("it contains a control character");
    }
    if name.contains(['\\', ':']) {
        return Some("it contains a backslash or a colon");
    }
    if name.chars().any(is_invisible) {
        return Some("it contains an invisible character");
    }
    if name.ends_with(['.', ' ']) {
        return Some("a component ends with a dot or a space");
    }
    if is_git_directory(name) {
        return Some("it names Git's own directory");
    }
    is_device(name).then_some("it is a device name on Windows")
}

/// Characters that HFS+ ignores in names, and others that show nothing or change the direction of what is shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `.git` under any of its names: other case, its short name on NTFS (`git~1`).
fn is_git_directory(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let short = name
        .strip_prefix("git~")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    short || name == ".git"
}

/// The names that Windows keeps for devices, with or without an extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") {
        return true;
    }
    let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    number
        .is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']) || matches!(number, "¹" | "²" | "³"))
}

fn tenant_id_problem(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("it is empty".to_owned());
    }
    if id.len() > MAX_TENANT_ID {
        return Some("it is longer than 63 characters".to_owned());
    }
    // The code point, too: a look-alike shows the same as the letter that it is not.
    let allowed = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '-');
    if let Some((place, odd)) = id.chars().enumerate().find(|(_, c)| !allowed(c)) {
        return Some(format!(
            "only lower-case ASCII letters, digits and dashes are allowed, not U+{:04X} at character {}",
            u32::from(odd),
            place + 1
        ));
    }
    if id.starts_with('-') || id.ends_with('-') {
        return Some("it starts or ends with a dash".to_owned());
    }
    is_device(id).then(|| "it is a device name on Windows".to_owned())
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
