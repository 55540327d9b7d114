//! What a program says on stderr: to the log line by line, and the last lines kept for the error.

use crate::Secret;
use std::{collections::VecDeque, io};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How many lines are kept, and how many bytes of each.
const LINES: usize = 20;
const LINE_BYTES: usize = 2048;

/// The last lines of a stream.
pub(super) struct Tail {
    command: String,
    /// What is blotted out of a line.
    secrets: Vec<Secret<String>>,
    /// Bytes of the longest of them.
    longest: usize,
    lines: VecDeque<String>,
}

impl Tail {
    pub(super) fn new(command: &str, secrets: Vec<Secret<String>>) -> Self {
        let secrets: Vec<_> = secrets.iter().flat_map(lines_of).collect();
        let longest = secrets.iter().map(|secret| secret.expose().len()).max().unwrap_or(0);
        Self { command: command.to_owned(), secrets, longest, lines: VecDeque::new() }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }

    /// Reads the stream to its end. A line longer than the limit is cut.
    pub(super) async fn follow(&mut self, mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
        let (mut chunk, mut line) = (vec![0; 8192], Vec::new());
        loop {
            let read = stream.read(&mut chunk).await?;
            for &byte in chunk.iter().take(read) {
                match byte {
                    b'\n' => self.push(&std::mem::take(&mut line)),
                    _ if line.len() < LINE_BYTES.saturating_add(self.longest) => line.push(byte),
                    _ => {}
                }
            }
            if read == 0 {
                self.push(&line);
                return Ok(());
            }
        }
    }

    fn push(&mut self, line: &[u8]) {
        let was_cut = line.len() > LINE_BYTES;
        let mut line = printable(&String::from_utf8_lossy(line));
        for secret in &self.secrets {
            line = line.replace(secret.expose().as_str(), "(secret)");
        }
        if was_cut {
            // The end may be the beginning of a secret.
            let whole = line.len().saturating_sub(self.longest).min(LINE_BYTES);
            line.truncate(line.floor_char_boundary(whole));
        }
        if line.is_empty() {
            return;
        }
        tracing::debug!(command = self.command, "{line}");
        if is_place_in_go(&line) {
            // So was the line before: the function. A stack of them would push out why it is there.
            self.lines.pop_back_if(|function| !function.contains(' ') && function.contains('.'));
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// The lines of a secret as [`printable`] shows them: a program may print any of them alone. Of several, those that are
/// too short to tell anything are left, as they would be found in every other word.
fn lines_of(secret: &Secret<String>) -> Vec<Secret<String>> {
    const TELLING: usize = 4;
    let lines: Vec<_> = secret.expose().lines().map(printable).filter(|line| !line.is_empty()).collect();
    let least = if lines.len() > 1 { TELLING } else { 1 };
    lines.into_iter().filter(|line| line.len() >= least).map(Secret::new).collect()
}

/// Whether the line is the second of the two that a Go program prints for each function on its stack, such as
/// ` runtime/proc.go:290 +0x1d`: kubeadm, which kind runs, ends with dozens of them where it fails.
fn is_place_in_go(line: &str) -> bool {
    let Some((_, place)) = line.strip_prefix(' ').and_then(|line| line.rsplit_once(".go:")) else {
        return false;
    };
    let number = place.split_once(" +0x").map_or(place, |(number, _)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The line as a terminal would show it at the end: without escape sequences, other control characters and what
/// a carriage return has overwritten.
fn printable(line: &str) -> String {
    let line = line.trim_end();
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => {
                let mut sequence = characters.by_ref().skip_while(|c| *c == '[');
                sequence.find(|c| c.is_ascii_alphabetic());
            }
            '\t' => text.push(' '),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn lines_are_shown_as_a_terminal_would() {
        let cases = [
            ("plain", "plain"),
            ("\x1b[32m ok\x1b[0m", " ok"),
            ("10%\r50%\r100%", "100%"),
            ("a\tb\x07", "a b"),
            ("windows\r", "windows"),
            ("\x1b", ""),
        ];
        for (line, expected) in cases {
            assert_eq!(printable(line), expected, "printable({line:?})");
        }
    }

    #[tokio::test]
    async fn the_last_lines_are_kept_cut_and_without_secrets() {
        let mut text: String = (0..30).map(|n| format!("line {n}\n")).collect();
        text.push_str("token hunter2 refused\n");
        text.push_str(&"x".repeat(10_000));
        let mut tail = Tail::new("t", vec![Secret::new("hunter2".into())]);
        tail.follow(text.as_bytes()).await.unwrap();
        let lines = tail.into_lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[LINES - 2], "token (secret) refused");
        assert_eq!(lines[LINES - 1].len(), LINE_BYTES);
    }

    #[tokio::test]
    async fn stacks_of_go_programs_are_left_out() {
        let frame = "main.(*Runner).Run\n\texample.com/main@v1.36.3/runner.go:234\n";
        let panic = "goroutine 1 [running]:\nmain.main()\n\t/src/main.go:10 +0x1d\n";
        let text = format!(
            "error: the port 6443 is in use\nsee https://example.com/a.go:1\n\tmain.go:x\n{}{panic}",
            frame.repeat(30)
        );
        let mut tail = Tail::new("t", vec![]);
        tail.follow(text.as_bytes()).await.unwrap();
        assert_eq!(
            tail.into_lines(),
            [
                "error: the port 6443 is in use",
                "see https://example.com/a.go:1",
                " main.go:x",
                "goroutine 1 [running]:"
            ]
        );
    }

    #[tokio::test]
    async fn each_line_of_a_secret_is_blotted_out_and_none_is_cut_in_two() {
        let secrets =
            || vec![Secret::new("-----BEGIN-----\nhunter2hunter2\n=\n\n".into()), Secret::new("x".into())];
        for (text, expected) in
            [("bad key: hunter2hunter2\n= ab", vec!["bad key: (secret)", "= ab"]), ("x", vec!["(secret)"])]
        {
            let mut tail = Tail::new("t", secrets());
            tail.follow(text.as_bytes()).await.unwrap();
            assert_eq!(tail.into_lines(), expected);
        }
        for before in LINE_BYTES - 30..LINE_BYTES + 30 {
            let mut tail = Tail::new("t", secrets());
            let text = format!("{}{}", "a".repeat(before), "hunter2hunter2".repeat(2));
            tail.follow(text.as_bytes()).await.unwrap();
            let line = tail.into_lines().remove(0);
            assert!(line.len() <= LINE_BYTES && !line.contains('h'), "{before}: {line}");
        }
    }

    #[test]
    fn no_line_is_too_strange() {
        hostile::texts(hostile::INPUTS, &["\x1b[32m ok\x1b[0m 10%\r50%", "\x1b]0;title\x07"], |line| {
            assert!(!printable(line).contains(char::is_control), "{line:?}");
        });
    }
}
