//! As GitLab answers.

use super::pulls::{Pull, Refusal, State};
use super::serve::{Call, Caller, Reply, text};
use super::{Shared, lock};
use serde_json::{Value, json};

pub(super) fn answer(shared: &Shared, caller: Caller, call: &Call) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let error = |status: u16, message: &str| Reply::new(status, json!({"message": message}));
    let project = lock(&shared.pulls).project.clone();
    match (caller, path.as_slice()) {
        (Caller::Nobody, _) => error(401, "401 Unauthorized"),
        (_, ["projects", name, rest @ ..]) if *name == project => match (call.method.as_str(), rest) {
            ("GET", ["merge_requests"]) => list(shared, call),
            ("GET", ["merge_requests", number]) => {
                one(shared, number).unwrap_or_else(|| error(404, "404 Not found"))
            }
            ("POST", _) if caller == Caller::Reader => {
                let scope = "The request requires higher privileges than provided by the access token.";
                Reply::new(
                    403,
                    json!({"error": "insufficient_scope", "error_description": scope, "scope": "api"}),
                )
            }
            ("POST", ["merge_requests"]) => create(shared, call),
            _ => error(404, "404 Not found"),
        },
        _ => error(404, "404 Project Not Found"),
    }
}

fn list(shared: &Shared, call: &Call) -> Reply {
    let wanted = |name: &str| call.query.get(name).cloned();
    let api = format!("http://{}{}", shared.address, shared.dialect.root());
    let all = {
        let pulls = lock(&shared.pulls);
        let fits = |pull: &&Pull| {
            let state = wanted("state").unwrap_or_else(|| "all".to_owned());
            (state == "all" || state == word(&pull.state))
                && wanted("source_branch").is_none_or(|head| head == pull.head)
                && wanted("target_branch").is_none_or(|base| base == pull.base)
        };
        pulls.all.iter().rev().filter(fits).map(|pull| (pull.clone(), pulls.head(pull))).collect::<Vec<_>>()
    };
    let all = all.iter().map(|(pull, head)| shown(shared, pull, head)).collect();
    Reply::page(call, &api, all, "per_page")
}

fn one(shared: &Shared, number: &str) -> Option<Reply> {
    let (pull, head) = {
        let pulls = lock(&shared.pulls);
        let pull = pulls.find(number.parse().ok()?)?.clone();
        let head = pulls.head(&pull);
        (pull, head)
    };
    Some(Reply::new(200, shown(shared, &pull, &head)))
}

fn create(shared: &Shared, call: &Call) -> Reply {
    let [head, base, title, body, labels] =
        ["source_branch", "target_branch", "title", "description", "labels"]
            .map(|name| text(&call.body, name));
    let number = {
        let mut pulls = lock(&shared.pulls);
        let owner = pulls.owner().to_owned();
        match pulls.refusal(&head, &base) {
            Some(Refusal::Exists(number)) => {
                let text =
                    format!("Another open merge request already exists for this source branch: !{number}");
                return Reply::new(409, json!({"message": [text]}));
            }
            Some(Refusal::NoBranch(_)) if title.is_empty() => {
                return Reply::new(400, json!({"error": "title is missing"}));
            }
            // GitLab opens requests without a change, and even without a branch.
            Some(Refusal::NoBranch(_) | Refusal::Same) | None => {}
        }
        let number = pulls.open(&owner, &head, &base, &title, &body).unwrap_or_default();
        let labels = labels.split(',').filter(|label| !label.is_empty()).map(str::to_owned).collect();
        pulls.label(number, labels);
        number.to_string()
    };
    one(shared, &number).map_or_else(
        || Reply::new(500, json!({"message": "500 Internal Server Error"})),
        |reply| Reply { status: 201, ..reply },
    )
}

fn word(state: &State) -> &'static str {
    match state {
        State::Open => "opened",
        State::Closed => "closed",
        State::Merged(_) => "merged",
    }
}

fn shown(shared: &Shared, pull: &Pull, head: &str) -> Value {
    let own = lock(&shared.pulls).owner() == pull.from;
    let (merge, squash) = match &pull.state {
        State::Merged(commit) => (json!(commit), Value::Null),
        State::Open | State::Closed => (Value::Null, Value::Null),
    };
    let status = if pull.state == State::Open { "not_approved" } else { "not_open" };
    json!({
        "id": 1000 + pull.number,
        "iid": pull.number,
        "web_url": shared.page(pull.number),
        "state": word(&pull.state),
        "detailed_merge_status": status,
        "title": pull.title,
        "description": pull.body,
        "labels": pull.labels,
        "source_branch": pull.head,
        "target_branch": pull.base,
        "source_project_id": if own { 7 } else { 8 },
        "target_project_id": 7,
        "sha": head,
        "merge_commit_sha": merge,
        "squash_commit_sha": squash,
    })
}
