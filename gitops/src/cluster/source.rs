//! Where a connection comes from. One source is taken whole; nothing is merged, nothing is guessed.

use super::{Connection, Defaults, Environment, Error};
use std::fmt;

/// Where a connection comes from, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The resource's own `kubernetes`.
    Resource,
    /// The provider block's `kubernetes`.
    Provider,
    /// The environment variables `KUBE_*`.
    KubeVariables,
    /// The files that the environment variable `KUBECONFIG` names.
    Kubeconfig,
    /// The service account of the pod that this process runs in.
    InCluster,
}

impl Source {
    /// Whether nobody wrote it into the configuration: worth a warning, since another shell has another one.
    pub fn is_environment(self) -> bool {
        matches!(self, Self::KubeVariables | Self::Kubeconfig | Self::InCluster)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resource => "the resource's `kubernetes`",
            Self::Provider => "the provider block's `kubernetes`",
            Self::KubeVariables => "the environment variables `KUBE_*`",
            Self::Kubeconfig => "the environment variable `KUBECONFIG`",
            Self::InCluster => "the service account of this pod",
        })
    }
}

/// The source that counts, and what it says. The pod's service account says nothing here: its files do.
pub(super) fn choose(
    connection: Option<&Connection>,
    defaults: Option<&Defaults>,
    environment: &Environment,
) -> Result<(Source, Defaults), Error> {
    let own = connection.filter(|connection| !connection.only_pins()).map(Defaults::from);
    let found = None
        .or_else(|| own.map(|own| (Source::Resource, own)))
        .or_else(|| defaults.cloned().map(|defaults| (Source::Provider, defaults)))
        .or_else(|| environment.kube().map(|kube| (Source::KubeVariables, kube)))
        .or_else(|| environment.kubeconfig().map(|files| (Source::Kubeconfig, files)));
    match found {
        Some((source, settings)) if settings.names_a_cluster() => Ok((source, settings)),
        Some((source, _)) => Err(Error::NoEndpoint { origin: Some(source) }),
        None if environment.in_cluster() => Ok((Source::InCluster, Defaults::default())),
        None => Err(Error::NoEndpoint { origin: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Source::*;

    fn host(host: &str) -> Option<String> {
        Some(host.into())
    }

    #[test]
    fn the_first_source_is_taken_whole() {
        let own = Connection { host: host("https://own"), ..Connection::default() };
        let pins = Connection { uid: Some("u".into()), ..Connection::default() };
        let empty = Connection::default();
        let block = Defaults { host: host("https://block"), ..Defaults::default() };
        let nothing = Defaults::default();
        let pod = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "443")];
        let kubeconfig = [("KUBECONFIG", "/k")].into_iter().chain(pod).collect::<Vec<_>>();
        let kube = [("KUBE_HOST", "https://kube")].into_iter().chain(kubeconfig.clone()).collect::<Vec<_>>();
        let only_context = [("KUBE_CTX", "staging"), ("KUBECONFIG", "/k")];
        type Case<'a> = (
            &'a str,
            Option<&'a Connection>,
            Option<&'a Defaults>,
            &'a [(&'a str, &'a str)],
            Result<Source, Option<Source>>,
        );
        let cases: [Case<'_>; 10] = [
            ("own", Some(&own), Some(&block), &kube, Ok(Resource)),
            ("only pins: the next source", Some(&pins), Some(&block), &kube, Ok(Provider)),
            (
                "own, but empty: a null host must not lead elsewhere",
                Some(&empty),
                Some(&block),
                &kube,
                Err(Some(Resource)),
            ),
            ("block", None, Some(&block), &kube, Ok(Provider)),
            ("block, but empty", None, Some(&nothing), &kube, Err(Some(Provider))),
            ("KUBE_*", None, None, &kube, Ok(KubeVariables)),
            (
                "a context without a file does not select in KUBECONFIG",
                None,
                None,
                &only_context,
                Err(Some(KubeVariables)),
            ),
            ("KUBECONFIG", None, None, &kubeconfig, Ok(Kubeconfig)),
            ("pod", None, None, &pod, Ok(InCluster)),
            ("nothing is an error, never localhost", None, None, &[], Err(None)),
        ];
        for (what, connection, defaults, variables, expected) in cases {
            let environment = variables.iter().copied().collect();
            let found = match choose(connection, defaults, &environment) {
                Ok((source, _)) => Ok(source),
                Err(Error::NoEndpoint { origin }) => Err(origin),
                Err(other) => panic!("{what}: {other}"),
            };
            assert_eq!(found, expected, "{what}");
        }
    }
}
