//! Why a file cannot be read, opened or written. Names are told, values never.

use super::rules::BadPattern;
use super::{BadRecipient, Randomness};
use crate::Explain;
use crate::path::shown;

/// Why a file cannot be read, opened or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not of the format.
    #[error("line {line} is not {what}: {problem}")]
    Syntax {
        /// The format.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The text exceeds a budget.
    #[error("{problem}")]
    Excess {
        /// The budget, in words.
        problem: &'static str,
    },
    /// There is nothing to encrypt.
    #[error("there is no value in it")]
    Empty,
    /// A document, or the block of SOPS, is something else than a map.
    #[error("there is {is} where a map of names and values should be")]
    NotAMap {
        /// What it is.
        is: &'static str,
    },
    /// A key is there twice.
    #[error("the key `{}` is there twice", shown(.path))]
    Duplicate {
        /// Its path.
        path: String,
    },
    /// A key is no text.
    #[error("{} has a key that is {is}, where SOPS takes texts only", place(.path))]
    Key {
        /// The path of the map.
        path: String,
        /// What the key is.
        is: &'static str,
    },
    /// A value cannot be read as SOPS reads it.
    #[error("`{}` {why}", shown(.path))]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// A name is needed for SOPS' own entries.
    #[error("`{}` is a name that SOPS needs for itself", shown(.name))]
    Reserved {
        /// The name.
        name: String,
    },
    /// The format does not have such a value.
    #[error("`{}` {why}", shown(.path))]
    Unwritable {
        /// Its path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// A secret would stay readable.
    #[error("`{}` would not be encrypted: `{rule}` leaves it as it is", shown(.path))]
    Readable {
        /// Its path.
        path: String,
        /// The rule.
        rule: &'static str,
    },
    /// The file has no block of SOPS.
    #[error("it is not encrypted by SOPS: it has no `sops` block")]
    NotSops,
    /// The block of SOPS is not as it should be.
    #[error("its `sops` block is broken: it has {what}")]
    Metadata {
        /// What it has.
        what: &'static str,
    },
    /// Two rules say which values are encrypted.
    #[error("`{one}` and `{other}` are both given")]
    Rules {
        /// One rule.
        one: &'static str,
        /// Another one.
        other: &'static str,
    },
    /// A rule has a pattern that cannot be used.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// A recipient cannot be used.
    #[error(transparent)]
    Recipient(#[from] BadRecipient),
    /// A rule asks for keys of a kind that this crate does not have.
    #[error("it asks for keys of {kind}, which only SOPS itself can use")]
    OtherKeys {
        /// The kind.
        kind: &'static str,
    },
    /// No rule is for the file.
    #[error("no rule of `creation_rules` is for `{}`", shown(.path))]
    NoRule {
        /// The path.
        path: String,
    },
    /// Nobody could open the file.
    #[error("it has no recipient")]
    NoRecipients,
    /// As many groups cannot be asked for.
    #[error("of {groups} groups, {needed} cannot be what is needed")]
    Threshold {
        /// Groups that there are.
        groups: usize,
        /// Groups that are needed.
        needed: usize,
    },
    /// Comments decide.
    #[error("`{rule}` lets comments decide what is encrypted, which only SOPS itself does")]
    CommentRule {
        /// The rule.
        rule: &'static str,
    },
    /// No key that is at hand opens the file.
    #[error("no key at hand opens it{}: it is encrypted for {}", groups(*.opened, *.needed), all(.recipients, .others))]
    NoIdentity {
        /// The recipients of age that it is encrypted for.
        recipients: Vec<String>,
        /// Other kinds of keys that it is encrypted for.
        others: Vec<&'static str>,
        /// Groups that were opened.
        opened: usize,
        /// Groups that are needed.
        needed: usize,
    },
    /// A value that should be encrypted is not.
    #[error("`{}` should be encrypted and is not", shown(.path))]
    NotEncrypted {
        /// Its path.
        path: String,
    },
    /// A value is not what was encrypted at its path.
    #[error("`{}` is not what was encrypted there: it was changed or moved", shown(.path))]
    Forged {
        /// Its path.
        path: String,
    },
    /// The MAC is not that of the values.
    #[error("its MAC does not fit its values: something was changed, added, removed or moved without SOPS")]
    Mac,
    /// There are no random numbers.
    #[error(transparent)]
    Randomness(#[from] Randomness),
}

/// A place, which may be the whole file.
fn place(path: &str) -> String {
    if path.is_empty() { "the file".to_owned() } else { format!("`{}`", shown(path)) }
}

fn groups(opened: usize, needed: usize) -> String {
    match needed {
        1 => String::new(),
        _ => format!(" ({opened} of the {needed} groups that are needed)"),
    }
}

fn all(recipients: &[String], others: &[&'static str]) -> String {
    let recipients = recipients.iter().map(|recipient| format!("`{}`", shown(recipient)));
    let others = others.iter().map(|kind| format!("keys of {kind}"));
    recipients.chain(others).collect::<Vec<_>>().join(", ")
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Syntax { .. } | Self::Excess { .. } | Self::Unreadable { .. } => {
                "Correct it, or see that it is the right file and format."
            }
            Self::Empty => "Give it at least one value.",
            Self::NotAMap { .. } => "Put it below a key.",
            Self::Duplicate { .. } => "Remove one of the two.",
            Self::Key { .. } => "Quote the key.",
            Self::Reserved { .. } => "Give it another name.",
            Self::Unwritable { .. } => "Change it, or choose another format.",
            Self::Readable { .. } => {
                "Nothing was written. Change the rule or the name: a file has to have an encrypted value, and what is given \
                 as a map of secrets is encrypted wholly."
            }
            Self::NotSops => "Encrypt it with `sops encrypt`, or see that it is the right file and format.",
            Self::Metadata { .. } => "Take the block from an older commit.",
            Self::Rules { .. } => "Leave one: SOPS takes at most one such rule.",
            Self::Pattern(_) => "Correct the regular expression: it is one of Go's.",
            Self::Recipient(error) => return error.hint(),
            Self::OtherKeys { .. } => "Apply again. Somebody changed the repository meanwhile.",
            Self::NoRule { .. } => {
                "Add a rule whose `path_regex` matches the path, or one without it, which is for all."
            }
            Self::NoRecipients => "Name at least one recipient of age, in each group.",
            Self::Threshold { .. } => "It is at least 2, and at most the number of groups.",
            Self::CommentRule { .. } => "Let names decide: `encrypted_regex` or `unencrypted_regex`.",
            Self::NoIdentity { .. } => {
                "Give the identity of one of these, or put it where SOPS looks: in `SOPS_AGE_KEY`, in the file that \
                 `SOPS_AGE_KEY_FILE` names, in `~/.config/sops/age/keys.txt`, or as an ssh key in `~/.ssh`."
            }
            Self::NotEncrypted { .. } | Self::Forged { .. } | Self::Mac => {
                "Nothing of it is used. If the change was meant, edit the file with `sops`; if nobody meant it, take the \
                 file from an older commit and find out who changed it."
            }
            Self::Randomness(_) => return None,
        };
        Some(hint.to_owned())
    }
}
