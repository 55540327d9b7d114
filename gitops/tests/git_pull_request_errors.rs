//! Pull requests that do not come to be, or to their end: what the user reads, and that nothing is written.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::git::{Edit, PullRequests, Repositories, Repository, Settings, WriteMode};
use gitops_acceptance_tests::forge::{Dialect, Fault, State};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use support::protected::{ALL, HEAD, Protected, proposed};
use support::{TOKEN, change, limited, path, task, until, write};

#[tokio::test(flavor = "multi_thread")]
async fn waits_that_end_without_a_merge() {
    let rig = Protected::start(Dialect::Github).await;
    let edits = || vec![write("a", "1")];
    let late = rig.patient().commit(&limited(5000), change("a", edits())).await.unwrap_err();
    rig.forge.take_calls();
    let repository = rig.patient();
    let limit = task();
    let work = repository.commit(&limit, change("a", edits()));
    let person = async {
        until(|| rig.forge.take_calls().iter().any(|call| call.contains("/pulls/1"))).await;
        rig.forge.close(1).unwrap();
    };
    let (closed, ()) = tokio::join!(work, person);
    assert_eq!((rig.forge.pulls().len(), rig.log().as_str()), (1, "change a"), "the second wait went on");
    let told = [late, closed.unwrap_err()].map(|error| rig.report(&error));
    insta::assert_snapshot!(told.join("\n\n"), @"
    the pull request http://api.example/acme/p/pull/1 is not merged: not done within 5s; last seen: open (blocked)
    Hint: Let somebody merge it, then apply again: that goes on with this pull request, and opens no second one. Raise the timeout if merges need more time.

    the pull request http://api.example/acme/p/pull/1 was closed without a merge
    Hint: `main` is as it was. Apply again to open a new one with the same changes.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn forges_that_do_not_do_it() {
    let mut told = Vec::new();
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        // Nothing is pushed for a token that the API does not take. Git does not ask for one that a fetch takes.
        rig.forge.fail("GET", Fault::Answer(401, vec![], r#"{"message": "Bad credentials"}"#.into()));
        let work = || vec![write("a", "1")];
        let error = rig.repository().commit(&task(), change("a", work())).await.unwrap_err();
        told.push(rig.report(&error));
        assert_eq!(rig.server.pushes(), 0);
        rig.forge.fail(
            "POST",
            Fault::Answer(403, vec![], r#"{"message": "Resource not accessible by integration"}"#.into()),
        );
        let error = rig.repository().commit(&task(), change("a", work())).await.unwrap_err();
        told.push(rig.report(&error));
    }
    let rig = Protected::start(Dialect::Github).await;
    let commit = |repository: Repository| async move {
        repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err()
    };
    for fault in [
        Fault::Answer(
            403,
            vec![("x-ratelimit-remaining", "0".into()), ("retry-after", "3600".into())],
            "{}".into(),
        ),
        Fault::Answer(404, vec![], r#"{"message": "Not Found"}"#.into()),
        Fault::Answer(301, vec![("location", "https://evil.example/".into())], String::new()),
        Fault::Answer(200, vec![], "<html>Sign in</html>".into()),
    ] {
        rig.forge.fail("GET", fault);
        told.push(rig.report(&commit(rig.repository()).await));
    }
    rig.forge.fail(
        "POST",
        Fault::Answer(
            422,
            vec![],
            r#"{"message": "Validation Failed", "errors": [{"message": "base is frozen for TOKEN\u0007"}]}"#
                .replace("TOKEN", TOKEN),
        ),
    );
    told.push(rig.report(&commit(rig.repository()).await));
    insta::assert_snapshot!(told.join("\n\n"), @"
    the API at http://api.example/api/v3 refused the token
    Hint: Check the entry of `git.credentials` for the server of the repository: the token may have expired, or be none for the API.

    the changes are on the branch `gitops/main` of `http://git.example/acme/p.git`, and no pull request is open for it: the API at http://api.example/api/v3 does not allow this token to open a pull request: Resource not accessible by integration
    Hint: Let the token write pull requests: `Pull requests: write` on GitHub, `api` on GitLab, `write:repository` and `write:issue` on Gitea and Forgejo. Apply again to go on from there: nothing is written twice.

    the API at http://api.example/api/v4 refused the token
    Hint: Check the entry of `git.credentials` for the server of the repository: the token may have expired, or be none for the API.

    the changes are on the branch `gitops/main` of `http://git.example/acme/p.git`, and no pull request is open for it: the API at http://api.example/api/v4 does not allow this token to open a pull request: Resource not accessible by integration
    Hint: Let the token write pull requests: `Pull requests: write` on GitHub, `api` on GitLab, `write:repository` and `write:issue` on Gitea and Forgejo. Apply again to go on from there: nothing is written twice.

    the API at http://api.example/api/v1 refused the token
    Hint: Check the entry of `git.credentials` for the server of the repository: the token may have expired, or be none for the API.

    the changes are on the branch `gitops/main` of `http://git.example/acme/p.git`, and no pull request is open for it: the API at http://api.example/api/v1 does not allow this token to open a pull request: Resource not accessible by integration
    Hint: Let the token write pull requests: `Pull requests: write` on GitHub, `api` on GitLab, `write:repository` and `write:issue` on Gitea and Forgejo. Apply again to go on from there: nothing is written twice.

    the API at http://api.example/api/v3 limits the number of requests for 1h
    Hint: Apply again later: what was done is found and continued.

    failed to list the pull requests: the API at http://api.example/api/v3 finds no repository `acme/p`
    Hint: Check `pull_request.api_url`, and that the token may see the repository and its pull requests.

    failed to list the pull requests: what answers at http://api.example/api/v3 is not the API of this repository: it answered with a redirect, which is not followed
    Hint: Check `pull_request.forge` and `pull_request.api_url`, and that the repository still has this name.

    failed to list the pull requests: what answers at http://api.example/api/v3 is not the API of this repository: it answered with something else than what was asked for
    Hint: Check `pull_request.forge` and `pull_request.api_url`, and that the repository still has this name.

    the changes are on the branch `gitops/main` of `http://git.example/acme/p.git`, and no pull request is open for it: failed to open a pull request at http://api.example/api/v3: 422: Validation Failed; base is frozen for [hidden]
    Hint: Apply again to go on from there: nothing is written twice.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_of_others_are_not_touched() {
    let rig = Protected::start(Dialect::Github).await;
    let commit = |repository: Repository| async move {
        repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err()
    };
    let theirs = |branch: &str, parent: &str| {
        let tree = rig.bare.git(&["rev-parse", "main^{tree}"]).unwrap();
        let mut arguments = vec!["commit-tree", &tree, "-m", "somebody's work"];
        if !parent.is_empty() {
            arguments.extend(["-p", parent]);
        }
        let commit = rig.bare.git(&arguments).unwrap();
        rig.bare.git(&["update-ref", &format!("refs/heads/{branch}"), &commit]).unwrap();
        commit
    };
    let mut told = Vec::new();
    for (branch, parent) in [(HEAD, "main"), (HEAD, ""), ("gitops", "main"), ("gitops/main/x", "main")] {
        let made = theirs(branch, parent);
        told.push(rig.report(&commit(rig.repository()).await));
        assert_eq!(rig.bare.git(&["rev-parse", branch]).unwrap(), made);
        rig.bare.git(&["update-ref", "-d", &format!("refs/heads/{branch}")]).unwrap();
    }
    assert_eq!((rig.server.pushes(), rig.forge.pulls().len()), (0, 0));
    insta::assert_snapshot!(told.join("\n\n"), @"
    the branch `gitops/main` of `http://git.example/acme/p.git`, which pull requests come from, is taken: it has commits that were not made by this provider
    Hint: Set `pull_request.branch_prefix` in the provider block's `git` to another one, or remove that branch if nobody needs it.

    the branch `gitops/main` of `http://git.example/acme/p.git`, which pull requests come from, is taken: it has commits that were not made by this provider
    Hint: Set `pull_request.branch_prefix` in the provider block's `git` to another one, or remove that branch if nobody needs it.

    the branch `gitops/main` of `http://git.example/acme/p.git`, which pull requests come from, is taken: there is a branch `gitops`
    Hint: Set `pull_request.branch_prefix` in the provider block's `git` to another one, or remove that branch if nobody needs it.

    the branch `gitops/main` of `http://git.example/acme/p.git`, which pull requests come from, is taken: there is a branch `gitops/main/x`
    Hint: Set `pull_request.branch_prefix` in the provider block's `git` to another one, or remove that branch if nobody needs it.
    ");

    // A request of a fork, whose branch has the same name, is another one.
    rig.forge.add("stranger", HEAD, "main").unwrap();
    proposed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
    assert_eq!(rig.forge.pulls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_push_to_a_protected_branch_says_what_helps() {
    let rig = Protected::start(Dialect::Github).await;
    let repositories = Repositories::new(support::settings(&rig.server)).unwrap();
    let repository = repositories.open(&support::remote(&rig.server.url("acme/p.git"))).unwrap();
    let edits = vec![Edit::Remove { path: path("README.md") }];
    let error = repository.commit(&task(), change("a", edits)).await.unwrap_err();
    insta::assert_snapshot!(rig.report(&error), @r#"
    the git server refused the push to `main` of `http://git.example/acme/p.git`: hook declined
      remote: error: GH006: Protected branch update failed for refs/heads/main.
      remote: error: hook declined to update refs/heads/main
    Hint: The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.
    "#);
    assert!(rig.forge.pulls().iter().all(|pull| pull.state == State::Open));
    drop(rig.dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_must_be_known() {
    let rig = Protected::start(Dialect::Github).await;
    let open = |url: &str, wanted: PullRequests| {
        let settings = Settings {
            write_mode: WriteMode::PullRequest,
            pull_request: Some(wanted),
            ..Settings::default()
        };
        Repositories::new(settings).unwrap().open(&support::remote(url)).map(|_| ())
    };
    let url = rig.server.url("acme/p.git");
    assert!(open("git@github.com:acme/p.git", PullRequests::default()).is_ok());
    let cases = [
        (url.as_str(), PullRequests::default()),
        ("file:///srv/acme/p.git", rig.wanted()),
        ("https://github.com/p.git", PullRequests::default()),
        (url.as_str(), PullRequests { api_url: Some("http://api.example".into()), ..rig.wanted() }),
        (url.as_str(), PullRequests { branch_prefix: String::new(), ..rig.wanted() }),
        (url.as_str(), PullRequests { branch_prefix: "a b/".into(), ..rig.wanted() }),
    ];
    let told: Vec<_> =
        cases.into_iter().map(|(url, wanted)| rig.report(&open(url, wanted).unwrap_err())).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    it is not known which forge the git repository `http://git.example/acme/p.git` is on
    Hint: Set `pull_request.forge` in the provider block's `git` to `github`, `gitlab` or `gitea`, which Forgejo speaks, too.

    the git repository `file:///srv/acme/p.git` is on no forge that pull requests could be opened on
    Hint: Use an https or ssh address of a forge, or `write_mode = "push"` in the provider block's `git`.

    `https://github.com/p.git` does not name a repository as forges do
    Hint: An address on a forge ends with the names of owner and repository, such as `https://host/acme/platform.git`. For a forge below a path of its host, set `pull_request.api_url`.

    `http://api.example` cannot be the address of an API: it is not https
    Hint: Give `pull_request.api_url` as `https://host/api/v4`, with the path that the forge documents.

    `` cannot be what the branches of pull requests begin with
    Hint: Set `pull_request.branch_prefix` to something such as `gitops/`.

    `a b/` cannot be what the branches of pull requests begin with
    Hint: Set `pull_request.branch_prefix` to something such as `gitops/`.
    "#);
}

/// Without a token that the forge could take, nothing is pushed.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_needed() {
    let rig = Protected::start(Dialect::Gitea).await;
    let settings = Settings {
        write_mode: WriteMode::PullRequest,
        pull_request: Some(rig.wanted()),
        ..Settings::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let bare = Bare::seeded(&dir.path().join("acme/p.git")).unwrap();
    let open = Options { root: dir.path().to_owned(), credentials: None, tls: None };
    let server = Server::start(([127, 0, 0, 1], 0).into(), open).await.unwrap();
    let repository =
        Repositories::new(settings).unwrap().open(&support::remote(&server.url("acme/p.git"))).unwrap();
    let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
    let text = rig.report(&error).replace(&server.address().to_string(), "git.example");
    insta::assert_snapshot!(text, @"
    there is no token for the API at http://api.example/api/v1
    Hint: Add an entry for `http://git.example` with a `token` to `git.credentials` in the provider block.
    ");
    assert_eq!((server.pushes(), bare.commits().unwrap()), (0, 1));
}
