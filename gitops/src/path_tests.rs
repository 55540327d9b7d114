//! Names and paths that are taken, and that are refused, whoever made them up.

use super::*;
use proptest::prelude::*;

#[test]
fn good_paths() {
    let cases = [
        "a",
        "instances/team-a/values.yaml",
        ".github/workflows/ci.yml",
        "a b/c",
        "ä/日本.yaml",
        ".gitignore",
        "a/.gitkeep",
        "a/.gitattributes",
        ".gitmodules",
        "git",
        "git~x",
        "command/com10/console.txt",
        "..a/b..c",
        "-x",
        "a@b=c,d+e",
    ];
    for path in cases {
        assert!(RepoPath::parse(path).is_ok(), "{path:?}");
    }
    assert!(RepoPath::parse("a/".repeat(2000).trim_end_matches('/')).is_ok());
}

#[test]
fn bad_paths() {
    let cases = [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        ".git",
        ".git/config",
        "a/.GIT/hooks",
        "a/.Git",
        "GIT~1",
        "a/git~12/b",
        ".git.",
        ".git ",
        ".git. .",
        "a\\b",
        "..\\a",
        "C:",
        "c:/a",
        "a:stream",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\u{7f}",
        "a\u{85}b",
        ".g\u{200c}it",
        "\u{feff}.git",
        "a\u{202e}b",
        "con",
        "CON.txt",
        "a/nul",
        "aux .x",
        "com1",
        "LPT9.yaml",
        "com¹",
        "CONIN$",
        "a/conout$.txt",
        "a./b",
        "a /b",
        ".gitattributes/a",
        "a/.GitModules/b",
    ];
    for path in cases {
        assert!(RepoPath::parse(path).is_err(), "{path:?}");
    }
    assert!(RepoPath::parse(&"a".repeat(256)).is_err());
    assert!(RepoPath::parse(&format!("{}b", "a/".repeat(2048))).is_err());
}

#[test]
fn tenant_ids() {
    let long = "a".repeat(63);
    let uuid = "4d7c9a1e-1111-4222-8333-444455556666";
    for id in ["a", "team-a", "a1", "a--b", "x9-8", "1a", "7", uuid, &long] {
        assert!(TenantId::parse(id).is_ok(), "{id:?}");
    }
    let long = "a".repeat(64);
    for id in [
        "",
        "-a",
        "a-",
        "A",
        "team_a",
        "team.a",
        "a/b",
        ".",
        "..",
        "team\u{2011}a",
        "é",
        "a b",
        "a\n",
        "con",
        "com1",
        "nul",
        &long,
    ] {
        assert!(TenantId::parse(id).is_err(), "{id:?}");
    }
}

#[test]
fn messages() {
    let error = RepoPath::parse("../x\u{1b}[31m").unwrap_err();
    insta::assert_snapshot!(error, @r"`../x\u{1b}[31m` is not a path in a repository: `.` and `..` are not allowed");
    insta::assert_snapshot!(error.hint().unwrap(), @"Use a path relative to the root of the repository, such as `instances/team-a`.");
    let error = TenantId::parse("Team").unwrap_err();
    insta::assert_snapshot!(error, @"`Team` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+0054 at character 1");
    insta::assert_snapshot!(error.hint().unwrap(), @"Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.");
}

#[test]
fn joined_paths_stay_below() {
    let base = RepoPath::parse("instances").unwrap();
    assert_eq!(base.join("a/b").unwrap().as_str(), "instances/a/b");
    assert!(base.join("../b").is_err());
    assert!(base.join("/b").is_err());
    assert!(!RepoPath::parse("instances2/a").unwrap().starts_with(&base));
}

proptest! {
    /// What is accepted resolves, component by component, to a place inside of the root, on any system.
    #[test]
    fn accepted_paths_stay_inside(path in "[./\\\\a-cGgIiTt~0-9: \u{200c}\u{0}-\u{1f}]{0,24}") {
        if let Ok(valid) = RepoPath::parse(&path) {
            let native = std::path::Path::new(valid.as_str());
            prop_assert!(native.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            prop_assert!(!path.contains('\\') && !path.contains(':') && !path.chars().any(char::is_control));
            for part in path.split('/') {
                let seen: String = part.chars().filter(|c| !is_invisible(*c)).collect();
                let seen = seen.trim_end_matches(['.', ' ']).to_ascii_lowercase();
                prop_assert!(!seen.is_empty() && seen != ".git");
            }
        }
    }

    #[test]
    fn any_text_is_judged_without_panic(text in ".*") {
        let _ = RepoPath::parse(&text);
        let _ = TenantId::parse(&text);
    }

    /// Those of the names that are no devices: none begins with these letters.
    #[test]
    fn ordinary_paths_are_accepted(path in "[d-e][a-z0-9_-]{3,20}(/[d-e][a-z0-9._-]{3,20}[a-z]){0,6}") {
        prop_assert!(RepoPath::parse(&path).is_ok());
    }

    /// A tenant id is a label, and a path component too.
    #[test]
    fn accepted_ids_are_labels(id in "[a-zA-Z0-9._-]{0,70}") {
        if TenantId::parse(&id).is_ok() {
            prop_assert!(RepoPath::parse(&id).is_ok());
            prop_assert!(id.len() <= 63 && id == id.to_lowercase() && !id.contains(['.', '_']));
        }
    }
}
