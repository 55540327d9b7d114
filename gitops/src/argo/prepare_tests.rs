//! A small manifest as the objects of an installation, and what is none.

use super::*;
use crate::Explain;

const MANIFEST: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: argocd}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, labels: {app.kubernetes.io/part-of: argocd}}
data: {timeout.reconciliation: 180s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: argocd-server}
subjects: [{kind: ServiceAccount, name: argocd-server, namespace: argocd}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller}
spec:
  template:
    spec:
      containers:
      - name: controller
        image: quay.io/argoproj/argocd:v3.5.3
        env: [{name: A, valueFrom: {configMapKeyRef: {name: argocd-cmd-params-cm, key: a}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-redis}
spec: {template: {spec: {containers: [{name: redis, image: 'redis:8'}]}}}
"#;

fn wishes() -> Wishes {
    let install = install::Wishes { namespace: "gitops".into(), ..install::Wishes::default() };
    Wishes { install, ..Wishes::default() }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn at(prepared: &Prepared, name: &str, pointer: &str) -> Value {
    let object = prepared.objects.iter().find(|object| object.name() == name);
    object.unwrap_or_else(|| panic!("no {name}")).at(pointer).cloned().unwrap_or_default()
}

#[test]
fn a_manifest_becomes_an_installation() {
    let mut wishes = wishes();
    wishes.install.images = map(&[("quay.io", "localhost:5001"), ("gcr.io", "nowhere")]);
    wishes.settings.config = map(&[("url", "https://cd.example")]);
    wishes.settings.rbac = map(&[("policy.default", "role:readonly")]);
    wishes.install.patches = vec![
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: argocd-redis}, spec: {replicas: 2}}".into(),
    ];
    let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
    assert_eq!(prepared.version, "v3.5.3");
    assert_eq!(prepared.unused_images, ["gcr.io"]);
    let ids: Vec<_> = prepared.objects.iter().map(|object| object.id().to_string()).collect();
    insta::assert_snapshot!(ids.join("\n"), @"
        ConfigMap argocd-cm
        ClusterRoleBinding argocd-server
        StatefulSet argocd-application-controller
        Deployment argocd-redis
        ConfigMap gitops/argocd-rbac-cm
        ");
    let config = at(&prepared, "argocd-cm", "/data");
    assert_eq!(config["timeout.reconciliation"], "180s", "what the manifest says stays");
    assert_eq!(config["url"], "https://cd.example");
    assert_eq!(config[APPLICATION_HEALTH_KEY], APPLICATION_HEALTH);
    assert_eq!(at(&prepared, "argocd-rbac-cm", "/data/policy.default"), "role:readonly");
    assert_eq!(at(&prepared, "argocd-server", "/subjects/0/namespace"), "gitops");
    assert_eq!(at(&prepared, "argocd-redis", "/spec/replicas"), 2);
    let pod = "/spec/template/spec/containers/0/image";
    assert_eq!(at(&prepared, "argocd-application-controller", pod), "localhost:5001/argoproj/argocd:v3.5.3");
}

#[test]
fn a_changed_parameter_starts_the_pods_that_read_it() {
    let checksum = |params: &[(&str, &str)], workload: &str| {
        let mut wishes = wishes();
        wishes.settings.params = map(params);
        let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
        let annotations = at(&prepared, workload, "/spec/template/metadata/annotations");
        annotations.get(PARAMS_CHECKSUM).cloned()
    };
    let controller = "argocd-application-controller";
    let (none, one, two) =
        (checksum(&[], controller), checksum(&[("a", "1")], controller), checksum(&[("a", "2")], controller));
    assert_eq!(none, None);
    assert!(one.is_some() && one != two, "{one:?} and {two:?}");
    assert_eq!(checksum(&[("a", "1")], "argocd-redis"), None, "it does not read them");
}

#[test]
fn the_users_health_check_wins() {
    let mut wishes = wishes();
    wishes.settings.config = map(&[(APPLICATION_HEALTH_KEY, "return {}")]);
    let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
    assert_eq!(at(&prepared, "argocd-cm", "/data")[APPLICATION_HEALTH_KEY], "return {}");
}

#[test]
fn of_helms_hooks_those_of_an_installation_stay() {
    let hook = |name: &str, moment: &str, image: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: '{moment}'}}}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
        )
    };
    let jobs = |image: &str| {
        let text = [
            MANIFEST,
            &hook("secret", "pre-install, pre-upgrade", image),
            &hook("test", "test", image),
            &hook("bye", "post-delete", image),
        ]
        .concat();
        let objects = prepare(text.as_bytes(), &wishes()).unwrap().objects;
        objects
            .iter()
            .filter(|object| object.kind() == "Job")
            .map(|job| job.name().to_owned())
            .collect::<Vec<_>>()
    };
    let (one, two) = (jobs("a:1"), jobs("a:2"));
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(one[0].starts_with("secret-") && one[0].len() == "secret-".len() + 10, "{one:?}");
    assert_ne!(one, two, "another content is another Job");
}

#[test]
fn what_is_no_installation() {
    let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x]\n{}", (b'b'..b'j').map(|c| {
            let (this, last) = (c as char, (c - 1) as char);
            format!("{this}: &{this} [*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last}]\n")
        }).collect::<String>());
    let other = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    let cases: [(&str, &[u8], &[&str]); 6] = [
        ("empty", b"", &[]),
        ("another", other.as_bytes(), &[]),
        ("binary", b"\x1f\x8b\x08", &[]),
        ("bomb", bomb.as_bytes(), &[]),
        ("patch of nothing", MANIFEST.as_bytes(), &["{apiVersion: v1, kind: Secret, metadata: {name: a}}"]),
        ("patch that is none", MANIFEST.as_bytes(), &["spec: {replicas: 2}"]),
    ];
    let texts = cases.map(|(name, text, patches)| {
        let mut wishes = wishes();
        wishes.install.patches = patches.iter().map(|patch| (*patch).into()).collect();
        let error = prepare(text, &wishes).unwrap_err();
        format!("{name}: {error}\n  {}", error.hint().unwrap_or_default())
    });
    insta::assert_snapshot!(texts.join("\n"), @"
        empty: the manifest does not install Argo CD: an application controller is not among its 0 objects
          Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.
        another: the manifest does not install Argo CD: an application controller is not among its 1 objects
          Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.
        binary: the manifest is not text: byte 1 is not UTF-8
          A manifest is YAML; is this an archive?
        bomb: document 1 is not usable YAML (line 5): its anchors and aliases repeat too much
          No manifest that is meant to be read needs this: see that it is the right file. If it is, write out what its anchors repeat, or split it.
        patch of nothing: patch 1 changes Secret a, which the manifest does not have
          A patch is matched by `apiVersion`, `kind`, `metadata.name` and, where it has one, `metadata.namespace`.
        patch that is none: document 1 (line 1) has no `apiVersion`
          Every document needs `apiVersion`, `kind` and `metadata.name`.
        ");
}
