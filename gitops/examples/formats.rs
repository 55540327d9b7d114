//! Seals values, and encrypts and decrypts files, with the code that the provider has for it: the program that
//! `make bench` holds against `kubeseal` and `sops`.
//!
//! ```text
//! formats seal CERTIFICATE COUNT             prints how many characters came of it
//! formats sops-encrypt RECIPIENT FROM TO
//! formats sops-decrypt FROM TO               with the identities that SOPS finds
//! ```

use gitops::cluster::Environment;
use gitops::keyring::Keyring;
use gitops::seal::{Certificate, Scope, seal};
use gitops::sops::{Encrypted, Format, Plain, Policy, Recipient};
use std::error::Error;
use std::fs;
use std::time::SystemTime;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["seal", certificate, count] => seal_many(certificate, count.parse()?),
        ["sops-encrypt", recipient, from, to] => encrypt(recipient, from, to),
        ["sops-decrypt", from, to] => decrypt(from, to),
        _ => {
            Err("one of: seal CERTIFICATE COUNT, sops-encrypt RECIPIENT FROM TO, sops-decrypt FROM TO".into())
        }
    }
}

/// Seals `count` values of 32 bytes on this thread.
#[expect(clippy::print_stdout, reason = "this is the answer")]
fn seal_many(certificate: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let certificate = Certificate::parse(&fs::read_to_string(certificate)?)?;
    let mut characters = 0;
    for number in 0..count {
        let value = format!("{number:032}");
        characters += seal(&certificate, Scope::Strict, "shop", "app", value.as_bytes())?.len();
    }
    println!("{characters}");
    Ok(())
}

fn encrypt(recipient: &str, from: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let (format, policy) = (format(from)?, Policy::of(vec![Recipient::parse(recipient)?]));
    let plain = Plain::parse(&fs::read_to_string(from)?, format)?;
    Ok(fs::write(to, plain.encrypt(format, &policy, SystemTime::now())?)?)
}

fn decrypt(from: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let (format, found) = (format(from)?, Keyring::new(Environment::of_process()).find());
    let opened = Encrypted::parse(&fs::read_to_string(from)?, format)?.open(&found.identities)?;
    Ok(fs::write(to, opened.plain.text(format).expose())?)
}

fn format(path: &str) -> Result<Format, String> {
    Format::of_path(path).ok_or_else(|| format!("{path} has the ending of no format"))
}
