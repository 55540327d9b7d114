//! Each message with its hint, as a user reads it.

use super::*;
use crate::Explain;

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
        Error::App {
            id: "7".into(),
            base: "https://api.github.com".into(),
            why: "it answered with status 401".into(),
        },
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
        Error::Refused {
            url: url(),
            branch: branch(),
            reason: "failed to update ref".into(),
            server_text: String::new(),
        },
        Error::Contended { url: url(), branch: branch(), attempts: 12, spent: Duration::from_secs(60) },
        Error::Unknown {
            url: url(),
            branch: branch(),
            commit: "c0ffee".into(),
            why: "not done within 5m".into(),
        },
        Error::Interrupted { url: url(), source: Interrupted::TimedOut { limit: Duration::from_secs(300) } },
        Error::Detour { path: "instances".into(), what: "symbolic link" },
        Error::Clash { path: "instances".into(), is: "file", needed: "directory" },
        Error::TooLarge { path: "a.bin".into(), limit: "8 MiB".into() },
    ];
    let text: Vec<String> = all.into_iter().map(report).collect();
    insta::assert_snapshot!(text.join("\n\n"), @r#"
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

    the GitHub App `7` got no token from https://api.github.com: it answered with status 401
    Hint: Check `github_app`: `id`, `installation_id`, the app's `private_key`, and `base_url` for GitHub Enterprise Server.

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
    Hint: The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.

    the git server refused the push to `main` of `https://git.example/p`: failed to update ref
    Hint: No other writer moved the branch: the server cannot, because of a lock or a failure of its own. Apply again; if it stays, ask whoever runs the server.

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
    "#);
}
