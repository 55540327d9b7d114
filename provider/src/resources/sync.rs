//! `gitops_sync`: the approval of a revision for an Application that does not sync by itself.
//!
//! It is one operation of Argo CD's. The spec stays as Git, or whoever owns it, has it.

use crate::defaults;
use crate::import_id;
use crate::problem::{Locate, add, problem};
use crate::provider::{Gitops, foresee_in_cluster, task};
use gitops::argo::approval::{deployed, followed, is_at};
use gitops::cluster::Connection;
use gitops::wait::{self, Approval};
use gitops::{names, secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tfplugin_rs::timeouts::Defaults;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// Approves a revision for an Application that Argo CD does not sync by itself, such as a production environment with
/// `sync = { preset = "guarded" }`.
///
/// The apply asks Argo CD for one sync to the revision and waits for its end. It changes nothing of the Application's
/// spec, so that neither Git nor the resource that owns the Application sees a difference. Where the Application is at the
/// revision, with all of its sources that lie in Git, nothing is done, also when Git has moved on since; where somebody
/// synced it to another one, the next plan shows it. A sync of somebody else's that is under way is waited for first. One
/// that a sync window does not allow, or that fails, is an error.
///
/// Destroying it does nothing: what was synced stays.
#[derive(JsonSchema)]
pub struct Sync;

/// For which Application.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of the Application.
    #[serde(default = "defaults::argocd")]
    pub namespace: String,
    /// Name of the Application.
    pub application: String,
}

/// What is approved.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// The cluster that Argo CD runs in. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// The revision: a commit, of which seven digits are enough for a plan to know it again, a tag, or the version of a
    /// chart. What a tag was when it was approved stays approved when the tag moves.
    pub revision: String,
    /// Whether the sync removes what left Git.
    #[serde(default)]
    pub prune: bool,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// What the Application was synced to last; of several sources, all of them, joined by commas.
    pub synced_revision: String,
}

/// What was approved, and what it was.
#[derive(Serialize, Deserialize)]
struct Approved {
    revision: String,
    synced: Vec<String>,
}

const APPROVED: &str = "approved";
/// Of each source of the Application whether the revision is its own.
const FOLLOWED: &str = "followed";

impl Resource for Sync {
    const KIND: &'static str = "gitops_sync";
    const TIMEOUTS: Defaults = Defaults::minutes(10);
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.application)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, application) = import_id::namespaced(text, "argocd/shop-prod")?;
        Ok(Identity { namespace, application })
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(names::namespace(&id.get().namespace).at("namespace").err());
        problems.extend(names::object(&id.get().application, "Application").at("application").err());
        problems.extend((!is_revision(&spec.get().revision)).then(not_a_revision));
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_in_cluster(
            cx,
            plan,
            "the approval of the Application",
            ["namespace", "application"],
            |spec| spec.kubernetes.as_ref(),
        );
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        let there = plan.is_known("revision") && is_there(cx, &plan.want().revision, &status.synced_revision);
        match there && !plan.has_changes() {
            true => plan.keep("synced_revision"),
            // Somebody may sync it between the plan and the apply.
            false => plan.unknown("synced_revision"),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        _: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        approve(cx, id, want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        id: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let kubernetes = last.as_ref().and_then(|last| last.spec.kubernetes.as_ref());
        let task = task(cx);
        let Some(cluster) = cx.provider().find(&task, kubernetes).await? else { return Ok(None) };
        let live = super::app::life::live(&task, &cluster, &id.namespace, &id.application).await?;
        let Some(live) = live else { return Ok(None) };
        cx.remember(FOLLOWED, &followed(&live).ok());
        let synced_revision = deployed(&live).join(",");
        let nothing = || Spec { kubernetes: None, revision: synced_revision.clone(), prune: false };
        let spec = last.map_or_else(nothing, |last| last.spec);
        Ok(Some((spec, Status { synced_revision })))
    }

    /// What was synced stays.
    async fn delete(_: &Context<Gitops>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        Ok(())
    }
}

/// Whether an Application that was synced to `synced` is at `revision`: all of it that an approval would bring there.
fn is_there(cx: &Context<Gitops>, revision: &str, synced: &str) -> bool {
    let approved = cx.recall::<Approved>(APPROVED).filter(|approved| approved.revision == revision);
    let each: Vec<String> = synced.split(',').map(str::to_owned).collect();
    // Where nobody looked at the sources, none is taken for a chart.
    let followed = cx.recall::<Vec<bool>>(FOLLOWED).unwrap_or_else(|| vec![true; each.len()]);
    is_at(&each, &followed, revision) || approved.is_some_and(|approved| approved.synced.join(",") == synced)
}

async fn approve(cx: &Context<Gitops>, id: &Identity, want: &Spec) -> Result<Status, Problem> {
    let task = task(cx);
    let cluster = cx.provider().connect(&task, want.kubernetes.as_ref()).await?;
    let before = cx.recall::<Approved>(APPROVED).filter(|approved| approved.revision == want.revision);
    let approval = Approval {
        namespace: id.namespace.clone(),
        name: id.application.clone(),
        revision: want.revision.clone(),
        before: before.map(|before| before.synced),
        prune: want.prune,
        id: secrets::random(20, secrets::ALPHANUMERIC).whole()?.expose().clone(),
    };
    let synced = wait::approved(&task, &cluster, &approval).await.map_err(|error| not_approved(&error))?;
    let synced_revision = synced.join(",");
    cx.remember(APPROVED, &Approved { revision: want.revision.clone(), synced });
    Ok(Status { synced_revision })
}

/// What Argo CD says of a revision that is not in the repository.
const NO_SUCH_REVISION: [&str; 5] =
    ["unable to resolve", "not our ref", "unknown revision", "couldn't find remote ref", "no such ref"];

/// Why it was not approved, on the attribute that it is about.
fn not_approved(error: &wait::Error) -> Problem {
    let mut problem = problem(error);
    let wait::Error::Failed { reason, .. } = error else { return problem };
    let (at, hint) = if reason == "it does not exist" {
        ("application", "Let this resource depend on what makes the Application, or correct its name.")
    } else if NO_SUCH_REVISION.iter().any(|text| reason.contains(text)) {
        ("revision", "There is no such revision in the repository that the Application reads. Was it pushed?")
    } else if reason.contains("sync window") {
        (
            "revision",
            "Apply again when the window allows it, or let it allow what a person asks for: `manual_sync = true` in the `sync_windows` of the project.",
        )
    } else if reason.starts_with(AUTOMATIC) {
        return problem.at("application");
    } else {
        ("revision", "Correct it in Git and approve another revision, or apply again.")
    };
    add(&mut problem, hint);
    problem.at(at)
}

/// How an Application that syncs by itself is refused.
const AUTOMATIC: &str = "it syncs by itself";

/// Whether a text can be a revision: no option of Git's, no range, no white space.
fn is_revision(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    begins
        && !text.contains("..")
        && !text.contains([',', '~', '^', ':', '\\', '?', '*', '['])
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn not_a_revision() -> Problem {
    let detail = "It is a commit, such as `3f9c1e0b7a52d4c86e1f0a9b8c7d6e5f4a3b2c1d`, a tag such as `v1.2.3`, or the version of a chart.";
    Problem::error("This is not a revision", detail).at("revision")
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
