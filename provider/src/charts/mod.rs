//! Which version of a chart a resource runs: looked up once, written down in Git and state, and kept until somebody asks
//! for another.
//!
//! A plan looks it up where it is new, so that what cannot be shows before anything is written. What it found is no
//! promise, for a CLI that applies a stored plan plans once more: where a version must be chosen, the plan that comes
//! right before the apply is the one that chooses it.
//!
//! A repository that is not reached from here cannot be asked: a version that is named is then taken as it is.

#[cfg(test)]
mod tests;

use crate::problem::{Locate, problem};
use crate::provider::Gitops;
use gitops::Task;
use gitops::argo::Source;
use gitops::charts::Asked;
use gitops::path::RepoPath;
use gitops::tenant::ChartSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Problem};

/// A chart of a Helm repository, and the version of it that was found once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    repo_url: String,
    name: String,
    version: String,
}

/// The charts of a resource: by the ids of its tenants, or by an empty text where it has only one.
pub type Pins = BTreeMap<String, Pinned>;

const PINS: &str = "charts";

impl Pinned {
    /// `version` of the chart that `chart` names; `None` where that is not of a Helm repository.
    pub fn of(chart: Option<&ChartSpec>, version: Option<&String>) -> Option<Self> {
        let (repo_url, name) = chart?.in_repository()?;
        Some(Self { repo_url: repo_url.to_owned(), name: name.to_owned(), version: version?.clone() })
    }

    /// `chart` with this version, where it is of that chart and still asked for; else `chart` as it is.
    pub fn settle(&self, chart: &ChartSpec) -> ChartSpec {
        match Asked::parse(chart.version.as_deref()) {
            Ok(Asked::Any | Asked::Range(_)) if self.fits(chart) => {
                ChartSpec { version: Some(self.version.clone()), ..chart.clone() }
            }
            _ => chart.clone(),
        }
    }

    fn fits(&self, chart: &ChartSpec) -> bool {
        let asked = Asked::parse(chart.version.as_deref());
        chart.in_repository() == Some((&self.repo_url, &self.name))
            && asked.is_ok_and(|asked| asked.fits(&self.version))
    }
}

/// What was found by the plan, or by applies before it.
pub fn recall(cx: &Context<Gitops>) -> Pins {
    cx.recall(PINS).unwrap_or_default()
}

/// Writes down what was found.
pub fn remember(cx: &Context<Gitops>, pins: &Pins) {
    if recall(cx) != *pins {
        cx.remember(PINS, pins);
    }
}

/// `chart` with its version: where one was found before that is still asked for, that one; else it is looked up, the
/// newest that fits, or whether the one that is named is there.
///
/// # Errors
///
/// There is no such chart or version, or the repository does not say; at `at`, which is the attribute of the chart.
pub async fn settle(
    cx: &Context<Gitops>,
    task: &Task,
    chart: &ChartSpec,
    pinned: Option<&Pinned>,
    at: &Path,
) -> Result<ChartSpec, Problem> {
    let Some((repository, name)) = chart.in_repository() else { return Ok(chart.clone()) };
    let asked = Asked::parse(chart.version.as_deref()).at(at.attribute("version"))?;
    if let Some(known) = pinned.filter(|pinned| pinned.fits(chart)) {
        return Ok(known.settle(chart));
    }
    let found = cx.provider().charts.version(task, repository, name, &asked).await;
    match (found, asked) {
        (Ok(_), Asked::Exactly(_)) => Ok(chart.clone()),
        (Ok(version), _) => Ok(ChartSpec { version: Some(version), ..chart.clone() }),
        (Err(error), Asked::Exactly(version)) if error.is_unread() => {
            task.check().map_err(|_| problem(&error).at(at.attribute(error.attribute())))?;
            cx.warn(unchecked(&error, name, &version).at(at.attribute(error.attribute())));
            Ok(chart.clone())
        }
        (Err(error), _) => Err(problem(&error).at(at.attribute(error.attribute()))),
    }
}

fn unchecked(error: &gitops::charts::Error, name: &str, version: &str) -> Problem {
    let told = problem(error);
    let causes = told.detail.split("\n\n").next().unwrap_or_default();
    let detail = format!(
        "{}.\n{causes}\n\nWhether there is a version `{version}` of `{name}` shows when Argo CD looks.",
        told.summary
    );
    Problem::warning("The version of the chart was not checked", detail)
}

/// What was found of the one chart of a resource, by its plan or before; `before` is what its state says.
pub fn pinned(cx: &Context<Gitops>, before: Option<Pinned>) -> Option<Pinned> {
    recall(cx).remove("").or(before)
}

/// The one chart of a resource with its version, as [`settle`] finds it, which is written down. `before` is what the state
/// says was found.
///
/// # Errors
///
/// As [`settle`], at the attribute `chart`.
pub async fn settle_one(
    cx: &Context<Gitops>,
    task: &Task,
    chart: Option<&ChartSpec>,
    before: Option<Pinned>,
) -> Result<Option<ChartSpec>, Problem> {
    let known = pinned(cx, before);
    let chart = match chart {
        Some(chart) => Some(settle(cx, task, chart, known.as_ref(), &Path::from("chart")).await?),
        None => None,
    };
    let found = Pinned::of(chart.as_ref(), chart.as_ref().and_then(|chart| chart.version.as_ref()));
    remember(cx, &found.map(|found| (String::new(), found)).into_iter().collect());
    Ok(chart)
}

/// `chart` as it was settled before, with `version` where it does not name one itself.
pub fn settled(chart: &ChartSpec, version: Option<&String>) -> ChartSpec {
    let open = !matches!(Asked::parse(chart.version.as_deref()), Ok(Asked::Exactly(_)));
    match chart.in_repository() {
        Some(_) if open => ChartSpec { version: version.cloned(), ..chart.clone() },
        _ => chart.clone(),
    }
}

/// The version of `chart` that is certain before anybody is asked: the one that was found before, or that is named;
/// `None` where one must be chosen, or the chart has none of its own.
pub fn certain(chart: &ChartSpec, pinned: Option<&Pinned>) -> Option<String> {
    chart.in_repository()?;
    let settled = pinned.map_or_else(|| chart.clone(), |pinned| pinned.settle(chart));
    let exactly = matches!(Asked::parse(settled.version.as_deref()), Ok(Asked::Exactly(_)));
    settled.version.filter(|_| exactly)
}

/// Everything that is wrong with a chart by itself, at the attribute `chart` or a part of it.
pub fn problems(chart: &ChartSpec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(chart.path.as_ref().and_then(|path| RepoPath::parse(path).at("chart.path").err()));
    problems.extend(chart.check().at("chart").err());
    if chart.in_repository().is_some() {
        problems.extend(Asked::parse(chart.version.as_deref()).at("chart.version").err());
    }
    let source = chart.repo_url.clone().map(|repo_url| Source { repo_url, ..Source::default() });
    let wrong = source.iter().flat_map(Source::validate);
    problems.extend(wrong.map(|(_, error)| problem(&error).at("chart.repo_url")));
    problems
}
