//! Servers that fail: nothing is lost, nothing is written twice, nothing waits for ever, and the user can read why.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::Task;
use gitops::git::{Error, Remote, Repositories, Settings};
use gitops::task::Interrupted;
use gitops_acceptance_tests::git_server::{Bare, Fault, Kind, Options, Server, Service};
use std::time::{Duration, Instant};
use support::*;
use tokio_util::sync::CancellationToken;

/// Each of these may or may not have carried out the push: the change must be there once.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_without_an_answer_lands_once() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let kinds = [
        Kind::LoseAnswer,
        Kind::HalfAnswer,
        Kind::Drop,
        Kind::Reset,
        Kind::Late(Duration::from_millis(150)),
        Kind::Status(500),
        Kind::Status(502),
        Kind::Html,
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        rig.server.faults().push(Fault::once(Service::Receive, kind.clone()));
        let id = n.to_string();
        let commit = landed(repository.commit(&task(), change(&id, vec![write(&id, "x")])).await);
        assert_eq!(rig.bare.head().unwrap(), commit, "{kind:?}");
        assert_eq!(rig.bare.commits().unwrap(), n + 2, "{kind:?}");
    }
    let subjects = rig.bare.git(&["log", "--format=%s", "main"]).unwrap();
    assert_eq!(subjects.lines().filter(|line| line.starts_with("change")).count(), 8, "{subjects}");
}

