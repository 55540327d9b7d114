//! The same provider under the real Terraform (or OpenTofu, if `TERRAFORM` names it).

use crate::host::{command, provider, signal, soon};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;
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

/// A directory to run Terraform in, with the provider at hand.
struct Workspace {
    terraform: PathBuf,
    directory: TempDir,
    reattach: Option<String>,
}

impl Workspace {
    /// `None`, and a word about it, where there is no Terraform.
    fn new() -> Option<Self> {
        let Some(terraform) = terraform() else {
            skipped("no terraform on PATH, and TERRAFORM is not set");
            return None;
        };
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join("bin")).unwrap();
        std::fs::create_dir_all(path.join("tmp")).unwrap();
        std::os::unix::fs::symlink(provider(), path.join("bin/terraform-provider-byhand")).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"tfplugin-rs/byhand\" = {:?}\n  }}\n  direct {{}}\n}}\n",
            path.join("bin")
        );
        std::fs::write(path.join("cli.tfrc"), settings).unwrap();
        std::fs::write(path.join("main.tf"), CONFIGURATION).unwrap();
        Some(Self { terraform, directory, reattach: None })
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let path = self.directory.path();
        let mut command = command(&self.terraform);
        command.current_dir(path).args(arguments);
        command.env("HOME", path).env("TMPDIR", path.join("tmp"));
        command.env("TF_CLI_CONFIG_FILE", path.join("cli.tfrc")).env("CHECKPOINT_DISABLE", "1");
        command.envs(self.reattach.iter().map(|value| ("TF_REATTACH_PROVIDERS", value)));
        soon("terraform", command.output()).await.unwrap()
    }

    /// What `arguments` print, which must succeed.
    async fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "terraform {arguments:?}:\n{out}\n{err}");
        out
    }

    /// Applies, plans nothing, and destroys.
    async fn live_and_die(&self) {
        self.succeed(&["apply", "-auto-approve", "-no-color"]).await;
        let state: Value = serde_json::from_str(&self.succeed(&["show", "-json"]).await).unwrap();
        let resource = &state["values"]["root_module"]["resources"][0];
        assert_eq!(
            (&resource["address"], &resource["values"]),
            (&json!("byhand_note.this"), &json!({"text": "kept"}))
        );
        // 0 stands for an empty plan, 2 for changes.
        self.succeed(&["plan", "-detailed-exitcode", "-no-color"]).await;
        self.succeed(&["destroy", "-auto-approve", "-no-color"]).await;
    }
}

#[expect(clippy::print_stdout, reason = "a test that proved nothing must say so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}

fn terraform() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the developer says which Terraform to use")]
    let (named, path) = (std::env::var_os("TERRAFORM"), std::env::var_os("PATH")?);
    let on_path =
        || std::env::split_paths(&path).map(|directory| directory.join("terraform")).find(|p| p.exists());
    named.map(PathBuf::from).or_else(on_path)
}

fn is_empty(directory: &Path) -> bool {
    directory.read_dir().unwrap().next().is_none()
}

#[tokio::test]
async fn terraform_reads_the_schema() {
    let Some(workspace) = Workspace::new() else { return };
    let schema = workspace.succeed(&["providers", "schema", "-json"]).await;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let (_address, provider) = schema["provider_schemas"].as_object().unwrap().iter().next().unwrap();
    let attributes = &provider["resource_schemas"]["byhand_note"]["block"]["attributes"];
    assert_eq!(attributes["text"], json!({"type": "string", "description_kind": "plain", "required": true}));
}

#[tokio::test]
async fn terraform_applies_plans_and_destroys() {
    let Some(workspace) = Workspace::new() else { return };
    workspace.live_and_die().await;
    let temporary = workspace.directory.path().join("tmp");
    assert!(is_empty(&temporary), "sockets left in {temporary:?}");
}

#[tokio::test]
async fn terraform_uses_a_provider_that_runs_already() {
    let Some(mut workspace) = Workspace::new() else { return };
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
    workspace.live_and_die().await;
    signal(child.id().unwrap(), "INT").await;
    assert_eq!(soon("the provider's end", child.wait()).await.unwrap().code(), Some(0));
    assert!(is_empty(&workspace.directory.path().join("tmp")));
}
