//! Changes of a branch over smart HTTP: what lands, what does not, and what the log says.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::git::{Change, Edit, Error, Kind, Lineage, Owner, Refusal, Remote, Repositories, Settings};
use gitops::path::Invalid;
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn files_are_written_changed_and_removed() {
    let rig = Rig::start().await;
    let repository = rig.repository();

    let commit = landed(
        repository.commit(&task(), change("a", vec![write("t/a/v.yaml", "1\n"), write("t/a/w", "")])).await,
    );
    assert_eq!(commit, rig.bare.head().unwrap());
    assert_eq!(
        rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(),
        "README.md\nt/a/v.yaml\nt/a/w"
    );

    landed(repository.commit(&task(), change("a", vec![write("t/a/v.yaml", "2\n")])).await);
    assert_eq!(rig.bare.read("t/a/v.yaml").as_deref(), Some("2"));

    landed(
        repository
            .commit(&task(), change("a", vec![Edit::Remove { path: path("t/a/w") }, write("t/b/v", "x")]))
            .await,
    );
    assert_eq!(
        rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(),
        "README.md\nt/a/v.yaml\nt/b/v"
    );

    landed(repository.commit(&task(), change("a", vec![Edit::RemoveDir { path: path("t") }])).await);
    assert_eq!(rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(), "README.md");
    rig.bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    assert_eq!(rig.bare.commits().unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_there_makes_no_commit() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let edits = || {
        vec![write("a", "1"), Edit::Remove { path: path("none") }, Edit::RemoveDir { path: path("no/dir") }]
    };
    let first = landed(repository.commit(&task(), change("a", edits())).await);
    let pushes = rig.server.pushes();
    assert_eq!(unchanged(repository.commit(&task(), change("a", edits())).await), first);
    assert_eq!(unchanged(rig.stranger().commit(&task(), change("a", edits())).await), first);
    // Back to where it was within one change.
    let back = vec![write("b", "x"), Edit::Remove { path: path("b") }];
    assert_eq!(unchanged(repository.commit(&task(), change("a", back)).await), first);
    assert_eq!((rig.server.pushes(), rig.bare.commits().unwrap()), (pushes, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_glances_are_one_look_that_knows_what_was_written_here() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    rig.server.take_requests();
    let limit = task();
    let glances = (0..100).map(|_| repository.glance(&limit));
    let seen = futures::future::join_all(glances).await;
    let head = rig.bare.head().unwrap();
    assert!(seen.iter().all(|glance| glance.as_ref().unwrap().commit() == head));
    let looks = rig.server.take_requests();
    let looks = looks.iter().filter(|request| request.query.contains("git-upload-pack")).count();
    assert_eq!(looks, 1);

    let commit = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    assert_eq!(repository.glance(&task()).await.unwrap().commit(), commit);
    rig.bare.write("b", "somebody's").unwrap();
    assert_eq!(repository.glance(&task()).await.unwrap().commit(), commit, "a picture of the same moment");
    assert_eq!(repository.read(&task()).await.unwrap().commit(), rig.bare.head().unwrap());
    assert_eq!(repository.glance(&task()).await.unwrap().commit(), rig.bare.head().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_shows_the_branch_as_it_is() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    for content in ["1", "2"] {
        // Not written through this registry: only a fetch that starts now can know.
        rig.bare.write("t/a/v.yaml", content).unwrap();
        let snapshot = repository.read(&task()).await.unwrap();
        assert_eq!(snapshot.commit(), rig.bare.head().unwrap());
        assert_eq!(snapshot.file(&path("t/a/v.yaml")).unwrap().as_deref(), Some(content.as_bytes()));
    }
    let snapshot = repository.read(&task()).await.unwrap();
    assert_eq!(snapshot.file(&path("t/a/none")).unwrap(), None);
    assert_eq!(snapshot.file(&path("README.md/x")).unwrap(), None);
    assert_eq!(snapshot.list(&path("t")).unwrap(), [("a".to_owned(), Kind::Directory)]);
    assert_eq!(snapshot.list(&path("none")).unwrap(), []);
    assert_eq!(snapshot.files(&path("t")).unwrap(), ["t/a/v.yaml"]);
    let error = snapshot.file(&path("t")).unwrap_err();
    insta::assert_snapshot!(error, @"`t` in the repository is a directory, not a file");
    // It outlives the registry that it came from.
    drop((repository, rig.repositories));
    assert!(snapshot.file(&path("README.md")).unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_who_and_what() {
    let rig = Rig::start().await;
    let mut settings = settings(&rig.server);
    settings.commit_message_template = Some("chore(platform): {message}".to_owned());
    settings.author_name = Some("Platform <bot>\n".to_owned());
    settings.author_email = Some("platform@example.com".to_owned());
    settings.skip_ci = true;
    let repository = Repositories::new(settings).unwrap().open(&remote(&rig.server.url("p.git"))).unwrap();
    let owner = Owner::new("gitops_tenant", "team-a\n\nSigned-off-by: evil");
    let edits = vec![write("a", "1")];
    landed(
        repository
            .commit(&task(), Change::new(owner, "add team-a\n\nBody", move |_| Ok(edits.clone())))
            .await,
    );
    let log = rig.bare.git(&["log", "-1", "--format=%an|%ae|%cn|%ce%n%B%(trailers)", "main"]).unwrap();
    insta::assert_snapshot!(log, @"
    Platform bot|platform@example.com|Platform bot|platform@example.com
    chore(platform): add team-a Body [skip ci]

    Gitops-Resource: gitops_tenant team-a Signed-off-by: evil
    Gitops-Resource: gitops_tenant team-a Signed-off-by: evil
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_which_run_it_was() {
    let rig = Rig::start().await;
    let run_of = async |repositories: &Repositories, content: &str| {
        let repository = repositories.open(&remote(&rig.server.url("p.git"))).unwrap();
        landed(repository.commit(&task(), change("a", vec![write("a", content)])).await);
        rig.bare.git(&["log", "-1", "--format=%(trailers:key=Gitops-Run,valueonly)", "main"]).unwrap()
    };
    let page = "https://ci.example/jobs/7";
    let of_run =
        |page: Option<&str>| Repositories::for_run(settings(&rig.server), page.map(str::to_owned)).unwrap();
    assert_eq!(run_of(&of_run(Some(page)), "1").await, page);
    // Without a page all commits of a run have one name, which no other run has.
    let (ours, theirs) = (of_run(None), of_run(None));
    let runs = [run_of(&ours, "2").await, run_of(&ours, "3").await, run_of(&theirs, "4").await];
    assert!(runs[0].len() == 16 && runs[0].chars().all(|c| c.is_ascii_hexdigit()), "{runs:?}");
    assert!(runs[0] == runs[1] && runs[1] != runs[2], "{runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_changes_share_one_push_and_keep_their_results() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let before = landed(repository.commit(&task(), change("0", vec![write("t/0", "0")])).await);
    let pushes = rig.server.pushes();
    hold(&rig).await;
    let good = (1..=8).map(|n| {
        let repository = repository.clone();
        let id = n.to_string();
        async move { repository.commit(&task(), change(&id, vec![write(&format!("t/{id}"), &id)])).await }
    });
    let tasks = [task(), task(), task(), task()];
    let same = repository.commit(&tasks[0], change("0", vec![write("t/0", "0")]));
    let bad =
        repository.commit(&tasks[1], change("bad", vec![write("t/first", "x"), write("README.md/x", "x")]));
    let declined = Change::new(Owner::new("gitops_tenant", "no"), "no", |tree| {
        assert!(tree.file(&path("README.md")).is_ok());
        Err(Refusal::from(Invalid::Path { path: "mine".into(), why: "not yours" }))
    });
    let declined = repository.commit(&tasks[2], declined);
    let panics = Change::new(Owner::new("gitops_tenant", "panic"), "panic", |_| panic!("a bug in an intent"));
    let panics = repository.commit(&tasks[3], panics);
    let (good, same, bad, declined, panics) =
        futures::join!(futures::future::join_all(good), same, bad, declined, panics);

    let commits: Vec<String> = good.into_iter().map(landed).collect();
    assert!(commits.iter().all(|commit| *commit == commits[0]), "{commits:?}");
    assert_eq!(rig.server.pushes() - pushes, 1, "one push for all");
    assert_eq!(rig.bare.head().unwrap(), commits[0]);
    assert_eq!(unchanged(same), before);
    insta::assert_snapshot!(rig.report(&bad.unwrap_err()), @"
    `README.md` in the repository is a file, not a directory
    Hint: Remove or rename it, or choose another path.
    ");
    insta::assert_snapshot!(rig.report(&declined.unwrap_err()), @"
    `mine` is not a path in a repository: not yours
    Hint: Use a path relative to the root of the repository, such as `instances/team-a`.
    ");
    insta::assert_snapshot!(rig.report(&panics.unwrap_err()), @"
    the change could not be computed: it panicked
    Hint:
    ");
    let files = rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap();
    assert_eq!(files, "README.md\nt/0\nt/1\nt/2\nt/3\nt/4\nt/5\nt/6\nt/7\nt/8");
    let trailers =
        rig.bare.git(&["log", "-1", "--format=%(trailers:key=Gitops-Resource,valueonly)", "main"]).unwrap();
    assert_eq!(trailers.lines().filter(|line| !line.is_empty()).count(), 8, "{trailers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_of_one_file_are_made_in_order() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    hold(&rig).await;
    let append = |line: &'static str| {
        Change::new(Owner::new("gitops_files", line), line, move |tree| {
            let mut content = tree.file(&path("log"))?.unwrap_or_default();
            content.extend_from_slice(line.as_bytes());
            Ok(vec![Edit::Write { path: path("log"), content }])
        })
    };
    let (one, two) = (task(), task());
    let (a, b) = futures::join!(repository.commit(&one, append("a")), repository.commit(&two, append("b")));
    assert_eq!(landed(a), landed(b));
    assert_eq!(rig.bare.read("log").as_deref(), Some("ab"));
}

#[tokio::test(flavor = "multi_thread")]
async fn authors_do_not_share_a_commit() {
    let rig = Rig::start().await;
    let url = rig.server.url("p.git");
    let named = |name: &str| Remote { author_name: Some(name.to_owned()), ..remote(&url) };
    let [ada, bob] = ["Ada", "Bob"].map(|name| rig.repositories.open(&named(name)).unwrap());
    hold(&rig).await;
    let (one, two) = (task(), task());
    let (a, b) = futures::join!(
        ada.commit(&one, change("a", vec![write("a", "1")])),
        bob.commit(&two, change("b", vec![write("b", "1")]))
    );
    assert_ne!(landed(a), landed(b));
    let mut authors: Vec<_> =
        rig.bare.git(&["log", "-2", "--format=%an", "main"]).unwrap().lines().map(str::to_owned).collect();
    authors.sort();
    assert_eq!(authors, ["Ada", "Bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewound_branch_stays_rewound() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let first = rig.bare.head().unwrap();
    landed(repository.commit(&task(), change("a", vec![write("gone", "1")])).await);
    landed(repository.commit(&task(), rewinding(&rig.bare, &first)).await);
    assert_eq!(rig.bare.git(&["ls-tree", "-r", "--name-only", "main"]).unwrap(), "README.md\nb");
    assert_eq!(rig.bare.git(&["rev-parse", "main^"]).unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_branch_gets_the_intent_again() {
    let rig = Rig::start().await;
    landed(rig.repository().commit(&task(), racing(&rig.bare)).await);
    assert_eq!(rig.bare.read("seen").as_deref(), Some("2"));
    assert_eq!(rig.bare.commits().unwrap(), 4);
}

#[test]
fn what_cannot_be_opened() {
    let repositories = Repositories::new(Settings::default()).unwrap();
    let open = |url: &str, branch: &str| {
        let remote =
            Remote { url: Some(url.to_owned()), branch: Some(branch.to_owned()), ..Remote::default() };
        repositories.open(&remote).map(|_| ()).unwrap_err().to_string()
    };
    let texts = [
        open("https://ci:hunter2@git.example/p", "main"),
        open("https://hunter2@git.example/p?x", "main"),
        open("https://git.example/p", "a b"),
        open("https://git.example/p", "a..b"),
        open("https://git.example/p", "-x"),
        open("ext::sh -c id", "main"),
        repositories.open(&Remote::default()).map(|_| ()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"), @"
    the git address `https://git.example/p` was given with credentials in it
    the git address `https://git.example/p` was given with credentials in it
    `a b` is not a branch name
    `a..b` is not a branch name
    `-x` is not a branch name
    `ext::sh -c id` is not a git address: it contains a space or a control character
    no git repository is named
    ");
    let template = Settings { commit_message_template: Some("fixed".into()), ..Settings::default() };
    assert!(matches!(Repositories::new(template).map(|_| ()), Err(Error::Template)));
    let prefix = Settings {
        credentials: [("github.com".to_owned(), Default::default())].into(),
        ..Settings::default()
    };
    assert!(matches!(Repositories::new(prefix).map(|_| ()), Err(Error::Prefix { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_known_in_what_others_put_on_top_of_it() {
    let rig = Rig::start().await;
    let repository = rig.repository();
    let before = rig.bare.head().unwrap();
    let ours = landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    rig.bare.write("other", "1").unwrap();
    landed(rig.stranger().commit(&task(), change("b", vec![write("b", "1")])).await);
    let after = rig.bare.head().unwrap();

    let lineage = Lineage::new(ours.clone());
    let nothing = "f".repeat(40);
    assert!(lineage.accepts(&ours) && !lineage.accepts(&before) && !lineage.accepts(&nothing));
    let task = task();
    tokio::select! {
        () = until(|| lineage.accepts(&after)) => {}
        never = lineage.answer(&task, &repository) => match never {},
    }
    assert!(!lineage.accepts(&before) && !lineage.accepts(&nothing) && !lineage.accepts("main"));
}
