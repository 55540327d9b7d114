//! The resources that are one Application in the cluster: all that they are but their names and what their pages say.
//!
//! It is written to the cluster, not to Git, and waited for with all the Applications below it. A new commit in Git is
//! Argo CD's business and no change of such a resource.

mod approval;
pub mod life;
mod shape;

use crate::adoption::{adopted, adopts, imported};
use crate::import_id;
use crate::outcome::{Phase, unfinished};
use crate::provider::{Gitops, foresee_in_cluster, task};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value as Json;
use shape::{Identity, Spec, Status, ended, spec_of, status, wanted};
use std::borrow::Cow;
use std::marker::PhantomData;
use tfplugin_rs::timeouts::Defaults;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// One of the resources. The doc comment of the type is its documentation page.
pub trait Kind: JsonSchema + Send + Sync + 'static {
    /// The type name.
    const KIND: &'static str;
    /// All type names that it goes by: the state of one is that of the others.
    const NAMES: &'static [&'static str];
}

/// The resource of a kind.
pub struct App<K>(PhantomData<fn() -> K>);

impl<K: Kind> JsonSchema for App<K> {
    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        K::json_schema(generator)
    }
}

impl<K: Kind> Resource for App<K> {
    const KIND: &'static str = K::KIND;
    const TIMEOUTS: Defaults = Defaults::minutes(10);
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, name) = import_id::namespaced(text, "argocd/platform")?;
        Ok(Identity { namespace, name })
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let wanted = wanted(id.get(), spec.get());
        let unsaid = spec.get().sync.is_none().then(|| life::unsaid(&wanted)).flatten();
        life::problems(&wanted).into_iter().chain(unsaid).collect()
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_in_cluster(cx, plan, "the Application", ["namespace", "name"], |spec| {
            spec.kubernetes.as_ref()
        });
        if life::unfinished(cx) && plan.want().wait {
            plan.unknown("health_status");
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let (task, phase) = (task(cx), Phase::of(&prior));
        let app = wanted(id, want);
        let written = async {
            let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
            let adopt = want.take_ownership || adopts(cx, cluster.uid());
            let writer = life::writer(&cluster, Self::KIND, &Self::import_id(id), adopt);
            let live = life::write(&task, &writer, &app).await?;
            Ok::<_, Problem>((cluster, live))
        };
        let (cluster, live) = match written.await {
            Ok(written) => written,
            Err(problem) => return Outcome::failed(problem),
        };
        adopted(cx);
        if !want.wait {
            life::waited(cx, true);
            return Outcome::done(status(&task, &cluster, &live).await);
        }
        let expect = want.wait_for.clone().unwrap_or_default();
        let waited = life::wait(&task, &cluster, &app, &expect).await;
        life::waited(cx, waited.is_ok());
        match waited {
            Ok(ready) => {
                if let Some(awaited) = approval::awaited(&app, &ready) {
                    cx.warn(awaited);
                }
                Outcome::done(ended(ready))
            }
            Err(failure) => {
                let (import_id, live) = (Self::import_id(id), failure.live.unwrap_or(live));
                let what = format!("The Application `{import_id}`");
                let reached = status(&life::last_look(&task), &cluster, &live).await;
                unfinished(phase, &what, &import_id, reached, failure.problem, failure.stopped)
            }
        }
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let task = task(cx);
        let Some(cluster) = cx.provider().find(&task, kubernetes).await? else { return Ok(None) };
        let Some(live) = life::live(&task, &cluster, &id.namespace, &id.name).await? else { return Ok(None) };
        if last.is_none() {
            imported(cx, cluster.uid());
        }
        let status = status(&task, &cluster, &live).await;
        Ok(Some((spec_of(&live, id, last.map(|last| last.spec)), status)))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        let adopt = adopts(cx, cluster.uid());
        let writer = life::writer(&cluster, Self::KIND, &Self::import_id(id), adopt);
        for stays in life::delete(&task, &cluster, &writer, &wanted(id, &last.spec), adopt).await? {
            cx.warn(stays);
        }
        Ok(())
    }

    fn moved(_: &str, kind: &str, state: &Json) -> Option<Json> {
        K::NAMES.contains(&kind).then(|| state.clone())
    }
}
