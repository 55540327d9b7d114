//! What users read of Applications that make no sense, and which paths are taken.

use super::*;
use crate::argo::{Jsonnet, KustomizePatch};

#[test]
fn messages() {
    let good = Source {
        repo_url: "https://git.example/p.git".into(),
        path: Some("apps".into()),
        ..Source::default()
    };
    assert_eq!(good.validate(), []);
    let bad = Source {
        repo_url: "https://me:hunter2@git.example/p.git".into(),
        path: Some("../apps".into()),
        kustomize: Some(Kustomize::default()),
        helm: Some(Helm::default()),
        ..Source::default()
    };
    let both = Destination { server: Some("a".into()), name: Some("b".into()), namespace: None };
    let mut wrong = bad.validate();
    wrong.extend(both.validate().map(|error| ("destination", error)));
    wrong.extend(Source::default().validate());
    let text: Vec<_> = wrong
        .iter()
        .map(|(at, error)| format!("{at}: {error}\n  {}", error.hint().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    repo_url: the address of the repository has credentials in it
      Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`.
    path: `../apps` is not a path in a repository: `.` and `..` are not allowed
      Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.
    helm: an Application has one tool, and this one has options for kustomize and helm
      Keep the one that the directory is made for.
    destination: the destination names a cluster twice: by `server` and by `name`
      Keep one of the two.
    repo_url: the repository of the Application is empty
      Give the address that Argo CD pulls from, such as `https://git.example/platform.git`.
    "#);
}

#[test]
fn addresses() {
    let cases = [
        ("git@git.example:p.git", false),
        ("ssh://git@git.example:22/p.git", false),
        ("https://git.example:8443/p@1:2", false),
        ("https://token@git.example/p", false),
        ("https://a:b@git.example/p", true),
    ];
    for (url, expected) in cases {
        assert_eq!(has_password(url), expected, "{url}");
    }
}

/// The errors of a source of Git at `path` with these tools.
fn wrong(path: &str, helm: Option<Helm>, kustomize: Option<Kustomize>) -> Vec<String> {
    let source = Source {
        repo_url: "https://git.example/p.git".into(),
        path: Some(path.into()),
        helm,
        kustomize,
        ..Source::default()
    };
    source.validate().iter().map(|(at, error)| format!("{at}: {error}")).collect()
}

#[test]
fn directories_are_those_that_the_one_validator_takes() {
    for good in [".", "apps", "a/b.c/d e", "..a"] {
        assert_eq!(wrong(good, None, None), [""; 0], "{good:?}");
    }
    for bad in [
        "",
        "/apps",
        "..",
        "a/../b",
        "./a",
        "a/",
        "a//b",
        ".git/hooks",
        "a/.GIT",
        "a\\b",
        "C:",
        "a\nb",
        "con",
    ] {
        assert!(wrong(bad, None, None)[0].starts_with("path: "), "{bad:?}");
    }
}

#[test]
fn files_of_values_stay_in_their_repository() {
    let judge = |path: &str, file: &str| {
        let helm = Helm { value_files: vec![file.into()], ..Helm::default() };
        wrong(path, Some(helm), None)
    };
    let good = [
        "values-prod.yaml",
        "./values.yaml",
        "../../envs/prod.yaml",
        "/envs/prod.yaml",
        "$values/envs/prod.yaml",
        "$values/a/../b.yaml",
        "values-$ARGOCD_APP_NAME.yaml",
        "$ARGOCD_APP_NAME.yaml",
        "envs/*.yaml",
        "https://values.example/prod.yaml",
        "secrets+age-import:///keys/key.txt?secrets.yaml",
    ];
    for file in good {
        assert_eq!(judge("charts/web", file), [""; 0], "{file}");
    }
    let bad = [
        "",
        "../../../secret.yaml",
        "/../secret.yaml",
        "$values/../secret.yaml",
        "$values/",
        "a/.git/config",
        "/.GIT/config",
        "$values/.git/config",
        "a\nb.yaml",
        "C:/values.yaml",
        "mailto:a",
        "a/b://c",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "https://ci:hunter2@values.example/prod.yaml",
    ];
    let told: Vec<_> = bad.iter().flat_map(|file| judge("charts/web", file)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    helm.value_files: `` is not a path in a repository: it is empty
    helm.value_files: `../../../secret.yaml` is not a path in a repository: it leaves the repository
    helm.value_files: `/../secret.yaml` is not a path in a repository: it leaves the repository
    helm.value_files: `$values/../secret.yaml` is not a path in a repository: it leaves the repository
    helm.value_files: `$values/` is not a path in a repository: it is empty
    helm.value_files: `a/.git/config` is not a path in a repository: it names Git's own directory
    helm.value_files: `/.GIT/config` is not a path in a repository: it names Git's own directory
    helm.value_files: `$values/.git/config` is not a path in a repository: it names Git's own directory
    helm.value_files: `a\nb.yaml` is not a path in a repository: it contains a control character
    helm.value_files: `C:/values.yaml` is not a path in a repository: it contains a backslash or a colon
    helm.value_files: `mailto:a` is not a path in a repository: it contains a backslash or a colon
    helm.value_files: `a/b://c` is not a path in a repository: it contains a backslash or a colon
    helm.value_files: `file:///etc/passwd` is not a path in a repository: Argo CD reads no local files
    helm.value_files: `FILE:///etc/passwd` is not a path in a repository: Argo CD reads no local files
    helm.value_files: the address of a file of values has credentials in it
    ");
    assert_eq!(judge(".", "../values.yaml").len(), 1);
    // Of a path that is wrong, or not known yet, nobody can tell how far it goes up.
    assert_eq!(judge("", "../../values.yaml"), ["path: `` is not a path in a repository: it is empty"]);
    assert_eq!(judge("", "../.git/config").len(), 2);
}

#[test]
fn a_chart_is_the_root_of_its_own_files() {
    let of_chart = |file: &str| Source {
        repo_url: "https://charts.example".into(),
        chart: Some("web".into()),
        helm: Some(Helm { value_files: vec![file.into()], ..Helm::default() }),
        ..Source::default()
    };
    assert_eq!(of_chart("ci/values.yaml").validate(), []);
    assert_eq!(of_chart("../values.yaml").validate().len(), 1);
}

#[test]
fn files_of_other_tools_stay_in_the_repository() {
    let kustomize = |patch: &str, component: &str| Kustomize {
        patches: vec![KustomizePatch { path: Some(patch.into()), ..KustomizePatch::default() }],
        components: vec![component.into()],
        ..Kustomize::default()
    };
    for (patch, component) in [
        ("patch.yaml", "../../components/tls"),
        ("../patch.yaml", "https://git.example/p.git//tls?ref=v1"),
        ("https://git.example/patch.yaml", "git@git.example:p.git//tls"),
    ] {
        assert_eq!(wrong("overlays/prod", None, Some(kustomize(patch, component))), [""; 0], "{component}");
    }
    let climbs = kustomize("../../../patch.yaml", "/components");
    insta::assert_snapshot!(wrong("overlays/prod", None, Some(climbs)).join("\n"), @"
    kustomize.patches: `../../../patch.yaml` is not a path in a repository: it leaves the repository
    kustomize.components: `/components` is not a path in a repository: it is absolute
    ");
    let libs = |lib: &str| {
        let jsonnet = Some(Jsonnet { libs: vec![lib.into()], ..Jsonnet::default() });
        let directory = Some(Directory { jsonnet, ..Directory::default() });
        Source { repo_url: "u".into(), path: Some("a/b".into()), directory, ..Source::default() }
            .validate()
            .len()
    };
    assert_eq!((libs("vendor/lib"), libs("../lib"), libs(".git")), (0, 1, 1));
}
