//! What can go wrong with a repository, in words for the user who has to fix it.

use super::Refusal;
use crate::task::{Interrupted, human};
use crate::{Explain, path};
use std::time::Duration;

/// Why a repository was not read or written.
///
/// It can be cloned, because transactions that were joined share the fate of their push.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Neither the resource nor the provider block names a repository.
    #[error("no git repository is named")]
    NoUrl,
    /// The address cannot be used.
    #[error("`{url}` is not a git address: {why}")]
    Address {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The address carries credentials, which would end up in state and messages.
    #[error("the git address `{url}` was given with credentials in it")]
    UserInfo {
        /// The address, without them.
        url: String,
    },
    /// A key of `git.credentials` is not the start of an address.
    #[error("`{prefix}` cannot be a prefix in `git.credentials`: {why}")]
    Prefix {
        /// The prefix.
        prefix: String,
        /// What is wrong with it.
        why: String,
    },
    /// The branch name cannot be one.
    #[error("`{branch}` is not a branch name")]
    Branch {
        /// The name.
        branch: String,
    },
    /// The template for commit messages has no place for the message.
    #[error("`commit_message_template` has no `{{message}}` in it")]
    Template,
    /// A path that must not be in a repository.
    #[error(transparent)]
    Path(#[from] path::Invalid),

    /// The server was not reached, or the connection broke.
    #[error("failed to reach the git repository `{url}`: {why}")]
    Unreachable {
        /// The repository.
        url: String,
        /// What the network said.
        why: String,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of the git server of `{url}` is not trusted: {why}")]
    Certificate {
        /// The repository.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server wants credentials, or refuses those that it got.
    #[error("the git repository `{url}` {}", if *.sent { "refused the credentials" } else { "asks for credentials" })]
    Auth {
        /// The repository.
        url: String,
        /// Whether credentials were sent.
        sent: bool,
    },
    /// The credentials are good, but not for this.
    #[error("the git server forbids access to `{url}` with these credentials")]
    Forbidden {
        /// The repository.
        url: String,
    },
    /// There is no such repository, or it is not shown to us.
    #[error("the git repository `{url}` was not found")]
    NotFound {
        /// The repository.
        url: String,
        /// Whether credentials were sent.
        sent: bool,
    },
    /// The repository has no such branch.
    #[error("the git repository `{url}` has no branch `{branch}`")]
    BranchMissing {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// The repository's default branch, where it says so.
        default: Option<String>,
    },
    /// The repository has no commit at all.
    #[error("the git repository `{url}` is empty")]
    EmptyRepository {
        /// The repository.
        url: String,
        /// The branch that was looked for.
        branch: String,
    },
    /// What answered is not a Git server.
    #[error("`{url}` is not a git repository: the server answered {what}")]
    NotGit {
        /// The repository.
        url: String,
        /// What it answered.
        what: String,
    },
    /// The server points to another server, to which the credentials do not belong.
    #[error("the git server of `{url}` redirects to another server, `{to}`")]
    Redirected {
        /// The repository.
        url: String,
        /// The other server.
        to: String,
    },
    /// The server answered with an error status.
    #[error("the git server of `{url}` answered with status {status}")]
    Server {
        /// The repository.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server does not take a push of this size.
    #[error("the git server of `{url}` refused the size of the push")]
    PushTooLarge {
        /// The repository.
        url: String,
    },
    /// The repository is larger than what is fetched.
    #[error("the branch of the git repository `{url}` is larger than {limit} MiB")]
    FetchTooLarge {
        /// The repository.
        url: String,
        /// The limit, in MiB.
        limit: u64,
    },
    /// The server's key is not in `known_hosts`, is another one, or there is no `known_hosts`.
    #[error("the ssh server of `{url}` is not known: {why}")]
    HostKey {
        /// The repository.
        url: String,
        /// What is missing or different.
        why: String,
    },
    /// The private key cannot be used.
    #[error("the ssh key for `{url}` cannot be used: {why}")]
    Key {
        /// The repository.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The program `ssh` did not start.
    #[error("failed to start `ssh` for `{url}`: {why}")]
    Ssh {
        /// The repository.
        url: String,
        /// Why.
        why: String,
    },
    /// The server said something that Git does not understand.
    #[error("git failed on `{url}`: {why}")]
    Protocol {
        /// The repository.
        url: String,
        /// What libgit2 says.
        why: String,
    },
    /// The private clone could not be written.
    #[error("failed to keep the private clone of `{url}`: {why}")]
    Storage {
        /// The repository.
        url: String,
        /// Why.
        why: String,
    },

    /// The server does not take this change: a hook, a protected branch.
    #[error("the git server refused the push to `{branch}` of `{url}`: {reason}{}", quoted(.server_text))]
    Refused {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// What Git reported for the branch.
        reason: String,
        /// What the server wrote, several lines perhaps.
        server_text: String,
    },
    /// Other writers were faster each time.
    #[error("the branch `{branch}` of `{url}` moved each time during {attempts} attempts in {}", human(*.spent))]
    Contended {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// How often a push was tried.
        attempts: u32,
        /// For how long.
        spent: Duration,
    },
    /// The push was sent, and nobody knows whether it arrived.
    #[error("it is unknown whether commit {commit} reached the branch `{branch}` of `{url}`: {why}")]
    Unknown {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// The commit that was pushed.
        commit: String,
        /// Why it is not known.
        why: String,
    },
    /// The deadline passed or the work was stopped before anything was sent.
    #[error("the work on the git repository `{url}` was interrupted before anything was written")]
    Interrupted {
        /// The repository.
        url: String,
        /// Which of the two.
        source: Interrupted,
    },
    /// The author of the change does not want it after seeing the repository.
    #[error("{0}")]
    Declined(Refusal),

    /// A symbolic link or a submodule stands where a file or directory is needed.
    #[error("`{path}` in the repository is a {what}")]
    Detour {
        /// The path of it.
        path: String,
        /// `symbolic link` or `submodule`.
        what: &'static str,
    },
    /// A file stands where a directory is needed, or the reverse.
    #[error("`{path}` in the repository is a {is}, not a {needed}")]
    Clash {
        /// The path of it.
        path: String,
        /// What it is.
        is: &'static str,
        /// What was needed.
        needed: &'static str,
    },
    /// A file or directory is too large to read.
    #[error("`{path}` in the repository is larger than {limit}")]
    TooLarge {
        /// The path of it.
        path: String,
        /// The limit, with its unit.
        limit: String,
    },
}

impl Error {
    /// Whether the same request may succeed in a moment.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Server { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// The server's words, indented below the message.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("\n  remote: {line}")).collect()
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoUrl => "Set `git.url` on the resource, or `git = { url = … }` in the provider block.",
            Self::Address { .. } => {
                "Use an address such as `https://host/path.git`, `ssh://git@host/path.git` or `git@host:path.git`."
            }
            Self::UserInfo { .. } => {
                "Take the credentials out of the address and put them into `git.credentials` in the provider block, \
                 where they are not stored."
            }
            Self::Prefix { .. } => {
                "Use the start of a repository address, such as `https://github.com/acme`."
            }
            Self::Branch { .. } => "Use a name such as `main`, without spaces and without `refs/heads/`.",
            Self::Template => "Use a template such as `chore(platform): {message}`.",
            Self::Path(error) => return error.hint(),
            Self::Unreachable { .. } => {
                "Check the address, and that this machine reaches the server. Proxies are taken from HTTPS_PROXY and NO_PROXY."
            }
            Self::Certificate { .. } => {
                "For a private authority, set `certificate_authority` in the matching entry of `git.credentials`."
            }
            Self::Auth { sent: false, .. } => {
                "Add an entry for this server to `git.credentials` in the provider block."
            }
            Self::Auth { sent: true, .. } => {
                "Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired."
            }
            Self::Forbidden { .. } => "Give the token write access to the contents of this repository.",
            Self::NotFound { sent: false, .. } => {
                "Check the address. A private repository also needs an entry in `git.credentials`."
            }
            Self::NotFound { sent: true, .. } => {
                "Check the address, and that the credentials may see this repository."
            }
            Self::BranchMissing { default: Some(default), branch, .. } => {
                return Some(format!(
                    "Set `git.branch` to `{default}`, the default branch, or push a branch `{branch}`."
                ));
            }
            Self::BranchMissing { default: None, .. } => "Set `git.branch` to a branch that exists.",
            Self::EmptyRepository { branch, .. } => {
                return Some(format!("Push a first commit to `{branch}`, for example a README."));
            }
            Self::NotGit { .. } => "Check the address: this looks like a web page, perhaps a sign-in page.",
            Self::Redirected { .. } => {
                "Use the new address if you trust it: credentials are never sent to another server."
            }
            Self::Server { status: 429, .. } => {
                "The server limits the number of requests. Apply again later."
            }
            Self::Server { .. } => "Apply again; if it stays, look at the server's log.",
            Self::PushTooLarge { .. } => "Raise the limit of the server or of the proxy before it.",
            Self::FetchTooLarge { .. } => "Keep large files out of the repository that Argo CD reads.",
            Self::HostKey { .. } => {
                "Set `known_hosts` to the server's keys (`ssh-keyscan HOST`), after comparing them with those that the \
                 server's owner publishes."
            }
            Self::Key { .. } => {
                "Give a key without a passphrase as `ssh_private_key` or `private_key_path`, or load it into an SSH agent."
            }
            Self::Ssh { .. } => "Install the OpenSSH client, or use an https address.",
            Self::Protocol { .. } => return None,
            Self::Storage { .. } => {
                "Check that the directory for temporary files has space and can be written."
            }
            Self::Refused { .. } => {
                "The rules of the server forbid this change: allow this user to push to the branch, or use another branch."
            }
            Self::Contended { .. } => "Other writers keep pushing to this branch. Apply again.",
            Self::Unknown { .. } => "Apply again: if the commit arrived, nothing is written twice.",
            Self::Interrupted { .. } => "Apply again, with a longer timeout if this one was too short.",
            Self::Declined(refusal) => return refusal.hint(),
            Self::Detour { .. } => {
                "Replace it with a real file or directory: nothing is read or written through it."
            }
            Self::Clash { .. } => "Remove or rename it, or choose another path.",
            Self::TooLarge { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(error: Error) -> String {
        let hint = error.hint().unwrap_or_else(|| "-".to_owned());
        format!("{}\nHint: {hint}", crate::error::chain(&error))
    }

    /// Each message with its hint, as a user reads it.
    #[test]
    fn messages() {
        let url = || "https://git.example/p".to_owned();
        let branch = || "main".to_owned();
        let all = [
            Error::NoUrl,
            Error::Address { url: "/p".into(), why: "relative URL without a base".into() },
            Error::UserInfo { url: url() },
            Error::Prefix { prefix: "github.com".into(), why: "relative URL without a base".into() },
            Error::Branch { branch: "a b".into() },
            Error::Template,
            Error::Unreachable { url: url(), why: "connection refused".into() },
            Error::Certificate { url: url(), why: "unknown issuer".into() },
            Error::Auth { url: url(), sent: false },
            Error::Auth { url: url(), sent: true },
            Error::Forbidden { url: url() },
            Error::NotFound { url: url(), sent: false },
            Error::NotFound { url: url(), sent: true },
            Error::BranchMissing { url: url(), branch: branch(), default: Some("master".into()) },
            Error::BranchMissing { url: url(), branch: branch(), default: None },
            Error::EmptyRepository { url: url(), branch: branch() },
            Error::NotGit { url: url(), what: "text/html".into() },
            Error::Redirected { url: url(), to: "https://evil.example".into() },
            Error::Server { url: url(), status: 429 },
            Error::Server { url: url(), status: 502 },
            Error::PushTooLarge { url: url() },
            Error::FetchTooLarge { url: url(), limit: 1024 },
            Error::HostKey { url: url(), why: "no `known_hosts` are given".into() },
            Error::Key { url: url(), why: "it has a passphrase".into() },
            Error::Ssh { url: url(), why: "not found on the PATH".into() },
            Error::Protocol { url: url(), why: "early EOF".into() },
            Error::Storage { url: url(), why: "no space left on device".into() },
            Error::Refused {
                url: url(),
                branch: branch(),
                reason: "pre-receive hook declined".into(),
                server_text: "error: GH006: Protected branch\nerror: At least 1 review".into(),
            },
            Error::Contended { url: url(), branch: branch(), attempts: 12, spent: Duration::from_secs(60) },
            Error::Unknown {
                url: url(),
                branch: branch(),
                commit: "c0ffee".into(),
                why: "not done within 5m".into(),
            },
            Error::Interrupted {
                url: url(),
                source: Interrupted::TimedOut { limit: Duration::from_secs(300) },
            },
            Error::Detour { path: "instances".into(), what: "symbolic link" },
            Error::Clash { path: "instances".into(), is: "file", needed: "directory" },
            Error::TooLarge { path: "a.bin".into(), limit: "8 MiB".into() },
        ];
        let text: Vec<String> = all.into_iter().map(report).collect();
        insta::assert_snapshot!(text.join("\n\n"), @"
        no git repository is named
        Hint: Set `git.url` on the resource, or `git = { url = … }` in the provider block.

        `/p` is not a git address: relative URL without a base
        Hint: Use an address such as `https://host/path.git`, `ssh://git@host/path.git` or `git@host:path.git`.

        the git address `https://git.example/p` was given with credentials in it
        Hint: Take the credentials out of the address and put them into `git.credentials` in the provider block, where they are not stored.

        `github.com` cannot be a prefix in `git.credentials`: relative URL without a base
        Hint: Use the start of a repository address, such as `https://github.com/acme`.

        `a b` is not a branch name
        Hint: Use a name such as `main`, without spaces and without `refs/heads/`.

        `commit_message_template` has no `{message}` in it
        Hint: Use a template such as `chore(platform): {message}`.

        failed to reach the git repository `https://git.example/p`: connection refused
        Hint: Check the address, and that this machine reaches the server. Proxies are taken from HTTPS_PROXY and NO_PROXY.

        the certificate of the git server of `https://git.example/p` is not trusted: unknown issuer
        Hint: For a private authority, set `certificate_authority` in the matching entry of `git.credentials`.

        the git repository `https://git.example/p` asks for credentials
        Hint: Add an entry for this server to `git.credentials` in the provider block.

        the git repository `https://git.example/p` refused the credentials
        Hint: Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

        the git server forbids access to `https://git.example/p` with these credentials
        Hint: Give the token write access to the contents of this repository.

        the git repository `https://git.example/p` was not found
        Hint: Check the address. A private repository also needs an entry in `git.credentials`.

        the git repository `https://git.example/p` was not found
        Hint: Check the address, and that the credentials may see this repository.

        the git repository `https://git.example/p` has no branch `main`
        Hint: Set `git.branch` to `master`, the default branch, or push a branch `main`.

        the git repository `https://git.example/p` has no branch `main`
        Hint: Set `git.branch` to a branch that exists.

        the git repository `https://git.example/p` is empty
        Hint: Push a first commit to `main`, for example a README.

        `https://git.example/p` is not a git repository: the server answered text/html
        Hint: Check the address: this looks like a web page, perhaps a sign-in page.

        the git server of `https://git.example/p` redirects to another server, `https://evil.example`
        Hint: Use the new address if you trust it: credentials are never sent to another server.

        the git server of `https://git.example/p` answered with status 429
        Hint: The server limits the number of requests. Apply again later.

        the git server of `https://git.example/p` answered with status 502
        Hint: Apply again; if it stays, look at the server's log.

        the git server of `https://git.example/p` refused the size of the push
        Hint: Raise the limit of the server or of the proxy before it.

        the branch of the git repository `https://git.example/p` is larger than 1024 MiB
        Hint: Keep large files out of the repository that Argo CD reads.

        the ssh server of `https://git.example/p` is not known: no `known_hosts` are given
        Hint: Set `known_hosts` to the server's keys (`ssh-keyscan HOST`), after comparing them with those that the server's owner publishes.

        the ssh key for `https://git.example/p` cannot be used: it has a passphrase
        Hint: Give a key without a passphrase as `ssh_private_key` or `private_key_path`, or load it into an SSH agent.

        failed to start `ssh` for `https://git.example/p`: not found on the PATH
        Hint: Install the OpenSSH client, or use an https address.

        git failed on `https://git.example/p`: early EOF
        Hint: -

        failed to keep the private clone of `https://git.example/p`: no space left on device
        Hint: Check that the directory for temporary files has space and can be written.

        the git server refused the push to `main` of `https://git.example/p`: pre-receive hook declined
          remote: error: GH006: Protected branch
          remote: error: At least 1 review
        Hint: The rules of the server forbid this change: allow this user to push to the branch, or use another branch.

        the branch `main` of `https://git.example/p` moved each time during 12 attempts in 1m
        Hint: Other writers keep pushing to this branch. Apply again.

        it is unknown whether commit c0ffee reached the branch `main` of `https://git.example/p`: not done within 5m
        Hint: Apply again: if the commit arrived, nothing is written twice.

        the work on the git repository `https://git.example/p` was interrupted before anything was written
        Caused by: not done within 5m
        Hint: Apply again, with a longer timeout if this one was too short.

        `instances` in the repository is a symbolic link
        Hint: Replace it with a real file or directory: nothing is read or written through it.

        `instances` in the repository is a file, not a directory
        Hint: Remove or rename it, or choose another path.

        `a.bin` in the repository is larger than 8 MiB
        Hint: -
        ");
    }
}
