//! What the host says through environment variables: the one place of this crate that reads them.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// The variables of go-plugin and Terraform that matter to a provider.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// `TF_PLUGIN_MAGIC_COOKIE`: proof that a host started us, and not a secret.
    pub(super) cookie: Option<String>,
    /// `PLUGIN_PROTOCOL_VERSIONS`: the major versions that the host speaks, in no order.
    pub(super) protocols: Option<String>,
    /// `PLUGIN_CLIENT_CERT`: the host's certificate as PEM; without one there is no TLS.
    pub(super) client_certificate: Option<String>,
    /// `PLUGIN_MULTIPLEX_GRPC`: the host expects a seventh field in the handshake.
    pub(super) multiplex: bool,
    /// `PLUGIN_UNIX_SOCKET_DIR`: where the socket must be, if not in the directory for temporary files.
    pub(super) socket_directory: Option<PathBuf>,
    /// `PLUGIN_UNIX_SOCKET_GROUP`: the name or the number of a group that may connect to the socket, too.
    pub(super) socket_group: Option<String>,
    /// `PLUGIN_MIN_PORT` and `PLUGIN_MAX_PORT`: where there are no unix sockets.
    pub(super) ports: Option<RangeInclusive<u16>>,
    /// The first of `TF_LOG_PROVIDER_<NAME>`, `TF_LOG_PROVIDER`, `TF_LOG` that is set.
    pub(super) log_level: Option<String>,
}

impl Environment {
    /// Reads the environment of the process for the provider called `name`.
    pub(super) fn read(name: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this room is the door to the host's environment")]
        Self::from(name, |variable| std::env::var_os(variable))
    }

    /// The same from any source of variables. An empty variable counts as absent.
    fn from(name: &str, get: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |variable: &str| get(variable).filter(|value| !value.is_empty());
        let text = |variable: &str| get(variable).map(|value| value.to_string_lossy().into_owned());
        let port = |variable: &str| text(variable)?.parse::<u16>().ok();
        let own_level = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
        Self {
            cookie: text("TF_PLUGIN_MAGIC_COOKIE"),
            protocols: text("PLUGIN_PROTOCOL_VERSIONS"),
            client_certificate: text("PLUGIN_CLIENT_CERT"),
            multiplex: get("PLUGIN_MULTIPLEX_GRPC").is_some(),
            socket_directory: get("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: text("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: port("PLUGIN_MIN_PORT").zip(port("PLUGIN_MAX_PORT")).map(|(first, last)| first..=last),
            log_level: [own_level.as_str(), "TF_LOG_PROVIDER", "TF_LOG"].into_iter().find_map(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    fn read(name: &str, variables: &[(&str, &str)]) -> Environment {
        let get = |variable: &str| {
            variables.iter().find(|(key, _)| *key == variable).map(|(_, value)| value.into())
        };
        Environment::from(name, get)
    }

    #[test]
    fn the_nearest_log_variable_wins() {
        let all = [("TF_LOG", "INFO"), ("TF_LOG_PROVIDER", "WARN"), ("TF_LOG_PROVIDER_MY_ONE", "TRACE")];
        for (count, expected) in [(0, None), (1, Some("INFO")), (2, Some("WARN")), (3, Some("TRACE"))] {
            let level = read("my-one", &all[..count]).log_level;
            assert_eq!(level.as_deref(), expected, "with {:?}", &all[..count]);
        }
    }

    #[test]
    fn ports_need_both_ends() {
        let cases: [(&[(&str, &str)], _); 4] = [
            (&[("PLUGIN_MIN_PORT", "10000"), ("PLUGIN_MAX_PORT", "25000")], Some(10000..=25000)),
            (&[("PLUGIN_MIN_PORT", "10000")], None),
            (&[("PLUGIN_MIN_PORT", "10000"), ("PLUGIN_MAX_PORT", "70000")], None), // Not a port.
            (&[("PLUGIN_MIN_PORT", ""), ("PLUGIN_MAX_PORT", "25000")], None),
        ];
        for (variables, expected) in cases {
            assert_eq!(read("x", variables).ports, expected, "{variables:?}");
        }
    }

    #[test]
    fn empty_is_absent() {
        let environment = read("x", &[("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_MULTIPLEX_GRPC", "")]);
        assert_eq!((environment.client_certificate, environment.multiplex), (None, false));
    }

    #[test]
    fn no_environment_is_too_strange() {
        hostile::texts(hostile::INPUTS, &["6,5", "10000", "/tmp/x"], |text| {
            drop(Environment::from("gitops", |_| Some(text.into())));
        });
    }
}
