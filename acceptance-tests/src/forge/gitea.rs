//! As Gitea and Forgejo answer.

use super::pulls::{Pull, Refusal, State};
use super::serve::{Call, Caller, Reply, names, text};
use super::{Shared, lock};
use serde_json::{Value, json};

pub(super) fn answer(shared: &Shared, caller: Caller, call: &Call) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let error = |status: u16, message: &str| {
        Reply::new(status, json!({"message": message, "url": "http://forge.example/api/swagger"}))
    };
    let missing = || error(404, "The target couldn't be found.");
    let project = lock(&shared.pulls).project.clone();
    match (caller, path.as_slice()) {
        (Caller::Nobody, _) => error(401, "invalid username, password or token"),
        (_, ["repos", owner, name, rest @ ..]) if format!("{owner}/{name}") == project => {
            match (call.method.as_str(), rest) {
                ("GET", ["pulls"]) => list(shared, call),
                ("GET", ["pulls", number]) => one(shared, number).unwrap_or_else(missing),
                ("POST", _) if caller == Caller::Reader => {
                    error(403, "token does not have at least one of required scope(s): [write:repository]")
                }
                ("POST", ["pulls"]) => create(shared, call),
                ("POST", ["issues", number, "labels"]) => {
                    lock(&shared.pulls).label(number.parse().unwrap_or_default(), names(&call.body));
                    Reply::new(200, json!([]))
                }
                _ => missing(),
            }
        }
        _ => missing(),
    }
}

/// It knows no filter by branch, as older versions do.
fn list(shared: &Shared, call: &Call) -> Reply {
    let state = call.query.get("state").map_or("open", String::as_str);
    let api = format!("http://{}{}", shared.address, shared.dialect.root());
    let all: Vec<_> = {
        let pulls = lock(&shared.pulls);
        let fits = |pull: &&Pull| state == "all" || (state == "open") == (pull.state == State::Open);
        pulls.all.iter().rev().filter(fits).map(|pull| (pull.clone(), pulls.tip(&pull.head))).collect()
    };
    let all = all.iter().map(|(pull, tip)| shown(shared, pull, tip.as_deref())).collect();
    Reply::page(call, &api, all, "limit")
}

fn one(shared: &Shared, number: &str) -> Option<Reply> {
    let (pull, tip) = {
        let pulls = lock(&shared.pulls);
        let pull = pulls.find(number.parse().ok()?)?.clone();
        let tip = pulls.tip(&pull.head);
        (pull, tip)
    };
    Some(Reply::new(200, shown(shared, &pull, tip.as_deref())))
}

fn create(shared: &Shared, call: &Call) -> Reply {
    let [head, base, title, body] = ["head", "base", "title", "body"].map(|name| text(&call.body, name));
    let error = |status: u16, message: String| Reply::new(status, json!({"message": message, "url": ""}));
    let number = {
        let mut pulls = lock(&shared.pulls);
        let owner = pulls.owner().to_owned();
        match pulls.refusal(&head, &base) {
            Some(Refusal::Exists(number)) => {
                return error(409, format!("pull request already exists for these targets [id: {number}]"));
            }
            Some(Refusal::NoBranch(_)) => return error(404, "The target couldn't be found.".to_owned()),
            Some(Refusal::Same) => {
                return error(
                    422,
                    "Invalid PullRequest: There are no changes between the head and the base".to_owned(),
                );
            }
            None => {}
        }
        pulls.open(&owner, &head, &base, &title, &body).unwrap_or_default().to_string()
    };
    one(shared, &number).map_or_else(
        || error(500, "Internal Server Error".to_owned()),
        |reply| Reply { status: 201, ..reply },
    )
}

/// Of a request that ended, too, it shows where the branch is now.
fn shown(shared: &Shared, pull: &Pull, tip: Option<&str>) -> Value {
    let name =
        lock(&shared.pulls).project.split_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
    let (merged, commit) = match &pull.state {
        State::Merged(commit) => (true, json!(commit)),
        State::Open | State::Closed => (false, Value::Null),
    };
    let gone = format!("refs/pull/{}/head", pull.number);
    let (branch, sha) = match tip {
        Some(tip) => (pull.head.as_str(), tip),
        None => (gone.as_str(), pull.ended_at.as_deref().unwrap_or_default()),
    };
    json!({
        "number": pull.number,
        "html_url": shared.page(pull.number),
        "state": if pull.state == State::Open { "open" } else { "closed" },
        "draft": false,
        "mergeable": pull.state == State::Open,
        "merged": merged,
        "merge_commit_sha": commit,
        "title": pull.title,
        "body": pull.body,
        "labels": pull.labels.iter().map(|label| json!({"name": label})).collect::<Vec<_>>(),
        "head": {"label": pull.head, "ref": branch, "sha": sha, "repo": {"full_name": format!("{}/{name}", pull.from)}},
        "base": {"label": pull.base, "ref": pull.base},
    })
}
