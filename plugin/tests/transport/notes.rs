//! `examples/notes` under the real CLIs: what only they can tell, above all what they plan twice.

use crate::host::example;
use crate::workspace::{Workspace, programs};
use serde_json::{Value, json};

/// A note that ignores its text, and is made anew with `trigger`.
fn configuration(ink: &str, text: &str, trigger: u8) -> String {
    format!(
        r#"
terraform {{
  required_providers {{
    notes = {{
      source = "tfplugin-rs/notes"
    }}
  }}
}}

provider "notes" {{
  directory = "notes"
}}

ephemeral "notes_token" "this" {{
  seed = "terces"
}}

resource "terraform_data" "trigger" {{
  input = {trigger}
}}

resource "notes_note" "this" {{
  name      = "a"
  text      = "{text}"
  ink       = "{ink}"
  tags      = ["x"]
  remarks   = {{ bob = {{ text = "hm" }} }}
  extra     = {{ any = [1, "two"] }}
  secret_wo = ephemeral.notes_token.this.token

  lifecycle {{
    ignore_changes       = [text]
    replace_triggered_by = [terraform_data.trigger]
  }}
}}

data "notes_listing" "all" {{
  depends_on = [notes_note.this]
}}

output "names" {{
  value = data.notes_listing.all.names
}}

output "loud" {{
  value = provider::notes::shout("hi", 2)
}}
"#
    )
}

/// The values of the note in the state.
async fn note(workspace: &Workspace) -> Value {
    let state: Value = serde_json::from_str(&workspace.succeed(&["show", "-json"]).await).unwrap();
    let resources = state["values"]["root_module"]["resources"].as_array().unwrap();
    let note = resources.iter().find(|resource| resource["address"] == "notes_note.this");
    note.unwrap()["values"].clone()
}

async fn apply(workspace: &Workspace, configuration: &str, options: &[&str]) -> Value {
    workspace.write(configuration);
    let arguments = [&["apply", "-auto-approve", "-no-color"], options].concat();
    workspace.succeed(&arguments).await;
    // 0 stands for an empty plan, 2 for changes.
    workspace.succeed(&["plan", "-detailed-exitcode", "-no-color"]).await;
    note(workspace).await
}

#[tokio::test]
async fn a_note_lives_through_every_kind_of_plan() {
    for program in programs() {
        let workspace = Workspace::new(program, "notes", &example("notes"), "");
        let notes = workspace.directory.path().join("notes");
        std::fs::create_dir(&notes).unwrap();

        let created = apply(&workspace, &configuration("blue", "one", 1), &[]).await;
        assert_eq!(
            created,
            json!({
                "extra": {"any": [1, "two"]}, "frame": "plain", "id": "a", "ink": "blue", "length": 3,
                "name": "a", "remarks": {"bob": {"text": "hm", "volume": 1}}, "revision": 1,
                "secret_length": 6, "secret_wo": null, "tags": ["x"], "text": "one", "timeouts": null,
                "weight": null
            })
        );
        let outputs: Value = serde_json::from_str(&workspace.succeed(&["output", "-json"]).await).unwrap();
        assert_eq!((&outputs["names"]["value"], &outputs["loud"]["value"]), (&json!(["a"]), &json!("HI!!")));

        // Each is planned twice, for the second time with the text that the first plan ignored.
        let replaced = apply(&workspace, &configuration("red", "two", 1), &[]).await;
        assert_eq!((&replaced["ink"], &replaced["text"]), (&json!("red"), &json!("two")));
        let options = ["-replace=notes_note.this"];
        let replaced = apply(&workspace, &configuration("red", "three", 1), &options).await;
        assert_eq!((&replaced["text"], &replaced["revision"]), (&json!("three"), &json!(1)));
        let triggered = apply(&workspace, &configuration("red", "four", 2), &[]).await;
        assert_eq!((&triggered["text"], &triggered["revision"]), (&json!("four"), &json!(1)));

        // Imported, it is as it was.
        workspace.succeed(&["state", "rm", "-no-color", "notes_note.this"]).await;
        workspace.succeed(&["import", "-no-color", "notes_note.this", "a"]).await;
        workspace.succeed(&["plan", "-detailed-exitcode", "-no-color"]).await;

        let second = "resource \"notes_note\" \"second\" {\n  name = \"a\"\n  text = \"mine\"\n}\n";
        workspace.write(&(configuration("red", "four", 2) + second));
        let refused = workspace.fail(&["plan", "-no-color"]).await;
        assert!(refused.contains("Two blocks are for the note `a`"), "{refused}");

        workspace.write(&configuration("red", "four", 2));
        workspace.succeed(&["destroy", "-auto-approve", "-no-color"]).await;
        assert_eq!(notes.read_dir().unwrap().count(), 0);
    }
}
