//! What the example's plan says, without a cluster or a repository.

use super::APP;
use super::table::ENVIRONMENTS;
use gitops_acceptance_tests::Workspace;
use serde_json::{Value, json};

/// A repository that nobody reaches.
pub const NOWHERE: &str = "https://git.invalid/ontu-schedule.git";

/// The plan, of somebody who gets into nothing.
#[track_caller]
pub fn plan(run: &mut Workspace) -> Value {
    run.var("git_username", "nobody").var("git_password", "nothing");
    run.var("passwords", json!({ "dev": "a", "staging": "b", "prod": "c" }).to_string());
    run.plan().success().json["planned_values"].clone()
}

/// A resource of the plan.
#[track_caller]
pub fn resource<'a>(planned: &'a Value, address: &str) -> &'a Value {
    let resources = planned["root_module"]["resources"].as_array().expect("resources");
    let found = resources.iter().find(|resource| resource["address"] == address);
    &found.unwrap_or_else(|| panic!("no {address} is planned"))["values"]
}

/// What is to be in Git of the Applications of the environments.
#[track_caller]
pub fn applications(planned: &Value) -> [Value; 3] {
    let files = &resource(planned, "gitops_files.argocd")["files"];
    ENVIRONMENTS.map(|environment| yaml(&files[format!("argocd/applications/{APP}-{environment}.yaml")]))
}

/// What a text says that the plan has.
#[track_caller]
pub fn yaml(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_else(|| panic!("{text} is no text"));
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}
