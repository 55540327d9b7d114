//! Ten thousand ids, paths and versions that nobody should be able to give, and good ones among them, in configurations
//! that the CLI validates with our provider: every bad one is refused, where it stands, and no good one is.
//!
//! What makes a name bad is how it was made. The names are those of the provider's own test, which asks its resources
//! without a CLI, and for more of their attributes; `GITOPS_TEST_SEED` makes others here, too.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use gitops_acceptance_tests::hostile::names::{self, Name};
use gitops_acceptance_tests::{Case, Random, number};

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// How many ids of tenants, paths of files, and products or versions of them.
const IDS: usize = 4_500;
const PATHS: usize = 4_500;
const VERSIONS: usize = 1_000;
/// Blocks of one configuration, and of one file of it: the CLI reads all of a file again for each error in it.
const PART: usize = 1_000;
const FILE: usize = 50;
/// Wrong answers that are shown, and how many characters of each.
const SHOWN: usize = 5;
const CHARACTERS: usize = 300;

/// A resource that has one of the names, and in which nothing else can be wrong.
struct Block {
    kind: &'static str,
    /// Where the name stands: what a refusal has to point at.
    line: String,
    rest: &'static str,
    name: Name,
}

/// What became of the names.
#[derive(Default)]
struct Answers {
    refused: usize,
    let_through: usize,
    accepted: usize,
    denied: usize,
    /// In words, those of which the answer is not the right one.
    wrong: Vec<String>,
    time: Duration,
}

/// How many of each were answered rightly, and in what time.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    let (case, seed) = (setting.case("hostile"), number("GITOPS_TEST_SEED").unwrap_or(1));
    let mut answers = Answers::default();
    for blocks in blocks(seed).chunks(PART) {
        answers.ask(setting, &case, blocks);
    }
    Ok(answers.rows(&format!("GITOPS_TEST_SEED={seed}; {}", setting.provider.display())))
}

/// The names in their blocks, each kind of them as the provider's test has it.
fn blocks(seed: u64) -> Vec<Block> {
    let random = || Random::new(seed);
    let (mut ids, mut paths, mut versions) = (random(), random(), random());
    let mut blocks: Vec<_> = (0..IDS).map(|_| Block::tenant(names::id(&mut ids))).collect();
    blocks.extend((0..PATHS).map(|number| Block::file(names::path(&mut paths, number))));
    blocks.extend((0..VERSIONS).map(|number| Block::version(names::version(&mut versions), number)));
    blocks
}

impl Block {
    fn tenant(name: Name) -> Self {
        let line = format!("tenant_id = {}", quoted(&name.text));
        Self { kind: "gitops_tenant", line, rest: "chart = { path = \"charts/t\" }", name }
    }

    fn file(name: Name) -> Self {
        let line = format!("files = {{ {} = \"\" }}", quoted(&name.text));
        Self { kind: "gitops_files", line, rest: "name = \"all\"", name }
    }

    /// The name is a product's, or a version's, in turns.
    fn version(name: Name, number: usize) -> Self {
        let (at, rest) = match number % 2 {
            0 => ("product", "version = \"1.0\"\n  chart = { path = \"charts/t\" }"),
            _ => ("version", "product = \"shop\"\n  chart = { path = \"charts/t\" }"),
        };
        let line = format!("{at} = {}", quoted(&name.text));
        Self { kind: "gitops_product_version", line, rest, name }
    }

    fn address(&self, place: usize) -> String {
        format!("{}.n{place}", self.kind)
    }
}

/// A text as HCL has it in quotes. Whatever might mean something there, or get lost, is a number.
fn quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            c if c.is_ascii_alphanumeric() || "-_./".contains(c) => escaped.push(c),
            c => drop(write!(escaped, "\\U{:08x}", u32::from(c))),
        }
        escaped
    });
    format!("\"{escaped}\"")
}

/// A file of these blocks, of which the first is the one at `first`.
fn file(first: usize, blocks: &[Block]) -> String {
    let block = |(place, Block { kind, line, rest, .. }): (usize, &Block)| {
        format!("resource \"{kind}\" \"n{place}\" {{\n  {line}\n  {rest}\n}}\n\n")
    };
    (first..).zip(blocks).map(block).collect()
}

/// The lines that errors point at, by the addresses of their blocks.
fn errors(told: &Value) -> BTreeMap<String, Vec<String>> {
    let mut errors: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let all = told["diagnostics"].as_array().into_iter().flatten();
    for error in all.filter(|diagnostic| diagnostic["severity"] == "error") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = match &error["snippet"]["code"] {
            Value::String(line) => line.clone(),
            _ => format!("no line: {}", text(&error["summary"])),
        };
        errors.entry(text(&error["address"])).or_default().push(line);
    }
    errors
}

