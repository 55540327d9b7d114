//! The secrets of a tenant brought where they go, looked at there, and taken away.

use super::{Delivered, VALUES, data, owner, path, plain, policy, settings};
use crate::adoption::adopts;
use crate::problem::{Locate, first, problem};
use crate::provider::Gitops;
use crate::resources::injected::Injected;
use crate::resources::tenant::Tenant;
use crate::resources::tenant::shape::{Identity, Spec, Status};
use crate::sops::identities;
use gitops::Task;
use gitops::apply::Owner;
use gitops::cluster::Cluster;
use gitops::files::{FileSet, Known, digest};
use gitops::git::{self, Edit, Refusal, Repository, Snapshot};
use gitops::path::RepoPath;
use gitops::secrets::{self, Wanted as WantedSecret};
use gitops::sops::{Encrypted, Format, Last, Made, Wanted};
use gitops::sops_program::SopsProgram;
use gitops::tenant::{Home, NamespaceOwner, OnDelete, TENANT};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tfplugin_rs::{Context, Prior, Problem, Resource};

/// The secrets of one tenant, for one operation.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The operation.
    pub cx: &'a Context<Gitops>,
    /// Its time.
    pub task: &'a Task,
    /// The tenant.
    pub id: &'a Identity,
    /// Where it lives.
    pub home: &'a Home,
}

/// The encrypted file at `path`, and its text.
pub fn file(tree: &Snapshot, path: &RepoPath) -> Option<(Encrypted, String)> {
    let text = String::from_utf8(tree.file(path).ok()??).ok()?;
    Some((Encrypted::parse(&text, Format::Yaml).ok()?, text))
}

impl Delivery<'_> {
    /// The Secret of this name in the tenant's namespace.
    pub fn injected<'n>(&'n self, name: &'n str) -> Injected<'n> {
        let Self { cx, task, id, home } = *self;
        let owner = Owner::new(Tenant::KIND, &id.tenant_id);
        Injected { cx, task, owner, namespace: &home.namespace, name, at: VALUES }
    }

    /// Puts them into the cluster, and answers the fingerprint of the Secret; `None` where they do not go there.
    pub async fn inject(&self, want: &Spec, cluster: Option<&Cluster>) -> Result<Option<String>, Problem> {
        let (settings, Self { cx, task, id, home }) = (settings(want), *self);
        if want.secrets_wo.is_none() || !settings.inject {
            return Ok(None);
        }
        let Some(cluster) = cluster else {
            return if settings.git { Ok(None) } else { Err(no_cluster()) };
        };
        let secret = self.injected(&settings.name);
        let writer =
            secret.writer(cluster).taking_ownership(want.take_ownership || adopts(cx, cluster.uid()));
        let place = cx.provider().namespaces.at(cluster, &home.namespace);
        let _staying = task.run(place.stay()).await.whole()?;
        if home.namespace_owner == NamespaceOwner::ArgoCd {
            // Argo CD takes it over with the Namespace that lies beside the Application.
            writer.ensure_namespace(task, &home.namespace).await.at("namespace")?;
        }
        let wanted = WantedSecret {
            namespace: home.namespace.clone(),
            name: settings.name.clone(),
            kind: String::new(),
            labels: [(TENANT.to_owned(), id.tenant_id.clone())].into(),
            annotations: BTreeMap::new(),
            immutable: false,
            data: data(want).map_err(first)?,
        };
        let live = secret.put(&writer, false, wanted).await?;
        Ok(Some(secrets::live_fingerprint(&live).unwrap_or_default()))
    }

    /// Removes the Secret `name` from the cluster; then also the namespace, if it was made for it and is empty.
    pub async fn withdraw(&self, name: &str, cluster: &Cluster) -> Result<(), Problem> {
        let Self { cx, task, home, .. } = *self;
        let secret = self.injected(name);
        let place = cx.provider().namespaces.at(cluster, &home.namespace);
        let leaving = place.leave();
        secret.remove(cluster).await?;
        let Some(_alone) = task.run(leaving.last()).await.whole()? else { return Ok(()) };
        secret.writer(cluster).release_namespace(task, &home.namespace).await.at("namespace").map(drop)
    }

    /// Removes the Secret of before from the cluster, where it has another name now, or does not go there any more.
    pub async fn withdraw_former(
        &self,
        prior: Option<&Prior<Spec, Status>>,
        want: &Spec,
        cluster: Option<&Cluster>,
    ) -> Result<(), Problem> {
        let injected = |prior: &&Prior<Spec, Status>| {
            prior.status.delivered_secrets.as_ref().is_some_and(|delivered| delivered.injected.is_some())
        };
        let (Some(prior), Some(cluster)) = (prior.filter(injected), cluster) else { return Ok(()) };
        let (before, now) = (settings(&prior.spec), settings(want));
        match want.secrets_wo.is_some() && now.inject && now.name == before.name {
            true => Ok(()),
            false => self.withdraw(&before.name, cluster).await,
        }
    }

    /// The file as it is wanted; where it is not any more, what removes it. `last` is what was known of it, and where.
    pub async fn pack(
        &self,
        want: &Spec,
        repository: &Repository,
        last: Option<(&Delivered, &Home)>,
    ) -> Result<Parcel, Problem> {
        let Self { cx, task, id, home } = *self;
        let known = last.and_then(|(delivered, home)| Some((path(home).ok()?, delivered.digest.clone()?)));
        let import_id = format!("{}:{}", repository.branch(), id.tenant_id);
        let known = known.into_iter().collect();
        let parcel =
            Parcel { wanted: None, made: Arc::default(), known, import_id, adopt: want.take_ownership };
        let settings = settings(want);
        if want.secrets_wo.is_none() || !settings.git {
            return Ok(parcel);
        }
        let last = last.map(|(delivered, _)| delivered.clone()).unwrap_or_default();
        let wanted = Wanted {
            path: path(home)?,
            format: Format::Yaml,
            plain: plain(home, want)?,
            policy: policy(&settings)?,
            owner: owner(id),
            identities: identities(cx, None, VALUES)?.identities,
            last: Last {
                digest: last.digest.unwrap_or_default(),
                fingerprint: last.fingerprint,
                recipients: BTreeSet::new(),
            },
            outside: cx.provider().fingerprint_key().cloned(),
        };
        let tree = repository.glance(task).await.at("git")?;
        let made = SopsProgram::default().make(task, &wanted, &tree, SystemTime::now()).await;
        let made = made.map_err(|refusal| problem(&git::Error::Declined(refusal)).at("secrets"))?;
        Ok(Parcel { wanted: Some(Arc::new(wanted)), made: Arc::new(Mutex::new(made)), ..parcel })
    }

    /// What is known of them now. What is not as it was left is not as it is wanted; `last` is what was known, or
    /// nothing in an import.
    pub async fn seen(
        &self,
        spec: &Spec,
        last: Option<Option<&Delivered>>,
        tree: &Snapshot,
        cluster: Option<&Cluster>,
    ) -> Result<Option<Delivered>, Problem> {
        let (settings, Self { cx, id, home, .. }) = (settings(spec), *self);
        if last == Some(None) {
            return Ok(None);
        }
        let found = file(tree, &path(home)?);
        let now = found.as_ref().map(|(_, text)| digest(text.as_bytes()));
        let live = match cluster.filter(|_| settings.inject) {
            Some(cluster) => self.injected(&settings.name).read(cluster).await?,
            None => None,
        };
        let print = live.as_ref().and_then(secrets::live_fingerprint);
        if let Some(Some(last)) = last {
            let there = cluster.is_none() || !settings.inject || (print.is_some() && print == last.injected);
            let same = now == last.digest && there;
            let fingerprint = if same { last.fingerprint.clone() } else { String::new() };
            return Ok(Some(Delivered { fingerprint, ..last.clone() }));
        }
        let ours = found.filter(|(file, _)| file.managed_by() == Some(&owner(id)));
        let Some((file, _)) = ours else { return Ok(None) };
        let opened = file.open(&identities(cx, None, VALUES)?.identities).ok();
        let outside = cx.provider().fingerprint_key();
        let fingerprint = opened.map(|opened| file.fingerprint(&opened.plain, outside)).unwrap_or_default();
        Ok(Some(Delivered { digest: now, fingerprint, injected: print }))
    }
}

