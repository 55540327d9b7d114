//! What the process environment says about clusters, engines, proxies, identities, fingerprints and the run, read once.

use super::Defaults;
use crate::Secret;
use hyper_util::client::proxy::matcher::Matcher;
use std::{collections::BTreeMap, path::PathBuf};

/// Variables that are read, and no others.
const NAMES: [&str; 42] = [
    "KUBE_HOST",
    "KUBE_TOKEN",
    "KUBE_USER",
    "KUBE_PASSWORD",
    "KUBE_INSECURE",
    "KUBE_TLS_SERVER_NAME",
    "KUBE_CLIENT_CERT_DATA",
    "KUBE_CLIENT_KEY_DATA",
    "KUBE_CLUSTER_CA_CERT_DATA",
    "KUBE_CONFIG_PATH",
    "KUBE_CONFIG_PATHS",
    "KUBE_CTX",
    "KUBE_CTX_AUTH_INFO",
    "KUBE_CTX_CLUSTER",
    "KUBE_PROXY_URL",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KIND_EXPERIMENTAL_PROVIDER",
    "GITOPS_RUN_URL",
    "GITOPS_FINGERPRINT_KEY",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "CI_JOB_URL",
    "BUILD_URL",
    "HOME",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
    "SOPS_AGE_KEY_CMD",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// The environment variables that this crate knows, as they were when it was made. An empty one counts as absent.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, Secret<String>>,
}

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
    pub fn of_process() -> Self {
        NAMES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))).collect()
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.expose().as_str()).filter(|value| !value.is_empty())
    }

    /// Where people read about the run that this process belongs to: `GITOPS_RUN_URL`, or what GitHub Actions, GitLab CI
    /// and Jenkins say of themselves.
    pub fn run_url(&self) -> Option<String> {
        let github = || {
            let [server, repository, run] =
                ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| self.get(name));
            Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
        };
        let own = self.get("GITOPS_RUN_URL").map(str::to_owned);
        let others = || self.get("CI_JOB_URL").or_else(|| self.get("BUILD_URL")).map(str::to_owned);
        own.or_else(github).or_else(others)
    }

    /// What `GITOPS_FINGERPRINT_KEY` says: the key of fingerprints of values that are delivered to Git.
    pub fn fingerprint_key(&self) -> Option<&str> {
        self.get("GITOPS_FINGERPRINT_KEY")
    }

    /// The path, with the home directory in the place of a leading `~/`.
    pub(crate) fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.get("HOME").or_else(|| self.get("USERPROFILE"))) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(path),
        }
    }

    /// What `KUBE_*` says, if any of it is set.
    pub(super) fn kube(&self) -> Option<Defaults> {
        let text = |name| self.get(name).map(str::to_owned);
        let secret = |name| text(name).map(Secret::new);
        let given = NAMES.iter().any(|name| name.starts_with("KUBE_") && self.get(name).is_some());
        given.then(|| Defaults {
            host: text("KUBE_HOST"),
            token: secret("KUBE_TOKEN"),
            username: text("KUBE_USER"),
            password: secret("KUBE_PASSWORD"),
            client_certificate: text("KUBE_CLIENT_CERT_DATA"),
            client_key: secret("KUBE_CLIENT_KEY_DATA"),
            cluster_ca_certificate: text("KUBE_CLUSTER_CA_CERT_DATA"),
            tls_server_name: text("KUBE_TLS_SERVER_NAME"),
            insecure: self
                .get("KUBE_INSECURE")
                .map(|value| matches!(value, "1" | "t" | "true" | "TRUE" | "True")),
            proxy_url: text("KUBE_PROXY_URL"),
            config_path: text("KUBE_CONFIG_PATH"),
            config_paths: self.get("KUBE_CONFIG_PATHS").map(paths),
            config_context: text("KUBE_CTX"),
            config_context_auth_info: text("KUBE_CTX_AUTH_INFO"),
            config_context_cluster: text("KUBE_CTX_CLUSTER"),
            ..Defaults::default()
        })
    }

    /// The kubeconfig files that `KUBECONFIG` names.
    pub(super) fn kubeconfig(&self) -> Option<Defaults> {
        let config_paths = paths(self.get("KUBECONFIG")?);
        (!config_paths.is_empty())
            .then(|| Defaults { config_paths: Some(config_paths), ..Defaults::default() })
    }

    /// Whether this process runs in a pod.
    pub(super) fn in_cluster(&self) -> bool {
        self.get("KUBERNETES_SERVICE_HOST").is_some() && self.get("KUBERNETES_SERVICE_PORT").is_some()
    }

    /// The proxy that requests to `host` go through. The loopback never does.
    pub(super) fn proxy(&self, host: &http::Uri) -> Option<http::Uri> {
        let loopback = crate::fetch::is_loopback(host.host()?);
        let either = |upper, lower| self.get(lower).or_else(|| self.get(upper)).unwrap_or_default();
        let matcher = Matcher::builder()
            .all(either("ALL_PROXY", "all_proxy"))
            .http(either("HTTP_PROXY", "http_proxy"))
            .https(either("HTTPS_PROXY", "https_proxy"))
            .no(either("NO_PROXY", "no_proxy"))
            .build();
        let proxy = matcher.intercept(host).filter(|_| !loopback)?;
        Some(proxy.uri().clone())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self {
            values: variables
                .into_iter()
                .map(|(name, value)| (name.into(), Secret::new(value.into())))
                .collect(),
        }
    }
}

