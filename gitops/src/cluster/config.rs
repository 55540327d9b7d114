//! Settings to the configuration of a client.

use super::{Defaults, Environment, Error, Source, kubeconfig};
use crate::Secret;
use http::header::{HeaderValue, USER_AGENT};
use kube::{
    Config,
    config::{AuthInfo, Cluster, ExecConfig},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{collections::HashMap, time::Duration};

/// What we call ourselves.
const NAME: &str = concat!("gitops/", env!("CARGO_PKG_VERSION"));
/// Time to reach the API server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence of a connection. An API server ends its own requests after 60 seconds and sends a watch a
/// bookmark about every minute, so a longer silence is a dead peer.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// A client's configuration, and the program that has its credentials, which kube is not to run: it would run it
/// several times, without a deadline, and print what it said.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) exec: Option<ExecConfig>,
}

/// What a client needs to know. Reads kubeconfigs and the files they name, and nothing else.
pub(super) fn prepare(
    source: Source,
    settings: &Defaults,
    environment: &Environment,
) -> Result<Prepared, Error> {
    if source == Source::InCluster {
        let config = Config::incluster().map_err(|error| Error::Unreachable {
            host: "https://kubernetes.default.svc".into(),
            why: error.to_string(),
        })?;
        return Ok(Prepared { config: ours(config), exec: None });
    }
    let (cluster, user) = kubeconfig::load(source, settings, environment)?.unwrap_or_default();
    let cluster = with_address(cluster, settings);
    let mut user = with_credentials(source, user, settings)?;
    if !has_fitting_token(&user) {
        let why = "has a line break, a space or another character that no token has".into();
        return Err(Error::Setting { origin: source, setting: "token", why });
    }
    let exec = user.exec.take();
    let exec = exec.map(|exec| informed(exec, &cluster)).transpose()?;
    let config = configure(source, cluster, user, environment)?;
    Ok(Prepared { config, exec })
}

/// The kubeconfig's cluster with the settings' own words in front.
fn with_address(mut cluster: Cluster, settings: &Defaults) -> Cluster {
    use base64::{Engine, prelude::BASE64_STANDARD};
    if let Some(host) = &settings.host {
        cluster.server = Some(host.clone());
    }
    if let Some(pem) = &settings.cluster_ca_certificate {
        cluster.certificate_authority_data = Some(BASE64_STANDARD.encode(pem));
    }
    cluster.tls_server_name = settings.tls_server_name.clone().or(cluster.tls_server_name);
    cluster.insecure_skip_tls_verify = settings.insecure.or(cluster.insecure_skip_tls_verify);
    cluster.proxy_url = settings.proxy_url.clone().or(cluster.proxy_url);
    cluster
}

/// The settings' own credentials if they have any, else those of the kubeconfig's user.
fn with_credentials(source: Source, user: AuthInfo, settings: &Defaults) -> Result<AuthInfo, Error> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let wrong = |setting, why: &str| Err(Error::Setting { origin: source, setting, why: why.into() });
    let given = [
        ("token", settings.token.is_some()),
        ("username", settings.username.is_some() || settings.password.is_some()),
        ("exec", settings.exec.is_some()),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(name, given)| given.then_some(name)).collect();
    if let [_, second, ..] = given.as_slice() {
        return wrong(
            second,
            "is one credential too many: give a token, a user name and password, or a program",
        );
    }
    match (&settings.username, &settings.password) {
        (Some(_), None) => return wrong("username", "needs a `password` beside it"),
        (None, Some(_)) => return wrong("password", "needs a `username` beside it"),
        _ => {}
    }
    match (&settings.client_certificate, &settings.client_key) {
        (Some(_), None) => return wrong("client_certificate", "needs a `client_key` beside it"),
        (None, Some(_)) => return wrong("client_key", "needs a `client_certificate` beside it"),
        (None, None) if given.is_empty() => return Ok(user),
        _ => {}
    }
    if let Some(certificate) = &settings.client_certificate {
        certificates(source, "client_certificate", certificate)?;
    }
    let exec = settings.exec.as_ref().map(|exec| ExecConfig {
        api_version: Some(exec.api_version.clone()),
        command: Some(exec.command.clone()),
        args: exec.args.clone(),
        env: exec.env.as_ref().map(|env| env.iter().map(|(name, value)| pair(name, value)).collect()),
        ..ExecConfig::default()
    });
    Ok(AuthInfo {
        username: settings.username.clone(),
        password: settings.password.as_ref().map(|password| password.expose().clone().into()),
        token: settings.token.as_ref().map(|token| token.expose().trim().to_owned().into()),
        client_certificate_data: settings.client_certificate.as_ref().map(|pem| BASE64_STANDARD.encode(pem)),
        client_key_data: settings.client_key.as_ref().map(|pem| BASE64_STANDARD.encode(pem.expose()).into()),
        exec,
        ..AuthInfo::default()
    })
}

