//! Keys that only SOPS itself can use: of PGP, and of clouds. Here they are told apart by what names them.

use super::value::{Map, Value};
use serde_json::Value as Json;

/// A kind of such keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What people call it.
    pub(super) name: &'static str,
    /// The list of such keys in an encrypted file.
    pub(super) list: &'static str,
    /// The names that `.sops.yaml` has for it.
    config: &'static [&'static str],
    /// What of an entry of that list, or of one in `.sops.yaml`, names the key, joined with what stands before each.
    id: &'static [&'static [(&'static str, &'static str)]],
}

/// All of them.
pub(super) static KINDS: [Kind; 6] = [
    Kind { name: "PGP", list: "pgp", config: &["pgp"], id: &[&[("", "fp")]] },
    Kind { name: "AWS KMS", list: "kms", config: &["kms"], id: &[&[("", "arn")]] },
    Kind { name: "Google Cloud KMS", list: "gcp_kms", config: &["gcp_kms"], id: &[&[("", "resource_id")]] },
    Kind {
        name: "Azure Key Vault",
        list: "azure_kv",
        config: &["azure_keyvault"],
        id: &[&[("", "vault_url"), ("/keys/", "name")], &[("", "vaultUrl"), ("/keys/", "key")]],
    },
    Kind {
        name: "Vault",
        list: "hc_vault",
        config: &["hc_vault", "hc_vault_transit_uri"],
        id: &[&[("", "vault_address"), ("/v1/", "engine_path"), ("/keys/", "key_name")]],
    },
    Kind { name: "Huawei Cloud KMS", list: "hckms", config: &["hckms"], id: &[&[("", "key_id")]] },
];

/// A key of another kind, as an encrypted file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) kind: &'static Kind,
    /// What names it.
    pub(super) id: String,
    /// The entry, as texts by their names: what is not known here stays.
    pub(super) entry: Vec<(String, Entry)>,
}

/// A part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A text.
    Text(String),
    /// Named texts, such as the context of a key of AWS.
    Map(Vec<(String, String)>),
}

impl Other {
    /// The key that `value` is in the list of `kind`.
    pub(super) fn read(kind: &'static Kind, value: &Value) -> Option<Self> {
        let Value::Map(map) = value else { return None };
        let entry: Vec<_> =
            map.named().filter_map(|(name, value)| Some((name.clone(), part(value)?))).collect();
        let text = |name: &str| match entry.iter().find(|(found, _)| found == name) {
            Some((_, Entry::Text(text))) => Some(text.as_str()),
            _ => None,
        };
        let id = kind.id(text)?;
        Some(Self { kind, id, entry })
    }

    /// The entry, as a file has it.
    pub(super) fn write(&self) -> Value {
        let text = |text: &String| Value::Text(text.clone());
        let part = |part: &Entry| match part {
            Entry::Text(value) => text(value),
            Entry::Map(map) => {
                Value::Map(Map(map.iter().map(|(name, value)| (name.clone(), text(value))).collect()))
            }
        };
        Value::Map(Map(self.entry.iter().map(|(name, value)| (name.clone(), part(value))).collect()))
    }

    /// What the file's key is encrypted as, which has random numbers in it.
    pub(super) fn share(&self) -> &str {
        let share = self.entry.iter().find(|(name, _)| name == "enc");
        match share {
            Some((_, Entry::Text(text))) => text,
            _ => "",
        }
    }
}

fn part(value: &Value) -> Option<Entry> {
    Some(match value {
        Value::Text(text) => Entry::Text(text.clone()),
        Value::Map(map) => {
            let text = |(name, value): &(String, Value)| match value {
                Value::Text(text) => Some((name.clone(), text.clone())),
                _ => None,
            };
            Entry::Map(map.named().filter_map(text).collect())
        }
        _ => return None,
    })
}

