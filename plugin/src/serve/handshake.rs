//! The first words between host and provider: the cookie in, one line out.

use crate::serve::environment::Environment;
use crate::serve::listener::{Address, Listener};
use crate::serve::{Error, Options, error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::io::Write;

/// What Terraform and OpenTofu put in `TF_PLUGIN_MAGIC_COOKIE`. Public; it only tells a host from a human.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// go-plugin's own version, the first field of the line.
const CORE_PROTOCOL: u8 = 1;
/// The one major version of the provider protocol that is served.
pub(super) const PROTOCOL: u8 = 6;

/// An error unless a host started the process.
pub(super) fn check_cookie(environment: &Environment) -> Result<(), Error> {
    match environment.cookie.as_deref() {
        Some(COOKIE) => Ok(()),
        _ => Err(Error::NoHost),
    }
}

/// Logs when the host does not list our protocol. The answer is the same: the host explains the mismatch to its user
/// better than a provider can.
pub(super) fn check_protocol(environment: &Environment) {
    let Some(offered) = environment.protocols.as_deref() else { return };
    if !offers(offered) {
        tracing::error!(offered, "the host does not speak plugin protocol {PROTOCOL}");
    }
}

/// Whether a list such as `6,5` holds our protocol.
fn offers(list: &str) -> bool {
    list.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL))
}

/// Tells the host where we listen. Nothing else may ever be written to standard output.
pub(super) fn print(environment: &Environment, listener: &Listener) -> Result<(), Error> {
    let certificate = listener.certificate().map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    say(&line(listener.address(), &certificate, environment.multiplex)).map_err(Error::Announce)
}

/// `CORE|APP|NETWORK|ADDRESS|PROTOCOL|CERTIFICATE`. Old hosts count six fields, so the seventh (whether brokered
/// connections share this one) is written only when asked for.
fn line(address: &Address, certificate: &str, multiplex: bool) -> String {
    let network = address.network();
    let seventh = if multiplex { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{seventh}\n")
}

/// Writes `error` where the handshake was expected: the host shows that line to its user, and nothing else of ours.
pub(super) fn tell_user(error: &Error) {
    // Nobody reads it: the same error is on its way to standard error.
    drop(say(&error::report(error)));
}

/// One write to standard output, flushed.
pub(super) fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// For a human who started the provider.
pub(super) fn help(options: &Options) -> String {
    let (name, address) = (options.name(), &options.source_address);
    let source = address.split_once('/').map_or(address.as_str(), |(_host, source)| source);
    format!(
        "This is the Terraform provider `{address}`.
Terraform or OpenTofu starts it; started by hand it does nothing.

To use it, put this in a configuration and run `terraform init`:

  terraform {{
    required_providers {{
      {name} = {{
        source = \"{source}\"
      }}
    }}
  }}

To run it under a debugger, start it with `-debug` and give Terraform the variable it prints.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;
    use std::path::PathBuf;

    #[test]
    fn the_line() {
        let unix = Address::Unix(PathBuf::from("/tmp/tfplugin-x/s"));
        let tcp = Address::Tcp(([127, 0, 0, 1], 10000).into());
        let cases = [
            (&unix, "MIIB", false, "1|6|unix|/tmp/tfplugin-x/s|grpc|MIIB\n"),
            (&unix, "", false, "1|6|unix|/tmp/tfplugin-x/s|grpc|\n"), // The bar stays without TLS.
            (&unix, "MIIB", true, "1|6|unix|/tmp/tfplugin-x/s|grpc|MIIB|false\n"),
            (&tcp, "", false, "1|6|tcp|127.0.0.1:10000|grpc|\n"),
        ];
        for (address, certificate, multiplex, expected) in cases {
            assert_eq!(
                line(address, certificate, multiplex),
                expected,
                "{address:?} {certificate} {multiplex}"
            );
        }
    }

    #[test]
    fn offered_protocols() {
        let cases = [("6,5", true), ("5,6", true), ("6", true), ("5", false), ("", false), ("16,x", false)];
        for (list, expected) in cases {
            assert_eq!(offers(list), expected, "{list:?}");
        }
    }

    #[test]
    fn only_the_cookie_will_do() {
        for (cookie, expected) in [(None, false), (Some("d602"), false), (Some(COOKIE), true)] {
            let environment = Environment { cookie: cookie.map(str::to_owned), ..Environment::default() };
            assert_eq!(check_cookie(&environment).is_ok(), expected, "{cookie:?}");
        }
    }

    #[test]
    fn no_list_of_protocols_is_too_strange() {
        hostile::texts(hostile::INPUTS, &["6,5", " 6 "], |text| {
            let _ = offers(text);
        });
    }
}