/// A list of paths as `PATH` has it.
fn paths(list: &str) -> Vec<String> {
    let paths = std::env::split_paths(list).map(|path| path.to_string_lossy().into_owned());
    paths.filter(|path| !path.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_known_by_their_pages() {
        let url = |variables: &[(&str, &str)]| variables.iter().copied().collect::<Environment>().run_url();
        let github = [
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_REPOSITORY", "acme/platform"),
            ("GITHUB_RUN_ID", "7"),
        ];
        assert_eq!(url(&github).unwrap(), "https://github.example/acme/platform/actions/runs/7");
        assert_eq!(url(&github[..2]), None);
        assert_eq!(url(&[("CI_JOB_URL", "https://ci.example/1")]).unwrap(), "https://ci.example/1");
        let both = [("BUILD_URL", "https://j.example/1"), ("GITOPS_RUN_URL", "https://own.example/1")];
        assert_eq!(url(&both).unwrap(), "https://own.example/1");
    }

    #[test]
    fn proxies() {
        let environment: Environment =
            [("HTTPS_PROXY", "http://proxy:3128"), ("NO_PROXY", ".corp,10.0.0.0/8")].into_iter().collect();
        let cases = [
            ("https://example.org:6443", true),
            ("https://api.corp", false),
            ("https://10.1.2.3", false),
            ("https://127.0.0.1:34567", false), // A kind cluster.
            ("https://[::1]:34567", false),
            ("https://localhost", false),
            ("http://example.org", false), // Only HTTPS_PROXY is set.
        ];
        for (host, through) in cases {
            let proxy = environment.proxy(&host.parse().unwrap());
            assert_eq!(proxy.is_some(), through, "proxy({host:?}) = {proxy:?}");
        }
    }

    #[test]
    fn home_is_expanded_in_front_only() {
        let environment: Environment = [("HOME", "/home/me")].into_iter().collect();
        for (path, expected) in
            [("~/.kube/config", "/home/me/.kube/config"), ("~other/x", "~other/x"), ("a/~/b", "a/~/b")]
        {
            assert_eq!(environment.expand(path), PathBuf::from(expected), "expand({path:?})");
        }
    }

    #[test]
    fn an_empty_variable_is_absent() {
        let environment: Environment = [("KUBE_HOST", ""), ("KUBECONFIG", ":")].into_iter().collect();
        assert!(environment.kube().is_none());
        assert!(environment.kubeconfig().is_none());
    }
}
