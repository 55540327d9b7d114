//! Blocks of one configuration that would write the same line, however they say it.

use crate::provider::Gitops;
use crate::resources::image_release::ImageRelease;
use crate::resources::rig::{PASSWORD, Rig, shown};
use crate::resources::{files, overlay, sops_file, tenant};
use gitops::Task;
use gitops::git::{Remote, Settings};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tfplugin_rs::Resource;
use tfplugin_rs::claims::{Claims, Target};
use tfplugin_rs::resource::{Wire, erase};
use tfplugin_rs::value::Value;

const DEPLOYMENT: &str = "\
kind: Deployment
metadata: {name: web}
spec:
  containers:
  - name: web
    image: web:1
  - name: proxy
    image: proxy:1
";

const OVERLAY: &str = "prod/kustomization.yaml";

/// What the plan of a create claims.
async fn targets<R: Resource<Provider = Gitops>>(provider: &Arc<Gitops>, config: &Json) -> Vec<Target> {
    let resource = erase::<R>(R::KIND).unwrap();
    let wire = Wire { provider: provider.clone(), cancel: Default::default(), private: Vec::new() };
    let config = resource.upgrade(R::VERSION, config.to_string().as_bytes()).unwrap();
    let planned = resource.plan(wire, Value::Null, config.clone(), config).await;
    assert_eq!(planned.problems, [], "{}", R::KIND);
    planned.targets
}

