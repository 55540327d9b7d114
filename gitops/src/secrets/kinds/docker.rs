//! Credentials of registries, as the kubelet reads them from `.dockerconfigjson` and `.dockercfg`
//! (`pkg/credentialprovider/config.go` of Kubernetes).

use super::{Doubt, Look, Unfit};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const JSON_KEY: &str = ".dockerconfigjson";
const KEY: &str = ".dockercfg";

/// A JSON object whose values are where they were read from, so that no copy of a secret is made.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Look<'a> {
    /// `{"auths": {"registry": {…}}}`.
    pub(super) fn docker_config_json(&mut self) {
        let Some(config) = self.object(JSON_KEY) else { return };
        let auths = config.get("auths").and_then(|auths| serde_json::from_str::<Fields>(auths.get()).ok());
        match auths.filter(|auths| !auths.is_empty()) {
            Some(auths) => self.registries(&auths, JSON_KEY),
            None => self.found.unfit.push(Unfit::NoAuths { key: JSON_KEY }),
        }
    }

    /// `{"registry": {…}}`, which was the whole file of Docker once.
    pub(super) fn docker_config(&mut self) {
        let Some(config) = self.object(KEY) else { return };
        match config.contains_key("auths") {
            true => self.found.unfit.push(Unfit::NewerForm { key: KEY, kind: self.kind.to_owned() }),
            false => self.registries(&config, KEY),
        }
    }

    fn object(&mut self, key: &'static str) -> Option<Fields<'a>> {
        let value = self.value(key)?;
        let object = serde_json::from_slice::<Fields>(value).ok();
        if object.is_none() {
            self.found.unfit.push(Unfit::NoObject { key });
        }
        object
    }

    fn registries(&mut self, registries: &Fields<'_>, key: &'static str) {
        let (mut unfit, mut bare) = (None, false);
        for entry in registries.values() {
            match serde_json::from_str::<Entry>(entry.get()) {
                Ok(entry) if entry.auth.as_ref().is_some_and(|auth| !is_auth(auth)) => {
                    unfit = Some(Unfit::BadAuth { key });
                }
                Ok(entry) => bare |= entry.is_bare(),
                Err(_) => unfit = Some(Unfit::BadEntry { key }),
            }
        }
        self.found.unfit.extend(unfit);
        self.found.doubts.extend(bare.then_some(Doubt::NoCredentials { key }));
    }
}

/// What a registry is told.
#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "wiped")]
    username: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    password: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    auth: Option<Zeroizing<String>>,
}

impl Entry {
    fn is_bare(&self) -> bool {
        let empty = |text: &Option<Zeroizing<String>>| text.as_ref().is_none_or(|text| text.is_empty());
        empty(&self.auth) && (empty(&self.username) || empty(&self.password))
    }
}

fn wiped<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Zeroizing::new))
}

/// Whether the kubelet reads it. An empty one says nothing.
fn is_auth(text: &str) -> bool {
    let text = text.trim();
    let decoded = if text.contains('=') { STANDARD.decode(text) } else { STANDARD_NO_PAD.decode(text) };
    text.is_empty() || decoded.map(Zeroizing::new).is_ok_and(|decoded| decoded.contains(&b':'))
}
