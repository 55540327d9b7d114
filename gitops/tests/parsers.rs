//! What others wrote reaches the platform through these: whatever it is, they answer. A hundred thousand inputs each.
//! Parsers that only their room knows have the same test there.

use gitops::argo::prepare::{Wishes, prepare};
use gitops::argo::status::{self, Status};
use gitops::argo::{Application, Project, approval, install, repository};
use gitops::charts::{Asked, Index};
use gitops::fetch::Sha256;
use gitops::install::{self as installation, relocate};
use gitops::manifest::{Limits, Object, parse, parse_value, patch, rewrite_images};
use gitops::path::{RepoPath, TenantId};
use gitops::sops::{Config, Encrypted, Format, Identities, Plain, Recipient};
use gitops::tenant::{Chart, Files, Found, Home, Retained, Summary};
use gitops::wait::application::{Acceptable, Expect, Judge};
use gitops::wait::rollout;
use gitops::{files, image, names, overlay, product, release, secrets, tenant, wiring, yaml};
use gitops_acceptance_tests::hostile::{INPUTS, bytes, texts, values};
use serde_json::{Value, json};
use std::time::Duration;

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: argocd-application-controller
  namespace: argocd
  labels: {app.kubernetes.io/name: argocd-application-controller}
spec:
  template:
    spec:
      containers:
      - name: a
        image: quay.io/argoproj/argocd:v3.1.0@sha256:0000000000000000000000000000000000000000000000000000000000000000
        env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
subjects: [{kind: ServiceAccount, name: a, namespace: argocd}]
";
const ANCHORS: &str = "a: &x {b: [1, 0x1f, .nan, !!binary AA==]}\nc: *x\n'd': |-\n  text\n? e\n: {<<: *x}\n";
const VALUES: &str = "# managed by gitops_tenant acme\n# product version shop/1.2.3\nimage: {tag: \"31\"}\nhosts:\n- a # first\n- 'b'\n";
const APPLICATION: &str = "# managed by gitops_tenant acme
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: acme, namespace: argocd, labels: {tier: stable}, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  destination: {server: 'https://kubernetes.default.svc', namespace: acme}
  sources: [{repoURL: 'https://git.example/p.git', path: charts/shop, targetRevision: main, helm: {valueFiles: [$values/instances/acme/values.yaml]}}]
  syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true], retry: {limit: 5, backoff: {duration: 5s, factor: 2, maxDuration: 3m}}}
";
const REVISION: &str = "1111111111111111111111111111111111111111";

#[test]
fn manifests() {
    texts(INPUTS, &[MANIFEST, ANCHORS], |text| drop(parse_value(text, &Limits::default())));
    texts(INPUTS, &[MANIFEST, ANCHORS], |text| {
        let Ok(mut objects) = parse(text, &Limits::default()) else { return };
        let images = [("quay.io/argoproj/argocd".to_owned(), "registry.example/argocd".to_owned())].into();
        rewrite_images(&mut objects, &images);
        relocate(&mut objects, "argocd", "elsewhere");
        let known =
            wiring::Repositories { credentials: vec!["https://git.example".to_owned()], public: None };
        let _ = (
            install::PRODUCT.version(&objects),
            wiring::needs(&objects, "d"),
            wiring::uncovered(&objects, &known),
        );
        wiring::brought(&objects, "d");
    });
}

#[test]
fn installations_and_their_patches() {
    let wishes = |patch: &str| Wishes {
        install: installation::Wishes {
            namespace: "argo".to_owned(),
            patches: vec![patch.to_owned()],
            ..installation::Wishes::default()
        },
        ..Wishes::default()
    };
    bytes(INPUTS, &[MANIFEST.as_bytes()], |text| drop(prepare(text, &wishes(MANIFEST))));
    let objects = parse(MANIFEST, &Limits::default()).unwrap();
    texts(INPUTS, &[MANIFEST, "kind: Deployment\nmetadata: {name: a}\nspec: null\n"], |text| {
        drop(patch(&mut objects.clone(), &[text.to_owned()]));
    });
}

