//! What happens to a branch while nobody looks: it goes, its clock is wrong, its disk is full. What the user then reads,
//! and that nothing is half written.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use std::time::{Duration, Instant};
use support::*;

/// A branch that was there is deleted: before the next change, and between the look at it and the push. It is not made
/// anew: whoever deleted it meant that.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_deleted_meanwhile_stays_deleted() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    let head = rig.bare.head().unwrap();
    rig.bare.git(&["branch", "next", "main"]).unwrap();
    rig.bare.git(&["symbolic-ref", "HEAD", "refs/heads/next"]).unwrap();
    rig.bare.git(&["update-ref", "-d", "refs/heads/main"]).unwrap();
    let pushes = rig.server.pushes();
    let before = repository.commit(&task(), change("b", vec![write("b", "1")])).await.unwrap_err();
    let read = repository.read(&task()).await.map(drop).unwrap_err();
    assert_eq!(rig.report(&before), rig.report(&read));

    rig.bare.git(&["update-ref", "refs/heads/main", &head]).unwrap();
    rig.server.faults().push(Fault::once(Service::AdvertiseReceive, Kind::Slow(Duration::from_secs(3))));
    rig.server.take_requests();
    let other = repository.clone();
    let writer = tokio::spawn(async move { other.commit(&task(), change("c", vec![write("c", "1")])).await });
    until(|| rig.server.take_requests().iter().any(|request| request.query.contains("receive-pack"))).await;
    rig.bare.git(&["update-ref", "-d", "refs/heads/main"]).unwrap();
    let between = writer.await.unwrap().unwrap_err();
    insta::assert_snapshot!([before, between].map(|error| rig.report(&error)).join("\n\n"), @"
    the git repository `http://git.example/p.git` has no branch `main`
    Hint: Set `git.branch` to `next`, the default branch, or push a branch `main`.

    the git repository `http://git.example/p.git` has no branch `main`
    Hint: Set `git.branch` to `next`, the default branch, or push a branch `main`.
    ");
    assert_eq!(rig.server.pushes(), pushes, "nothing was sent");
    assert!(rig.bare.head().is_err(), "the branch is back");
}

/// Ours never come before what they are based on, and are good commits, whatever clock their parent had.
#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_wrong() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (theirs, latest) in [("4102444800", 4_102_444_800), ("0", now), ("1", now), ("86400", now)] {
        let rig = Rig::start().await;
        let tree = rig.bare.git(&["rev-parse", "main^{tree}"]).unwrap();
        let dated = commit_dated(&rig, theirs, &tree, &rig.bare.head().unwrap());
        rig.bare.git(&["update-ref", "refs/heads/main", &dated]).unwrap();
        let repository = rig.repository();
        let ours = [
            landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await),
            landed(repository.commit(&task(), change("b", vec![write("b", "1")])).await),
        ];
        let log = rig.bare.git(&["log", "--date-order", "-3", "--format=%H", "main"]).unwrap();
        assert_eq!(log.lines().collect::<Vec<_>>(), [&ours[1], &ours[0], &dated], "{theirs}");
        for commit in &ours {
            let times = rig.bare.git(&["show", "--no-patch", "--format=%ct %at", commit]).unwrap();
            for time in times.split(' ') {
                let time: u64 = time.parse().unwrap();
                assert!((latest..latest + 600).contains(&time), "{theirs}: {time}");
            }
        }
        rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    }
}

/// A repository that may not grow: by a rule of the host, by a limit of Git itself, by the proxy before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_full() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let noise: String = (0..400_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    let grow = || change("a", vec![write("a", &noise)]);
    let mut told = Vec::new();
    let quota = r#"echo "Your push to this repository cannot be completed because it has exceeded its storage quota of 10 MiB." >&2; exit 1"#;
    rig.bare.hook("pre-receive", quota).unwrap();
    told.push(repository.commit(&task(), grow()).await.unwrap_err());
    std::fs::remove_file(rig.bare.path().join("hooks/pre-receive")).unwrap();

    rig.bare.git(&["config", "receive.maxInputSize", "1000"]).unwrap();
    let begun = Instant::now();
    told.push(repository.commit(&limited(60_000), grow()).await.unwrap_err());
    assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
    rig.bare.git(&["config", "--unset", "receive.maxInputSize"]).unwrap();

    rig.server.faults().push(Fault::once(Service::Receive, Kind::Status(413)));
    told.push(repository.commit(&task(), grow()).await.unwrap_err());
    let texts: Vec<_> = told.iter().map(|error| rig.report(error)).collect();
    insta::assert_snapshot!(texts.join("\n\n"), @"
    the git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: Your push to this repository cannot be completed because it has exceeded its storage quota of 10 MiB.
    Hint: The server limits the size of files, pushes or repositories, also for pull requests: write less, make room in the repository, or ask whoever runs the server for a higher limit.

    the git server refused the push to `main` of `http://git.example/p.git`: it could not unpack it
      remote: fatal: pack exceeds maximum allowed size
    Hint: The server has no room left, or a limit to the size of a push: ask whoever runs it.

    the git server of `http://git.example/p.git` refused the size of the push
    Hint: Raise the limit of the server or of the proxy before it.
    ");
    assert_eq!(rig.bare.commits().unwrap(), 1);
    landed(repository.commit(&task(), grow()).await);
    assert_eq!(rig.bare.commits().unwrap(), 2);
}
