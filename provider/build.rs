//! Packs the relocations of the provider, where the system it is built on can load that.
//!
//! A position-independent program has a list of all addresses in its data, 24 bytes for each of some 26,000, which the
//! loader reads at every start: 600 KiB of memory in every process of the provider. `DT_RELR` says the same in a bitmap of
//! a few kilobytes. The GNU C library knows it since 2.36, and older ones refuse such a program; so it is done only for
//! the machine that builds it: what is to run on older systems is built there, or for musl.

use std::env;
use std::process::Command;

/// The first version of the GNU C library that loads packed relocations.
const LEAST: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if is_native_gnu() && library().is_some_and(|version| version >= LEAST) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the program is for this machine, and for the GNU C library.
#[expect(clippy::disallowed_methods, reason = "cargo tells a build script everything by its environment")]
fn is_native_gnu() -> bool {
    let said = |name: &str| env::var(name).unwrap_or_default();
    said("HOST") == said("TARGET") && said("TARGET").ends_with("-linux-gnu")
}

/// The version of this machine's GNU C library, from `glibc 2.36`.
#[expect(
    clippy::disallowed_methods,
    reason = "the room that starts programs is a part of what is built here"
)]
fn library() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
