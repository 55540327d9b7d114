//! Files on a real disk: their permissions, and what is in their way.

use super::*;
use crate::Explain;
use std::os::unix::fs::{PermissionsExt, symlink};

/// What is there, and its permissions.
fn seen(path: &Path) -> String {
    match look(path).unwrap() {
        Place::Nothing => "nothing".to_owned(),
        Place::File { text, mode } => format!("{mode:o} {}", text.expose()),
        Place::Obstacle(what) => what.to_owned(),
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_written_replaced_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    assert_eq!(seen(&path), "nothing");
    write(&path, b"one", false).unwrap();
    assert_eq!(seen(&path), "600 one");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4644)).unwrap();
    assert_eq!(seen(&path), "4644 one");
    write(&path, b"two", true).unwrap();
    assert_eq!((seen(&path), names(dir.path())), ("600 two".to_owned(), vec![".env".to_owned()]));
    remove(&path).unwrap();
    remove(&path).unwrap();
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn what_appears_meanwhile_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    fs::write(&path, "theirs").unwrap();
    assert!(matches!(write(&path, b"ours", false), Err(Error::Appeared { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    assert_eq!(names(dir.path()), [".env"], "something was left");
}

/// What a run left that was killed holds secrets, and may be a link to somewhere by now.
#[test]
fn leftovers_are_removed_and_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let (path, target) = (dir.path().join(".env"), dir.path().join("target"));
    let leftover = dir.path().join("..env.gitops-new");
    fs::write(&target, "theirs").unwrap();
    symlink(&target, &leftover).unwrap();
    write(&path, b"ours", false).unwrap();
    assert_eq!((fs::read_to_string(&target).unwrap(), seen(&path)), ("theirs".into(), "600 ours".into()));
    fs::write(&leftover, "half").unwrap();
    remove(&path).unwrap();
    assert_eq!(names(dir.path()), ["target"]);
}

#[test]
fn obstacles_are_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::write(&real, "theirs").unwrap();
    symlink(&real, &link).unwrap();
    let large = dir.path().join("large");
    File::create(&large).unwrap().set_len(MAX_FILE + 1).unwrap();
    let cases =
        [(link.as_path(), "a link"), (dir.path(), "a directory"), (&large, "a file of more than 8 MiB")];
    for (path, expected) in cases {
        assert_eq!(seen(path), expected);
    }
    for (path, expected) in [(&link, Some("a link")), (&large, None), (&real, None), (&real.join("x"), None)]
    {
        assert_eq!(obstacle(path).unwrap(), expected, "{path:?}");
    }
    assert_eq!(seen(&real.join("below")), "nothing");
}

/// What is put somewhere replaces a file, and nothing else.
#[test]
fn what_is_put_replaces_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/keys.yaml");
    for text in ["one", "two"] {
        put(&path, text.as_bytes()).unwrap();
        assert_eq!(seen(&path), format!("600 {text}"));
    }
    assert_eq!(names(path.parent().unwrap()), ["keys.yaml"], "something was left");
    let (link, below) = (dir.path().join("link"), path.join("below"));
    symlink(&path, &link).unwrap();
    let told = [link.as_path(), path.parent().unwrap(), &below].map(|path| {
        let error = put(path, b"three").unwrap_err();
        [Some(error.to_string()), error.hint()].into_iter().flatten().collect::<Vec<_>>().join(". ")
    });
    insta::assert_snapshot!(told.join("\n").replace(&dir.path().display().to_string(), "DIR"), @"
    `DIR/link` is a link, which is not written over. Remove it, or give another path.
    `DIR/new` is a directory, which is not written over. Remove it, or give another path.
    failed to write `DIR/new/keys.yaml`: File exists (os error 17)
    ");
    assert_eq!((seen(&path), seen(&link)), ("600 two".into(), "a link".into()));
}

/// What is only read may be behind a link; what is not there is told from what cannot be read.
#[test]
fn files_are_read_up_to_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("keys.yaml"), dir.path().join("link"));
    symlink(&path, &link).unwrap();
    assert!(read(&link, 9).unwrap().is_none());
    fs::write(&path, "one").unwrap();
    assert_eq!(read(&link, 3).unwrap().unwrap().expose(), b"one");
    let refused = |path: &Path, limit| read(path, limit).err().unwrap().kind();
    assert_eq!(refused(&path, 2), io::ErrorKind::FileTooLarge);
    assert_eq!(refused(&path.join("below"), 9), io::ErrorKind::NotADirectory);
}

#[test]
fn directories_are_made_for_their_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/.env");
    let error = write(&path, b"x", false).unwrap_err();
    let said = format!("{error}. {}", error.hint().unwrap());
    insta::assert_snapshot!(said.replace(&dir.path().display().to_string(), "DIR"), @"the directory `DIR/a/b` does not exist. Make it first, or set `create_directory = true`.");
    make_directory(&path).unwrap();
    write(&path, b"x", false).unwrap();
    let mode = fs::metadata(dir.path().join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn paths_that_name_no_file() {
    let cases = [
        (".env", true),
        ("/srv/shop/.env", true),
        ("../.env", true),
        ("a/..", false),
        ("", false),
        ("/", false),
        ("a/", false),
        ("a/.", false),
        (".", false),
        ("a\0b", false),
    ];
    for (path, expected) in cases {
        assert_eq!(check(path).is_ok(), expected, "{path:?}");
    }
}
