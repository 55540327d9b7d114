//! The resource against a real Git server: what is committed, what is not, and what users read.

use super::super::rig::{Rig, shown};
use super::shape::{Identity, Spec, Status};
use super::*;
use serde_json::{Value as Json, json};

fn id() -> Identity {
    Identity { name: "workflows".to_owned() }
}

fn spec(rig: &Rig, more: Json) -> Spec {
    serde_json::from_value(rig.attributes("main", more)).unwrap()
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

async fn apply(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = Files::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn read(rig: &Rig, spec: &Spec, status: &Status) -> Option<(Spec, Status)> {
    Files::read(&rig.context(), &id(), prior(spec, status)).await.unwrap()
}

async fn delete(rig: &Rig, spec: &Spec, status: &Status) {
    Files::delete(&rig.context(), &id(), prior(spec, status).unwrap()).await.unwrap();
}

/// The error of an apply, as the user reads it.
async fn refusal(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> String {
    let head = rig.bare.head().unwrap();
    let outcome = Files::apply(&rig.context(), &id(), prior, want).await;
    assert!(outcome.status().is_none());
    assert_eq!(rig.bare.head().unwrap(), head, "something was written");
    rig.plain(&shown(outcome.problems()))
}

fn value(spec: &Spec) -> Json {
    serde_json::to_value(spec).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_one_commit_and_no_change_is_none() {
    let rig = Rig::start().await;
    let three = spec(&rig, json!({"files": {"a.txt": "one\n", "ci/b.yaml": "b: 1\n", "ci/deep/c": ""}}));
    let begun = rig.bare.commits().unwrap();
    let made = apply(&rig, None, &three).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.head().unwrap()), (begun + 1, made.commit.clone()));
    assert_eq!(rig.files(), ["a.txt", "ci/b.yaml", "ci/deep/c"]);
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%an <%ae>%n%B", "main"]).unwrap(), @"
    gitops <gitops@localhost>
    create files workflows

    Gitops-Resource: gitops_files workflows
    ");
    // As `sha256sum` says of the file.
    assert_eq!(made.digests["a.txt"], "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806");
    assert_eq!((made.branch.as_str(), made.digests.len()), ("main", 3));

    // The same again: a create that was not stored, and an update of what concerns only the provider. Others commit.
    assert_eq!(apply(&rig, None, &three).await.commit, made.commit);
    rig.bare.write("theirs.txt", "theirs\n").unwrap();
    let unpruned = spec(&rig, json!({"files": value(&three)["files"], "prune": false}));
    assert_eq!(apply(&rig, prior(&three, &made), &unpruned).await.commit, made.commit);

    let changed = spec(
        &rig,
        json!({"files": {"a.txt": "two\n", "new": "x"}, "message": "{action}: the set {name}\nX: y"}),
    );
    let updated = apply(&rig, prior(&three, &made), &changed).await;
    assert_eq!(rig.bare.commits().unwrap(), begun + 3);
    assert_eq!(
        (rig.files(), rig.bare.read("a.txt").unwrap().as_str()),
        (["a.txt", "new", "theirs.txt"].map(str::to_owned).to_vec(), "two")
    );
    assert_eq!(
        rig.bare.git(&["log", "-1", "--format=%s", "main"]).unwrap(),
        "update: the set workflows X: y"
    );

    delete(&rig, &changed, &updated).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.files()), (begun + 4, vec!["theirs.txt".to_owned()]));
    assert_eq!(
        rig.bare.git(&["log", "-1", "--format=%s", "main"]).unwrap(),
        "delete: the set workflows X: y"
    );
    delete(&rig, &changed, &updated).await;
    assert_eq!(rig.bare.commits().unwrap(), begun + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_pruned_is_nobodys() {
    let rig = Rig::start().await;
    let two = spec(&rig, json!({"files": {"a": "1", "b": "2"}}));
    let made = apply(&rig, None, &two).await;
    let one = spec(&rig, json!({"files": {"a": "1"}, "prune": false}));
    let updated = apply(&rig, prior(&two, &made), &one).await;
    assert_eq!(
        (rig.files(), updated.digests.keys().cloned().collect()),
        (vec!["a".into(), "b".into()], vec!["a".to_owned()])
    );
    // It stays when everything else goes, and must be taken to be replaced.
    let again = spec(&rig, json!({"files": {"a": "1", "b": "3"}}));
    let text = refusal(&rig, prior(&one, &updated), &again).await;
    assert!(text.starts_with("files[\"b\"]: `b` is in the repository already"), "{text}");
    delete(&rig, &one, &updated).await;
    assert_eq!(rig.files(), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_shows_and_is_repaired_by_one_commit() {
    let rig = Rig::start().await;
    let wanted = spec(&rig, json!({"files": {"a": "1\n", "b": "2\n", "c": "3\n"}}));
    let made = apply(&rig, None, &wanted).await;
    let (same, status) = read(&rig, &wanted, &made).await.unwrap();
    assert_eq!(
        (value(&same), &status.commit, &status.digests),
        (value(&wanted), &made.commit, &made.digests)
    );

    rig.bare.write("a", "by hand\n").unwrap();
    let blob = rig.bare.git(&["rev-parse", "main:a"]).unwrap();
    rig.put("100644", &blob, "b/x");
    let (found, status) = read(&rig, &wanted, &made).await.unwrap();
    assert_eq!(value(&found)["files"], json!({"a": "by hand\n", "c": "3\n"}));
    assert!(status.commit.is_empty() && status.digests.keys().eq(["a", "c"]), "{:?}", status.digests);
    let text = refusal(&rig, prior(&found, &status), &wanted).await;
    insta::assert_snapshot!(text, @r#"
    files["b"]: `b` in the repository is a directory, not a file
    Remove or rename it, or choose another path.
    "#);
    rig.bare.git(&["update-ref", "refs/heads/main", "main~1"]).unwrap();

    let commits = rig.bare.commits().unwrap();
    let repaired = apply(&rig, prior(&found, &status), &wanted).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.read("a").unwrap().as_str()), (commits + 1, "1"));

    // Somebody put it right before the apply.
    let (_, restored) =
        read(&rig, &wanted, &Status { commit: String::new(), ..repaired.clone() }).await.unwrap();
    assert_eq!(restored.commit, rig.bare.head().unwrap());

    let large = "x".repeat(gitops::git::MAX_FILE + 1);
    rig.bare.write("c", &large).unwrap();
    let (found, status) = read(&rig, &wanted, &repaired).await.unwrap();
    assert_eq!((value(&found)["files"].get("c"), status.digests["c"].as_str()), (None, ""));
    apply(&rig, prior(&found, &status), &wanted).await;
    assert_eq!(rig.bare.read("c").unwrap(), "3");

    for path in ["a", "b", "c"] {
        rig.bare.git(&["update-ref", "refs/heads/main", &made.commit]).unwrap();
        assert!(read(&rig, &wanted, &made).await.is_some(), "{path}");
    }
    rig.bare.git(&["update-ref", "refs/heads/main", &format!("{}~1", made.commit)]).unwrap();
    assert!(read(&rig, &wanted, &made).await.is_none(), "all of them are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_after_the_plan_is_not_removed() {
    let rig = Rig::start().await;
    let two = spec(&rig, json!({"files": {"a": "1", "b": "2"}}));
    let made = apply(&rig, None, &two).await;
    rig.bare.write("b", "theirs\n").unwrap();
    let one = spec(&rig, json!({"files": {"a": "1"}}));
    let updated = apply(&rig, prior(&two, &made), &one).await;
    assert_eq!((rig.files(), updated.digests.len()), (vec!["a".to_owned(), "b".to_owned()], 1));

    // What the refresh before a destroy saw goes, whoever wrote it.
    rig.bare.write("a", "theirs\n").unwrap();
    let (found, status) = read(&rig, &one, &updated).await.unwrap();
    delete(&rig, &found, &status).await;
    assert_eq!(rig.files(), ["b"]);

    let kept = Kept::default();
    let paths = ["b", "c/d"].map(|path| gitops::path::RepoPath::parse(path).unwrap());
    kept.note(gitops::files::Changes { kept: paths.to_vec(), edits: vec![] });
    insta::assert_snapshot!(shown(&[kept.warning().unwrap()]), @"
    : Files stay in the repository
    Somebody changed these files after the plan was made, so they were not removed:
    - b
    - c/d

    They are nobody's now: remove them from the repository if they are not needed.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_files_are_left_alone() {
    let rig = Rig::start().await;
    for (path, content) in [("a", "theirs\n"), ("dir/b", "theirs\n"), ("same", "same\n")] {
        rig.bare.write(path, content).unwrap();
    }
    let wanted = json!({"a": "1\n", "dir/b": "2\n", "same": "same\n", "new": "n\n"});
    let want = spec(&rig, json!({"files": wanted}));
    insta::assert_snapshot!(refusal(&rig, None, &want).await, @"
    files: `a` and `dir/b` are in the repository already, with other content, and not from this resource
    Nothing was written. If what is there is to be of this resource, import it with the id `main:workflows:a:dir/b`; to replace it, set `take_ownership = true`.
    ");

    // What says the same already is taken as it is, and makes no commit.
    let same = spec(&rig, json!({"files": {"same": "same\n"}}));
    assert_eq!(apply(&rig, None, &same).await.commit, rig.bare.head().unwrap());

    let taken = spec(&rig, json!({"files": wanted, "take_ownership": true}));
    apply(&rig, None, &taken).await;
    assert_eq!(rig.bare.read("dir/b").unwrap(), "2");

    // An import is consent, once.
    rig.bare.write("a", "theirs again\n").unwrap();
    let cx = rig.context();
    let here = place(&super::super::repository::open(&cx, want.git.as_ref()).unwrap());
    imported(&cx, &here);
    let empty = spec(&rig, json!({"files": {}}));
    let repository = open(&cx, empty.git.as_ref()).unwrap();
    let before = Status::of(&repository, rig.bare.head().unwrap(), BTreeMap::new());
    let outcome = Files::apply(&cx, &id(), prior(&empty, &before), &want).await;
    assert_eq!((outcome.problems(), rig.bare.read("a").unwrap().as_str()), ([].as_slice(), "1"));
    assert!(!adopts(&cx, &here));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_what_is_in_the_way() {
    let rig = Rig::start().await;
    let link = rig.bare.git(&["rev-parse", "main:README.md"]).unwrap();
    let head = rig.bare.head().unwrap();
    rig.put("120000", &link, "link");
    rig.put("160000", &head, "vendor/module");
    rig.bare.write("dir/x", "x\n").unwrap();
    let mut text = Vec::new();
    for path in ["link", "link/x", "vendor/module/x", "dir", "README.md/x"] {
        // A content of its own, so that all is known to be about this path.
        let want = spec(&rig, json!({"files": {"first": "1", path: "2"}, "take_ownership": true}));
        text.push(refusal(&rig, None, &want).await);
    }
    rig.bare.hook("pre-receive", "echo 'no files here' >&2; exit 1").unwrap();
    text.push(refusal(&rig, None, &spec(&rig, json!({"files": {"first": "1"}}))).await);
    let elsewhere = json!({"files": {"a": "1"}, "git": {"url": rig.server.url("none.git")}});
    text.push(refusal(&rig, None, &serde_json::from_value(elsewhere).unwrap()).await);
    insta::assert_snapshot!(text.join("\n\n"), @r#"
    files["link"]: `link` in the repository is a symbolic link
    Replace it with a real file or directory: nothing is read or written through it.

    files["link/x"]: `link` in the repository is a symbolic link
    Replace it with a real file or directory: nothing is read or written through it.

    files["vendor/module/x"]: `vendor/module` in the repository is a submodule
    Replace it with a real file or directory: nothing is read or written through it.

    files["dir"]: `dir` in the repository is a directory, not a file
    Remove or rename it, or choose another path.

    files["README.md/x"]: `README.md` in the repository is a file, not a directory
    Remove or rename it, or choose another path.

    git: The git server refused the push to `main` of `http://git.example/p.git`: pre-receive hook declined
      remote: no files here

    The rules of the server forbid this change: allow this user to push to the branch, or use another branch. To a protected branch, `write_mode = "pull_request"` in the provider block's `git` delivers changes as pull requests.

    git: The git repository `http://git.example/none.git` was not found
    Check the address, and that the credentials may see this repository.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_becomes_a_file_and_a_file_a_directory() {
    let rig = Rig::start().await;
    let first = spec(&rig, json!({"files": {"a/b": "1", "c": "2"}}));
    let made = apply(&rig, None, &first).await;
    let second = spec(&rig, json!({"files": {"a": "3", "c/d": "4"}}));
    let turned = apply(&rig, prior(&first, &made), &second).await;
    assert_eq!(rig.files(), ["a", "c/d"]);
    // With somebody's file in the directory, it stays one.
    let third = apply(&rig, prior(&second, &turned), &first).await;
    rig.bare.write("a/theirs", "x\n").unwrap();
    insta::assert_snapshot!(refusal(&rig, prior(&first, &third), &second).await, @r#"
    files["a"]: `a` in the repository is a directory, not a file
    Remove or rename it, or choose another path.
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_branch_leaves_the_old_one_alone() {
    let rig = Rig::start().await;
    let first = spec(&rig, json!({"files": {"a": "1", "b": "2"}}));
    let made = apply(&rig, None, &first).await;
    rig.bare.git(&["branch", "next", "main~1"]).unwrap();
    let moved = serde_json::from_value(rig.attributes("next", json!({"files": {"a": "1"}}))).unwrap();
    let there = apply(&rig, prior(&first, &made), &moved).await;
    assert_eq!(
        (rig.files(), rig.bare.head().unwrap()),
        (vec!["a".to_owned(), "b".to_owned()], made.commit.clone())
    );
    assert_eq!(rig.bare.git(&["rev-parse", "next"]).unwrap(), there.commit);
    let warning = made.place().left_behind();
    insta::assert_snapshot!(rig.plain(&shown(&[warning])), @"
    git: The old files stay
    They are now written to another address or branch. If that is another repository and not another name of the same one, remove `a`, `b` from http://git.example/p.git at `main`: nothing was changed there.
    ");

    // A state of the old place is not read from the new one, and is deleted where it is.
    let (kept, status) = read(&rig, &moved, &made).await.unwrap();
    assert_eq!((value(&kept), status.commit), (value(&moved), made.commit.clone()));
    delete(&rig, &moved, &made).await;
    assert_eq!((rig.files(), rig.bare.git(&["show", "next:a"]).unwrap()), (vec![], "1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_files_plans_nothing() {
    let rig = Rig::start().await;
    rig.bare.write("a", "text\n").unwrap();
    let mut imported = rig.import::<super::Files>("main:workflows:a").await;
    let config = json!({"name": "workflows", "files": {"a": "text\n"}});
    assert_eq!(imported.changes(&config).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_the_files_that_it_names() {
    let rig = Rig::start().await;
    rig.bare.write("a", "text\n").unwrap();
    let blob = rig.bare.git(&["rev-parse", "main:a"]).unwrap();
    rig.put("100644", &blob, "copy");
    rig.put("100644", &blob, "dir/x");
    let bytes = rig.dir.path().join("bytes");
    std::fs::write(&bytes, [0xff]).unwrap();
    let blob = rig.bare.git(&["hash-object", "-w", &bytes.display().to_string()]).unwrap();
    rig.put("100644", &blob, "logo.png");
    let repository = open(&rig.context(), spec(&rig, json!({"files": {}})).git.as_ref()).unwrap();
    let tree = repository.read(&task(&rig.context())).await.unwrap();
    assert_eq!(shape::text(&tree, "copy", &repository).unwrap(), "text\n");
    let problems = ["none", "dir", "logo.png"].map(|path| shape::text(&tree, path, &repository).unwrap_err());
    insta::assert_snapshot!(rig.plain(&shown(&problems)), @"
    : `none` cannot be imported
    On `main` of http://git.example/p.git there is no such file. Name the files of the set that are there.
    ---
    : `dir` in the repository is a directory, not a file
    Remove or rename it, or choose another path.
    ---
    : `logo.png` cannot be imported
    On `main` of http://git.example/p.git it is no text (UTF-8), which a configuration cannot hold.
    ");
}

#[test]
fn import_ids() {
    let cases = [
        ("workflows", None, ""),
        ("main:workflows", Some("main"), ""),
        ("release/1:workflows:a:b/c.yaml", Some("release/1"), "a:b/c.yaml"),
    ];
    for (text, branch, paths) in cases {
        assert_eq!(Files::parse_import_id(text).unwrap().name, "workflows", "{text}");
        let hints = Files::import_hints(text);
        let hint = |name| hints.iter().find(|(key, _)| *key == name).map(|(_, text)| text.as_str());
        assert_eq!((hint("branch"), hint(PATHS)), (branch, Some(paths)), "{text}");
    }
    let wrong = ["", "main:", ":workflows", "main:workflows:", "main:workflows:../a", "main:workflows:a:a/b"];
    let problems: Vec<_> = wrong.iter().filter_map(|text| Files::parse_import_id(text).err()).collect();
    assert_eq!(problems.len(), wrong.len());
    insta::assert_snapshot!(shown(&problems[3..]), @"
    : Not an import id
    The import id is `branch:name`, followed by the path of each file: `main:workflows:.github/workflows/ci.yaml`. The repository is that of the provider block.
    ---
    : `../a` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    : `a` cannot be a file and the directory of `a/b`
    Give one of the two another path.
    ");
}

#[test]
fn messages_of_validation() {
    let wrong = |name: &str, more: Json| {
        let spec = serde_json::from_value(more).unwrap();
        shown(&shape::problems(&Identity { name: name.to_owned() }, &spec))
    };
    let text = [
        wrong("My files", json!({"files": {}, "message": " \n"})),
        wrong(
            "x",
            json!({"files": {"/etc/passwd": "", "a/../b": "", ".git/hooks/x": "", "a": "", "a/b/c": "", "ok": ""}}),
        ),
    ];
    insta::assert_snapshot!(text.join("\n---\n"), @r#"
    name: `My files` cannot be the name of a set of files
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ---
    message: The message of the commits is empty
    Leave `message` out for a message that says what happens.
    ---
    files[".git/hooks/x"]: `.git/hooks/x` is not a path in a repository: it names Git's own directory
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    files["/etc/passwd"]: `/etc/passwd` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    files["a/../b"]: `a/../b` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    files["a/b/c"]: `a` cannot be a file and the directory of `a/b/c`
    Give one of the two another path.
    "#);
}
