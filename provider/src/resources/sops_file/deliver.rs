//! Brings the file to its repository.

use super::super::repository::commit;
use crate::provider::{Gitops, task};
use gitops::files::{FileSet, Known};
use gitops::git::{self, Change, Outcome, Owner, Refusal, Repository};
use gitops::sops::{self, Made, Wanted};
use gitops::sops_program::SopsProgram;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tfplugin_rs::Context;

/// How often the repository may change while `sops` is asked.
const RACES: usize = 5;

/// A file on its way.
pub struct Delivery {
    /// Whose it is.
    pub owner: Owner,
    /// What its commit says.
    pub message: String,
    /// What it is to be.
    pub wanted: Arc<Wanted>,
    /// What was there when it was written last.
    pub known: Known,
    /// Whether it may replace what others wrote.
    pub adopt: bool,
}

impl Delivery {
    /// Commits the file. What needs `sops` is made before the transaction, of what the repository has then, and is made
    /// again where somebody else was faster.
    pub async fn land(
        self,
        cx: &Context<Gitops>,
        repository: &Repository,
    ) -> Result<(Outcome, Option<Made>), git::Error> {
        let (task, program) = (task(cx), SopsProgram::default());
        let mut tree = repository.glance(&task).await?;
        for race in 0.. {
            let prepared = program.make(&task, &self.wanted, &tree, SystemTime::now()).await;
            let made = Arc::new(Mutex::new(prepared.map_err(git::Error::Declined)?));
            match commit(cx, &task, repository, self.change(repository, Arc::clone(&made))).await {
                Err(git::Error::Declined(why)) if race < RACES && needs_sops(&why) => {
                    tree = Arc::new(repository.read(&task).await?);
                }
                landed => {
                    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
                    return landed.map(|landed| (landed, made));
                }
            }
        }
        unreachable!("the loop has no end")
    }

    fn change(&self, repository: &Repository, noted: Arc<Mutex<Option<Made>>>) -> Change {
        let (wanted, known, adopt) = (Arc::clone(&self.wanted), self.known.clone(), self.adopt);
        let branch = repository.branch().to_owned();
        Change::new(self.owner.clone(), self.message.clone(), move |tree| {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            let made = wanted.make(tree, noted.as_ref(), SystemTime::now())?;
            let files = [(wanted.path.clone(), made.content.clone().into_bytes())].into();
            let set = FileSet { files, mark: None, import_id: branch.clone() };
            let edits = set.changes(tree, &known, adopt || made.was_ours)?.edits;
            *noted = Some(made);
            Ok(edits)
        })
    }
}

/// Whether a change was refused because it needs `sops`, which no transaction waits for.
fn needs_sops(why: &Refusal) -> bool {
    let why: &dyn Error = why.error();
    matches!(why.downcast_ref::<sops::Error>(), Some(sops::Error::OtherKeys { .. }))
}
