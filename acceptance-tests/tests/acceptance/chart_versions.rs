//! Versions of charts in a Helm repository: looked up once, kept, moved on request, and refused where they are not there.

use super::files::blocks;
use gitops_acceptance_tests::Case;
use insta::assert_snapshot;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

const BLOCKS: &str = r#"
variable "charts" {
  type = string
}

variable "chart_version" {
  type    = string
  default = null
}

variable "more" {
  type    = any
  default = {}
}

resource "gitops_product_version" "shop" {
  product = "shop"
  version = "1"
  chart   = { repo_url = var.charts, name = "shop" }
}

resource "gitops_tenant" "acme" {
  tenant_id = "acme"
  chart     = { repo_url = var.charts, name = "shop", version = var.chart_version }
  wait      = false
}

resource "gitops_tenant_fleet" "shops" {
  name = "shops"
  wait = false
  tenants = merge(var.more, {
    globex  = { chart = { repo_url = var.charts, name = "shop", version = var.chart_version } }
    initech = { product_version = gitops_product_version.shop.id }
  })
}
"#;

/// A Helm repository on the loopback.
struct Charts {
    url: String,
    index: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Charts {
    fn serve(versions: &[&str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let charts = Self { url, index: Arc::default(), asked: Arc::default() };
        charts.has(versions);
        let (index, asked) = (charts.index.clone(), charts.asked.clone());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                asked.fetch_add(1, Ordering::SeqCst);
                let body = index.lock().expect("the index").clone();
                let status = if body.is_some() { "200 OK" } else { "401 Unauthorized" };
                let body = body.unwrap_or_default();
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        charts
    }

    fn has(&self, versions: &[&str]) {
        let versions: Vec<_> = versions.iter().map(|version| json!({ "version": version })).collect();
        let index = json!({ "apiVersion": "v1", "entries": { "shop": versions } }).to_string();
        *self.index.lock().expect("the index") = Some(index);
    }

    /// Nobody is let in any more.
    fn close(&self) {
        *self.index.lock().expect("the index") = None;
    }
}

/// A version that is left out, a range, one that is not there, and a repository that does not answer.
pub fn move_only_when_asked(case: &Case) {
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let charts = Charts::serve(&["1.3.0-rc.1", "1.2.3", "1.1.0"]);
    let mut run = blocks(case, &repository, BLOCKS);
    run.var("charts", &charts.url);
    let commits = || repository.log().len();
    let versions = |of: &str| {
        let text = repository.read(&format!("argo-cd/applications/{of}.yaml")).expect("the Application");
        let line = text.lines().find(|line| line.contains("targetRevision: \"")).expect("a version");
        line.trim().to_owned()
    };

    run.apply().success();
    assert_eq!(
        charts.asked.load(Ordering::SeqCst),
        2,
        "one download serves all of a plan, one all of an apply"
    );
    run.assert_settled();
    let state = run.state();
    for address in ["gitops_product_version.shop", "gitops_tenant.acme"] {
        assert_eq!(state.resource(address)["resolved_version"], "1.2.3", "{address}");
    }
    let fleet = &state.resource("gitops_tenant_fleet.shops")["tenants_status"];
    assert_eq!(
        (&fleet["globex"]["resolved_version"], &fleet["initech"]["resolved_version"]),
        (&json!("1.2.3"), &json!("1.2.3"))
    );
    assert_eq!(["acme", "globex", "initech"].map(versions), ["targetRevision: \"1.2.3\""; 3]);

    // Commits of resources that are applied at once may be one: they are counted where nothing may be committed.
    let head = commits();
    charts.has(&["2.0.0", "1.4.0", "1.3.0", "1.2.3"]);
    run.plan().assert_empty();
    run.apply().success();
    assert_eq!((commits(), charts.asked.load(Ordering::SeqCst)), (head, 2), "what is kept asks nobody");
    repository.write("argo-cd/applications/globex.yaml", "kind: List\n");
    run.apply().success();
    let kept = "targetRevision: \"1.2.3\"".to_owned();
    assert_eq!((commits(), versions("globex")), (head + 2, kept), "a repair does not move it");

    run.var("chart_version", "~1.3");
    run.plan().success().assert_changes(&["gitops_tenant.acme: update", "gitops_tenant_fleet.shops: update"]);
    run.apply().success();
    run.assert_settled();
    let moved = ["1.3.0", "1.3.0", "1.2.3"].map(|version| format!("targetRevision: {version:?}"));
    assert_eq!(["acme", "globex", "initech"].map(versions), moved);

    let head = commits();
    run.var("chart_version", "1.3.5");
    let errors =
        run.command(&["plan", "-json"]).failure().errors(&[(&charts.url, "http://charts.example.com")]);
    assert_snapshot!("chart_versions_that_are_not_there", errors);
    assert_eq!(commits(), head, "something was written");

    charts.close();
    run.var("chart_version", "~1.3");
    run.var(
        "more",
        json!({ "late": { "chart": { "repo_url": charts.url, "name": "shop", "version": "7.7.7" } } })
            .to_string(),
    );
    run.apply().success().says("was not checked");
    assert_eq!(versions("late"), "targetRevision: \"7.7.7\"");
    run.assert_settled();
    run.destroy().success();
    assert_eq!(repository.files(), ["README.md"]);
}
