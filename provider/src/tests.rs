//! What holds for the provider as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tfplugin_rs::docs::{Source, pages};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example(path: &str) -> Option<String> {
    std::fs::read_to_string(root().join("examples").join(path)).ok()
}

/// Every generated page; guides and decisions are written by hand.
fn generated() -> BTreeMap<String, String> {
    pages(&crate::table().unwrap(), &Source { provider: "gitops", example: &example })
}

/// `make docs` runs this with `UPDATE_DOCS=1`, which writes the pages instead.
#[test]
#[expect(clippy::disallowed_methods, reason = "the one switch of the tests")]
fn the_reference_is_what_the_schema_says() {
    let docs = root().join("docs");
    let update = std::env::var("UPDATE_DOCS").is_ok();
    let generated = generated();
    for (page, text) in &generated {
        let path = docs.join(page);
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == *text, "docs/{page} is not what the schema says; run `make docs`");
    }
    for directory in ["resources", "data-sources", "ephemeral-resources", "functions"] {
        let entries = std::fs::read_dir(docs.join(directory)).into_iter().flatten().flatten();
        for entry in entries {
            let page = format!("{directory}/{}", entry.file_name().to_string_lossy());
            assert!(generated.contains_key(&page), "docs/{page} describes nothing that exists");
        }
    }
}

#[test]
fn everything_has_an_example() {
    let table = crate::table().unwrap();
    let mut wanted = BTreeSet::from(["provider/provider.tf".to_owned()]);
    for (kind, _) in table.resource_schemas() {
        let files = ["resource.tf", "import.sh", "import-by-string-id.tf", "import-by-identity.tf"];
        wanted.extend(files.iter().map(|file| format!("resources/{kind}/{file}")));
    }
    wanted.extend(table.data_source_schemas().map(|(kind, _)| format!("data-sources/{kind}/data-source.tf")));
    wanted.extend(
        table
            .ephemeral_schemas()
            .map(|(kind, _)| format!("ephemeral-resources/{kind}/ephemeral-resource.tf")),
    );
    wanted.extend(table.functions().map(|function| format!("functions/{}/function.tf", function.name())));
    let missing: Vec<_> = wanted.iter().filter(|path| example(path).is_none()).collect();
    assert!(missing.is_empty(), "these examples are missing: {missing:?}");
}

/// An attribute without a description is an attribute that nobody can use.
#[test]
fn everything_is_described() {
    let undescribed: Vec<_> = generated()
        .into_iter()
        .flat_map(|(page, text)| {
            let lines =
                text.lines().map(str::trim_end).filter(|line| line.starts_with("- `") && line.ends_with(')'));
            let lines: Vec<_> = lines
                .filter(|line| !line.contains("(see [below]"))
                .map(|line| format!("{page}: {line}"))
                .collect();
            lines
        })
        .collect();
    assert!(undescribed.is_empty(), "without a description: {undescribed:#?}");
}
