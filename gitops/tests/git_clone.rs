//! The private clone: how much of a repository is fetched, and that nothing is lost when it is damaged and made anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::git::{Change, Error, Lineage, Owner, Refusal, Repository};
use gitops::path::Invalid;
use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::*;

/// A rig whose commits no other test has.
async fn unlike_others() -> Rig {
    let rig = Rig::start().await;
    rig.bare.write("unique", &rig.dir.path().display().to_string()).unwrap();
    rig
}

/// The directory of the private clone whose last fetch saw `tip`.
fn clone_at(tip: &str) -> PathBuf {
    let all = std::fs::read_dir(std::env::temp_dir()).unwrap().map(|entry| entry.unwrap().path());
    let ours = |path: &PathBuf| {
        let seen = std::fs::read_to_string(path.join("refs/remotes/origin/tip")).unwrap_or_default();
        path.file_name().unwrap().to_string_lossy().starts_with("gitops-clone-") && seen.trim() == tip
    };
    all.into_iter().find(ours).expect("a clone")
}

/// What the server was asked for since the last call: the tip alone, and what comes after something that is here.
fn fetched(rig: &Rig) -> (bool, bool) {
    let requests = rig.server.take_requests();
    let packs = requests.iter().filter(|request| request.path.ends_with("/git-upload-pack"));
    let (shallow, others): (Vec<_>, Vec<_>) =
        packs.partition(|request| String::from_utf8_lossy(&request.body).contains("deepen 1\n"));
    // Some servers take no other bodies.
    assert!(shallow.iter().chain(&others).all(|request| request.headers.contains_key("content-length")));
    (!shallow.is_empty(), !others.is_empty())
}

/// Whether `revision` comes to be accepted.
async fn accepted(lineage: &Lineage, repository: &Repository, revision: &str) -> bool {
    let task = task();
    let held = async {
        tokio::select! {
            () = until(|| lineage.accepts(revision)) => {}
            never = lineage.answer(&task, repository) => match never {},
        }
    };
    tokio::time::timeout(Duration::from_secs(9), held).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_fetch_is_of_the_tip_alone() {
    let rig = unlike_others().await;
    for number in 0..5 {
        rig.bare.write("n", &number.to_string()).unwrap();
    }
    let repository = rig.repository();
    repository.read(&task()).await.map(drop).unwrap();
    assert_eq!(fetched(&rig), (true, false));
    let clone = clone_at(&rig.bare.head().unwrap());
    let cut = std::fs::read_to_string(clone.join("shallow")).unwrap();
    assert_eq!(cut.trim(), rig.bare.head().unwrap());
    rig.bare.write("n", "x").unwrap();
    repository.read(&task()).await.map(drop).unwrap();
    assert_eq!(fetched(&rig), (false, true), "later ones go on from there");
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    repository.read(&task()).await.map(drop).unwrap();
    assert_eq!(fetched(&rig), (false, false), "what was pushed is not fetched");
}

/// Somebody tidies up the directory for temporary files, or its disk fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_clone_is_made_anew() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    let damages: [(&str, fn(&Path)); 3] = [
        ("the directory", |clone| std::fs::remove_dir_all(clone).unwrap()),
        ("its objects", |clone| std::fs::remove_dir_all(clone.join("objects")).unwrap()),
        ("its shape", |clone| std::fs::remove_file(clone.join("HEAD")).unwrap()),
    ];
    for (what, damage) in damages {
        repository.read(&task()).await.map(drop).unwrap();
        damage(&clone_at(&rig.bare.head().unwrap()));
        rig.bare.write("theirs", what).unwrap();
        let (commits, _) = (rig.bare.commits().unwrap(), fetched(&rig));
        landed(repository.commit(&task(), change("a", vec![write("a", what)])).await);
        assert_eq!(rig.bare.commits().unwrap(), commits + 1, "{what}");
        let files = rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap();
        assert_eq!(files, "README.md\na\ntheirs\nunique", "{what}");
        assert!(fetched(&rig).0, "{what}: it was not made anew");
    }
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
}

