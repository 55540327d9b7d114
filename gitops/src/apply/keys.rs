//! Single keys of an object that belongs to somebody else, such as some settings in `argocd-cm` of an Argo CD that we
//! did not install.
//!
//! Each owner has a field manager of its own here, so that two owners of different keys do not undo each other.

use super::error::Error;
use super::kinds::Kinds;
use super::write::{Shown, parameters, read};
use super::{Applied, Change, Writer, call, compare};
use crate::{Task, manifest::Object};
use kube::api::Patch;
use serde_json::json;

impl Writer {
    /// The field manager of this owner's keys.
    pub fn keys_manager(&self) -> String {
        format!("{}-{}", super::MANAGER, self.owner.mark())
    }

    /// Writes only what `object` says, and leaves the rest of the live object to whoever has it. Keys that this owner
    /// wrote before and `object` no longer has are removed. The object gets no mark.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] where others hold one of the keys with another value, unless ownership is taken.
    pub async fn apply_keys(&self, task: &Task, object: &Object) -> Result<Applied, Error> {
        let served = Kinds::new(self.client.clone(), &[]).of(task, object).await?;
        let id = object.id();
        let manager = self.keys_manager();
        let live = read(task, &self.client, &served, &id).await?;
        if let Some(live) = live.clone().filter(|live| compare::holds(live, object, &manager)) {
            return Ok(Applied { change: Change::Unchanged, live });
        }
        let api = served.api(&self.client, &id);
        let params = parameters(&manager, self.take_ownership);
        let patch = Patch::Apply(Shown(object));
        let written =
            call(task, "write", &id, object.api_version(), || api.patch(&id.name, &params, &patch)).await?;
        let change = match live {
            None => Change::Created,
            Some(live) if live.metadata.resource_version == written.metadata.resource_version => {
                Change::Unchanged
            }
            Some(_) => Change::Changed,
        };
        Ok(Applied { change, live: written })
    }

    /// Removes all keys that this owner wrote to the object; the object stays. Success where it is gone.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn release_keys(&self, task: &Task, object: &Object) -> Result<(), Error> {
        let served = Kinds::new(self.client.clone(), &[]).of(task, object).await?;
        let id = object.id();
        let Some(live) = read(task, &self.client, &served, &id).await? else { return Ok(()) };
        let manager = self.keys_manager();
        let ours = live
            .metadata
            .managed_fields
            .iter()
            .flatten()
            .any(|entry| entry.manager.as_ref() == Some(&manager));
        if !ours {
            return Ok(());
        }
        let nothing = json!({
            "apiVersion": object.api_version(),
            "kind": object.kind(),
            "metadata": { "name": id.name, "uid": live.metadata.uid },
        });
        let api = served.api(&self.client, &id);
        let params = parameters(&manager, false);
        let patch = Patch::Apply(nothing);
        call(task, "write", &id, object.api_version(), || api.patch(&id.name, &params, &patch)).await?;
        Ok(())
    }
}
