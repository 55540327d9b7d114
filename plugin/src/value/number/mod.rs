//! Numbers as Terraform has them: decimal, exact, of any length.
//!
//! HCL's `0.1` is no `f64`: core sends it as the text `0.1` and compares what comes back with it exactly. A
//! [`Number`] therefore keeps every decimal digit it was given and computes nothing. Its length is bounded, so
//! that `1e999999999` is an error and not a gigabyte of zeros.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The most decimal digits before or after the point, several times what an `f64` can need (1,074).
const MAX_DIGITS: usize = 16_384;

/// A decimal number without loss. Equal when numerically equal: `1`, `1.0` and `1e0` are one number.
///
/// Infinities and NaN do not exist here; they are refused where they come in. Core can send an infinity, and no more
/// than that: it stores values as JSON, which has none, so that whatever took one could not be kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// `0.DIGITS × 10^point`; no leading and no trailing zeros, empty for zero.
    digits: Box<str>,
    point: i32,
}

/// Why a text or a float is no [`Number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseNumberError {
    /// Not of the form `-12.5e3`.
    #[error("not a decimal number")]
    Syntax,
    /// More than 16,384 digits before or after the decimal point.
    #[error("number has too many digits")]
    TooLong,
    /// Infinite, or not a number.
    #[error("number is not finite, which no state can hold")]
    NotFinite,
}

impl Number {
    /// The exact value of the binary float, to the last of its decimal digits.
    ///
    /// This is what a float on the wire means. For the number a person means by a Rust `f64`, use
    /// `Number::try_from`, which takes the shortest text: `0.1` for `0.1f64`.
    pub fn from_binary(float: f64) -> Result<Self, ParseNumberError> {
        if !float.is_finite() {
            return Err(ParseNumberError::NotFinite);
        }
        // A float is m × 2^(e - 1075): it has as many decimals as that halves. Rust prints all that are asked for.
        let exponent = ((float.to_bits() >> 52) & 0x7ff).max(1) as usize;
        format!("{float:.0$}", 1075_usize.saturating_sub(exponent)).parse()
    }

    /// Whether it is a whole number.
    pub fn is_integer(&self) -> bool {
        usize::try_from(self.point).is_ok_and(|point| self.digits.len() <= point) || self.digits.is_empty()
    }

    /// The number as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        (self.is_integer() && self.point <= 19).then(|| self.to_string().parse().ok()).flatten()
    }

    /// The number as an unsigned integer, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        (self.is_integer() && self.point <= 20).then(|| self.to_string().parse().ok()).flatten()
    }

    /// The nearest `f64`, infinite beyond its range. Loses what an `f64` cannot hold.
    pub fn to_f64(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        // The text is always a float to Rust, so NaN never happens.
        format!("{sign}0.{}0e{}", self.digits, self.point).parse().unwrap_or(f64::NAN)
    }

    /// The `f64` that is exactly this number, if there is one.
    pub fn as_exact_f64(&self) -> Option<f64> {
        // Halves of halves end in 5, which spares most decimals the long way.
        let halves = self.is_integer() || self.digits.ends_with('5');
        Some(self.to_f64()).filter(|float| halves && Self::from_binary(*float).as_ref() == Ok(self))
    }

    /// The number for `serde_json`: exact as an integer of 64 bits, otherwise the nearest `f64`.
    ///
    /// `None` beyond the range of `f64`.
    pub fn to_json(&self) -> Option<serde_json::Number> {
        self.as_i64()
            .map(Into::into)
            .or_else(|| self.as_u64().map(Into::into))
            .or_else(|| serde_json::Number::from_f64(self.to_f64()))
    }

    fn new(negative: bool, digits: &str, point: i64) -> Result<Self, ParseNumberError> {
        let significant = digits.trim_start_matches('0');
        let point = point.saturating_sub((digits.len() - significant.len()) as i64);
        let significant = significant.trim_end_matches('0');
        if significant.is_empty() {
            return Ok(Self { negative: false, digits: "".into(), point: 0 });
        }
        let limit = MAX_DIGITS as i64;
        if point > limit || (significant.len() as i64).saturating_sub(point) > limit {
            return Err(ParseNumberError::TooLong);
        }
        let point = i32::try_from(point).map_err(|_| ParseNumberError::TooLong)?;
        Ok(Self { negative, digits: significant.into(), point })
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if !plain(whole) || !plain(fraction) || !plain(unsigned) || unsigned.is_empty() {
            return Err(ParseNumberError::Syntax);
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(ParseNumberError::Syntax);
        }
        // An exponent beyond i64 is also beyond the limit, unless the number is zero.
        let exponent =
            exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
        Self::new(negative, &[whole, fraction].concat(), exponent.saturating_add(whole.len() as i64))
    }
}

impl fmt::Display for Number {
    /// Plain decimal notation without exponent, as state files have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let zeros = |count: usize| "0".repeat(count);
        let Ok(point) = usize::try_from(self.point) else {
            return write!(f, "{sign}0.{}{}", zeros(self.point.unsigned_abs() as usize), self.digits);
        };
        match self.digits.split_at_checked(point) {
            _ if self.digits.is_empty() => f.write_str("0"),
            Some((whole, "")) => write!(f, "{sign}{whole}"),
            Some(("", fraction)) => write!(f, "{sign}0.{fraction}"),
            Some((whole, fraction)) => write!(f, "{sign}{whole}.{fraction}"),
            None => write!(f, "{sign}{}{}", self.digits, zeros(point - self.digits.len())),
        }
    }
}

impl fmt::Debug for Number {
    /// Hides the number: it may be a secret. Use `Display` to show it on purpose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign =
            |number: &Self| if number.digits.is_empty() { 0 } else { 1 - 2 * i32::from(number.negative) };
        let magnitude = || self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        sign(self)
            .cmp(&sign(other))
            .then_with(|| if self.negative { magnitude().reverse() } else { magnitude() })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                let text = integer.to_string();
                let digits = text.trim_start_matches('-');
                let significant = digits.trim_start_matches('0').trim_end_matches('0');
                let point = if significant.is_empty() { 0 } else { digits.len() as i32 };
                Self { negative: text.starts_with('-'), digits: significant.into(), point }
            }
        }
    )*};
}
from_integer!(i32, i64, u32, u64, usize);

impl TryFrom<f64> for Number {
    type Error = ParseNumberError;

    /// The shortest decimal that reads back as this float: what its author wrote.
    fn try_from(float: f64) -> Result<Self, ParseNumberError> {
        if float.is_finite() { float.to_string().parse() } else { Err(ParseNumberError::NotFinite) }
    }
}

impl TryFrom<&serde_json::Number> for Number {
    type Error = ParseNumberError;

    /// The number as its JSON text has it.
    fn try_from(number: &serde_json::Number) -> Result<Self, ParseNumberError> {
        number.to_string().parse()
    }
}

#[cfg(test)]
mod tests;
