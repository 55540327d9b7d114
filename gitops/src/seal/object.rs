//! The SealedSecret as an object: what is written to Git, and what is read there.

use super::{Error, PrivateKey, Scope, cipher};
use crate::Secret;
use crate::manifest::{self, Limits, Object};
use crate::secrets::{Data, is_key};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const API_VERSION: &str = "bitnami.com/v1alpha1";
const GROUP: &str = "bitnami.com";
const KIND: &str = "SealedSecret";
/// What a Secret is of where nothing is said.
const OPAQUE: &str = "Opaque";

/// What the Secret is to be that the controller makes, besides its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// Type; empty stands for `Opaque`.
    pub kind: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations, without those that tell the scope.
    pub annotations: BTreeMap<String, String>,
}

/// A SealedSecret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Namespace, of it and of its Secret.
    pub namespace: String,
    /// Name, of it and of its Secret.
    pub name: String,
    /// Where its values can be opened.
    pub scope: Scope,
    /// Its Secret.
    pub template: Template,
    /// Ciphertexts by key.
    pub data: BTreeMap<String, String>,
}

impl SealedSecret {
    /// It as an object. The controller reads the scope in the annotations of the object, and `kubeseal` in those of the
    /// template too.
    pub fn value(&self) -> Value {
        let scope: BTreeMap<_, _> = self.scope.annotation().map(|name| (name, "true")).into_iter().collect();
        let mut metadata = json!({"namespace": self.namespace, "name": self.name});
        let mut template = metadata.clone();
        let set = |object: &mut Value, field: &str, value: Value| {
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            if let (Value::Object(object), false) = (object, is_empty) {
                object.insert(field.to_owned(), value);
            }
        };
        set(&mut metadata, "annotations", json!(scope));
        let own = self.template.annotations.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let annotations: BTreeMap<_, _> = own.chain(scope).collect();
        set(&mut template, "annotations", json!(annotations));
        set(&mut template, "labels", json!(self.template.labels));
        let kind = Some(self.template.kind.as_str()).filter(|kind| !kind.is_empty()).unwrap_or(OPAQUE);
        json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": metadata,
            "spec": {
                "encryptedData": self.data,
                "template": {"metadata": template, "type": kind},
            },
        })
    }

    /// Reads the one SealedSecret that a YAML text is. What else its template has is left out.
    ///
    /// # Errors
    ///
    /// A text that is no manifest, another object or several, and values that are not sealed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut objects = manifest::parse(text, &Limits::default())?;
        let (Some(object), true) = (objects.pop(), objects.is_empty()) else {
            let why = match objects.len() {
                0 => "it is empty".to_owned(),
                more => format!("it has {} objects", more + 1),
            };
            return Err(Error::NotOne { why });
        };
        if object.group() != GROUP || object.kind() != KIND {
            return Err(Error::NotOne { why: format!("it is {}", object.id()) });
        }
        Self::of(&object)
    }

    fn of(object: &Object) -> Result<Self, Error> {
        let texts = |pointer: &str| {
            let map = object.at(pointer).and_then(Value::as_object).into_iter().flatten();
            let texts = map.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
            texts.collect::<BTreeMap<_, _>>()
        };
        let not_one = |why: String| Error::NotOne { why };
        let nothing = Map::new();
        let annotations = object.at("/metadata/annotations").and_then(Value::as_object).unwrap_or(&nothing);
        let data = texts("/spec/encryptedData");
        let given = object.at("/spec/encryptedData").and_then(Value::as_object).map_or(0, Map::len);
        if data.len() != given {
            return Err(not_one("not all of its `spec.encryptedData` is text".to_owned()));
        }
        for (key, sealed) in &data {
            if !is_key(key) {
                return Err(not_one(format!("`{}` cannot be a key of a Secret", crate::path::shown(key))));
            }
            cipher::check(sealed)?;
        }
        let mut own = texts("/spec/template/metadata/annotations");
        own.retain(|name, _| !Scope::is_told_by(name));
        let kind = object.at("/spec/template/type").and_then(Value::as_str).unwrap_or(OPAQUE);
        Ok(Self {
            namespace: object.namespace().unwrap_or_default().to_owned(),
            name: object.name().to_owned(),
            scope: Scope::of(annotations),
            template: Template {
                kind: kind.to_owned(),
                labels: texts("/spec/template/metadata/labels"),
                annotations: own,
            },
            data,
        })
    }

    /// Refuses it where it is another one than `namespace`/`name`.
    ///
    /// # Errors
    ///
    /// [`Error::Another`].
    pub fn check(&self, namespace: &str, name: &str) -> Result<(), Error> {
        match self.namespace == namespace && self.name == name {
            true => Ok(()),
            false => Err(Error::Another {
                found: format!("{}/{}", self.namespace, self.name),
                wanted: format!("{namespace}/{name}"),
            }),
        }
    }

    /// Its values, opened.
    ///
    /// # Errors
    ///
    /// As [`super::unseal`], of the first value that does not open.
    pub fn open(&self, key: &PrivateKey) -> Result<Secret<Data>, Error> {
        let mut data = zeroize::Zeroizing::new(Data::default());
        for (name, sealed) in &self.data {
            let value = super::unseal(key, self.scope, &self.namespace, &self.name, sealed)?;
            data.0.insert(name.clone(), value.expose().clone());
        }
        Ok(Secret::new(std::mem::take(&mut *data)))
    }
}
