//! Changes that a server does not take, while others wait with them: each lands or fails alone, with the server's words.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::git::Error;
use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_refuses_the_guilty_change_alone() {
    let rig = Rig::start().await;
    let hook = r#"while read old new ref; do
        if git ls-tree -r --name-only "$new" | grep -q forbidden; then
            printf '\033[31mPOLICY:\033[0m no file may be called forbidden\r\nask the platform team\n' >&2; exit 1
        fi
    done"#;
    rig.bare.hook("pre-receive", hook).unwrap();
    let repository = rig.repository();
    hold(&rig).await;
    let tasks = [task(), task(), task()];
    let (a, b, c) = futures::join!(
        repository.commit(&tasks[0], change("a", vec![write("a", "1")])),
        repository.commit(&tasks[1], change("b", vec![write("forbidden", "1")])),
        repository.commit(&tasks[2], change("c", vec![write("c", "1")]))
    );
    assert_ne!(landed(a), landed(c));
    insta::assert_snapshot!(rig.report(&b.unwrap_err()), @r#"
    the git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: POLICY: no file may be called forbidden
      remote: ask the platform team
    Hint: The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.
    "#);
    assert_eq!(rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(), "README.md\na\nc");
}

/// One among many is looked for in halves. The others land, in the order in which they came.
#[tokio::test(flavor = "multi_thread")]
async fn one_among_many_is_found_with_few_pushes() {
    let rig = Rig::start().await;
    let hook = r#"git ls-tree -r --name-only "$3" | grep -q forbidden && exit 1; exit 0"#;
    rig.bare.hook("update", hook).unwrap();
    let repository = rig.repository();
    hold(&rig).await;
    let name = |number: usize| if number == 10 { "forbidden".to_owned() } else { format!("t{number:02}") };
    let (limit, pushes) = (task(), rig.server.pushes());
    let changes = (0..16).map(|number| {
        let name = name(number);
        repository.commit(&limit, change(&name, vec![write(&name, "1")]))
    });
    let results = futures::future::join_all(changes).await;
    for (number, result) in results.into_iter().enumerate() {
        match number {
            10 => assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}"),
            _ => drop(landed(result)),
        }
    }
    // All, then 8 that land, 4, 2, and the guilty one alone; the other five in three more.
    assert_eq!(rig.server.pushes() - pushes, 8);
    let log =
        rig.bare.git(&["log", "--reverse", "--format=%(trailers:key=Gitops-Resource,valueonly)", "main"]);
    let log = log.unwrap().replace("gitops_tenant ", "");
    let order: Vec<_> = log.split_whitespace().collect();
    assert_eq!(order, Vec::from_iter((0..16).filter(|number| *number != 10).map(name)));
}

/// Pushes whose size, or anything else of what is in them, is not taken by the server or by a proxy before it: they are
/// told apart like those that a hook refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_change_fails_alone() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let noise: String = (0..2000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    hold(&rig).await;
    rig.server.faults().push(Fault::always(Service::Receive, Kind::Limit(4000)));
    let tasks = [task(), task(), task()];
    let (a, b, c) = futures::join!(
        repository.commit(&tasks[0], change("a", vec![write("a", "1")])),
        repository.commit(&tasks[1], change("b", vec![write("b", &noise)])),
        repository.commit(&tasks[2], change("c", vec![write("c", "1")]))
    );
    assert_ne!(landed(a), landed(c));
    insta::assert_snapshot!(rig.report(&b.unwrap_err()), @"
    the git server of `http://git.example/p.git` refused the size of the push
    Hint: Raise the limit of the server or of the proxy before it.
    ");
    assert_eq!(rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(), "README.md\na\nc");
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
}

/// What says something of who pushes, or when, is said to all of them.
#[tokio::test(flavor = "multi_thread")]
async fn which_answers_are_about_what_was_pushed() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    for (status, apart) in [(400, true), (411, true), (413, true), (422, true), (403, false), (407, false)] {
        hold(&rig).await;
        rig.server.faults().push(Fault::once(Service::Receive, Kind::Status(status)));
        let (tasks, content) = ([task(), task()], status.to_string());
        let (a, b) = futures::join!(
            repository.commit(&tasks[0], change("a", vec![write("a", &content)])),
            repository.commit(&tasks[1], change("b", vec![write("b", &content)]))
        );
        assert_eq!((a.is_ok(), b.is_ok()), (apart, apart), "{status}: {a:?}, {b:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_branch_refuses_with_the_servers_words() {
    let rig = Rig::start().await;
    rig.bare.hook("update", r#"echo "GH006: Protected branch update failed for $1." >&2; exit 1"#).unwrap();
    let error = rig.repository().commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    insta::assert_snapshot!(rig.report(&error), @r#"
    the git server refused the push to `main` of `http://git.example/p.git`: hook declined
      remote: GH006: Protected branch update failed for refs/heads/main.
      remote: error: hook declined to update refs/heads/main
    Hint: The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.
    "#);
    assert_eq!(rig.server.pushes(), 1, "a refusal is not tried again");
}
