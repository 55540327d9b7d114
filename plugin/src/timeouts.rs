//! The `timeouts` attribute of every resource, which a provider block may have, too, and durations as Terraform users
//! write them.

use crate::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long each operation of a resource may take, unless the configuration says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// For creating the object.
    pub create: Duration,
    /// For reading it.
    pub read: Duration,
    /// For updating it.
    pub update: Duration,
    /// For deleting it.
    pub delete: Duration,
}

impl Defaults {
    /// The same time for all operations.
    pub const fn minutes(minutes: u64) -> Self {
        let time = Duration::from_secs(60 * minutes);
        Self { create: time, read: time, update: time, delete: time }
    }
}

/// Time limits of the operations, such as `"90s"`, `"5m"` or `"1h30m"`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timeouts {
    /// Limit for creating the object.
    pub create: Option<String>,
    /// Limit for reading the object.
    pub read: Option<String>,
    /// Limit for updating the object.
    pub update: Option<String>,
    /// Limit for deleting the object.
    pub delete: Option<String>,
}

/// An operation that has a time limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

impl Timeouts {
    /// The limit of `operation`, where one is configured.
    pub(crate) fn limit(&self, operation: Operation) -> Option<Duration> {
        let configured = match operation {
            Operation::Create => &self.create,
            Operation::Read => &self.read,
            Operation::Update => &self.update,
            Operation::Delete => &self.delete,
        };
        configured.as_deref().and_then(|text| parse(text).ok())
    }

    /// The limits that are no durations, each at its attribute of `timeouts`.
    pub fn problems(&self) -> Vec<Problem> {
        let fields = [
            ("create", &self.create),
            ("read", &self.read),
            ("update", &self.update),
            ("delete", &self.delete),
        ];
        let problem = |(name, text): (&str, &Option<String>)| {
            let why = parse(text.as_deref()?).err()?;
            Some(Problem::error("Invalid duration", why).at(format!("timeouts.{name}").as_str()))
        };
        fields.into_iter().filter_map(problem).collect()
    }
}

impl Defaults {
    /// The limit of `operation`.
    pub(crate) fn of(&self, operation: Operation) -> Duration {
        match operation {
            Operation::Create => self.create,
            Operation::Read => self.read,
            Operation::Update => self.update,
            Operation::Delete => self.delete,
        }
    }
}

/// A duration as Go writes it: decimal numbers, each with a unit (`h`, `m`, `s`, `ms`), such as `1h30m` or `1.5s`.
/// Zero and negative durations are errors, and so is anything over a year.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!("{text:?} is no duration. Write numbers with units, such as \"90s\", \"5m\" or \"1h30m\".")
    };
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return Err(wrong()),
        };
        seconds += number.parse::<f64>().map_err(|_| wrong())? * scale;
        rest = after;
    }
    match seconds {
        seconds if seconds <= 0.0 => Err(wrong()),
        seconds if seconds > 366.0 * 86400.0 => Err(format!("{text:?} is longer than a year.")),
        seconds => Ok(Duration::from_secs_f64(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("90s", Some(90_000)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            ("300ms", Some(300)),
            ("", None),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("0s", None),
            ("5 m", None),
            ("1d", None),
            ("1.2.3s", None),
            ("99999999h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).ok(), expected.map(Duration::from_millis), "parse({text:?})");
        }
    }
}
