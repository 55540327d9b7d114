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
    path.split('/').find_map(component_problem)
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
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") {
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_paths() {
        let cases = [
            "a",
            "instances/team-a/values.yaml",
            ".github/workflows/ci.yml",
            "a b/c",
            "ä/日本.yaml",
            ".gitignore",
            "a/.gitkeep",
            "git",
            "git~x",
            "command/com10/console.txt",
            "..a/b..c",
            "-x",
            "a@b=c,d+e",
        ];
        for path in cases {
            assert!(RepoPath::parse(path).is_ok(), "{path:?}");
        }
        assert!(RepoPath::parse("a/".repeat(2000).trim_end_matches('/')).is_ok());
    }

    #[test]
    fn bad_paths() {
        let cases = [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            ".git",
            ".git/config",
            "a/.GIT/hooks",
            "a/.Git",
            "GIT~1",
            "a/git~12/b",
            ".git.",
            ".git ",
            ".git. .",
            "a\\b",
            "..\\a",
            "C:",
            "c:/a",
            "a:stream",
            "a\0b",
            "a\nb",
            "a\rb",
            "a\u{7f}",
            "a\u{85}b",
            ".g\u{200c}it",
            "\u{feff}.git",
            "a\u{202e}b",
            "con",
            "CON.txt",
            "a/nul",
            "aux .x",
            "com1",
            "LPT9.yaml",
            "com¹",
            "a./b",
            "a /b",
        ];
        for path in cases {
            assert!(RepoPath::parse(path).is_err(), "{path:?}");
        }
        assert!(RepoPath::parse(&"a".repeat(256)).is_err());
        assert!(RepoPath::parse(&format!("{}b", "a/".repeat(2048))).is_err());
    }

    #[test]
    fn tenant_ids() {
        let long = "a".repeat(63);
        let uuid = "4d7c9a1e-1111-4222-8333-444455556666";
        for id in ["a", "team-a", "a1", "a--b", "x9-8", "1a", "7", uuid, &long] {
            assert!(TenantId::parse(id).is_ok(), "{id:?}");
        }
        let long = "a".repeat(64);
        for id in [
            "",
            "-a",
            "a-",
            "A",
            "team_a",
            "team.a",
            "a/b",
            ".",
            "..",
            "team\u{2011}a",
            "é",
            "a b",
            "a\n",
            "con",
            "com1",
            "nul",
            &long,
        ] {
            assert!(TenantId::parse(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn messages() {
        let error = RepoPath::parse("../x\u{1b}[31m").unwrap_err();
        insta::assert_snapshot!(error, @r"`../x\u{1b}[31m` is not a path in a repository: `.` and `..` are not allowed");
        insta::assert_snapshot!(error.hint().unwrap(), @"Use a path relative to the root of the repository, such as `instances/team-a`.");
        let error = TenantId::parse("Team").unwrap_err();
        insta::assert_snapshot!(error, @"`Team` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+0054 at character 1");
        insta::assert_snapshot!(error.hint().unwrap(), @"Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.");
    }

    #[test]
    fn joined_paths_stay_below() {
        let base = RepoPath::parse("instances").unwrap();
        assert_eq!(base.join("a/b").unwrap().as_str(), "instances/a/b");
        assert!(base.join("../b").is_err());
        assert!(base.join("/b").is_err());
        assert!(!RepoPath::parse("instances2/a").unwrap().starts_with(&base));
    }

    proptest! {
        /// What is accepted resolves, component by component, to a place inside of the root, on any system.
        #[test]
        fn accepted_paths_stay_inside(path in "[./\\\\a-cGgIiTt~0-9: \u{200c}\u{0}-\u{1f}]{0,24}") {
            if let Ok(valid) = RepoPath::parse(&path) {
                let native = std::path::Path::new(valid.as_str());
                prop_assert!(native.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert!(!path.contains('\\') && !path.contains(':') && !path.chars().any(char::is_control));
                for part in path.split('/') {
                    let seen: String = part.chars().filter(|c| !is_invisible(*c)).collect();
                    let seen = seen.trim_end_matches(['.', ' ']).to_ascii_lowercase();
                    prop_assert!(!seen.is_empty() && seen != ".git");
                }
            }
        }

        #[test]
        fn any_text_is_judged_without_panic(text in ".*") {
            let _ = RepoPath::parse(&text);
            let _ = TenantId::parse(&text);
        }

        #[test]
        fn ordinary_paths_are_accepted(path in "[a-b][a-z0-9_-]{3,20}(/[a-b][a-z0-9._-]{3,20}[a-z]){0,6}") {
            prop_assert!(RepoPath::parse(&path).is_ok());
        }

        /// A tenant id is a label, and a path component too.
        #[test]
        fn accepted_ids_are_labels(id in "[a-zA-Z0-9._-]{0,70}") {
            if TenantId::parse(&id).is_ok() {
                prop_assert!(RepoPath::parse(&id).is_ok());
                prop_assert!(id.len() <= 63 && id == id.to_lowercase() && !id.contains(['.', '_']));
            }
        }
    }
}