fn no_cluster() -> Problem {
    let detail = "With `secrets.git = false` they are in the cluster alone, and none is named. Set `kubernetes`, or leave them in Git, encrypted.";
    Problem::error("There is no cluster for the secrets", detail).at("kubernetes")
}

/// The encrypted file on its way into a commit, with everything else of the tenant.
#[derive(Clone)]
pub struct Parcel {
    wanted: Option<Arc<Wanted>>,
    made: Arc<Mutex<Option<Made>>>,
    known: Known,
    import_id: String,
    adopt: bool,
}

impl Parcel {
    /// The edits that bring it to `tree`.
    pub fn edits(&self, tree: &Snapshot) -> Result<Vec<Edit>, Refusal> {
        let mut noted = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let (files, ours) = match &self.wanted {
            Some(wanted) => {
                let made = wanted.make(tree, noted.as_ref(), SystemTime::now())?;
                let ours = made.was_ours;
                let content = made.content.clone().into_bytes();
                *noted = Some(made);
                ([(wanted.path.clone(), content)].into(), ours)
            }
            None => (BTreeMap::new(), false),
        };
        let set = FileSet { files, mark: None, import_id: self.import_id.clone() };
        Ok(set.changes(tree, &self.known, self.adopt || ours)?.edits)
    }

    /// What is to be remembered of it; `None` where there are no secrets.
    pub fn delivered(&self, want: &Spec) -> Option<Delivered> {
        want.secrets_wo.as_ref()?;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (digest, print) = made.map(|made| (made.last.digest, made.last.fingerprint)).unzip();
        Some(Delivered { digest, fingerprint: print.unwrap_or_default(), injected: None })
    }
}

/// What removes the file of a tenant that goes; one whose data stay keeps its secrets.
pub fn removal(tree: &Snapshot, home: &Home, delivered: Option<&Delivered>) -> Result<Vec<Edit>, Refusal> {
    let digest = delivered.and_then(|delivered| delivered.digest.clone());
    let Some(digest) = digest.filter(|_| home.on_delete != OnDelete::RetainData) else {
        return Ok(Vec::new());
    };
    let known = [(RepoPath::parse(&home.secrets_path())?, digest)].into();
    let set = FileSet { files: BTreeMap::new(), mark: None, import_id: String::new() };
    Ok(set.removal(tree, &known)?.edits)
}
