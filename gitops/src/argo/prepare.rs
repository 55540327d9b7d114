//! From the text of a manifest to the objects of one installation of Argo CD.
//!
//! Pure: the same text and the same wishes give the same objects, whether they are planned or applied. Settings
//! become part of the ConfigMaps that they belong to, so that the pods find them at their first start; what others
//! write to the same ConfigMaps is not touched, since an apply holds single keys only.

use super::install::{self, APPLICATION_HEALTH, APPLICATION_HEALTH_KEY};
use crate::Explain;
use crate::manifest::{self, Limits, Object, parse, patch, rewrite_images};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Annotation of the pods that read `argocd-cmd-params-cm`, which Argo CD reads only when a pod starts: the checksum
/// of the parameters, so that a changed one starts new pods.
pub const PARAMS_CHECKSUM: &str = "gitops-rs.github.io/params-sha256";

/// ConfigMap with the parameters of Argo CD's programs.
const PARAMS: &str = "argocd-cmd-params-cm";

/// What is wanted beyond the manifest itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Namespace of the installation.
    pub namespace: String,
    /// Single keys of Argo CD's ConfigMaps.
    pub settings: Settings,
    /// Image rewrites; see [`rewrite_images`].
    pub images: BTreeMap<String, String>,
    /// Changes to objects; see [`patch`].
    pub patches: Vec<String>,
}

/// Single keys of Argo CD's ConfigMaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `argocd-cm`.
    pub config: BTreeMap<String, String>,
    /// `argocd-rbac-cm`.
    pub rbac: BTreeMap<String, String>,
    /// `argocd-cmd-params-cm`.
    pub params: BTreeMap<String, String>,
}

impl Settings {
    /// The ConfigMaps by name, each with its keys.
    pub fn maps(&self) -> [(&'static str, &BTreeMap<String, String>); 3] {
        [("argocd-cm", &self.config), ("argocd-rbac-cm", &self.rbac), (PARAMS, &self.params)]
    }
}

/// The objects of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The objects, ready to be applied.
    pub objects: Vec<Object>,
    /// Version of Argo CD; see [`install::version`]. Empty where nothing tells it.
    pub version: String,
    /// Keys of the image rewrites that matched no image.
    pub unused_images: Vec<String>,
}

/// Why a manifest cannot become an installation of Argo CD.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not UTF-8.
    #[error("the manifest is not text: byte {position} is not UTF-8")]
    NotText {
        /// Position of the first byte that is not.
        position: usize,
    },
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(manifest::Error),
    /// A patch cannot be read, or fits nothing.
    #[error(transparent)]
    Patch(manifest::Error),
    /// There is no application controller in it.
    #[error(
        "the manifest does not install Argo CD: an application controller is not among its {objects} objects"
    )]
    NotArgoCd {
        /// The objects that it has.
        objects: usize,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { .. } => Some("A manifest is YAML; is this an archive?".into()),
            Self::Manifest(error) | Self::Patch(error) => error.hint(),
            Self::NotArgoCd { .. } => Some(
                "Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`."
                    .into(),
            ),
        }
    }
}

/// The objects that install Argo CD as `wishes` say, from the `text` of a manifest.
///
/// In this order: read, moved to the namespace, images rewritten, patched, settings written, and the checksum of the
/// parameters put on the pods that read them.
///
/// # Errors
///
/// [`Error`].
pub fn prepare(text: &[u8], wishes: &Wishes) -> Result<Prepared, Error> {
    let text = std::str::from_utf8(text).map_err(|error| Error::NotText { position: error.valid_up_to() })?;
    let mut objects = parse(text, &Limits::default()).map_err(Error::Manifest)?;
    if install::controller(&objects).is_none() {
        return Err(Error::NotArgoCd { objects: objects.len() });
    }
    hooks(&mut objects);
    install::relocate(&mut objects, &wishes.namespace);
    // The namespace is shared with what was there before Argo CD, such as its repositories' credentials.
    let is_home = |object: &Object| {
        object.kind() == "Namespace" && [&wishes.namespace, install::NAMESPACE].contains(&object.name())
    };
    objects.retain(|object| !is_home(object));
    let unused_images = rewrite_images(&mut objects, &wishes.images);
    patch(&mut objects, &wishes.patches).map_err(Error::Patch)?;
    settings(&mut objects, wishes);
    checksum(&mut objects, &wishes.settings.params);
    let version = install::version(&objects).unwrap_or_default();
    Ok(Prepared { objects, version, unused_images })
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

/// Writes the settings into their ConfigMaps, and makes those that the manifest lacks.
fn settings(objects: &mut Vec<Object>, wishes: &Wishes) {
    for (name, keys) in wishes.settings.maps() {
        if !keys.is_empty() {
            let data = data_of(objects, name, &wishes.namespace);
            data.extend(keys.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
        }
    }
    // Without it, an app of apps does not wait for its apps. Who sets the key means it.
    let data = data_of(objects, "argocd-cm", &wishes.namespace);
    data.entry(APPLICATION_HEALTH_KEY).or_insert_with(|| APPLICATION_HEALTH.into());
}

/// `data` of a ConfigMap, which is added where there is none.
fn data_of<'a>(objects: &'a mut Vec<Object>, name: &str, namespace: &str) -> &'a mut Map<String, Value> {
    let is_it = |object: &Object| object.kind() == "ConfigMap" && object.name() == name;
    let position = objects.iter().position(is_it).unwrap_or_else(|| {
        let labels = json!({ "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd" });
        let metadata = json!({ "name": name, "namespace": namespace, "labels": labels });
        let object = Object::new(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata }));
        objects.push(object.unwrap_or_else(|problem| unreachable!("a ConfigMap {problem}")));
        objects.len() - 1
    });
    let map = objects.get_mut(position).unwrap_or_else(|| unreachable!("the object is there")).as_map_mut();
    let data = map.entry("data").or_insert_with(|| json!({}));
    if !data.is_object() {
        *data = json!({});
    }
    data.as_object_mut().unwrap_or_else(|| unreachable!("`data` is a mapping"))
}

