//! A tenant's files as an intent on the platform repository: written together, moved together, removed together.

use super::{Chart, Tenant, is_marked, is_ours_or_unmarked};
use crate::Explain;
use crate::git::{Edit, Refusal, Snapshot};
use crate::manifest::{Limits, parse_value};
use crate::path::RepoPath;

/// Where a tenant's files lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Its values.
    pub values: RepoPath,
    /// Its Application.
    pub application: RepoPath,
}

/// Why a repository does not take a tenant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Somebody else made the files.
    #[error("`{path}` is in the repository already, and not from this resource")]
    Taken {
        /// The file or directory.
        path: String,
        /// The branch.
        branch: String,
        /// The tenant.
        id: String,
    },
    /// There is no chart at the path.
    #[error("the repository has no chart at `{path}`: there is no `{path}/Chart.yaml`")]
    NoChart {
        /// Its directory.
        path: String,
    },
}

impl Explain for Refused {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Taken { branch, id, .. } => format!(
                "Nothing was written. Import the tenant, with its id `{branch}:{id}`, or set `take_ownership = true` to replace what is there."
            ),
            Self::NoChart { .. } => "Commit the chart first, or correct `chart.path`.".into(),
        })
    }
}

impl Tenant {
    /// Where its files lie.
    ///
    /// # Errors
    ///
    /// A directory that is no path in a repository.
    pub fn paths(&self) -> Result<Files, crate::path::Invalid> {
        Files::in_directories(&self.instances_path, &self.applications_path, &self.id)
    }

    /// The edits that bring `tree` to this tenant. `before` is where its files were, and `adopt` takes what somebody
    /// else put there.
    ///
    /// # Errors
    ///
    /// [`Refused`], and whatever keeps the tenant from having files.
    pub fn edits(&self, tree: &Snapshot, before: Option<&Files>, adopt: bool) -> Result<Vec<Edit>, Refusal> {
        let paths = self.paths()?;
        if !adopt {
            self.refuse_taken(tree, &paths, before)?;
        }
        self.refuse_missing_chart(tree)?;
        let mut files = self.files().map_err(Refusal::from)?;
        let wanted = [&paths.values, &paths.application];
        let left = before.iter().flat_map(|before| [&before.values, &before.application]);
        let mut edits = removals(tree, left.filter(|path| !wanted.contains(path)), &self.id)?;
        edits.extend(wanted.into_iter().map(|path| match files.remove(path.as_str()) {
            Some(content) => Edit::Write { path: path.clone(), content: content.into_bytes() },
            None => Edit::Remove { path: path.clone() },
        }));
        Ok(edits)
    }

    /// What is at a path of ours and does not carry our mark was made by somebody else; so was a directory of other
    /// files. Where our files were before, nobody else's are.
    fn refuse_taken(&self, tree: &Snapshot, paths: &Files, before: Option<&Files>) -> Result<(), Refusal> {
        let taken = |path: &str| {
            let (branch, id) = (self.target_revision.clone(), self.id.clone());
            Refusal::from(Refused::Taken { path: path.to_owned(), branch, id })
        };
        let was = |path: &RepoPath| before.is_some_and(|files| files.has(path));
        let mut marked = was(&paths.values);
        for path in [&paths.values, &paths.application].into_iter().filter(|path| !was(path)) {
            let content = tree.file(path).map_err(Refusal::from)?;
            let ours = content.as_ref().map(|content| is_marked(&String::from_utf8_lossy(content), &self.id));
            match ours {
                Some(false) => return Err(taken(path.as_str())),
                Some(true) => marked = true,
                None => {}
            }
        }
        let directory = RepoPath::parse(&self.directory()).map_err(Refusal::from)?;
        match !marked && !tree.list(&directory).map_err(Refusal::from)?.is_empty() {
            true => Err(taken(directory.as_str())),
            false => Ok(()),
        }
    }

    fn refuse_missing_chart(&self, tree: &Snapshot) -> Result<(), Refusal> {
        let Chart::Own { path } = &self.chart else { return Ok(()) };
        let file = RepoPath::parse(&format!("{path}/Chart.yaml")).map_err(Refusal::from)?;
        match tree.file(&file).map_err(Refusal::from)? {
            Some(_) => Ok(()),
            None => Err(Refused::NoChart { path: path.clone() }.into()),
        }
    }

    /// Its directory in the repository, which is also its `git_path`.
    pub fn directory(&self) -> String {
        format!("{}/{}", self.instances_path, self.id)
    }

    /// The chart's version: as it was asked for, or as the chart in the repository says.
    pub fn resolved_version(&self, tree: &Snapshot) -> Option<String> {
        match &self.chart {
            Chart::Helm { version, .. } => Some(version.clone()),
            Chart::Git { revision, .. } => Some(revision.clone()),
            Chart::Own { path } => {
                let file = RepoPath::parse(&format!("{path}/Chart.yaml")).ok()?;
                let text = String::from_utf8(tree.file(&file).ok()??).ok()?;
                let chart = parse_value(&text, &Limits::default()).ok()?;
                Some(chart.get("version")?.as_str()?.to_owned())
            }
        }
    }
}

impl Files {
    /// Where the files of the tenant `id` lie below these directories.
    ///
    /// # Errors
    ///
    /// A directory that is no path in a repository.
    pub fn in_directories(
        instances: &str,
        applications: &str,
        id: &str,
    ) -> Result<Self, crate::path::Invalid> {
        Ok(Self {
            values: RepoPath::parse(&format!("{instances}/{id}/values.yaml"))?,
            application: RepoPath::parse(&format!("{applications}/{id}.yaml"))?,
        })
    }

    /// The edits that remove both files of the tenant `id`. Files that others put beside them stay, and so does one
    /// that has become another tenant's.
    ///
    /// # Errors
    ///
    /// Something else than files at the paths.
    pub fn removal(&self, tree: &Snapshot, id: &str) -> Result<Vec<Edit>, Refusal> {
        removals(tree, [&self.values, &self.application].into_iter(), id)
    }

    fn has(&self, path: &RepoPath) -> bool {
        [&self.values, &self.application].contains(&path)
    }
}

/// Removes those of `paths` that are not marked as another tenant's than `id`.
fn removals<'a>(
    tree: &Snapshot,
    paths: impl Iterator<Item = &'a RepoPath>,
    id: &str,
) -> Result<Vec<Edit>, Refusal> {
    let mut edits = Vec::new();
    for path in paths {
        let content = tree.file(path).map_err(Refusal::from)?.unwrap_or_default();
        if is_ours_or_unmarked(&String::from_utf8_lossy(&content), id) {
            edits.push(Edit::Remove { path: path.clone() });
        }
    }
    Ok(edits)
}
