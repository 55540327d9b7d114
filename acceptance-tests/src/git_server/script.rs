//! Scripts that a test writes and somebody executes.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable file. Another process writes it: while this one had it open, a child that another thread starts
/// could inherit that, and whoever executes the script would hear "text file busy".
///
/// # Errors
/// When it cannot be written.
pub fn script(path: &Path, text: &str) -> io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test tool: the writing must not be done in this process"
    )]
    let mut command = Command::new("sh");
    command.args(["-c", r#"cat >"$0" && chmod 755 "$0""#]).arg(path).stdin(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(text.as_bytes())?;
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{} cannot be written", path.display()))),
    }
}
