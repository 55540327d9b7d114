//! What is said in each dialect, and what is understood of it.

use super::*;
use gitops_acceptance_tests::hostile;
use serde_json::json;

const HEAD: &str = "f00df00df00df00df00df00df00df00df00df00d";
const MERGE: &str = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff";

fn branches() -> Branches {
    Branches { head: "gitops/main".into(), base: "main".into() }
}

fn shown(call: &Call) -> String {
    let query: Vec<_> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = call.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
    format!("{} {} {}{body}", call.method, call.path.join(" / "), query.join("&")).trim_end().to_owned()
}

#[test]
fn what_is_asked() {
    let labels = vec!["gitops".to_owned(), "platform".to_owned()];
    let wording = Wording { title: "change".into(), body: "why".into(), labels: labels.clone() };
    let mut told = Vec::new();
    for kind in [Kind::Github, Kind::Gitlab, Kind::Gitea] {
        let dialect = dialect(kind);
        told.push(shown(&dialect.list("acme/p", &branches(), true, 1)));
        told.push(shown(&dialect.list("acme/p", &branches(), false, 2)));
        told.push(shown(&dialect.one("acme/p", 7)));
        told.push(shown(&dialect.create("acme/p", &branches(), &wording)));
        told.extend(dialect.label("acme/p", 7, &labels).iter().map(shown));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    GET repos / acme / p / pulls state=open&head=acme:gitops/main&base=main&sort=created&direction=desc&per_page=100&page=1
    GET repos / acme / p / pulls state=closed&head=acme:gitops/main&base=main&sort=created&direction=desc&per_page=100&page=2
    GET repos / acme / p / pulls / 7
    POST repos / acme / p / pulls  {"base":"main","body":"why","head":"gitops/main","title":"change"}
    POST repos / acme / p / issues / 7 / labels  {"labels":["gitops","platform"]}
    GET projects / acme/p / merge_requests state=opened&source_branch=gitops/main&target_branch=main&order_by=created_at&sort=desc&per_page=100&page=1
    GET projects / acme/p / merge_requests state=all&source_branch=gitops/main&target_branch=main&order_by=created_at&sort=desc&per_page=100&page=2
    GET projects / acme/p / merge_requests / 7
    POST projects / acme/p / merge_requests  {"description":"why","labels":"gitops,platform","source_branch":"gitops/main","target_branch":"main","title":"change"}
    GET repos / acme / p / pulls state=open&base_branch=main&limit=50&page=1
    GET repos / acme / p / pulls state=closed&base_branch=main&limit=50&page=2
    GET repos / acme / p / pulls / 7
    POST repos / acme / p / pulls  {"base":"main","body":"why","head":"gitops/main","title":"change"}
    POST repos / acme / p / issues / 7 / labels  {"labels":["gitops","platform"]}
    "#);
}

fn github(more: Value) -> Value {
    let mut request = json!({
        "number": 7, "html_url": "https://github.com/acme/p/pull/7", "state": "open", "draft": false,
        "merge_commit_sha": MERGE, "merged_at": null,
        "head": {"ref": "gitops/main", "sha": HEAD, "repo": {"full_name": "Acme/p"}}, "base": {"ref": "main"},
    });
    merge(&mut request, more);
    request
}

fn gitlab(more: Value) -> Value {
    let mut request = json!({
        "id": 70, "iid": 7, "web_url": "https://gitlab.com/acme/p/-/merge_requests/7", "state": "opened",
        "detailed_merge_status": "not_approved", "sha": HEAD, "merge_commit_sha": null, "squash_commit_sha": null,
        "source_branch": "gitops/main", "target_branch": "main", "source_project_id": 1, "target_project_id": 1,
    });
    merge(&mut request, more);
    request
}

fn gitea(more: Value) -> Value {
    let mut request = json!({
        "number": 7, "html_url": "https://codeberg.org/acme/p/pulls/7", "state": "open", "mergeable": true,
        "merged": false, "merge_commit_sha": null,
        "head": {"ref": "gitops/main", "label": "gitops/main", "sha": HEAD, "repo": {"full_name": "acme/p"}},
        "base": {"ref": "main"},
    });
    merge(&mut request, more);
    request
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            more.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, more) => *into = more,
    }
}

