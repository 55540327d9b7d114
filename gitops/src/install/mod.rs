//! What is installed from manifests that others wrote: their objects, made ready for one installation.
//!
//! Pure: the same text and the same wishes give the same objects, whether they are planned or applied. What is different
//! from one product to the next is said in its [`Product`]; an add-on is one entry of [`addons`].

pub mod addons;
mod error;
#[cfg(test)]
mod tests;

pub use error::Error;

use crate::manifest::{Id, Limits, Object, parse, patch, rewrite_images};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Something that is installed.
#[derive(Debug)]
pub struct Product {
    /// Its name, as users read it.
    pub title: &'static str,
    /// Name of the release that charts are rendered for: what they make begins with it.
    pub release: &'static str,
    /// The namespace that its own manifests are written for.
    pub home: &'static str,
    /// Whether an object is the workload without which a manifest is another product's.
    pub is_main: fn(&Object) -> bool,
    /// That workload in words, such as "an application controller".
    pub main: &'static str,
    /// Where its manifests and charts are, as a sentence.
    pub sources: &'static str,
    /// Kind and name of the workloads by which an installation is known in a cluster, whoever made it.
    pub workloads: &'static [(&'static str, &'static str)],
}

impl PartialEq for Product {
    fn eq(&self, other: &Self) -> bool {
        self.title == other.title
    }
}

impl Product {
    /// Its main workload among `objects`.
    pub fn main<'a>(&self, objects: &'a [Object]) -> Option<&'a Object> {
        objects.iter().find(|object| object.group() == "apps" && (self.is_main)(object))
    }

    /// The version that `objects` install: the tag of the main workload's image; of an image without one, what its
    /// labels say.
    pub fn version(&self, objects: &[Object]) -> Option<String> {
        let main = self.main(objects)?;
        let image = first_image(main).map(|image| image.split('@').next().unwrap_or(image));
        let tag = image
            .and_then(|image| image.rsplit_once(':'))
            .map(|(_, tag)| tag)
            .filter(|tag| !tag.contains('/'));
        let label = || main.at("/metadata/labels/app.kubernetes.io~1version").and_then(Value::as_str);
        tag.or_else(label).map(ToOwned::to_owned)
    }

    /// The workloads by which it is known, in `namespace`.
    pub fn references(&self, namespace: &str) -> Vec<Object> {
        let reference =
            |(kind, name): &(&str, &str)| Object::reference("apps/v1", kind, Some(namespace), name);
        self.workloads.iter().map(reference).collect()
    }
}

/// The image of a workload's first container.
fn first_image(workload: &Object) -> Option<&str> {
    workload.at("/spec/template/spec/containers/0/image").and_then(Value::as_str)
}

/// What is wanted beyond the manifest itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Namespace of the installation.
    pub namespace: String,
    /// Image rewrites; see [`rewrite_images`].
    pub images: BTreeMap<String, String>,
    /// Changes to objects; see [`patch`].
    pub patches: Vec<String>,
}

/// The objects of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The objects, ready to be applied.
    pub objects: Vec<Object>,
    /// Version of the product; see [`Product::version`]. Empty where nothing tells it.
    pub version: String,
    /// Keys of the image rewrites that matched no image.
    pub unused_images: Vec<String>,
}

/// The objects that install `product` as `wishes` say, from the `text` of a manifest.
///
/// In this order: read, moved to the namespace, images rewritten, patched.
///
/// # Errors
///
/// [`Error`].
pub fn prepare(product: &'static Product, text: &[u8], wishes: &Wishes) -> Result<Prepared, Error> {
    let text = std::str::from_utf8(text).map_err(|error| Error::NotText { position: error.valid_up_to() })?;
    let mut objects = parse(text, &Limits::default()).map_err(Error::Manifest)?;
    if product.main(&objects).is_none() {
        return Err(Error::Another { product, objects: objects.len() });
    }
    hooks(&mut objects);
    relocate(&mut objects, product.home, &wishes.namespace);
    // The namespace is shared with what was there before, such as keys and credentials.
    let is_home = |object: &Object| {
        object.kind() == "Namespace" && [wishes.namespace.as_str(), product.home].contains(&object.name())
    };
    objects.retain(|object| !is_home(object));
    let version = product.version(&objects);
    let unused_images = rewrite_images(&mut objects, &wishes.images);
    patch(&mut objects, &wishes.patches).map_err(Error::Patch)?;
    let version = product.version(&objects).or(version).unwrap_or_default();
    Ok(Prepared { objects, version, unused_images })
}

/// Moves manifests that are written for `home` to `namespace`: what they name as that (subjects of bindings, their own
/// namespace).
///
/// Objects that name no namespace are left to [`crate::apply`], which knows their scope.
pub fn relocate(objects: &mut [Object], home: &str, namespace: &str) {
    for object in objects.iter_mut() {
        if object.namespace() == Some(home) {
            object.set_namespace(namespace);
        }
        if let Some(Value::Array(subjects)) = object.as_map_mut().get_mut("subjects") {
            for subject in
                subjects.iter_mut().filter(|subject| subject.get("namespace") == Some(&json!(home)))
            {
                if let Value::Object(subject) = subject {
                    subject.insert("namespace".into(), namespace.into());
                }
            }
        }
    }
}

/// Of what Helm runs at certain moments only, leaves what it would run at an installation. A Job cannot be changed, so
/// its name says what is in it: another content is another Job, and the old one is pruned.
fn hooks(objects: &mut Vec<Object>) {
    const HOOK: &str = "helm.sh/hook";
    let at_install = |object: &Object| match object.annotation(HOOK) {
        Some(moments) => moments
            .split(',')
            .any(|moment| matches!(moment.trim(), "crd-install" | "pre-install" | "post-install")),
        None => true,
    };
    objects.retain(at_install);
    for job in objects.iter_mut().filter(|object| object.kind() == "Job" && object.annotation(HOOK).is_some())
    {
        let content = digest(&job.at("/spec").cloned().unwrap_or_default());
        let name: String = job.name().chars().take(52).collect();
        if let Some(Value::Object(metadata)) = job.as_map_mut().get_mut("metadata") {
            metadata
                .insert("name".into(), format!("{name}-{}", content.get(..10).unwrap_or(&content)).into());
        }
    }
}

/// SHA-256 of a value's JSON, whose keys are sorted.
pub(crate) fn digest(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

/// Whether an object is a Deployment, StatefulSet or DaemonSet.
pub fn is_workload(id: &Id) -> bool {
    id.group == "apps" && matches!(id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
}

/// The workloads among `objects`, which may leave out the namespace.
pub fn workloads(objects: &[Object], namespace: &str) -> Vec<Id> {
    let placed = |id: Id| Id { namespace: id.namespace.or_else(|| Some(namespace.to_owned())), ..id };
    objects.iter().map(Object::id).filter(is_workload).map(placed).collect()
}