#[test]
fn edits_of_yaml() {
    let at = ["hosts[0]", "image.tag", "hosts", "a.b[1]", "c", "added"]
        .map(|path| yaml::Path::parse(path).unwrap());
    texts(INPUTS, &[VALUES, ANCHORS, "a:\n  b: [1, 2]\n\nc: >\n  x\n"], |text| {
        let Ok(yaml) = yaml::Yaml::parse(text, None) else { return };
        for path in &at {
            let _ = (yaml.get(path), yaml.clone().remove(path), yaml.clone().append(path, &[("name", "x")]));
            let mut edited = yaml.clone();
            if edited.set_or_nest(path, "it's: new").is_ok() {
                let told = edited.get(path);
                assert!(
                    matches!(told, Ok(Some(yaml::Value::Scalar(scalar))) if scalar.text == "it's: new"),
                    "{told:?}"
                );
            }
        }
    });
    texts(INPUTS, &["spec.images[name=web].tag", "a.\"b.c\"[0]"], |text| drop(yaml::Path::parse(text)));
    texts(INPUTS, &["kind=Deployment,metadata.name=web", "2"], |text| drop(yaml::Document::parse(text)));
}

#[test]
fn encrypted_files() {
    const YAML: &str = "a: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]\nsops:\n    age:\n        - recipient: age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            YWdlLWVuY3J5cHRpb24ub3JnL3Yx\n            -----END AGE ENCRYPTED FILE-----\n    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]\n    unencrypted_suffix: _unencrypted\n    version: 3.10.0\n";
    const JSON: &str = r#"{"a":"ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:int]","sops":{"key_groups":[{"age":[{"recipient":"age1x","enc":""}]}],"shamir_threshold":1,"lastmodified":"2026-01-01T00:00:00Z","mac":"ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]","version":"3.10.0"}}"#;
    const DOTENV: &str = "# c\nA=ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]\nsops_age__list_0__map_enc=x\\ny\nsops_age__list_0__map_recipient=age1x\nsops_lastmodified=2026-01-01T00:00:00Z\nsops_mac=x\nsops_version=3.10.0\n";
    const RULES: &str = "creation_rules:\n  - path_regex: ^it\\.yaml$\n    shamir_threshold: 2\n    key_groups: [{age: [age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a]}, {pgp: [x], kms: [{arn: a}]}]\n";
    for (format, good) in [(Format::Yaml, YAML), (Format::Json, JSON), (Format::Dotenv, DOTENV)] {
        Encrypted::parse(good, format).unwrap();
        texts(INPUTS, &[good], |text| {
            let opened = Encrypted::parse(text, format).map(|file| file.open(&Identities::default()).is_ok());
            assert!(!opened.is_ok_and(|opened| opened), "it was opened by nobody");
            drop(Plain::parse(text, format));
        });
    }
    texts(INPUTS, &[RULES], |text| drop(Config::parse(text).map(|config| config.policy("it.yaml").is_ok())));
}

#[test]
fn recipients_and_identities() {
    const SSH: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACA=\n-----END OPENSSH PRIVATE KEY-----\n";
    const AGE: &str =
        "# a comment\nAGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J\n";
    let good = [
        "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8Wb0N8aHBBo5bKrRrYzhV2rFUZ6aXKp0PYGx5hMZ3T me@example",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQ== me@example",
    ];
    texts(INPUTS, &good, |text| drop(Recipient::parse(text)));
    texts(INPUTS, &[AGE, SSH], |text| drop(Identities::parse(text)));
}

#[test]
fn names_and_paths() {
    texts(INPUTS, &["apps/web/values.yaml", ".github/workflows/ci.yml", "team-a"], |text| {
        let _ = (
            names::namespace(text),
            names::object(text, "Secret"),
            TenantId::parse(text),
            product::Name::parse(text),
        );
        if let Ok(path) = RepoPath::parse(text) {
            assert!(path.components().all(|part| !matches!(part, "" | "." | ".." | ".git")), "{path}");
        }
        let _ =
            (Files::in_directories(text, "apps", "acme"), tenant::release_name(text), secrets::is_key(text));
        let files = [(text.to_owned(), text.to_owned()), ("a".to_owned(), String::new())].into();
        drop(files::parse(&files));
    });
}

