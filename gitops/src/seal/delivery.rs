//! Sealed values as an intent on their repository.

use super::SealedSecret;
use super::target::{self, Refused, Target};
use crate::files::{Changes, FileSet, Known, Mark, Seen, digest};
use crate::git::{Edit, Refusal, Snapshot};
use crate::manifest::to_yaml;
use crate::path::{RepoPath, shown};
use std::collections::BTreeMap;

/// Sealed values, and where they are to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where.
    pub target: Target,
    /// What: as a whole, or of it the values.
    pub secret: SealedSecret,
    /// Branch of the repository, for messages.
    pub branch: String,
}

/// What was delivered before, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Where.
    pub target: Target,
    /// SHA-256 of what was there, by its place.
    pub digests: BTreeMap<String, String>,
}

/// The texts of files while a change is put together; `None` where there is no file.
type Texts = BTreeMap<RepoPath, String>;

impl Delivery {
    /// What brings `tree` to it, and takes away what was delivered before and is no longer wanted. With `adopt` what
    /// somebody else put there is replaced.
    ///
    /// # Errors
    ///
    /// What somebody else put there, a file that does not take bare values, and whatever keeps the repository from being
    /// read.
    pub fn changes(&self, tree: &Snapshot, former: Option<&Former>, adopt: bool) -> Result<Changes, Refusal> {
        let (mut changes, mut texts) = (Changes::default(), Texts::new());
        let moved = former.filter(|former| former.target != self.target);
        if let Some(former) = moved {
            changes = self.withdraw(tree, former, &mut texts)?;
        }
        let former = former.filter(|former| former.target == self.target);
        match &self.target {
            Target::File(file) => {
                let files = [(file.clone(), self.content()?)].into();
                let known = former.map(|former| known(&former.digests)).unwrap_or_default();
                changes.edits.extend(self.set(files).changes(tree, &known, adopt)?.edits);
            }
            Target::Values { .. } => self.fill(tree, former, adopt, &mut texts)?,
        }
        let write = |(path, text): (RepoPath, String)| Edit::Write { path, content: text.into_bytes() };
        changes.edits.extend(texts.into_iter().map(write));
        Ok(changes)
    }

    /// What takes away what was delivered, as far as it is what it was when it was last seen.
    ///
    /// # Errors
    ///
    /// Whatever keeps the repository from being read, and a file that cannot be edited.
    pub fn removal(&self, tree: &Snapshot, former: &Former) -> Result<Changes, Refusal> {
        let mut texts = Texts::new();
        let mut changes = self.withdraw(tree, former, &mut texts)?;
        let write = |(path, text): (RepoPath, String)| Edit::Write { path, content: text.into_bytes() };
        changes.edits.extend(texts.into_iter().map(write));
        Ok(changes)
    }

    /// SHA-256 of what it is in a repository, by its place.
    ///
    /// # Errors
    ///
    /// The SealedSecret cannot be written as YAML.
    pub fn digests(&self) -> Result<BTreeMap<String, String>, Refusal> {
        Ok(match &self.target {
            Target::File(file) => [(file.to_string(), digest(&self.content()?))].into(),
            values => {
                let data = self.secret.data.iter();
                data.map(|(key, text)| (values.place(key), digest(text.as_bytes()))).collect()
            }
        })
    }

    /// The file, where it has one of its own.
    fn content(&self) -> Result<Vec<u8>, Refusal> {
        let text = to_yaml(&self.secret.value()).map_err(Refusal::from)?;
        Ok(self.mark().on(&text).into_bytes())
    }

    fn mark(&self) -> Mark {
        Mark::new("gitops_sealed_secret", &self.name())
    }

    fn name(&self) -> String {
        format!("{}/{}", self.secret.namespace, self.secret.name)
    }

