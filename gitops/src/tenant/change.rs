//! A tenant's files as an intent on the platform repository: written together, moved together, removed together.

use super::{
    Adopted, Chart, Error, Files, Found, Home, OnDelete, Retained, Tenant, is_marked, is_ours_or_unmarked,
};
use crate::Explain;
use crate::git::{Edit, Refusal, Snapshot};
use crate::manifest::{Limits, parse_value};
use crate::path::RepoPath;

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
    /// The edits that bring `tree` to this tenant. `before` is where its files were, and `adopt` takes what somebody
    /// else put there. Files of its own that say all of it already are left as they are written; so is an Application
    /// that was `adopted`.
    ///
    /// # Errors
    ///
    /// [`Refused`], and whatever keeps the tenant from having files.
    pub fn edits(
        &self,
        tree: &Snapshot,
        before: Option<&Files>,
        adopted: Option<&Adopted>,
        adopt: bool,
    ) -> Result<Vec<Edit>, Refusal> {
        let paths = self.home.files()?;
        if before == Some(&paths) && self.is_said(tree, &paths, adopted)? {
            self.product.chart.refuse_missing(tree)?;
            return Ok(Vec::new());
        }
        self.writes(tree, paths, before, adopt)
    }

    /// The edits that write its files.
    fn writes(
        &self,
        tree: &Snapshot,
        paths: Files,
        before: Option<&Files>,
        adopt: bool,
    ) -> Result<Vec<Edit>, Refusal> {
        let id = &self.home.id;
        let mut files = self.files().map_err(Refusal::from)?;
        // What was kept of a tenant of this id, which is over when this one is there.
        let kept = before.is_none() && marked(tree, &paths.retained, id)? == Some(true);
        if !adopt {
            self.refuse_taken(tree, &paths, before, kept)?;
            let restores = files.contains_key(paths.restore.as_str());
            if restores && marked(tree, &paths.restore, id)? == Some(false) {
                return Err(self.taken(paths.restore.as_str()));
            }
        }
        self.product.chart.refuse_missing(tree)?;
        let left = before.iter().flat_map(|before| before.all()).filter(|path| !paths.has(path));
        let mut edits = removals(tree, left, id)?;
        for path in paths.all() {
            match files.remove(path.as_str()) {
                Some(content) => {
                    edits.push(Edit::Write { path: path.clone(), content: content.into_bytes() });
                }
                // Beside the values others may have a file of this name.
                None if *path == paths.restore && marked(tree, path, id)? != Some(true) => {}
                None => edits.push(Edit::Remove { path: path.clone() }),
            }
        }
        if kept {
            edits.push(Edit::Remove { path: paths.retained });
        }
        Ok(edits)
    }

    fn taken(&self, path: &str) -> Refusal {
        let (branch, id) = (self.home.target_revision.clone(), self.home.id.clone());
        Refused::Taken { path: path.to_owned(), branch, id }.into()
    }

    /// What is at a path of ours and does not carry our mark was made by somebody else; so was a directory of other
    /// files. Where our files were before, or what was `kept` of them, nobody else's are.
    fn refuse_taken(
        &self,
        tree: &Snapshot,
        paths: &Files,
        before: Option<&Files>,
        kept: bool,
    ) -> Result<(), Refusal> {
        let was = |path: &RepoPath| before.is_some_and(|files| files.has(path));
        let mut ours = was(&paths.values) || kept;
        for path in [&paths.values, &paths.application].into_iter().filter(|path| !was(path)) {
            match marked(tree, path, &self.home.id)? {
                Some(false) => return Err(self.taken(path.as_str())),
                Some(true) => ours = true,
                None => {}
            }
        }
        let directory = RepoPath::parse(&self.home.directory()).map_err(Refusal::from)?;
        match !ours && !tree.list(&directory).map_err(Refusal::from)?.is_empty() {
            true => Err(self.taken(directory.as_str())),
            false => Ok(()),
        }
    }

    /// Whether the files in `tree` say what this tenant says, in whichever words.
    fn is_said(&self, tree: &Snapshot, paths: &Files, adopted: Option<&Adopted>) -> Result<bool, Refusal> {
        Ok(self.is_written(tree) || found(tree, paths)?.differs(self, adopted).is_empty())
    }

    /// Whether the files in `tree` are byte for byte what [`Tenant::files`] writes, as most are: then nobody needs to
    /// understand them. What cannot be looked at is not.
    pub fn is_written(&self, tree: &Snapshot) -> bool {
        let (Ok(paths), Ok(written)) = (self.home.files(), self.files()) else { return false };
        paths.all().into_iter().all(|path| match written.get(path.as_str()) {
            Some(text) => tree.holds(path, text.as_bytes()).unwrap_or(false),
            // Beside the values others may have a file of this name.
            None if *path == paths.restore => true,
            None => matches!(tree.file(path), Ok(None)),
        })
    }

    /// The chart's version: as it was asked for, or as the chart in the repository says.
    pub fn resolved_version(&self, tree: &Snapshot) -> Option<String> {
        match &self.product.chart {
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

impl Chart {
    /// Refuses a chart of the platform repository that is not in it.
    pub(crate) fn refuse_missing(&self, tree: &Snapshot) -> Result<(), Refusal> {
        let Self::Own { path } = self else { return Ok(()) };
        let file = RepoPath::parse(&format!("{path}/Chart.yaml")).map_err(Refusal::from)?;
        match tree.file(&file).map_err(Refusal::from)? {
            Some(_) => Ok(()),
            None => Err(Refused::NoChart { path: path.clone() }.into()),
        }
    }
}

impl Home {
    /// The edits that remove its files. Files that others put beside them stay, and so does one that has become another
    /// tenant's. Where its data are kept, a file says where they are and what it was.
    ///
    /// # Errors
    ///
    /// Something else than files at the paths.
    pub fn removal(&self, tree: &Snapshot) -> Result<Vec<Edit>, Refusal> {
        let paths = self.files()?;
        let mut edits = removals(tree, [&paths.values, &paths.application].into_iter(), &self.id)?;
        edits.extend(self.retained(tree, &paths)?);
        if marked(tree, &paths.restore, &self.id)? == Some(true) {
            edits.push(Edit::Remove { path: paths.restore });
        }
        Ok(edits)
    }

    /// The file that stays of a tenant whose data are kept; `None` where the tenant is gone already, or somebody else has a
    /// file in its place.
    fn retained(&self, tree: &Snapshot, paths: &Files) -> Result<Option<Edit>, Refusal> {
        if self.on_delete != OnDelete::RetainData || marked(tree, &paths.retained, &self.id)?.is_some() {
            return Ok(None);
        }
        let Some(retained) = Retained::of(&found(tree, paths)?, &self.namespace) else { return Ok(None) };
        let content = retained.file(&self.id).map_err(Error::from).map_err(Refusal::from)?;
        Ok(Some(Edit::Write { path: paths.retained.clone(), content: content.into_bytes() }))
    }
}

/// What the files at `paths` say.
fn found(tree: &Snapshot, paths: &Files) -> Result<Found, Refusal> {
    let [values, application, restore] = paths.all().map(|path| text(tree, path));
    let (values, application, restore) = (values?, application?, restore?);
    Ok(Found::of(values.as_deref(), application.as_deref(), restore.as_deref()))
}

/// The text of the file at `path`; `None` where there is none.
fn text(tree: &Snapshot, path: &RepoPath) -> Result<Option<String>, Refusal> {
    let content = tree.file(path).map_err(Refusal::from)?;
    Ok(content.map(|content| String::from_utf8_lossy(&content).into_owned()))
}

/// Whether the file at `path` says that it is the tenant's; `None` where there is none.
fn marked(tree: &Snapshot, path: &RepoPath, id: &str) -> Result<Option<bool>, Refusal> {
    Ok(text(tree, path)?.map(|text| is_marked(&text, id)))
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
