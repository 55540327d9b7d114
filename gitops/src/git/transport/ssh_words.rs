//! What `ssh` says when it ends without success.
//!
//! It has one exit status for everything that is its own, so that its words tell one thing from another; it is run
//! with the locale `C`.

use crate::git::Error;

/// What the words of `ssh`, or of git on the server, mean.
pub(super) fn meaning(url: String, said: &str) -> Error {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let why = || said.lines().last().unwrap_or("ssh ended without a word").to_owned();
    if has(&["REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
        return Error::HostKey { url, why: "its key is not the one in `known_hosts`".to_owned() };
    }
    if has(&["Host key verification failed"]) {
        return Error::HostKey { url, why: "its key is not in `known_hosts`".to_owned() };
    }
    if has(&["Load key", "UNPROTECTED PRIVATE KEY"]) {
        let line = said.lines().find(|line| line.contains("Load key") || line.contains("Permissions"));
        return Error::Key { url, why: line.map_or_else(why, str::to_owned) };
    }
    if has(&["Permission denied (", "Too many authentication failures"]) {
        return Error::Auth { url, sent: true };
    }
    if has(&[
        "does not appear to be a git repository",
        "epository not found",
        "could not be found",
        "not a git repository",
    ]) {
        return Error::NotFound { url, sent: true };
    }
    if said.lines().any(|line| line.starts_with("ssh: ") || line.starts_with("kex_"))
        || has(&["Connection ", "Timeout"])
    {
        return Error::Unreachable { url, why: why() };
    }
    Error::Protocol { url, why: why() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_ssh() {
        let cases = [
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "is not the one in `known_hosts`",
            ),
            ("No ED25519 host key is known for h.\nHost key verification failed.", "is not in `known_hosts`"),
            ("git@h: Permission denied (publickey).", "refused the credentials"),
            ("ssh: Could not resolve hostname h: Name or service not known", "failed to reach"),
            ("ssh: connect to host h port 22: Connection refused", "failed to reach"),
            ("fatal: '/p' does not appear to be a git repository", "was not found"),
            ("ERROR: Repository not found.", "was not found"),
            (
                "Load key \"/k\": error in libcrypto\ngit@h: Permission denied (publickey).",
                "cannot be used: Load key",
            ),
            (
                "bash: git-upload-pack: command not found",
                "git failed on `u`: bash: git-upload-pack: command not found",
            ),
            ("", "without a word"),
        ];
        for (said, expected) in cases {
            let error = meaning("u".to_owned(), said).to_string();
            assert!(error.contains(expected), "{said:?}: {error}");
        }
    }
}
