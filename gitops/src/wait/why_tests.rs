//! What is asked of a cluster whose objects are in a map, by the paths that the API server has them at.

use super::*;
use http::{Request, Response};
use kube::client::Body;
use serde_json::json;

/// A client of a cluster that has these objects, and no others.
fn cluster(objects: Value) -> kube::Client {
    let server = tower::service_fn(move |request: Request<Body>| {
        let found = objects.get(request.uri().path()).cloned();
        let missing = || json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404});
        let status = if found.is_some() { 200 } else { 404 };
        let body = found.unwrap_or_else(missing).to_string();
        let answer = Response::builder().status(status).body(Body::from(body.into_bytes()));
        async move { Ok::<_, std::convert::Infallible>(answer.unwrap()) }
    });
    kube::Client::new(server, "default")
}

fn app(name: &str, health: &str, resources: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "argocd", "name": name},
        "spec": {"destination": {"server": "https://kubernetes.default.svc"}},
        "status": {"health": {"status": health}, "resources": resources},
    })
}

fn listed(group: &str, version: &str, kind: &str, name: &str) -> Value {
    let namespace = if kind == "Application" { "argocd" } else { "web" };
    json!({"group": group, "version": version, "kind": kind, "namespace": namespace, "name": name})
}

fn object(kind: &str, status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "generation": 1}, "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "x"}}}, "status": status})
}

#[tokio::test]
async fn the_objects_in_trouble_are_told_also_below_children() {
    let apps = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
    let root = app(
        "root",
        "Degraded",
        json!([
            listed("argoproj.io", "v1alpha1", "Application", "web"),
            listed("argoproj.io", "v1alpha1", "Application", "fine"),
            listed("argoproj.io", "v1alpha1", "Application", "silent"),
        ]),
    );
    let web = app(
        "web",
        "Degraded",
        json!([
            listed("", "v1", "ConfigMap", "settings"),
            listed("apps", "v1", "Deployment", "server"),
            listed("bitnami.com", "v1alpha1", "SealedSecret", "password"),
            listed("autoscaling", "v2", "HorizontalPodAutoscaler", "well"),
            listed("batch", "v1", "Job", "gone"),
        ]),
    );
    let sealed = json!({"conditions": [{"type": "Synced", "status": "False", "message": "no key could decrypt secret (PASSWORD)"}]});
    let well = json!({"conditions": [{"type": "ScalingLimited", "status": "False"}, {"type": "AbleToScale", "status": "True"}]});
    let waiting = json!({"reason": "ImagePullBackOff", "message": "no such image"});
    let pod = json!({"metadata": {"name": "server-1"}, "status": {"containerStatuses": [{"name": "server", "ready": false, "state": {"waiting": waiting}}]}});
    let client = cluster(json!({
        format!("{apps}/web"): web,
        format!("{apps}/fine"): app("fine", "Healthy", json!([])),
        format!("{apps}/silent"): app("silent", "Missing", json!([])),
        "/apis/apps/v1/namespaces/web/deployments/server": object("Deployment", json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1})),
        "/api/v1/namespaces/web/pods": {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [pod]},
        "/apis/bitnami.com/v1alpha1/namespaces/web/sealedsecrets/password": object("SealedSecret", sealed),
        "/apis/autoscaling/v2/namespaces/web/horizontalpodautoscalers/well": object("HorizontalPodAutoscaler", well),
    }));
    let mut reasons = Reasons::default();
    let told = reasons.now(&client, "it is Degraded".to_owned(), &root).await;
    insta::assert_snapshot!(told.replace("; ", ";\n"), @r"
    it is Degraded: Application.argoproj.io argocd/silent: Missing;
    Application.argoproj.io argocd/web: Deployment web/server: 0 of 1 replicas are available;
    pod server-1: container server: ImagePullBackOff: no such image;
    Application.argoproj.io argocd/web: SealedSecret.bitnami.com web/password: Synced is False: no key could decrypt secret (PASSWORD)
    ");
    let empty = cluster(json!({}));
    assert_eq!(reasons.lately(&empty, "it is Degraded".to_owned(), &root).await, told, "asked a moment ago");
    assert_ne!(reasons.now(&empty, "it is Degraded".to_owned(), &root).await, told);
}

#[tokio::test]
async fn of_another_cluster_nothing_is_told() {
    let mut root =
        app("root", "Degraded", json!([listed("bitnami.com", "v1alpha1", "SealedSecret", "password")]));
    root["spec"]["destination"]["server"] = json!("https://elsewhere.example");
    let client = cluster(json!({}));
    assert_eq!(Reasons::default().now(&client, "it is Degraded".to_owned(), &root).await, "it is Degraded");
}

#[test]
fn what_is_waited_for_without_a_condition() {
    let address = json!({"ingress": [{"ip": "192.0.2.1"}]});
    let cases = [
        ("Service", json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {}}}), true),
        ("Service", json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": address}}), false),
        ("Service", json!({"spec": {"type": "ClusterIP"}, "status": {"loadBalancer": {}}}), false),
        ("Ingress", json!({"status": {}}), true),
        ("Ingress", json!({"status": {"loadBalancer": address}}), false),
        ("PersistentVolumeClaim", json!({"status": {"phase": "Pending"}}), true),
        ("PersistentVolumeClaim", json!({"status": {"phase": "Bound"}}), false),
        ("ConfigMap", json!({}), false),
    ];
    for (kind, live, waits) in cases {
        assert_eq!(missing(kind, &live).is_some(), waits, "{kind} {live}");
    }
}
