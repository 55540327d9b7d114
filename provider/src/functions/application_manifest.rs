//! `application_manifest`: an Application as YAML, for a file in Git.

use super::wrong;
use crate::defaults;
use gitops::argo::{self, Destination, IgnoreDifferences, Source, Sync};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_rs::{Function, FunctionError};

/// The manifest of an Argo CD Application, for a file that an app of apps reads. The argument is an object with the
/// attributes of `gitops_root_app` in the same words:
///
/// - `name` (required), `namespace` (`argocd`), `project` (`default`), `labels`, `annotations`;
/// - `source`, or `sources` for several: `repo_url`, `path` or `chart`, `target_revision` (`HEAD`), `reference`, `directory`,
///   `kustomize`, `helm`;
/// - `destination`: `server`, `name`, `namespace`; in-cluster where it names none;
/// - `sync`: `preset`, `prune`, `self_heal`, `allow_empty`, `options`, `retry`; `ignore_differences`; `cascade` (true).
///
/// The same argument always gives the same text. A name that none of these has is an error.
#[derive(JsonSchema)]
pub struct ApplicationManifest;

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The Application.
    pub application: Json,
}

/// What the argument may hold.
#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object")]
struct Wanted {
    name: String,
    #[serde(default = "defaults::argocd")]
    namespace: String,
    #[serde(default = "defaults::project")]
    project: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    source: Option<Source>,
    #[serde(default)]
    sources: Vec<Source>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    sync: Sync,
    #[serde(default)]
    ignore_differences: Vec<IgnoreDifferences>,
    #[serde(default = "defaults::yes")]
    cascade: bool,
}

impl Function for ApplicationManifest {
    const NAME: &'static str = "application_manifest";
    const SUMMARY: &'static str = "An Argo CD Application as YAML";
    const PARAMETERS: &'static [&'static str] = &["application"];
    type Arguments = Arguments;
    type Output = String;

    fn call(arguments: Arguments) -> Result<String, FunctionError> {
        let argument = without_nulls(arguments.application);
        let wanted: Wanted =
            serde_json::from_value(argument.clone()).map_err(|error| said(error.to_string()))?;
        // An argument of any type has no schema that could refuse a misspelt name.
        let known = serde_json::to_value(&wanted).unwrap_or_default();
        if let Some(path) = unknown(&argument, &known) {
            return Err(said(format!("there is no attribute `{path}`")));
        }
        let application = wanted.application()?;
        gitops::manifest::to_yaml(application.object().as_map()).map_err(|error| wrong("application", &error))
    }
}

impl Wanted {
    fn application(self) -> Result<argo::Application, FunctionError> {
        gitops::names::object(&self.name, "Application").map_err(|error| wrong("application", &error))?;
        let mut sources = match (self.source, self.sources) {
            (Some(source), sources) if sources.is_empty() => vec![source],
            (None, sources) if !sources.is_empty() => sources,
            _ => return Err(said("it needs `source` or `sources`, and not both")),
        };
        for source in sources.iter_mut().filter(|source| source.target_revision.is_empty()) {
            source.target_revision = "HEAD".to_owned();
        }
        let of_sources = sources.iter().flat_map(Source::validate).map(|(_, error)| error);
        if let Some(error) = of_sources.chain(self.destination.validate()).next() {
            return Err(wrong("application", &error));
        }
        if let Some(error) = self.sync.validate().first() {
            return Err(wrong("application", error));
        }
        Ok(argo::Application {
            namespace: self.namespace,
            name: self.name,
            labels: self.labels,
            annotations: self.annotations,
            project: self.project,
            sources,
            destination: self.destination,
            sync: self.sync,
            ignore_differences: self.ignore_differences,
            cascade: self.cascade,
        })
    }
}

/// What `why` says, about the whole argument.
fn said(why: impl std::fmt::Display) -> FunctionError {
    FunctionError { text: format!("This is no Application: {why}."), parameter: Some("application") }
}

