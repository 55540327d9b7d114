//! A provider that keeps notes in files: everything this crate offers, in one small program.

mod provider;

use std::process::ExitCode;
use tfplugin_rs::serve::Options;

fn main() -> ExitCode {
    tfplugin_rs::main(Options::new("registry.terraform.io/example/notes"), provider::table)
}