/// Whether the token, if there is one, can be a header's value: the client panics at others.
fn has_fitting_token(user: &AuthInfo) -> bool {
    // The library shows its secrets to nobody but a serializer.
    let alone = AuthInfo { token: user.token.clone(), ..AuthInfo::default() };
    let shown = serde_json::to_value(alone).ok();
    match shown.and_then(|mut user| user.get_mut("token").map(serde_json::Value::take)) {
        Some(serde_json::Value::String(token)) => {
            Secret::new(token).expose().bytes().all(|byte| byte.is_ascii_graphic())
        }
        _ => true,
    }
}

/// An environment variable as a kubeconfig has it.
fn pair(name: &str, value: &str) -> HashMap<String, String> {
    [("name", name), ("value", value)].into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

/// The program with what it asked to know about the cluster.
fn informed(mut exec: ExecConfig, cluster: &Cluster) -> Result<ExecConfig, Error> {
    if exec.provide_cluster_info {
        let about = cluster
            .try_into()
            .map_err(|_| Error::Kubeconfig { name: "its kubeconfig".into(), line: None })?;
        exec.cluster = Some(about);
    }
    Ok(exec)
}

fn configure(
    source: Source,
    cluster: Cluster,
    user: AuthInfo,
    environment: &Environment,
) -> Result<Config, Error> {
    let Some(server) = cluster.server.filter(|server| !server.is_empty()) else {
        return Err(Error::NoEndpoint { origin: Some(source) });
    };
    let host = address(source, "host", &server)?;
    let proxy = match &cluster.proxy_url {
        Some(proxy) if !proxy.is_empty() => Some(address(source, "proxy_url", proxy)?),
        _ => environment.proxy(&host),
    };
    let pem = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) => Some(decoded(source, data)?),
        (None, Some(path)) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| Error::Read { path: path.clone(), source: error })?,
        ),
        (None, None) => None,
    };
    let mut config = Config::new(host);
    config.root_cert = pem.map(|pem| certificates(source, "cluster_ca_certificate", &pem)).transpose()?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify == Some(true);
    config.tls_server_name = cluster.tls_server_name.filter(|name| !name.is_empty());
    config.disable_compression = cluster.disable_compression == Some(true);
    config.proxy_url = proxy;
    config.auth_info = user;
    Ok(ours(config))
}

/// What is the same for all clusters: how long to wait, and who asks, for the audit log.
fn ours(mut config: Config) -> Config {
    config.headers.push((USER_AGENT, HeaderValue::from_static(NAME)));
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config
}

/// A URL with a scheme and a host; https where it names none.
fn address(source: Source, setting: &'static str, text: &str) -> Result<http::Uri, Error> {
    let wrong = |why: &str| Error::Setting { origin: source, setting, why: why.into() };
    let text = text.trim().trim_end_matches('/');
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let uri: http::Uri = text.parse().map_err(|_| wrong("is not a URL"))?;
    let schemes: &[&str] = if setting == "host" { &["https", "http"] } else { &["https", "http", "socks5"] };
    match uri.scheme_str() {
        Some(scheme) if !schemes.contains(&scheme) => Err(wrong("is not an http or https URL")),
        _ if uri.host().is_none_or(str::is_empty) => Err(wrong("names no host")),
        _ if setting == "host"
            && uri.authority().is_some_and(|authority| authority.as_str().contains('@')) =>
        {
            Err(wrong("holds a user name or password; credentials have attributes of their own"))
        }
        _ => Ok(uri),
    }
}

fn decoded(source: Source, data: &str) -> Result<String, Error> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let wrong = || Error::Setting {
        origin: source,
        setting: "cluster_ca_certificate",
        why: "is not valid: `certificate-authority-data` of the kubeconfig cannot be decoded".into(),
    };
    let bytes = BASE64_STANDARD.decode(data.trim()).map_err(|_| wrong())?;
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// The certificates in a PEM text, at least one.
fn certificates(source: Source, setting: &'static str, pem: &str) -> Result<Vec<Vec<u8>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.unwrap_or_default();
    if found.is_empty() {
        // "LS0tLS1CRUdJTi" is "-----BEGIN" in base64.
        let why = match pem.trim_start().starts_with("LS0tLS1CRUdJTi") {
            true => "is base64, not PEM",
            false => "holds no certificate in PEM form",
        };
        return Err(Error::Setting { origin: source, setting, why: why.into() });
    }
    Ok(found.into_iter().map(|certificate| certificate.to_vec()).collect())
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
