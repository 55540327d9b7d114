//! What is the same of all products, and what add-ons are told by.

use super::addons::Addon;
use super::*;
use crate::Explain;
use crate::argo::install::PRODUCT;

#[test]
fn bindings_move_with_the_namespace() {
    let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\n\
                subjects:\n- {kind: ServiceAccount, name: a, namespace: argocd}\n- {kind: User, name: b}\n";
    let mut objects = parse(text, &Limits::default()).unwrap();
    relocate(&mut objects, "argocd", "gitops");
    let subjects = json!([{"kind": "ServiceAccount", "name": "a", "namespace": "gitops"}, {"kind": "User", "name": "b"}]);
    assert_eq!(objects[0].at("/subjects"), Some(&subjects));
}

#[test]
fn the_version_is_the_main_workloads_tag() {
    let cases = [
        ("quay.io/argoproj/argocd:v3.5.3", Some("v3.5.3")),
        ("localhost:5001/argocd:v3.5.3@sha256:00", Some("v3.5.3")),
        ("localhost:5001/argocd", None),
        ("localhost:5001/argocd@sha256:00", None),
    ];
    for (image, expected) in cases {
        let objects = |kind: &str, labels: &str| {
            let text = format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: argocd-application-controller, labels: {{{labels}}}}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
            );
            parse(&text, &Limits::default()).unwrap()
        };
        assert_eq!(PRODUCT.version(&objects("StatefulSet", "")).as_deref(), expected, "{image}");
        assert_eq!(PRODUCT.version(&objects("Deployment", "")).as_deref(), expected, "{image}");
        let labelled = PRODUCT.version(&objects("StatefulSet", "app.kubernetes.io/version: v3"));
        assert_eq!(labelled.as_deref(), expected.or(Some("v3")), "{image}");
    }
}

/// The parts of the manifest of Sealed Secrets that tell something.
fn sealed_secrets(name: &str, image: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: kube-system}}}}\n---\n\
         {{apiVersion: v1, kind: Service, metadata: {{name: {name}-metrics, namespace: kube-system}}}}\n---\n\
         {{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: kube-system}}}}\n---\n\
         {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: kube-system}}, spec: {{template: {{spec: \
         {{containers: [{{name: controller, image: '{image}'}}]}}}}}}}}\n"
    )
}

#[test]
fn sealed_secrets_are_told_by_name_or_image() {
    let controller = "docker.io/bitnami/sealed-secrets-controller:0.36.6";
    let cases = [
        ("sealed-secrets-controller", controller, Some("0.36.6")),
        ("sealed-secrets", controller, Some("0.36.6")),
        ("sealed-secrets-controller", "registry.example:5000/ssc@sha256:00", Some("")),
        ("sealed-secrets", "registry.example:5000/mirror/sealed-secrets-controller:1", Some("1")),
        ("sealed-secrets", "docker.io/bitnami/other:1", None),
    ];
    let product = Addon::SealedSecrets.product();
    for (name, image, expected) in cases {
        let text = sealed_secrets(name, image);
        let prepared =
            prepare(product, text.as_bytes(), &Wishes { namespace: "vault".into(), ..Wishes::default() });
        assert_eq!(prepared.ok().map(|prepared| prepared.version).as_deref(), expected, "{name} {image}");
    }
}

#[test]
fn an_add_on_goes_where_it_is_wanted() {
    let text =
        sealed_secrets("sealed-secrets-controller", "docker.io/bitnami/sealed-secrets-controller:0.36.6");
    let images =
        [("docker.io/bitnami/sealed-secrets-controller".to_owned(), "registry.example/ssc".to_owned())];
    let wishes = Wishes { namespace: "vault".into(), images: images.into(), ..Wishes::default() };
    let prepared = prepare(Addon::SealedSecrets.product(), text.as_bytes(), &wishes).unwrap();
    let ids: Vec<_> = prepared.objects.iter().map(|object| object.id().to_string()).collect();
    insta::assert_snapshot!(ids.join("\n"), @r"
    Service vault/sealed-secrets-controller-metrics
    Service vault/sealed-secrets-controller
    Deployment vault/sealed-secrets-controller
    ");
    assert_eq!((prepared.version.as_str(), prepared.unused_images.len()), ("0.36.6", 0));
    let service = Addon::SealedSecrets.service(&prepared.objects).unwrap();
    assert_eq!(service.to_string(), "Service vault/sealed-secrets-controller");
    assert_eq!(first_image(&prepared.objects[2]), Some("registry.example/ssc:0.36.6"));
}

#[test]
fn what_is_no_add_on() {
    let other = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    let error = prepare(Addon::SealedSecrets.product(), other.as_bytes(), &Wishes::default()).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n{}", error.hint().unwrap()), @r"
    the manifest does not install Sealed Secrets: its controller is not among its 1 objects
    Its manifest is `controller.yaml` of a release; its chart is `sealed-secrets`.
    ");
    assert_eq!(Addon::ALL.map(|addon| Addon::of(addon.name())), Addon::ALL.map(Some));
    let written = Addon::ALL.map(|addon| serde_json::to_value(addon).unwrap());
    assert_eq!(written, Addon::ALL.map(|addon| json!(addon.name())), "what users write is its name");
}
