//! Files that are to be written together, each line the path of one: no panic, and none that is in the way of another.
#![cfg_attr(feature = "link", no_main)]

use gitops::files::parse;

gitops_fuzz::target!(|text: &str| {
    let files = text.lines().map(|path| (path.to_owned(), String::new())).collect();
    let Ok(files) = parse(&files) else { return };
    let in_the_way = |path| files.keys().any(|other| other != path && other.starts_with(path));
    assert!(!files.keys().any(in_the_way));
});
