//! The search for many secrets at once.

use super::Canary;
use super::parts::{files, parts};
use super::watch::Watch;
use aho_corasick::AhoCorasick;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A search for secrets, in all their forms.
#[derive(Clone)]
pub struct Search {
    forms: Arc<AhoCorasick>,
    /// Whose each form is, by its place among the secrets.
    whose: Arc<[usize]>,
}

impl Search {
    /// For these secrets, which are told by their places in this list.
    ///
    /// # Panics
    /// When they are too many to search for.
    pub fn of<'c>(canaries: impl IntoIterator<Item = &'c Canary>) -> Self {
        let (mut forms, mut whose) = (Vec::new(), Vec::new());
        for (place, canary) in canaries.into_iter().enumerate() {
            for form in canary.forms() {
                forms.push(form);
                whose.push(place);
            }
        }
        let forms = AhoCorasick::new(&forms).unwrap_or_else(|error| panic!("what is searched for: {error}"));
        Self { forms: Arc::new(forms), whose: whose.into() }
    }

    /// The secrets in `bytes`, by their places in the list, and where each of them begins.
    pub fn found(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let found = self.forms.find_overlapping_iter(bytes);
        found.map(|found| (self.whose[found.pattern().as_usize()], found.start())).collect()
    }

    /// Whether one of them is in `bytes`.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.is_match(bytes)
    }

    /// Demands that no file below `dir`, or the file `dir`, holds one of them, also where it is packed. How many bytes were
    /// searched, packed ones counted as what is in them.
    ///
    /// # Panics
    /// When one does, and when nothing could be searched.
    #[track_caller]
    pub fn assert_absent(&self, dir: &Path) -> u64 {
        let (files, mut searched) = (files(dir), 0);
        assert!(!files.is_empty(), "there is nothing to search in {}", dir.display());
        for file in files {
            let content =
                fs::read(&file).unwrap_or_else(|error| panic!("failed to read {}: {error}", file.display()));
            for (part, bytes) in parts(content) {
                searched += bytes.len() as u64;
                let found = self.found(&bytes).first().copied();
                assert!(found.is_none(), "secret {found:?} is in {} ({part})", file.display());
            }
        }
        searched
    }

    /// Looks through the arguments of all processes below this one until [`Watch::assert_unseen`].
    pub fn watch_arguments(&self) -> Watch {
        Watch::start(self.clone(), &["cmdline"])
    }

    /// The same, and through their environments: for secrets that nobody gave through the environment.
    pub fn watch_processes(&self) -> Watch {
        Watch::start(self.clone(), &["cmdline", "environ"])
    }
}
