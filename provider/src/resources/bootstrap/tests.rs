//! What users read of `gitops_bootstrap`.

use super::super::installation::{
    Chart, Manifest, Source, Sources, check, drift, is_ready, not_written, stopped,
};
use super::*;
use crate::problem::problem;
use gitops::apply::{self, Conflict, Foreign, Survey};
use gitops::manifest::Id;
use gitops::task::Interrupted;
use gitops::{Task, wait};
use serde_json::Value as Json;
use std::time::Duration;

fn told(problem: &Problem) -> String {
    format!("{}: {}\n{}", problem.path, problem.summary, problem.detail)
}

fn manifest(path: Option<&str>, url: Option<&str>, sha256: Option<&str>) -> Manifest {
    Manifest { path: path.map(Into::into), url: url.map(Into::into), sha256: sha256.map(Into::into) }
}

fn chart(repository: &str, version: Option<&str>) -> Chart {
    Chart {
        repository: repository.into(),
        name: "argo-cd".into(),
        version: version.map(Into::into),
        values: None,
    }
}

#[test]
fn sources_that_cannot_be() {
    let file = || Some(manifest(Some("install.yaml"), None, None));
    let url = "https://example.com/install.yaml";
    let cases = [
        Source { manifest: file(), chart: None },
        Source { manifest: None, chart: Some(chart("oci://ghcr.io/argoproj/argo-helm", Some("9.1.0"))) },
        Source { manifest: None, chart: None },
        Source { manifest: file(), chart: Some(chart("./charts", None)) },
        Source { manifest: Some(manifest(None, None, None)), chart: None },
        Source { manifest: Some(manifest(Some("install.yaml"), Some(url), None)), chart: None },
        Source { manifest: Some(manifest(None, Some(url), Some("abc"))), chart: None },
        Source { manifest: None, chart: Some(chart("oci://ghcr.io/argoproj/argo-helm", None)) },
        Source { manifest: None, chart: Some(chart("http://charts.example", Some("9.1.0"))) },
    ];
    let texts = cases.iter().map(|case| {
        check(case, "Argo CD's `install.yaml`").map_or_else(|| "fine".to_owned(), |problem| told(&problem))
    });
    insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n\n"), @"
        fine

        fine

        source: Nothing to install from
        Give either `manifest`, such as Argo CD's `install.yaml`, or `chart`.

        source: Two sources to install from
        Give either `manifest`, such as Argo CD's `install.yaml`, or `chart`.

        source.manifest: The manifest is nowhere
        Give either `path` or `url`.

        source.manifest: The manifest is in two places
        Give either `path` or `url`.

        source.manifest.sha256: Not a checksum
        `abc` is not a SHA-256 checksum: 64 hexadecimal digits.

        source.chart.version: Chart `argo-cd` has no version
        Set `version`: without it the newest would be installed, a different one at each plan.

        source.chart.repository: The chart repository cannot be used: it is neither `https` nor `oci`
        It is `https://…`, `oci://…`, or the path of a directory that holds the chart's directory.
    ");
}

fn context() -> Context<()> {
    Context::new(std::sync::Arc::new(()), Default::default(), Duration::from_secs(60))
}

/// What a plan says of a manifest with this text.
async fn planned(text: &[u8], sha256: Option<&str>, patches: Option<Vec<String>>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("install.yaml");
    std::fs::write(&path, text).unwrap();
    let id = Identity { namespace: "argocd".into() };
    let source = Source { manifest: Some(manifest(path.to_str(), None, sha256)), chart: None };
    let spec = Spec { source, patches, ..spec_of(None, None) };
    let task = Task::new(context().cancellation().clone(), Duration::from_secs(60));
    match Sources::default().install(&task, &installation_of(&id, &spec).recipe, &spec.source).await {
        Ok(install) => format!("{}, {} objects", install.prepared.version, install.prepared.objects.len()),
        Err(problem) => told(&problem).replace(&path.display().to_string(), "install.yaml"),
    }
}

const CONTROLLER: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: argocd-application-controller}\n\
                          spec: {template: {spec: {containers: [{name: a, image: 'quay.io/argoproj/argocd:v3.5.3'}]}}}\n";

