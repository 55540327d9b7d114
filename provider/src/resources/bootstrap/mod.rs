//! `gitops_bootstrap`: Argo CD itself.
//!
//! An installation with settings: those that are configured are read back one by one.

mod live;
pub mod spec;

use super::installation::{self, Installation, Recipe, Wanted};
use crate::adoption::imported;
use crate::import_id;
use crate::outcome::Phase;
use crate::problem::Locate;
use crate::provider::{Gitops, task, warn_of_environment};
use gitops::apply::{Owner, inventory_name};
use gitops::argo::install;
use gitops::names;
use live::{settings, spec_of};
use schemars::JsonSchema;
use spec::{Identity, Spec, Status, wishes};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Installs Argo CD, from a manifest or a chart, and keeps it as it was installed.
///
/// Everything goes through the Kubernetes API: no login to Argo CD, no Helm release. The first apply creates the
/// namespace, the definitions, settings and workloads, and waits until all of it runs; an apply that was interrupted
/// is resumed by the next. A newer manifest upgrades in place. An Argo CD that somebody else installed is not touched
/// unless `take_ownership` is true; nothing else in this provider needs an Argo CD that it installed itself.
///
/// Destroy removes what was installed. It refuses as long as Applications exist that wait for Argo CD to clean up
/// after them; the definition of a kind of which others still have objects stays, with a warning.
#[derive(JsonSchema)]
pub struct Bootstrap;

/// The set of objects; the inventory is called after it.
const SET: &str = "argocd";

/// Inputs that decide what the objects are.
const INPUTS: [&str; 5] = ["namespace", "source", "settings", "patches", "images"];

impl Resource for Bootstrap {
    const KIND: &'static str = "gitops_bootstrap";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        id.namespace.clone()
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        match names::namespace(text) {
            Ok(()) => Ok(Identity { namespace: text.to_owned() }),
            Err(_) => Err(import_id::not_one("The import id is the namespace, such as `argocd`.")),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let namespace =
            names::namespace(&id.get().namespace).at("namespace").err().filter(|_| id.is_known("namespace"));
        let Spec { source, patches, images, .. } = spec.get();
        let more = installation::problems(spec, source, "Argo CD's `install.yaml`", patches, images);
        namespace.into_iter().chain(more).collect()
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        plan.claim(format!("Argo CD in namespace `{}`", plan.id().namespace), &["namespace", "kubernetes"]);
        plan.set("inventory", inventory_name(SET));
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, plan.want().kubernetes.as_ref());
        }
        if !INPUTS.iter().all(|input| plan.is_known(*input)) {
            ["version", "manifest_sha256", "objects", "ready"].iter().for_each(|output| plan.unknown(output));
            return Ok(());
        }
        let installation = installation_of(plan.id(), plan.want());
        let install = installation.install(cx, &task(cx), &plan.want().source).await?;
        installation.warn_of_unused(cx, &install);
        let (before, wait) = (plan.prior().map(|prior| prior.status.facts()), plan.want().wait);
        installation.foresee(plan, &install, before.as_ref(), wait);
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let wanted = Wanted {
            kubernetes: want.kubernetes.as_ref(),
            source: &want.source,
            take_ownership: want.take_ownership,
            wait: want.wait,
        };
        let installation = installation_of(id, want);
        installation.apply(cx, &task(cx), Phase::of(&prior), &wanted, |facts, _| Status::of(facts)).await
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let task = task(cx);
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let found = cx.provider().find(&task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(None) };
        let nothing = spec_of(None, None);
        let installation = installation_of(id, last.as_ref().map_or(&nothing, |last| &last.spec));
        let source = last.as_ref().map(|last| (&last.spec.source, last.status.manifest_sha256.as_str()));
        let Some((survey, _)) = installation.live(cx, &task, &cluster, source).await? else {
            return Ok(None);
        };
        match last {
            Some(_) => installation.warn_of_drift(cx, &survey),
            None => imported(cx, cluster.uid()),
        }
        let live = settings(&task, &installation.writer(&cluster), id, last.as_ref()).await?;
        let facts = installation.seen(last.as_ref().map(|last| last.status.facts()), &survey);
        Ok(Some((spec_of(last.as_ref(), live), Status::of(facts))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        let companions = install::companions(&id.namespace);
        installation_of(id, &last.spec).delete(cx, &task, &cluster, &companions).await
    }
}

/// What is installed.
fn installation_of(id: &Identity, spec: &Spec) -> Installation {
    let owner = Owner::new(Bootstrap::KIND, &Bootstrap::import_id(id));
    Installation { owner, set: SET, recipe: Recipe::ArgoCd(wishes(id, spec)) }
}

#[cfg(test)]
mod tests;
