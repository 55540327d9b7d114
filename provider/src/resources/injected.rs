//! What the resources that are a Secret in the cluster have in common: read it, compare it, write it, remove it.

use crate::adoption::adopts;
use crate::problem::{Locate, json, problem};
use crate::provider::Gitops;
use gitops::apply::{self, Deletion, Owner, Writer};
use gitops::cluster::{Cluster, Connection};
use gitops::manifest::Object;
use gitops::secrets::{self, Data, Key, Wanted};
use gitops::{Secret, Task};
use serde_json::Value as Json;
use tfplugin_rs::{Context, Problem};

/// A Secret of ours, for one operation.
pub struct Injected<'a> {
    /// The operation.
    pub cx: &'a Context<Gitops>,
    /// Its time.
    pub task: &'a Task,
    /// Whose it is.
    pub owner: Owner,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The attribute that says which Secret it is.
    pub at: &'static str,
}

impl Injected<'_> {
    /// Who writes it.
    pub fn writer(&self, cluster: &Cluster) -> Writer {
        Writer::new(cluster, self.owner.clone(), false)
    }

    fn reference(&self) -> Object {
        Object::reference("v1", "Secret", Some(self.namespace), self.name)
    }

    /// The Secret in the cluster; `None` where there is none. Its key is remembered for the plan that follows.
    pub async fn read(&self, cluster: &Cluster) -> Result<Option<Json>, Problem> {
        let live = self.live(cluster).await?;
        if let Some(live) = &live {
            self.cx.provider().remember_key(cluster, &self.place(), Key::of(live));
        }
        Ok(live)
    }

    async fn live(&self, cluster: &Cluster) -> Result<Option<Json>, Problem> {
        let live = self.cx.provider().reads.read(self.task, cluster, &self.reference()).await.whole()?;
        live.as_ref().map(json).transpose()
    }

    fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The fingerprint's key of the Secret as it is; `None` where there is none, so that nothing can be told: it was not
    /// written by us, or somebody removed the key.
    pub async fn key(&self, kubernetes: Option<&Connection>) -> Result<Option<Key>, Problem> {
        let found = self.cx.provider().find(self.task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(None) };
        match self.cx.provider().recall_key(&cluster, &self.place()) {
            Some(key) => Ok(Some(key)),
            None => Ok(self.live(&cluster).await?.as_ref().and_then(Key::of)),
        }
    }

    /// Whether the Secret that is there may become what `wanted` says without being made anew. One that is not there, or
    /// not immutable, may.
    pub async fn can_stay(
        &self,
        kubernetes: Option<&Connection>,
        wanted: Option<&Secret<Data>>,
        revision: Option<i64>,
    ) -> Result<bool, Problem> {
        let found = self.cx.provider().find(self.task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(true) };
        let live = self.live(&cluster).await?;
        Ok(live.is_none_or(|live| !secrets::is_immutable(&live) || holds(&live, wanted, revision)))
    }

    /// Writes the Secret with the key that it has, or a new one. One that is planned as `new` is written at once, and
    /// looked at only if that fails: it may be there by now, ours or not.
    pub async fn put(&self, writer: &Writer, new: bool, mut wanted: Wanted) -> Result<Json, Problem> {
        let key = Key::generate().whole()?;
        if new {
            let created = writer.create(self.task, secrets::object(&wanted, &key)).await.whole()?;
            if let Some(created) = created {
                return json(&created.live);
            }
        }
        let mut live = writer.read(self.task, &self.reference()).await.whole()?;
        let seen = live.as_ref().map(json).transpose()?;
        let ours = live.as_ref().is_some_and(|live| writer.writes_over(live));
        if let Some(seen) = seen.as_ref().filter(|seen| ours && secrets::is_immutable(seen)) {
            let revision = wanted.annotations.get(secrets::REVISION).and_then(|number| number.parse().ok());
            if !wanted.immutable || !holds(seen, Some(&wanted.data), revision) {
                return Err(self.immutable());
            }
            // Values that differ at each opening, and count by their number: those that are there are as good.
            wanted.data = secrets::live_data(seen);
        }
        let key = seen.as_ref().and_then(Key::of).unwrap_or(key);
        if wanted.immutable && seen.as_ref().is_some_and(|seen| !secrets::is_immutable(seen)) {
            // Keys of others are removed by a request of its own, which is refused once the values cannot change.
            wanted.immutable = false;
            let object = secrets::object(&wanted, &key);
            let applied = writer.apply_exactly(self.task, object, "data", live.take()).await;
            live = Some(applied.map_err(|error| self.not_written(&error))?.live);
            wanted.immutable = true;
        }
        let object = secrets::object(&wanted, &key);
        let applied = writer.apply_exactly(self.task, object, "data", live).await;
        json(&applied.map_err(|error| self.not_written(&error))?.live)
    }

    /// The problem, on the attribute that the error is about.
    fn not_written(&self, error: &apply::Error) -> Problem {
        match error {
            apply::Error::NoNamespace { .. } => problem(error).at("namespace"),
            apply::Error::Foreign { .. } => problem(error).at(self.at),
            error => problem(error),
        }
    }

    fn immutable(&self) -> Problem {
        let detail = format!(
            "Kubernetes changes neither the values of an immutable Secret nor that it is immutable, and `{}` has other \
             values than those that are configured, or is not to be immutable. Where it is in the state, plan again: it \
             will be replaced. Else delete it first, or give another `name`.",
            self.place()
        );
        Problem::error("The Secret is immutable", detail).at(self.at)
    }

    /// Deletes the Secret. One that is not ours stays.
    pub async fn remove(&self, cluster: &Cluster) -> Result<Deletion, Problem> {
        let (writer, named) = (self.writer(cluster), self.reference());
        if adopts(self.cx, cluster.uid()) && writer.read(self.task, &named).await.whole()?.is_some() {
            // Only what carries our mark is deleted.
            writer.clone().taking_ownership(true).apply(self.task, named.clone()).await.whole()?;
        }
        let deletion = writer.delete(self.task, &named).await.whole()?;
        if deletion == Deletion::Foreign {
            self.cx.warn(self.stays());
        }
        Ok(deletion)
    }

    fn stays(&self) -> Problem {
        let detail = format!(
            "The Secret `{}` does not carry the mark of this resource: somebody else took it over. It was left as it is.",
            self.place()
        );
        Problem::warning("The Secret stays", detail)
    }
}

/// Whether the Secret has these values, or was written with their number.
fn holds(live: &Json, wanted: Option<&Secret<Data>>, revision: Option<i64>) -> bool {
    match revision {
        Some(number) => {
            let annotations = live.pointer("/metadata/annotations");
            let written = annotations.and_then(|all| all.get(secrets::REVISION)?.as_str());
            written == Some(number.to_string().as_str())
        }
        None => wanted.is_some_and(|wanted| secrets::live_data(live).expose().0 == wanted.expose().0),
    }
}

/// That the cluster could not be asked, so that no change is planned for the values at `attribute`.
pub fn unreadable(why: &Problem, attribute: &str) -> Problem {
    let detail = format!(
        "Whether the configured values are those in the cluster could not be found out, so no change is planned for them.\n\n{}. {}",
        why.summary, why.detail
    );
    Problem::warning("The Secret cannot be read", detail).at(attribute)
}

/// A text of a live object, empty where there is none.
pub fn text(live: &Json, pointer: &str) -> String {
    live.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "injected_tests.rs"]
mod tests;
