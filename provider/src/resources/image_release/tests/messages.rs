//! What users read where a release cannot be, or not be written.

use super::*;

#[test]
fn import_ids() {
    let cases = [
        ("main:values.yaml#image", Some("main"), values()),
        ("values.yaml#image", None, values()),
        ("release/1:prod/kustomization.yaml#images[name=web]", Some("release/1"), entry("web")),
        ("main:prod/kustomization.yaml#images[name=reg:5000/a]", Some("main"), entry("reg:5000/a")),
        ("apps/web.yaml#Deployment/web#spec.template.spec.containers[name=web].image", None, web()),
        ("a.yaml#0#'x#y'", None, id("a.yaml", "'x#y'", Some("0"))),
        ("a.yaml#x#y", None, id("a.yaml", "x#y", None)),
    ];
    for (text, branch, identity) in cases {
        let read = ImportId::parse(text).unwrap();
        assert_eq!(read.branch.as_deref(), branch, "{text}");
        assert_eq!(
            serde_json::to_value(&read.identity).unwrap(),
            serde_json::to_value(&identity).unwrap(),
            "{text}"
        );
        assert_eq!(
            ImportId::of(&identity),
            text.strip_prefix(&format!("{}:", branch.unwrap_or("-"))).unwrap_or(text)
        );
    }
    for text in [
        "",
        "main:values.yaml",
        "#image",
        "values.yaml#",
        ":values.yaml#image",
        "../a#b",
        "a#b..c",
        "a:b:c#d",
    ] {
        assert!(ImportId::parse(text).is_err(), "{text}");
    }
    insta::assert_snapshot!(ImportId::parse("values.yaml").err().unwrap().detail, @"The import id is `branch:file#path`, such as `main:apps/web/kustomization.yaml#images[name=web]`, and for one of several documents `branch:file#document#path`, such as `main:apps/web.yaml#Deployment/web#spec.template.spec.containers[0].image`. The repository is that of the provider block.");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_repositories() {
    let rig = rig().await;
    rig.bare.write("flux.yaml", "image: web:1 # {\"$imagepolicy\": \"flux-system:web\"}\n").unwrap();
    rig.bare.write("tenant.yaml", "# managed by gitops_tenant acme\nimage: web:1\n").unwrap();
    rig.bare.write("overlay.yaml", "# managed by gitops_overlay web\nimage: web:1\n").unwrap();
    let list = "argocd-image-updater.argoproj.io/image-list";
    let app =
        format!("kind: Application\nmetadata:\n  annotations: {{{list}: w=web}}\nspec: {{image: web:1}}\n");
    rig.bare.write("app.yaml", &app).unwrap();
    rig.bare
        .write("images.yaml", "# managed by gitops_overlay web\n# so are its images\nimages: []\n")
        .unwrap();
    rig.bare.write("anchors.yaml", "image: &image web:1\nother: *image\n").unwrap();
    rig.bare.write("template.yaml", "image: {{ .Values.image }}:{{ .Values.tag }}\n").unwrap();
    rig.bare.write("latin1.yaml", "image: web:1\n").unwrap();
    let latin1 = rig.dir.path().join("latin1");
    std::fs::write(&latin1, b"image: web:1 # gr\xfc\xdfe\n").unwrap();
    let blob = rig.bare.git(&["hash-object", "-w", &latin1.to_string_lossy()]).unwrap();
    rig.put("100644", &blob, "latin1.yaml");
    rig.put("120000", &blob, "link.yaml");
    let head = rig.bare.head().unwrap();
    let cx = rig.context();
    let mut told = Vec::new();
    let tag = json!({"tag": "v1"});
    let elsewhere = json!({"tag": "v1", "git": {"url": rig.server.url("p.git"), "branch": "trunk"}});
    let entry_of = |file: &str| id(file, "images[name=web]", None);
    for (id, more) in [
        (id("none.yaml", "image", None), tag.clone()),
        (id("apps", "image", None), tag.clone()),
        (id("link.yaml", "image", None), tag.clone()),
        (id("latin1.yaml", "image", None), tag.clone()),
        (id("template.yaml", "image", None), tag.clone()),
        (id("apps/web.yaml", "image", None), tag.clone()),
        (id("apps/web.yaml", "image", Some("Deployment/api")), tag.clone()),
        (id("apps/web.yaml", "spec.image", Some("Deployment/web")), tag.clone()),
        (id("values.yaml", "image", None), tag.clone()),
        (id("values.yaml", "replicas.tag", None), json!({"format": "tag", "tag": "v1"})),
        (entry_of("apps/web.yaml"), json!({"format": "kustomize", "tag": "v1"})),
        (id("anchors.yaml", "image", None), tag.clone()),
        (id("flux.yaml", "image", None), tag.clone()),
        (id("app.yaml", "spec.image", None), tag.clone()),
        (id("tenant.yaml", "image", None), json!({"tag": "v1", "take_ownership": true})),
        (id("overlay.yaml", "image", None), tag.clone()),
        (id("overlay.yaml", "spec.images[name=web]", None), json!({"format": "kustomize", "tag": "v1"})),
        (entry_of("images.yaml"), json!({"format": "kustomize", "tag": "v1", "take_ownership": true})),
        (web(), elsewhere),
        (web(), json!({"tag": "v1", "git": null})),
    ] {
        let outcome = ImageRelease::apply(&cx, &id, None, &spec(&rig, more)).await;
        assert!(outcome.status().is_none());
        told.push(rig.plain(&shown(outcome.problems())));
    }
    insta::assert_snapshot!(told.join("\n\n"), @"
    file: There is no file `none.yaml` in the repository
    Commit it first, or correct `file`: an image is written into a file that is there.

    file: `apps` in the repository is a directory, not a file
    Remove or rename it, or choose another path.

    file: `link.yaml` in the repository is a symbolic link
    Replace it with a real file or directory: nothing is read or written through it.

    file: `latin1.yaml` in the repository is not UTF-8 text
    See that it is the right file.

    file: `template.yaml`: line 1 is not YAML: while parsing a block mapping, did not find expected key
    Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead.

    document: `apps/web.yaml`: it has 2 documents: 0 (Deployment/web), 1 (Deployment/worker)
    Say which one is meant: `Kind/name`, or its number.

    document: `apps/web.yaml`: it has no document `Deployment/api`, only 0 (Deployment/web), 1 (Deployment/worker)
    Choose one that is there, or commit it first.

    path: `apps/web.yaml`: `spec.image` is not there: `spec` (line 5) has only `template`
    Correct the path, or commit what is missing first.

    path: `values.yaml`: `image` (line 1) is a mapping, not a single value
    Choose another path, or the `format` of what stands there.

    path: `values.yaml`: `replicas` (line 5) is a single value, not a mapping
    Choose another path, or the `format` of what stands there.

    document: `apps/web.yaml`: it has 2 documents: 0 (Deployment/web), 1 (Deployment/worker)
    Say which one is meant: `Kind/name`, or its number.

    path: `anchors.yaml`: `image` has an anchor (line 1) that is used somewhere else: both would change
    Write the value out in both places.

    path: `flux.yaml`: `image` is written by Flux: a comment on its line names an image policy
    One image has one writer. Remove the comment, which takes it from Flux, or set `take_ownership = true` to write it nevertheless.

    path: `app.yaml`: the images of the Application are written by Argo CD Image Updater: an annotation lists them
    One image has one writer. Remove the annotation `argocd-image-updater.argoproj.io/image-list`, or set `take_ownership = true` where it lists others.

    file: `tenant.yaml` is written as a whole by the gitops_tenant `acme`
    Set the image there: what is written beside it would be lost.

    file: `overlay.yaml` is written as a whole by the gitops_overlay `web`
    Set the image there: what is written beside it would be lost.

    file: `overlay.yaml` is written as a whole by the gitops_overlay `web`
    Set the image there: what is written beside it would be lost.

    file: `images.yaml` is written as a whole by the gitops_overlay `web`
    Set the image there: what is written beside it would be lost.

    git: The git repository `http://git.example/p.git` has no branch `trunk`
    Set `git.branch` to `main`, the default branch, or push a branch `trunk`.

    git: No git repository is named
    Set `git.url` on the resource, or `git = { url = … }` in the provider block.
    ");
    assert_eq!(rig.bare.head().unwrap(), head);
    let taken = spec(&rig, json!({"tag": "v1", "take_ownership": true}));
    apply(&rig, &id("flux.yaml", "image", None), None, &taken).await;
    assert_eq!(file(&rig, "flux.yaml"), "image: web:v1 # {\"$imagepolicy\": \"flux-system:web\"}\n");
    apply(&rig, &id("app.yaml", "spec.image", None), None, &taken).await;
    assert_eq!(file(&rig, "app.yaml"), app.replace("web:1", "web:v1"));
}

#[test]
fn messages_of_validation() {
    let told =
        |id: &Identity, more: Json| shown(&problems(id, &serde_json::from_value::<Spec>(more).unwrap()));
    let cases = [
        told(&id("../web.yaml", "image", None), json!({"tag": "v1"})),
        told(&id("a#b.yaml", "image..tag", Some("web")), json!({"tag": "v1"})),
        told(&values(), json!({})),
        told(&values(), json!({"format": "tag", "image": "web", "digest": DIGEST})),
        told(&values(), json!({"image": "ghcr.io/acme/web:1.4.2", "tag": "a b", "digest": "sha256:1"})),
        told(&values(), json!({"format": "kustomize", "tag": "v1"})),
        told(&values(), json!({"format": "helm", "tag": "latest"})),
    ];
    insta::assert_snapshot!(cases.join("\n\n"), @r#"
    file: `../web.yaml` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.

    file: The path of the file has a `#` in it
    In the import id, `#` stands between the file and the path in it. Rename the file.
    ---
    path: `image..tag` is not a path in a YAML document: a key is empty (character 7)
    It looks like `spec.template.spec.containers[name=app].image`.
    ---
    document: `web` is not a document of a YAML file: it is neither `Kind/name` nor a number
    It looks like `Deployment/web`.

    format: `format = "reference"` needs `tag` or `digest`
    Give it, or choose the `format` of what stands at `path`.

    format: `format = "tag"` needs `tag`
    Give it, or choose the `format` of what stands at `path`.
    ---
    image: `format = "tag"` has no place for `image`
    Leave it out, or choose `format = "reference"` where the whole reference stands at `path`.
    ---
    digest: `format = "tag"` has no place for `digest`
    Leave it out, or choose `format = "reference"` where the whole reference stands at `path`.

    image: `ghcr.io/acme/web:1.4.2` is not an image name: it has a tag or a digest, which are given apart
    An image name looks like `registry.example:5000/team/app`.
    ---
    tag: `a b` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
    A tag looks like `1.2.3`.
    ---
    digest: `sha256:1` is not an image digest: it is not the name of a hash, a colon and the hash in lower-case hexadecimal digits
    A digest is `sha256:` and 64 hexadecimal digits.

    path: `image` names no entry of a kustomization's `images`
    An entry is named as in `images[name=ghcr.io/acme/web]`, by the name that the manifests have.

    tag: The tag `latest` moves
    What runs is then not what Git says, but what the registry had when a node last pulled it. Give the `digest` too, or a tag that is never pushed again.
    "#);
    for (id, more) in [
        (web(), json!({"tag": "v1"})),
        (entry("ghcr.io/acme/web"), json!({"format": "kustomize", "image": "web"})),
        (values(), json!({"format": "helm", "tag": "latest", "digest": DIGEST})),
    ] {
        assert_eq!(told(&id, more), "");
    }
}
