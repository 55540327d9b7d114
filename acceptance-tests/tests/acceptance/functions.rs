//! The provider's functions, as both CLIs call them: without a provider block, a cluster or a repository.

use gitops_acceptance_tests::Case;
use serde_json::{Value, json};
use std::fs;

/// The published examples, all at once: their outputs are what their comments say.
pub fn work_offline(case: &Case) {
    let mut run = case.blocks("");
    for name in ["application_manifest", "image_ref", "merge_values", "semver_bump", "tenant_path"] {
        let path = case.project().join("examples/functions").join(name).join("function.tf");
        let example = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
        run.write(&format!("{name}.tf"), &example);
    }
    run.apply().success();
    run.assert_settled();
    let outputs = run.command(&["output", "-json"]).success().json();
    let value = |name: &str| outputs[name]["value"].clone();
    assert_eq!(value("shop_image_tag"), json!("1.2.3"));
    assert_eq!(
        value("shop_values"),
        json!({ "replicas": 1, "image": { "tag": "1.5.0", "pullPolicy": "Always" } })
    );
    assert_eq!(value("next_version"), json!("v1.3.0"));
    assert_eq!(value("acme_directory"), json!("instances/acme"));
    let Value::String(manifest) = value("shop_application") else { panic!("{outputs}") };
    assert!(
        manifest.contains("kind: Application\n") && manifest.contains("targetRevision: v1.2.3\n"),
        "{manifest}"
    );
}

/// A wrong argument is an error at plan, which points at it.
pub fn name_the_wrong_argument(case: &Case) {
    let cases = [
        ("tenant_path(\"../acme\", null)", "is not a tenant id"),
        ("image_ref(\"Acme\")", "is not an image reference"),
        ("semver_bump(\"latest\", \"patch\")", "has no next version"),
        ("merge_values([], {})", "Helm values are an object"),
        ("application_manifest({ name = \"shop\" })", "it needs `source` or `sources`"),
    ];
    for (call, message) in cases {
        let mut run = case.blocks(&format!("output \"it\" {{\n  value = provider::gitops::{call}\n}}\n"));
        run.command(&["plan", "-no-color"]).failure().says("Invalid function argument").says(message);
    }
}
