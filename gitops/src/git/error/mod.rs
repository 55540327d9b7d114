//! What can go wrong with a repository, in words for the user who has to fix it.

mod hint;

use super::Refusal;
use crate::task::{Interrupted, human};
use crate::{forge, path};
use std::time::Duration;

/// The reason of a push that the server read and could not keep.
pub(super) const UNPACK_FAILED: &str = "it could not unpack it";

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
    /// The name of the branch that pull requests come from cannot be one.
    #[error("`{prefix}` cannot be what the branches of pull requests begin with")]
    HeadBranch {
        /// What was given.
        prefix: String,
    },
    /// The template for commit messages has no place for the message.
    #[error("`commit_message_template` has no `{{message}}` in it")]
    Template,
    /// Commits cannot be signed with the key that is configured.
    #[error("commits cannot be signed: {why}")]
    Signing {
        /// Where the key is configured, below the provider block's `git`.
        attribute: &'static str,
        /// What is wrong with it, or what the program said that was to sign.
        why: String,
    },
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
    /// A GitHub App got no token.
    #[error("the GitHub App `{id}` got no token from {base}: {why}")]
    App {
        /// Id of the app.
        id: String,
        /// Address of the API.
        base: String,
        /// What it said, or what is wrong with what was configured.
        why: String,
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
    /// A forge, where pull requests are opened, does not do what it is asked for.
    #[error(transparent)]
    Forge(#[from] forge::Error),
    /// The branch that pull requests come from is somebody else's.
    #[error("the branch `{branch}` of `{url}`, which pull requests come from, is taken: {why}")]
    Taken {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// What is in the way.
        why: String,
    },
    /// The changes were pushed to a branch of their own, and that is all.
    #[error("the changes are on the branch `{branch}` of `{url}`, and no pull request is open for it: {why}")]
    Unproposed {
        /// The repository.
        url: String,
        /// The branch.
        branch: String,
        /// Why there is no pull request.
        why: String,
        /// What to do about that.
        hint: Option<String>,
    },
    /// The pull request was closed while its merge was waited for.
    #[error("the pull request {request} was closed without a merge")]
    Closed {
        /// Its page.
        request: String,
        /// The branch that it was for.
        branch: String,
    },
    /// The pull request was not merged in time.
    #[error("the pull request {request} is not merged: {source}; last seen: {seen}")]
    Unmerged {
        /// Its page.
        request: String,
        /// How it was when it was last looked at.
        seen: String,
        /// Time or request.
        source: Interrupted,
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
            Self::Forge(error) => error.is_transient(),
            _ => false,
        }
    }
}

/// The server's words, indented below the message.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("\n  remote: {line}")).collect()
}

#[cfg(test)]
mod tests;
