//! Pull requests of Gitea and Forgejo: `/repos/{owner}/{repo}/pulls`.
//!
//! They list all requests, not those of a branch; and say of one that ended where its branch is now, not where it was.

use super::http::Call;
use super::{Branches, Dialect, Request, State, Wording, commit, github, text};
use serde_json::Value;

pub(super) struct Gitea;

impl Dialect for Gitea {
    fn list(&self, project: &str, branches: &Branches, open: bool, page: u32) -> Call {
        let query = vec![
            ("state", if open { "open" } else { "closed" }.to_owned()),
            // Only newer versions know it.
            ("base_branch", branches.base.clone()),
            ("limit", "50".to_owned()),
            ("page", page.to_string()),
        ];
        github::list(project, query)
    }

    fn one(&self, project: &str, number: u64) -> Call {
        github::one(project, number)
    }

    fn create(&self, project: &str, branches: &Branches, wording: &Wording) -> Call {
        github::create(project, branches, wording)
    }

    fn label(&self, project: &str, number: u64, labels: &[String]) -> Option<Call> {
        Some(github::label(project, number, labels))
    }

    fn is_of(&self, request: &Value, project: &str, branches: &Branches) -> bool {
        let from = text(request, "/head/repo/full_name");
        // `ref` is `refs/pull/…` where the branch is gone; `label` is the branch always.
        let named =
            ["/head/ref", "/head/label"].iter().any(|at| text(request, at).as_ref() == Some(&branches.head));
        from.is_some_and(|from| from.eq_ignore_ascii_case(project))
            && named
            && text(request, "/base/ref").as_ref() == Some(&branches.base)
    }

    fn read(&self, request: &Value) -> Option<Request> {
        let flag = |name: &str| request.get(name).and_then(Value::as_bool);
        let state = match text(request, "/state")?.as_str() {
            "open" if flag("draft") == Some(true) => State::Open("open (draft)".to_owned()),
            "open" if flag("mergeable") == Some(false) => {
                State::Open("open (cannot be merged as it is)".to_owned())
            }
            "open" => State::Open("open".to_owned()),
            _ if flag("merged") == Some(true) => State::Merged(commit(request, "/merge_commit_sha")),
            _ => State::Closed,
        };
        Some(Request {
            number: request.get("number")?.as_u64()?,
            url: text(request, "/html_url")?,
            head: commit(request, "/head/sha").unwrap_or_default(),
            state,
        })
    }

    fn exists(&self, status: u16, _: &str) -> bool {
        status == 409
    }
}
