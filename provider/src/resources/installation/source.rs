//! Where the objects of an installation come from: a file, a download, a rendered chart.
//!
//! What was downloaded or rendered is kept in memory, so that refresh, plan and apply of one process see the same
//! bytes; a file is read each time. Objects are made of the same bytes once: parsing them is what a plan of an
//! installation takes longest for.

use super::Recipe;
use crate::problem::{Locate, problem};
use gitops::fetch::{self, Fetch, Fetched, Sha256};
use gitops::install::{Error, Prepared};
use gitops::{Task, helm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tfplugin_rs::Problem;

/// What to install.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// A manifest, such as a release has it.
    pub manifest: Option<Manifest>,
    /// A Helm chart. It is rendered on this machine, and Helm does not install it.
    pub chart: Option<Chart>,
}

/// A manifest.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Path of a file. What is applied is what was planned: a file that changes in between ends the apply.
    pub path: Option<String>,
    /// URL to download from. It is read at each plan: give `sha256`, and what is behind it cannot change.
    pub url: Option<String>,
    /// SHA-256 checksum (64 hexadecimal digits) that the manifest must have.
    pub sha256: Option<String>,
}

/// A Helm chart.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Chart {
    /// Where the chart is: `https://…`, `oci://…`, or a local directory.
    pub repository: String,
    /// Name of the chart, such as `argo-cd`.
    pub name: String,
    /// Version of the chart. Needed unless `repository` is a local directory.
    pub version: Option<String>,
    /// Values for the chart: any object, or its YAML. They are stored in the state: no secrets.
    pub values: Option<Json>,
}

impl Chart {
    /// The chart, as the room that renders it has it.
    pub fn wanted(&self) -> helm::Chart {
        helm::Chart {
            repository: self.repository.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            values: self.values.clone().unwrap_or_default(),
        }
    }
}

/// Longest time for a download or for rendering a chart.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most bytes of a manifest.
const LIMIT: u64 = 16 << 20;

/// Sources that were read. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Sources {
    kept: Arc<Mutex<BTreeMap<String, Fetched>>>,
    made: Arc<Mutex<Vec<Made>>>,
}

/// What was made of which bytes, and how.
struct Made {
    sha256: Sha256,
    recipe: Recipe,
    prepared: Arc<Prepared>,
}

/// An installation, ready to be applied.
pub struct Install {
    /// Its objects.
    pub prepared: Arc<Prepared>,
    /// Checksum of the manifest.
    pub sha256: String,
}

/// What is wrong with the source itself. `example` is a manifest that `product` has.
pub fn check(source: &Source, example: &str) -> Option<Problem> {
    match (&source.manifest, &source.chart) {
        (Some(manifest), None) => file(manifest),
        (None, Some(chart)) => chart.wanted().validate().err().map(|error| of_chart(&error)),
        (given, _) => {
            let detail = format!("Give either `manifest`, such as {example}, or `chart`.");
            let summary =
                if given.is_some() { "Two sources to install from" } else { "Nothing to install from" };
            Some(Problem::error(summary, detail).at("source"))
        }
    }
}

