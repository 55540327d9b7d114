//! The first line of files that say themselves whose they are.

/// How every mark begins.
const START: &str = "# managed by ";

/// A comment (`# managed by gitops_tenant acme`) that names a resource, so that Git alone shows whose a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// The mark of the resource of type `kind` that is called `name`, which has no line break.
    pub fn new(kind: &str, name: &str) -> Self {
        Self(format!("{START}{kind} {name}"))
    }

    /// The type and the name of the resource whose mark is the first line of `text`.
    pub fn owner(text: &str) -> Option<(&str, &str)> {
        text.lines().next()?.strip_prefix(START)?.split_once(' ')
    }

    /// `content` with the mark as its first line.
    pub fn on(&self, content: &str) -> String {
        format!("{}\n{content}", self.0)
    }

    /// Whether the first line of `content` is the mark.
    pub fn is_on(&self, content: &[u8]) -> bool {
        let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line) == self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_whole_lines() {
        let mark = Mark::new("gitops_overlay", "web");
        assert_eq!(mark.on("a: 1\n"), "# managed by gitops_overlay web\na: 1\n");
        let cases = [
            ("# managed by gitops_overlay web\na: 1\n", true),
            ("# managed by gitops_overlay web\r\na: 1\r\n", true),
            ("# managed by gitops_overlay web", true),
            ("# managed by gitops_overlay web-2\n", false),
            ("# managed by gitops_tenant web\n", false),
            ("\n# managed by gitops_overlay web\n", false),
            ("", false),
        ];
        for (content, expected) in cases {
            assert_eq!(mark.is_on(content.as_bytes()), expected, "{content:?}");
        }
        assert_eq!(Mark::owner("# managed by gitops_overlay web\r\na: 1\n"), Some(("gitops_overlay", "web")));
        assert_eq!(Mark::owner("# managed by hand\n"), None);
        assert_eq!(Mark::owner(""), None);
    }
}
