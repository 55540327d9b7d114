//! Panics, told in the way that hosts look for.

use crate::serve::log::write;
use crate::serve::work::{guarded, message};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// Replaces the panic hook.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let place = place(panic);
        match guarded() {
            // The request answers with a diagnostic; the crash report of Terraform on top would only frighten. The
            // text stays out of the log, for it may hold values of the user's.
            true => tracing::error!(place, "a request panicked"),
            false => write(crash(message(panic.payload()), &place, &Backtrace::capture()).as_bytes()),
        }
    }));
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

/// A host takes a line that begins with `panic: `, and what follows it, for a crash report and shows it to the user.
fn crash(what: &str, place: &str, backtrace: &Backtrace) -> String {
    let mut text = format!("panic: {what}\n\n{place}\n");
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&backtrace.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_begins_with_the_word_that_hosts_look_for() {
        let text = crash("no such thing", "src/lib.rs:1:2", &Backtrace::disabled());
        insta::assert_snapshot!(text, @"
        panic: no such thing

        src/lib.rs:1:2
        ");
    }
}
