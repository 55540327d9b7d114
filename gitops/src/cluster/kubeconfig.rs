//! Kubeconfigs: read from files or given as a value, and cut down to one cluster and one user.

use super::{Defaults, Environment, Error, Source};
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use std::path::Path;

/// Most bytes of a kubeconfig.
const LIMIT: u64 = 4 << 20;

/// The cluster and user that the settings select, before anything else in them is looked at; `None` when they
/// name no kubeconfig. `name` in errors says which kubeconfig it was.
pub(super) fn load(
    source: Source,
    settings: &Defaults,
    environment: &Environment,
) -> Result<Option<(Cluster, AuthInfo)>, Error> {
    let (name, kubeconfig) = if let Some(text) = &settings.config_raw {
        (format!("`config_raw` in {source}"), parse(text.expose())?)
    } else if let Some(path) = &settings.config_path {
        (format!("`{path}`"), read(&environment.expand(path))?)
    } else if let Some(paths) = &settings.config_paths {
        (format!("`{}`", paths.join("`, `")), merged(paths, environment)?)
    } else {
        return Ok(None);
    };
    let (cluster, user) = select(&name, kubeconfig, settings)?;
    if settings.config_raw.is_some() && settings.allow_exec != Some(true) {
        refuse_reach(&name, &cluster, &user)?;
    }
    match &user.auth_provider {
        Some(provider) => Err(Error::AuthProvider { name, provider: format!("`{}`", provider.name) }),
        None => Ok(Some((cluster, user))),
    }
}

fn parse(text: &str) -> Result<Kubeconfig, Error> {
    Kubeconfig::from_yaml(text).map_err(|error| unreadable("`config_raw`", error))
}

fn read(path: &Path) -> Result<Kubeconfig, Error> {
    let name = path.display().to_string();
    let length = std::fs::metadata(path).map_err(|source| Error::Read { path: name.clone(), source })?.len();
    match length > LIMIT {
        true => Err(Error::Kubeconfig { name: format!("`{name}`"), line: None }),
        // kube makes the relative paths in it relative to the file.
        false => Kubeconfig::read_from(path).map_err(|error| unreadable(&name, error)),
    }
}

/// The files in one; as with kubectl, those that do not exist are passed over unless none does.
fn merged(paths: &[String], environment: &Environment) -> Result<Kubeconfig, Error> {
    let mut merged: Option<Kubeconfig> = None;
    let mut missing = None;
    for path in paths {
        match read(&environment.expand(path)) {
            Ok(next) => {
                let so_far = merged.take().unwrap_or_default();
                merged = Some(so_far.merge(next).map_err(|error| unreadable(path, error))?);
            }
            Err(Error::Read { path, source }) if source.kind() == std::io::ErrorKind::NotFound => {
                missing.get_or_insert(Error::Read { path, source });
            }
            Err(error) => return Err(error),
        }
    }
    match (merged, missing) {
        (Some(merged), _) => Ok(merged),
        (None, Some(missing)) => Err(missing),
        (None, None) => Err(Error::NoEndpoint { origin: None }),
    }
}

/// The error without the text of the file, which is full of secrets.
fn unreadable(name: &str, error: KubeconfigError) -> Error {
    match error {
        KubeconfigError::ReadConfig(source, path) => Error::Read { path: path.display().to_string(), source },
        KubeconfigError::Parse(error) => {
            let line = error.without_snippet().location().map(|location| location.line());
            Error::Kubeconfig { name: quoted(name), line }
        }
        _ => Error::Kubeconfig { name: quoted(name), line: None },
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.trim_matches('`'))
}

fn select(name: &str, kubeconfig: Kubeconfig, settings: &Defaults) -> Result<(Cluster, AuthInfo), Error> {
    let absent = |kind, wanted: Option<&str>, found: Vec<&String>| Error::Absent {
        name: name.to_owned(),
        kind,
        wanted: wanted.map_or("that is current".into(), |wanted| format!("`{wanted}`")),
        found: found.into_iter().take(10).map(|found| format!("`{found}`")).collect(),
    };
    let wanted = settings.config_context.as_ref().or(kubeconfig.current_context.as_ref());
    let wanted = wanted.filter(|wanted| !wanted.is_empty());
    let context =
        wanted.and_then(|wanted| kubeconfig.contexts.iter().find(|context| context.name == *wanted));
    let context = match context.and_then(|context| context.context.clone()) {
        Some(context) => context,
        // With a cluster named outright, no context is needed.
        None if wanted.is_none() && settings.config_context_cluster.is_some() => Default::default(),
        None => {
            let found = kubeconfig.contexts.iter().map(|context| &context.name).collect();
            return Err(absent("context", wanted.map(String::as_str), found));
        }
    };
    let wanted = settings.config_context_cluster.as_ref().unwrap_or(&context.cluster);
    let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == *wanted);
    let Some(cluster) = cluster.and_then(|cluster| cluster.cluster.clone()) else {
        let found = kubeconfig.clusters.iter().map(|cluster| &cluster.name).collect();
        return Err(absent("cluster", Some(wanted), found));
    };
    let wanted = settings.config_context_auth_info.as_ref().or(context.user.as_ref());
    let user = match wanted.filter(|wanted| !wanted.is_empty()) {
        None => AuthInfo::default(),
        Some(wanted) => match kubeconfig.auth_infos.iter().find(|user| user.name == *wanted) {
            Some(user) => user.auth_info.clone().unwrap_or_default(),
            None => {
                let found = kubeconfig.auth_infos.iter().map(|user| &user.name).collect();
                return Err(absent("user", Some(wanted), found));
            }
        },
    };
    Ok((cluster, user))
}

