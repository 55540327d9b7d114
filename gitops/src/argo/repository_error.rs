//! Why the Secret of a repository makes no sense, and what to do then. No text of it shows a secret.

use super::repository::RepositoryType;
use crate::Explain;

/// Why the Secret of a repository makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The address is not one of such a repository.
    #[error("this is not the address of {}", kind.what())]
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
    /// A way in that Argo CD does not use for such a repository.
    #[error("Argo CD does not use `{attribute}` for {}", kind.what())]
    Useless {
        /// The attribute.
        attribute: &'static str,
        /// The type.
        kind: RepositoryType,
    },
    /// A text that should be the key of a service account of Google Cloud.
    #[error("`{attribute}` is not the key of a service account in JSON")]
    ServiceAccount {
        /// The attribute.
        attribute: &'static str,
    },
    /// A beginning of addresses that is to belong to a project.
    #[error("what is for all addresses that begin alike belongs to no project")]
    Project,
    /// A beginning of addresses, and nothing that opens what is there.
    #[error("what is for all addresses that begin alike has to open them, and this does not")]
    Nothing,
    /// A depth that is none.
    #[error("a depth of {depth} is none")]
    Depth {
        /// What was given.
        depth: i64,
    },
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
            Self::Useless { kind: RepositoryType::Helm, .. } => "A Helm repository is opened by `username` and `password_wo`, `use_azure_workload_identity` or `tls_client`.".into(),
            Self::Useless { .. } => "An OCI registry is opened by `username` and `password_wo`, or `tls_client`.".into(),
            Self::ServiceAccount { .. } => "Give the text of the file that Google Cloud made for the key, with `type`, `client_email` and `private_key` in it: `file(\"…\")`.".into(),
            Self::Project => "Leave `project` out, or give the repository itself with `secret_type = \"repository\"`.".into(),
            Self::Nothing => "Give `password_wo`, `bearer_token_wo`, `ssh_private_key_wo`, `github_app`, `gcp_service_account_key_wo`, `azure_service_principal`, `use_azure_workload_identity` or `tls_client`.".into(),
            Self::Depth { .. } => "Give the number of commits to fetch, such as 1, for a Git repository; leave it out to fetch all.".into(),
            Self::Oci { .. } => "Set `type = \"helm\"`, or leave it out: with `type = \"oci\"` the address begins with `oci://`.".into(),
        })
    }
}
