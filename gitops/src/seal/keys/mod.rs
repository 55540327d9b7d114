//! The keys of a controller, as it keeps them: Secrets with a certificate and its private key.
//!
//! A controller reads them when it starts, those alone whose label says `active`; it opens with each of them and gives out
//! the certificate that begins last. One that it cannot read ends it at its start, so that nothing is put in place, and
//! nothing backed up, whose two halves do not open what was sealed for them. (`initKeyRegistry` and `readKey` in its
//! `pkg/controller`.)

mod backup;
mod error;
mod make;
#[cfg(test)]
mod tests;

pub use backup::{Backup, MAX as MAX_BACKUP, read as read_backup, restore, write as write_backup};
pub use error::Error;

use super::{Certificate, PrivateKey, Scope, seal, unseal};
use crate::Secret;
use crate::apply::{IDENTITY, OWNER};
use crate::manifest::Object;
use crate::secrets::live_data;
use base64::{Engine, engine::general_purpose::STANDARD};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Label of the Secrets. Its value is `active` where the controller is to use the key.
pub const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// Annotation of a key that was made here: its number.
pub const ROTATION: &str = "gitops-rs.github.io/rotation";

const ACTIVE: &str = "active";
const CERTIFICATE: &str = "tls.crt";
const PRIVATE_KEY: &str = "tls.key";
/// Annotation in which `kubectl apply` keeps a copy of what it applied, also of a Secret.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A key of a controller, whose two halves fit. It has no `Debug`.
#[derive(Clone)]
pub struct SealingKey {
    /// Name of its Secret.
    pub name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    certificate: Certificate,
    /// The certificates as the Secret has them.
    chain: String,
    private: Secret<String>,
}

impl SealingKey {
    /// The key that a Secret holds.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] and [`Error::Unfit`].
    pub fn of(secret: &Value) -> Result<Self, Error> {
        let text =
            |pointer: &str| secret.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("/metadata/name");
        let data = live_data(secret);
        let part = |key: &str| {
            let bytes = data.expose().0.get(key).cloned().unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        };
        let (chain, private) = (part(CERTIFICATE), Secret::new(part(PRIVATE_KEY)));
        let unusable = |source| Error::Unusable { name: name.clone(), source };
        let certificate = Certificate::parse(&chain).map_err(unusable)?;
        let own = |pointer: &str| {
            let map = secret.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
            let own = map.filter(|(key, _)| ![OWNER, IDENTITY, LAST_APPLIED].contains(&key.as_str()));
            own.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        };
        let key = Self {
            labels: own("/metadata/labels"),
            annotations: own("/metadata/annotations"),
            certificate,
            chain,
            private,
            name: name.clone(),
        };
        key.check()
    }

    /// Seals something and opens it again.
    fn check(self) -> Result<Self, Error> {
        const VALUE: &[u8] = b"does it open?";
        let unusable = |source| Error::Unusable { name: self.name.clone(), source };
        let private = PrivateKey::parse(self.private.expose()).map_err(unusable)?;
        let sealed = seal(&self.certificate, Scope::Strict, "a", "b", VALUE).map_err(unusable)?;
        match unseal(&private, Scope::Strict, "a", "b", &sealed) {
            Ok(opened) if opened.expose() == VALUE => Ok(self),
            _ => Err(Error::Unfit { name: self.name }),
        }
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its certificate in PEM, as the Secret has it.
    pub fn pem(&self) -> &str {
        &self.chain
    }

    /// The fingerprint of the key.
    pub fn fingerprint(&self) -> &str {
        self.certificate.fingerprint()
    }

    /// Whether the controller uses it.
    pub fn is_active(&self) -> bool {
        self.labels.get(LABEL).is_some_and(|value| value == ACTIVE)
    }

    /// The number that it was made with here.
    pub fn rotation(&self) -> Option<i64> {
        self.annotations.get(ROTATION)?.parse().ok()
    }

    /// The key that opens what was sealed for it.
    #[cfg(test)]
    fn private(&self) -> PrivateKey {
        PrivateKey::parse(self.private.expose()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same with another name of its Secret, where another key has the one that it had.
    #[must_use]
    pub fn renamed(self) -> Self {
        let print = crate::install::digest(&json!(self.fingerprint()));
        let name: String = self.name.chars().take(240).collect();
        Self { name: format!("{name}-{}", print.get(..8).unwrap_or(&print)), ..self }
    }

    /// The Secret, in this namespace.
    pub fn object(&self, namespace: &str) -> Object {
        let mut metadata = json!({ "name": self.name, "namespace": namespace });
        for (field, map) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if let (false, Value::Object(metadata)) = (map.is_empty(), &mut metadata) {
                metadata.insert(field.to_owned(), json!(map));
            }
        }
        let data: Map<String, Value> = [(CERTIFICATE, &self.chain), (PRIVATE_KEY, self.private.expose())]
            .map(|(key, text)| (key.to_owned(), STANDARD.encode(text).into()))
            .into_iter()
            .collect();
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data,
        });
        Object::new(object).unwrap_or_else(|problem| unreachable!("a Secret {problem}"))
    }
}

/// The key of `keys` that a controller seals for: of those that it uses, the one whose certificate begins last.
pub fn newest(keys: &[SealingKey]) -> Option<&SealingKey> {
    keys.iter().filter(|key| key.is_active()).max_by_key(|key| key.certificate.not_before())
}

/// A time of a certificate, in seconds from the beginning of 1970, as RFC 3339 has it.
pub fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