    fn set(&self, files: BTreeMap<RepoPath, Vec<u8>>) -> FileSet {
        let import_id = format!("{}:{}:{}", self.branch, self.name(), self.target.file());
        FileSet { files, mark: Some(self.mark()), import_id }
    }

    /// Takes away what `former` has; edits of files that stay are left in `texts`.
    fn withdraw(&self, tree: &Snapshot, former: &Former, texts: &mut Texts) -> Result<Changes, Refusal> {
        let Target::Values { file, path } = &former.target else {
            return self.set(BTreeMap::new()).removal(tree, &known(&former.digests));
        };
        let mut changes = Changes::default();
        let found = former.target.found(tree, None)?;
        let (same, other): (Vec<_>, Vec<_>) = found
            .data
            .iter()
            .filter(|(key, _)| former.digests.contains_key(&former.target.place(key)))
            .partition(|(key, text)| {
                former.digests.get(&former.target.place(key)) == Some(&digest(text.as_bytes()))
            });
        if !other.is_empty() {
            changes.kept.push(file.clone());
        }
        if let (false, Some(text)) = (same.is_empty(), text(tree, file)?) {
            let keys = same.into_iter().map(|(key, _)| key.as_str());
            texts
                .insert(file.clone(), target::removed(&text, path, keys).map_err(|error| yaml(file, error))?);
        }
        Ok(changes)
    }

    /// Puts bare values into their file.
    fn fill(
        &self,
        tree: &Snapshot,
        former: Option<&Former>,
        adopt: bool,
        texts: &mut Texts,
    ) -> Result<(), Refusal> {
        let Target::Values { file, path } = &self.target else { return Ok(()) };
        let ours =
            |key: &str| former.is_some_and(|former| former.digests.contains_key(&self.target.place(key)));
        let found = self.target.found(tree, None)?.data;
        if !adopt {
            let others = found.iter().filter(|(key, text)| {
                !text.is_empty()
                    && !ours(key)
                    && self.secret.data.get(*key).is_some_and(|wanted| wanted != *text)
            });
            let paths: Vec<_> = others.map(|(key, _)| path.key(key).to_string()).collect();
            if !paths.is_empty() {
                return Err(Refused::Taken { file: file.to_string(), paths }.into());
            }
        }
        let before = match texts.remove(file) {
            Some(text) => Some(text),
            None => text(tree, file)?,
        };
        if let Some((kind, name)) = before.as_deref().and_then(Mark::owner) {
            let (file, kind, name) = (file.to_string(), shown(kind), shown(name));
            return Err(Refused::Owned { file, kind, name }.into());
        }
        let at = |error| yaml(file, error);
        let mut after = target::written(before.as_deref(), path, &self.secret.data).map_err(at)?;
        let gone: Vec<_> =
            found.keys().filter(|key| ours(key) && !self.secret.data.contains_key(*key)).collect();
        if !gone.is_empty() {
            after = target::removed(&after, path, gone.into_iter().map(String::as_str)).map_err(at)?;
        }
        texts.insert(file.clone(), after);
        Ok(())
    }
}

fn yaml(file: &RepoPath, error: crate::yaml::Error) -> Refusal {
    Refused::Yaml { file: file.to_string(), error }.into()
}

/// The text of a file; `None` where there is none.
fn text(tree: &Snapshot, file: &RepoPath) -> Result<Option<String>, Refusal> {
    match Seen::at(tree, file).map_err(Refusal::from)? {
        Seen::Nothing => Ok(None),
        Seen::Obstacle(error) => Err(error.into()),
        Seen::File(content) => {
            let text = String::from_utf8(content);
            Ok(Some(text.map_err(|_| Refused::NotText { file: file.to_string() })?))
        }
    }
}

/// The files that `digests` name.
fn known(digests: &BTreeMap<String, String>) -> Known {
    let known = |(path, digest): (&String, &String)| Some((RepoPath::parse(path).ok()?, digest.clone()));
    digests.iter().filter_map(known).collect()
}
