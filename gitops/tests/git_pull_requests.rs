//! Changes of a protected branch: they wait in a pull request of a forge, and nothing is lost or made twice.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::Secret;
use gitops::git::{Credentials, Error, Means, PullRequests, Repositories, Settings, WriteMode};
use gitops_acceptance_tests::forge::{Dialect, Fault, Forge, How};
use gitops_acceptance_tests::git_server::{Fault as GitFault, Kind, Service, script};
use support::protected::{ALL, HEAD, Protected, proposed};
use support::{TOKEN, change, path, task, unchanged, until, write};

#[tokio::test(flavor = "multi_thread")]
async fn one_request_is_opened_and_gone_on_with_until_it_is_merged() {
    for (dialect, how, branch_goes) in ALL
        .into_iter()
        .zip([How::Squash, How::Merge, How::Squash])
        .zip([true, false, false])
        .map(|((a, b), c)| (a, b, c))
    {
        let rig = Protected::start(dialect).await;
        let base = rig.bare.head().unwrap();
        let wanted = PullRequests {
            title: Some("{branch}: {message}".into()),
            body: Some("For `{branch}`.".into()),
            labels: vec!["gitops".into(), "platform".into()],
            ..rig.wanted()
        };
        let (first, request) =
            proposed(rig.run(wanted.clone()).commit(&task(), change("a", vec![write("a", "1")])).await);
        assert_eq!(request.url, rig.forge.page(1), "{dialect:?}");
        let pull = rig.forge.pulls().remove(0);
        assert_eq!(
            (pull.head.as_str(), pull.base.as_str(), pull.title.as_str()),
            (HEAD, "main", "main: change a")
        );
        assert_eq!(
            (pull.body.as_str(), pull.labels),
            ("For `main`.", vec!["gitops".to_owned(), "platform".into()])
        );
        assert_eq!(rig.bare.git(&["rev-parse", HEAD]).unwrap(), first);
        assert_eq!(rig.bare.head().unwrap(), base, "nothing is on the branch");

        // Another run sees what waits, makes it no second time, and adds to it.
        let repository = rig.run(wanted.clone());
        let seen = repository.glance(&task()).await.unwrap();
        assert_eq!(
            (seen.file(&path("a")).unwrap().as_deref(), seen.commit()),
            (Some(&b"1"[..]), first.clone())
        );
        let pushes = rig.server.pushes();
        assert_eq!(proposed(repository.commit(&task(), change("a", vec![write("a", "1")])).await).0, first);
        assert_eq!(rig.server.pushes(), pushes);
        let (second, again) = proposed(repository.commit(&task(), change("b", vec![write("b", "2")])).await);
        assert_eq!(again.number, request.number);
        assert_eq!(repository.glance(&task()).await.unwrap().commit(), second, "what this run wrote is seen");
        assert_eq!((rig.forge.pulls().len(), rig.log().as_str()), (1, "change a\nchange b"), "{dialect:?}");

        // However it is merged, the branch says so.
        let merged = rig.forge.merge(1, how, branch_goes).unwrap();
        let repository = rig.run(wanted.clone());
        let seen = repository.glance(&task()).await.unwrap();
        assert_eq!(
            (seen.file(&path("b")).unwrap().as_deref(), seen.commit()),
            (Some(&b"2"[..]), merged.clone())
        );
        assert_eq!(unchanged(repository.commit(&task(), change("b", vec![write("b", "2")])).await), merged);

        // What comes next waits in a request of its own, with nothing of the old one in it.
        let (_, next) = proposed(repository.commit(&task(), change("c", vec![write("c", "3")])).await);
        assert_eq!((next.number, rig.log().as_str()), (2, "change c"), "{dialect:?}");
        rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_is_given_up_and_can_be_proposed_again() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        let edits = || vec![write("a", "1")];
        proposed(rig.repository().commit(&task(), change("a", edits())).await);
        rig.forge.close(1).unwrap();
        let repository = rig.repository();
        assert_eq!(repository.glance(&task()).await.unwrap().file(&path("a")).unwrap(), None, "{dialect:?}");
        let (commit, request) =
            proposed(repository.commit(&task(), change("b", vec![write("b", "2")])).await);
        assert_eq!((request.number, rig.files(HEAD).as_str()), (2, "README.md b"), "{dialect:?}");
        // The branch went on, and the request that was closed says nothing about that.
        let (next, request) = proposed(rig.repository().commit(&task(), change("a", edits())).await);
        assert_eq!((request.number, rig.files(HEAD).as_str()), (2, "README.md a b"), "{dialect:?}");
        assert_ne!(commit, next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_moment_are_one_commit_one_push_and_one_request() {
    let rig = Protected::start(Dialect::Github).await;
    let repository = rig.repository();
    let limit = task();
    let changes = (0..50).map(|id| {
        let edits = vec![write(&format!("t/{id}"), "x")];
        repository.commit(&limit, change(&format!("t{id}"), edits))
    });
    let landed = futures::future::join_all(changes).await;
    assert!(landed.into_iter().map(proposed).all(|(_, request)| request.number == 1));
    assert_eq!(rig.files(HEAD).split(' ').count(), 51);
    assert!(rig.server.pushes() <= 3, "{}", rig.server.pushes());
    let opened = rig.forge.take_calls().iter().filter(|call| call.starts_with("POST")).count();
    assert_eq!(opened, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moved_is_merged_into_what_waits() {
    let rig = Protected::start(Dialect::Gitlab).await;
    let list = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    rig.bare.write("list", list).unwrap();
    let edits = vec![write("a", "ours"), write("list", &list.replace("9\n", "9!\n"))];
    proposed(rig.repository().commit(&task(), change("a", edits)).await);
    rig.bare.git(&["update-ref", "refs/heads/review", HEAD]).unwrap();
    rig.bare.write("list", &list.replace("1\n", "1!\n")).unwrap();
    rig.bare.write("theirs", "x").unwrap();

    // A look at it sees both, and changes nothing.
    let repository = rig.repository();
    let pushes = rig.server.pushes();
    let both = list.replace("1\n", "1!\n").replace("9\n", "9!\n");
    let seen = repository.glance(&task()).await.unwrap();
    assert_eq!(seen.file(&path("list")).unwrap().unwrap(), both.as_bytes());
    assert_eq!(seen.commit(), rig.bare.git(&["rev-parse", HEAD]).unwrap());
    assert_eq!(rig.server.pushes(), pushes);

    proposed(repository.commit(&task(), change("b", vec![write("b", "2")])).await);
    assert_eq!(rig.files(HEAD), "README.md a b list theirs");
    assert_eq!(rig.content(HEAD, "list"), both.trim_end());
    assert_eq!(rig.log(), "change a\nMerge branch 'main' into gitops/main\nchange b");
    // Nothing that was there is gone: a review goes on.
    rig.bare.git(&["merge-base", "--is-ancestor", "review", HEAD]).unwrap();
    rig.forge.merge(1, How::Squash, true).unwrap();
    assert_eq!(rig.files("main"), "README.md a b list theirs");
    assert_eq!(rig.forge.pulls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_merged_is_made_anew_on_the_branch() {
    let rig = Protected::start(Dialect::Gitea).await;
    proposed(rig.repository().commit(&task(), change("a", vec![write("a", "ours"), write("b", "b")])).await);
    rig.bare.write("a", "theirs").unwrap();
    let repository = rig.repository();
    let seen = repository.glance(&task()).await.unwrap();
    assert_eq!(seen.file(&path("a")).unwrap().as_deref(), Some(&b"theirs"[..]), "it is not what was wanted");
    assert_eq!(seen.file(&path("b")).unwrap().as_deref(), Some(&b"b"[..]));
    proposed(repository.commit(&task(), change("a", vec![write("a", "ours"), write("b", "b")])).await);
    rig.forge.merge(1, How::Merge, false).unwrap();
    assert_eq!((rig.content("main", "a").as_str(), rig.content("main", "b").as_str()), ("ours", "b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_of_reviewers_stay() {
    let rig = Protected::start(Dialect::Github).await;
    proposed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
    let tree = rig.bare.git(&["rev-parse", &format!("{HEAD}^{{tree}}")]).unwrap();
    let fix = rig.bare.git(&["commit-tree", &tree, "-p", HEAD, "-m", "a reviewer was here"]).unwrap();
    rig.bare.git(&["update-ref", &format!("refs/heads/{HEAD}"), &fix]).unwrap();
    proposed(rig.repository().commit(&task(), change("b", vec![write("b", "2")])).await);
    assert_eq!(rig.log(), "change a\na reviewer was here\nchange b");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_share_one_request() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        let runs: Vec<_> = (0..4).map(|_| rig.repository()).collect();
        let limit = task();
        for round in 0..2 {
            let changes = runs.iter().enumerate().map(|(run, repository)| {
                repository
                    .commit(&limit, change(&format!("r{run}"), vec![write(&format!("r{run}/{round}"), "x")]))
            });
            let done = futures::future::join_all(changes).await;
            assert!(done.into_iter().map(proposed).all(|(_, request)| request.number == 1), "{dialect:?}");
        }
        let log = rig.log();
        assert_eq!((log.lines().count(), rig.files(HEAD).split(' ').count()), (8, 9), "{dialect:?} {log}");
        assert_eq!(rig.forge.pulls().len(), 1, "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_nothing_twice() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        for fault in [Fault::LoseAnswer, Fault::Drop] {
            rig.forge.fail("POST", fault);
        }
        for method in ["GET", "POST"] {
            rig.forge.fail(method, Fault::Answer(429, vec![("retry-after", "0".into())], "{}".into()));
        }
        rig.server.faults().push(GitFault { service: Service::Receive, kind: Kind::LoseAnswer, times: 1 });
        proposed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
        assert_eq!((rig.forge.pulls().len(), rig.log().as_str()), (1, "change a"), "{dialect:?}");
    }
}

/// What was pushed before the run died is not shown as done, and is gone on with.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_without_its_request_is_gone_on_with() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        rig.forge.fail("POST", Fault::Answer(403, vec![], r#"{"message": "Not today"}"#.into()));
        let error = rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        assert!(matches!(error, Error::Unproposed { .. }), "{error}");
        let repository = rig.repository();
        assert_eq!(repository.glance(&task()).await.unwrap().file(&path("a")).unwrap(), None, "{dialect:?}");
        let pushes = rig.server.pushes();
        let (_, request) = proposed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
        assert_eq!(
            (request.number, rig.server.pushes(), rig.log().as_str()),
            (1, pushes, "change a"),
            "{dialect:?}"
        );
        assert!(repository.glance(&task()).await.unwrap().file(&path("a")).unwrap().is_some(), "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_waited_for() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        let repository = rig.patient();
        let limit = task();
        let work = repository.commit(&limit, change("a", vec![write("a", "1")]));
        let person = async {
            until(|| rig.forge.pulls().len() == 1).await;
            // What is not merged is not there for those who wait for merges.
            let seen = rig.patient().read(&task()).await.unwrap();
            assert_eq!(seen.file(&path("a")).unwrap(), None);
            rig.forge.merge(1, How::Squash, true).unwrap()
        };
        let (outcome, merged) = tokio::join!(work, person);
        assert_eq!(support::landed(outcome), merged, "{dialect:?}");
        let seen = repository.glance(&task()).await.unwrap();
        assert_eq!(seen.commit(), merged, "the branch is looked at anew");
        // Another file is in the branch: a change that is merged waits for nobody's request.
        proposed(rig.repository().commit(&task(), change("b", vec![write("b", "2")])).await);
        assert_eq!(
            unchanged(rig.patient().commit(&task(), change("a", vec![write("a", "1")])).await),
            merged
        );
    }
}

/// Somebody merges while a push is on its way: what it brings is not in that merge, and is proposed anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_merged_meanwhile_is_followed_by_another() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        let repository = rig.repository();
        proposed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
        let pushes = rig.server.pushes();
        let slow = Kind::Slow(std::time::Duration::from_secs(4));
        rig.server.faults().push(GitFault { service: Service::Receive, kind: slow, times: 1 });
        let limit = task();
        let work = repository.commit(&limit, change("b", vec![write("b", "2")]));
        let person = async {
            until(|| rig.server.pushes() > pushes).await;
            rig.forge.merge(1, How::Squash, false).unwrap();
        };
        let (outcome, ()) = tokio::join!(work, person);
        assert_eq!(proposed(outcome).1.number, 2, "{dialect:?}");
        rig.forge.merge(2, How::Squash, true).unwrap();
        assert_eq!(rig.files("main"), "README.md a b", "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_change_has_its_title_too() {
    let rig = Protected::start(Dialect::Github).await;
    let edits = (0..400).map(|file| write(&format!("d{}/{file}", file % 20), &file.to_string())).collect();
    proposed(rig.repository().commit(&task(), change("a", edits)).await);
    assert_eq!(rig.forge.pulls()[0].title, "change a");
    let seen = rig.repository().glance(&task()).await.unwrap();
    assert_eq!(seen.files(&path("d3")).unwrap().len(), 20);
}

/// Runs beside each other, while servers fail in every way: nothing is lost, nothing is made twice.
#[tokio::test(flavor = "multi_thread")]
async fn faults_lose_nothing_and_double_nothing() {
    for (seed, dialect) in ALL.into_iter().enumerate() {
        let rig = Protected::start(dialect).await;
        let runs: Vec<_> = (0..3).map(|_| rig.repository()).collect();
        let mut random = gitops_acceptance_tests::Random::new(seed as u64);
        let limit = task();
        for round in 0..3 {
            for _ in 0..2 {
                let kind = match random.number() % 5 {
                    0 => Kind::LoseAnswer,
                    1 => Kind::Drop,
                    2 => Kind::Status(500),
                    3 => Kind::HalfAnswer,
                    _ => Kind::Late(std::time::Duration::from_millis(100)),
                };
                rig.server.faults().push(GitFault { service: Service::Receive, kind, times: 1 });
                let fault = if random.number().is_multiple_of(2) { Fault::LoseAnswer } else { Fault::Drop };
                rig.forge.fail(if random.number().is_multiple_of(2) { "POST" } else { "GET" }, fault);
            }
            let changes = runs.iter().enumerate().map(|(run, repository)| {
                let edits = vec![write(&format!("r{run}/{round}"), "x")];
                repository.commit(&limit, change(&format!("r{run}-{round}"), edits))
            });
            let done = futures::future::join_all(changes).await;
            assert!(done.into_iter().map(proposed).all(|(_, request)| request.number == 1), "{dialect:?}");
        }
        let log = rig.log();
        let made: std::collections::BTreeSet<&str> = log.lines().collect();
        assert_eq!((log.lines().count(), made.len()), (9, 9), "{dialect:?} {log}");
        assert_eq!(rig.files(HEAD).split(' ').count(), 10, "{dialect:?}");
        assert_eq!(rig.forge.pulls().len(), 1, "{dialect:?}");
        rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    }
}

/// Gitea lists the requests of everybody: ours may be on any page.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_found_among_many() {
    let rig = Protected::start(Dialect::Gitea).await;
    proposed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
    for _ in 0..110 {
        rig.forge.add("stranger", HEAD, "main").unwrap();
    }
    let seen = rig.repository().glance(&task()).await.unwrap();
    assert!(seen.file(&path("a")).unwrap().is_some());
    let (_, request) = proposed(rig.repository().commit(&task(), change("b", vec![write("b", "2")])).await);
    assert_eq!((request.number, rig.forge.pulls().len()), (1, 111));
    assert!(rig.forge.take_calls().iter().any(|call| call.contains("page=3")));
}

/// What was pushed when the old request had ended is in no request yet, and is not thrown away with the old one.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_after_a_request_ended_stays() {
    for dialect in ALL {
        let rig = Protected::start(dialect).await;
        proposed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
        rig.forge.close(1).unwrap();
        rig.forge.fail("POST", Fault::Answer(403, vec![], r#"{"message": "Not today"}"#.into()));
        rig.repository().commit(&task(), change("b", vec![write("b", "2")])).await.unwrap_err();
        let (_, request) =
            proposed(rig.repository().commit(&task(), change("c", vec![write("c", "3")])).await);
        assert_eq!((request.number, rig.files(HEAD).as_str()), (2, "README.md b c"), "{dialect:?}");
    }
}

/// Git goes over ssh, and the API takes the token of the entry for the same host over https.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_over_ssh_has_a_token_for_its_forge() {
    let rig = Protected::start(Dialect::Gitlab).await;
    let project =
        rig.bare.path().to_str().unwrap().trim_start_matches('/').trim_end_matches(".git").to_owned();
    let forge = Forge::start(Dialect::Gitlab, rig.bare.clone(), &project, TOKEN).await.unwrap();
    let ssh = rig.dir.path().join("ssh");
    script(&ssh, "#!/bin/sh\nfor command; do :; done\nexec sh -c \"$command\"\n").unwrap();
    let for_git =
        Credentials { known_hosts: Some("git.acme ssh-ed25519 AAAA".into()), ..Credentials::default() };
    let for_api = Credentials { token: Some(Secret::new(TOKEN.to_owned())), ..Credentials::default() };
    let settings = Settings {
        credentials: [("ssh://git.acme".into(), for_git), ("https://git.acme".into(), for_api)].into(),
        write_mode: WriteMode::PullRequest,
        pull_request: Some(PullRequests { api_url: Some(forge.api()), ..rig.wanted() }),
        ..Settings::default()
    };
    let url = format!("ssh://git@git.acme/{project}.git");
    for (id, number) in [("a", 1), ("b", 1)] {
        let repository =
            Repositories::with(settings.clone(), Means { ssh: ssh.clone(), ..Means::default() }).unwrap();
        let repository = repository.open(&support::remote(&url)).unwrap();
        let (_, request) = proposed(repository.commit(&task(), change(id, vec![write(id, "1")])).await);
        assert_eq!((request.number, request.url), (number, forge.page(1)));
    }
    assert_eq!((forge.pulls().len(), rig.files(HEAD).as_str()), (1, "README.md a b"));
}
