//! Paths to a node of a YAML document, as users write them.

use super::Invalid;
use std::fmt;

/// The longest path, in characters.
const MAX: usize = 1024;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The value of a key of a mapping: `image`, `"app.kubernetes.io/version"`.
    Key(String),
    /// An item of a list by its place, from 0: `[0]`.
    Index(usize),
    /// The item of a list that is a mapping in which `key` is `value`: `[name=app]`.
    Where {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
}

/// The way from the root of a document to one of its nodes, such as `spec.containers[name=app].image`.
///
/// Keys are separated by dots; one with a dot, a bracket, a quote, `=` or a space in it stands in quotes, single or
/// double, with or without brackets: `annotations["example.com/tag"]`. What names the same node the same way is equal,
/// however it is spelled, and is displayed in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`Invalid`], with the character that is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut reader = Reader { rest: text, read: 0 };
        reader.steps().map(Self).map_err(|why| Invalid {
            text: text.to_owned(),
            what: "path in a YAML document",
            why: format!("{why} (character {})", reader.read + 1),
            example: "spec.template.spec.containers[name=app].image",
        })
    }

    /// The path of `key` in the mapping at this one.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let key = Step::Key(key.to_owned());
        Self(self.0.iter().cloned().chain([key]).collect())
    }

    /// The path of these steps.
    pub(super) fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// Its steps, from the root; at least one.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of the first `length` steps.
    pub(super) fn start(&self, length: usize) -> Self {
        Self(self.0.iter().take(length).cloned().collect())
    }

    /// The path without its last step, and that step. A path of one step is below the empty one, the root.
    pub fn split_last(&self) -> Option<(Self, &Step)> {
        self.0.split_last().map(|(last, rest)| (Self(rest.to_vec()), last))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if place == 0 => f.write_str(&quoted(key))?,
                Step::Key(key) => write!(f, ".{}", quoted(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Where { key, value } => write!(f, "[{}={}]", quoted(key), bracketed(value))?,
            }
        }
        Ok(())
    }
}

/// What ends a key that is not quoted.
fn special(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '.' | '[' | ']' | '"' | '\'' | '=')
}

fn quoted(key: &str) -> String {
    match key.is_empty() || key.contains(special) {
        true => in_quotes(key),
        false => key.to_owned(),
    }
}

/// A value within brackets, where dots and `=` need no quotes.
fn bracketed(value: &str) -> String {
    let plain = |c: char| !special(c) || c == '.' || c == '=';
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => in_quotes(value),
    }
}

fn in_quotes(text: &str) -> String {
    let quote = if text.contains('"') { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

struct Reader<'t> {
    rest: &'t str,
    /// Characters before `rest`.
    read: usize,
}

impl Reader<'_> {
    fn steps(&mut self) -> Result<Vec<Step>, &'static str> {
        if self.rest.chars().nth(MAX).is_some() {
            return Err("it is longer than 1024 characters");
        }
        let mut steps = Vec::new();
        while !self.rest.is_empty() {
            if self.eat('[') {
                steps.push(self.bracket()?);
                continue;
            }
            if !steps.is_empty() && !self.eat('.') {
                return Err("a dot or a bracket is expected");
            }
            steps.push(Step::Key(self.text(special, "a key is empty")?));
        }
        match steps.is_empty() {
            true => Err("it is empty"),
            false => Ok(steps),
        }
    }

    /// What follows `[`.
    fn bracket(&mut self) -> Result<Step, &'static str> {
        let is_quoted = self.rest.starts_with(['"', '\'']);
        let text = self.text(|c| c == ']' || special(c) && c != '.', "nothing is between the brackets")?;
        let step = if self.eat('=') {
            let value =
                self.text(|c| special(c) && c != '.' && c != '=', "nothing is after the equals sign")?;
            Step::Where { key: text, value }
        } else if is_quoted {
            Step::Key(text)
        } else if let (true, Ok(index)) = (text.bytes().all(|b| b.is_ascii_digit()), text.parse()) {
            Step::Index(index)
        } else {
            return Err("brackets hold a number, `key=value`, or a key in quotes");
        };
        match self.eat(']') {
            true => Ok(step),
            false => Err("a bracket is not closed"),
        }
    }

    /// Text in quotes, or up to a character that ends it.
    fn text(&mut self, ends: impl Fn(char) -> bool, empty: &'static str) -> Result<String, &'static str> {
        for quote in ['"', '\''] {
            if self.eat(quote) {
                let end = self.rest.find(quote).ok_or("a quote is not closed")?;
                let text = self.take(end);
                self.eat(quote);
                return Ok(text);
            }
        }
        match self.rest.find(ends).unwrap_or(self.rest.len()) {
            0 => Err(empty),
            end => Ok(self.take(end)),
        }
    }

    fn take(&mut self, end: usize) -> String {
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.read += text.chars().count();
        text.to_owned()
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                (self.rest, self.read) = (rest, self.read + 1);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
