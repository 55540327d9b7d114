//! Merge requests of GitLab: `/projects/{path}/merge_requests`.

use super::http::Call;
use super::{Branches, Dialect, Request, State, Wording, commit, text, words};
use serde_json::{Value, json};

pub(super) struct Gitlab;

impl Dialect for Gitlab {
    fn list(&self, project: &str, branches: &Branches, open: bool, page: u32) -> Call {
        let query = vec![
            // It has no word for those that ended in either way.
            ("state", if open { "opened" } else { "all" }.to_owned()),
            ("source_branch", branches.head.clone()),
            ("target_branch", branches.base.clone()),
            ("order_by", "created_at".to_owned()),
            ("sort", "desc".to_owned()),
            ("per_page", "100".to_owned()),
            ("page", page.to_string()),
        ];
        Call::get(&["projects", project, "merge_requests"], query)
    }

    fn one(&self, project: &str, number: u64) -> Call {
        Call::get(&["projects", project, "merge_requests", &number.to_string()], Vec::new())
    }

    fn create(&self, project: &str, branches: &Branches, wording: &Wording) -> Call {
        let body = json!({
            "title": wording.title,
            "description": wording.body,
            "source_branch": branches.head,
            "target_branch": branches.base,
            "labels": wording.labels.join(","),
        });
        Call::post(&["projects", project, "merge_requests"], body)
    }

    fn label(&self, _: &str, _: u64, _: &[String]) -> Option<Call> {
        None
    }

    fn is_of(&self, request: &Value, _: &str, branches: &Branches) -> bool {
        let of_itself = request.get("source_project_id") == request.get("target_project_id");
        of_itself
            && text(request, "/source_branch").as_ref() == Some(&branches.head)
            && text(request, "/target_branch").as_ref() == Some(&branches.base)
    }

    fn read(&self, request: &Value) -> Option<Request> {
        let state = match text(request, "/state")?.as_str() {
            "merged" => {
                let made = ["/merge_commit_sha", "/squash_commit_sha", "/sha"];
                State::Merged(made.iter().find_map(|place| commit(request, place)))
            }
            "closed" => State::Closed,
            // `locked` is a merge that is being made.
            _ => State::Open(words(text(request, "/detailed_merge_status"))),
        };
        Some(Request {
            number: request.get("iid")?.as_u64()?,
            url: text(request, "/web_url")?,
            head: commit(request, "/sha").unwrap_or_default(),
            state,
        })
    }

    fn exists(&self, status: u16, _: &str) -> bool {
        status == 409
    }
}
