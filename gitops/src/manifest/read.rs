//! YAML text → objects, within budgets.
//!
//! Read as Kubernetes' own tools read it: YAML 1.1 booleans and octal numbers, duplicate keys are errors. Documents
//! without content are skipped, `List` kinds are taken apart.

use super::{Error, Object};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::HashSet;

/// What a manifest may cost. The defaults take Argo CD's `install.yaml` (1.9 MB, 59 documents, 64,144 nodes, depth
/// 35) with room to spare, and reject bombs within milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Nesting of mappings and lists.
    pub depth: usize,
    /// Scalars, mappings and lists, over all documents.
    pub nodes: usize,
    /// Documents in the text.
    pub documents: usize,
    /// Uses of an anchor (`*name`).
    pub aliases: usize,
    /// Nodes that uses of anchors may multiply to.
    pub replayed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 64,
            nodes: 200_000,
            documents: 4_096,
            aliases: 1_000,
            replayed: 50_000,
        }
    }
}

impl Limits {
    fn options(&self) -> serde_saphyr::Options {
        serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_reader_input_bytes: Some(self.bytes),
                max_events: self.nodes * 2 + self.documents * 2 + 16,
                max_aliases: self.aliases,
                max_anchors: self.aliases,
                max_recorded_anchor_events: self.replayed,
                max_recorded_anchor_bytes: 4 << 20,
                flow_nesting_limit: self.depth,
                max_depth: self.depth,
                max_documents: self.documents,
                max_nodes: self.nodes,
                max_total_scalar_bytes: self.bytes,
                max_merge_keys: self.aliases,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: self.replayed,
                max_replay_stack_depth: 8,
            },
            emit_comments: false,
            legacy_octal_numbers: true,
            with_snippet: false,
        }
    }
}

/// Every object of a YAML text, in its order.
///
/// # Errors
///
/// [`Error::Syntax`], [`Error::Excess`], [`Error::TooLarge`], [`Error::NotAnObject`] and [`Error::Duplicate`] (same
/// group, kind, namespace and name).
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for document in documents(text, limits)? {
        let line = document.referenced.line();
        collect(document.value, &mut objects, &|value, problem| Error::NotAnObject {
            document: number(text, line),
            line,
            object: description(value),
            problem,
        })?;
    }
    let mut seen = HashSet::new();
    match objects.iter().map(Object::id).find(|id| !seen.insert(id.clone())) {
        Some(object) => Err(Error::Duplicate { object }),
        None => Ok(objects),
    }
}

/// The one value of a YAML (or JSON) text, such as a file of Helm values; null where the text is empty.
///
/// # Errors
///
/// [`Error::Syntax`], also when there is more than one document, [`Error::Excess`] and [`Error::TooLarge`].
pub fn parse_value(text: &str, limits: &Limits) -> Result<Value, Error> {
    let mut documents = documents(text, limits)?;
    match documents.len() {
        0 => Ok(Value::Null),
        1 => Ok(documents.remove(0).value),
        _ => {
            let line = documents.get(1).map_or(1, |document| document.referenced.line());
            Err(Error::Syntax { document: 2, line, problem: "only one document is expected".into() })
        }
    }
}

fn documents(text: &str, limits: &Limits) -> Result<Vec<Spanned<Value>>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > limits.bytes {
        return Err(Error::TooLarge { size: text.len(), limit: limits.bytes });
    }
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple_with_options(text, limits.options())
        .map_err(|error| syntax(text, &error))?;
    Ok(documents.into_iter().filter(|document| !document.value.is_null()).collect())
}

fn syntax(text: &str, error: &serde_saphyr::Error) -> Error {
    let line = error.location().map_or(1, |location| location.line());
    let told = error.without_snippet().to_string();
    // The parser goes on with where it stands, which is already said, and with options that users do not have.
    let problem = told.lines().next().unwrap_or_default();
    let end = [" at line ", ", set ", "; use "].iter().filter_map(|tail| problem.find(tail)).min();
    let problem = problem.get(..end.unwrap_or(problem.len())).unwrap_or(problem).trim();
    let document = number(text, line);
    match problem.strip_prefix("budget breached: ") {
        Some(budget) => Error::Excess { document, line, problem: excess(budget) },
        None => Error::Syntax { document, line, problem: problem.to_owned() },
    }
}

