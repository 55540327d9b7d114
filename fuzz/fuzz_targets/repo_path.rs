//! Paths in a repository: no panic, none that leaves it, and each is displayed so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::path::RepoPath;

gitops_fuzz::target!(|text: &str| {
    let Ok(path) = RepoPath::parse(text) else { return };
    assert!(path.components().all(|part| !matches!(part, "" | "." | ".." | ".git")), "{path}");
    assert_eq!(RepoPath::parse(&path.to_string()), Ok(path));
});