fn file(manifest: &Manifest) -> Option<Problem> {
    let checksum = manifest.sha256.as_deref().map(str::parse::<Sha256>);
    if let Some(Err(error)) = checksum {
        let detail = format!("{}.", capital(&error.to_string()));
        return Some(Problem::error("Not a checksum", detail).at("source.manifest.sha256"));
    }
    let summary = match (&manifest.path, &manifest.url) {
        (Some(_), None) | (None, Some(_)) => return None,
        (None, None) => "The manifest is nowhere",
        (Some(_), Some(_)) => "The manifest is in two places",
    };
    Some(Problem::error(summary, "Give either `path` or `url`.").at("source.manifest"))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A problem with a chart, on the attribute that it is about.
fn of_chart(error: &helm::Error) -> Problem {
    problem(error).at(match error {
        helm::Error::Repository { .. } => "source.chart.repository",
        helm::Error::Name { .. } => "source.chart.name",
        helm::Error::NoVersion { .. } => "source.chart.version",
        helm::Error::Values { .. } => "source.chart.values",
        _ => "source.chart",
    })
}

/// A problem with what was read, with the place that it was read from.
fn of_objects(error: &Error, source: &Source) -> Problem {
    let (attribute, place) = match &source.manifest {
        Some(Manifest { path: Some(path), .. }) => ("source.manifest.path", path),
        Some(Manifest { url: Some(url), .. }) => ("source.manifest.url", url),
        _ => return problem(error).at("source.chart"),
    };
    let mut problem = problem(error).at(attribute);
    problem.detail = format!("The manifest was read from `{place}`.\n\n{}", problem.detail);
    problem
}

impl Sources {
    /// Reads the source and makes the objects of it.
    pub async fn install(&self, task: &Task, recipe: &Recipe, source: &Source) -> Result<Install, Problem> {
        let task = task.within(PATIENCE);
        let fetched = self.read(&task, recipe, source).await?;
        let prepared = self.prepared(&fetched, recipe).map_err(|error| match &error {
            Error::Patch(_) => problem(&error).at("patches"),
            _ => of_objects(&error, source),
        })?;
        Ok(Install { prepared, sha256: fetched.sha256.to_string() })
    }

    /// The objects that were made of these bytes, or are made now.
    fn prepared(&self, fetched: &Fetched, recipe: &Recipe) -> Result<Arc<Prepared>, Error> {
        let made = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |made: &&Made| made.sha256 == fetched.sha256 && made.recipe == *recipe;
        if let Some(made) = made().iter().find(same) {
            return Ok(made.prepared.clone());
        }
        let prepared = Arc::new(recipe.prepare(&fetched.bytes)?);
        made().push(Made { sha256: fetched.sha256, recipe: recipe.clone(), prepared: prepared.clone() });
        Ok(prepared)
    }

    async fn read(&self, task: &Task, recipe: &Recipe, source: &Source) -> Result<Fetched, Problem> {
        let manifest = match (&source.manifest, &source.chart) {
            (Some(manifest), _) => manifest,
            (None, Some(chart)) => {
                let chart = chart.wanted();
                let rendered = || async {
                    let bytes = helm::template(task, &chart, recipe.product().release, recipe.namespace())
                        .await
                        .map_err(|error| of_chart(&error))?;
                    Ok(Fetched { sha256: Sha256::of(&bytes), bytes })
                };
                // A local chart may change, as a file may.
                return match chart.repository.contains("://") {
                    true => {
                        self.once(
                            format!("{} {} {chart:?}", recipe.product().release, recipe.namespace()),
                            rendered,
                        )
                        .await
                    }
                    false => rendered().await,
                };
            }
            (None, None) => return Err(Problem::bug("an installation without a source")),
        };
        let sha256 = manifest.sha256.as_deref().and_then(|text| text.parse().ok());
        match (&manifest.path, &manifest.url) {
            (Some(path), _) => {
                let read = fetch::file(task, Path::new(path), LIMIT, sha256.as_ref()).await;
                read.at("source.manifest.path")
            }
            (None, Some(url)) => {
                // Only a download is worth reading the authorities that this machine trusts.
                let download = || async {
                    let fetch = Fetch::new(None).at("source.manifest.url")?.limit(LIMIT);
                    fetch.url(task, url, sha256.as_ref()).await.at("source.manifest.url")
                };
                self.once(format!("{url} {sha256:?}"), download).await
            }
            (None, None) => Err(Problem::bug("a manifest without a place")),
        }
    }

    /// What `read` reads, or has read before under `key`.
    async fn once<F>(&self, key: String, read: impl FnOnce() -> F) -> Result<Fetched, Problem>
    where
        F: Future<Output = Result<Fetched, Problem>>,
    {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept().get(&key).cloned();
        match known {
            Some(known) => Ok(known),
            None => {
                let fetched = read().await?;
                kept().insert(key, fetched.clone());
                Ok(fetched)
            }
        }
    }
}
