//! What Argo CD would refuse in the Secret of a repository, or only find out when it pulls, said before anything is
//! written. No text of it shows a secret.

use super::check::has_password;
use super::repository::{Repository, RepositoryType, SecretType};
use crate::git::has_passphrase;
use crate::{Explain, Secret};

/// Why the Secret of a repository makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The address is not one of such a repository.
    #[error("this is not the address of {}", match kind { RepositoryType::Git => "a Git repository", RepositoryType::Helm => "a Helm repository", RepositoryType::Oci => "an OCI artifact" })]
    Address {
        /// What should be there.
        kind: RepositoryType,
    },
    /// An address holds a password. It is not repeated here.
    #[error("the address of the repository has credentials in it")]
    Credentials,
    /// More than one way in.
    #[error("a repository is opened in one way, and this one has {}", ways.iter().map(|way| format!("`{way}`")).collect::<Vec<_>>().join(" and "))]
    Ways {
        /// The attributes.
        ways: Vec<&'static str>,
    },
    /// Of two that belong together one is missing.
    #[error("`{given}` needs `{missing}`")]
    Missing {
        /// What is given.
        given: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// A value that is there and empty.
    #[error("`{attribute}` is empty")]
    Empty {
        /// The attribute.
        attribute: &'static str,
    },
    /// A way in that does not fit the address.
    #[error("`{attribute}` is for an address of {needs}, and this one is not")]
    Transport {
        /// The attribute.
        attribute: &'static str,
        /// `SSH` or `HTTPS`.
        needs: &'static str,
    },
    /// A text that should be a key or a certificate.
    #[error("`{attribute}` is not {what} in PEM")]
    Pem {
        /// The attribute.
        attribute: &'static str,
        /// What it should be.
        what: &'static str,
    },
    /// A key that nobody can open for Argo CD.
    #[error("the key in `{attribute}` has a passphrase")]
    Passphrase {
        /// The attribute.
        attribute: &'static str,
    },
    /// A beginning of addresses that is to belong to a project.
    #[error("what is for all addresses that begin alike belongs to no project")]
    Project,
    /// A beginning of addresses, and nothing that opens what is there.
    #[error("what is for all addresses that begin alike has to open them, and this does not")]
    Nothing,
    /// `enable_oci` with something else than Helm charts.
    #[error("`enable_oci` is for charts of Helm, and this is of the type `{}`", kind.word())]
    Oci {
        /// The type.
        kind: RepositoryType,
    },
}

impl Explain for RepositoryError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { kind: RepositoryType::Git } => "It looks like `https://git.example.com/acme/shop.git` or `git@git.example.com:acme/shop.git`.".into(),
            Self::Address { kind: RepositoryType::Helm } => "It looks like `https://charts.example.com`, and with `enable_oci = true` like `registry.example.com/charts`.".into(),
            Self::Address { kind: RepositoryType::Oci } => "It looks like `oci://registry.example.com/shop/manifests`.".into(),
            Self::Credentials => "Everyone who may see it would see them. Give them in `username` and `password_wo`.".into(),
            Self::Ways { .. } => "Keep one of them.".into(),
            Self::Missing { given: "password_wo", .. } => "With a token as the password any user name will do, such as `git`.".into(),
            Self::Missing { .. } => "Give both.".into(),
            Self::Empty { .. } => "Is the variable that holds the value set in this environment?".into(),
            Self::Transport { needs: "SSH", .. } => "Give an address such as `git@git.example.com:acme/shop.git`, or `username` and `password_wo`.".into(),
            Self::Transport { .. } => "Give an address such as `https://git.example.com/acme/shop.git`, or `ssh_private_key_wo`.".into(),
            Self::Pem { .. } => "Give the text of the file, with its first and last line: `file(\"…\")`.".into(),
            Self::Passphrase { .. } => "Argo CD has nobody to ask. Give a key without one, such as a deploy key of its own.".into(),
            Self::Project => "Leave `project` out, or give the repository itself with `secret_type = \"repository\"`.".into(),
            Self::Nothing => "Give `password_wo`, `bearer_token_wo`, `ssh_private_key_wo`, `github_app` or `tls_client`.".into(),
            Self::Oci { .. } => "Set `type = \"helm\"`, or leave it out: with `type = \"oci\"` the address begins with `oci://`.".into(),
        })
    }
}

