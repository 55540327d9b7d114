//! Applies one after another on the same cluster and the same Argo CD: in the API server's own account, no object of Argo
//! CD's is ever asked for while a Secret that it needs is not there.

use super::audit;
use super::stage::Stage;
use gitops_acceptance_tests::{Case, number, skipped};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is needed, and what needs it: all of it is made anew in each round.
const ORDERED: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "password" {
  type      = string
  ephemeral = true
}

resource "gitops_secret_injection" "needed" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = "web"
  name       = "needed"
  data_wo    = { PASSWORD = var.password }
}

resource "gitops_repository_credentials" "needed" {
  kubernetes  = { config_path = var.kubeconfig }
  namespace   = "argocd"
  url         = "https://git.example.com/acme/needed.git"
  username    = "robot"
  password_wo = var.password
}

resource "gitops_project" "needs" {
  kubernetes   = { config_path = var.kubeconfig }
  namespace    = "argocd"
  name         = "needs"
  source_repos = [gitops_repository_credentials.needed.url]
  destinations = [{ server = "https://kubernetes.default.svc", namespace = gitops_secret_injection.needed.namespace }]
}

resource "gitops_application" "needs" {
  kubernetes  = { config_path = var.kubeconfig }
  namespace   = "argocd"
  name        = "needs"
  project     = gitops_project.needs.name
  repo_url    = gitops_repository_credentials.needed.url
  path        = "apps"
  destination = { namespace = gitops_secret_injection.needed.namespace }
  cascade     = false
  wait        = false
}
"#;

/// The rounds, and what the API server took down of them.
#[expect(clippy::print_stdout, reason = "figures of a test that can be made larger")]
pub fn holds(case: &Case, stage: &Stage) {
    let Some(rounds) = number::<usize>("ACCEPTANCE_ORDER") else {
        skipped("the order of applies one after another; ACCEPTANCE_ORDER=100 makes so many");
        return;
    };
    let kubeconfig = stage.run.dir().join("kubeconfig");
    let mut run = case.blocks(ORDERED);
    run.var("kubeconfig", kubeconfig.to_string_lossy());
    let (mut taken, mut repository) = (Vec::new(), String::new());
    let anew = [
        "gitops_secret_injection.needed",
        "gitops_repository_credentials.needed",
        "gitops_project.needs",
        "gitops_application.needs",
    ]
    .map(|address| format!("-replace={address}"));
    for round in 0..rounds {
        run.var("password", format!("of round {round}"));
        let replaced = anew.iter().filter(|_| round > 0).map(String::as_str);
        let arguments: Vec<_> = ["apply", "-auto-approve", "-no-color"].into_iter().chain(replaced).collect();
        let outcome = run.command(&arguments).success().says("4 added");
        taken.push(outcome.elapsed.as_secs_f64());
        if round == 0 {
            let state = run.state();
            let name = &state.resource("gitops_repository_credentials.needed")["secret_name"];
            repository = name.as_str().expect("a name").to_owned();
        }
    }
    run.destroy().success();
    let secrets = ["secrets/needed".to_owned(), format!("secrets/{repository}")];
    let events = audit::events(stage);
    for object in ["appprojects/needs", "applications/needs"] {
        let writes = never_ahead(&events, object, &secrets);
        assert!(writes >= rounds, "{object} was written only {writes} times");
    }
    let slowest = taken.iter().copied().fold(0.0, f64::max);
    println!(
        "order: {rounds} applies on one cluster, {:.2} s each, the slowest {slowest:.2} s: no object of Argo CD ahead of a Secret",
        taken.iter().sum::<f64>() / rounds as f64
    );
}

/// Demands that whenever `object` was asked for, each of `secrets` was there: written, and not deleted since. How often the
/// object was written.
#[track_caller]
fn never_ahead(events: &[Value], object: &str, secrets: &[String]) -> usize {
    // What happened, by the time at which it counts: a Secret is there when that was answered, and gone when it was asked.
    let mut happened: Vec<(&str, &Value)> = events
        .iter()
        .filter(|event| audit::succeeded(event))
        .map(|event| {
            let written = audit::is_write(event) && secrets.contains(&audit::named(&event["objectRef"]));
            (audit::time(event, if written { "stageTimestamp" } else { "requestReceivedTimestamp" }), event)
        })
        .collect();
    happened.sort_by_key(|(time, _)| *time);
    let (mut there, mut writes) = (BTreeSet::new(), 0);
    for (time, event) in happened {
        let name = audit::named(&event["objectRef"]);
        match (secrets.contains(&name), audit::is_write(event)) {
            (true, true) => drop(there.insert(name)),
            (true, false) if event["verb"] == "delete" => drop(there.remove(&name)),
            (false, true) if name == object => {
                let missing: Vec<_> = secrets.iter().filter(|secret| !there.contains(*secret)).collect();
                assert!(
                    missing.is_empty(),
                    "{object} was asked for at {time}, and {missing:?} was not there"
                );
                writes += 1;
            }
            _ => {}
        }
    }
    writes
}

/// The account of an apply in the wrong order, by hand: that it would be noticed.
pub fn is_judged(_: &Case) {
    use serde_json::json;
    let event = |second: u32, verb: &str, name: &str| {
        let (resource, name) = name.split_once('/').expect("a name");
        let at = |micros: u32| format!("2026-01-01T00:00:{second:02}.{micros:06}Z");
        json!({
            "verb": verb, "objectRef": {"resource": resource, "name": name}, "requestURI": "/",
            "responseStatus": {"code": 200}, "requestReceivedTimestamp": at(0), "stageTimestamp": at(500_000),
        })
    };
    let secrets = ["secrets/s".to_owned()];
    let good = [
        event(1, "patch", "secrets/s"),
        event(2, "patch", "applications/a"),
        event(3, "delete", "secrets/s"),
    ];
    assert_eq!(never_ahead(&good, "applications/a", &secrets), 1);
    let wrong = [
        vec![event(1, "patch", "applications/a"), event(2, "patch", "secrets/s")],
        vec![event(1, "patch", "secrets/s"), event(1, "patch", "applications/a")],
        vec![
            event(1, "patch", "secrets/s"),
            event(2, "delete", "secrets/s"),
            event(3, "patch", "applications/a"),
        ],
        vec![event(1, "get", "secrets/s"), event(2, "patch", "applications/a")],
    ];
    for events in wrong {
        let judged = std::panic::catch_unwind(|| never_ahead(&events, "applications/a", &secrets));
        assert!(judged.is_err(), "not noticed: {events:?}");
    }
}
