//! What a tenant's files say.

use super::{
    Chart, Drift, Error, NamespaceOwner, OnDelete, PRODUCT_VERSION, State, TENANT, Tenant, label_value, mark,
    merge_values, release_name,
};
use crate::argo::{Application, Destination, Helm, Preset, Source, Sync};
use crate::manifest::to_yaml;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Argo CD's annotation: the paths whose changes are changes of an Application.
pub(super) const PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";

impl Tenant {
    /// Its files: path → content. A state without a file for a path means that the file goes.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn files(&self) -> Result<BTreeMap<String, String>, Error> {
        for (attribute, value) in [("default_values", &self.product.default_values), ("values", &self.values)]
        {
            if !value.is_object() && !value.is_null() {
                return Err(Error::NotAMapping { attribute });
            }
        }
        let home = &self.home;
        let values = merge_values(&self.product.default_values, &self.values);
        let version = self.product.version.iter().map(|version| format!("{PRODUCT_VERSION}{version}\n"));
        let values: String = version.chain([to_yaml(&values)?]).collect();
        let mut files = BTreeMap::from([(home.values_path(), mark(&home.id).on(&values))]);
        let application = to_yaml(self.application().object().as_map())?;
        let mut documents = vec![];
        if home.namespace_owner == NamespaceOwner::ArgoCd {
            documents.push(to_yaml(&self.namespace_manifest())?);
        }
        if self.state == State::Retired {
            files.insert(home.restore_path(), mark(&home.id).on(&application));
        } else {
            documents.push(application);
        }
        if !documents.is_empty() {
            files.insert(home.application_path(), mark(&home.id).on(&documents.join("---\n")));
        }
        Ok(files)
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            ("tier".to_owned(), self.tier.clone()),
            (TENANT.to_owned(), self.home.id.clone()),
        ]);
        let version = self.product.version.as_deref();
        labels.extend(version.map(|version| ("product-version".to_owned(), label_value(version))));
        labels
    }

    /// The Application: it is what a parent app, or an apply, creates. Of a retired tenant it is the one that it comes
    /// back as.
    pub fn application(&self) -> Application {
        let (home, suspended) = (&self.home, self.state == State::Suspended);
        let options = match home.namespace_owner {
            NamespaceOwner::ArgoCd => vec!["CreateNamespace=true".to_owned()],
            NamespaceOwner::Terraform => vec![],
        };
        Application {
            namespace: home.argocd_namespace.clone(),
            name: home.id.clone(),
            labels: self.labels(),
            annotations: self.annotations(),
            project: self.project.clone(),
            sources: self.sources(),
            destination: Destination { namespace: Some(home.namespace.clone()), ..Destination::default() },
            sync: Sync {
                preset: if suspended { Preset::Observe } else { Preset::Auto },
                options,
                self_heal: (self.drift == Drift::Alert && !suspended).then_some(false),
                ..Sync::default()
            },
            ignore_differences: vec![],
            cascade: home.on_delete != OnDelete::Orphan,
        }
    }

    /// Without healing Argo CD still syncs whatever differs at each new commit, and in a repository of many tenants others
    /// commit all the time: it is told which files are this tenant's.
    fn annotations(&self) -> BTreeMap<String, String> {
        let mut paths = vec![format!("/{}", self.home.directory())];
        if let Chart::Own { path } | Chart::Git { path, .. } = &self.product.chart {
            paths.push(format!("/{path}"));
        }
        let alert = (self.drift == Drift::Alert).then(|| (PATHS.to_owned(), paths.join(";")));
        alert.into_iter().collect()
    }

    fn sources(&self) -> Vec<Source> {
        let home = &self.home;
        let helm = |file: String| Helm {
            release_name: Some(release_name(&home.id)).filter(|name| *name != home.id),
            value_files: vec![file],
            ..Helm::default()
        };
        let values = Source {
            repo_url: home.repo_url.clone(),
            target_revision: home.target_revision.clone(),
            reference: Some("values".into()),
            ..Source::default()
        };
        let (repo_url, path, chart, revision) = match &self.product.chart {
            Chart::Own { path } => {
                let helm = Some(helm(format!("/{}", home.values_path())));
                return vec![Source { path: Some(path.clone()), reference: None, helm, ..values }];
            }
            Chart::Helm { repo_url, name, version } => (repo_url, None, Some(name), version),
            Chart::Git { repo_url, path, revision } => (repo_url, Some(path), None, revision),
        };
        let chart = Source {
            repo_url: repo_url.clone(),
            path: path.cloned(),
            chart: chart.cloned(),
            target_revision: revision.clone(),
            helm: Some(helm(format!("$values/{}", home.values_path()))),
            ..Source::default()
        };
        vec![chart, values]
    }

    /// The namespace, made before the Application and, as waves are pruned in reverse, removed after it.
    fn namespace_manifest(&self) -> Value {
        let mut annotations = json!({ "argocd.argoproj.io/sync-wave": "-1" });
        let stays = self.home.on_delete != OnDelete::Destroy || self.state == State::Retired;
        if let (true, Value::Object(annotations)) = (stays, &mut annotations) {
            annotations.insert("argocd.argoproj.io/sync-options".into(), "Prune=false,Delete=false".into());
            // What stays after its file is gone must not keep the parent out of sync for ever.
            annotations.insert("argocd.argoproj.io/compare-options".into(), "IgnoreExtraneous".into());
        }
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": self.home.namespace, "labels": { TENANT: self.home.id }, "annotations": annotations },
        })
    }
}
