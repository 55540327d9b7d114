//! Hundreds of names that cannot be, in one configuration: `validate` names every one of them, where it stands, and none
//! of the good ones among them.

use gitops_acceptance_tests::Case;
use serde_json::Value;
use std::fmt::Write as _;

/// Components of a path that no repository can have. HCL normalizes Unicode, so that none here has another form.
const BAD: [&str; 36] = [
    "..",
    ".",
    "",
    ".git",
    ".GIT",
    ".gIt",
    "git~1",
    "GIT~12",
    ".git.",
    ".git ",
    ".git. .",
    ".g\u{200c}it",
    "\u{feff}.git",
    ".git::$INDEX_ALLOCATION",
    ".git:x",
    "a\\b",
    "..\\a",
    "C:",
    "a:stream",
    "a\nb",
    "a\tb",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{202e}b",
    "a\u{2066}b",
    "a\u{200b}b",
    "a.",
    "a ",
    "con",
    "CON.txt",
    "nul",
    "aux .x",
    "com1",
    "LPT9.yaml",
    "com¹",
    "conin$",
];
const GOOD: [&str; 10] =
    [".github", ".gitignore", "git", "git~x", "..a", "a b", "日本.yaml", "%2e%2e", "-x", "com10"];

/// Ids that no tenant can have.
const BAD_IDS: [&str; 40] = [
    "",
    "-a",
    "a-",
    "A",
    "team_a",
    "team.a",
    "a/b",
    "..",
    ".",
    "../etc",
    "a b",
    "a\n",
    "a\tb",
    "%2e%2e",
    "team%2da",
    "team\u{2010}a",
    "team\u{2011}a",
    "team\u{2012}a",
    "team\u{2013}a",
    "team\u{2014}a",
    "team\u{2015}a",
    "\u{430}cme",
    "acm\u{435}",
    "a\u{202e}b",
    "a\u{200b}b",
    "\u{feff}a",
    "a\\b",
    "a:b",
    "con",
    "nul",
    "com1",
    "lpt9",
    ".git",
    "GIT~1",
    "é",
    "ß",
    "日本",
    "a\u{661}",
    "a*",
    "~a",
];
const GOOD_IDS: [&str; 6] = ["a", "team-a", "a--b", "7", "4d7c9a1e-1111-4222-8333-444455556666", "console"];

/// A text as HCL has it in quotes.
fn quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '$' | '%' => escaped.push(c),
            c if c.is_ascii_graphic() || c == ' ' => escaped.push(c),
            c => drop(write!(escaped, "\\u{:04x}", u32::from(c))),
        }
        escaped
    });
    format!("\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
}

/// The name as a message repeats it.
fn shown(name: &str) -> String {
    name.chars().take(80).flat_map(char::escape_debug).collect()
}

/// Each of `parts` alone, in front, in the middle and at the end of a path.
fn paths(parts: &[&str]) -> Vec<String> {
    let places =
        |part: &&str| [(*part).to_owned(), format!("{part}/b"), format!("a/{part}"), format!("a/{part}/b")];
    // A path with an empty name at its end or front is another one with a slash too many.
    parts.iter().flat_map(places).collect()
}

pub fn hundreds_of_hostile_names(case: &Case) {
    let (bad, good) = (paths(&BAD), paths(&GOOD));
    let files = bad.iter().map(|path| quoted(path)).chain(good.iter().map(|path| {
        // Below directories of their own: one of them may be the directory of another.
        quoted(&format!("{}/{path}", good.iter().position(|it| it == path).unwrap_or_default()))
    }));
    let files: String = files.map(|path| format!("    {path} = \"\"\n")).collect();
    let ids = BAD_IDS.iter().chain(&GOOD_IDS).map(|id| quoted(id));
    let tenants: String =
        ids.map(|id| format!("    {id} = {{ chart = {{ path = \"charts/t\" }} }}\n")).collect();
    let each = |(number, id): (usize, &&str)| {
        format!(
            "\nresource \"gitops_tenant\" \"t{number}\" {{\n  tenant_id = {}\n  chart = {{ path = \"charts/t\" }}\n}}\n",
            quoted(id)
        )
    };
    let each: String = BAD_IDS.iter().enumerate().map(each).collect();
    let blocks = format!(
        "\nresource \"gitops_files\" \"all\" {{\n  name = \"all\"\n  files = {{\n{files}  }}\n}}\n\nresource \"gitops_tenant_fleet\" \"all\" {{\n  name = \"all\"\n  tenants = {{\n{tenants}  }}\n}}\n{each}"
    );
    let mut run = case.blocks(&blocks);
    let told = run.command(&["validate", "-json"]).failure().json();
    let told: Vec<Told> = told["diagnostics"].as_array().into_iter().flatten().map(Told::of).collect();
    // Each is told once, in its block, and points at the name itself.
    let expect = |block: &str, name: &str, what: &str| {
        let (line, summary) = (quoted(name), format!("`{}` is not {what}", shown(name)));
        let fits = |told: &&Told| told.block == block && told.summary.starts_with(&summary);
        let found: Vec<_> = told.iter().filter(fits).collect();
        assert!(found.len() == 1 && found[0].line.contains(&line), "{summary} in {block}: {found:?}");
    };
    for path in &bad {
        expect("resource \"gitops_files\" \"all\"", path, "a path in a repository: ");
    }
    for (number, id) in BAD_IDS.iter().enumerate() {
        expect("resource \"gitops_tenant_fleet\" \"all\"", id, "a tenant id: ");
        expect(&format!("resource \"gitops_tenant\" \"t{number}\""), id, "a tenant id: ");
    }
    // Nothing else is wrong.
    assert_eq!(told.len(), bad.len() + 2 * BAD_IDS.len());
}

/// An error: the block and the line that it points at, and its words.
#[derive(Debug)]
struct Told {
    block: String,
    line: String,
    summary: String,
}

impl Told {
    fn of(diagnostic: &Value) -> Self {
        assert_eq!(diagnostic["severity"], "error", "{diagnostic}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let snippet = &diagnostic["snippet"];
        Self {
            block: text(&snippet["context"]),
            line: text(&snippet["code"]),
            summary: text(&diagnostic["summary"]),
        }
    }
}
