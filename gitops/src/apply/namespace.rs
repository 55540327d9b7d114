//! Namespaces: made where they are missing, removed only when nothing but ours is in them.

use super::error::Error;
use super::kinds::{Kinds, builtin};
use super::owner::Owner;
use super::remove::Removal;
use super::write::read;
use super::{PARALLEL, Writer, call};
use crate::{
    Task,
    manifest::{Id, Object},
};
use futures::{StreamExt, TryStreamExt, stream};
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::{PartialObjectMeta, discovery::Scope};
use kube::discovery::{Discovery, verbs};
use serde_json::json;

impl Writer {
    /// Makes the namespace if it is missing; one that somebody else made is good as it is. Returns whether one of our
    /// resources made it.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn ensure_namespace(&self, task: &Task, name: &str) -> Result<bool, Error> {
        let id = Id::new("", "Namespace", None, name);
        let Some(served) = builtin("", "Namespace") else { return Ok(false) };
        let live = read(task, &self.client, &served, &id).await?;
        let dying = live.as_ref().is_some_and(|live| live.metadata.deletion_timestamp.is_some());
        match live {
            Some(live) if !dying => Ok(made_by_us(name).owns(&live)),
            live => {
                let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
                let mut object =
                    Object::new(object).unwrap_or_else(|problem| unreachable!("a Namespace {problem}"));
                made_by_us(name).stamp(&mut object);
                self.write(task, super::write::Planned { object, served, live }).await?;
                Ok(true)
            }
        }
    }

    /// Removes the namespace if one of our resources made it and nothing is left in it; else it stays. Returns
    /// whether it was removed.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn release_namespace(&self, task: &Task, name: &str) -> Result<bool, Error> {
        let kinds = Kinds::new(self.client.clone(), &[]);
        let mut removal = Removal::default();
        self.remove_namespace(task, &kinds, &Id::new("", "Namespace", None, name), &mut removal).await?;
        Ok(!removal.removed.is_empty())
    }

    /// Objects of a namespace that are not this owner's, nor owned by another object, nor what Kubernetes puts into
    /// every namespace.
    pub(super) async fn others_in(&self, task: &Task, namespace: &str) -> Result<Others, Error> {
        let id = Id::new("", "Namespace", None, namespace);
        let discovery = call(task, "read", &id, "", || async {
            match Discovery::new(self.client.clone()).run_aggregated().await {
                Err(kube::Error::Api(status)) if status.code < 500 => {
                    Discovery::new(self.client.clone()).run().await
                }
                result => result,
            }
        });
        let listed: Vec<ApiResource> = discovery
            .await?
            .groups()
            .flat_map(|group| group.recommended_resources())
            .filter(|(_, can)| can.scope == Scope::Namespaced && can.supports_operation(verbs::LIST))
            .filter(|(_, can)| can.supports_operation(verbs::DELETE))
            .map(|(resource, _)| resource)
            .filter(|resource| resource.kind != "Event" && resource.kind != "Lease")
            .collect();
        let lists: Vec<Others> = stream::iter(listed)
            .map(|resource| self.others_of(task, resource, namespace))
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(lists.into_iter().fold(Others::default(), |mut all, list| {
            all.ours.extend(list.ours);
            all.foreign.extend(list.foreign);
            all
        }))
    }

    async fn others_of(&self, task: &Task, resource: ApiResource, namespace: &str) -> Result<Others, Error> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        let id = Id::new(&resource.group, &resource.kind, Some(namespace), "*");
        let params = ListParams::default();
        let list = call(task, "read", &id, &resource.api_version, || async {
            match api.list_metadata(&params).await {
                Err(kube::Error::Api(status)) if status.code == 404 || status.code == 405 => Ok(vec![]),
                result => result.map(|list| list.items),
            }
        });
        let mut others = Others::default();
        for live in list.await?.into_iter().filter(|live| !everywhere(&resource.kind, live)) {
            let name = live.metadata.name.as_deref().unwrap_or_default();
            let id = Id::new(&resource.group, &resource.kind, Some(namespace), name);
            match mark(&live) {
                _ if live.metadata.deletion_timestamp.is_some() => {}
                Some(mark) if *mark == self.owner.mark() => {}
                Some(_) => others.ours.push(id),
                None => others.foreign.push(id),
            }
        }
        Ok(others)
    }
}

/// What else is in a namespace.
#[derive(Default)]
pub(super) struct Others {
    /// What other resources of ours have made.
    pub(super) ours: Vec<Id>,
    /// What somebody else has made.
    pub(super) foreign: Vec<Id>,
}

fn mark(live: &PartialObjectMeta<DynamicObject>) -> Option<&String> {
    live.metadata.labels.as_ref().and_then(|labels| labels.get(super::OWNER))
}

/// The owner of a namespace that we made because something was to go into it. All that goes into it shares the
/// namespace, so the mark is the same for all, and whoever leaves last removes it.
pub(super) fn made_by_us(name: &str) -> Owner {
    Owner::new("gitops_namespace", name)
}

/// What belongs to other objects, and what Kubernetes puts into every namespace.
fn everywhere(kind: &str, live: &PartialObjectMeta<DynamicObject>) -> bool {
    let owned = live.metadata.owner_references.as_ref().is_some_and(|owners| !owners.is_empty());
    let name = live.metadata.name.as_deref().unwrap_or_default();
    owned
        || matches!((kind, name), ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default"))
        // Made by controllers for a Service, and removed with it.
        || matches!(kind, "Endpoints" | "EndpointSlice")
}
