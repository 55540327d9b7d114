//! What the user can do about each error, and where.

use super::Error;
use crate::Explain;
use crate::git::mirror::{Cause, is_full};

impl Error {
    /// The attribute of the provider block's `git` that the error is about, where it is about one of those.
    pub fn setting(&self) -> Option<&'static str> {
        match self {
            Self::Template => Some("commit_message_template"),
            Self::Signing { attribute, .. } => Some(attribute),
            Self::Prefix { .. } => Some("credentials"),
            _ => None,
        }
    }
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
            Self::HeadBranch { .. } => "Set `pull_request.branch_prefix` to something such as `gitops/`.",
            Self::Template => "Use a template such as `chore(platform): {message}`.",
            Self::Signing { .. } => {
                "Give `signing` a private key without a passphrase, or the public key of one that the SSH agent has. Nothing was written."
            }
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
            Self::App { .. } => {
                "Check `github_app`: `id`, `installation_id`, the app's `private_key`, and `base_url` for GitHub Enterprise Server."
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
            Self::Refused { reason, .. } if reason == super::UNPACK_FAILED => {
                "The server has no room left, or a limit to the size of a push: ask whoever runs it."
            }
            Self::Refused { reason, server_text, .. } if Cause::of(reason, server_text) == Cause::Passing => {
                "No other writer moved the branch: the server cannot, because of a lock or a failure of its own. Apply again; if it stays, ask whoever runs the server."
            }
            Self::Refused { reason, server_text, .. } if is_full(reason, server_text) => {
                "The server limits the size of files, pushes or repositories, also for pull requests: write less, make room in the repository, or ask whoever runs the server for a higher limit."
            }
            Self::Refused { .. } => {
                "The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = \"pull_request\"` in the provider block's `git` delivers changes as pull requests."
            }
            Self::Forge(error) => return error.hint(),
            Self::Taken { .. } => {
                "Set `pull_request.branch_prefix` in the provider block's `git` to another one, or remove that branch if nobody needs it."
            }
            Self::Unproposed { hint, .. } => {
                let hint = hint.as_ref().map(|hint| format!("{hint} ")).unwrap_or_default();
                return Some(format!("{hint}Apply again to go on from there: nothing is written twice."));
            }
            Self::Closed { branch, .. } => {
                return Some(format!(
                    "`{branch}` is as it was. Apply again to open a new one with the same changes."
                ));
            }
            Self::Unmerged { .. } => {
                "Let somebody merge it, then apply again: that goes on with this pull request, and opens no second one. Raise the timeout if merges need more time."
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
