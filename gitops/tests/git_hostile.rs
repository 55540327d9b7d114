//! Repositories that lead elsewhere: nothing is read or written through a link, and nothing is too large to refuse.

#![allow(clippy::unwrap_used, reason = "tests and what helps them")]

mod support;

use gitops::git::{Edit, Error, Kind, MAX_FILE};
use gitops_acceptance_tests::git_server::git;
use support::*;

/// Commits entries (mode, object, path) with plumbing, so that anything goes.
fn plant(rig: &Rig, entries: &[(&str, &str, &str)]) {
    let run = |arguments: &[&str]| git(rig.bare.path(), arguments).unwrap();
    run(&["read-tree", "main"]);
    for (mode, id, path) in entries {
        run(&["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{path}")]);
    }
    let tree = run(&["write-tree"]);
    let commit = run(&["commit-tree", &tree, "-p", "main", "-m", "planted"]);
    run(&["update-ref", "refs/heads/main", &commit]);
}

fn blob(rig: &Rig, content: &[u8]) -> String {
    let file = rig.dir.path().join("blob");
    std::fs::write(&file, content).unwrap();
    git(rig.bare.path(), &["hash-object", "-w", file.to_str().unwrap()]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_submodules_are_not_followed() {
    let rig = Rig::start().await;
    let target = blob(&rig, b"/etc");
    let head = rig.bare.head().unwrap();
    plant(&rig, &[("120000", &target, "link"), ("120000", &target, "t/link"), ("160000", &head, "module")]);
    let repository = rig.repository();
    let before = rig.bare.commits().unwrap();
    let edits = [
        write("link", "x"),
        write("link/passwd", "x"),
        write("t/link/a/b", "x"),
        write("module/a", "x"),
        write("module", "x"),
        write("README.md/a", "x"),
        write("t", "x"),
        Edit::Remove { path: path("link") },
        Edit::Remove { path: path("link/passwd") },
        Edit::Remove { path: path("t") },
        Edit::RemoveDir { path: path("module") },
        Edit::RemoveDir { path: path("README.md") },
    ];
    let mut texts = Vec::new();
    for edit in edits {
        let error = repository.commit(&task(), change("a", vec![edit])).await.unwrap_err();
        texts.push(error.to_string());
    }
    let snapshot = repository.read(&task()).await.unwrap();
    for name in ["link", "link/passwd", "module", "module/a"] {
        texts.push(snapshot.file(&path(name)).unwrap_err().to_string());
    }
    texts.push(snapshot.list(&path("t/link")).unwrap_err().to_string());
    insta::assert_snapshot!(texts.join("\n"), @"
    `link` in the repository is a symbolic link
    `link` in the repository is a symbolic link
    `t/link` in the repository is a symbolic link
    `module` in the repository is a submodule
    `module` in the repository is a submodule
    `README.md` in the repository is a file, not a directory
    `t` in the repository is a directory, not a file
    `link` in the repository is a symbolic link
    `link` in the repository is a symbolic link
    `t` in the repository is a directory, not a file
    `module` in the repository is a submodule
    `README.md` in the repository is a file, not a directory
    `link` in the repository is a symbolic link
    `link` in the repository is a symbolic link
    `module` in the repository is a submodule
    `module` in the repository is a submodule
    `t/link` in the repository is a symbolic link
    ");
    assert_eq!(snapshot.list(&path("t")).unwrap(), [("link".to_owned(), Kind::Link)]);
    assert_eq!(snapshot.files(&path("t")).unwrap(), [""; 0]);
    assert_eq!(rig.bare.commits().unwrap(), before);
    // What is beside them is left as it is.
    landed(repository.commit(&task(), change("a", vec![write("t/a", "x")])).await);
    let tree = rig.bare.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "main"]).unwrap();
    assert_eq!(tree, "100644 README.md\n120000 link\n160000 module\n100644 t/a\n120000 t/link");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_any_size_can_lie_beside_but_not_be_read() {
    let rig = Rig::start().await;
    let large = blob(&rig, &vec![0; MAX_FILE + 1]);
    let limit = blob(&rig, &vec![0; MAX_FILE]);
    plant(&rig, &[("100644", &large, "large"), ("100644", &limit, "limit"), ("100755", &limit, "run.sh")]);
    let repository = rig.repository();
    let snapshot = repository.read(&task()).await.unwrap();
    let error = snapshot.file(&path("large")).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    insta::assert_snapshot!(error, @"`large` in the repository is larger than 8 MiB");
    assert_eq!(snapshot.file(&path("limit")).unwrap().map(|bytes| bytes.len()), Some(MAX_FILE));
    // The mode of a file that is written again stays.
    landed(repository.commit(&task(), change("a", vec![write("run.sh", "#!/bin/sh\n")])).await);
    assert!(rig.bare.git(&["ls-tree", "main", "run.sh"]).unwrap().starts_with("100755"));
}

/// Entries that Git would refuse to make are neither an obstacle nor touched.
#[tokio::test(flavor = "multi_thread")]
async fn odd_names_are_left_alone() {
    let rig = Rig::start().await;
    let content = blob(&rig, b"x");
    let raw: Vec<u8> = content
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let mut tree = Vec::new();
    for name in [&b".git"[..], b"..", b"a\nb", b"\xff\xfe"] {
        tree.extend([b"100644 ", name, b"\0"].concat());
        tree.extend(&raw);
    }
    let file = rig.dir.path().join("tree");
    std::fs::write(&file, &tree).unwrap();
    let hash = ["hash-object", "-t", "tree", "-w", "--literally", file.to_str().unwrap()];
    let tree = rig.bare.git(&hash).unwrap();
    let commit = rig.bare.git(&["commit-tree", &tree, "-p", "main", "-m", "odd"]).unwrap();
    rig.bare.git(&["update-ref", "refs/heads/main", &commit]).unwrap();
    landed(rig.repository().commit(&task(), change("a", vec![write("b/c", "x")])).await);
    assert_eq!(rig.bare.git(&["ls-tree", "main"]).unwrap().lines().count(), 5);
}