#[tokio::test]
async fn manifests_that_cannot_be() {
    let zeros = "0".repeat(64);
    let cases = [
        ("a manifest", planned(CONTROLLER.as_bytes(), None, None).await),
        ("the wrong one", planned(CONTROLLER.as_bytes(), Some(&zeros), None).await),
        ("a web page", planned(b"<!DOCTYPE html><html><body>Sign in</body></html>", None, None).await),
        ("cut off", planned(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n", None, None).await),
        ("no object", planned(b"a: 1\n", None, None).await),
        ("not Argo CD", planned(b"{apiVersion: v1, kind: Secret, metadata: {name: a}}", None, None).await),
        (
            "a patch of nothing",
            planned(
                CONTROLLER.as_bytes(),
                None,
                Some(vec!["{apiVersion: v1, kind: Secret, metadata: {name: a}}".into()]),
            )
            .await,
        ),
    ];
    insta::assert_snapshot!(cases.map(|(name, told)| format!("{name}:\n{told}")).join("\n\n"), @"
        a manifest:
        v3.5.3, 2 objects

        the wrong one:
        source.manifest.path: `install.yaml` has the wrong checksum: expected sha256 0000000000000000000000000000000000000000000000000000000000000000, found 765f2b7c83b54747a20f37000ba7a8e7c8a3469af54c343ce97fe12e9f3897a0 (179 bytes)
        If the new content is what you want and you have looked at it, change `sha256` to the checksum found.

        a web page:
        source.manifest.path: `install.yaml` is a web page, not the file that was asked for
        Sign-in pages and proxies answer like this. Use the address of the raw file, and see that it opens without signing in.

        cut off:
        source.manifest.path: Document 1 is not usable YAML (line 3): unclosed bracket '{'
        The manifest was read from `install.yaml`.

        Kubernetes tools must be able to read it too: try `kubectl apply --dry-run=client -f FILE`.

        no object:
        source.manifest.path: Document 1 (line 1) has no `apiVersion`
        The manifest was read from `install.yaml`.

        Every document needs `apiVersion`, `kind` and `metadata.name`.

        not Argo CD:
        source.manifest.path: The manifest does not install Argo CD: an application controller is not among its 1 objects
        The manifest was read from `install.yaml`.

        Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.

        a patch of nothing:
        patches: Patch 1 changes Secret a, which the manifest does not have
        A patch is matched by `apiVersion`, `kind`, `metadata.name` and, where it has one, `metadata.namespace`.
    ");
}

/// A server that promises `text` and ends in the middle of it; its address.
fn broken_server(text: &'static str) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let half = text.get(..text.len() / 2).unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{half}", text.len()).unwrap();
    });
    format!("http://{address}/install.yaml")
}

#[tokio::test]
async fn a_download_that_ends_early() {
    let url = broken_server(CONTROLLER);
    let sha256 = gitops::fetch::Sha256::of(CONTROLLER.as_bytes()).to_string();
    let id = Identity { namespace: "argocd".into() };
    let manifest =
        |sha256: Option<&str>| Source { manifest: Some(manifest(None, Some(&url), sha256)), chart: None };
    let task = Task::new(context().cancellation().clone(), Duration::from_secs(60));
    let sources = Sources::default();
    let mut texts = Vec::new();
    for sha256 in [Some(sha256.as_str()), None] {
        let spec = Spec { source: manifest(sha256), ..spec_of(None, None) };
        let problem =
            sources.install(&task, &installation_of(&id, &spec).recipe, &spec.source).await.err().unwrap();
        texts.push(told(&problem).replace(&url, "http://127.0.0.1/install.yaml"));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
        source.manifest.url: The download of `http://127.0.0.1/install.yaml` ended early, after 89 bytes of 179
        Apply again. If it stays, look at the proxy or the server.

        source.manifest.url: `http://127.0.0.1/install.yaml` is not https and has no checksum
        Use https, or give the checksum in `sha256`.
    ");
}

#[test]
fn what_the_cluster_says() {
    let id = Id::new("", "ConfigMap", Some("argocd"), "argocd-cm");
    let widget = Id::new("example.com", "Widget", Some("argocd"), "a");
    let errors = [
        apply::Error::Foreign {
            objects: vec![Foreign {
                object: id,
                managers: vec!["helm".into(), "kubectl".into()],
                conflicts: vec![Conflict { manager: "helm".into(), field: ".data.url".into() }],
            }],
        },
        apply::Error::UnknownKind { object: widget, api_version: "example.com/v1".into() },
    ];
    insta::assert_snapshot!(errors.iter().map(|error| told(&not_written(error))).collect::<Vec<_>>().join("\n\n"), @"
        take_ownership: ConfigMap argocd/argocd-cm (by helm: `.data.url`; kubectl) exists and is not ours
        Nothing was changed. Remove what is there, or set `take_ownership = true` to take it over.

        source: The cluster has no kind `Widget` of `example.com/v1`, which the manifest's `a` needs
        Its CustomResourceDefinition must be there first: in the same manifest, or installed by a resource that this one depends on.
    ");
}

#[test]
fn a_wait_that_times_out_keeps_what_was_made() {
    let error = wait::Error::Interrupted {
        what: "rollout of Deployment argocd/argocd-server".into(),
        seen: "0 of 1 replicas are available; pod argocd-server-0: container a: ImagePullBackOff: not found"
            .into(),
        source: Interrupted::TimedOut { limit: Duration::from_secs(300) },
    };
    insta::assert_snapshot!(told(&problem(&error)), @"
        : Rollout of Deployment argocd/argocd-server: not done within 5m; last seen: 0 of 1 replicas are available; pod argocd-server-0: container a: ImagePullBackOff: not found
        Raise the timeout if it only needs more time; apply again to go on waiting.
    ");
}

#[test]
fn a_create_that_is_stopped_says_how_to_go_on() {
    let object = Id::new("apps", "Deployment", Some("argocd"), "argocd-server");
    let error = apply::Error::Interrupted { action: "write", object, source: Interrupted::Cancelled };
    insta::assert_snapshot!(told(&stopped(&error)), @"
    : Stopped on request, while about to write Deployment argocd/argocd-server
    What was written is in the state. Apply again to go on from there.
    ");
}

#[test]
fn drift_is_told_in_words() {
    let id = |name: &str| Id::new("apps", "Deployment", Some("argocd"), name);
    let survey = |missing: &[&str], changed: &[&str]| Survey {
        missing: missing.iter().map(|name| id(name)).collect(),
        changed: changed.iter().map(|name| id(name)).collect(),
        ..Survey::default()
    };
    assert_eq!(drift(&survey(&[], &[])), None);
    insta::assert_snapshot!(drift(&survey(&["argocd-server"], &[])).unwrap(), @"Gone: Deployment argocd/argocd-server. An apply puts it right.");
    insta::assert_snapshot!(drift(&survey(&["a", "b"], &["1", "2", "3", "4", "5", "6"])).unwrap(), @"Gone: 2 objects, Deployment argocd/a, Deployment argocd/b. Changed: 6 objects, Deployment argocd/1, Deployment argocd/2, Deployment argocd/3, Deployment argocd/4, Deployment argocd/5, …. An apply puts it right.");
}

#[test]
fn ready_is_when_all_runs() {
    let id = |kind: &str| Id::new("apps", kind, Some("argocd"), "a");
    let live = |available: i64| serde_json::json!({"spec": {"replicas": 1}, "status": {"replicas": 1, "updatedReplicas": 1, "availableReplicas": available}});
    let survey =
        |workloads: Vec<(Id, Json)>, missing: Vec<Id>| Survey { workloads, missing, ..Survey::default() };
    let running = || vec![(id("Deployment"), live(1))];
    let cases = [
        ("running", survey(running(), vec![]), true),
        ("starting", survey(vec![(id("Deployment"), live(0))], vec![]), false),
        ("a workload is gone", survey(running(), vec![id("StatefulSet")]), false),
        (
            "something else is gone",
            survey(running(), vec![Id::new("", "ConfigMap", Some("argocd"), "a")]),
            true,
        ),
        ("nothing is there", survey(vec![], vec![]), false),
    ];
    for (name, survey, expected) in cases {
        assert_eq!(is_ready(&survey), expected, "{name}");
    }
}

#[test]
fn the_import_id_is_the_namespace() {
    let id = Bootstrap::parse_import_id("argocd").unwrap();
    assert_eq!(Bootstrap::import_id(&id), "argocd");
    insta::assert_snapshot!(told(&Bootstrap::parse_import_id("argocd/argocd").err().unwrap()), @"
    : Not an import id
    The import id is the namespace, such as `argocd`.
    ");
}
