//! What users read of an overlay that cannot be.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_what_is_missing_or_in_the_way() {
    let rig = with_base().await;
    rig.bare.write("k8s/plain/x.yaml", "a: 1\n").unwrap();
    let blob = rig.bare.git(&["rev-parse", "main:README.md"]).unwrap();
    rig.put("120000", &blob, "k8s/link");
    let mut text = Vec::new();
    for more in [
        json!({"bases": ["../../base", "../../none"]}),
        json!({"bases": ["../../plain"]}),
        json!({"bases": ["../../plain/x.yaml"]}),
        json!({"bases": ["ingress.yaml"]}),
        json!({"bases": ["../../link"]}),
        json!({"components": ["../../none"]}),
        json!({"patches": [{"path": "env.yaml"}]}),
        json!({"images": {"nginx": "1.25"}}),
        json!({"path": "README.md", "bases": ["https://git.example/a//b"]}),
        json!({"path": "k8s/link", "bases": ["../base"]}),
        json!({"application": {"applications_path": "README.md"}}),
    ] {
        text.push(refusal(&rig, &spec(&rig, more)).await);
    }
    for (path, more) in [
        (FILE, json!({})),
        ("k8s/overlays/live/Kustomization", json!({"path": "k8s/overlays/live"})),
        (APP, json!({"path": "k8s/overlays/new", "application": {}})),
    ] {
        rig.bare.write(path, "kind: theirs\n").unwrap();
        text.push(refusal(&rig, &spec(&rig, more)).await);
    }
    insta::assert_snapshot!(text.join("\n\n"), @r#"
    bases[1]: The repository has nothing at `k8s/none`
    Commit it first, or correct the path, which starts from the overlay's directory. Where this configuration makes it, name that in `depends_on`.

    bases[0]: There is no `kustomization.yaml` in `k8s/plain`
    Add one that lists the files in `resources`.

    bases[0]: `k8s/plain/x.yaml` is a file outside of `k8s/overlays/prod`, the overlay's directory
    Kustomize reads files in its own directory only: name the other directory, which needs a `kustomization.yaml`.

    bases[0]: The repository has nothing at `k8s/overlays/prod/ingress.yaml`
    Commit it first, or correct the path, which starts from the overlay's directory. Where this configuration makes it, name that in `depends_on`.

    bases[0]: `k8s/link` in the repository is a symbolic link
    Replace it with a real file or directory: nothing is read or written through it.

    components[0]: The repository has nothing at `k8s/none`
    Commit it first, or correct the path, which starts from the overlay's directory. Where this configuration makes it, name that in `depends_on`.

    patches[0].path: The repository has nothing at `k8s/overlays/prod/env.yaml`
    Commit it first, or correct the path, which starts from the overlay's directory. Where this configuration makes it, name that in `depends_on`.

    images["nginx"]: `1.25` is the name of an image here, and looks like a tag
    Write `:1.25` to change the tag alone.

    path: `README.md` in the repository is a file, not a directory
    Remove or rename it, or choose another path.

    path: `k8s/link` in the repository is a symbolic link
    Replace it with a real file or directory: nothing is read or written through it.

    application: `README.md` in the repository is a file, not a directory
    Remove or rename it, or choose another path.

    path: `k8s/overlays/prod/kustomization.yaml` is in the repository already, with other content, and not from this resource
    Nothing was written. If what is there is to be of this resource, import it with the id `main:web-prod:k8s/overlays/prod`; to replace it, set `take_ownership = true`.

    path: `k8s/overlays/live/Kustomization` would be a second kustomization in the overlay's directory
    Kustomize takes one: remove it, or choose another `path`.

    application: `argo-cd/applications/web-prod.yaml` is in the repository already, with other content, and not from this resource
    Nothing was written. If what is there is to be of this resource, import it with the id `main:web-prod:k8s/overlays/new`; to replace it, set `take_ownership = true`.
    "#);
    let taken = spec(&rig, json!({"take_ownership": true, "application": {}}));
    apply(&rig, None, &taken).await;
    assert!(rig.bare.read(APP).unwrap().starts_with("# managed by gitops_overlay web-prod\n"));
}

