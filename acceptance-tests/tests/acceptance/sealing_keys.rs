//! `gitops_sealing_key` with the real controller: keys that are there before it starts, new ones, those that it makes
//! itself, and all of them out of the backup when everything else is lost.

use crate::files::{INPUTS, PROVIDER, with_repository};
use crate::sealed_secrets_controller::{DEPLOYMENT, LABEL, certificate, define, manifest, opened};
use gitops_acceptance_tests::{Canary, Case, Kubectl, Repository, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const KEYS: &str = "gitops_sealing_key.sealed_secrets";
const ADDON: &str = "gitops_addon.sealed_secrets";
const SEALED: &str = "gitops_sealed_secret.app";
const SERVICE: &str = "sealed-secrets-controller";
const BACKUP: &str = "backup/sealing-keys.yaml";

/// Made for these tests, and of no other use.
pub const RECIPIENT: &str = "age1847y6tlue090ppcjsm6jwqswf8e5lwwqg9zm543zf8edcn88fsgskfqh0y";
pub const IDENTITY: &str = "AGE-SECRET-KEY-1LQ54U4CCKWF9DT6T4LKEWFKSP7Y2KFMD60SNEZMNJR2C4PZ8L60QMXY5MU";

/// What the published examples leave to the cluster, and what is sealed for their key.
const PLACE: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "identity" {
  type      = string
  ephemeral = true
}

variable "rotation" {
  type = number
}

resource "gitops_sealed_secret" "app" {
  certificate = gitops_sealing_key.sealed_secrets.certificate
  namespace   = var.namespace
  name        = "app"
  path        = "app.yaml"
  data_wo     = { PASSWORD = "one" }
}
"#;

const OVERRIDE: &str = r#"
resource "gitops_sealing_key" "sealed_secrets" {
  kubernetes    = { config_path = var.kubeconfig }
  namespace     = var.namespace
  rotation      = var.rotation
  identities_wo = [var.identity]

  backup = {
    recipients      = var.key_recipients
    path            = "backup/sealing-keys.yaml"
    repository_path = "backup/sealing-keys.yaml"
  }
}

resource "gitops_addon" "sealed_secrets" {
  kubernetes = { config_path = var.kubeconfig }
  namespace  = var.namespace
  images     = {}
}
"#;

/// The published examples of the keys and of the controller, together.
fn examples(case: &Case, repository: &Repository, namespace: &str) -> Workspace {
    let mut run = case.example("gitops_sealing_key");
    let addon = case.project().join("examples/resources/gitops_addon/resource.tf");
    run.write("addon.tf", &fs::read_to_string(addon).expect("the example"));
    run.write("inputs.tf", &format!("{INPUTS}{PLACE}"));
    run.write("place_override.tf", &format!("{PROVIDER}{OVERRIDE}"));
    run.write("controller.yaml", &manifest(namespace));
    with_repository(case, &mut run, repository);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace);
    run.var("key_recipients", json!([RECIPIENT]).to_string()).var("identity", IDENTITY).var("rotation", "1");
    run
}

/// A namespace with the controller that its workspace installs.
struct Stage {
    kubectl: Kubectl,
    namespace: String,
    repository: Repository,
}

impl Stage {
    /// What was sealed becomes a Secret, anew.
    #[track_caller]
    fn opens(&self, sealed: &str) {
        let (kubectl, namespace) = (&self.kubectl, self.namespace.as_str());
        kubectl.run(&["delete", "sealedsecret,secret", "app", "-n", namespace, "--ignore-not-found"]);
        kubectl.apply(sealed, "acceptance");
        opened(kubectl, namespace, "one");
    }

    fn keys(&self) -> Vec<Value> {
        let listed = self.kubectl.get(&["secret", "-n", &self.namespace, "-l", LABEL]);
        listed["items"].as_array().cloned().unwrap_or_default()
    }

    /// The key that is sealed for is the one that the controller gives out, and the backup has all.
    #[track_caller]
    fn agrees(&self, run: &mut Workspace, keys: usize) {
        let state = run.state();
        let status = state.resource(KEYS);
        assert_eq!(
            status["certificate"].as_str().map(str::trim),
            Some(certificate(&self.kubectl, &self.namespace).trim())
        );
        assert_eq!(self.keys().len(), keys, "keys in the cluster");
        assert_eq!(status["backup_keys"].as_array().map(Vec::len), Some(keys), "keys in the backup");
        assert_eq!((&status["backup_verified"], &status["backup_complete"]), (&json!(true), &json!(true)));
        let text = fs::read_to_string(run.dir().join(BACKUP)).expect("the backup");
        assert_eq!(self.repository.read(BACKUP).as_ref(), Some(&text));
    }

