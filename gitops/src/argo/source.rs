//! Where an Application's manifests come from: one struct per tool, in the words users type (`snake_case`), written
//! in Argo CD's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One source of an Application.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Source {
    /// Repository, in any form that Argo CD takes.
    #[serde(alias = "repoURL")]
    pub repo_url: String,
    /// Directory in the repository.
    pub path: Option<String>,
    /// Branch, tag, commit, or version of the chart.
    #[serde(alias = "targetRevision")]
    pub target_revision: String,
    /// Chart's name, where `repo_url` is a Helm repository.
    pub chart: Option<String>,
    /// Name by which other sources refer to this one (`$values/…`).
    #[serde(alias = "ref")]
    pub reference: Option<String>,
    /// Options for plain manifests.
    pub directory: Option<Directory>,
    /// Options for Kustomize.
    pub kustomize: Option<Kustomize>,
    /// Options for Helm.
    pub helm: Option<Helm>,
}

/// Options for plain manifests.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Directory {
    /// Whether directories below the path are read too.
    pub recurse: bool,
    /// Glob of the files to read.
    pub include: Option<String>,
    /// Glob of the files to leave out.
    pub exclude: Option<String>,
    /// Options for Jsonnet.
    pub jsonnet: Option<Jsonnet>,
}

/// Options for Jsonnet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Jsonnet {
    /// Directories with libraries.
    pub libs: Vec<String>,
    /// External variables.
    #[serde(alias = "extVars")]
    pub ext_vars: Vec<JsonnetVar>,
    /// Top-level arguments.
    pub tlas: Vec<JsonnetVar>,
}

/// A variable for Jsonnet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct JsonnetVar {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// Whether the value is code.
    #[serde(default)]
    pub code: bool,
}

/// Options for Kustomize.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Kustomize {
    /// Put before every name.
    #[serde(alias = "namePrefix")]
    pub name_prefix: Option<String>,
    /// Put after every name.
    #[serde(alias = "nameSuffix")]
    pub name_suffix: Option<String>,
    /// Namespace of every object.
    pub namespace: Option<String>,
    /// Image overrides, as in `app=registry.example/app:1.2`.
    pub images: Vec<String>,
    /// Patches, in Kustomize's form.
    pub patches: Vec<KustomizePatch>,
    /// Components to add.
    pub components: Vec<String>,
    /// Replica counts.
    pub replicas: Vec<Replica>,
    /// Labels for every object.
    #[serde(alias = "commonLabels")]
    pub common_labels: BTreeMap<String, String>,
    /// Annotations for every object.
    #[serde(alias = "commonAnnotations")]
    pub common_annotations: BTreeMap<String, String>,
    /// Whether labels stay out of selectors.
    #[serde(alias = "labelWithoutSelector")]
    pub label_without_selector: bool,
    /// Version of Kustomize, where several are installed.
    pub version: Option<String>,
}

/// A patch, in Kustomize's form.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KustomizePatch {
    /// The patch itself, as YAML.
    pub patch: Option<String>,
    /// File with the patch, as a path from the directory that is patched.
    pub path: Option<String>,
    /// What is patched; by default what the patch names.
    pub target: Option<KustomizeTarget>,
    /// Kustomize's patch options, as in `allowNameChange`.
    pub options: BTreeMap<String, bool>,
}

/// What a Kustomize patch applies to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KustomizeTarget {
    /// API group.
    pub group: Option<String>,
    /// Version within the group.
    pub version: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Name, as a regular expression.
    pub name: Option<String>,
    /// Namespace, as a regular expression.
    pub namespace: Option<String>,
    /// Label selector.
    #[serde(alias = "labelSelector")]
    pub label_selector: Option<String>,
    /// Annotation selector.
    #[serde(alias = "annotationSelector")]
    pub annotation_selector: Option<String>,
}

/// A replica count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Replica {
    /// Name of the workload.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// Options for Helm.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Helm {
    /// Release name; by default the Application's name.
    #[serde(alias = "releaseName")]
    pub release_name: Option<String>,
    /// Files of values, relative to the path or, with `/`, to the repository. `$name/…` is a file of another source, whose
    /// `reference` is `name`; `https://…` is one that Argo CD downloads.
    #[serde(alias = "valueFiles")]
    pub value_files: Vec<String>,
    /// Values as YAML text.
    pub values: Option<String>,
    /// Values as an object; wins over `values`.
    #[serde(alias = "valuesObject")]
    pub values_object: Option<Value>,
    /// Single values (`--set`).
    pub parameters: Vec<Parameter>,
    /// Whether files of values that do not exist are skipped.
    #[serde(alias = "ignoreMissingValueFiles")]
    pub ignore_missing_value_files: bool,
    /// Whether the chart's CRDs are left out.
    #[serde(alias = "skipCrds")]
    pub skip_crds: bool,
    /// Whether the chart's tests are left out.
    #[serde(alias = "skipTests")]
    pub skip_tests: bool,
    /// Whether credentials go to every domain of the chart's repository.
    #[serde(alias = "passCredentials")]
    pub pass_credentials: bool,
}

