//! What was encrypted well and is not to be opened any more: a backup of keys and a file, for somebody else or changed by
//! somebody. What is decrypted before that is found out is told to nobody.

use super::deliveries::PROVIDER;
use super::failures::{assert_all_fail, labels};
use super::stage::Stage;
use std::fs;

const BACKUP: &str = "keys.yaml";

/// The backup and the file, as they are meant to be.
const WHOLE: &str = r#"
resource "gitops_sealing_key" "whole" {
  namespace = var.public.namespace
  rotation  = 1
  backup    = { recipients = [var.public.recipient], path = "${path.root}/keys.yaml" }
}

resource "gitops_sops_file" "whole" {
  path    = "secrets/whole.yaml"
  age     = [var.public.recipient]
  data_wo = { OTHER = "any", TEXT = var.secrets["whole.text"] }
}
"#;

/// What opens neither. `changed.yaml` and `less.yaml` are copies, whose MACs do not fit.
const BROKEN: &str = r#"
resource "gitops_sealing_key" "for_others" {
  namespace     = "${var.public.namespace}-for-others"
  restore       = { path = "${path.root}/keys.yaml" }
  identities_wo = [var.secrets["for_others.strange_identity"]]
}

resource "gitops_sealing_key" "changed" {
  namespace     = "${var.public.namespace}-changed"
  restore       = { path = "${path.root}/changed.yaml" }
  identities_wo = [var.secrets["changed.identity"]]
}

resource "gitops_sealing_key" "cut" {
  namespace     = "${var.public.namespace}-cut"
  restore       = { path = "${path.root}/cut.yaml" }
  identities_wo = [var.secrets["cut.identity"]]
}

ephemeral "gitops_sops_file" "less" {
  path       = "${path.root}/less.yaml"
  identities = [var.secrets["less.identity"]]
}

resource "gitops_secret_injection" "less" {
  namespace = var.public.namespace
  name      = "less"
  data_wo   = ephemeral.gitops_sops_file.less.data
}
"#;

/// None of them is restored or opened, and nothing of what they hold is told.
pub fn tells_nothing(stage: &mut Stage) {
    stage.change(&[PROVIDER, WHOLE]);
    stage.run.apply().success();
    stage.learn_keys();
    let backup = fs::read_to_string(stage.run.dir().join(BACKUP)).expect("the backup");
    let changed = backup.replace("type: kubernetes.io/tls", "type: Opaque");
    let cut = &backup[..backup.len() / 2];
    let file = stage.bare.read("secrets/whole.yaml").expect("the encrypted file");
    let less: String =
        file.lines().filter(|line| !line.starts_with("OTHER:")).map(|line| format!("{line}\n")).collect();
    assert!(changed != backup && less.lines().count() + 1 == file.lines().count(), "nothing is broken");

    stage.change(&[PROVIDER, WHOLE, BROKEN]);
    stage.run.write("changed.yaml", &changed).write("cut.yaml", cut).write("less.yaml", &less);
    let said = stage.run.command(&["plan", "-no-color"]);
    assert_all_fail(&said, &labels(BROKEN));
    said.says("no key at hand opens it").says("MAC");
    stage.change(&[PROVIDER, WHOLE]);
    stage.run.destroy().success();
}