#[test]
fn how_far_a_request_is() {
    let merged = |commit: Option<&str>| Some(State::Merged(commit.map(str::to_owned)));
    let open = |words: &str| Some(State::Open(words.to_owned()));
    let cases = [
        (Kind::Github, github(json!({})), open("open")),
        (Kind::Github, github(json!({"mergeable_state": "blocked"})), open("open (blocked)")),
        (Kind::Github, github(json!({"draft": true})), open("open (draft)")),
        (Kind::Github, github(json!({"state": "closed"})), Some(State::Closed)),
        (
            Kind::Github,
            github(json!({"state": "closed", "merged_at": "2026-01-01T00:00:00Z"})),
            merged(Some(MERGE)),
        ),
        (Kind::Github, github(json!({"state": "closed", "merged": true})), merged(Some(MERGE))),
        (Kind::Github, github(json!({"html_url": null})), None),
        (Kind::Gitlab, gitlab(json!({})), open("open (not approved)")),
        (Kind::Gitlab, gitlab(json!({"state": "locked", "detailed_merge_status": null})), open("open")),
        (Kind::Gitlab, gitlab(json!({"state": "closed"})), Some(State::Closed)),
        (Kind::Gitlab, gitlab(json!({"state": "merged", "merge_commit_sha": MERGE})), merged(Some(MERGE))),
        (Kind::Gitlab, gitlab(json!({"state": "merged", "squash_commit_sha": MERGE})), merged(Some(MERGE))),
        // A fast-forward makes no commit.
        (Kind::Gitlab, gitlab(json!({"state": "merged"})), merged(Some(HEAD))),
        (Kind::Gitea, gitea(json!({})), open("open")),
        (Kind::Gitea, gitea(json!({"mergeable": false})), open("open (cannot be merged as it is)")),
        (Kind::Gitea, gitea(json!({"state": "closed"})), Some(State::Closed)),
        (
            Kind::Gitea,
            gitea(json!({"state": "closed", "merged": true, "merge_commit_sha": MERGE})),
            merged(Some(MERGE)),
        ),
        (
            Kind::Gitea,
            gitea(json!({"state": "closed", "merged": true, "merge_commit_sha": "../x"})),
            merged(None),
        ),
    ];
    for (kind, answer, expected) in cases {
        let read = dialect(kind).read(&answer);
        assert_eq!(read.as_ref().map(|request| request.state.clone()), expected, "{kind:?} {answer}");
        assert!(read.is_none_or(|request| request.number == 7 && request.head == HEAD), "{kind:?}");
    }
}

#[test]
fn requests_of_others_are_none() {
    let cases = [
        (Kind::Github, github(json!({})), true),
        (Kind::Github, github(json!({"head": {"repo": {"full_name": "evil/p"}}})), false),
        (Kind::Github, github(json!({"head": {"repo": null}})), false),
        (Kind::Github, github(json!({"head": {"ref": "gitops/dev"}})), false),
        (Kind::Github, github(json!({"base": {"ref": "dev"}})), false),
        (Kind::Gitlab, gitlab(json!({})), true),
        (Kind::Gitlab, gitlab(json!({"source_project_id": 2})), false),
        (Kind::Gitlab, gitlab(json!({"source_branch": "x"})), false),
        (Kind::Gitlab, gitlab(json!({"target_branch": "x"})), false),
        (Kind::Gitea, gitea(json!({})), true),
        (Kind::Gitea, gitea(json!({"head": {"ref": "refs/pull/7/head"}})), true),
        (Kind::Gitea, gitea(json!({"head": {"label": "x", "ref": "x"}})), false),
        (Kind::Gitea, gitea(json!({"head": {"repo": {"full_name": "evil/p"}}})), false),
        (Kind::Gitea, gitea(json!({"base": {"ref": "x"}})), false),
    ];
    for (kind, answer, expected) in cases {
        assert_eq!(dialect(kind).is_of(&answer, "acme/p", &branches()), expected, "{kind:?} {answer}");
    }
}

#[test]
fn no_answer_is_too_strange() {
    let good = [github(json!({})), gitlab(json!({})), gitea(json!({}))];
    hostile::values(hostile::INPUTS, &good, |answer| {
        for kind in [Kind::Github, Kind::Gitlab, Kind::Gitea] {
            let dialect = dialect(kind);
            dialect.is_of(answer, "acme/p", &branches());
            let Some(request) = dialect.read(answer) else { continue };
            assert!(!request.url.contains(char::is_control), "{request:?}");
        }
    });
    let good = [
        "https://gitlab.example/api/v4",
        "https://github.com/acme/p.git",
        "ssh://git@codeberg.org:22/acme/p",
    ];
    hostile::texts(hostile::INPUTS, &good, |text| {
        let Ok(url) = reqwest::Url::parse(text) else { return };
        drop((
            Project::of(&url, url.path(), None, None),
            Project::of(&url, text, Some(Kind::Gitea), Some(text)),
        ));
    });
}
