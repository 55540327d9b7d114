//! What overlays write, what is read back of it, and what is refused.

use super::*;
use crate::argo::{Destination, KustomizePatch, KustomizeTarget, Source, Sync};
use crate::{Explain, manifest};
use gitops_acceptance_tests::hostile;
use proptest::prelude::*;
use serde_json::{Value, json};

fn overlay() -> Overlay {
    Overlay {
        name: "web-prod".into(),
        branch: "main".into(),
        path: "k8s/overlays/prod".into(),
        kustomization: Kustomization { resources: vec!["../../base".into()], ..Kustomization::default() },
        application: None,
    }
}

fn full() -> Kustomization {
    let target = KustomizeTarget { kind: Some("Deployment".into()), ..KustomizeTarget::default() };
    let map =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Kustomization {
        resources: vec!["../../base".into(), "https://github.com/acme/app//base?ref=v1".into()],
        components: vec!["../../components/tunnel".into()],
        namespace: Some("shop".into()),
        name_prefix: Some("prod-".into()),
        name_suffix: Some("-eu".into()),
        labels: map(&[("team", "web"), ("managed", "yes")]),
        annotations: map(&[("note", "12:30")]),
        images: Some(BTreeMap::from([
            ("nginx".to_owned(), ":1.10".parse().unwrap()),
            ("acme/web".to_owned(), "r.example:5000/web:2".parse().unwrap()),
        ])),
        replicas: BTreeMap::from([("web".to_owned(), 3)]),
        patches: vec![
            KustomizePatch {
                patch: Some("- op: remove\n  path: /spec/replicas\n".into()),
                target: Some(target),
                ..KustomizePatch::default()
            },
            KustomizePatch { path: Some("env-patch.yaml".into()), ..KustomizePatch::default() },
        ],
    }
}

