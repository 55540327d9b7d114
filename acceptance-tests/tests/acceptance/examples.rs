//! What is published can be used as it is: formatted, and valid with the provider that was built.

use gitops_acceptance_tests::{Case, Workspace};
use std::fs;
use std::path::{Path, PathBuf};

fn entries(dir: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = listed.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

/// The examples of the reference as one configuration: they speak of each other.
fn reference(case: &Case) -> Workspace {
    let examples = case.project().join("examples");
    let mut all = case.configuration(&read(&examples.join("provider/provider.tf")));
    for (directory, file) in [
        ("resources", "resource.tf"),
        ("data-sources", "data-source.tf"),
        ("ephemeral-resources", "ephemeral-resource.tf"),
        ("functions", "function.tf"),
    ] {
        for example in entries(&examples.join(directory)) {
            let name = example.file_name().unwrap_or_default().to_string_lossy();
            all.write(&format!("{directory}-{name}.tf"), &read(&example.join(file)));
        }
    }
    all
}

/// `fmt` has nothing to say about examples and modules.
pub fn are_formatted(case: &Case) {
    let mut run = case.configuration("");
    for tree in ["examples", "modules"] {
        let tree = case.project().join(tree);
        run.command(&["fmt", "-check", "-recursive", "-diff", &tree.to_string_lossy()]).success();
    }
}

/// Every configuration that somebody would apply as a whole, and every module.
pub fn are_valid(case: &Case) {
    let whole = entries(&case.project().join("examples"))
        .into_iter()
        .filter(|path| path.join("main.tf").is_file())
        .chain(entries(&case.project().join("modules")));
    for path in whole {
        let path = path.strip_prefix(case.project()).unwrap_or(&path).to_string_lossy().into_owned();
        case.workspace(&path).validate().success();
    }
}

/// The examples of the reference, all at once.
pub fn of_the_reference_are_valid_together(case: &Case) {
    reference(case).validate().success();
}

/// The import blocks of the reference, and their commands.
pub fn of_imports_are_valid(case: &Case) {
    for resource in entries(&case.project().join("examples/resources")) {
        let kind = resource.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let command = read(&resource.join("import.sh"));
        assert!(command.starts_with(&format!("terraform import {kind}.")), "{kind}: {command}");
        let mut run = reference(case);
        run.write("import.tf", &read(&resource.join("import-by-string-id.tf")));
        run.validate().success();
        if case.cli().imports_by_identity() {
            run.write("import.tf", &read(&resource.join("import-by-identity.tf")));
            run.validate().success();
        }
    }
}