    /// No line of a private key is in the state, the logs or the backups.
    fn nothing_is_told(&self, run: &Workspace) {
        for key in self.keys() {
            let private = key["data"]["tls.key"].as_str().expect("a private key");
            let pem = String::from_utf8(decoded(private)).expect("PEM");
            let line = pem.lines().nth(3).expect("a line of it").to_owned();
            Canary::of(&line).assert_absent(run.dir());
            Canary::of(&line).assert_absent(run.logs());
            assert!(!self.repository.read(BACKUP).expect("the backup").contains(&line));
        }
    }
}

fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// Made before the controller starts; made anew; made by the controller; lost, and restored; forgotten.
pub fn survive_their_controller(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    define(&kubectl);
    let mut run = examples(case, &repository, namespace.name());
    let stage = Stage { kubectl, namespace: namespace.name().to_owned(), repository };

    // One apply: the key, the controller that finds it, and what is sealed for it.
    run.apply().success();
    run.assert_settled();
    stage.agrees(&mut run, 1);
    let mode = fs::metadata(run.dir().join(BACKUP)).expect("the backup").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others may read the backup");
    let first = stage.repository.read("app.yaml").expect("the SealedSecret");
    stage.opens(&first);

    // A new key. What was sealed for the old one still opens.
    run.var("rotation", "2");
    run.plan().success().assert_changes(&[&format!("{SEALED}: update"), &format!("{KEYS}: update")]);
    run.apply().success();
    run.assert_settled();
    stage.agrees(&mut run, 2);
    let second = stage.repository.read("app.yaml").expect("the SealedSecret");
    assert_ne!(first, second, "it was not sealed for the new key");
    stage.opens(&first);
    stage.opens(&second);

    // The controller makes one by itself: that is planned, and the backup follows.
    let cutoff = "SEALED_SECRETS_KEY_CUTOFF_TIME=Thu, 01 Jan 2099 00:00:00 +0000";
    let set = |value: &str| {
        stage.kubectl.run(&["set", "env", DEPLOYMENT, "-n", &stage.namespace, value]);
        stage.kubectl.run(&["rollout", "status", DEPLOYMENT, "-n", &stage.namespace, "--timeout=120s"]);
    };
    set(cutoff);
    assert_eq!(stage.keys().len(), 3, "the controller made none");
    set("SEALED_SECRETS_KEY_CUTOFF_TIME-");
    run.plan().success().assert_changes(&[&format!("{SEALED}: update"), &format!("{KEYS}: update")]);
    run.apply().success();
    run.assert_settled();
    stage.agrees(&mut run, 3);
    stage.nothing_is_told(&run);

    // Everything but the backup is lost. Without an identity nothing is restored, and nothing written.
    let commits = stage.repository.log().len();
    lost(&stage);
    run.var("key_backup", BACKUP).var("identity", OTHER_IDENTITY);
    run.apply().failure().says("The backup cannot be opened").says("no key at hand opens it");
    assert_eq!((stage.keys().len(), stage.repository.log().len()), (0, commits));
    run.var("identity", IDENTITY);
    run.apply().success();
    run.assert_settled();
    stage.agrees(&mut run, 3);
    stage.opens(&first);
    stage.opens(&second);
    assert_eq!(stage.repository.log().len(), commits, "the backup is what it was");

    run.destroy().success().says("The sealing keys stay").says("Private keys stay");
    assert!(stage.kubectl.find(&stage.namespace, "deployment", SERVICE).is_none());
    assert_eq!((stage.keys().len(), stage.repository.files().contains(&BACKUP.to_owned())), (3, true));
    assert!(run.dir().join(BACKUP).exists(), "{ADDON} went, and the backup with it");
}

/// An identity that opens nothing.
const OTHER_IDENTITY: &str = "AGE-SECRET-KEY-1DE02PW6LL593YJZC85SQMQ6J0Q6SGUWY3XLQJMX03GKGD6D955WQE3NF04";

/// The controller, its keys and what it opened are gone.
fn lost(stage: &Stage) {
    let namespace = stage.namespace.as_str();
    stage.kubectl.run(&["delete", DEPLOYMENT, "-n", namespace]);
    stage.kubectl.run(&["delete", "secret", "-n", namespace, "-l", LABEL]);
    stage.kubectl.run(&["delete", "sealedsecret,secret", "app", "-n", namespace, "--ignore-not-found"]);
}
