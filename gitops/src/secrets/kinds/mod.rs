//! What the values of a Secret must be for its type.
//!
//! Part of it the API server refuses, as `ValidateSecret` of Kubernetes does. The rest it takes, and it is found out only
//! where the values are used: a Pod that cannot pull its image, an Ingress with the certificate of nobody. No message of
//! this room shows a value, nor what a value names.

mod docker;
mod error;
#[cfg(test)]
mod tests;
mod tls;

pub use error::{Doubt, Unfit};

use super::Data;
use crate::Secret;
use error::pem_of;
use std::time::SystemTime;

/// The types that are known here (<https://kubernetes.io/docs/concepts/configuration/secret/#secret-types>).
const DOCKER_CONFIG_JSON: &str = "kubernetes.io/dockerconfigjson";
const DOCKER_CONFIG: &str = "kubernetes.io/dockercfg";
const TLS: &str = "kubernetes.io/tls";
const BASIC_AUTH: &str = "kubernetes.io/basic-auth";
const SSH_AUTH: &str = "kubernetes.io/ssh-auth";

/// What is wrong with values, and what is odd about them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Why they are no values of this type.
    pub unfit: Vec<Unfit>,
    /// What they would be taken with, and hardly meant.
    pub doubts: Vec<Doubt>,
}

/// Looks at the values of a Secret of type `kind`, as they are at `now`. A type that is not known here may have any.
pub fn check(kind: &str, data: &Secret<Data>, now: SystemTime) -> Checked {
    let mut look = Look { kind, data: data.expose(), now, found: Checked::default() };
    match kind {
        DOCKER_CONFIG_JSON => look.docker_config_json(),
        DOCKER_CONFIG => look.docker_config(),
        TLS => look.tls(),
        BASIC_AUTH => look.any_of(&["username", "password"]),
        SSH_AUTH => look.ssh(),
        _ => {}
    }
    look.found
}

/// A look at one Secret.
struct Look<'a> {
    kind: &'a str,
    data: &'a Data,
    now: SystemTime,
    found: Checked,
}

impl<'a> Look<'a> {
    /// The value of a key that must be there and not empty.
    fn value(&mut self, key: &'static str) -> Option<&'a [u8]> {
        let value = self.data.0.get(key).filter(|value| !value.is_empty());
        if value.is_none() {
            self.lacks(vec![key]);
        }
        value.map(Vec::as_slice)
    }

    /// The API server wants one of the two, which may be empty. One that is would be nobody's credentials.
    fn any_of(&mut self, keys: &'static [&'static str]) {
        let given = |key: &&str| self.data.0.get(*key).is_some_and(|value| !value.is_empty());
        if !keys.iter().any(given) {
            self.lacks(keys.to_vec());
        }
    }

    fn lacks(&mut self, keys: Vec<&'static str>) {
        self.found.unfit.push(Unfit::Lacks { kind: self.kind.to_owned(), keys });
    }

    /// A private key for ssh, in PEM: whoever mounts it finds out else.
    fn ssh(&mut self) {
        const KEY: &str = "ssh-privatekey";
        let Some(value) = self.value(KEY) else { return };
        match pem_of(value) {
            Some(label) if label.ends_with("PRIVATE KEY") => {
                if !value.ends_with(b"\n") {
                    self.found.doubts.push(Doubt::NoLineBreak { key: KEY });
                }
            }
            label => self.found.unfit.push(Unfit::NoPrivateKey { key: KEY, is: label }),
        }
    }
}
