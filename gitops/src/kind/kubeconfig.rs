//! The cluster's own kubeconfig file.

use super::Error;
use crate::{Secret, private_file};
use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::Kubeconfig;
use std::{io, path::Path};

/// What a kubeconfig says about the way to its cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) host: String,
    /// The authority's certificate (PEM).
    pub(super) authority: String,
    pub(super) context: String,
}

/// The context that kind makes for a cluster.
fn context(name: &str) -> String {
    format!("kind-{name}")
}

/// An error when the file is there and is about anything but this cluster, or is no file.
pub(super) fn may_replace(path: &Path, name: &str) -> Result<(), Error> {
    if let Some(what) = private_file::obstacle(path)? {
        return Err(private_file::Error::Obstacle { path: path.to_owned(), what }.into());
    }
    match load(path) {
        Ok(None) => Ok(()),
        Ok(Some(kubeconfig)) if is_only_about(&kubeconfig, name) => Ok(()),
        Ok(Some(_)) | Err(Error::Kubeconfig { .. }) => Err(Error::KubeconfigTaken { path: path.to_owned() }),
        Err(error) => Err(error),
    }
}

fn is_only_about(kubeconfig: &Kubeconfig, name: &str) -> bool {
    let ours = context(name);
    kubeconfig.contexts.iter().all(|context| context.name == ours)
        && kubeconfig.clusters.iter().all(|cluster| cluster.name == ours)
        && kubeconfig.auth_infos.iter().all(|user| user.name == ours)
}

/// The kubeconfig in the file, if there is one.
fn load(path: &Path) -> Result<Option<Kubeconfig>, Error> {
    match std::fs::read_to_string(path).map(Secret::new) {
        Ok(text) => parse(path, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Error::Kubeconfig { path: path.to_owned() })
        }
        Err(source) => Err(Error::file(path, source)),
    }
}

fn parse(path: &Path, text: &Secret<String>) -> Result<Kubeconfig, Error> {
    Kubeconfig::from_yaml(text.expose()).map_err(|_| Error::Kubeconfig { path: path.to_owned() })
}

/// Writes what kind printed, once it is seen to be this cluster's, and nobody put something else there meanwhile.
pub(super) fn write(path: &Path, name: &str, text: &Secret<String>) -> Result<(), Error> {
    access(path, &parse(path, text)?, name)?;
    may_replace(path, name)?;
    Ok(private_file::put(path, text.expose().as_bytes())?)
}

/// What the file says about the way to the cluster.
pub(super) fn read(path: &Path, name: &str) -> Result<Access, Error> {
    let kubeconfig = load(path)?.ok_or_else(|| Error::file(path, io::ErrorKind::NotFound.into()))?;
    access(path, &kubeconfig, name)
}

fn access(path: &Path, kubeconfig: &Kubeconfig, name: &str) -> Result<Access, Error> {
    let context = context(name);
    let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context);
    let access = cluster.and_then(|cluster| cluster.cluster.as_ref()).and_then(|cluster| {
        let authority = BASE64_STANDARD.decode(cluster.certificate_authority_data.as_deref()?).ok()?;
        Some(Access { host: cluster.server.clone()?, authority: String::from_utf8(authority).ok()?, context })
    });
    access.ok_or_else(|| Error::Kubeconfig { path: path.to_owned() })
}

/// Removes the file if it is about this cluster alone.
pub(super) fn remove(path: &Path, name: &str) -> Result<(), Error> {
    match load(path) {
        Ok(Some(kubeconfig)) if is_only_about(&kubeconfig, name) => Ok(private_file::remove(path)?),
        Ok(_) | Err(Error::Kubeconfig { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    fn text(name: &str) -> String {
        format!(
            "{{clusters: [{{name: kind-{name}, cluster: {{server: 'https://127.0.0.1:1', certificate-authority-data: UEVN}}}}], \
             contexts: [{{name: kind-{name}, context: {{cluster: kind-{name}, user: kind-{name}}}}}], \
             users: [{{name: kind-{name}, user: {{client-key-data: aHVudGVyMg==}}}}], current-context: kind-{name}}}"
        )
    }

    #[test]
    fn a_kubeconfig_is_private_and_says_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dev.kubeconfig");
        write(&path, "dev", &Secret::new(text("dev"))).unwrap();
        let expected = Access {
            host: "https://127.0.0.1:1".into(),
            authority: "PEM".into(),
            context: "kind-dev".into(),
        };
        assert_eq!(read(&path, "dev").unwrap(), expected);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(write(&path, "dev", &Secret::new(text("prod"))).is_err(), "another cluster's is not written");
    }

    #[test]
    fn a_file_about_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for (content, ours) in
            [(text("dev"), true), (text("prod"), false), ("notes: [".into(), false), (String::new(), true)]
        {
            std::fs::write(&path, &content).unwrap();
            let may = may_replace(&path, "dev");
            assert_eq!(may.is_ok(), ours, "{content:?}: {may:?}");
            assert!(!format!("{may:?}").contains("aHVudGVyMg"));
            remove(&path, "dev").unwrap();
            assert_eq!(path.exists(), !ours, "{content:?}");
        }
        assert!(may_replace(&path, "dev").is_ok());
        std::fs::write(&path, text("prod")).unwrap();
        let taken = write(&path, "dev", &Secret::new(text("dev"))).unwrap_err();
        assert!(matches!(taken, Error::KubeconfigTaken { .. }), "{taken}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text("prod"), "it came there unasked");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("file"), dir.path().join("link"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let text = Secret::new(text("dev"));
        for refused in [may_replace(&link, "dev"), write(&link, "dev", &text)].map(Result::unwrap_err) {
            let said = refused.to_string().replace(&dir.path().display().to_string(), "DIR");
            assert_eq!(said, "`DIR/link` is a link, which is not written over");
        }
        assert!(!path.exists());
    }

    #[test]
    fn no_kubeconfig_is_too_strange() {
        let path = Path::new("/nowhere");
        hostile::texts(hostile::INPUTS, &[&text("dev")], |text| {
            let Ok(kubeconfig) = parse(path, &Secret::new(text.to_owned())) else { return };
            drop((access(path, &kubeconfig, "dev"), is_only_about(&kubeconfig, "dev")));
        });
    }
}