impl Answers {
    /// Validates a configuration of these blocks.
    fn ask(&mut self, setting: &Setting, case: &Case, blocks: &[Block]) {
        let mut run = case.blocks("");
        for (number, blocks) in blocks.chunks(FILE).enumerate() {
            run.write(&format!("names-{number}.tf"), &file(number * FILE, blocks));
        }
        setting.supply(case, &mut run);
        run.init();
        let outcome = run.command(&["validate", "-json"]);
        self.time += outcome.elapsed;
        self.judge(blocks, errors(&outcome.json()));
    }

    /// Demands that each bad name is pointed at and no good one, and that no error is left.
    fn judge(&mut self, blocks: &[Block], mut errors: BTreeMap<String, Vec<String>>) {
        for (place, block) in blocks.iter().enumerate() {
            let lines = errors.remove(&block.address(place)).unwrap_or_default();
            let refused = !lines.is_empty() && lines.iter().all(|line| line.contains(&block.line));
            let (count, right) = match block.name.bad {
                true if refused => (&mut self.refused, true),
                true => (&mut self.let_through, false),
                false if lines.is_empty() => (&mut self.accepted, true),
                false => (&mut self.denied, false),
            };
            *count += 1;
            if !right {
                let Name { text, why, .. } = &block.name;
                self.wrong.push(format!("{} with {text:?} ({why}): errors at {lines:?}", block.kind));
            }
        }
        self.wrong
            .extend(errors.into_iter().map(|(address, lines)| format!("{address:?}: errors at {lines:?}")));
    }

    fn rows(self, note: &str) -> Vec<Row> {
        let row = |what: &str, unit, value, goal| {
            let mut ours = Samples::default();
            ours.add(value);
            Row::Measured { what: what.to_owned(), unit, ours, theirs: None, goal }
        };
        let count = |what: &str, count: usize, goal| row(what, Unit::Count, count as f64, goal);
        let mut rows = vec![
            count("bad names refused, where they stand", self.refused, Goal::None),
            count("bad names let through", self.let_through, Goal::Limit(0.0)),
            count("good names accepted", self.accepted, Goal::None),
            count("good names refused", self.denied, Goal::Limit(0.0)),
            row("all of them validated", Unit::Seconds, self.time.as_secs_f64(), Goal::None),
            Row::Note(note.to_owned()),
        ];
        if !self.wrong.is_empty() {
            let short = |text: &String| text.chars().take(CHARACTERS).collect::<String>();
            let shown = self.wrong.iter().take(SHOWN).map(short).collect::<Vec<_>>().join("\n");
            let why = format!("{} answers are wrong, such as\n{shown}", self.wrong.len());
            rows.push(Row::Failed { what: "hostile names".to_owned(), why });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(text: &str, bad: bool) -> Name {
        Name { text: text.to_owned(), bad, why: "a test" }
    }

    /// What `validate` tells of an error.
    fn error(address: &str, line: &str) -> Value {
        json!({"severity": "error", "address": address, "snippet": {"code": line}})
    }

    fn judged(blocks: &[Block], told: &[Value]) -> Answers {
        let mut answers = Answers::default();
        answers.judge(blocks, errors(&json!({ "diagnostics": told })));
        answers
    }

    #[test]
    fn there_are_ten_thousand_names_each_in_a_line() {
        let blocks = blocks(1);
        assert_eq!(blocks.len(), 10_000);
        for blocks in blocks.chunks(PART) {
            let text = file(0, blocks);
            for block in blocks {
                assert!(text.lines().any(|line| line.contains(&block.line)), "{}", block.line);
            }
        }
    }

    #[test]
    fn a_refusal_points_at_the_name() {
        let blocks = [
            Block::tenant(name("-a", true)),
            Block::file(name("a\0", true)),
            Block::tenant(name("b", false)),
        ];
        let first = error("gitops_tenant.n0", "  tenant_id = \"-a\"");
        let second = error("gitops_files.n1", r#"  files = { "a\U00000000" = "" }"#);
        let right = judged(&blocks, &[first.clone(), second.clone()]);
        assert!(right.wrong.is_empty() && right.refused == 2 && right.accepted == 1, "{:?}", right.wrong);
        assert!(!right.rows("").iter().any(Row::failed));
        let elsewhere = error("gitops_tenant.n0", "  chart = { path = \"charts/t\" }");
        let strange = json!({"severity": "error", "summary": "the provider crashed"});
        let good = error("gitops_tenant.n2", "  tenant_id = \"b\"");
        let cases = [
            (vec![second.clone()], (1, 0)),
            (vec![first.clone(), elsewhere, second.clone()], (1, 0)),
            (vec![first.clone(), second.clone(), good], (0, 1)),
            (vec![first, second, strange], (0, 0)),
        ];
        for (told, expected) in cases {
            let wrong = judged(&blocks, &told);
            assert_eq!((wrong.let_through, wrong.denied), expected, "{told:?}");
            assert!(wrong.wrong.len() == 1 && wrong.rows("").iter().any(Row::failed), "{told:?}");
        }
    }
}
