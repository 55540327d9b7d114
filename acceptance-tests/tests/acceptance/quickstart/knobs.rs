//! What is changed of the quickstart cheaply, as variables: a part of each resource, and a resource of each kind that comes
//! and goes.

use super::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// A change of a variable needs no `init`.
const VARIABLES: &str = r#"
variable "greeting" {
  type    = string
  default = "Hello from acme"
}

variable "retries" {
  type    = number
  default = 5
}

variable "release" {
  type    = string
  default = "first"
}

variable "spare_secrets" {
  type    = bool
  default = false
}

variable "spare_root_app" {
  type    = bool
  default = false
}

variable "spare_tenant" {
  type    = bool
  default = false
}

resource "gitops_secret_injection" "spare" {
  count      = var.spare_secrets ? 20 : 0
  kubernetes = gitops_cluster.this.kubernetes
  namespace  = gitops_secret_injection.web.namespace
  name       = "spare-${count.index}"
  labels     = { spare = "yes" }
  data_wo    = { KEPT_IN = "a drawer" }
}

resource "gitops_root_app" "spare" {
  count      = var.spare_root_app ? 1 : 0
  kubernetes = gitops_cluster.this.kubernetes
  namespace  = gitops_bootstrap.argocd.namespace
  name       = "spare"
  repo_url   = var.repository_url
  path       = "spare"
}

resource "gitops_tenant" "spare" {
  count      = var.spare_tenant ? 1 : 0
  git        = { url = var.repository_url, branch = "main" }
  kubernetes = gitops_cluster.this.kubernetes
  tenant_id  = "acme-spare"
  chart      = { path = "charts/tenant" }
  values     = { greeting = "Hello from acme-spare", replicas = 0 }

  depends_on = [gitops_root_app.platform]
}
"#;

/// All that the spare root app brings.
const SPARE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: spare, namespace: web}\n";

/// What Argo CD says of an app goes on changing for a while after an apply. Nothing else may: without it in the outputs, the
/// plan after an apply is empty, or something is wrong.
const OVERRIDE: &str = r#"
resource "gitops_bootstrap" "argocd" {
  patches = [yamlencode({
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = "argocd-repo-server" }
    spec       = { template = { metadata = { annotations = { release = var.release } } } }
  })]
}

resource "gitops_root_app" "platform" {
  sync = { retry = { limit = var.retries } }
}

resource "gitops_tenant" "acme" {
  values = { greeting = var.greeting }
}

output "applications" {
  value = keys(gitops_root_app.platform.children)
}

output "tenant" {
  value = gitops_tenant.acme.commit
}
"#;

/// Puts the variables beside the quickstart, and what they need into its repository. They change nothing by themselves.
pub fn add(stage: &mut Stage) {
    stage.repository.write("spare/spare.yaml", SPARE);
    stage.run.write("knobs.tf", VARIABLES).write("knobs_override.tf", OVERRIDE);
}

/// What the rounds change in turn, cheapest first: a part of each resource, and a resource of each kind that comes and
/// goes.
pub const KNOBS: [Knob; 6] = [
    Knob {
        at_work: false,
        change: |turn| format!("token-{turn}"),
        assert: assert_token,
        ..Knob::named("api_token")
    },
    Knob {
        // A Secret is written in an instant, which no kill can be aimed at; so many are not.
        resources: 20,
        within: Duration::from_millis(200),
        assert: |stage, value| {
            let there = stage.kubectl.run(&["get", "secrets", "-n", "web", "-l", "spare=yes", "-o", "name"]);
            assert_eq!(there.stdout.lines().count(), if value == "true" { 20 } else { 0 });
        },
        ..Knob::named("spare_secrets")
    },
    Knob { change: |turn| (6 + turn).to_string(), assert: assert_retries, ..Knob::named("retries") },
    Knob {
        assert: |stage, value| {
            assert_there(stage, "argocd", APPLICATION, "spare", value);
            assert_there(stage, "web", "configmap", "spare", value);
        },
        ..Knob::named("spare_root_app")
    },
    Knob { change: |turn| format!("turn {turn}"), assert: Stage::assert_says, ..Knob::named("greeting") },
    Knob {
        assert: |stage, value| {
            assert_there(stage, "argocd", APPLICATION, "acme-spare", value);
            assert_there(stage, "acme-spare", "deployment", "site", value);
        },
        ..Knob::named("spare_tenant")
    },
];

const APPLICATION: &str = "application.argoproj.io";

/// A variable of the configuration, and where its value must have gone.
pub struct Knob {
    /// Its name.
    pub name: &'static str,
    /// How many resources it is about.
    resources: u32,
    /// Whether the provider is killed while it writes and waits, or at any moment from the beginning of the apply.
    pub at_work: bool,
    /// Within which time a kill comes as long as nobody has looked how long that takes.
    pub within: Duration,
    /// Its value, the next each time.
    pub change: fn(u32) -> String,
    /// Demands that the value has gone there.
    pub assert: fn(&Stage, &str),
}

impl Knob {
    /// One that brings a resource, and takes it away the next time.
    const fn named(name: &'static str) -> Self {
        let change = |turn: u32| turn.is_multiple_of(2).to_string();
        Self { name, resources: 1, at_work: true, within: Duration::from_secs(1), change, assert: |_, _| {} }
    }

    /// What the CLI plans for a value that is new.
    pub fn planned(&self, value: &str) -> String {
        let all = self.resources;
        let [add, change, destroy] = match value {
            "true" => [all, 0, 0],
            "false" => [0, 0, all],
            _ => [0, all, 0],
        };
        format!("Plan: {add} to add, {change} to change, {destroy} to destroy.")
    }
}

fn assert_there(stage: &Stage, namespace: &str, kind: &str, name: &str, value: &str) {
    let found = stage.kubectl.find(namespace, kind, name).is_some();
    assert_eq!(found.to_string(), value, "whether {kind} {namespace}/{name} is there");
}

fn assert_token(stage: &Stage, value: &str) {
    let secret = stage.kubectl.find("web", "secret", "web").expect("the Secret");
    assert_eq!(secret["data"]["API_TOKEN"], STANDARD.encode(value));
}

fn assert_retries(stage: &Stage, value: &str) {
    let app = stage.kubectl.find("argocd", APPLICATION, "platform").expect("the root app");
    assert_eq!(app["spec"]["syncPolicy"]["retry"]["limit"].to_string(), value);
}
