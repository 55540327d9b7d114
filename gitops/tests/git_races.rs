//! Pushes that a server does not carry out, in the words of many servers: who was overtaken goes on from there, and who
//! was refused reads why. Only where the branch is tells the two apart.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::git::{Change, Error, Means, Owner, Repositories, Settings};
use gitops_acceptance_tests::git_server::Bare;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::*;

/// Somebody else's commit.
const OVERTAKE: &str = r#"tree=$(git rev-parse main^{tree})
    export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@x GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@x
    git update-ref refs/heads/main "$(git commit-tree "$tree" -p main -m next)""#;

/// Answers the first so many pushes to `main` with `reason`, after `before` was run, and carries out the others. Git has a
/// hook that speaks in its place.
fn answers(rig: &Rig, times: u32, reason: &str, before: &str) {
    let _ = std::fs::remove_file(rig.bare.path().join("seen"));
    rig.bare.git(&["config", "receive.procReceiveRefs", "refs/heads/main"]).unwrap();
    let hook = format!(
        r#"packets() {{ while len=$(head -c 4); [ -n "$len" ] && [ "$len" != 0000 ]; do head -c $((0x$len - 4)) >/dev/null; done; }}
        packet() {{ printf '%04x%s\n' $((${{#1}} + 5)) "$1"; }}
        packets; packet version=1; printf 0000; packets
        echo x >>seen
        if [ $(wc -l <seen) -le {times} ]; then
            {before}
            packet "ng refs/heads/main $(cat reason)"
        else
            packet 'ok refs/heads/main'; packet 'option fall-through'
        fi
        printf 0000"#
    );
    std::fs::write(rig.bare.path().join("reason"), reason).unwrap();
    rig.bare.hook("proc-receive", &hook).unwrap();
}

/// A change that counts how often it is made.
fn counted(content: &str) -> (Change, Arc<AtomicUsize>) {
    let (edits, made) = (vec![write("a", content)], Arc::<AtomicUsize>::default());
    let count = made.clone();
    let change = Change::new(Owner::new("gitops_files", "a"), "change a", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(edits.clone())
    });
    (change, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_overtaken_goes_on_from_there() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let wordings = [
        "failed to update ref",
        "incorrect old value provided",
        "cannot lock ref 'refs/heads/main': is at 3b1f but expected 9d0c",
        "remote rejected (fetch first)",
        "Internal Server Error",
        "somebody was faster, in words that nobody has heard before",
    ];
    for wording in wordings {
        answers(&rig, 1, wording, OVERTAKE);
        let (change, made) = counted(wording);
        let (pushes, commits) = (rig.server.pushes(), rig.bare.commits().unwrap());
        let commit = landed(repository.commit(&task(), change).await);
        assert_eq!(rig.bare.head().unwrap(), commit, "{wording}");
        assert_eq!(
            (rig.bare.commits().unwrap() - commits, rig.server.pushes() - pushes),
            (2, 2),
            "{wording}"
        );
        assert_eq!(made.load(Ordering::SeqCst), 2, "{wording}");
    }
}

/// What is in the way for a moment is gone at the next try, of the same commit.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again() {
    let rig = Rig::start().await;
    let lock = "cannot lock ref 'refs/heads/main': Unable to create '/p/refs/heads/main.lock': File exists.";
    for (wording, words) in [
        (lock, ""),
        ("failed to update ref", ""),
        ("pre-receive hook declined", "echo 'Gitea: Internal Server Error (no connection)' >&2"),
    ] {
        answers(&rig, 1, wording, words);
        let (change, made) = counted(wording);
        let commits = rig.bare.commits().unwrap();
        landed(rig.repository().commit(&task(), change).await);
        assert_eq!((rig.bare.commits().unwrap() - commits, made.load(Ordering::SeqCst)), (1, 1), "{wording}");
    }
}

/// A branch that has not moved was not moved by others: the server's own words end it, and soon.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_refused_reads_why() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let cases = [
        ("failed to update ref", "", false),
        ("cannot lock ref 'refs/heads/main': is at 3b1f but expected 9d0c", "", false),
        ("non-fast-forward", "", true),
        ("TF402455: Pushes to this branch are not permitted; you must use a pull request.", "", true),
        ("push declined due to repository rule violations", "error: GH013: Rule violations for main.", true),
        ("protected branch hook declined", "error: GH006: Protected branch update failed for main.", true),
        ("pre-receive hook declined", "GL-HOOK-ERR: You are not allowed to push to this branch.", true),
        ("pre-receive hook declined", "Branch main can only be modified through pull requests.", true),
    ];
    let mut texts = Vec::new();
    for (reason, words, once) in cases {
        answers(&rig, u32::MAX >> 1, reason, &format!("[ -z '{words}' ] || echo '{words}' >&2"));
        let (pushes, began) = (rig.server.pushes(), Instant::now());
        let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(30), "{reason}: {:?}", began.elapsed());
        assert_eq!(rig.server.pushes() - pushes == 1, once, "{reason}: {}", rig.server.pushes() - pushes);
        // The hints are whole where those of all errors are.
        texts.push(rig.report(&error).split([';', ',']).next().unwrap().to_owned());
    }
    assert_eq!(rig.bare.commits().unwrap(), 1);
    insta::assert_snapshot!(texts.join("\n"), @"
    the git server refused the push to `main` of `http://git.example/p.git`: failed to update ref
    Hint: No other writer moved the branch: the server cannot
    the git server refused the push to `main` of `http://git.example/p.git`: cannot lock ref 'refs/heads/main': is at 3b1f but expected 9d0c
    Hint: No other writer moved the branch: the server cannot
    the git server refused the push to `main` of `http://git.example/p.git`: non-fast-forward
    Hint: The rules of the server forbid this change: allow this user to push to the branch
    the git server refused the push to `main` of `http://git.example/p.git`: TF402455: Pushes to this branch are not permitted
    the git server refused the push to `main` of `http://git.example/p.git`: push declined due to repository rule violations
      remote: error: GH013: Rule violations for main.
    Hint: The rules of the server forbid this change: allow this user to push to the branch
    the git server refused the push to `main` of `http://git.example/p.git`: protected branch hook declined
      remote: error: GH006: Protected branch update failed for main.
    Hint: The rules of the server forbid this change: allow this user to push to the branch
    the git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: GL-HOOK-ERR: You are not allowed to push to this branch.
    Hint: The rules of the server forbid this change: allow this user to push to the branch
    the git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: Branch main can only be modified through pull requests.
    Hint: The rules of the server forbid this change: allow this user to push to the branch
    ");
}

/// Where the rule is clear nothing is tried again, however much the branch moves.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_a_busy_branch_is_a_rule() {
    let rig = Rig::start().await;
    answers(&rig, u32::MAX >> 1, "protected branch hook declined", OVERTAKE);
    let result = rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await;
    assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
    assert_eq!(rig.server.pushes(), 1);
}

/// Somebody else is faster each time. Users wait for a minute.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_overtaken_for_ever_hears_of_it_in_time() {
    let rig = Rig::start().await;
    answers(&rig, u32::MAX >> 1, "failed to update ref", OVERTAKE);
    let persistence = Duration::from_secs(2);
    let means = Means { persistence, ..Means::default() };
    let repositories = Repositories::with(settings(&rig.server), means).unwrap();
    let repository = repositories.open(&remote(&rig.server.url("p.git"))).unwrap();
    let (change, made) = counted("1");
    let began = Instant::now();
    let error = repository.commit(&task(), change).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let Error::Contended { url, branch, attempts, spent } = error else { panic!("{error:?}") };
    assert!(spent >= persistence && spent <= began.elapsed(), "{spent:?}");
    assert_eq!((attempts as usize, rig.server.pushes()), (made.load(Ordering::SeqCst), attempts as usize));
    let error = Error::Contended { url, branch, attempts: 7, spent: persistence };
    insta::assert_snapshot!(rig.report(&error), @"
    the branch `main` of `http://git.example/p.git` moved each time during 7 attempts in 2s
    Hint: Other writers keep pushing to this branch. Apply again.
    ");
    let log = rig.bare.git(&["log", "--format=%s", "main"]).unwrap();
    assert_eq!((rig.bare.read("a"), log.contains("change a")), (None, false), "{log}");
}

/// A writer was ended while it held the lock of a branch in a directory.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_was_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
    let url = format!("file://{}/p.git", dir.path().display());
    let repository = Repositories::new(Settings::default()).unwrap().open(&remote(&url)).unwrap();
    let lock = bare.path().join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    let began = Instant::now();
    let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let report = format!("{error}\nHint: {}", gitops::Explain::hint(&error).unwrap());
    insta::assert_snapshot!(report.replace(&dir.path().display().to_string(), "/srv"), @"
    the git server refused the push to `main` of `file:///srv/p.git`: failed to lock file '/srv/p.git/refs/heads/main.lock' for writing
    Hint: No other writer moved the branch: the server cannot, because of a lock or a failure of its own. Apply again; if it stays, ask whoever runs the server.
    ");
    std::fs::remove_file(&lock).unwrap();
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
}
