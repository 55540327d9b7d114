//! The same provider under the real CLIs.

use crate::host::{command, provider, signal, soon};
use crate::workspace::{Workspace, programs};
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncBufReadExt, BufReader};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    byhand = {
      source = "tfplugin-rs/byhand"
    }
  }
}

resource "byhand_note" "this" {
  text = "kept"
}
"#;

/// The provider under each CLI that is there.
fn workspaces() -> impl Iterator<Item = Workspace> {
    programs().iter().map(|program| Workspace::new(program, "byhand", &provider(), CONFIGURATION))
}

/// Applies, plans nothing, and destroys.
async fn live_and_die(workspace: &Workspace) {
    workspace.succeed(&["apply", "-auto-approve", "-no-color"]).await;
    let state: Value = serde_json::from_str(&workspace.succeed(&["show", "-json"]).await).unwrap();
    let resource = &state["values"]["root_module"]["resources"][0];
    assert_eq!(
        (&resource["address"], &resource["values"]),
        (&json!("byhand_note.this"), &json!({"text": "kept"}))
    );
    // 0 stands for an empty plan, 2 for changes.
    workspace.succeed(&["plan", "-detailed-exitcode", "-no-color"]).await;
    workspace.succeed(&["destroy", "-auto-approve", "-no-color"]).await;
}

fn is_empty(directory: &Path) -> bool {
    directory.read_dir().unwrap().next().is_none()
}

#[tokio::test]
async fn terraform_reads_the_schema() {
    for workspace in workspaces() {
        let schema = workspace.succeed(&["providers", "schema", "-json"]).await;
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let (_address, provider) = schema["provider_schemas"].as_object().unwrap().iter().next().unwrap();
        let text = &provider["resource_schemas"]["byhand_note"]["block"]["attributes"]["text"];
        assert_eq!(*text, json!({"type": "string", "description_kind": "plain", "required": true}));
    }
}

#[tokio::test]
async fn terraform_applies_plans_and_destroys() {
    for workspace in workspaces() {
        live_and_die(&workspace).await;
        let temporary = workspace.directory.path().join("tmp");
        assert!(is_empty(&temporary), "sockets left in {temporary:?}");
    }
}

#[tokio::test]
async fn terraform_uses_a_provider_that_runs_already() {
    for workspace in workspaces() {
        attach(workspace).await;
    }
}

async fn attach(mut workspace: Workspace) {
    let mut command = command(&provider());
    let mut child =
        command.arg("-debug").env("TMPDIR", workspace.directory.path().join("tmp")).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while workspace.reattach.is_none() {
        let line = soon("the variable", lines.next_line()).await.unwrap().expect("the variable");
        let value = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='");
        workspace.reattach = value.map(|value| value.strip_suffix('\'').unwrap().to_owned());
    }
    // Without the override only the running provider will do.
    std::fs::remove_dir_all(workspace.directory.path().join("bin")).unwrap();
    std::fs::write(workspace.directory.path().join("cli.tfrc"), "").unwrap();
    live_and_die(&workspace).await;
    signal(child.id().unwrap(), "INT").await;
    assert_eq!(soon("the provider's end", child.wait()).await.unwrap().code(), Some(0));
    assert!(is_empty(&workspace.directory.path().join("tmp")));
}
