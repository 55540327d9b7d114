//! As GitHub answers.

use super::pulls::{Pull, Pulls, Refusal, State};
use super::serve::{Call, Caller, Reply, names, text};
use super::{Shared, lock};
use serde_json::{Value, json};

pub(super) fn answer(shared: &Shared, caller: Caller, call: &Call) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let error = |status: u16, message: &str| {
        Reply::new(status, json!({"message": message, "documentation_url": "https://docs.github.com/rest"}))
    };
    let project = lock(&shared.pulls).project.clone();
    match (caller, path.as_slice()) {
        (Caller::Nobody, _) => error(401, "Bad credentials"),
        (_, ["repos", owner, name, rest @ ..]) if format!("{owner}/{name}") == project => {
            match (call.method.as_str(), rest) {
                ("GET", ["pulls"]) => list(shared, call),
                ("GET", ["pulls", number]) => one(shared, number).unwrap_or_else(|| error(404, "Not Found")),
                ("POST", _) if caller == Caller::Reader => {
                    error(403, "Resource not accessible by personal access token")
                }
                ("POST", ["pulls"]) => create(shared, call),
                ("POST", ["issues", number, "labels"]) => {
                    lock(&shared.pulls).label(number.parse().unwrap_or_default(), names(&call.body));
                    Reply::new(200, json!([]))
                }
                _ => error(404, "Not Found"),
            }
        }
        _ => error(404, "Not Found"),
    }
}

fn list(shared: &Shared, call: &Call) -> Reply {
    let wanted = |name: &str| call.query.get(name).cloned();
    let state = wanted("state").unwrap_or_else(|| "open".to_owned());
    let api = format!("http://{}{}", shared.address, shared.dialect.root());
    let all = {
        let pulls = lock(&shared.pulls);
        let fits = |pull: &&Pull| {
            let open = pull.state == State::Open;
            // Without a colon GitHub ignores the filter.
            let head = wanted("head").filter(|head| head.contains(':'));
            (state == "all" || (state == "open") == open)
                && head.is_none_or(|head| head == format!("{}:{}", pull.from, pull.head))
                && wanted("base").is_none_or(|base| base == pull.base)
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
    let mut body = shown(shared, &pull, &head);
    body["merged"] = json!(matches!(pull.state, State::Merged(_)));
    body["mergeable_state"] = json!(if pull.state == State::Open { "blocked" } else { "unknown" });
    Some(Reply::new(200, body))
}

fn create(shared: &Shared, call: &Call) -> Reply {
    let [head, base, title, body] = ["head", "base", "title", "body"].map(|name| text(&call.body, name));
    let refused = |error: Value| Reply::new(422, json!({"message": "Validation Failed", "errors": [error]}));
    let number = {
        let mut pulls = lock(&shared.pulls);
        let owner = pulls.owner().to_owned();
        let custom = |text: String| json!({"resource": "PullRequest", "code": "custom", "message": text});
        match pulls.refusal(&head, &base) {
            Some(Refusal::Exists(_)) => {
                return refused(custom(format!("A pull request already exists for {owner}:{head}.")));
            }
            Some(Refusal::NoBranch(field)) => {
                return refused(json!({"resource": "PullRequest", "field": field, "code": "invalid"}));
            }
            Some(Refusal::Same) => return refused(custom(format!("No commits between {base} and {head}"))),
            None if title.is_empty() => {
                return refused(
                    json!({"resource": "PullRequest", "field": "title", "code": "missing_field"}),
                );
            }
            None => {}
        }
        open(&mut pulls, &owner, [&head, &base, &title, &body])
    };
    number.and_then(|number| one(shared, &number)).map_or_else(
        || Reply::new(500, json!({"message": "Server Error"})),
        |reply| Reply { status: 201, ..reply },
    )
}

fn open(pulls: &mut Pulls, owner: &str, [head, base, title, body]: [&str; 4]) -> Option<String> {
    pulls.open(owner, head, base, title, body).ok().map(|number| number.to_string())
}

fn shown(shared: &Shared, pull: &Pull, head: &str) -> Value {
    let name =
        lock(&shared.pulls).project.split_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
    let (state, merged, commit) = match &pull.state {
        // GitHub shows the commit of a merge that it tries.
        State::Open => ("open", Value::Null, json!("1".repeat(40))),
        State::Closed => ("closed", Value::Null, json!("1".repeat(40))),
        State::Merged(commit) => ("closed", json!("2026-01-01T00:00:00Z"), json!(commit)),
    };
    json!({
        "number": pull.number,
        "html_url": shared.page(pull.number),
        "state": state,
        "draft": false,
        "title": pull.title,
        "body": pull.body,
        "merged_at": merged,
        "merge_commit_sha": commit,
        "labels": pull.labels.iter().map(|label| json!({"name": label})).collect::<Vec<_>>(),
        "head": {
            "label": format!("{}:{}", pull.from, pull.head), "ref": pull.head, "sha": head,
            "repo": {"full_name": format!("{}/{name}", pull.from)},
        },
        "base": {"ref": pull.base},
    })
}
