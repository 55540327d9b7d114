//! The resource against a real Git server: what is committed, and what is not.

mod messages;

use super::shape::{Identity, ImportId, Spec, Status, problems};
use super::*;
use crate::resources::rig::{Rig, shown};
use gitops::git::Remote;
use serde_json::{Value as Json, json};

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

const DEPLOYMENTS: &str = "\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}   # not the worker
spec:
  template:
    spec:
      containers:
      - name: web
        image:   \"ghcr.io/acme/web:1.4.2\"   # by CI

        args: ['--verbose']
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec: {template: {spec: {containers: [{name: worker, image: ghcr.io/acme/worker:1}]}}}
";

const KUSTOMIZATION: &str =
    "resources:\r\n  - ../base # shared\r\nimages:\r\n  # ours\r\n  - name: web\r\n    newTag: 1.4.2";

const VALUES: &str = "image:\n  repository: acme/web # ours\n  tag: 1.4 # a number\n\nreplicas: 2\n";

async fn rig() -> Rig {
    let rig = Rig::start().await;
    for (path, text) in
        [("apps/web.yaml", DEPLOYMENTS), ("prod/kustomization.yaml", KUSTOMIZATION), ("values.yaml", VALUES)]
    {
        rig.bare.write(path, text).unwrap();
    }
    rig
}

fn id(file: &str, path: &str, document: Option<&str>) -> Identity {
    Identity { file: file.to_owned(), path: path.to_owned(), document: document.map(str::to_owned) }
}

fn web() -> Identity {
    id("apps/web.yaml", "spec.template.spec.containers[name=web].image", Some("Deployment/web"))
}

fn entry(name: &str) -> Identity {
    id("prod/kustomization.yaml", &format!("images[name={name}]"), None)
}

fn values() -> Identity {
    id("values.yaml", "image", None)
}

