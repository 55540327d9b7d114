//! Pull requests of GitHub: `/repos/{owner}/{repo}/pulls`.

use super::http::Call;
use super::{Branches, Dialect, Request, State, Wording, commit, text, words};
use serde_json::{Value, json};

pub(super) struct Github;

/// Owner and name.
fn parts(project: &str) -> (&str, &str) {
    project.split_once('/').unwrap_or((project, ""))
}

/// Requests that `query` selects; this and the next three are the same for Gitea, whose API follows GitHub's.
pub(super) fn list(project: &str, query: Vec<(&'static str, String)>) -> Call {
    let (owner, name) = parts(project);
    Call::get(&["repos", owner, name, "pulls"], query)
}

/// One request.
pub(super) fn one(project: &str, number: u64) -> Call {
    let (owner, name) = parts(project);
    Call::get(&["repos", owner, name, "pulls", &number.to_string()], Vec::new())
}

/// Opens a request.
pub(super) fn create(project: &str, branches: &Branches, wording: &Wording) -> Call {
    let ((owner, name), Wording { title, body, .. }) = (parts(project), wording);
    let body = json!({"title": title, "body": body, "head": branches.head, "base": branches.base});
    Call::post(&["repos", owner, name, "pulls"], body)
}

/// Adds labels to a request, which is an issue, too.
pub(super) fn label(project: &str, number: u64, labels: &[String]) -> Call {
    let (owner, name) = parts(project);
    let path = ["repos", owner, name, "issues", &number.to_string(), "labels"];
    Call::post(&path, json!({"labels": labels}))
}

impl Dialect for Github {
    fn list(&self, project: &str, branches: &Branches, open: bool, page: u32) -> Call {
        let (owner, _) = parts(project);
        let query = vec![
            ("state", if open { "open" } else { "closed" }.to_owned()),
            ("head", format!("{owner}:{}", branches.head)),
            ("base", branches.base.clone()),
            ("sort", "created".to_owned()),
            ("direction", "desc".to_owned()),
            ("per_page", "100".to_owned()),
            ("page", page.to_string()),
        ];
        list(project, query)
    }

    fn one(&self, project: &str, number: u64) -> Call {
        one(project, number)
    }

    fn create(&self, project: &str, branches: &Branches, wording: &Wording) -> Call {
        create(project, branches, wording)
    }

    fn label(&self, project: &str, number: u64, labels: &[String]) -> Option<Call> {
        Some(label(project, number, labels))
    }

    fn is_of(&self, request: &Value, project: &str, branches: &Branches) -> bool {
        let from = text(request, "/head/repo/full_name");
        from.is_some_and(|from| from.eq_ignore_ascii_case(project))
            && text(request, "/head/ref").as_ref() == Some(&branches.head)
            && text(request, "/base/ref").as_ref() == Some(&branches.base)
    }

    fn read(&self, request: &Value) -> Option<Request> {
        let merged = request.get("merged").and_then(Value::as_bool).unwrap_or_default()
            || request.get("merged_at").is_some_and(Value::is_string);
        let draft = request.get("draft").and_then(Value::as_bool).unwrap_or_default();
        let state = match text(request, "/state")?.as_str() {
            "open" if draft => State::Open("open (draft)".to_owned()),
            "open" => State::Open(words(text(request, "/mergeable_state").filter(|word| word != "unknown"))),
            _ if merged => State::Merged(commit(request, "/merge_commit_sha")),
            _ => State::Closed,
        };
        Some(Request {
            number: request.get("number")?.as_u64()?,
            url: text(request, "/html_url")?,
            head: commit(request, "/head/sha")?,
            state,
        })
    }

    fn exists(&self, status: u16, said: &str) -> bool {
        status == 422 && said.contains("already exists")
    }
}
