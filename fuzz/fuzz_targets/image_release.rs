//! Files that name an image: no panic, and a release that was imported is what the file says.
#![cfg_attr(feature = "link", no_main)]

use gitops::path::RepoPath;
use gitops::release::Release;
use gitops::yaml::Path;
use std::sync::LazyLock;

static PLACE: LazyLock<(RepoPath, Path)> =
    LazyLock::new(|| (RepoPath::parse("a.yaml").expect("a file"), Path::parse("hosts[0]").expect("a place")));

gitops_fuzz::target!(|text: &str| {
    let (file, path) = PLACE.clone();
    let Ok(Some(release)) = Release::imported(file, None, path, text) else { return };
    assert_eq!(release.found(text).ok().flatten().unwrap_or_default(), release.parts);
    release.is_written(text);
});