/// What is missing is noticed by whoever reads it, and is there again for the next one, though the branch has not moved.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_in_the_clone_is_fetched_again() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    repository.read(&task()).await.map(drop).unwrap();
    let clone = clone_at(&rig.bare.head().unwrap());
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    let blob = rig.bare.git(&["rev-parse", "main:a"]).unwrap();
    std::fs::remove_file(clone.join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let error = repository.read(&task()).await.unwrap().file(&path("a")).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    let (read, glance) = (repository.read(&task()).await, repository.glance(&task()).await);
    assert_eq!(read.unwrap().file(&path("a")).unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(glance.unwrap().file(&path("a")).unwrap().as_deref(), Some(&b"1"[..]));
}

/// The clone loses its objects while several changes wait for their turn: the next one hears of it, and not that its run
/// was stopped. The one after that finds a new clone.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_while_the_clone_is_damaged_hears_of_it() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    repository.read(&task()).await.map(drop).unwrap();
    let packs = clone_at(&rig.bare.head().unwrap()).join("objects/pack");
    hold(&rig).await;
    // They are refused together, and then it is one after the other.
    rig.server.faults().push(Fault::once(Service::Receive, Kind::Status(413)));
    let mut calls = 0;
    let damaging = Change::new(Owner::new("gitops_tenant", "a"), "a", move |_| {
        calls += 1;
        if calls == 1 {
            return Ok(vec![write("a", "1")]);
        }
        std::fs::remove_dir_all(&packs).unwrap();
        std::fs::create_dir(&packs).unwrap();
        Err(Refusal::from(Invalid::Path { path: "a".into(), why: "no more" }))
    });
    let tasks = [task(), task(), task()];
    let (a, b, c) = futures::join!(
        repository.commit(&tasks[0], damaging),
        repository.commit(&tasks[1], change("b", vec![write("b", "1")])),
        repository.commit(&tasks[2], change("c", vec![write("c", "1")]))
    );
    assert!(matches!(a, Err(Error::Declined(_))), "{a:?}");
    assert!(matches!(b, Err(Error::Storage { .. })), "{b:?}");
    landed(c);
}

/// A wait asks about a commit from before the clone was made anew, with commits of others on top of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_from_before_is_known_in_a_new_clone() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    let before = rig.bare.head().unwrap();
    let ours = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    repository.read(&task()).await.map(drop).unwrap();
    std::fs::remove_dir_all(clone_at(&ours)).unwrap();
    for number in 0..3 {
        rig.bare.write("other", &number.to_string()).unwrap();
    }
    let lineage = Lineage::new(ours.clone());
    assert!(accepted(&lineage, &repository, &rig.bare.head().unwrap()).await);
    assert!(accepted(&lineage, &repository, &rig.bare.git(&["rev-parse", "main~2"]).unwrap()).await);
    assert!(!lineage.accepts(&before) && !accepted(&lineage, &repository, &before).await);
}

/// A branch that began before the first look is merged on top of our commit, as forges do it.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_known_below_the_merge_of_an_older_branch() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    repository.read(&task()).await.map(drop).unwrap();
    let ours = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    let aside = commit_aside(&rig, "main~2", &[]);
    let merge = commit_aside(&rig, &ours, &["-p", &aside]);
    rig.bare.git(&["update-ref", "refs/heads/main", &merge]).unwrap();
    assert!(accepted(&Lineage::new(ours), &repository, &merge).await);
}

/// A commit on top of `parent` that changes nothing.
fn commit_aside(rig: &Rig, parent: &str, more: &[&str]) -> String {
    let tree = rig.bare.git(&["rev-parse", &format!("{parent}^{{tree}}")]).unwrap();
    rig.bare.git(&[&["commit-tree", &tree, "-m", "aside", "-p", parent], more].concat()).unwrap()
}

/// The answer of a push is lost, others push on top of it, and the clone is gone when it is looked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_with_a_new_clone() {
    let rig = unlike_others().await;
    let repository = rig.repository();
    repository.read(&task()).await.map(drop).unwrap();
    let clone = clone_at(&rig.bare.head().unwrap());
    rig.server.take_requests();
    rig.server.faults().push(Fault::once(Service::Receive, Kind::LoseAnswer));
    let other = repository.clone();
    let writer = tokio::spawn(async move { other.commit(&task(), change("a", vec![write("a", "1")])).await });
    until(|| rig.bare.commits().unwrap() == 3).await;
    let ours = rig.bare.head().unwrap();
    rig.server.faults().push(Fault::once(Service::AdvertiseUpload, Kind::Slow(Duration::from_secs(3))));
    rig.bare.write("a", "theirs").unwrap();
    std::fs::remove_dir_all(clone).unwrap();
    assert_eq!(landed(writer.await.unwrap()), ours);
    assert_eq!(rig.bare.commits().unwrap(), 4, "nothing is written twice");
    assert_eq!(rig.bare.read("a").as_deref(), Some("theirs"));
}