fn spec(rig: &Rig, more: Json) -> Spec {
    serde_json::from_value(rig.attributes("main", more)).unwrap()
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

fn value(spec: &Spec) -> Json {
    serde_json::to_value(spec).unwrap()
}

async fn apply(rig: &Rig, id: &Identity, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
    let outcome = ImageRelease::apply(&rig.context(), id, prior, want).await;
    assert_eq!(outcome.problems(), []);
    outcome.status().unwrap().clone()
}

async fn read(rig: &Rig, id: &Identity, last: Option<Prior<Spec, Status>>) -> Option<(Spec, Status)> {
    ImageRelease::read(&rig.context(), id, last).await.unwrap()
}

/// The file on the branch, to the last byte.
fn file(rig: &Rig, path: &str) -> String {
    let size = rig.bare.git(&["cat-file", "-s", &format!("main:{path}")]).unwrap().parse::<usize>().unwrap();
    let text = rig.bare.read(path).unwrap();
    // What reads it trims its end.
    format!("{text}{}", "\n".repeat(size - text.len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_plans_nothing() {
    let rig = rig().await;
    let mut imported = rig.import::<ImageRelease>("main:prod/kustomization.yaml#images[name=web]").await;
    let config = json!({
        "file": "prod/kustomization.yaml", "path": "images[name=web]", "format": "kustomize", "tag": "1.4.2",
    });
    assert_eq!(imported.changes(&config).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_one_commit_and_one_line() {
    let rig = rig().await;
    let begun = rig.bare.commits().unwrap();
    let first = spec(&rig, json!({"tag": "1.4.3"}));
    let made = apply(&rig, &web(), None, &first).await;
    assert_eq!((rig.bare.commits().unwrap(), rig.bare.head().unwrap()), (begun + 1, made.commit.clone()));
    assert_eq!(file(&rig, "apps/web.yaml"), DEPLOYMENTS.replace("web:1.4.2", "web:1.4.3"));
    insta::assert_snapshot!(rig.bare.git(&["log", "-1", "--format=%B", "main"]).unwrap(), @"
    set spec.template.spec.containers[name=web].image of apps/web.yaml to 1.4.3

    Gitops-Resource: gitops_image_release apps/web.yaml#Deployment/web#spec.template.spec.containers[name=web].image
    ");

    // The same again: a create that was not stored, and an update of what is not in the file.
    assert_eq!(apply(&rig, &web(), None, &first).await.commit, made.commit);
    let said = spec(&rig, json!({"tag": "1.4.3", "message": "deploy(web): update image to 1.4.3 [skip ci]"}));
    assert_eq!(apply(&rig, &web(), prior(&first, &made), &said).await.commit, made.commit);
    assert_eq!(rig.bare.commits().unwrap(), begun + 1);

    let second = spec(
        &rig,
        json!({"image": "registry:5000/web", "digest": DIGEST, "message": "deploy(web): update image to 1.5 [skip ci]"}),
    );
    let updated = apply(&rig, &web(), prior(&said, &made), &second).await;
    let expected = DEPLOYMENTS.replace("ghcr.io/acme/web:1.4.2", &format!("registry:5000/web@{DIGEST}"));
    assert_eq!(file(&rig, "apps/web.yaml"), expected);
    let subject = rig.bare.git(&["log", "-1", "--format=%s", "main"]).unwrap();
    assert_eq!(subject, "deploy(web): update image to 1.5 [skip ci]");
    let lines = rig.bare.git(&["diff", "--numstat", &made.commit, &updated.commit]).unwrap();
    assert_eq!(lines, "1\t1\tapps/web.yaml");

    ImageRelease::delete(&rig.context(), &web(), prior(&second, &updated).unwrap()).await.unwrap();
    assert_eq!((rig.bare.commits().unwrap(), file(&rig, "apps/web.yaml")), (begun + 2, expected));
    assert_eq!(rig.files(), ["apps/web.yaml", "prod/kustomization.yaml", "values.yaml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_reads_the_same() {
    let rig = rig().await;
    let worker = id("apps/web.yaml", "spec.template.spec.containers[0].image", Some("1"));
    let cases = [
        (web(), json!({"tag": "2"})),
        (worker, json!({"image": "worker", "tag": "2", "digest": DIGEST})),
        (entry("web"), json!({"format": "kustomize", "tag": "2"})),
        (entry("web"), json!({"format": "kustomize", "digest": DIGEST, "image": "registry:5000/web"})),
        (entry("ghcr.io/acme/api"), json!({"format": "kustomize", "tag": "v1"})),
        (values(), json!({"format": "helm", "tag": "1.4"})),
        (values(), json!({"format": "helm", "image": "acme/web2", "tag": "1.5.0", "digest": DIGEST})),
        (id("values.yaml", "image.tag", None), json!({"format": "tag", "tag": "1.5"})),
        (id("values.yaml", "image.digest", None), json!({"format": "digest", "digest": DIGEST})),
    ];
    for (id, more) in cases {
        let want = spec(&rig, more.clone());
        let made = apply(&rig, &id, None, &want).await;
        let (found, status) = read(&rig, &id, prior(&want, &made)).await.unwrap();
        assert_eq!((value(&found), status.commit), (value(&want), made.commit), "{more}");
    }
    insta::assert_snapshot!(file(&rig, "prod/kustomization.yaml").replace('\r', ""), @"
    resources:
      - ../base # shared
    images:
      # ours
      - name: web
        newName: registry:5000/web
        digest: sha256:1111111111111111111111111111111111111111111111111111111111111111
      - name: ghcr.io/acme/api
        newTag: v1
    ");
    assert!(!file(&rig, "prod/kustomization.yaml").ends_with('\n'), "it ended without a line break");
    insta::assert_snapshot!(file(&rig, "values.yaml"), @r#"
    image:
      repository: acme/web2 # ours
      tag: "1.5" # a number
      digest: sha256:1111111111111111111111111111111111111111111111111111111111111111

    replicas: 2
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_shows_and_is_repaired_by_one_commit() {
    let rig = rig().await;
    let want = spec(&rig, json!({"format": "kustomize", "tag": "1.5.0"}));
    let made = apply(&rig, &entry("web"), None, &want).await;
    let ours = file(&rig, "prod/kustomization.yaml");
    let write = |text: &str| rig.bare.write("prod/kustomization.yaml", text).unwrap();

    write(&ours.replace("../base # shared", "../base2"));
    let (found, status) = read(&rig, &entry("web"), prior(&want, &made)).await.unwrap();
    assert_eq!((value(&found), &status.commit), (value(&want), &made.commit), "elsewhere in the file");

    write(&ours.replace("newTag: 1.5.0", &format!("digest: {DIGEST}")));
    let (found, status) = read(&rig, &entry("web"), prior(&want, &made)).await.unwrap();
    let shown = (found.tag.as_deref(), found.digest.as_deref(), status.commit.as_str());
    assert_eq!(shown, (None, Some(DIGEST), ""));
    let repaired = apply(&rig, &entry("web"), prior(&found, &status), &want).await;
    assert_eq!(
        (rig.bare.head().unwrap(), file(&rig, "prod/kustomization.yaml")),
        (repaired.commit, ours.clone())
    );

    // What no attribute shows.
    let number = spec(&rig, json!({"format": "tag", "tag": "1.4"}));
    let at = id("values.yaml", "image.tag", None);
    let (found, status) = read(&rig, &at, prior(&number, &made)).await.unwrap();
    assert_eq!((value(&found), status.commit.as_str()), (value(&number), ""));

    // What cannot be read is told by the apply, and does not keep anything else from being planned.
    write("images: {{ .Values.images }}-\n");
    let (found, status) = read(&rig, &entry("web"), prior(&want, &made)).await.unwrap();
    assert_eq!((value(&found), status.commit.as_str()), (value(&want), ""));
    for gone in ["images: []\n", "resources: []\n"] {
        write(gone);
        assert!(read(&rig, &entry("web"), prior(&want, &made)).await.is_none(), "{gone}");
    }
    let none = id("none.yaml", "image", None);
    assert!(read(&rig, &none, prior(&want, &made)).await.is_none());
    let blob = rig.bare.git(&["rev-parse", "main:values.yaml"]).unwrap();
    rig.put("120000", &blob, "prod/kustomization.yaml");
    let (found, status) = read(&rig, &entry("web"), prior(&want, &made)).await.unwrap();
    assert_eq!((value(&found), status.commit.as_str()), (value(&want), ""), "a symbolic link");
}

/// A release leaves no mark that another state could see: each plan shows what the other one wrote.
#[tokio::test(flavor = "multi_thread")]
async fn two_states_that_write_one_line_show_it_in_every_plan() {
    let rig = rig().await;
    let other = id("apps/web.yaml", "spec.template.spec.containers[0].image", Some("0"));
    let (one, two) = (spec(&rig, json!({"tag": "2"})), spec(&rig, json!({"tag": "3"})));
    let mut status = apply(&rig, &web(), None, &one).await;
    let mut others = apply(&rig, &other, None, &two).await;
    for _ in 0..2 {
        let (found, seen) = read(&rig, &web(), prior(&one, &status)).await.unwrap();
        assert_eq!((found.tag.as_deref(), seen.commit.as_str()), (Some("3"), ""));
        status = apply(&rig, &web(), prior(&found, &seen), &one).await;
        let (found, seen) = read(&rig, &other, prior(&two, &others)).await.unwrap();
        assert_eq!((found.tag.as_deref(), seen.commit.as_str()), (Some("2"), ""));
        others = apply(&rig, &other, prior(&found, &seen), &two).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_of_one_file_are_one_commit() {
    let rig = rig().await;
    let begun = rig.bare.commits().unwrap();
    let cx = rig.context();
    let (web, api) = (entry("web"), entry("api"));
    let (one, two) = (
        spec(&rig, json!({"format": "kustomize", "tag": "2.0"})),
        spec(&rig, json!({"format": "kustomize", "tag": "v3"})),
    );
    let (one, two) =
        tokio::join!(ImageRelease::apply(&cx, &web, None, &one), ImageRelease::apply(&cx, &api, None, &two));
    assert_eq!((one.problems(), two.problems()), (&[][..], &[][..]));
    let expected = KUSTOMIZATION.replace("1.4.2", "\"2.0\"") + "\r\n  - name: api\r\n    newTag: v3";
    assert_eq!(file(&rig, "prod/kustomization.yaml"), expected);
    assert!(rig.bare.commits().unwrap() - begun <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_what_is_there_and_applying_it_writes_nothing() {
    let rig = rig().await;
    let begun = rig.bare.commits().unwrap();
    let digest = id("values.yaml", "image.digest", None);
    let tag = id("values.yaml", "image.tag", None);
    rig.bare
        .write("values.yaml", &format!("image: {{repository: acme/web, tag: v1, digest: '{DIGEST}'}}"))
        .unwrap();
    let cases = [
        (web(), json!({"format": "reference", "image": "ghcr.io/acme/web", "tag": "1.4.2"})),
        (entry("web"), json!({"format": "kustomize", "tag": "1.4.2"})),
        (values(), json!({"format": "helm", "image": "acme/web", "tag": "v1", "digest": DIGEST})),
        (digest, json!({"format": "digest", "digest": DIGEST})),
        (tag, json!({"format": "tag", "tag": "v1"})),
    ];
    let cx = rig.context();
    for (id, expected) in cases {
        let mut want = spec(&rig, expected);
        let repository = open(&cx, want.git.as_ref()).unwrap();
        let tree = repository.read(&task(&cx)).await.unwrap();
        let found = Spec::imported(Remote::default(), &found(&tree, &id).unwrap().unwrap());
        assert_eq!(
            apply(&rig, &id, prior(&found, &Status::of(&repository, tree.commit())), &want).await.commit,
            tree.commit()
        );
        want.git = None;
        assert_eq!(value(&found), value(&want));
        assert!(super::found(&tree, &entry("none")).unwrap().is_none());
    }
    assert_eq!(rig.bare.commits().unwrap(), begun + 1);
}
