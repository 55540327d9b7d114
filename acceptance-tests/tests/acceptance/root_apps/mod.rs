//! `gitops_root_app` and its other name, on the Argo CD that `argocd` installs.

mod life;

pub use life::changes_and_dies;

use super::bootstraps::NAMESPACE;
use gitops_acceptance_tests::{Case, Kubectl, Namespace, Repository, Workspace, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const ADDRESS: &str = "gitops_root_app.platform";

/// A repository that Argo CD may read, with a root app in it: a chart and the tenants.
pub struct Platform {
    /// The repository.
    pub repository: Repository,
    namespace: Namespace,
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const WEB: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  host: {{ .Values.host | quote }}\n";
const TENANT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: site\ndata:\n  greeting: {{ .Values.greeting | quote }}\n";
const BROKEN: &str = "{{ fail \"the chart needs a licence\" }}\n";
const STRICT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting }}\n";
const STRICT_VALUES: &str = r#"{"properties": {"greeting": {"type": "string"}}}"#;
/// Nobody gives it an address, so it is never healthy.
const SLOW: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: slow\nspec:\n  type: LoadBalancer\n  ports:\n    - port: 80\n";

impl Platform {
    /// Makes it, and tells Argo CD how to read it.
    pub fn set_up(case: &Case) -> Self {
        let (lab, namespace) = (case.lab(), case.lab().namespace(case));
        let repository = lab.repository(
            case,
            &[
                ("README.md", "The platform.\n"),
                ("apps/kustomization.yaml", "resources:\n  - tenants.yaml\n  - web.yaml\n"),
                ("argo-cd/applications/.gitkeep", ""),
                ("charts/web/Chart.yaml", CHART),
                ("charts/web/values.yaml", "host: nowhere\n"),
                ("charts/web/templates/web.yaml", WEB),
                ("charts/tenant/Chart.yaml", &CHART.replace("web", "tenant")),
                ("charts/tenant/templates/site.yaml", TENANT),
                ("charts/shop/Chart.yaml", &CHART.replace("web", "shop")),
                ("charts/shop/templates/shop.yaml", include_str!("../shop.yaml")),
                ("charts/broken/Chart.yaml", &CHART.replace("web", "broken")),
                ("charts/broken/templates/broken.yaml", BROKEN),
                ("charts/strict/Chart.yaml", &CHART.replace("web", "strict")),
                ("charts/strict/values.yaml", "greeting: hello\n"),
                ("charts/strict/values.schema.json", STRICT_VALUES),
                ("charts/strict/templates/strict.yaml", STRICT),
                ("charts/slow/Chart.yaml", &CHART.replace("web", "slow")),
                ("charts/slow/templates/slow.yaml", SLOW),
            ],
        );
        let parameters = json!({ "parameters": [{ "name": "host", "value": "example.invalid" }] });
        let web = json!({ "path": "charts/web", "helm": parameters });
        let tenants = json!({ "path": "argo-cd/applications" });
        let url = repository.url();
        repository.write_all(&[
            ("apps/web.yaml", &application("web", web, &url, namespace.name())),
            ("apps/tenants.yaml", &application("tenants", tenants, &url, NAMESPACE)),
        ]);
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "platform", "namespace": NAMESPACE, "labels": { "argocd.argoproj.io/secret-type": "repository" } },
            "stringData": {
                "type": "git", "url": url,
                "username": lab.expect("LAB_GIT_USERNAME"), "password": lab.expect("LAB_GIT_PASSWORD"),
            },
        });
        lab.kubectl().apply(&secret.to_string(), "somebody");
        Self { repository, namespace }
    }

    /// The namespace that its apps go to.
    pub fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// The host that the chart of the app `web` was rendered with; none when its ConfigMap is not there.
    #[track_caller]
    fn host(&self, kubectl: &Kubectl) -> Option<String> {
        let map = kubectl.find(self.namespace.name(), "configmap", "web")?;
        map["data"]["host"].as_str().map(str::to_owned)
    }
}

fn application(name: &str, mut source: Value, repository: &str, namespace: &str) -> String {
    source["repoURL"] = repository.into();
    source["targetRevision"] = "main".into();
    let app = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": name, "namespace": NAMESPACE, "finalizers": ["resources-finalizer.argocd.argoproj.io"] },
        "spec": {
            "project": "default", "source": source,
            "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace },
            "syncPolicy": { "automated": { "prune": true, "selfHeal": true, "allowEmpty": true } },
        },
    });
    app.to_string()
}

/// Waits until Argo CD has looked at an Application again: it was asked to when the one above it was waited for.
pub fn comes_to_rest(kubectl: &Kubectl, name: &str) {
    eventually(name, Duration::from_secs(180), || {
        find(kubectl, name).is_some_and(|app| {
            let status = &app["status"];
            status["health"]["status"] == "Healthy"
                && status["sync"]["status"] == "Synced"
                && status["operationState"]["phase"] == "Succeeded"
        })
    });
}

#[track_caller]
fn find(kubectl: &Kubectl, name: &str) -> Option<Value> {
    kubectl.find(NAMESPACE, "application.argoproj.io", name)
}

#[track_caller]
fn uid(kubectl: &Kubectl, name: &str) -> Value {
    find(kubectl, name).unwrap_or_else(|| panic!("no Application {name}"))["metadata"]["uid"].clone()
}

const INPUTS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "repo_url" {
  type = string
}

variable "name" {
  type    = string
  default = "platform"
}

variable "host" {
  type = string
}

variable "preset" {
  type    = string
  default = null
}

variable "revision" {
  type    = string
  default = null
}

variable "delete" {
  type    = string
  default = null
}
"#;

const PLACE: &str = r#"
resource "gitops_root_app" "platform" {
  kubernetes = { config_path = var.kubeconfig }
  name       = var.name
  repo_url   = var.repo_url
  sync       = var.preset == null ? null : { preset = var.preset }
  timeouts   = var.delete == null ? null : { delete = var.delete }

  # A commit that is waited for is one of the branch that the children read.
  target_revision = var.revision == null ? "HEAD" : "main"
  wait_for        = var.revision == null ? null : { revision = var.revision }

  kustomize = {
    patches = [{
      target = { kind = "Application", name = "web" }
      patch = yamlencode([
        { op = "replace", path = "/spec/source/helm/parameters/0/value", value = var.host },
      ])
    }]
  }
}
"#;

/// The published example with its children; a host that Git does not know goes through it to the grandchild.
pub fn created(case: &Case, platform: &Platform) -> Workspace {
    let kubectl = case.lab().kubectl();
    let mut run = case.example("gitops_root_app");
    run.write("inputs.tf", INPUTS).write("place_override.tf", PLACE);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("repo_url", platform.repository.url());
    run.var("host", "one.example.com");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let state = run.state();
    let app = state.resource(ADDRESS);
    let healthy = json!({ "sync_status": "Synced", "health_status": "Healthy" });
    assert_eq!(app["children"], json!({ "tenants": healthy, "web": healthy }));
    assert_eq!((&app["sync_status"], &app["health_status"]), (&json!("Synced"), &json!("Healthy")));
    assert!(platform.repository.log()[0].starts_with(app["revision"].as_str().expect("a revision")), "{app}");
    assert_eq!(platform.host(&kubectl).as_deref(), Some("one.example.com"));
    run
}
