//! Reference documentation from the schemas, in the layout of the Terraform Registry.
//!
//! Pure: [`pages`] turns a [`Table`] and the text of the examples into file contents. A provider's test compares
//! them with what it has committed, so that the pages cannot drift from the code.

mod schema;

use crate::function::DynFunction;
use crate::provider::{Provider, Table};
use crate::schema::Schema;
use schema::schema_section;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the pages need beside the schemas.
pub struct Source<'a> {
    /// The provider's name, such as `gitops`; page names leave the prefix `gitops_` away.
    pub provider: &'a str,
    /// The text of an example by its path below `examples/`, such as `resources/gitops_tenant/resource.tf`.
    pub example: &'a dyn Fn(&str) -> Option<String>,
}

/// All pages: content by path below `docs/`.
pub fn pages<P: Provider>(table: &Table<P>, source: &Source<'_>) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    pages.insert("index.md".to_owned(), index(table.schema(), source));
    for (kind, schema) in table.resource_schemas() {
        pages.insert(format!("resources/{}.md", source.page(kind)), resource(kind, schema, source));
    }
    for (kind, schema) in table.data_source_schemas() {
        let example = source.hcl(&format!("data-sources/{kind}/data-source.tf"));
        pages.insert(
            format!("data-sources/{}.md", source.page(kind)),
            object(kind, "Data Source", schema, &example),
        );
    }
    for (kind, schema) in table.ephemeral_schemas() {
        let example = source.hcl(&format!("ephemeral-resources/{kind}/ephemeral-resource.tf"));
        pages.insert(
            format!("ephemeral-resources/{}.md", source.page(kind)),
            object(kind, "Ephemeral Resource", schema, &example),
        );
    }
    for item in table.functions() {
        pages.insert(format!("functions/{}.md", item.name()), function(item, source));
    }
    pages
}

impl Source<'_> {
    fn page<'k>(&self, kind: &'k str) -> &'k str {
        kind.strip_prefix(self.provider).and_then(|rest| rest.strip_prefix('_')).unwrap_or(kind)
    }

    fn hcl(&self, path: &str) -> String {
        self.fenced(path, "terraform").map(|text| format!("\n## Example Usage\n\n{text}")).unwrap_or_default()
    }

    fn fenced(&self, path: &str, language: &str) -> Option<String> {
        let text = (self.example)(path)?;
        Some(format!("```{language}\n{}\n```\n", text.trim_end()))
    }
}

fn index(schema: &Schema, source: &Source<'_>) -> String {
    let mut page = front_matter(&format!("Provider: {}", source.provider), &schema.description);
    let _ = write!(page, "# {} Provider\n\n{}", source.provider, described(schema));
    page.push_str(&source.hcl("provider/provider.tf"));
    page.push_str(&schema_section(schema));
    page
}

fn resource(kind: &str, schema: &Schema, source: &Source<'_>) -> String {
    let example = source.hcl(&format!("resources/{kind}/resource.tf"));
    let mut page = object(kind, "Resource", schema, &example);
    let imports = [
        (
            "import-by-identity.tf",
            "terraform",
            "By identity (Terraform 1.12 or newer, OpenTofu 1.12 or newer):",
        ),
        ("import-by-string-id.tf", "terraform", "By id, in the configuration:"),
        ("import.sh", "shell", "By id, on the command line:"),
    ];
    let found: Vec<String> = imports
        .iter()
        .filter_map(|(file, language, intro)| {
            let text = source.fenced(&format!("resources/{kind}/{file}"), language)?;
            Some(format!("{intro}\n\n{text}"))
        })
        .collect();
    if !found.is_empty() {
        let _ = write!(page, "\n## Import\n\n{}", found.join("\n"));
    }
    page
}

fn object(kind: &str, what: &str, schema: &Schema, example: &str) -> String {
    let mut page = front_matter(&format!("{kind} {what}"), &schema.description);
    let _ = write!(page, "# {kind} ({what})\n\n{}", described(schema));
    page.push_str(example);
    page.push_str(&schema_section(schema));
    page
}

/// What the object is, and that it is deprecated, where it is.
fn described(schema: &Schema) -> String {
    let text = format!("{}\n", schema.description.trim());
    match &schema.deprecated {
        Some(why) => format!("{text}\n~> **Deprecated:** {}\n", one_line(why)),
        None => text,
    }
}

fn function(function: &dyn DynFunction, source: &Source<'_>) -> String {
    let name = function.name();
    let mut page = front_matter(&format!("{name} Function"), function.summary());
    let _ = write!(page, "# {name} (Function)\n\n{}\n", function.description().trim());
    page.push_str(&source.hcl(&format!("functions/{name}/function.tf")));
    let parameters: Vec<String> = function
        .parameters()
        .iter()
        .map(|(name, attribute)| format!("{name} {}", schema::type_name(attribute)))
        .collect();
    let _ =
        write!(page, "\n## Signature\n\n```text\n{name}({})\n```\n\n## Arguments\n\n", parameters.join(", "));
    for (index, (name, attribute)) in function.parameters().iter().enumerate() {
        let _ = writeln!(
            page,
            "{}. `{name}` ({}) {}",
            index + 1,
            schema::type_name(attribute),
            one_line(&attribute.description)
        );
    }
    page
}

fn front_matter(title: &str, description: &str) -> String {
    let first = description.trim().split("\n\n").next().unwrap_or_default();
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"\"\ndescription: |-\n  {}\n---\n\n",
        one_line(first)
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
