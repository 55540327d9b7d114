//! What Terraform needs to use a provider that it did not start.

use crate::serve::listener::Address;
use crate::serve::{Error, handshake};
use serde_json::json;

/// The hosts whose registry is meant when a configuration names none.
const DEFAULT_REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Prints `TF_REATTACH_PROVIDERS` for the shell that is to run Terraform.
pub(super) fn print(source_address: &str, address: &Address) -> Result<(), Error> {
    let value = value(source_address, address, std::process::id());
    let text = format!(
        "Provider started. Run Terraform or OpenTofu with this variable; end the provider with Ctrl-C.\n\n\
         \tTF_REATTACH_PROVIDERS='{value}'\n"
    );
    handshake::say(&text).map_err(Error::Announce)
}

/// The variable's value. One source in a configuration is another address in each CLI, so both are named.
fn value(source_address: &str, address: &Address, pid: u32) -> serde_json::Value {
    let config = json!({
        "Protocol": "grpc",
        "ProtocolVersion": handshake::PROTOCOL,
        "Pid": pid,
        // The host neither ends the process nor asks for TLS.
        "Test": true,
        "Addr": { "Network": address.network(), "String": address.to_string() },
    });
    let addresses = match source_address.split_once('/') {
        Some((host, rest)) if DEFAULT_REGISTRIES.contains(&host) => {
            DEFAULT_REGISTRIES.iter().map(|host| format!("{host}/{rest}")).collect()
        }
        _ => vec![source_address.to_owned()],
    };
    addresses.into_iter().map(|address| (address, config.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clis_find_it() {
        let address = Address::Unix("/tmp/s".into());
        let common = r#"{"Addr":{"Network":"unix","String":"/tmp/s"},"Pid":7,"Protocol":"grpc","ProtocolVersion":6,"Test":true}"#;
        let public = value("registry.terraform.io/a/b", &address, 7);
        for key in ["registry.terraform.io/a/b", "registry.opentofu.org/a/b"] {
            assert_eq!(public[key].to_string(), common, "{key}");
        }
        let private = value("example.com/a/b", &address, 7);
        assert_eq!(private.to_string(), format!(r#"{{"example.com/a/b":{common}}}"#));
    }
}
