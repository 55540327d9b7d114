//! Texts that are manifests, that are none, and that cost too much.

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