/// Puts the checksum of `params` on every pod template that reads them; nothing where there are none, so that an
/// installation without parameters is the manifest's own.
fn checksum(objects: &mut [Object], params: &BTreeMap<String, String>) {
    if params.is_empty() {
        return;
    }
    let checksum = digest(&json!(params));
    for object in objects.iter_mut().filter(|object| object.group() == "apps") {
        let reads = object.at("/spec/template").is_some_and(|template| mentions(template, PARAMS));
        let template = object.as_map_mut().get_mut("spec").and_then(|spec| spec.get_mut("template"));
        if let (true, Some(template)) = (reads, template) {
            let annotation = json!({ "metadata": { "annotations": { PARAMS_CHECKSUM: checksum } } });
            manifest::merge(template, &annotation);
        }
    }
}

fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|value| mentions(value, text)),
        _ => false,
    }
}

/// SHA-256 of a value's JSON, whose keys are sorted.
fn digest(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: argocd}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, labels: {app.kubernetes.io/part-of: argocd}}
data: {timeout.reconciliation: 180s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: argocd-server}
subjects: [{kind: ServiceAccount, name: argocd-server, namespace: argocd}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller}
spec:
  template:
    spec:
      containers:
      - name: controller
        image: quay.io/argoproj/argocd:v3.5.3
        env: [{name: A, valueFrom: {configMapKeyRef: {name: argocd-cmd-params-cm, key: a}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-redis}
spec: {template: {spec: {containers: [{name: redis, image: 'redis:8'}]}}}
"#;

    fn wishes() -> Wishes {
        Wishes { namespace: "gitops".into(), ..Wishes::default() }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn at(prepared: &Prepared, name: &str, pointer: &str) -> Value {
        let object = prepared.objects.iter().find(|object| object.name() == name);
        object.unwrap_or_else(|| panic!("no {name}")).at(pointer).cloned().unwrap_or_default()
    }

    #[test]
    fn a_manifest_becomes_an_installation() {
        let mut wishes = wishes();
        wishes.images = map(&[("quay.io", "localhost:5001"), ("gcr.io", "nowhere")]);
        wishes.settings.config = map(&[("url", "https://cd.example")]);
        wishes.settings.rbac = map(&[("policy.default", "role:readonly")]);
        wishes.patches = vec![
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: argocd-redis}, spec: {replicas: 2}}"
                .into(),
        ];
        let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
        assert_eq!(prepared.version, "v3.5.3");
        assert_eq!(prepared.unused_images, ["gcr.io"]);
        let ids: Vec<_> = prepared.objects.iter().map(|object| object.id().to_string()).collect();
        insta::assert_snapshot!(ids.join("\n"), @"
        ConfigMap argocd-cm
        ClusterRoleBinding argocd-server
        StatefulSet argocd-application-controller
        Deployment argocd-redis
        ConfigMap gitops/argocd-rbac-cm
        ");
        let config = at(&prepared, "argocd-cm", "/data");
        assert_eq!(config["timeout.reconciliation"], "180s", "what the manifest says stays");
        assert_eq!(config["url"], "https://cd.example");
        assert_eq!(config[APPLICATION_HEALTH_KEY], APPLICATION_HEALTH);
        assert_eq!(at(&prepared, "argocd-rbac-cm", "/data/policy.default"), "role:readonly");
        assert_eq!(at(&prepared, "argocd-server", "/subjects/0/namespace"), "gitops");
        assert_eq!(at(&prepared, "argocd-redis", "/spec/replicas"), 2);
        let pod = "/spec/template/spec/containers/0/image";
        assert_eq!(
            at(&prepared, "argocd-application-controller", pod),
            "localhost:5001/argoproj/argocd:v3.5.3"
        );
    }

    #[test]
    fn a_changed_parameter_starts_the_pods_that_read_it() {
        let checksum = |params: &[(&str, &str)], workload: &str| {
            let mut wishes = wishes();
            wishes.settings.params = map(params);
            let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
            let annotations = at(&prepared, workload, "/spec/template/metadata/annotations");
            annotations.get(PARAMS_CHECKSUM).cloned()
        };
        let controller = "argocd-application-controller";
        let (none, one, two) = (
            checksum(&[], controller),
            checksum(&[("a", "1")], controller),
            checksum(&[("a", "2")], controller),
        );
        assert_eq!(none, None);
        assert!(one.is_some() && one != two, "{one:?} and {two:?}");
        assert_eq!(checksum(&[("a", "1")], "argocd-redis"), None, "it does not read them");
    }

    #[test]
    fn the_users_health_check_wins() {
        let mut wishes = wishes();
        wishes.settings.config = map(&[(APPLICATION_HEALTH_KEY, "return {}")]);
        let prepared = prepare(MANIFEST.as_bytes(), &wishes).unwrap();
        assert_eq!(at(&prepared, "argocd-cm", "/data")[APPLICATION_HEALTH_KEY], "return {}");
    }

    #[test]
    fn of_helms_hooks_those_of_an_installation_stay() {
        let hook = |name: &str, moment: &str, image: &str| {
            format!(
                "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: '{moment}'}}}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
            )
        };
        let jobs = |image: &str| {
            let text = [
                MANIFEST,
                &hook("secret", "pre-install, pre-upgrade", image),
                &hook("test", "test", image),
                &hook("bye", "post-delete", image),
            ]
            .concat();
            let objects = prepare(text.as_bytes(), &wishes()).unwrap().objects;
            objects
                .iter()
                .filter(|object| object.kind() == "Job")
                .map(|job| job.name().to_owned())
                .collect::<Vec<_>>()
        };
        let (one, two) = (jobs("a:1"), jobs("a:2"));
        assert_eq!(one.len(), 1, "{one:?}");
        assert!(one[0].starts_with("secret-") && one[0].len() == "secret-".len() + 10, "{one:?}");
        assert_ne!(one, two, "another content is another Job");
    }

    #[test]
    fn what_is_no_installation() {
        let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x]\n{}", (b'b'..b'j').map(|c| {
            let (this, last) = (c as char, (c - 1) as char);
            format!("{this}: &{this} [*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last}]\n")
        }).collect::<String>());
        let other = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
        let cases: [(&str, &[u8], &[&str]); 6] = [
            ("empty", b"", &[]),
            ("another", other.as_bytes(), &[]),
            ("binary", b"\x1f\x8b\x08", &[]),
            ("bomb", bomb.as_bytes(), &[]),
            (
                "patch of nothing",
                MANIFEST.as_bytes(),
                &["{apiVersion: v1, kind: Secret, metadata: {name: a}}"],
            ),
            ("patch that is none", MANIFEST.as_bytes(), &["spec: {replicas: 2}"]),
        ];
        let texts = cases.map(|(name, text, patches)| {
            let wishes =
                Wishes { patches: patches.iter().map(|patch| (*patch).into()).collect(), ..wishes() };
            let error = prepare(text, &wishes).unwrap_err();
            format!("{name}: {error}\n  {}", error.hint().unwrap_or_default())
        });
        insta::assert_snapshot!(texts.join("\n"), @"
        empty: the manifest does not install Argo CD: an application controller is not among its 0 objects
          Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.
        another: the manifest does not install Argo CD: an application controller is not among its 1 objects
          Argo CD's manifests are `install.yaml`, `ha/install.yaml` and `core-install.yaml` of a release; its chart is `argo-cd`.
        binary: the manifest is not text: byte 1 is not UTF-8
          A manifest is YAML; is this an archive?
        bomb: document 1 is not usable YAML (line 5): its anchors and aliases repeat too much
          No manifest that is meant to be read needs this: see that it is the right file. If it is, write out what its anchors repeat, or split it.
        patch of nothing: patch 1 changes Secret a, which the manifest does not have
          A patch is matched by `apiVersion`, `kind`, `metadata.name` and, where it has one, `metadata.namespace`.
        patch that is none: document 1 (line 1) has no `apiVersion`
          Every document needs `apiVersion`, `kind` and `metadata.name`.
        ");
    }
}