/// Which budget was exceeded, in words; the parser only has its name.
fn excess(budget: &str) -> &'static str {
    let is = |names: &[&str]| names.iter().any(|name| budget.starts_with(name));
    match () {
        () if is(&["Alias", "Anchors", "MergeKeys", "Recorded"]) => "its anchors and aliases repeat too much",
        () if is(&["Depth"]) => "it is nested too deeply",
        () if is(&["Documents"]) => "it has too many documents",
        () => "it is larger than a manifest may be",
    }
}

/// Which document of the text holds `line`, both from 1: separators before the line are counted, and one that opens
/// the first document separates nothing.
fn number(text: &str, line: u64) -> usize {
    let before = usize::try_from(line).unwrap_or(usize::MAX);
    let mut number = 1;
    let mut content = false;
    for line in text.lines().take(before) {
        if line == "---" || line.starts_with("--- ") {
            number += usize::from(content);
            content = line.len() > 4;
        } else {
            content |= !line.trim().is_empty() && !line.starts_with('#') && !line.starts_with('%');
        }
    }
    number
}

fn collect(
    value: Value,
    into: &mut Vec<Object>,
    fail: &dyn Fn(&Value, &'static str) -> Error,
) -> Result<(), Error> {
    let list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if list && value.get("items").is_some() {
        let Some(Value::Array(items)) = value.get("items").cloned() else {
            return Err(fail(&value, "has `items` that are not a list"));
        };
        for item in items {
            let nested = item.get("items").is_some();
            match nested {
                true => return Err(fail(&item, "is a list within a list")),
                false => collect(item, into, fail)?,
            }
        }
        return Ok(());
    }
    match Object::new(value.clone()) {
        Ok(object) => into.push(object),
        Err(problem) => return Err(fail(&value, problem)),
    }
    Ok(())
}

/// As much of `kind namespace/name` as a broken object has.
fn description(value: &Value) -> String {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let name = match (text("/metadata/namespace"), text("/metadata/name").or(text("/metadata/generateName")))
    {
        (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
        (_, name) => name.map(Into::into),
    };
    [text("/kind").map(Into::into), name].into_iter().flatten().collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    fn read(text: &str) -> Result<Vec<String>, String> {
        parse(text, &Limits::default())
            .map(|objects| objects.iter().map(|object| object.id().to_string()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn documents_lists_and_empty_ones() {
        let text = "# head\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n# only a comment\n---\n\
                    apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n\
                    - {apiVersion: apps/v1, kind: Deployment, metadata: {name: c, namespace: ns}}\n---\n";
        assert_eq!(read(text).unwrap(), ["ConfigMap a", "Secret b", "Deployment ns/c"]);
        assert_eq!(read("").unwrap(), [""; 0]);
        assert_eq!(read("\u{feff}apiVersion: v1\r\nkind: X\r\nmetadata:\r\n  name: a\r\n").unwrap(), ["X a"]);
    }

    #[test]
    fn messages_name_document_line_and_object() {
        let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let cases = [
            format!(
                "{good}---\napiVersion: v1\nkind: Secret\nmetadata: {{namespace: ns}}\ndata: {{password: hunter2}}\n"
            ),
            format!("---\n{good}---\nkind: Secret\nmetadata: {{name: s}}\n"),
            format!("{good}---\n{good}"),
            "a: 1\na: 2\n".to_owned(),
            format!("{good}---\na: [1, 2\nb: hunter2\n"),
            "just text".to_owned(),
        ];
        let text: Vec<String> = cases.iter().map(|case| read(case).unwrap_err()).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        document 2 (line 5, Secret) has no `metadata.name`
        document 2 (line 6, Secret s) has no `apiVersion`
        ConfigMap a appears twice
        document 1 is not usable YAML (line 2): duplicate mapping key: a
        document 2 is not usable YAML (line 6): illegal placement of ':' indicator
        document 1 (line 1) is not a mapping
        ");
    }

    #[test]
    fn values_as_kubernetes_tools_read_them() {
        let text = "a: yes\nb: n\nmode: 0644\ntext: \"yes\"\nnothing: ~\nnumber: 1e3\n8080: port\n";
        let value = parse_value(text, &Limits::default()).unwrap();
        insta::assert_snapshot!(value, @r#"{"8080":"port","a":true,"b":false,"mode":420,"nothing":null,"number":1000.0,"text":"yes"}"#);
    }

    #[test]
    fn budgets_are_told_in_words() {
        let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
            + &('b'..'j').fold(String::new(), |mut text, name| {
                let last = char::from_u32(u32::from(name) - 1).unwrap();
                let _ = writeln!(text, "{name}: &{name} [{}]", vec![format!("*{last}"); 9].join(","));
                text
            });
        let cases = [laughs, "{a: ".repeat(1_000), "- 1\n".repeat(300_000), "---\na: 1\n".repeat(10_000)];
        let text: Vec<String> = cases.iter().map(|case| read(case).unwrap_err()).collect();
        insta::assert_snapshot!(text.join("\n"), @"
            document 1 is not usable YAML (line 5): its anchors and aliases repeat too much
            document 1 is not usable YAML (line 1): recursion limit exceeded
            document 1 is not usable YAML (line 200000): it is larger than a manifest may be
            document 4097 is not usable YAML (line 8193): it has too many documents
        ");
    }

    /// A debug build, whose parser alone is optimized, gets five times as much.
    const ALLOWED: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 200 });

    /// Time that this thread had on a processor, so that a busy machine does not count; else the time of day.
    fn clock(begun: Instant) -> Duration {
        let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = schedule.split(' ').next().and_then(|ran| ran.parse().ok());
        nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
    }

    fn refuse(name: &str, text: &str) -> Duration {
        let begun = Instant::now();
        let before = clock(begun);
        let result = parse(text, &Limits::default());
        assert!(
            matches!(result, Err(Error::Syntax { .. } | Error::Excess { .. } | Error::TooLarge { .. })),
            "{name}: {result:?}"
        );
        clock(begun).saturating_sub(before)
    }

    /// Every bomb must be refused, and quickly.
    #[test]
    fn bombs_are_refused() {
        let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..10 {
            let uses = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(laughs, "a{level}: &a{level} [{uses}]").unwrap();
        }
        let nested = (0..10_000).fold(String::new(), |mut text, depth| {
            let _ = writeln!(text, "{}a:", " ".repeat(depth % 200));
            text
        });
        let deep = (0..200).fold(String::new(), |mut text, depth| {
            let _ = writeln!(text, "{}a:", " ".repeat(depth));
            text
        });
        let merge = {
            let mut text = "m0: &m0 {a: 1, b: 2}\n".to_owned();
            for level in 1..2_000 {
                let _ = writeln!(text, "m{level}: &m{level} {{<<: *m{}}}", level - 1);
            }
            text
        };
        let cases = [
            ("billion laughs", laughs),
            ("flow nesting", "[".repeat(10_000)),
            ("map nesting", "{a: ".repeat(10_000)),
            ("indented nesting", deep),
            ("duplicate keys", nested),
            ("a scalar too long", "x".repeat(100 << 20)),
            ("documents", "---\na: 1\n".repeat(100_000)),
            ("nodes", "- 1\n".repeat(1_000_000)),
            ("merge keys", merge),
            (
                "anchors",
                (0..60_000).fold(String::new(), |mut text, at| {
                    let _ = writeln!(text, "- &a{at} x");
                    text
                }),
            ),
        ];
        for (name, text) in cases {
            // The best of three: two threads may share one core.
            let took = (0..3).map(|_| refuse(name, &text)).min();
            assert!(took.is_some_and(|took| took < ALLOWED), "{name} took {took:?}");
        }
    }
}
