//! What an import takes up, and what it does not.

use super::*;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_takes_what_it_can_say_and_nothing_else() {
    let rig = with_base().await;
    let hand = "resources: [../../base]\nimages: [{name: nginx, newTag: '1', tagSuffix: -x}]\n";
    let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    rig.bare.write(FILE, &format!("{head}{hand}")).unwrap();
    rig.bare.write(APP, "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web-prod, namespace: argocd}\nspec: {project: x, source: {path: elsewhere, repoURL: u}, destination: {}}\n").unwrap();
    let (imported, status) = import_of(&rig, "k8s/overlays/prod").await.unwrap().unwrap();
    assert!(imported.images.is_none() && imported.application.is_none(), "{:?}", imported.images);
    assert_eq!(status.digests.keys().collect::<Vec<_>>(), [FILE]);
    // Ours without a mark; the first change gives it one.
    let want = spec(&rig, json!({"replicas": {"web": 1}}));
    apply(&rig, prior(&imported, &status), &want).await;
    let now = rig.bare.read(FILE).unwrap();
    assert!(
        now.starts_with("# managed by gitops_overlay web-prod\n") && now.contains("tagSuffix: -x"),
        "{now}"
    );

    assert!(import_of(&rig, "k8s/overlays/none").await.unwrap().is_none());
    let mut problems = Vec::new();
    for text in [
        format!("{head}configMapGenerator: [{{name: a}}]\nvars: []\n"),
        "resources: [../../base]\n".to_owned(),
        "a: [".to_owned(),
    ] {
        rig.bare.write(FILE, &text).unwrap();
        problems.extend(import_of(&rig, "k8s/overlays/prod").await.err());
    }
    problems.push(no_path());
    insta::assert_snapshot!(shown(&problems), @"
    : `k8s/overlays/prod/kustomization.yaml` cannot be imported
    No attribute of `gitops_overlay` can say what it says in `configMapGenerator`, `vars`. Move that into a base or a component, or keep the whole file with `gitops_files`.
    ---
    : `k8s/overlays/prod/kustomization.yaml` cannot be imported
    It is not usable YAML: correct it first.
    ---
    : The directory of the overlay is not known
    No Application of that name says where the overlay lies. The import id is `branch:name:path`, such as `main:web-prod:k8s/overlays/prod`. The repository is that of the provider block.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_made_by_hand_becomes_ours_with_an_empty_plan() {
    let rig = with_base().await;
    let hand = "# By hand.\nkind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nresources:   [../../base]\nimages: [{name: nginx, newTag: '1'}]\n";
    rig.bare.write(FILE, hand).unwrap();
    let head = rig.bare.head().unwrap();
    let mut imported = rig.import::<Overlay>("main:web-prod:k8s/overlays/prod").await;
    let mut config = json!({
        "name": "web-prod", "path": "k8s/overlays/prod", "bases": ["../../base"], "images": {"nginx": ":1"},
    });
    assert_eq!((imported.changes(&config).await, imported.told().as_str()), (vec![], ""));
    config["git"] = json!({"url": rig.url(), "branch": "main"});
    imported.apply(&config).await;
    assert_eq!(rig.bare.head().unwrap(), head);
    imported.refresh().await;
    assert_eq!(imported.changes(&config).await, [""; 0]);
    config["replicas"] = json!({"web": 2});
    imported.apply(&config).await;
    assert!(rig.bare.read(FILE).unwrap().starts_with("# managed by gitops_overlay web-prod\n"));
}

#[test]
fn import_ids() {
    let cases = [
        ("web-prod", None, None),
        ("main:web-prod", Some("main"), None),
        ("release/1:web-prod:k8s/overlays/prod", Some("release/1"), Some("k8s/overlays/prod")),
    ];
    for (text, branch, path) in cases {
        assert_eq!(Overlay::parse_import_id(text).unwrap().name, "web-prod", "{text}");
        let hints: BTreeMap<_, _> = Overlay::import_hints(text).into_iter().collect();
        let hint = |name| hints.get(name).map(String::as_str);
        assert_eq!((hint("branch"), hint("path")), (branch, path), "{text}");
    }
    for text in ["", "main:", ":web-prod", "main:web-prod:", "main:web-prod:../a", "main:web-prod:a:b"] {
        assert!(Overlay::parse_import_id(text).is_err(), "{text}");
    }
}
