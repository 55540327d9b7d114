//! The journal of a cluster: a file beside its kubeconfig, written before the cluster is made.

use super::{Error, Id};
use crate::private_file;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// What was begun, and whether it was finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Name of the cluster.
    pub(super) name: String,
    /// Id that its nodes get.
    pub(super) id: Id,
    /// Fingerprint of the spec.
    pub(super) spec: String,
    /// Whether kind had made it; its nodes may not be ready yet.
    pub(super) finished: bool,
}

/// The journal's file and the lock that keeps two creates apart.
pub(super) struct Files {
    journal: PathBuf,
    lock: PathBuf,
}

impl Files {
    pub(super) fn beside(kubeconfig: &Path) -> Self {
        let beside = |suffix| {
            let mut path = OsString::from(kubeconfig);
            path.push(suffix);
            PathBuf::from(path)
        };
        Self { journal: beside(".kind.json"), lock: beside(".kind.lock") }
    }

    /// Held until the answer is dropped or the process ends.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let failed = |source| Error::file(&self.lock, source);
        private_file::make_directory(&self.lock)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(&self.lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: self.lock.clone() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(super) fn read(&self) -> Result<Option<Journal>, Error> {
        match std::fs::read(&self.journal) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|_| Error::Journal { path: self.journal.clone() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::file(&self.journal, source)),
        }
    }

    pub(super) fn write(&self, journal: &Journal) -> Result<(), Error> {
        let text = serde_json::to_vec(journal).unwrap_or_default();
        Ok(private_file::put(&self.journal, &text)?)
    }

    /// Removes the journal of this cluster; another's stays.
    pub(super) fn remove(&self, id: &Id) -> Result<(), Error> {
        if self.read()?.is_some_and(|journal| journal.id == *id) {
            private_file::remove(&self.journal)?;
        }
        Ok(private_file::remove(&self.lock)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitops_acceptance_tests::hostile;

    #[test]
    fn a_journal_is_private_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::beside(&dir.path().join("new/kubeconfig"));
        let journal = Journal { name: "dev".into(), id: Id::parse("e-1"), spec: "s".into(), finished: false };
        assert_eq!(files.read().unwrap(), None);
        files.write(&journal).unwrap();
        files.write(&Journal { finished: true, ..journal.clone() }).unwrap();
        assert!(files.read().unwrap().unwrap().finished);
        insta::assert_snapshot!(std::fs::read_to_string(&files.journal).unwrap(), @r#"{"name":"dev","id":"e-1","spec":"s","finished":true}"#);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&files.journal).unwrap().permissions().mode() & 0o777, 0o600);
        }
        files.remove(&Id::parse("e-2")).unwrap();
        assert!(files.read().unwrap().is_some(), "another cluster's journal stays");
        files.remove(&Id::parse("e-1")).unwrap();
        assert_eq!(files.read().unwrap(), None);
    }

    #[test]
    fn a_broken_journal_is_an_error_and_not_a_missing_one() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::beside(&dir.path().join("kubeconfig"));
        std::fs::write(&files.journal, "{\"name\":").unwrap();
        assert!(matches!(files.read(), Err(Error::Journal { .. })));
    }

    #[test]
    fn two_creates_of_one_cluster_exclude_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::beside(&dir.path().join("kubeconfig"));
        let held = files.lock().unwrap();
        assert!(matches!(files.lock(), Err(Error::Busy { .. })));
        drop(held);
        assert!(files.lock().is_ok());
    }

    #[test]
    fn no_journal_is_too_strange() {
        let good = br#"{"name":"dev","id":"e-1","spec":"s","finished":false}"#;
        hostile::bytes(hostile::INPUTS, &[good], |bytes| drop(serde_json::from_slice::<Journal>(bytes)));
    }
}