#[test]
fn messages_of_validation() {
    let wrong = |name: &str, more: Json| {
        let mut spec = json!({"path": "k8s/overlays/prod", "bases": ["../../base"]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shown(&spec::problems(&Identity { name: name.to_owned() }, &serde_json::from_value(spec).unwrap()))
    };
    assert_eq!(wrong("web-prod", full()), "");
    let text = [
        wrong("Web", json!({"application": {}})),
        wrong(
            "web",
            json!({"path": "../k8s", "namespace": "Shop", "name_prefix": "Prod-", "name_suffix": "-"}),
        ),
        wrong(
            "web",
            json!({"bases": ["..", "../../../../x"], "components": ["/x"], "patches": [{}, {"patch": "a: ["}]}),
        ),
        wrong("web", json!({"images": {"nginx": "1.25", "web": "Web"}})),
        wrong("web", json!({"images": {"nginx:1": ":2"}})),
        wrong(
            "web",
            json!({"application": {
                "name": "Web", "applications_path": "/apps", "namespace": "Argo", "repo_url": "https://me:hunter2@git.example/p.git",
                "sync": {"preset": "guarded", "prune": true}, "destination": {"server": "a", "name": "b"},
            }}),
        ),
    ];
    insta::assert_snapshot!(text.join("\n---\n"), @r#"
    name: `Web` cannot be the name of an overlay
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ---
    path: `../k8s` is not a path in a repository: `.` and `..` are not allowed
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    namespace: `Shop` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    name_prefix: It cannot be a part of a name
    With it every name must still be one of Kubernetes: lower-case letters (a-z), digits, `-` and `.`, such as `prod-` and `-eu`.
    ---
    name_suffix: It cannot be a part of a name
    With it every name must still be one of Kubernetes: lower-case letters (a-z), digits, `-` and `.`, such as `prod-` and `-eu`.
    ---
    bases[0]: `..` cannot be taken into an overlay: the overlay itself lies in it
    Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    ---
    bases[1]: `../../../../x` cannot be taken into an overlay: it leaves the repository
    Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    ---
    components[0]: `/x` cannot be taken into an overlay: it is absolute
    Use a path from the overlay's directory, such as `../../base`, or an address such as `https://github.com/acme/app//base?ref=v1.2.3`.
    ---
    patches[0]: The patch cannot be used: it needs `patch` or `path`, and not both
    A patch is a part of an object, or a list of operations (`op`, `path`, `value`) with a `target`.
    ---
    patches[1]: The patch cannot be read: document 1 is not usable YAML (line 1): unclosed bracket '['
    A patch is one YAML document; several are several patches.
    ---
    images["nginx"]: `1.25` is the name of an image here, and looks like a tag
    Write `:1.25` to change the tag alone.
    ---
    images["web"]: `Web` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between
    An image reference looks like `registry.example:5000/team/app:1.2.3`.
    ---
    images["nginx:1"]: `nginx:1` has a tag or a digest
    Kustomize finds an image by its name, as the base writes it, whatever its tag is.
    ---
    application.applications_path: `/apps` is not a path in a repository: it is absolute
    Use a path relative to the root of the repository, such as `instances/team-a`.
    ---
    application.namespace: `Argo` cannot be the name of a namespace
    It takes 1 to 63 lower-case letters (a-z), digits and `-`, and starts and ends with a letter or digit.
    ---
    application.name: `Web` cannot be the name of an Application
    It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
    ---
    application.repo_url: The address of the repository has credentials in it
    Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`.
    ---
    application.destination: The destination names a cluster twice: by `server` and by `name`
    Keep one of the two.
    ---
    application.sync: `prune` belongs to automatic syncs, which the preset `guarded` does not have
    Use the preset `auto` with `prune = false` to apply Git at once and never prune.
    "#);
}
