//! Text that a server wrote, made fit to show.

use base64::Engine as _;

/// The longest text of a server that is shown, in bytes.
const MAX_TEXT: usize = 2048;

/// What a server said: no control characters, no `remote:` clutter, no secret of ours, not too long.
///
/// A carriage return overwrites a line on a terminal, so only what stands after the last one counts.
pub(super) fn cleaned<'a>(bytes: &[u8], secrets: impl Iterator<Item = &'a str>) -> String {
    let text = without_escapes(&String::from_utf8_lossy(bytes));
    let lines = text.lines().map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default());
    let lines = lines.map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    let kept: Vec<String> =
        lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect();
    capped(redacted(kept.join("\n"), secrets))
}

/// `text` without our secrets, in the forms in which they travel.
pub(super) fn redacted<'a>(mut text: String, secrets: impl Iterator<Item = &'a str>) -> String {
    // Shorter ones would mangle ordinary words, and are no secret.
    for secret in secrets.filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "[hidden]");
        text = text.replace(&base64::engine::general_purpose::STANDARD.encode(secret), "[hidden]");
    }
    text
}

/// A message for libgit2, which aborts the process at a NUL.
pub(super) fn without_nul(text: &str) -> String {
    capped(text.replace('\0', ""))
}

fn capped(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// `text` without ANSI escape sequences: `ESC [ … letter` and `ESC ] … BEL`.
fn without_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            kept.push(c);
            continue;
        }
        let last: fn(char) -> bool = match rest.next() {
            Some('[') => |c| ('@'..='~').contains(&c),
            Some(']') => |c| c == '\u{7}' || c == '\u{1b}',
            _ => continue,
        };
        for c in rest.by_ref() {
            if last(c) || c == '\n' {
                break;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_text() {
        let cases: [(&[u8], &str); 7] = [
            (b"plain\n", "plain"),
            (b"\x1b[31merror:\x1b[0m GH006: Protected branch\n\n", "error: GH006: Protected branch"),
            (b"10%\r50%\r100%\nnext\r\n", "100%\nnext"),
            (b"\x1b]0;title\x07hello\0\x08", "hello"),
            (b"token s3cr3t-token leaked", "token [hidden] leaked"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"", ""),
        ];
        for (bytes, expected) in cases {
            assert_eq!(cleaned(bytes, ["s3cr3t-token"].into_iter()), expected, "{bytes:?}");
        }
        assert!(cleaned(&[b'x'; 100_000], [].into_iter()).len() < 3000);
        assert_eq!(without_nul("a\0b"), "ab");
    }
}
