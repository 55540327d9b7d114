//! What is wrong with an overlay by itself, before anything is read or written.

use super::base::{self, Base};
use super::image::check_name;
use super::{Overlay, Refused, Why};
use crate::argo::{KustomizePatch, KustomizeTarget};
use crate::manifest::{Limits, parse_value};
use serde_json::Value;
use std::collections::BTreeSet;

/// The part of an overlay that something is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Its directory.
    Path,
    /// A base, from 0.
    Base(usize),
    /// A component, from 0.
    Component(usize),
    /// A patch, from 0.
    Patch(usize),
    /// The file of a patch, from 0.
    PatchFile(usize),
    /// An image, by its name.
    Image(String),
}

impl Overlay {
    /// Everything that is wrong with its bases, components, patches and the names of its images.
    pub fn check(&self) -> Vec<Refused> {
        let Ok(directory) = self.directory() else { return Vec::new() };
        let mut wrong = Vec::new();
        let lists: [(&Vec<String>, fn(usize) -> Field); 2] = [
            (&self.kustomization.resources, Field::Base),
            (&self.kustomization.components, Field::Component),
        ];
        for (bases, field) in lists {
            let mut seen = BTreeSet::new();
            for (index, text) in bases.iter().enumerate() {
                let why = match Base::parse(&directory, text) {
                    Err(why) => Some(why),
                    Ok(base) if !seen.insert(base.clone()) => Some(base::wrong(text, "it is named twice")),
                    Ok(_) => None,
                };
                wrong.extend(why.map(|why| Refused { field: field(index), why }));
            }
        }
        let patches = self.kustomization.patches.iter().enumerate();
        for (index, patch) in patches {
            wrong.extend(check_patch(patch).map(|why| Refused { field: Field::Patch(index), why }));
            let file = patch.path.as_ref().and_then(|file| directory.join(file).err());
            wrong.extend(file.map(|error| Refused { field: Field::PatchFile(index), why: error.into() }));
        }
        let images = self.kustomization.images.iter().flatten();
        wrong.extend(images.filter_map(|(name, _)| {
            let why = check_name(name).err()?.into();
            Some(Refused { field: Field::Image(name.clone()), why })
        }));
        wrong
    }
}

fn check_patch(patch: &KustomizePatch) -> Option<Why> {
    let targeted = patch.target.as_ref().is_some_and(|target| *target != KustomizeTarget::default());
    let text = match (&patch.patch, &patch.path) {
        (Some(text), None) => text,
        (None, Some(_)) => return None,
        _ => return Some(Why::Patch { why: "it needs `patch` or `path`, and not both" }),
    };
    match parse_value(text, &Limits::default()) {
        Err(error) => Some(Why::PatchText(error)),
        Ok(Value::Array(_)) if !targeted => {
            Some(Why::Patch { why: "a list of operations needs a `target` that they are for" })
        }
        Ok(Value::Array(operations)) if !operations.is_empty() => None,
        Ok(Value::Object(part)) if targeted && !part.is_empty() => None,
        Ok(part) => {
            let named = ["/apiVersion", "/kind", "/metadata/name"];
            let named = named.iter().all(|key| part.pointer(key).is_some_and(Value::is_string));
            (!named).then_some(Why::Patch {
                why: "it names no object: it needs `apiVersion`, `kind` and `metadata.name`, or a `target`",
            })
        }
    }
}