/// Refuses what reaches beyond the text: programs (CVE-2022-24817) and files.
fn refuse_reach(name: &str, cluster: &Cluster, user: &AuthInfo) -> Result<(), Error> {
    let fields = [
        ("a program to run (`exec`)", user.exec.is_some()),
        ("a program to run (`auth-provider`)", user.auth_provider.is_some()),
        ("a file to read (`tokenFile`)", user.token_file.is_some()),
        ("a file to read (`client-certificate`)", user.client_certificate.is_some()),
        ("a file to read (`client-key`)", user.client_key.is_some()),
        ("a file to read (`certificate-authority`)", cluster.certificate_authority.is_some()),
    ];
    match fields.into_iter().find(|(_, present)| *present) {
        Some((what, _)) => Err(Error::Refused { name: name.to_owned(), what }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    const TEXT: &str = "
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: a, cluster: {server: 'https://a'}}
- {name: b, cluster: {server: 'https://b', certificate-authority: ca.pem}}
users:
- {name: plain, user: {token: s3cr3t}}
- {name: program, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: evil}}}
- {name: file, user: {tokenFile: /etc/shadow}}
- {name: cert, user: {client-certificate: /etc/shadow, client-key: /etc/shadow}}
- {name: old, user: {auth-provider: {name: gcp, config: {cmd-path: evil}}}}
contexts:
- {name: one, context: {cluster: a, user: plain}}
- {name: ca, context: {cluster: b, user: plain}}
- {name: program, context: {cluster: a, user: program}}
- {name: file, context: {cluster: a, user: file}}
- {name: cert, context: {cluster: a, user: cert}}
- {name: old, context: {cluster: a, user: old}}
- {name: broken, context: {cluster: gone, user: plain}}
- {name: nobody, context: {cluster: a, user: gone}}
";

    fn raw(context: Option<&str>, allow: bool) -> Result<(Cluster, AuthInfo), Error> {
        let settings = Defaults {
            config_raw: Some(Secret::new(TEXT.into())),
            config_context: context.map(str::to_owned),
            allow_exec: Some(allow),
            ..Defaults::default()
        };
        load(Source::Provider, &settings, &Environment::default()).map(Option::unwrap)
    }

    #[test]
    fn a_kubeconfig_as_a_value_reaches_nothing_outside() {
        assert_eq!(raw(None, false).unwrap().0.server.as_deref(), Some("https://a"));
        for context in ["ca", "program", "file", "cert", "old"] {
            let error = raw(Some(context), false).err();
            assert!(matches!(error, Some(Error::Refused { .. })), "{context}: {error:?}");
            assert_eq!(raw(Some(context), true).is_ok(), context != "old", "{context}, allowed");
        }
        insta::assert_snapshot!(raw(Some("program"), false).unwrap_err(), @"`config_raw` in the provider block's `kubernetes` asks for a program to run (`exec`), which is refused");
        insta::assert_snapshot!(raw(Some("old"), true).unwrap_err(), @"`config_raw` in the provider block's `kubernetes` uses `auth-provider` `gcp`, which Kubernetes clients no longer support");
    }

    #[test]
    fn what_is_absent_is_named() {
        insta::assert_snapshot!(raw(Some("two"), false).unwrap_err(), @"`config_raw` in the provider block's `kubernetes` has no context `two`; it has `one`, `ca`, `program`, `file`, `cert`, `old`, `broken`, `nobody`");
        insta::assert_snapshot!(raw(Some("broken"), false).unwrap_err(), @"`config_raw` in the provider block's `kubernetes` has no cluster `gone`; it has `a`, `b`");
        insta::assert_snapshot!(raw(Some("nobody"), false).unwrap_err(), @"`config_raw` in the provider block's `kubernetes` has no user `gone`; it has `plain`, `program`, `file`, `cert`, `old`");
    }

    #[test]
    fn files_are_merged_and_relative_paths_are_theirs() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        std::fs::write(path("a"), TEXT).unwrap();
        std::fs::write(path("b"), TEXT.replace("https://a", "https://second")).unwrap();
        let settings = |paths: &[&str], context: &str| Defaults {
            config_paths: Some(paths.iter().map(|name| path(name)).collect()),
            config_context: Some(context.into()),
            ..Defaults::default()
        };
        let load = |settings| load(Source::Provider, &settings, &Environment::default());
        let (cluster, _) = load(settings(&["none", "a", "b"], "one")).unwrap().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://a"), "the first file wins");
        let (cluster, _) = load(settings(&["a"], "ca")).unwrap().unwrap();
        assert_eq!(cluster.certificate_authority, Some(path("ca.pem")));
        assert!(
            load(settings(&["a"], "program")).unwrap().unwrap().1.exec.is_some(),
            "a file may name programs"
        );
        let error = load(settings(&["none"], "one")).unwrap_err().to_string();
        assert_eq!(error, format!("failed to read `{}`", path("none")));
    }

    #[test]
    fn a_broken_kubeconfig_keeps_its_secrets() {
        for text in
            ["users:\n- name: x\n  user: {token: hunter2\n", "users:\n- hunter2\n", "clusters: hunter2\n"]
        {
            let error = parse(text).unwrap_err();
            let all = format!("{error:?} {}", crate::error::chain(&error));
            assert!(!all.contains("hunter2"), "{all}");
            assert!(matches!(error, Error::Kubeconfig { line: Some(_), .. }), "{error:?}");
        }
        insta::assert_snapshot!(parse("users:\n- hunter2\n").unwrap_err(), @"`config_raw` is not a valid kubeconfig: look at line 2");
    }
}
