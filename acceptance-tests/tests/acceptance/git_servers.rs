//! What Git servers do to `gitops_tenant`, on loopback and without a cluster: refuse, hang, and lose the answer to a
//! push that they carried out.

use gitops_acceptance_tests::git_server::{Bare, Fault, Kind, Options, Server, Service};
use gitops_acceptance_tests::{Canary, Case, Workspace, eventually};
use std::time::Duration;
use tokio::runtime::Runtime;

const CONFIGURATION: &str = r#"
variable "repository" {
  type = string
}

variable "password" {
  type      = string
  ephemeral = true
}

variable "greeting" {
  type    = string
  default = "hello"
}

variable "timeout" {
  type    = string
  default = "1m"
}

provider "gitops" {
  git = {
    credentials = { (var.repository) = { username = "git", password = var.password } }
  }
}

resource "gitops_tenant" "acme" {
  git       = { url = var.repository, branch = "main" }
  tenant_id = "acme"
  chart     = { path = "charts/tenant" }
  values    = { greeting = var.greeting }
  wait      = false
  timeouts  = { create = var.timeout, read = var.timeout, update = var.timeout, delete = var.timeout }
}
"#;

const VALUES: &str = "instances/acme/values.yaml";

/// A Git server, its only repository, and a tenant to put into it.
struct Forge {
    run: Workspace,
    bare: Bare,
    server: Server,
    password: Canary,
    _runtime: Runtime,
}

impl Forge {
    fn open(case: &Case) -> Self {
        let root = case.dir().join("repositories");
        let bare = Bare::seeded(&root.join("platform.git")).expect("a repository");
        let chart = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
        bare.write("charts/tenant/Chart.yaml", chart).expect("a chart");
        bare.git(&["config", "http.receivepack", "true"]).expect("a repository that takes pushes");
        let password = Canary::new(&mut case.random());
        let credentials = Some(("git".to_owned(), password.value().to_owned()));
        let runtime = Runtime::new().expect("a runtime");
        let options = Options { root, credentials, tls: None };
        let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options)).expect("a server");
        let mut run = case.blocks(CONFIGURATION);
        // No cluster: what the environment names is not meant.
        run.env("KUBECONFIG", "")
            .var("repository", server.url("platform.git"))
            .var("password", password.value());
        Self { run, bare, server, password, _runtime: runtime }
    }

    /// The next request to `service` meets this.
    fn fault(&self, service: Service, kind: Kind) {
        self.server.faults().push(Fault::once(service, kind));
    }

    #[track_caller]
    fn commits(&self) -> usize {
        self.bare.commits().expect("commits")
    }

    /// Demands that Git has the tenant with this greeting, or has none.
    #[track_caller]
    fn assert_has(&self, greeting: Option<&str>) {
        let values = self.bare.read(VALUES);
        let said = values.as_deref().map(|text| text.lines().last().unwrap_or_default());
        assert_eq!(said, greeting.map(|greeting| format!("greeting: {greeting}")).as_deref());
    }

    /// Applies without faults: one commit, and nothing left to do.
    #[track_caller]
    fn converges(&mut self, greeting: &str) {
        let before = self.commits();
        self.run.apply().success();
        self.assert_has(Some(greeting));
        assert_eq!(self.commits(), before + 1, "a change is one commit");
        self.run.plan().assert_empty();
    }
}

/// The password is in no state, plan, trace, message, object of Git or argument, whatever becomes of the push.
pub fn are_told_the_password_and_nobody_else(case: &Case) {
    let mut forge = Forge::open(case);
    let (trace, watch) = (forge.run.logs().join("trace"), forge.password.watch_arguments());
    forge.run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    forge.converges("hello");
    forge.run.var("greeting", "goodbye");
    forge.run.plan().success().assert_changes(&["gitops_tenant.acme: update"]);
    for kind in [Kind::Status(401), Kind::Status(403), Kind::Redirect("http://127.0.0.1:1/p.git".to_owned())]
    {
        forge.fault(Service::AdvertiseReceive, kind);
        forge.run.apply().failure();
    }
    forge.converges("goodbye");
    let objects = forge.bare.objects().expect("the objects");
    std::fs::write(case.dir().join("objects"), objects).expect("a file");
    forge.run.destroy().success();
    assert!(watch.assert_unseen() > 10, "arguments were hardly looked at");
    let traced = std::fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    forge.password.assert_absent(&case.dir());
}