/// A block of a configuration.
enum Block {
    Release(&'static str, &'static str, Json),
    Files(&'static str),
    Tenant(&'static str),
    Sops(&'static str),
    Overlay(&'static str, Json),
}

use Block::*;

impl Block {
    async fn targets(&self, provider: &Arc<Gitops>, url: &str) -> Vec<Target> {
        let with = |mut config: Json, more: &Json| {
            config["git"] = json!({"url": url});
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            config
        };
        let none = json!({});
        match self {
            Release(file, path, more) => {
                let config = with(json!({"file": file, "path": path, "tag": "1"}), more);
                targets::<ImageRelease>(provider, &config).await
            }
            Files(path) => {
                let config = with(json!({"name": "set", "files": {*path: "a: 1\n"}}), &none);
                targets::<files::Files>(provider, &config).await
            }
            Tenant(id) => {
                let config = with(json!({"tenant_id": id, "chart": {"path": "charts/tenant"}}), &none);
                targets::<tenant::Tenant>(provider, &config).await
            }
            Sops(path) => {
                let config = with(json!({"path": path, "content_wo": "a: 1\n"}), &none);
                targets::<sops_file::SopsFile>(provider, &config).await
            }
            Overlay(name, more) => {
                let config = with(json!({"name": name, "path": "prod", "bases": ["../base"]}), more);
                targets::<overlay::Overlay>(provider, &config).await
            }
        }
    }
}

/// What the plans of `blocks` say, one after the other, after something of the same repository was refreshed.
async fn told(rig: &Rig, url: &str, blocks: &[Block]) -> String {
    let (claims, provider) = (Claims::default(), Arc::new(rig.gitops(PASSWORD, Settings::default())));
    let remote = Remote { url: Some(url.to_owned()), ..Remote::default() };
    let repository = provider.repositories.open(&remote).unwrap();
    let _ = repository.glance(&Task::new(Default::default(), Duration::from_secs(60))).await; // if it answers
    let mut problems = Vec::new();
    for block in blocks {
        problems.extend(claims.take(block.targets(&provider, url).await, None).1);
    }
    rig.plain(&shown(&problems))
}

fn reference(file: &'static str, path: &'static str) -> Block {
    Release(file, path, json!({}))
}

fn entry(path: &'static str, more: Json) -> Block {
    let mut all = json!({"format": "kustomize"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Release(OVERLAY, path, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_a_file_as_a_whole_is_no_company_of_who_writes_a_line() {
    let rig = Rig::start().await;
    let mut all = Vec::new();
    for (whole, file) in [
        (Files("values.yaml"), "values.yaml"),
        (Tenant("acme"), "instances/acme/values.yaml"),
        (Tenant("acme"), "argo-cd/applications/acme.yaml"),
        (Sops("secrets.yaml"), "secrets.yaml"),
    ] {
        all.push(told(&rig, &rig.url(), &[whole, reference(file, "image")]).await);
    }
    all.push(told(&rig, &rig.url(), &[reference("values.yaml", "image"), Files("values.yaml")]).await);
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    file: Two blocks are for the file `values.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    file: Two blocks are for the file `instances/acme/values.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    file: Two blocks are for the file `argo-cd/applications/acme.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    file: Two blocks are for the file `secrets.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    files["values.yaml"]: Two blocks are for the file `values.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.
    "#);
    let apart = [
        Files("other.yaml"),
        Tenant("acme"),
        reference("values.yaml", "image"),
        reference("values.yaml", "sidecar.image"),
        Release("values.yaml", "worker", json!({"format": "helm"})),
    ];
    assert_eq!(told(&rig, &rig.url(), &apart).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_the_overlays_or_a_releases() {
    let rig = Rig::start().await;
    let updated =
        json!({"application": {"annotations": {"argocd-image-updater.argoproj.io/image-list": "w=web:1.x"}}});
    let web = || entry("images[name=web]", json!({}));
    let refused = [
        [Overlay("prod", json!({"images": {"nginx": ":1"}})), web()],
        [web(), Overlay("prod", json!({"images": {}}))],
        [Overlay("prod", updated.clone()), web()],
        [Overlay("prod", json!({})), reference(OVERLAY, "replicas[0].count")],
        [Overlay("prod", json!({})), Overlay("live", json!({}))],
        [Files(OVERLAY), Overlay("prod", json!({}))],
    ];
    let mut all = Vec::new();
    for blocks in refused {
        all.push(told(&rig, &rig.url(), &blocks).await);
    }
    insta::assert_snapshot!(all.join("\n\n"), @"
    path: Two blocks are for the images of `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    images: Two blocks are for the images of `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    path: Two blocks are for the line `images[name=web].newTag` of `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the kustomization `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.

    path: Two blocks are for the kustomization `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the file `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    One of them writes it as a whole, and would undo what the other writes in it. Say all of it in that one.
    ");
    let api = entry("images[name=api]", json!({}));
    assert_eq!(told(&rig, &rig.url(), &[Overlay("prod", json!({})), web(), api]).await, "");
    let api = entry("images[name=api]", json!({}));
    assert_eq!(told(&rig, &rig.url(), &[Overlay("prod", updated), api]).await, "");
}

/// Nothing is refreshed before a first apply, so that no plan of it has seen the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_apply_has_one_writer_of_a_line() {
    let rig = Rig::start().await;
    rig.bare.write(OVERLAY, "images:\n- {name: web, newTag: '1'}\n").unwrap();
    let cx = rig.context();
    let apply = async |path: &str, more: Json| {
        let id = serde_json::from_value(json!({"file": OVERLAY, "path": path})).unwrap();
        let spec = serde_json::from_value(rig.attributes("main", more)).unwrap();
        rig.plain(&shown(ImageRelease::apply(&cx, &id, None, &spec).await.problems()))
    };
    let tag = || json!({"format": "tag", "tag": "2"});
    assert_eq!(apply("images[0].newTag", tag()).await, "");
    let entry = json!({"format": "kustomize", "tag": "3"});
    insta::assert_snapshot!(apply("images[name=web]", entry.clone()).await, @"
    path: Two blocks are for the line `images[0].newTag` of `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    ");
    assert_eq!(apply("images[0].newTag", tag()).await, "", "the same once more");

    // An entry that is new is somebody's as well.
    assert_eq!(apply("images[name=api]", entry).await, "");
    assert!(apply("images[1].newTag", tag()).await.starts_with("path: Two blocks are for the line"));
    let kept = rig.bare.read(OVERLAY).unwrap();
    assert!(kept.contains("newTag: '2'") && kept.contains("newTag: \"3\""), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_has_one_writer_in_whatever_spelling() {
    let rig = Rig::start().await;
    rig.bare.write("web.yaml", DEPLOYMENT).unwrap();
    rig.bare.write("two.yaml", &format!("{DEPLOYMENT}---\nimage: other:1\n")).unwrap();
    rig.bare.write(OVERLAY, "images:\n- {name: web, newTag: '1'}\n").unwrap();
    let (by_name, by_number) = ("spec.containers[name=web].image", "spec.containers[0].image");
    let of = |file, path, document: Option<&str>| Release(file, path, json!({"document": document}));
    let tag = json!({"format": "tag"});
    let refused = [
        [of("web.yaml", by_name, None), of("web.yaml", by_number, None)],
        [of("web.yaml", by_number, Some("0")), of("web.yaml", by_name, Some("Deployment/web"))],
        [of("web.yaml", by_name, Some("Deployment/web")), of("web.yaml", by_name, None)],
        [of("two.yaml", by_name, Some("Deployment/web")), of("two.yaml", by_number, Some("0"))],
        [entry("images[name=web]", json!({})), Release(OVERLAY, "images[0].newTag", tag)],
        [of("none.yaml", "image", None), of("none.yaml", "image", Some("0"))],
    ];
    let mut all = Vec::new();
    for blocks in refused {
        all.push(told(&rig, &rig.url(), &blocks).await);
    }
    insta::assert_snapshot!(all.join("\n\n"), @"
    path: Two blocks are for the line `spec.containers[0].image` of `web.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the line `spec.containers[0].image` of `web.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the line `spec.containers[0].image` of `web.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the line `spec.containers[0].image` of `two.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    path: Two blocks are for the line `images[0].newTag` of `prod/kustomization.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.

    : Two blocks are for the image at `image` of `none.yaml` on `main` of `http://git.example/p.git`
    Each would undo what the other does. Keep one of them, or give the other a name of its own.
    ");
    let apart = [
        of("web.yaml", by_number, None),
        of("web.yaml", "spec.containers[name=proxy].image", Some("Deployment/web")),
        of("two.yaml", by_name, Some("0")),
        of("two.yaml", "image", Some("1")),
    ];
    assert_eq!(told(&rig, &rig.url(), &apart).await, "");
    // Where nobody answers, nothing is known of the file, and the plan goes on.
    let nowhere = [of("web.yaml", by_name, None), of("web.yaml", by_number, None)];
    assert_eq!(told(&rig, "http://127.0.0.1:1/p.git", &nowhere).await, "");
}