type Wrong = (&'static str, RepositoryError);

impl Repository {
    /// Everything that is wrong with it, and the attribute it is wrong in.
    pub fn validate(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if has_password(&self.url) {
            wrong.push(("url", RepositoryError::Credentials));
        } else if !self.has_fitting_address() {
            wrong.push(("url", RepositoryError::Address { kind: self.kind }));
        }
        if self.options.enable_oci && self.kind != RepositoryType::Helm {
            wrong.push(("enable_oci", RepositoryError::Oci { kind: self.kind }));
        }
        if self.secret_type == SecretType::RepoCreds && self.project.is_some() {
            wrong.push(("project", RepositoryError::Project));
        }
        self.wrong_in_ways(&mut wrong);
        self.wrong_in_keys(&mut wrong);
        wrong
    }

    fn has_fitting_address(&self) -> bool {
        let url = self.url.trim();
        let place = |rest: Option<&str>| rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty());
        let web = place(url.strip_prefix("https://").or(url.strip_prefix("http://")));
        if url.contains(char::is_whitespace) || url.contains(char::is_control) {
            return false;
        }
        match self.kind {
            RepositoryType::Git => web || is_ssh(url),
            RepositoryType::Helm if self.options.enable_oci => !url.is_empty() && !url.contains("://"),
            RepositoryType::Helm => web,
            RepositoryType::Oci => place(url.strip_prefix("oci://")),
        }
    }

    fn wrong_in_ways(&self, wrong: &mut Vec<Wrong>) {
        let credentials = &self.credentials;
        let ways = [
            ("password_wo", credentials.password.is_some()),
            ("bearer_token_wo", credentials.bearer_token.is_some()),
            ("ssh_private_key_wo", credentials.ssh_private_key.is_some()),
            ("github_app", credentials.github_app.is_some()),
        ];
        let ways: Vec<&'static str> = ways.iter().filter(|(_, given)| *given).map(|(way, _)| *way).collect();
        if let [_, second, ..] = *ways {
            wrong.push((second, RepositoryError::Ways { ways: ways.clone() }));
        }
        if ways.is_empty() && credentials.tls_client.is_none() && self.secret_type == SecretType::RepoCreds {
            wrong.push(("secret_type", RepositoryError::Nothing));
        }
        let ssh = is_ssh(self.url.trim());
        for way in ways {
            let needs = if way == "ssh_private_key_wo" { "SSH" } else { "HTTPS" };
            if ssh != (needs == "SSH") {
                wrong.push((way, RepositoryError::Transport { attribute: way, needs }));
            }
        }
        match (&self.username, &credentials.password) {
            (None, Some(_)) => wrong
                .push(("username", RepositoryError::Missing { given: "password_wo", missing: "username" })),
            (Some(_), None) if credentials.ssh_private_key.is_none() => wrong.push((
                "password_wo",
                RepositoryError::Missing { given: "username", missing: "password_wo" },
            )),
            _ => {}
        }
    }

    fn wrong_in_keys(&self, wrong: &mut Vec<Wrong>) {
        let credentials = &self.credentials;
        let empty = |secret: &Option<Secret<String>>| {
            secret.as_ref().is_some_and(|secret| secret.expose().trim().is_empty())
        };
        let empty = [
            ("username", self.username.as_ref().is_some_and(|name| name.trim().is_empty())),
            ("password_wo", empty(&credentials.password)),
            ("bearer_token_wo", empty(&credentials.bearer_token)),
        ];
        let empty = empty.into_iter().filter(|(_, empty)| *empty);
        wrong.extend(empty.map(|(at, _)| (at, RepositoryError::Empty { attribute: at })));
        let ssh = credentials.ssh_private_key.as_ref();
        wrong.extend(ssh.and_then(|key| wrong_in_key("ssh_private_key_wo", key)));
        if let Some(app) = &credentials.github_app {
            let at = "github_app.private_key_wo";
            let missing = RepositoryError::Missing { given: "github_app", missing: at };
            wrong.extend(match &app.private_key_wo {
                Some(key) => wrong_in_key(at, key),
                None => Some((at, missing)),
            });
        }
        if let Some(client) = &credentials.tls_client {
            let (at, key) = ("tls_client.certificate", "tls_client.key_wo");
            if !client.certificate.contains("-----BEGIN CERTIFICATE-----") {
                wrong.push((at, RepositoryError::Pem { attribute: at, what: "a certificate" }));
            }
            wrong.extend(match &client.key_wo {
                Some(given) => wrong_in_key(key, given),
                None => Some((key, RepositoryError::Missing { given: at, missing: key })),
            });
        }
    }
}

fn wrong_in_key(attribute: &'static str, key: &Secret<String>) -> Option<Wrong> {
    let text = key.expose();
    let error = if text.trim().is_empty() {
        RepositoryError::Empty { attribute }
    } else if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
        RepositoryError::Pem { attribute, what: "a private key" }
    } else if has_passphrase(text) {
        RepositoryError::Passphrase { attribute }
    } else {
        return None;
    };
    Some((attribute, error))
}

/// Whether an address is one of SSH: `ssh://…`, or `user@host:path`.
fn is_ssh(url: &str) -> bool {
    let scp = || match (url.contains("://"), url.split_once('@')) {
        (false, Some((user, rest))) => {
            let path = rest.split_once(':').map(|(host, path)| !host.is_empty() && !path.is_empty());
            !user.is_empty() && !user.contains(['/', ':']) && path.unwrap_or_default()
        }
        _ => false,
    };
    url.strip_prefix("ssh://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) || scp()
}
