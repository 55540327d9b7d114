//! A protected branch: what changes waits in one pull request of a forge, on loopback and without a cluster.

use gitops_acceptance_tests::forge::{Dialect, Forge, How};
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use gitops_acceptance_tests::{Canary, Case, Outcome, Workspace};
use tokio::runtime::Runtime;

const CONFIGURATION: &str = r#"
variable "repository" {
  type = string
}

variable "api" {
  type = string
}

variable "token" {
  type      = string
  ephemeral = true
}

variable "write_mode" {
  type    = string
  default = "pull_request"
}

variable "greeting" {
  type    = string
  default = "hello"
}

provider "gitops" {
  git = {
    url         = var.repository
    write_mode  = var.write_mode
    credentials = { (var.repository) = { username = "git", token = var.token } }
    pull_request = {
      forge   = "gitlab"
      api_url = var.api
      labels  = ["gitops"]
    }
  }
}

resource "gitops_tenant" "each" {
  for_each  = toset(["acme", "globex", "initech"])
  tenant_id = each.key
  chart     = { path = "charts/tenant" }
  values    = { greeting = var.greeting }
  wait      = false
}

resource "gitops_files" "owners" {
  name  = "owners"
  files = { "OWNERS" = "@acme/platform\n" }
}
"#;

const TENANTS: [&str; 3] = ["acme", "globex", "initech"];
const WARNING: &str = "Changes wait in a pull request";
/// Nobody pushes to `main` over the network; the forge itself merges.
const PROTECTION: &str = r#"if [ "$1" = refs/heads/main ] && [ -n "$REMOTE_USER" ]; then
echo "main is protected: open a merge request" >&2; exit 1; fi"#;

/// A repository with a protected branch, its forge, and a configuration that writes to it.
struct Place {
    run: Workspace,
    bare: Bare,
    forge: Forge,
    token: Canary,
    _server: Server,
    _runtime: Runtime,
}

impl Place {
    fn open(case: &Case) -> Self {
        let root = case.dir().join("repositories");
        let bare = Bare::seeded(&root.join("acme/platform.git")).expect("a repository");
        bare.write("charts/tenant/Chart.yaml", "apiVersion: v2\nname: tenant\nversion: 1.2.3\n")
            .expect("a chart");
        bare.hook("update", PROTECTION).expect("a hook");
        let token = Canary::new(&mut case.random());
        let credentials = Some(("git".to_owned(), token.value().to_owned()));
        let runtime = Runtime::new().expect("a runtime");
        let options = Options { root, credentials, tls: None };
        let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options)).expect("a server");
        let forge = Forge::start(Dialect::Gitlab, bare.clone(), "acme/platform", token.value());
        let forge = runtime.block_on(forge).expect("a forge");
        let mut run = case.blocks(CONFIGURATION);
        // No cluster: what the environment names is not meant.
        run.env("KUBECONFIG", "")
            .var("repository", server.url("acme/platform.git"))
            .var("api", forge.api())
            .var("token", token.value());
        Self { run, bare, forge, token, _server: server, _runtime: runtime }
    }

    /// What `main` says that a tenant greets with.
    fn greeting(&self, tenant: &str) -> Option<String> {
        let values = self.bare.read(&format!("instances/{tenant}/values.yaml"))?;
        values.lines().find_map(|line| line.strip_prefix("greeting: ")).map(str::to_owned)
    }

    /// Demands one warning, which names this request, and that `main` greets with this.
    #[track_caller]
    fn assert_waits(&self, outcome: Outcome, request: u64, greeting: Option<&str>) {
        let outcome = outcome.success().says(&self.forge.page(request));
        assert_eq!(outcome.stdout.matches(WARNING).count(), 1, "{}", outcome.report("was to warn once"));
        assert_eq!(self.forge.pulls().len(), request as usize);
        for tenant in TENANTS {
            assert_eq!(self.greeting(tenant).as_deref(), greeting, "{tenant}");
        }
    }
}

/// One request is gone on with, merged, closed, and made again; a destroy waits in one, too.
pub fn of_a_protected_branch(case: &Case) {
    let mut place = Place::open(case);
    place.run.var("write_mode", "push");
    place.run.apply().failure().says("main is protected").says("write_mode = \"pull_request\"");
    assert!(place.run.state().addresses().is_empty());

    place.run.var("write_mode", "pull_request");
    let applied = place.run.apply();
    place.assert_waits(applied, 1, None);
    place.run.plan().assert_empty();
    place.run.var("greeting", "goodbye");
    let applied = place.run.apply();
    place.assert_waits(applied, 1, None);
    place.run.plan().assert_empty();
    assert_eq!(place.forge.pulls()[0].labels, ["gitops"]);

    place.forge.merge(1, How::Squash, true).expect("a merge");
    assert_eq!(place.greeting("globex").as_deref(), Some("goodbye"));
    place.run.plan().assert_empty();

    place.run.var("greeting", "again");
    let applied = place.run.apply();
    place.assert_waits(applied, 2, Some("goodbye"));
    place.forge.close(2).expect("a request");
    let changes = TENANTS.map(|tenant| format!("gitops_tenant.each[\"{tenant}\"]: update"));
    place.run.plan().success().assert_changes(&changes.each_ref().map(String::as_str));
    let applied = place.run.apply();
    place.assert_waits(applied, 3, Some("goodbye"));
    place.forge.merge(3, How::Merge, false).expect("a merge");
    place.run.plan().assert_empty();

    let destroyed = place.run.destroy();
    place.assert_waits(destroyed, 4, Some("again"));
    assert!(place.run.state().addresses().is_empty());
    place.forge.merge(4, How::Squash, true).expect("a merge");
    assert_eq!((place.greeting("acme"), place.bare.read("OWNERS")), (None, None));
    place.token.assert_absent(&case.dir());
}
