//! The errors of a command, as a test compares them: what a user reads, without line breaks and places that change.

use crate::outcome::Outcome;
use serde_json::Value;
use std::fmt::Write as _;

impl Outcome {
    /// The errors that a command with `-json` reported, sorted: the address, the line of the configuration that is
    /// pointed at, the summary and the detail of each. Every text in `places` stands for its second half.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn errors(&self, places: &[(&str, &str)]) -> String {
        let lines = self.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let reported = lines.map(|line| line["diagnostic"].clone());
        let mut errors: Vec<_> =
            reported.filter(|it| it["severity"] == "error").map(|it| shown(&it)).collect();
        assert!(!errors.is_empty(), "{}", self.report("was to report an error"));
        errors.sort();
        let text = errors.join("\n");
        places.iter().fold(text, |text, (place, name)| text.replace(place, name))
    }
}

fn shown(diagnostic: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let mut shown = text(&diagnostic["address"]);
    let code = text(&diagnostic["snippet"]["code"]);
    let _ = writeln!(shown, " at {}\n  Error: {}", shortened(&code), text(&diagnostic["summary"]));
    for line in text(&diagnostic["detail"]).lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(shown, "  {}", shortened(line));
    }
    shown
}

/// The first 400 characters of `line`.
fn shortened(line: &str) -> String {
    let mut short: String = line.chars().take(400).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn errors_are_sorted_and_say_where() {
        let diagnostic = |address: &str, severity: &str| {
            let code = "  host = \"https://127.0.0.1:4711\"";
            serde_json::json!({"type": "diagnostic", "diagnostic": {
                "severity": severity, "summary": "No route", "detail": "https://127.0.0.1:4711 is silent.\n\nStart it.",
                "address": address, "snippet": {"code": code},
            }})
        };
        let [second, first, warning] =
            [("b.x", "error"), ("a.x", "error"), ("a.x", "warning")].map(|(at, what)| diagnostic(at, what));
        let stdout = format!("{{\"type\": \"version\"}}\n{second}\nnoise\n{warning}\n{first}\n");
        let (what, stderr) = ("terraform plan".to_owned(), String::new());
        let outcome =
            Outcome { what, code: Some(1), stdout, stderr, elapsed: Duration::from_secs(1), late: false };
        insta::assert_snapshot!(outcome.errors(&[("127.0.0.1:4711", "server")]), @r#"
        a.x at host = "https://server"
          Error: No route
          https://server is silent.
          Start it.

        b.x at host = "https://server"
          Error: No route
          https://server is silent.
          Start it.
        "#);
    }
}
