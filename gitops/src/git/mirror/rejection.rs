//! What a server says of a push that it read and did not carry out.
//!
//! Servers word the same thing differently, and change their words: a text says for certain that a rule forbids a push,
//! or nothing for certain. Whether somebody else was faster is told by the branch, which is looked at then.

/// The server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct Rejection {
    /// What Git reported for the branch.
    pub(in crate::git) reason: String,
    /// What the server wrote, several lines perhaps.
    pub(in crate::git) server_text: String,
}

/// What the words mean for a branch that has not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Cause {
    /// A rule, wherever the branch is: the same push is refused again.
    Rule,
    /// Something in the way that may be gone in a moment: a lock, a failure inside the server, a copy of the branch
    /// that lags behind.
    Passing,
    /// Nothing that is known here.
    Unclear,
}

/// What hooks report, and forges for the branches that they protect.
const RULE: &str = "hook declined";

/// Words of servers whose hooks failed, and so did not decide. GitLab's are whole: a rule may be about an internal API, too.
const FAILURES: [&str; 3] = ["internal server error", "internal api unreachable", "internal api error"];

/// Words of Git, of Gitaly and of GitHub for a branch that could not be moved just now, in lower case.
const PASSING: [&str; 11] = [
    "failed to update ref",
    "failed to lock",
    "cannot lock",
    "unable to lock",
    "unable to create",
    "could not update",
    "incorrect old value",
    "but expected",
    "already exists",
    "fetch first",
    "transaction",
];

/// Words of servers that have no room for a push, or not for one so large, in lower case.
const FULL: [&str; 8] = [
    "storage quota",
    "disk quota",
    "quota exceeded",
    "size limit",
    "storage limit",
    "repository size",
    "too large",
    "no space left",
];
/// What is exceeded then, in a line that says so.
const SIZES: [&str; 3] = ["quota", "size", "storage"];

/// Whether the server says that there is no room for the push.
pub(in crate::git) fn is_full(reason: &str, server_text: &str) -> bool {
    let says = |words: &[&str], line: &str| words.iter().any(|word| line.contains(word));
    // What policies say of quotas in a cluster has nothing to do with the repository.
    let lines = server_text.lines().chain([reason]).map(|line| line.to_lowercase());
    lines
        .filter(|line| !line.contains("resourcequota") && !line.contains("resource quota"))
        .any(|line| says(&FULL, &line) || (line.contains("exceed") && says(&SIZES, &line)))
}

impl Cause {
    /// What Git's `reason` for the branch and the lines of the server mean.
    pub(in crate::git) fn of(reason: &str, server_text: &str) -> Self {
        let (reason, text) = (reason.to_lowercase(), server_text.to_lowercase());
        let says = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
        if says(&FAILURES, &reason) || says(&FAILURES, &text) {
            return Self::Passing;
        }
        if reason.contains(RULE) {
            return Self::Rule;
        }
        match says(&PASSING, &reason) {
            true => Self::Passing,
            false => Self::Unclear,
        }
    }
}

impl Rejection {
    pub(in crate::git) fn cause(&self) -> Cause {
        Cause::of(&self.reason, &self.server_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_servers() {
        let cases = [
            // Git, in several versions.
            ("failed to update ref", "", Cause::Passing),
            ("failed to lock", "", Cause::Passing),
            ("incorrect old value provided", "", Cause::Passing),
            ("reference already exists", "", Cause::Passing),
            ("fetch first", "", Cause::Passing),
            ("transaction failed to start", "", Cause::Passing),
            ("non-fast-forward", "", Cause::Unclear),
            ("branch is currently checked out", "", Cause::Unclear),
            ("deny updating a hidden ref", "", Cause::Unclear),
            ("hook declined", "error: hook declined to update refs/heads/main", Cause::Rule),
            ("pre-receive hook declined", "cannot lock ref: says a hook of our own", Cause::Rule),
            // GitHub.
            (
                "cannot lock ref 'refs/heads/main': is at 3b1f but expected 9d0c",
                "error: cannot lock ref 'refs/heads/main': is at 3b1f but expected 9d0c",
                Cause::Passing,
            ),
            (
                "protected branch hook declined",
                "error: GH006: Protected branch update failed for refs/heads/main.",
                Cause::Rule,
            ),
            (
                "push declined due to repository rule violations",
                "error: GH013: Repository rule violations found for refs/heads/main.",
                Cause::Unclear,
            ),
            ("Internal Server Error", "", Cause::Passing),
            // GitLab.
            (
                "pre-receive hook declined",
                "GL-HOOK-ERR: You are not allowed to push code to protected branches on this project.",
                Cause::Rule,
            ),
            ("pre-receive hook declined", "GL-HOOK-ERR: Internal API unreachable", Cause::Passing),
            ("pre-receive hook declined", "GitLab: Internal API error (502)", Cause::Passing),
            ("pre-receive hook declined", "POLICY: no chart may call the internal API", Cause::Rule),
            ("reference update: incorrect old value provided", "", Cause::Passing),
            // Gitea and Forgejo.
            ("pre-receive hook declined", "Gitea: Not allowed to push to protected branch main", Cause::Rule),
            ("pre-receive hook declined", "Forgejo: Internal Server Error (no connection)", Cause::Passing),
            // Bitbucket.
            (
                "pre-receive hook declined",
                "Branch refs/heads/main can only be modified through pull requests.",
                Cause::Rule,
            ),
            (
                "cannot lock ref 'refs/heads/main': Unable to create '/p/main.lock': File exists.",
                "",
                Cause::Passing,
            ),
            // Azure DevOps.
            (
                "TF402455: Pushes to this branch are not permitted; you must use a pull request.",
                "",
                Cause::Unclear,
            ),
            ("", "", Cause::Unclear),
        ];
        for (reason, server_text, expected) in cases {
            let said = Rejection { reason: reason.to_owned(), server_text: server_text.to_owned() };
            assert_eq!(said.cause(), expected, "{said:?}");
        }
    }

    #[test]
    fn words_for_no_room() {
        let cases = [
            ("remote: GitLab: this repository has exceeded its size limit of 10 MiB by 2 MiB.", true),
            ("Your push cannot be completed because it has exceeded its storage quota of 10 MiB.", true),
            ("error: File a.bin is 123.00 MB; this exceeds GitHub's file size limit of 100.00 MB", true),
            ("Repository size exceeds 4 GB", true),
            ("Gitea: Quota exceeded", true),
            ("error: a.bin is too large", true),
            ("fatal: write error: No space left on device", true),
            ("error: GH006: Protected branch update failed for refs/heads/main.", false),
            ("POLICY: the namespace has no ResourceQuota, and its requests exceed the default size", false),
            ("POLICY: replicas exceed what is allowed", false),
            ("POLICY: a tenant needs a quota", false),
        ];
        for (said, expected) in cases {
            assert_eq!(is_full("pre-receive hook declined", said), expected, "{said}");
            assert_eq!(is_full(said, ""), expected, "{said}");
        }
    }
}