#[test]
fn images() {
    let digest = format!("registry.example:5000/team/app:1.2@sha256:{}", "0a".repeat(32));
    texts(INPUTS, &[&digest, "nginx:1.25", ":1.2"], |text| {
        drop(image::ImageRef::parse(text));
        let (name, tag, digest) = image::split(text);
        drop(image::join(name, tag, digest));
        let _ = (
            text.parse::<overlay::NewImage>(),
            image::check_tag(text),
            image::check_digest(text),
            text.parse::<Sha256>(),
        );
    });
    let (file, path) = (RepoPath::parse("a.yaml").unwrap(), yaml::Path::parse("hosts[0]").unwrap());
    texts(INPUTS, &[VALUES, "image: nginx:1.2\n"], |text| {
        if let Ok(Some(release)) = release::Release::imported(file.clone(), None, path.clone(), text) {
            let _ = (release.found(text), release.is_written(text));
        }
    });
}

#[test]
fn charts_of_repositories() {
    const INDEX: &str = "apiVersion: v1\nentries:\n  shop:\n  - {version: 1.2.3, urls: [x]}\n  - {version: 2.0.0-rc.1+b}\n  none: null\ngenerated: \"2026-01-01T00:00:00Z\"\n";
    let asked = ["*", "~1.2", "1.2.3"].map(|text| Asked::parse(Some(text)).unwrap());
    bytes(INPUTS, &[INDEX.as_bytes()], |index| {
        let Ok(index) = Index::parse(index) else { return };
        asked.iter().for_each(|asked| drop(index.version("https://charts.example", "shop", asked)));
    });
    texts(INPUTS, &["~1.2", ">=1.2, <2", "1.2.3-rc.1+b", "1.x"], |text| {
        drop(Asked::parse(Some(text)).map(|asked| asked.fits(text) | asked.fits("1.2.3")));
    });
}

#[test]
fn files_of_tenants() {
    let home = Home {
        id: "acme".to_owned(),
        repo_url: "https://git.example/p.git".to_owned(),
        target_revision: "main".to_owned(),
        instances_path: "instances".to_owned(),
        applications_path: "apps".to_owned(),
        argocd_namespace: "argocd".to_owned(),
        namespace: "acme".to_owned(),
        namespace_owner: tenant::NamespaceOwner::ArgoCd,
        on_delete: tenant::OnDelete::Destroy,
    };
    texts(INPUTS, &[VALUES, APPLICATION], |text| {
        let found = Found::of(Some(text), Some(text), Some(text));
        let _ = (found.state(), found.drift(), found.lifecycle(), Retained::of(&found, "acme"));
        let _ = (tenant::is_marked(text, "acme"), tenant::product_version(text));
        let charts = found.application().and_then(|app| Chart::of(&app.sources));
        drop((
            charts,
            found.objects.iter().filter(|app| home.is_read_by(&(*app).clone().into_value())).count(),
        ));
    });
    let kept = "# managed by gitops_tenant acme\nnamespace: acme\ntier: stable\nchart: {path: charts/shop}\nvalues: {a: 1}\n";
    texts(INPUTS, &[kept], |text| drop(Retained::parse(text)));
    let version = "product: shop\nversion: 1.2.3\nchart: {repo_url: x, name: shop, version: 1.2.3}\ndefault_values: {a: 1}\n";
    let (name, path) =
        (product::Name::parse("shop/1.2.3").unwrap(), RepoPath::parse("products/shop/1.2.3.yaml").unwrap());
    assert!(product::ProductVersion::of(&name, &path, version).is_ok());
    texts(INPUTS, &[version], |text| drop(product::ProductVersion::of(&name, &path, text)));
}