impl Kind {
    /// What names the key whose parts `text` tells.
    fn id<'t>(&self, text: impl Fn(&str) -> Option<&'t str>) -> Option<String> {
        let joined = |parts: &&[(&str, &str)]| {
            let part =
                |(before, name): &(&str, &str)| Some(format!("{before}{}", text(name)?.trim_matches('/')));
            parts.iter().map(part).collect::<Option<String>>()
        };
        self.id.iter().find_map(joined).map(|id| self.plain(&id))
    }

    /// A name as it is compared.
    fn plain(&self, id: &str) -> String {
        match self.list {
            "pgp" => id.replace(' ', "").to_ascii_uppercase(),
            // A role to take on stands behind the key, and a version of a key of Azure.
            "kms" => id.split('+').next().unwrap_or(id).trim().to_owned(),
            "azure_kv" => {
                let (vault, key) = id.split_once("/keys/").unwrap_or((id, ""));
                format!("{}/keys/{}", vault.trim_end_matches('/'), key.split('/').next().unwrap_or_default())
            }
            _ => id.trim().trim_end_matches('/').to_owned(),
        }
    }

    /// The keys of this kind that a rule or a group of `.sops.yaml` names: texts with commas, or lists of texts or maps.
    pub(super) fn named_in(&self, group: &Json) -> Vec<String> {
        let mut found = Vec::new();
        for given in self.config.iter().filter_map(|name| group.get(name)) {
            match given {
                Json::String(keys) => found.extend(self.split(keys)),
                Json::Array(keys) => keys.iter().for_each(|key| match key {
                    Json::String(key) => found.extend(self.split(key)),
                    // One that is not understood is a key all the same: only SOPS knows which.
                    key => found.push(self.id(|name| key.get(name)?.as_str()).unwrap_or_default()),
                }),
                _ => {}
            }
        }
        found
    }

    fn split<'k>(&'k self, keys: &'k str) -> impl Iterator<Item = String> + 'k {
        keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(|key| self.plain(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_a_file_and_of_a_rule_have_the_same_names() {
        let cases = [
            (
                "pgp",
                json!({"fp": "85D77543B3D624B63CEA9E6DBC17301B491B3F21"}),
                json!({"pgp": "85d7 7543 B3D6 24B6 3CEA 9E6D BC17 301B 491B 3F21"}),
            ),
            ("pgp", json!({"fp": "AB"}), json!({"pgp": ["AB"]})),
            (
                "kms",
                json!({"arn": "arn:aws:kms:x:1:key/a"}),
                json!({"kms": "arn:aws:kms:x:1:key/a+arn:aws:iam::1:role/r"}),
            ),
            (
                "kms",
                json!({"arn": "arn:a", "role": "r"}),
                json!({"kms": [{"arn": "arn:a", "role": "r", "context": {"a": "b"}}]}),
            ),
            (
                "gcp_kms",
                json!({"resource_id": "projects/p/k"}),
                json!({"gcp_kms": [{"resource_id": "projects/p/k"}]}),
            ),
            (
                "azure_kv",
                json!({"vault_url": "https://v", "name": "k", "version": "1"}),
                json!({"azure_keyvault": "https://v/keys/k/1"}),
            ),
            (
                "azure_kv",
                json!({"vault_url": "https://v", "name": "k", "version": "1"}),
                json!({"azure_keyvault": [{"vaultUrl": "https://v", "key": "k"}]}),
            ),
            (
                "hc_vault",
                json!({"vault_address": "https://v:8200", "engine_path": "t", "key_name": "k"}),
                json!({"hc_vault_transit_uri": "https://v:8200/v1/t/keys/k"}),
            ),
            ("hckms", json!({"key_id": "eu:1"}), json!({"hckms": ["eu:1"]})),
        ];
        for (list, in_file, in_rule) in cases {
            let kind = KINDS.iter().find(|kind| kind.list == list).unwrap();
            let value = super::super::json::read(&in_file.to_string()).unwrap();
            let key = Other::read(kind, &Value::Map(value.0[0].clone())).unwrap();
            assert_eq!(std::slice::from_ref(&key.id), kind.named_in(&in_rule).as_slice(), "{in_rule}");
            assert_eq!(serde_json::to_value(key.write()).unwrap(), in_file);
        }
        let two = KINDS[0].named_in(&json!({"pgp": "A, B,"}));
        assert_eq!(two, ["A", "B"]);
    }
}
