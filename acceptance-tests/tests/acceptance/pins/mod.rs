//! A PIN has six digits: whoever can tell a right guess from a wrong one finds it among a million. State and plan must not
//! tell, whatever is computed from them by somebody who has read our source.

mod attack;

use super::files::{INPUTS, PROVIDER, with_repository};
use attack::{Attack, Shape};
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use gitops_acceptance_tests::{Case, Workspace, number, skipped};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::ops::Range;

/// How many PINs there are.
const ALL: u32 = 1_000_000;
/// How many are tried, the right one among them, where nobody says how many: `ACCEPTANCE_PINS=2000000` tries all.
const PINS: u32 = 20_000;
const CHART: &str = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
/// What the key of a fingerprint is behind in a file of variables.
const KEY: &str = "# gitops-rs.github.io/fingerprint-key: ";
/// Of this test, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const OUTSIDE: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

const DELIVERIES: &str = r#"
variable "pin" {
  type      = string
  ephemeral = true
}

variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "certificate" {
  type = string
}

variable "recipient" {
  type = string
}

resource "gitops_secret_injection" "it" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  name       = "it"
  data_wo    = { PIN = var.pin }
}

resource "gitops_repository_credentials" "it" {
  kubernetes  = { config_path = var.kubeconfig }
  namespace   = var.namespace
  url         = "https://git.example.com/acme/it.git"
  username    = "robot"
  password_wo = var.pin
}

resource "gitops_sealed_secret" "it" {
  namespace   = var.namespace
  name        = "it"
  path        = "it.yaml"
  certificate = var.certificate
  data_wo     = { PIN = var.pin }
}

resource "gitops_sops_file" "it" {
  path    = "it.enc.yaml"
  age     = [var.recipient]
  data_wo = { PIN = var.pin }
}

resource "gitops_env_file" "it" {
  path    = "${path.root}/it.env"
  data_wo = { PIN = var.pin }
}

resource "gitops_tenant" "it" {
  kubernetes      = { config_path = var.kubeconfig }
  tenant_id       = "it"
  chart           = { path = "charts/tenant" }
  namespace       = var.namespace
  namespace_owner = "terraform"
  secrets_wo      = { PIN = var.pin }
  secrets         = { age = [var.recipient] }
  wait            = false
}
"#;

/// Beside the others, as its ciphertext is in the state: it has a fingerprint only where there is a key elsewhere.
const VALUE: &str = r#"
resource "gitops_sealed_value" "it" {
  namespace   = var.namespace
  name        = "it"
  certificate = var.certificate
  value_wo    = var.pin
}
"#;

/// Each delivery: state and plan do not tell, and would with the one thing more that lies elsewhere.
pub fn are_not_in_the_state(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let repository = case.lab().repository(case, &[("charts/tenant/Chart.yaml", CHART)]);
    let (pin, tried) = chosen(case);
    let mut run = case.blocks(&format!("{INPUTS}{PROVIDER}{DELIVERIES}"));
    with_repository(case, &mut run, &repository);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG"))
        .var("namespace", namespace.name())
        .var("pin", &pin);
    run.var("certificate", SealingPair::new(RsaKeySize::_2048).certificate).var("recipient", RECIPIENT);
    run.apply().success();
    run.write("value.tf", VALUE).env("GITOPS_FINGERPRINT_KEY", OUTSIDE);
    run.plan().success();
    run.apply().success();

    let annotation = |secret: &str| {
        let live = kubectl.find(namespace.name(), "secret", secret).expect("the Secret");
        let key = &live["metadata"]["annotations"]["gitops-rs.github.io/fingerprint-key"];
        key.as_str().expect("a key").to_owned()
    };
    let state = run.state();
    let credentials =
        state.resource("gitops_repository_credentials.it")["secret_name"].as_str().expect("a name");
    let file = |path: &str| -> Value {
        serde_saphyr::from_str(&repository.read(path).expect("the file")).expect("YAML")
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let share = |path: &str| text(&file(path)["sops"]["age"][0]["enc"]);
    let variables = fs::read_to_string(run.dir().join("it.env")).expect("the file of variables");
    let key = variables.lines().find_map(|line| line.strip_prefix(KEY)).expect("the key of its fingerprint");
    let tenant = Shape::Tenant { namespace: namespace.name() };
    // What lies elsewhere: in the cluster, in Git, on this machine, in the environment.
    let elsewhere = [
        ("gitops_secret_injection", Shape::Data, annotation("it")),
        ("gitops_repository_credentials", Shape::Repository, annotation(credentials)),
        ("gitops_sealed_secret", Shape::Data, text(&file("it.yaml")["spec"]["encryptedData"]["PIN"])),
        ("gitops_sops_file", Shape::Document, share("it.enc.yaml")),
        ("gitops_env_file", Shape::Data, key.to_owned()),
        // It tells of both places that its secrets go to.
        ("gitops_tenant", tenant, share("instances/it/secrets.yaml")),
        ("gitops_tenant", Shape::Data, annotation("tenant-secrets")),
        ("gitops_sealed_value", Shape::Value, OUTSIDE.to_owned()),
    ];
    let seen = seen(&run);
    for (kind, shape, elsewhere) in elsewhere {
        let attack = Attack::on(&seen, kind, shape);
        assert_eq!(attack.run(tried.clone(), &[]), None, "{kind} tells the PIN");
        assert_eq!(
            attack.run(tried.clone(), &[&elsewhere]).as_deref(),
            Some(pin.as_str()),
            "{kind}: the attack finds nothing"
        );
    }
    run.destroy().success();
}

/// A PIN, and those that are tried, it among them.
fn chosen(case: &Case) -> (String, Range<u32>) {
    let pin = (case.random().number() % u64::from(ALL)) as u32;
    let around = number("ACCEPTANCE_PINS").unwrap_or(PINS) / 2;
    let tried = pin.saturating_sub(around)..(pin + around).min(ALL);
    if tried != (0..ALL) {
        skipped(format!("all but {} of {ALL} PINs; ACCEPTANCE_PINS=2000000 tries all", tried.len()));
    }
    (format!("{pin:06}"), tried)
}

/// State, its backup and plan, as JSON: what they say of each resource.
fn seen(run: &Workspace) -> Vec<Value> {
    let mut seen = Vec::new();
    for file in ["terraform.tfstate", "terraform.tfstate.backup"] {
        let text = fs::read_to_string(run.dir().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        seen.push(serde_json::from_str(&text).expect("a state"));
    }
    let shown = fs::read_dir(run.logs()).expect("the logs").flatten();
    let shown = shown.filter(|entry| entry.file_name().to_string_lossy().ends_with("-show.out"));
    for entry in shown {
        let mut text = String::new();
        fs::File::open(entry.path()).and_then(|mut file| file.read_to_string(&mut text)).expect("a plan");
        seen.extend(serde_json::from_str::<Value>(&text));
    }
    assert!(seen.len() > 2, "there is no plan");
    seen
}