/// An Application as Argo CD writes it, and what else its API server may answer in its place.
fn application() -> Value {
    let source = json!({"repoURL": "https://git.example/p.git", "path": "apps", "targetRevision": "HEAD", "kustomize": {"images": ["a=b:1"], "patches": [{"patch": "x", "target": {"kind": "Deployment"}}]}, "directory": {"recurse": true}});
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": "web"});
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "root", "namespace": "argocd", "labels": {"a": "b"}, "annotations": {"argocd.argoproj.io/refresh": "normal"}, "finalizers": ["resources-finalizer.argocd.argoproj.io"], "generation": 3},
        "operation": {"initiatedBy": {"username": "ci"}, "sync": {"revision": REVISION, "revisions": [REVISION]}},
        "spec": {"source": source, "sources": [source, {"repoURL": "x", "chart": "shop", "targetRevision": "1.2.3", "helm": {"parameters": [{"name": "a", "value": "b"}], "valueFiles": ["$values/a.yaml"]}}], "destination": destination, "project": "default", "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["CreateNamespace=true"], "retry": {"limit": 5, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"}}}},
        "status": {
            "sync": {"status": "Synced", "revision": REVISION, "revisions": [REVISION], "comparedTo": {"source": source, "destination": destination}},
            "health": {"status": "Healthy"}, "reconciledAt": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "ComparisonError", "message": "no such path"}],
            "history": [{"id": 1, "revision": REVISION, "revisions": [REVISION]}],
            "resources": [{"group": "argoproj.io", "kind": "Application", "namespace": "argocd", "name": "child", "status": "Synced", "health": {"status": "Healthy", "message": "m"}}],
            "operationState": {"phase": "Failed", "message": "m", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z", "operation": {"sync": {"revision": REVISION}}, "syncResult": {"revision": REVISION, "resources": [{"kind": "Service", "name": "app", "namespace": "web", "status": "SyncFailed", "message": "m"}]}},
        },
    })
}

#[test]
fn applications_in_the_cluster() {
    values(INPUTS, &[application()], |app| {
        let status = Status::of(app);
        let _ = (
            status.revision(),
            status.children().count(),
            status.children_by_name(),
            status.complaints(),
            status.errors().count(),
        );
        let _ = (status::sources(app), Application::of(app), Summary::of(Some(app)));
        let _ = (
            approval::revisions(app, REVISION),
            approval::deployed(app),
            approval::approval(app),
            approval::ended(app),
        );
        let _ = (approval::asked(app), Chart::of(&Application::of(app).sources));
        let mut judge =
            Judge::new(Expect { revision: Some(Acceptable::exactly(REVISION)), ..Expect::default() });
        drop((judge.look(app, Duration::ZERO), judge.look(app, Duration::from_secs(500))));
    });
}

#[test]
fn objects_in_the_cluster() {
    let deployment = json!({"metadata": {"name": "a", "generation": 2}, "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
        "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "currentRevision": "a", "updateRevision": "a", "desiredNumberScheduled": 1, "numberAvailable": 1, "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "argocd", "labels": {"argocd.argoproj.io/secret-type": "repository"}, "annotations": {secrets::FINGERPRINT_KEY: "AAAA"}},
        "data": {"url": "aHR0cHM6Ly9naXQuZXhhbXBsZS9wLmdpdA==", "username": "YQ==", "password": "YQ==", "githubAppID": "MQ==", "insecure": "dHJ1ZQ=="}});
    let project = json!({"metadata": {"name": "shop", "namespace": "argocd"}, "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "web"}], "clusterResourceWhitelist": [{"group": "*", "kind": "*"}], "roles": [{"name": "ci", "policies": ["p, proj:shop:ci, applications, sync, shop/*, allow"], "groups": ["a"]}], "syncWindows": [{"kind": "deny", "schedule": "0 22 * * *", "duration": "1h", "applications": ["*"], "timeZone": "UTC", "manualSync": true}], "signatureKeys": [{"keyID": "0000000000000000"}]}});
    let kustomization = json!({"resources": ["../base"], "components": ["c"], "namespace": "n", "labels": [{"pairs": {"a": "b"}}], "commonAnnotations": {"a": "b"}, "images": [{"name": "a", "newName": "b", "newTag": "c", "digest": "d"}], "replicas": [{"name": "a", "count": 2}], "patches": [{"path": "p", "target": {"kind": "Deployment"}}]});
    values(INPUTS, &[deployment.clone(), secret.clone(), project, kustomization], |live| {
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            drop(rollout::judge(kind, live));
        }
        let _ = (Project::of(live), repository::Repository::of(live), overlay::Kustomization::of(live));
        let _ = (secrets::Key::of(live), secrets::live_fingerprint(live), secrets::live_data(live));
    });
    values(INPUTS, &[deployment, secret, application()], |value| {
        let Ok(object) = Object::new(value.clone()) else { return };
        let _ = (object.id(), object.group(), object.version(), object.label("a"), object.annotation("a"));
        let mut objects = vec![object];
        relocate(&mut objects, "argocd", "elsewhere");
        wiring::needs(&objects, "d");
        wiring::brought(&objects, "d");
    });
    texts(INPUTS, &["QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="], |text| drop(secrets::Key::parse(text)));
}
