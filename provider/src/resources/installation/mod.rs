//! What the resources have in common that install something: from a source to objects in the cluster, with an
//! inventory, and back.
//!
//! The objects are computed at plan from the source, and written by server-side apply with an inventory, so that an
//! upgrade in place removes what the old version had and a half-made installation is resumed. Drift is found by
//! comparing the cluster with the same source as long as its checksum is the one that was installed; where the
//! source cannot be read, the objects of the inventory are counted. Each object that is gone or changed lowers
//! `objects`, so that the plan shows an update.

mod live;
mod recipe;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub use recipe::Recipe;
pub use source::{Chart, Install, Source, Sources};
#[cfg(test)]
pub use {
    live::{drift, is_ready},
    source::{Manifest, check},
    write::{not_written, stopped},
};

use crate::problem::Locate;
use crate::provider::Gitops;
use gitops::Task;
use gitops::apply::{Owner, Set, Writer, inventory_name};
use gitops::cluster::{Cluster, Connection};
use gitops::manifest::parse;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Foresight, Problem, Resource, View};

/// Everything that is wrong with a source and its adjustments. `example` is a manifest that the product has.
pub fn problems<T: DeserializeOwned>(
    spec: &View<T>,
    source: &Source,
    example: &str,
    patches: &Option<Vec<String>>,
    images: &Option<BTreeMap<String, String>>,
) -> Vec<Problem> {
    let source = spec.is_known("source").then(|| source::check(source, example)).flatten();
    let mut problems = Vec::from_iter(source);
    if let Some(patches) = patches.as_ref().filter(|_| spec.is_known("patches")) {
        for (position, patch) in patches.iter().enumerate() {
            let parsed = parse(patch, &gitops::manifest::Limits::default());
            problems.extend(parsed.at(format!("patches[{position}]").as_str()).err());
        }
    }
    if spec.is_known("images") && images.iter().flatten().any(|(from, to)| from.is_empty() || to.is_empty()) {
        let detail = "Neither the beginning of an image's name nor what takes its place can be empty.";
        problems.push(Problem::error("An image rewrite is empty", detail).at("images"));
    }
    problems
}

/// One installation.
pub struct Installation {
    /// Whose its objects are.
    pub owner: Owner,
    /// Name of its set, after which the inventory is called.
    pub set: &'static str,
    /// What is installed.
    pub recipe: Recipe,
}

/// What is wanted of an installation, as its resource has it.
pub struct Wanted<'a> {
    /// The cluster.
    pub kubernetes: Option<&'a Connection>,
    /// Where the objects come from.
    pub source: &'a Source,
    /// Whether to take over what is not ours.
    pub take_ownership: bool,
    /// Whether to wait until it runs.
    pub wait: bool,
}

/// What is known of an installation, for the outputs of its resource.
pub struct Facts {
    /// Version of the product.
    pub version: String,
    /// Checksum of the source.
    pub manifest_sha256: String,
    /// How many objects are there and as wanted.
    pub objects: i64,
    /// Name of the inventory.
    pub inventory: String,
    /// Whether all of it runs.
    pub ready: bool,
}

impl Installation {
    fn title(&self) -> &'static str {
        self.recipe.product().title
    }

    fn objects(&self) -> Set {
        Set { name: self.set.to_owned(), namespace: self.recipe.namespace().to_owned() }
    }

    /// Who writes its objects.
    pub fn writer(&self, cluster: &Cluster) -> Writer {
        Writer::new(cluster, self.owner.clone(), false)
    }

    /// What the source makes of it.
    pub async fn install(
        &self,
        cx: &Context<Gitops>,
        task: &Task,
        source: &Source,
    ) -> Result<Install, Problem> {
        cx.provider().sources.install(task, &self.recipe, source).await
    }

    /// Foresees the outputs that follow from the source. `ready` is the last, `before` what was known of it.
    pub fn foresee<R: Resource>(
        &self,
        plan: &mut Foresight<R>,
        install: &Install,
        before: Option<&Facts>,
        wait: bool,
    ) {
        let facts = self.facts(install, false);
        if let Some(before) = before {
            let same = !plan.has_changes()
                && (before.objects, &before.manifest_sha256) == (facts.objects, &facts.manifest_sha256);
            match (wait, same) {
                // An update that waits ends with all of it running, or with an error.
                (true, _) => plan.set("ready", true),
                (false, true) => plan.keep("ready"),
                (false, false) => plan.unknown("ready"),
            }
        }
        plan.set("version", facts.version);
        plan.set("manifest_sha256", facts.manifest_sha256);
        plan.set("objects", facts.objects);
    }

    /// What is known right after the objects were written.
    fn facts(&self, install: &Install, ready: bool) -> Facts {
        Facts {
            version: install.prepared.version.clone(),
            manifest_sha256: install.sha256.clone(),
            objects: count(install.prepared.objects.len()),
            inventory: inventory_name(self.set),
            ready,
        }
    }

    /// Warns of image rewrites that match nothing.
    pub fn warn_of_unused(&self, cx: &Context<Gitops>, install: &Install) {
        install.prepared.unused_images.iter().for_each(|prefix| cx.warn(unused(prefix)));
    }
}

fn unused(prefix: &str) -> Problem {
    let detail = format!("No image of the manifest begins with `{prefix}`, so this rewrite does nothing.");
    Problem::warning("An image rewrite matches nothing", detail).at("images")
}

fn count(objects: usize) -> i64 {
    i64::try_from(objects).unwrap_or(i64::MAX)
}
