//! A tenant on its way from Git into the cluster, and out of it.
//!
//! Argo CD moves it; here it is asked to look, and waited for. Other writers push to the same branch, so every
//! revision that has the tenant's commit in its history will do.

use super::Home;
use crate::Task;
use crate::cluster::Cluster;
use crate::git::{Lineage, Repository};
use crate::wait::application::{Acceptable, Expect};
use crate::wait::{self, Delivery, Error, ForApplication};

/// A tenant whose files are in `commit` of `repository`, and the cluster that Argo CD brings it to.
pub struct OnItsWay<'a> {
    /// Where the tenant lives.
    pub home: &'a Home,
    /// Its repository and branch.
    pub repository: &'a Repository,
    /// The commit that has its files, or no longer has them.
    pub commit: &'a str,
    /// The cluster.
    pub cluster: &'a Cluster,
}

impl OnItsWay<'_> {
    /// Waits until Argo CD has applied the tenant as the commit has it, and all of it is healthy. False, and at once,
    /// where a person must approve it first.
    ///
    /// # Errors
    ///
    /// [`Error`]: what failed, in Argo CD's words, or what was seen last when the time was over.
    pub async fn arrived(&self, task: &Task) -> Result<bool, Error> {
        let lineage = Lineage::new(self.commit);
        let want = self.delivery(&lineage);
        let application = ForApplication {
            namespace: want.namespace.clone(),
            name: want.name.clone(),
            expect: want.expect.clone(),
            children: false,
            retry: true,
        };
        let waits = async {
            if !wait::delivered(task, self.cluster, &want).await? {
                return Ok(false);
            }
            let ready = wait::application(task, &self.cluster.client(), &application).await?;
            Ok(!ready.awaiting_approval)
        };
        self.beside(task, &lineage, waits).await
    }

    /// Waits until Argo CD has taken over the Application as the commit has it, whatever it does with it. False, and at
    /// once, where a person must sync the parent first.
    ///
    /// # Errors
    ///
    /// [`Error`], as [`OnItsWay::arrived`].
    pub async fn delivered(&self, task: &Task) -> Result<bool, Error> {
        let lineage = Lineage::new(self.commit);
        let want = self.delivery(&lineage);
        self.beside(task, &lineage, wait::delivered(task, self.cluster, &want)).await
    }

    /// Waits until Argo CD has removed the Application, and nothing more.
    ///
    /// # Errors
    ///
    /// [`Error`], as [`OnItsWay::left`].
    pub async fn retired(&self, task: &Task) -> Result<(), Error> {
        let lineage = Lineage::new(self.commit);
        self.beside(task, &lineage, wait::removed(task, self.cluster, &self.delivery(&lineage), None)).await
    }

    /// Waits until Argo CD has removed the tenant: its Application, and its namespace where that goes too.
    ///
    /// # Errors
    ///
    /// [`Error`]: nobody removes it, or what was left when the time was over.
    pub async fn left(&self, task: &Task) -> Result<(), Error> {
        let lineage = Lineage::new(self.commit);
        let namespace = self.home.takes_namespace().then_some(self.home.namespace.as_str());
        self.beside(task, &lineage, wait::removed(task, self.cluster, &self.delivery(&lineage), namespace))
            .await
    }

    /// Runs `waits`, and answers from Git what it asks of revisions.
    async fn beside<T>(
        &self,
        task: &Task,
        lineage: &Lineage,
        waits: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            ended = waits => ended,
            never = lineage.answer(task, self.repository) => match never {},
        }
    }

    fn delivery(&self, lineage: &Lineage) -> Delivery {
        let (home, lineage) = (self.home, lineage.clone());
        Delivery {
            namespace: home.argocd_namespace.clone(),
            name: home.id.clone(),
            repo_url: home.repo_url.clone(),
            branch: home.target_revision.clone(),
            path: home.applications_path.clone(),
            expect: Expect {
                revision: Some(Acceptable::when(move |revision| lineage.accepts(revision))),
                repo_url: Some(home.repo_url.clone()),
                ..Expect::default()
            },
        }
    }
}
