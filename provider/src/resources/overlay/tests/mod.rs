//! The resource against a real Git server: what is committed, what is not, and what users read.

mod imports;
mod messages;

use super::super::rig::{Rig, shown};
use super::*;
use gitops::overlay::sets_images;
use gitops::release::{Format, Parts, Release};
use serde_json::{Value as Json, json};

const BASE: &str = "resources: []\n";
const FILE: &str = "k8s/overlays/prod/kustomization.yaml";
const APP: &str = "argo-cd/applications/web-prod.yaml";

fn id() -> Identity {
    Identity { name: "web-prod".to_owned() }
}

fn spec(rig: &Rig, more: Json) -> Spec {
    let mut spec = json!({"path": "k8s/overlays/prod", "bases": ["../../base"]});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(rig.attributes("main", spec)).unwrap()
}

async fn with_base() -> Rig {
    let rig = Rig::start().await;
    rig.bare.write("k8s/base/kustomization.yaml", BASE).unwrap();
    rig
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

async fn apply(rig: &Rig, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = Overlay::apply(&rig.context(), &id(), prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn read(rig: &Rig, spec: &Spec, status: &Status) -> Option<(Spec, Status)> {
    Overlay::read(&rig.context(), &id(), prior(spec, status)).await.unwrap()
}

async fn delete(rig: &Rig, spec: &Spec, status: &Status) {
    Overlay::delete(&rig.context(), &id(), prior(spec, status).unwrap()).await.unwrap();
}

/// The error of a create, as the user reads it.
async fn refusal(rig: &Rig, want: &Spec) -> String {
    let head = rig.bare.head().unwrap();
    let outcome = Overlay::apply(&rig.context(), &id(), None, want).await;
    assert!(outcome.status().is_none());
    assert_eq!(rig.bare.head().unwrap(), head, "something was written");
    rig.plain(&shown(outcome.problems()))
}

/// What an import of the overlay in `path` reads.
async fn import_of(rig: &Rig, path: &str) -> Result<Option<(Spec, Status)>, Problem> {
    let remote = spec(rig, json!({})).git.unwrap();
    let repository = open(&rig.context(), Some(&remote)).unwrap();
    let tree = repository.read(&task(&rig.context())).await.unwrap();
    read_as_imported(&tree, &repository, &id(), remote, path.to_owned())
}

fn value(spec: &Spec) -> Json {
    serde_json::to_value(spec).unwrap()
}

fn full() -> Json {
    json!({
        "namespace": "shop",
        "name_prefix": "prod-",
        "labels": {"team": "web"},
        "annotations": {"note": "on"},
        "images": {"nginx": "r.example/nginx:1.10", "acme/web": ":2"},
        "replicas": {"web": 3},
        "patches": [{"target": {"kind": "Deployment"}, "patch": "- op: remove\n  path: /spec/replicas\n"}],
        "application": {"sync": {"preset": "guarded"}, "destination": {"namespace": "shop"}, "labels": {"tier": "beta"}},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_one_commit_and_no_change_is_none() {
    let rig = with_base().await;
    let begun = rig.bare.commits().unwrap();
    let first = spec(&rig, full());
    let made = apply(&rig, None, &first).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.head().unwrap()), (begun + 1, made.commit.clone()));
    assert_eq!(made.digests.keys().collect::<Vec<_>>(), [APP, FILE]);
    insta::assert_snapshot!(rig.plain(&format!("{}\n---\n{}", rig.bare.read(FILE).unwrap(), rig.bare.read(APP).unwrap())), @r#"
    # managed by gitops_overlay web-prod
    # so are its images
    apiVersion: kustomize.config.k8s.io/v1beta1
    commonAnnotations:
      note: "on"
    images:
    - name: acme/web
      newTag: "2"
    - name: nginx
      newName: r.example/nginx
      newTag: "1.10"
    kind: Kustomization
    labels:
    - pairs:
        team: web
    namePrefix: prod-
    namespace: shop
    patches:
    - patch: |
        - op: remove
          path: /spec/replicas
      target:
        kind: Deployment
    replicas:
    - count: 3
      name: web
    resources:
    - ../../base
    ---
    # managed by gitops_overlay web-prod
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      finalizers:
      - resources-finalizer.argocd.argoproj.io
      labels:
        tier: beta
      name: web-prod
      namespace: argocd
    spec:
      destination:
        namespace: shop
        server: https://kubernetes.default.svc
      project: default
      source:
        path: k8s/overlays/prod
        repoURL: http://git.example/p.git
        targetRevision: main
    "#);
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%B", "main"]).unwrap(), @"
    create overlay web-prod

    Gitops-Resource: gitops_overlay web-prod
    ");

    // The same again: a create that was not stored, and an update of what concerns only the provider. Others commit.
    assert_eq!(apply(&rig, None, &first).await.commit, made.commit);
    rig.bare.write("theirs.txt", "theirs\n").unwrap();
    let mut taking = first.clone();
    taking.take_ownership = true;
    assert_eq!(apply(&rig, prior(&first, &made), &taking).await.commit, made.commit);

    // It moves, and its Application goes.
    let moved = spec(&rig, json!({"path": "k8s/overlays/live"}));
    let there = apply(&rig, prior(&first, &made), &moved).await;
    assert_eq!(rig.bare.commits().unwrap(), begun + 3);
    assert_eq!(
        rig.files(),
        ["k8s/base/kustomization.yaml", "k8s/overlays/live/kustomization.yaml", "theirs.txt"]
    );
    delete(&rig, &moved, &there).await;
    assert_eq!(rig.files(), ["k8s/base/kustomization.yaml", "theirs.txt"]);
    delete(&rig, &moved, &there).await;
    assert_eq!(rig.bare.commits().unwrap(), begun + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_reads_the_same_and_is_imported_as_it_is() {
    let rig = with_base().await;
    for more in [
        json!({}),
        full(),
        json!({"images": {}}),
        json!({"application": {}}),
        json!({"application": {"name": "other", "applications_path": "apps", "sync": {"preset": "observe"}, "cascade": false}}),
    ] {
        let spec = spec(&rig, more.clone());
        let made = apply(&rig, None, &spec).await;
        let (same, status) = read(&rig, &spec, &made).await.unwrap();
        assert_eq!(
            (value(&same), &status.commit, &status.digests),
            (value(&spec), &made.commit, &made.digests),
            "{more}"
        );
        let (imported, status) = import_of(&rig, "k8s/overlays/prod").await.unwrap().unwrap();
        assert_eq!(status.commit, rig.bare.head().unwrap(), "{more}");
        // What an import cannot know: an Application elsewhere.
        if more.pointer("/application/name").is_none() {
            let mut expected = value(&spec);
            if more["images"] == json!({}) {
                expected["images"] = json!(null);
            }
            assert_eq!(value(&imported), expected, "{more}");
        }
        delete(&rig, &spec, &made).await;
        assert!(read(&rig, &spec, &made).await.is_none(), "{more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_shows_and_is_repaired_by_one_commit() {
    let rig = with_base().await;
    let wanted = spec(&rig, full());
    let made = apply(&rig, None, &wanted).await;
    let (file, app) = (rig.bare.read(FILE).unwrap(), rig.bare.read(APP).unwrap());

    let other =
        format!("# by hand\n{}\n", file.replace("kind: Kustomization", "kind: 'Kustomization' # of course"));
    rig.bare.write(FILE, &other).unwrap();
    let (same, status) = read(&rig, &wanted, &made).await.unwrap();
    assert_eq!(
        (value(&same), &status.commit),
        (value(&wanted), &made.commit),
        "another way to write the same"
    );

    rig.bare
        .write(FILE, &file.replace("count: 3", "count: 5").replace("1.10", "1.11").replace("prod-", "p-"))
        .unwrap();
    rig.bare
        .write(APP, &app.replace("project: default", "project: shop").replace("tier: beta", "tier: gold"))
        .unwrap();
    let (found, status) = read(&rig, &wanted, &made).await.unwrap();
    let now = value(&found);
    assert_eq!(
        (&now["replicas"]["web"], &now["images"]["nginx"], &now["name_prefix"]),
        (&json!(5), &json!("r.example/nginx:1.11"), &json!("p-"))
    );
    assert_eq!(
        (&now["application"]["project"], &now["application"]["labels"]["tier"]),
        (&json!("shop"), &json!("gold"))
    );
    assert_eq!((status.commit.as_str(), &now["application"]["sync"]["preset"]), ("", &json!("guarded")));
    let repository = open(&rig.context(), wanted.git.as_ref()).unwrap();
    let of = async || {
        let tree = repository.read(&task(&rig.context())).await.unwrap();
        Found::of(&in_repository(&id(), &wanted, &repository).unwrap(), &tree).unwrap()
    };
    assert_eq!(read::unshown(&id(), &found, &repository, &of().await), None);
    let commits = rig.bare.commits().unwrap();
    let repaired = apply(&rig, prior(&found, &status), &wanted).await;
    assert_eq!(rig.bare.commits().unwrap(), commits + 1);
    assert_eq!((rig.bare.read(FILE).unwrap(), rig.bare.read(APP).unwrap()), (file.clone(), app.clone()));

    // What no attribute shows, and an Application that is no more.
    let mut warnings = Vec::new();
    for change in ["generatorOptions: {disableNameSuffixHash: true}\n", "images: [\n"] {
        rig.bare.write(FILE, &format!("{file}\n{change}")).unwrap();
        let (found, status) = read(&rig, &wanted, &repaired).await.unwrap();
        assert_eq!((value(&found), status.commit.as_str()), (value(&wanted), ""), "{change}");
        warnings.extend(read::unshown(&id(), &found, &repository, &of().await));
    }
    warnings.extend(read::unshown(&id(), &wanted, &repository, &Found::default()));
    insta::assert_snapshot!(shown(&warnings), @"
    : The overlay was changed in Git
    Somebody changed `generatorOptions` in `k8s/overlays/prod/kustomization.yaml`. The next apply writes it as it is wanted.
    ---
    : The overlay was changed in Git
    Somebody changed what no attribute shows. The next apply writes it as it is wanted.
    ---
    : The overlay was changed in Git
    Somebody removed `k8s/overlays/prod/kustomization.yaml`. The next apply writes it as it is wanted.
    ");
    rig.bare.write(APP, "").unwrap();
    let (found, status) = read(&rig, &wanted, &repaired).await.unwrap();
    assert!(found.application.is_none() && status.commit.is_empty());
    apply(&rig, prior(&found, &status), &wanted).await;
    assert_eq!((rig.bare.read(FILE).unwrap(), rig.bare.read(APP).unwrap()), (file, app));
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_others_where_the_overlay_says_nothing_of_them() {
    let rig = with_base().await;
    let silent = spec(&rig, json!({}));
    let made = apply(&rig, None, &silent).await;
    let file = rig.bare.read(FILE).unwrap();
    let theirs = format!("{file}\nimages:\n- name: nginx # by the updater\n  newTag: \"1.11\"\n");
    rig.bare.write(FILE, &theirs).unwrap();
    let (same, status) = read(&rig, &silent, &made).await.unwrap();
    assert_eq!((value(&same), &status.commit), (value(&silent), &made.commit));
    assert_ne!(status.digests, made.digests);

    // Nothing of ours changes: their file stays as they wrote it. Something does: what it says of images stays.
    apply(&rig, prior(&silent, &status), &silent).await;
    assert_eq!(rig.bare.read(FILE).unwrap(), theirs.trim_end());
    let more = spec(&rig, json!({"replicas": {"web": 2}}));
    let updated = apply(&rig, prior(&silent, &status), &more).await;
    let now = rig.bare.read(FILE).unwrap();
    assert!(now.contains("newTag: \"1.11\"") && now.contains("count: 2"), "{now}");
    // And they are ours as soon as it says something.
    let ours = spec(&rig, json!({"images": {}, "replicas": {"web": 2}}));
    apply(&rig, prior(&more, &updated), &ours).await;
    let file = rig.bare.read(FILE).unwrap();
    assert!(!file.contains("images:") && sets_images(&file), "{file}");
}

/// Whose the images are, the file tells everybody; and saying so changes no other line.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_its_images_is_refused_while_it_sets_them() {
    let rig = with_base().await;
    let (silent, set) = (spec(&rig, json!({})), spec(&rig, json!({"images": {"nginx": ":1"}})));
    let release = Release {
        file: RepoPath::parse(FILE).unwrap(),
        document: None,
        path: gitops::yaml::Path::parse("images[name=nginx]").unwrap(),
        format: Format::Kustomize,
        parts: Parts { tag: Some("2".to_owned()), ..Parts::default() },
    };
    let edits = async || {
        let repository = open(&rig.context(), silent.git.as_ref()).unwrap();
        release.edits(&repository.read(&task(&rig.context())).await.unwrap(), true)
    };
    let made = apply(&rig, None, &set).await;
    let file = rig.bare.read(FILE).unwrap();
    assert_eq!(
        edits().await.unwrap_err().to_string(),
        format!("`{FILE}` is written as a whole by the gitops_overlay `web-prod`")
    );
    let updated = apply(&rig, prior(&set, &made), &silent).await;
    let free = rig.bare.read(FILE).unwrap();
    assert_eq!(file, free.replacen("web-prod\n", "web-prod\n# so are its images\n", 1));
    edits().await.unwrap();

    // One that was written before the second line was: it comes with the next apply, and comments stay.
    rig.bare.write(FILE, &format!("{free}\n# theirs\n")).unwrap();
    apply(&rig, prior(&silent, &updated), &set).await;
    assert_eq!(rig.bare.read(FILE).unwrap(), format!("{file}\n# theirs"));
}
