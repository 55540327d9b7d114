//! Log lines and panics, on standard error, in the form that hosts read.
//!
//! A whole line goes out in one write, and an error of that write is ignored: when the host is killed, standard error
//! is a broken pipe, and a provider that dies of that leaves an apply half done.

mod hclog;
mod panics;

use crate::serve::Options;
use std::io::Write;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// Takes over logging and panics for this process. `level` is the value of the host's variable.
pub(super) fn install(options: &Options, level: Option<&str>) {
    let layer = hclog::Hclog::new(self::level(level), options.log_targets.clone(), write);
    let subscriber = tracing_subscriber::registry().with(layer);
    // An error: the program has set up logging of its own, and that is its right.
    drop(tracing::subscriber::set_global_default(subscriber));
    panics::install();
}

/// Writes `text` to standard error at once. Nobody may be listening, and that is no concern of ours.
pub(super) fn write(text: &[u8]) {
    drop(std::io::stderr().lock().write_all(text));
}

/// What a value of `TF_LOG` asks for. Without one the host drops all lines; errors are still written, for the case
/// that there is no host. Like Terraform, takes a word it does not know for `TRACE`.
fn level(value: Option<&str>) -> LevelFilter {
    match value.map(str::to_uppercase).as_deref() {
        None | Some("ERROR") => LevelFilter::ERROR,
        Some("OFF") => LevelFilter::OFF,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        // `JSON` is the form of the host's own log, at its finest level.
        Some(_) => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        let cases = [
            (None, LevelFilter::ERROR),
            (Some("off"), LevelFilter::OFF),
            (Some("warn"), LevelFilter::WARN),
            (Some("INFO"), LevelFilter::INFO),
            (Some("Debug"), LevelFilter::DEBUG),
            (Some("JSON"), LevelFilter::TRACE),
            (Some("loud"), LevelFilter::TRACE),
        ];
        for (value, expected) in cases {
            assert_eq!(level(value), expected, "{value:?}");
        }
    }
}
