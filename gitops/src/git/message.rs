//! Commit messages: what people read in the log, and the trailers that say whose change it was.

use super::Owner;

/// The longest message of one change.
const MAX_MESSAGE: usize = 200;
/// The longest name in a trailer.
const MAX_NAME: usize = 512;

/// What all messages of a repository have in common.
#[derive(Clone)]
pub(super) struct Log {
    /// The first line, with `{message}` in it.
    pub(super) template: String,
    /// Whether CI systems are asked not to run.
    pub(super) skip_ci: bool,
    /// The run that makes the commits: where people read about it, or a name.
    pub(super) run: Option<String>,
}

/// The message of the commit that carries `changes`, at least one.
///
/// The first line is the template with `{message}` replaced. Joined changes are listed below it, and then their
/// `details`. The last paragraph has a trailer for each: `Gitops-Resource: gitops_tenant team-a`, and one for the run.
pub(super) fn compose(log: &Log, changes: &[(&Owner, &str)], details: &[String]) -> String {
    let lines: Vec<String> = changes.iter().map(|(_, message)| one_line(message, MAX_MESSAGE)).collect();
    let subject = match lines.as_slice() {
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        [] => String::new(),
    };
    let mut text = one_line(&log.template.replace("{message}", &subject), 2 * MAX_MESSAGE);
    if log.skip_ci {
        text.push_str(" [skip ci]");
    }
    text.push_str("\n\n");
    if lines.len() > 1 {
        lines.iter().for_each(|line| text.push_str(&format!("* {line}\n")));
        text.push('\n');
    }
    if !details.is_empty() {
        details.iter().for_each(|line| text.push_str(&format!("- {}\n", one_line(line, MAX_MESSAGE))));
        text.push('\n');
    }
    for (owner, _) in changes {
        let (kind, identity) = (one_line(&owner.kind, MAX_NAME), one_line(&owner.identity, MAX_NAME));
        text.push_str(&format!("Gitops-Resource: {kind} {identity}\n"));
    }
    if let Some(run) = &log.run {
        text.push_str(&format!("Gitops-Run: {}\n", one_line(run, MAX_NAME)));
    }
    text
}

/// `text` on one line, without control characters: nothing that a user types starts a trailer of its own.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(limit).collect()
}

/// A name or address for a commit's author line, which `<`, `>` and newlines would break.
pub(super) fn person(text: &str, default: &str) -> String {
    let plain = one_line(text, MAX_NAME).replace(['<', '>'], "");
    // Git itself strips these from both ends, and refuses what is left empty.
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || ".,:;\"\\'".contains(c));
    if plain.is_empty() { default.to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(template: &str) -> Log {
        Log { template: template.to_owned(), skip_ci: false, run: None }
    }

    #[test]
    fn a_run_that_is_named_and_not_to_start_another() {
        let owner = Owner::new("gitops_tenant", "team-a");
        let run = Some("https://ci.example/jobs/7\nGitops-Resource: evil".to_owned());
        let log = Log { skip_ci: true, run, ..log("{message}") };
        insta::assert_snapshot!(compose(&log, &[(&owner, "add team-a")], &[]), @"
        add team-a [skip ci]

        Gitops-Resource: gitops_tenant team-a
        Gitops-Run: https://ci.example/jobs/7 Gitops-Resource: evil
        ");
    }

    #[test]
    fn one_change() {
        let owner = Owner::new("gitops_tenant", "team-a");
        let text =
            compose(&log("chore(platform): {message}"), &[(&owner, "add team-a\nSigned-off-by: evil")], &[]);
        insta::assert_snapshot!(text, @r"
        chore(platform): add team-a Signed-off-by: evil

        Gitops-Resource: gitops_tenant team-a
        ");
    }

    #[test]
    fn joined_changes() {
        let owners = ["team-a", "team-b\r\nX: y"].map(|id| Owner::new("gitops_tenant", id));
        let text = compose(&log("{message}"), &[(&owners[0], "add team-a"), (&owners[1], "add team-b")], &[]);
        insta::assert_snapshot!(text, @r"
        add team-a (and 1 more)

        * add team-a
        * add team-b

        Gitops-Resource: gitops_tenant team-a
        Gitops-Resource: gitops_tenant team-b X: y
        ");
    }

    #[test]
    fn details() {
        let owner = Owner::new("gitops_tenant_fleet", "shops");
        let details = ["acme".to_owned(), "globex\n\nGitops-Resource: evil".to_owned()];
        let text = compose(&log("{message}"), &[(&owner, "update fleet shops")], &details);
        insta::assert_snapshot!(text, @"
        update fleet shops

        - acme
        - globex Gitops-Resource: evil

        Gitops-Resource: gitops_tenant_fleet shops
        ");
    }

    #[test]
    fn people() {
        let cases = [
            ("Ada <ada@x>\n", "Ada ada@x"),
            ("", "gitops"),
            (" . ", "gitops"),
            ("<>", "gitops"),
            ("J. R.", "J. R"),
        ];
        for (name, expected) in cases {
            assert_eq!(person(name, "gitops"), expected, "{name:?}");
        }
    }
}
