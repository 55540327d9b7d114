//! `gitops_repository_credentials`: how Argo CD gets into a repository.
//!
//! It is a Secret beside Argo CD. What opens the repository is in the configuration and in the cluster, nowhere else, as
//! with `gitops_secret_injection`.

mod known;
mod shape;
#[cfg(test)]
mod tests;

use super::injected::{Injected, text, unreadable};
use crate::adoption::{adopted, adopts, imported};
use crate::import_id;
use crate::problem::{Locate, first};
use crate::provider::{Gitops, foresee_in_cluster, task};
use gitops::apply::Owner;
use gitops::argo::repository::{Repository, SECRET_TYPE};
use gitops::secrets::{self, Wanted};
use gitops::{Task, names};
use known::{known, made_by_hand, name_among};
use schemars::JsonSchema;
use serde_json::Value as Json;
use shape::{CONTENT, Identity, Spec, Status, data, spec_of, wanted};
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Tells Argo CD of a repository and how it gets into it: with a user name and a password or token, an SSH key, a GitHub
/// App, an account of Google Cloud or Azure, or a certificate; for Git, for Helm charts and for OCI artifacts.
///
/// What opens the repository is write-only: it is in the configuration and in the cluster, and neither in the plan nor in
/// the state. That it changed, on either side, is noticed without a number being raised. With
/// `secret_type = "repo-creds"` it opens all repositories whose addresses begin with `url`.
///
/// A Secret that somebody else made for the same address is an error: Argo CD would take one of the two. Import it, or
/// set `take_ownership = true`.
#[derive(JsonSchema)]
pub struct RepositoryCredentials;

impl Resource for RepositoryCredentials {
    const KIND: &'static str = "gitops_repository_credentials";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.url)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, url) = text.split_once('/').unwrap_or_default();
        match names::namespace(namespace).is_ok() && !url.is_empty() {
            true => Ok(Identity { namespace: namespace.to_owned(), url: url.to_owned() }),
            false => Err(import_id::not_one(
                "The import id is `namespace/address`, such as `argocd/https://git.example.com/acme/shop.git`.",
            )),
        }
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(names::namespace(&id.get().namespace).at("namespace").err());
        // What is wrong is wrong together.
        if id.is_known("url") && CONTENT.iter().all(|name| spec.is_known(*name)) {
            problems.extend(data(id.get(), spec.get()).err().into_iter().flatten());
        }
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_in_cluster(cx, plan, "the credentials of", ["namespace", "url"], |spec| {
            spec.kubernetes.as_ref()
        });
        for output in ["secret_name", "uid"] {
            plan.keep_unless_changed(output, &["kubernetes"]); // another cluster has another Secret
        }
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        if plan.has_changes() || plan.want().credentials_wo_revision.is_some() {
            // Only the number counts; with any other change the values are written anew and may differ by then.
            return Ok(());
        }
        if !CONTENT.iter().all(|name| plan.is_known(*name)) {
            plan.unknown("fingerprint");
            return Ok(());
        }
        let task = task(cx);
        let secret = injected(cx, &task, plan.id(), &status.secret_name);
        let key = secret.key(plan.want().kubernetes.as_ref()).await;
        let wanted = |key| data(plan.id(), plan.want()).ok().map(|data| secrets::fingerprint(&key, &data));
        match key.map(|key| key.and_then(wanted)) {
            Ok(Some(wanted)) if wanted == status.fingerprint => plan.keep("fingerprint"),
            // Other values, or no key to tell by: the Secret is written anew, and its key with it.
            Ok(_) => plan.unknown("fingerprint"),
            Err(problem) => {
                plan.keep("fingerprint");
                cx.warn(unreadable(&problem, "url"));
            }
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        let put = put(cx, id, prior.map(|prior| prior.status), want).await;
        if put.is_ok() {
            adopted(cx);
        }
        put.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let task = task(cx);
        let found = cx.provider().find(&task, kubernetes).await?;
        let Some(cluster) = found else { return Ok(None) };
        let name = match &last {
            Some(last) => last.status.secret_name.clone(),
            None => match made_by_hand(&task, &cluster, id).await? {
                Some(name) => name,
                None => return Ok(None),
            },
        };
        let Some(live) = injected(cx, &task, id, &name).read(&cluster).await? else { return Ok(None) };
        if last.is_none() {
            imported(cx, cluster.uid());
            left_out(&Repository::unknown_keys(&live)).into_iter().for_each(|warning| cx.warn(warning));
        }
        Ok(Some((spec_of(&live, last.map(|last| last.spec)), status_of(&live))))
    }

    async fn delete(cx: &Context<Gitops>, id: &Identity, last: Prior<Spec, Status>) -> Result<(), Problem> {
        let task = task(cx);
        let found = cx.provider().find(&task, last.spec.kubernetes.as_ref()).await?;
        let Some(cluster) = found else { return Ok(()) };
        injected(cx, &task, id, &last.status.secret_name).remove(&cluster).await.map(drop)
    }
}

fn injected<'a>(cx: &'a Context<Gitops>, task: &'a Task, id: &'a Identity, name: &'a str) -> Injected<'a> {
    Injected { cx, task, owner: owner(id), namespace: &id.namespace, name, at: "url" }
}

fn owner(id: &Identity) -> Owner {
    Owner::new(RepositoryCredentials::KIND, &RepositoryCredentials::import_id(id))
}

async fn put(
    cx: &Context<Gitops>,
    id: &Identity,
    before: Option<Status>,
    want: &Spec,
) -> Result<Status, Problem> {
    let task = task(cx);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let take = want.take_ownership || adopts(cx, cluster.uid());
    let repository = wanted(id, want);
    let known = known(&task, &cluster, id, want.secret_type).await?;
    let new = before.is_none();
    let name = name_among(id, &repository, before.map(|status| status.secret_name), take, &known)?;
    let place = cx.provider().namespaces.at(&cluster, &id.namespace);
    let _staying = task.run(place.stay()).await.whole()?;
    let data = data(id, want).map_err(first)?;
    let wanted = Wanted {
        namespace: id.namespace.clone(),
        name: name.clone(),
        kind: String::new(),
        labels: [(SECRET_TYPE.to_owned(), want.secret_type.label().to_owned())].into(),
        annotations: Default::default(),
        immutable: false,
        data,
    };
    let injected = injected(cx, &task, id, &name);
    let writer = injected.writer(&cluster).taking_ownership(take);
    injected.put(&writer, new, wanted).await.map(|live| status_of(&live))
}

/// A warning that the next apply removes `keys` from the Secret that is imported; `None` where there are none.
fn left_out(keys: &[String]) -> Option<Problem> {
    let keys: Vec<_> = keys.iter().map(|key| format!("- {key}")).collect();
    let detail = format!(
        "Argo CD 3.5 reads none of these keys, and the next apply removes them:\n{}\n\nKeep what somebody else needs in a Secret of its own.",
        keys.join("\n")
    );
    (!keys.is_empty()).then(|| Problem::warning("The Secret of the repository holds more", detail).at("url"))
}

fn status_of(live: &Json) -> Status {
    let label = live.pointer("/metadata/labels").and_then(|labels| labels.get(SECRET_TYPE)?.as_str());
    let found = label == Some(Repository::of(live).secret_type.label());
    Status {
        secret_name: text(live, "/metadata/name"),
        uid: text(live, "/metadata/uid"),
        // One that Argo CD does not find is like none of what is wanted.
        fingerprint: secrets::live_fingerprint(live).filter(|_| found).unwrap_or_default(),
    }
}
