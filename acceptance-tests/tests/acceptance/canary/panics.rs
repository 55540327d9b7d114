//! A provider that panics in a call that holds a secret. Ours does not, as far as anybody knows; the notes of the SDK's examples
//! do when they are told to, and are made of the same SDK.

use super::deliveries::PROVIDER;
use super::stage::Stage;
use gitops_acceptance_tests::{provider, publish, skipped, target};
use std::fs;

/// The notes, as `make acceptance` builds them.
const NOTES: &str = "debug/examples/notes";
/// What the panic itself says. Others may have values in it.
const PANIC: &str = "the tests want to see what becomes of this";

const TERRAFORM: &str = r#"terraform {
  required_providers {
    gitops = { source = "registry.terraform.io/gitops-rs/gitops" }
    notes  = { source = "registry.terraform.io/example/notes" }
  }
}
"#;

const BLOCKS: &str = r#"
provider "notes" {
  directory = path.root
}

resource "notes_note" "panics" {
  name      = "panic"
  text      = "any"
  secret_wo = var.secrets["panics.it"]
}
"#;

/// The plan fails, and says where to turn; neither it nor the log says what was in the call.
pub fn tells_nothing(stage: &mut Stage) {
    let notes = target().join(NOTES);
    if !notes.is_file() {
        skipped("a panic that holds a secret; `cargo build --workspace --example notes` builds what panics");
        return;
    }
    let mirror = tempfile::tempdir().expect("a directory");
    publish(&provider(), mirror.path(), "gitops-rs/gitops", env!("CARGO_PKG_VERSION")).expect("our provider");
    publish(&notes, mirror.path(), "example/notes", "1.0.0").expect("the notes");
    let settings = mirror.path().join("cli.tfrc");
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        mirror.path()
    );
    fs::write(&settings, text).expect("the CLI's settings");
    stage.change(&[PROVIDER, BLOCKS]);
    stage.run.write("terraform.tf", TERRAFORM).env("TF_CLI_CONFIG_FILE", settings.to_string_lossy());

    for command in [&["plan", "-no-color"][..], &["apply", "-auto-approve", "-no-color"]] {
        let said = stage.run.command(command).failure();
        said.says("it stopped in the middle of the operation").says_nothing_of(PANIC);
    }
    let traced = fs::read_to_string(stage.trace()).expect("the trace");
    assert!(traced.contains("a request panicked"), "the log knows of no panic");
    assert!(!traced.contains(PANIC), "the log says what the panic said");
}