/// Credentials, rights and rules of the server: its words are shown, and neither Git nor the state loses anything.
pub fn that_refuse_are_quoted(case: &Case) {
    let mut forge = Forge::open(case);
    let rule = "echo 'main is protected: open a merge request' >&2; exit 1";
    let refusals: [(&str, fn(&Forge), &[&str]); 3] = [
        ("401", |forge| forge.fault(Service::Receive, Kind::Status(401)), &["refused the credentials"]),
        ("403", |forge| forge.fault(Service::AdvertiseReceive, Kind::Status(403)), &["forbids access"]),
        ("a hook", |_| (), &["main is protected: open a merge request", "refused the push to `main`"]),
    ];
    let before = forge.commits();
    for (greeting, prior) in [("hello", None), ("goodbye", Some("hello"))] {
        forge.run.var("greeting", greeting);
        let commits = forge.commits();
        for (name, fault, said) in &refusals {
            fault(&forge);
            let hook = if *name == "a hook" { rule } else { "exit 0" };
            forge.bare.hook("pre-receive", hook).expect("a hook");
            let outcome = forge.run.apply().failure();
            said.iter().fold(outcome, |outcome, text| outcome.says(text));
            assert_eq!(forge.commits(), commits, "{name}");
            forge.assert_has(prior);
            assert_eq!(forge.run.state().addresses().is_empty(), prior.is_none(), "{name}");
        }
        forge.bare.hook("pre-receive", "exit 0").expect("a hook");
        forge.converges(greeting);
    }
    assert_eq!(forge.commits(), before + 2);
    forge.run.var("password", "wrong");
    forge.run.plan().fails("refused the credentials");
}

/// A server that never answers: the end is the timeout's, and says what was waited for.
pub fn that_hang_are_left_at_the_timeout(case: &Case) {
    let mut forge = Forge::open(case);
    forge.run.var("timeout", "3s");
    let url = forge.server.url("platform.git");
    for service in [Service::AdvertiseUpload, Service::AdvertiseReceive, Service::Receive] {
        let commits = forge.commits();
        forge.fault(service, Kind::Hang);
        let outcome = forge.run.apply().failure().says(&url).says("within 3s");
        assert!(outcome.elapsed < Duration::from_secs(60), "{}", outcome.report("was to end at its timeout"));
        assert_eq!(forge.commits(), commits, "{service:?}");
        assert!(forge.run.state().addresses().is_empty());
    }
    forge.run.var("timeout", "1m");
    forge.converges("hello");
}

/// A push whose answer does not come may have been carried out or not: that is found out, and the change is there
/// once.
pub fn that_lose_the_answer_are_asked_again(case: &Case) {
    let mut forge = Forge::open(case);
    let losses = [
        Kind::LoseAnswer,
        Kind::HalfAnswer,
        Kind::Drop,
        Kind::Reset,
        Kind::Status(500),
        Kind::Late(Duration::from_millis(200)),
    ];
    for (round, loss) in losses.into_iter().enumerate() {
        let greeting = format!("round {round}");
        forge.run.var("greeting", greeting.as_str());
        forge.fault(Service::Receive, loss);
        forge.converges(&greeting);
    }
    let before = forge.commits();
    forge.fault(Service::Receive, Kind::LoseAnswer);
    forge.run.destroy().success();
    assert_eq!(forge.commits(), before + 1);
    forge.assert_has(None);
    assert!(forge.run.state().addresses().is_empty());
}

/// A provider that is killed between its commit and the push, or between the push and the state, of a creation and of
/// a change: the next apply adds what is missing, and nothing twice.
pub fn that_wait_for_a_killed_provider(case: &Case) {
    let mut forge = Forge::open(case);
    let begun = forge.commits();
    for (kind, lands) in [(Kind::Hang, 0), (Kind::Mute, 1)] {
        for greeting in [format!("made in spite of {kind:?}"), format!("changed in spite of {kind:?}")] {
            let (before, pushes) = (forge.commits(), forge.server.pushes());
            forge.run.var("greeting", greeting.as_str());
            forge.fault(Service::Receive, kind.clone());
            let mut apply = forge.run.start_apply();
            // The server has met the push, and what it was to do with it is done.
            let met = apply.until(|_| forge.server.pushes() > pushes && forge.commits() == before + lands);
            assert!(met, "nothing was pushed");
            assert!(apply.kill_provider_at(apply.elapsed()), "the apply had ended");
            apply.wait().failure();
            forge.run.apply().success();
            forge.assert_has(Some(&greeting));
            assert_eq!(forge.commits(), before + 1, "{greeting}");
            forge.run.plan().assert_empty();
        }
        forge.run.destroy().success();
        forge.assert_has(None);
    }
    let settled = || forge.commits() == begun + 6;
    eventually("the server to have nothing more to do", Duration::from_secs(30), settled);
}
