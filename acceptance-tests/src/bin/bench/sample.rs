//! Numbers that were measured several times, and how they are written.

use std::time::Duration;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A time.
    Seconds,
    /// Memory, or a file.
    Bytes,
    /// How many.
    Count,
}

impl Unit {
    /// A number with three digits that count and the unit that fits it.
    pub fn show(self, value: f64) -> String {
        let (scale, name) = self.scale(value);
        match self {
            Self::Count => format!("{value:.0}"),
            Self::Seconds | Self::Bytes => format!("{} {name}", digits(value / scale)),
        }
    }

    /// By what to divide, and what the result is called.
    fn scale(self, value: f64) -> (f64, &'static str) {
        match self {
            Self::Seconds if value < 1.0 => (1e-3, "ms"),
            Self::Seconds => (1.0, "s"),
            Self::Bytes => (1_048_576.0, "MiB"),
            Self::Count => (1.0, ""),
        }
    }
}

fn digits(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The same quantity, measured in several rounds: at least once.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// These values.
    #[cfg(test)]
    pub fn new(values: &[f64]) -> Self {
        let mut samples = Self::default();
        values.iter().for_each(|value| samples.add(*value));
        samples
    }

    /// Adds a value; they are kept in order.
    pub fn add(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    /// Adds a time, in seconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64());
    }

    /// The value in the middle, or the mean of the two that are; not a number where there is none.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.get(middle) {
            None => f64::NAN,
            Some(upper) if self.0.len() % 2 == 1 => *upper,
            Some(upper) => self.0.get(middle - 1).map_or(f64::NAN, |lower| f64::midpoint(*lower, *upper)),
        }
    }

    /// What is left of each value without `part`; nothing is less than nothing.
    #[must_use]
    pub fn beyond(&self, part: f64) -> Self {
        Self(self.0.iter().map(|value| (value - part).max(0.0)).collect())
    }

    /// The median, and between which values all of them lie.
    pub fn show(&self, unit: Unit) -> String {
        let median = self.median();
        let (scale, _) = unit.scale(median);
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) if self.0.len() > 1 => {
                format!("{} ({}–{})", unit.show(median), digits(first / scale), digits(last / scale))
            }
            _ => unit.show(median),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let cases: [(&[f64], f64); 4] =
            [(&[3.0], 3.0), (&[9.0, 1.0], 5.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 9.0, 2.0], 3.0)];
        for (values, expected) in cases {
            assert_eq!(Samples::new(values).median(), expected, "{values:?}");
        }
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn a_part_is_taken_from_each_value() {
        let rest = Samples::new(&[5.0, 2.0, 4.0]).beyond(3.0);
        assert_eq!(rest.show(Unit::Seconds), "1.00 s (0.00–2.00)");
        assert!(Samples::default().beyond(1.0).median().is_nan());
    }

    #[test]
    fn numbers_have_the_unit_that_fits() {
        let cases = [
            (Unit::Seconds, 0.001_512, "1.51 ms"),
            (Unit::Seconds, 0.0378, "37.8 ms"),
            (Unit::Seconds, 1.25, "1.25 s"),
            (Unit::Seconds, 123.4, "123 s"),
            (Unit::Count, 100.0, "100"),
            (Unit::Bytes, 6.6 * 1_048_576.0, "6.60 MiB"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(unit.show(value), expected, "{value}");
        }
    }

    #[test]
    fn the_spread_has_the_unit_of_the_median() {
        let mut samples = Samples::default();
        [1200, 900, 950].map(Duration::from_millis).into_iter().for_each(|time| samples.add_time(time));
        assert_eq!(samples.show(Unit::Seconds), "950 ms (900–1200)");
    }
}