/// Another writer gets in between the lost answer and the look at the branch: ours is in its history.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_below_the_next_writers_commit() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    landed(repository.commit(&task(), change("0", vec![write("0", "x")])).await);
    let hook = r#"[ -e again ] && exit 0; touch again
        tree=$(git rev-parse main^{tree})
        next=$(GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@x GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@x git commit-tree "$tree" -p main -m next)
        git update-ref refs/heads/main "$next""#;
    rig.bare.hook("post-receive", hook).unwrap();
    rig.server.faults().push(Fault::once(Service::Receive, Kind::LoseAnswer));
    let commit = landed(repository.commit(&task(), change("1", vec![write("1", "x")])).await);
    assert_eq!(rig.bare.git(&["rev-parse", "main^"]).unwrap(), commit);
    assert_eq!(rig.bare.commits().unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_push_is_unknown_at_the_deadline_and_converges_later() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    rig.server.faults().push(Fault::once(Service::Receive, Kind::Hang));
    let started = Instant::now();
    let error = repository.commit(&limited(5000), change("a", vec![write("a", "1")])).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let Error::Unknown { commit, .. } = &error else { panic!("{error:?}") };
    insta::assert_snapshot!(rig.report(&error).replace(commit.as_str(), "COMMIT"), @"
    it is unknown whether commit COMMIT reached the branch `main` of `http://git.example/p.git`: not done within 5s
    Hint: Apply again: if the commit arrived, nothing is written twice.
    ");
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    assert_eq!(rig.bare.commits().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_fetch_ends_at_the_deadline_or_when_stopped() {
    let rig = Rig::start().await;
    rig.server.faults().push(Fault::always(Service::AdvertiseUpload, Kind::Hang));
    let started = Instant::now();
    let error = rig.repository().read(&limited(300)).await.map(drop).unwrap_err();
    insta::assert_snapshot!(rig.report(&error), @"
    the work on the git repository `http://git.example/p.git` was interrupted before anything was written
    Caused by: not done within 300ms
    Hint: Apply again, with a longer timeout if this one was too short.
    ");
    let cancel = CancellationToken::new();
    let task = Task::new(cancel.clone(), Duration::from_secs(60));
    let repository = rig.repository();
    let waiting =
        tokio::spawn(async move { repository.commit(&task, change("a", vec![write("a", "1")])).await });
    until(|| !rig.server.take_requests().is_empty()).await;
    cancel.cancel();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Interrupted { source: Interrupted::Cancelled, .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
    // One caller's deadline does not end the work of the registry, and dropping it does not wait for the server.
    let repository = rig.repository();
    let waiting = tokio::spawn(async move { repository.read(&support::task()).await.map(drop) });
    until(|| !rig.server.take_requests().is_empty()).await;
    let Rig { repositories, .. } = rig;
    waiting.abort();
    let _ = waiting.await;
    drop(repositories);
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_caller_hears_what_became_of_its_push() {
    let rig = Rig::start().await;
    rig.server.faults().push(Fault::once(Service::Receive, Kind::Slow(Duration::from_millis(50))));
    let cancel = CancellationToken::new();
    let task = Task::new(cancel.clone(), Duration::from_secs(60));
    let repository = rig.repository();
    let waiting =
        tokio::spawn(async move { repository.commit(&task, change("a", vec![write("a", "1")])).await });
    until(|| rig.server.pushes() == 1).await;
    cancel.cancel();
    assert_eq!(landed(waiting.await.unwrap()), rig.bare.head().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_server_gets_a_few_tries() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let faults = rig.server.faults();
    for (service, kind) in [
        (Service::AdvertiseUpload, Kind::Status(503)),
        (Service::AdvertiseUpload, Kind::Drop),
        (Service::AdvertiseUpload, Kind::Reset),
        (Service::Upload, Kind::Status(500)),
        (Service::Upload, Kind::HalfAnswer),
        (Service::AdvertiseReceive, Kind::Status(502)),
        (Service::AdvertiseReceive, Kind::Drop),
        (Service::Receive, Kind::Status(429)),
    ] {
        faults.push(Fault::once(service, kind.clone()));
        rig.bare.write("tick", &format!("{kind:?}{service:?}")).unwrap();
        let id = format!("{service:?}{kind:?}").replace(|c: char| !c.is_alphanumeric(), "");
        landed(repository.commit(&task(), change(&id, vec![write(&id, "x")])).await);
    }
    assert_eq!(rig.bare.commits().unwrap(), 1 + 2 * 8);
    faults.push(Fault::always(Service::AdvertiseUpload, Kind::Status(503)));
    rig.server.take_requests();
    let error = repository.read(&task()).await.map(drop).unwrap_err();
    assert_eq!(rig.server.take_requests().len(), 4);
    insta::assert_snapshot!(rig.report(&error), @"
    the git server of `http://git.example/p.git` answered with status 503
    Hint: Apply again; if it stays, look at the server's log.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_answers_is_named() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let mut texts = Vec::new();
    for kind in [
        Kind::Status(401),
        Kind::Status(403),
        Kind::Status(404),
        Kind::Status(418),
        Kind::Html,
        Kind::Redirect("http://elsewhere.example/p.git/info/refs?service=git-upload-pack".to_owned()),
        Kind::Redirect("/sign-in".to_owned()),
    ] {
        rig.server.faults().clear();
        rig.server.faults().push(Fault::always(Service::AdvertiseUpload, kind));
        texts.push(rig.report(&repository.read(&task()).await.map(drop).unwrap_err()));
    }
    rig.server.faults().clear();
    for status in [401, 403, 413] {
        rig.server.faults().push(Fault::once(Service::Receive, Kind::Status(status)));
        let pushes = rig.server.pushes();
        let result = repository.commit(&task(), change("a", vec![write("a", "1")])).await;
        texts.push(rig.report(&result.unwrap_err()));
        assert_eq!(rig.server.pushes() - pushes, 1, "{status}: an answer of the 400s is an answer");
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    the git repository `http://git.example/p.git` refused the credentials
    Hint: Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

    the git server forbids access to `http://git.example/p.git` with these credentials
    Hint: Give the token write access to the contents of this repository.

    the git repository `http://git.example/p.git` was not found
    Hint: Check the address, and that the credentials may see this repository.

    the git server of `http://git.example/p.git` answered with status 418
    Hint: Apply again; if it stays, look at the server's log.

    `http://git.example/p.git` is not a git repository: the server answered with text/html
    Hint: Check the address: this looks like a web page, perhaps a sign-in page.

    the git server of `http://git.example/p.git` redirects to another server, `http://elsewhere.example`
    Hint: Use the new address if you trust it: credentials are never sent to another server.

    the git repository `http://git.example/p.git` was not found
    Hint: Check the address, and that the credentials may see this repository.

    the git repository `http://git.example/p.git` refused the credentials
    Hint: Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

    the git server forbids access to `http://git.example/p.git` with these credentials
    Hint: Give the token write access to the contents of this repository.

    the git server of `http://git.example/p.git` refused the size of the push
    Hint: Raise the limit of the server or of the proxy before it.
    ");
    assert_eq!(rig.bare.commits().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_on_the_same_server_is_followed() {
    let rig = Rig::start().await;
    Bare::seeded(&rig.dir.path().join("new.git")).unwrap();
    for service in ["git-upload-pack", "git-receive-pack"] {
        let to = format!("{}/info/refs?service={service}", rig.server.url("new.git"));
        let at =
            if service == "git-upload-pack" { Service::AdvertiseUpload } else { Service::AdvertiseReceive };
        rig.server.faults().push(Fault::once(at, Kind::Redirect(to)));
    }
    landed(rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await);
    assert_eq!(rig.bare.commits().unwrap(), 1);
    assert_eq!(Bare::at(&rig.dir.path().join("new.git")).commits().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_that_are_not_as_they_should_be() {
    let rig = Rig::start().await;
    Bare::empty(&rig.dir.path().join("empty.git")).unwrap();
    let other = Bare::seeded(&rig.dir.path().join("other.git")).unwrap();
    other.git(&["branch", "--move", "main", "trunk"]).unwrap();
    other.git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]).unwrap();
    let mut texts = Vec::new();
    for (name, branch) in
        [("none.git", "main"), ("empty.git", "main"), ("other.git", "main"), ("p.git", "nope")]
    {
        let remote = Remote { branch: Some(branch.to_owned()), ..remote(&rig.server.url(name)) };
        let repository = rig.repositories.open(&remote).unwrap();
        let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        texts.push(rig.report(&error));
    }
    let nobody = Repositories::new(Settings::default()).unwrap();
    let repository = nobody.open(&remote(&rig.server.url("p.git"))).unwrap();
    texts.push(rig.report(&repository.read(&task()).await.map(drop).unwrap_err()));
    let repository = nobody.open(&remote("http://127.0.0.1:1/p.git")).unwrap();
    texts.push(rig.report(&repository.read(&task()).await.map(drop).unwrap_err()));
    insta::assert_snapshot!(texts.join("\n\n"), @"
    the git repository `http://git.example/none.git` was not found
    Hint: Check the address, and that the credentials may see this repository.

    the git repository `http://git.example/empty.git` is empty
    Hint: Push a first commit to `main`, for example a README.

    the git repository `http://git.example/other.git` has no branch `main`
    Hint: Set `git.branch` to `trunk`, the default branch, or push a branch `main`.

    the git repository `http://git.example/p.git` has no branch `nope`
    Hint: Set `git.branch` to `main`, the default branch, or push a branch `nope`.

    the git repository `http://git.example/p.git` asks for credentials
    Hint: Add an entry for this server to `git.credentials` in the provider block.

    failed to reach the git repository `http://127.0.0.1:1/p.git`: Connection refused (os error 111)
    Hint: Check the address, and that this machine reaches the server. Proxies are taken from HTTPS_PROXY and NO_PROXY.
    ");
}

/// Credentials go out with the first request, and to their own server alone.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_stay_with_their_server() {
    let rig = Rig::start().await;
    rig.repository().read(&task()).await.map(drop).unwrap();
    assert!(rig.server.take_requests().iter().all(|request| request.headers.contains_key("authorization")));
    let options = Options { root: rig.dir.path().to_owned(), ..Options::default() };
    let other = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let repository = rig.repositories.open(&remote(&other.url("p.git"))).unwrap();
    repository.read(&task()).await.map(drop).unwrap();
    rig.server.faults().push(Fault::once(
        Service::AdvertiseUpload,
        Kind::Redirect(format!("{}/info/refs?service=git-upload-pack", other.url("p.git"))),
    ));
    let seen = other.take_requests();
    assert!(!seen.is_empty() && seen.iter().all(|request| !request.headers.contains_key("authorization")));
    let error = rig.repository().read(&task()).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Redirected { .. }), "{error:?}");
    assert_eq!(other.take_requests().len(), 0, "nothing was sent to the other server");
}

/// A body above 1 MiB is streamed: the answer counts all the same, early or late.
#[tokio::test(flavor = "multi_thread")]
async fn large_pushes() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    // Not compressible, so that the pack is as large as the file.
    let noise = |seed: u64| {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        (0..3 << 20).map(|_| next()).collect::<Vec<u8>>()
    };
    let large = |seed| gitops::git::Edit::Write { path: path("large"), content: noise(seed) };
    for (seed, fault) in
        [(1, None), (2, Some(Kind::LoseAnswer)), (3, Some(Kind::Reset)), (4, Some(Kind::Status(500)))]
    {
        if let Some(kind) = fault.clone() {
            rig.server.faults().push(Fault::once(Service::Receive, kind));
        }
        landed(repository.commit(&task(), change("large", vec![large(seed)])).await);
        assert_eq!(rig.bare.commits().unwrap() as u64, seed + 1, "{fault:?}");
    }
    rig.server.faults().push(Fault::once(Service::Receive, Kind::Status(413)));
    let error = repository.commit(&task(), change("large", vec![large(9)])).await.unwrap_err();
    assert!(matches!(error, Error::PushTooLarge { .. }), "{error:?}");
    let snapshot = repository.read(&task()).await.unwrap();
    assert_eq!(snapshot.file(&path("large")).unwrap().unwrap(), noise(4));
}
