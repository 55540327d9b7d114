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
    secrets: Vec<Secret<String>>,
    lines: VecDeque<String>,
}

impl Tail {
    pub(super) fn new(command: &str, secrets: Vec<Secret<String>>) -> Self {
        Self { command: command.to_owned(), secrets, lines: VecDeque::new() }
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
                    _ if line.len() < LINE_BYTES => line.push(byte),
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
        let mut line = printable(&String::from_utf8_lossy(line));
        for secret in self.secrets.iter().filter(|secret| !secret.expose().is_empty()) {
            line = line.replace(secret.expose().as_str(), "(secret)");
        }
        if line.is_empty() {
            return;
        }
        tracing::debug!(command = self.command, "{line}");
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
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

    #[test]
    fn no_line_is_too_strange() {
        hostile::texts(hostile::INPUTS, &["\x1b[32m ok\x1b[0m 10%\r50%", "\x1b]0;title\x07"], |line| {
            assert!(!printable(line).contains(char::is_control), "{line:?}");
        });
    }
}