/// A single value for Helm.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// Path of the value, as in `image.tag`.
    pub name: String,
    /// Value.
    pub value: String,
    /// Whether the value is text whatever it looks like.
    #[serde(default, alias = "forceString")]
    pub force_string: bool,
}

/// A mapping without what is null, false, or empty: as Argo CD writes it back.
fn filled(value: Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !empty(value)).collect()),
        value => value,
    }
}

impl Source {
    /// As it stands in `spec.source` or `spec.sources`.
    pub fn value(&self) -> Value {
        let mut source = Map::new();
        let texts = [
            ("repoURL", Some(&self.repo_url)),
            ("path", self.path.as_ref()),
            ("targetRevision", Some(&self.target_revision)),
            ("chart", self.chart.as_ref()),
            ("ref", self.reference.as_ref()),
        ];
        let written =
            texts.into_iter().filter_map(|(key, text)| Some((key, text.filter(|text| !text.is_empty())?)));
        source.extend(written.map(|(key, text)| (key.to_owned(), text.clone().into())));
        // A tool that is named without options still tells Argo CD which tool it is.
        let tools = [
            ("directory", self.directory.as_ref().map(Directory::value)),
            ("kustomize", self.kustomize.as_ref().map(Kustomize::value)),
            ("helm", self.helm.as_ref().map(Helm::value)),
        ];
        source.extend(tools.into_iter().filter_map(|(key, tool)| Some((key.to_owned(), tool?))));
        Value::Object(source)
    }
}

impl Directory {
    fn value(&self) -> Value {
        let var =
            |var: &JsonnetVar| filled(json!({ "name": var.name, "value": var.value, "code": var.code }));
        let jsonnet = self.jsonnet.as_ref().map(|jsonnet| {
            filled(json!({
                "libs": jsonnet.libs,
                "extVars": jsonnet.ext_vars.iter().map(var).collect::<Vec<_>>(),
                "tlas": jsonnet.tlas.iter().map(var).collect::<Vec<_>>(),
            }))
        });
        filled(
            json!({ "recurse": self.recurse, "include": self.include, "exclude": self.exclude, "jsonnet": jsonnet }),
        )
    }
}

impl Kustomize {
    fn value(&self) -> Value {
        filled(json!({
            "namePrefix": self.name_prefix,
            "nameSuffix": self.name_suffix,
            "namespace": self.namespace,
            "images": self.images,
            "patches": self.patches.iter().map(KustomizePatch::value).collect::<Vec<_>>(),
            "components": self.components,
            "replicas": self.replicas.iter().map(|r| json!({ "name": r.name, "count": r.count })).collect::<Vec<_>>(),
            "commonLabels": self.common_labels,
            "commonAnnotations": self.common_annotations,
            "labelWithoutSelector": self.label_without_selector,
            "version": self.version,
        }))
    }
}

impl KustomizePatch {
    /// As it stands among the patches of a kustomization, and of an Application.
    pub(crate) fn value(&self) -> Value {
        let target = self.target.as_ref().map(|target| {
            filled(json!({
                "group": target.group,
                "version": target.version,
                "kind": target.kind,
                "name": target.name,
                "namespace": target.namespace,
                "labelSelector": target.label_selector,
                "annotationSelector": target.annotation_selector,
            }))
        });
        filled(json!({ "patch": self.patch, "path": self.path, "target": target, "options": self.options }))
    }
}

impl Helm {
    fn value(&self) -> Value {
        let parameter = |p: &Parameter| {
            filled(json!({ "name": p.name, "value": p.value, "forceString": p.force_string }))
        };
        filled(json!({
            "releaseName": self.release_name,
            "valueFiles": self.value_files,
            "values": self.values,
            "valuesObject": self.values_object,
            "parameters": self.parameters.iter().map(parameter).collect::<Vec<_>>(),
            "ignoreMissingValueFiles": self.ignore_missing_value_files,
            "skipCrds": self.skip_crds,
            "skipTests": self.skip_tests,
            "passCredentials": self.pass_credentials,
        }))
    }
}