#[test]
fn a_kustomization() {
    insta::assert_snapshot!(to_yaml(&full().value(None)).unwrap(), @r#"
    apiVersion: kustomize.config.k8s.io/v1beta1
    commonAnnotations:
      note: "12:30"
    components:
    - ../../components/tunnel
    images:
    - name: acme/web
      newName: r.example:5000/web
      newTag: "2"
    - name: nginx
      newTag: "1.10"
    kind: Kustomization
    labels:
    - pairs:
        managed: "yes"
        team: web
    namePrefix: prod-
    nameSuffix: -eu
    namespace: shop
    patches:
    - patch: |
        - op: remove
          path: /spec/replicas
      target:
        kind: Deployment
    - path: env-patch.yaml
    replicas:
    - count: 3
      name: web
    resources:
    - ../../base
    - https://github.com/acme/app//base?ref=v1
    "#);
    insta::assert_snapshot!(to_yaml(&overlay().kustomization.value(None)).unwrap(), @"
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
    - ../../base
    ");
}

#[test]
fn what_is_written_is_read_back() {
    for kustomization in [full(), Kustomization::default(), overlay().kustomization] {
        let text = to_yaml(&kustomization.value(None)).unwrap();
        let value = manifest::parse_value(&text, &manifest::Limits::default()).unwrap();
        assert_eq!(Kustomization::of(&value), kustomization, "{text}");
    }
    for odd in [
        json!(null),
        json!([1]),
        json!({"resources": {}, "images": [1, {"newTag": "1"}], "labels": [{}, {}]}),
    ] {
        let read = Kustomization::of(&odd);
        assert!(read.resources.is_empty() && read.labels.is_empty(), "{odd}");
    }
}

#[test]
fn images_of_others_stay_in_whatever_form() {
    let theirs = json!([{"name": "nginx", "newTag": "1.2", "tagSuffix": "-x"}]);
    let silent = overlay().kustomization;
    assert_eq!(silent.value(Some(&theirs))["images"], theirs);
    let ours = Kustomization { images: Some(BTreeMap::new()), ..silent };
    assert_eq!(ours.value(Some(&theirs)).get("images"), None);
}

#[test]
fn what_others_write_differently_says_the_same() {
    let mut overlay = overlay();
    overlay.kustomization = full();
    let source = Source {
        repo_url: "https://git.example/p.git".into(),
        path: Some(overlay.path.clone()),
        ..Source::default()
    };
    let application = Application {
        namespace: "argocd".into(),
        name: "web-prod".into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        project: "default".into(),
        sources: vec![source],
        destination: Destination::default(),
        sync: Sync::default(),
        ignore_differences: vec![],
        cascade: true,
    };
    overlay.application = Some(("apps".into(), application.clone()));
    let found = |kustomization: &Value, application: &Value| Found {
        kustomization: Some(kustomization.to_string().into_bytes()),
        application: Some(application.to_string().into_bytes()),
        ..Found::default()
    };
    let (mine, app) = (overlay.kustomization.value(None), application.object().into_value());
    assert!(found(&mine, &app).is(&overlay), "as JSON");
    let mut other = mine.clone();
    other["generatorOptions"] = json!({"disableNameSuffixHash": true});
    assert!(!found(&other, &app).is(&overlay), "with something more");
    assert_eq!(found(&mine, &app).beyond(), [""; 0]);
    other["images"][0]["tagSuffix"] = json!("-x");
    assert_eq!(found(&other, &app).beyond(), ["generatorOptions"]);
    assert!(found(&mine, &app).has_plain_images() && !found(&other, &app).has_plain_images());
    let mut other = app.clone();
    other["spec"]["project"] = json!("other");
    assert!(!found(&mine, &other).is(&overlay));
    assert!(!Found::default().is(&overlay));
}

#[test]
fn messages() {
    let mut overlay = overlay();
    let texts = [
        "",
        "/base",
        "../../..",
        "../../../x",
        "..",
        ".",
        "../../base",
        "../../base/",
        "../../.git/x",
        "ok.yaml",
        "https://ada:pw@git.example/p.git//base",
    ];
    overlay.kustomization.resources = texts.map(str::to_owned).to_vec();
    let patch = |patch: Option<&str>, path: Option<&str>, kind: Option<&str>| KustomizePatch {
        patch: patch.map(str::to_owned),
        path: path.map(str::to_owned),
        target: kind
            .map(|kind| KustomizeTarget { kind: Some(kind.to_owned()), ..KustomizeTarget::default() }),
        ..KustomizePatch::default()
    };
    overlay.kustomization.patches = vec![
        patch(None, None, None),
        patch(Some("a: 1"), Some("a.yaml"), None),
        patch(Some("a: ["), None, None),
        patch(Some("- {op: remove, path: /a}"), None, None),
        patch(Some("kind: Deployment\nmetadata: {name: web}"), None, None),
        patch(Some("kind: A\n---\nkind: B"), None, Some("A")),
        patch(Some(""), None, Some("A")),
        patch(None, Some("../../a.yaml"), None),
        // And what is good.
        patch(Some("apiVersion: v1\nkind: A\nmetadata: {name: a}"), None, None),
        patch(Some("- {op: remove, path: /a}"), None, Some("A")),
        patch(Some("metadata: {labels: {a: b}}"), None, Some("A")),
        patch(None, Some("a.yaml"), None),
    ];
    overlay.kustomization.images = Some(BTreeMap::from([("nginx:1".to_owned(), ":2".parse().unwrap())]));
    let lines: Vec<_> = overlay
        .check()
        .iter()
        .map(|wrong| {
            format!("{:?}: {}. {}", wrong.field, crate::error::chain(wrong), wrong.hint().unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Base(0): `` cannot be taken into an overlay: it is empty, or has a space at its end. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(1): `/base` cannot be taken into an overlay: it is absolute. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(2): `../../..` cannot be taken into an overlay: the overlay itself lies in it. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(4): `..` cannot be taken into an overlay: the overlay itself lies in it. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(5): `.` cannot be taken into an overlay: the overlay itself lies in it. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(7): `../../base/` cannot be taken into an overlay: it is named twice. Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    Base(8): `k8s/.git/x` is not a path in a repository: it names Git's own directory. Use a path relative to the root of the repository, such as `instances/team-a`.
    Base(10): the address of the repository has credentials in it. Whoever reads the repository would read them. Argo CD fetches bases with the credentials that it has for their repository.
    Patch(0): the patch cannot be used: it needs `patch` or `path`, and not both. A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    Patch(1): the patch cannot be used: it needs `patch` or `path`, and not both. A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    Patch(2): the patch cannot be read: document 1 is not usable YAML (line 1): unclosed bracket '['. A patch is one YAML document; several are several patches.
    Patch(3): the patch cannot be used: a list of operations needs a `target` that they are for. A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    Patch(4): the patch cannot be used: it names no object: it needs `apiVersion`, `kind` and `metadata.name`, or a `target`. A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    Patch(5): the patch cannot be read: document 2 is not usable YAML (line 3): only one document is expected. A patch is one YAML document; several are several patches.
    Patch(6): the patch cannot be used: it names no object: it needs `apiVersion`, `kind` and `metadata.name`, or a `target`. A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    PatchFile(7): `../../a.yaml` is not a path in a repository: `.` and `..` are not allowed. Use a path relative to the root of the repository, such as `instances/team-a`.
    Image("nginx:1"): `nginx:1` has a tag or a digest. Kustomize finds an image by its name, as the base writes it, whatever its tag is.
    "#);
}

proptest! {
    /// Whatever base is taken lies in the repository, and is not around the overlay.
    #[test]
    fn bases_stay_in_the_repository(text in "[a-c./:@?]{0,12}") {
        let directory = RepoPath::parse("a/b").unwrap();
        if let Ok(Base::Here(path)) = Base::parse(&directory, &text) {
            prop_assert!(!directory.starts_with(&path), "{text} is {path}");
        }
    }
}

#[test]
fn no_base_is_too_strange() {
    let directory = RepoPath::parse("overlays/prod").unwrap();
    let good = ["../base", "https://git.example/p//base?ref=main", "git@host:p", "../../overlays"];
    hostile::texts(hostile::INPUTS, &good, |text| drop(Base::parse(&directory, text)));
}