/// A null attribute is one that was left out.
fn without_nulls(value: Json) -> Json {
    match value {
        Json::Object(fields) => Json::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Json::Array(items) => Json::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// The path of a name in `given` that `known` does not have.
fn unknown(given: &Json, known: &Json) -> Option<String> {
    match (given, known) {
        (Json::Object(given), Json::Object(known)) => given.iter().find_map(|(name, value)| {
            let Some(known) = known.get(name) else { return Some(name.clone()) };
            unknown(value, known).map(|rest| format!("{name}.{rest}"))
        }),
        (Json::Array(given), Json::Array(known)) => {
            let mut pairs = given.iter().zip(known).enumerate();
            pairs.find_map(|(index, (given, known))| Some(format!("{index}.{}", unknown(given, known)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(application: Json) -> Result<String, FunctionError> {
        ApplicationManifest::call(Arguments { application })
    }

    #[test]
    fn a_manifest() {
        let yaml = call(json!({
            "name": "shop",
            "labels": { "tier": "beta" },
            "source": {
                "repo_url": "https://git.example/shop.git",
                "path": "overlays/prod",
                "target_revision": "v1.2.3",
                "kustomize": { "images": ["shop=ghcr.io/acme/shop:1.2.3"], "name_suffix": null },
            },
            "destination": { "namespace": "shop" },
            "sync": { "prune": false, "options": ["CreateNamespace=true"] },
        }));
        insta::assert_snapshot!(yaml.unwrap(), @"
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          finalizers:
          - resources-finalizer.argocd.argoproj.io
          labels:
            tier: beta
          name: shop
          namespace: argocd
        spec:
          destination:
            namespace: shop
            server: https://kubernetes.default.svc
          project: default
          source:
            kustomize:
              images:
              - shop=ghcr.io/acme/shop:1.2.3
            path: overlays/prod
            repoURL: https://git.example/shop.git
            targetRevision: v1.2.3
          syncPolicy:
            automated:
              prune: false
              selfHeal: true
            syncOptions:
            - CreateNamespace=true
        ");
    }

    #[test]
    fn what_is_no_application() {
        let source = json!({ "repo_url": "https://git.example/shop.git", "path": "." });
        let secret = json!({ "repo_url": "https://ada:secret@git.example/shop.git", "path": "." });
        let cases = [
            json!("shop"),
            json!({ "source": source }),
            json!({ "name": "Shop", "source": source }),
            json!({ "name": "shop" }),
            json!({ "name": "shop", "source": source, "sources": [source] }),
            json!({ "name": "shop", "source": secret }),
            json!({ "name": "shop", "source": { "repoURL": "https://git.example/shop.git", "path": "." } }),
            json!({ "name": "shop", "sources": [source, { "repo_url": "https://x", "kustomise": {} }] }),
            json!({ "name": "shop", "source": source, "sync": { "preset": "manual" } }),
            json!({ "name": "shop", "source": source, "sync": { "preset": "guarded", "prune": true } }),
            json!({ "name": "shop", "source": { "repo_url": "https://x", "path": "apps/.git" } }),
            json!({ "name": "shop", "source": { "repo_url": "https://x", "path": "a", "helm": { "value_files": ["../../b"] } } }),
        ];
        let texts: Vec<_> = cases.into_iter().map(|case| call(case).unwrap_err().text).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        This is no Application: invalid type: string "shop", expected an object.
        This is no Application: missing field `name`.
        `Shop` cannot be the name of an Application. It takes 1 to 253 lower-case letters (a-z), digits, `-` and `.`, and starts and ends with a letter or digit.
        This is no Application: it needs `source` or `sources`, and not both.
        This is no Application: it needs `source` or `sources`, and not both.
        The address of the repository has credentials in it. Everyone who may see the Application would see them. Give them to Argo CD with `gitops_repository_credentials`.
        This is no Application: there is no attribute `source.repoURL`.
        This is no Application: there is no attribute `sources.1.kustomise`.
        This is no Application: unknown variant `manual`, expected one of `auto`, `guarded`, `observe`.
        `prune` belongs to automatic syncs, which the preset `guarded` does not have. Use the preset `auto` with `prune = false` to apply Git at once and never prune.
        `apps/.git` is not a path in a repository: it names Git's own directory. Use a path relative to the root of the repository, such as `apps`; `.` is the root itself.
        `../../b` is not a path in a repository: it leaves the repository. It is relative to `path`; with `/` in front, to the root of the repository; with `$name/`, to that of the source whose `reference` is `name`; or it is an address, such as `https://…`.
        "#);
    }
}
