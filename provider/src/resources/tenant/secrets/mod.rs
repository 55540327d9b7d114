//! The secrets of a tenant: encrypted beside its values in Git, and in its namespace before its Application is.
//!
//! Argo CD opens no encrypted file, so that what it installs finds a Secret that was put there. The file in Git is what a
//! new cluster gets them from.

mod deliver;

pub use deliver::{Delivery, removal};

use super::Tenant;
use super::shape::{Identity, Spec, home};
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use crate::secret_values::{Values, renewed, untold};
use deliver::file;
use gitops::git::Repository;
use gitops::path::RepoPath;
use gitops::secrets::{self, Data, Told};
use gitops::sops::{Plain, Policy, Recipient};
use gitops::tenant::Home;
use gitops::{Secret, names};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Foresight, Problem, Resource};

/// The attribute that has the values.
const VALUES: &str = "secrets_wo";
/// The attribute that says what was learned of them.
const DELIVERED: &str = "delivered_secrets";

/// Where the secrets of a tenant go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Secrets {
    /// Name of the Secret in the tenant's namespace. The same for all tenants, so that the values of a product can name
    /// it.
    #[serde(default = "secret_name")]
    pub name: String,
    /// Whether they are in Git, encrypted, as the file `<instances_path>/<tenant_id>/secrets.yaml`.
    #[serde(default = "crate::defaults::yes")]
    pub git: bool,
    /// Recipients of age, each of whom opens that file: `age1…`, or public keys of ssh. Default: those of the nearest
    /// `.sops.yaml` above it in the repository.
    pub age: Option<BTreeSet<String>>,
    /// Whether they are put into the cluster, where one is named: before the commit, so that they are there before Argo CD
    /// makes the Application.
    #[serde(default = "crate::defaults::yes")]
    pub inject: bool,
}

/// What is known of the secrets of a tenant where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivered {
    /// SHA-256 of the encrypted file, as Git has it.
    pub digest: Option<String>,
    /// A fingerprint of the values. Without the file in Git, the Secret in the cluster, or the key in
    /// `GITOPS_FINGERPRINT_KEY`, it tells nothing about them. Empty while they are not everywhere as they are wanted.
    pub fingerprint: String,
    /// A fingerprint of the Secret in the cluster.
    pub injected: Option<String>,
}

impl Delivered {
    /// The same, with the fingerprint of the Secret in the cluster: that of the values, where they are nowhere else.
    pub fn and(self, injected: Option<String>) -> Self {
        let fingerprint = match &injected {
            Some(print) if self.digest.is_none() => print.clone(),
            _ => self.fingerprint,
        };
        Self { fingerprint, injected, ..self }
    }
}

fn secret_name() -> String {
    "tenant-secrets".to_owned()
}

impl Default for Secrets {
    fn default() -> Self {
        Self { name: secret_name(), git: true, age: None, inject: true }
    }
}

/// What a configuration says of where they go.
pub fn settings(spec: &Spec) -> Secrets {
    spec.secrets.clone().unwrap_or_default()
}

/// Everything that is wrong with it.
pub fn problems(spec: &Spec) -> Vec<Problem> {
    let settings = settings(spec);
    let at = |name: &str| Path::from("secrets").attribute(name);
    let mut problems = Vec::new();
    problems.extend(names::object(&settings.name, "Secret").at(at("name")).err());
    problems.extend(policy(&settings).err());
    if !settings.git && !settings.inject {
        let detail = "Leave `git` or `inject` at true, or leave `secrets_wo` out.";
        problems.push(Problem::error("The secrets go nowhere", detail).at("secrets"));
    }
    problems
}

/// What is wrong with the values.
pub fn problems_of_values(spec: &Spec) -> Vec<Problem> {
    let Some(values) = &spec.secrets_wo else { return Vec::new() };
    let mut problems = data(spec).err().unwrap_or_default();
    if values.expose().0.is_empty() {
        let detail = "Give at least one value, or leave `secrets_wo` out.";
        problems.push(Problem::error("There is no secret in it", detail).at(VALUES));
    }
    problems
}

fn data(spec: &Spec) -> Result<Secret<Data>, Vec<Problem>> {
    let values = Values { kind: None, text: spec.secrets_wo.as_ref(), base64: None, required: None };
    let at_values = |problem: Problem| problem.at(VALUES);
    values.data().map_err(|problems| problems.into_iter().map(at_values).collect())
}

/// For whom the file is; `None` where `.sops.yaml` says it.
fn policy(settings: &Secrets) -> Result<Option<Policy>, Problem> {
    let Some(age) = &settings.age else { return Ok(None) };
    let at = Path::from("secrets").attribute("age");
    let recipients = age.iter().map(|text| Recipient::parse(text)).collect::<Result<_, _>>();
    let policy = Policy::of_secret(recipients.at(at.clone())?);
    policy.check().at(at)?;
    Ok(Some(policy))
}

/// What the file says: a Secret that can be applied as it is, once it is opened.
fn plain(home: &Home, spec: &Spec) -> Result<Plain, Problem> {
    let values = spec.secrets_wo.as_ref().map(|values| values.expose().clone()).unwrap_or_default();
    Plain::of_secret(&home.namespace, &settings(spec).name, &values).at(VALUES)
}

fn path(home: &Home) -> Result<RepoPath, Problem> {
    RepoPath::parse(&home.secrets_path()).at("instances_path")
}

/// Who writes the file, as it says itself.
fn owner(id: &Identity) -> String {
    format!("{} {}", Tenant::KIND, id.tenant_id)
}

/// Foresees what is known of them after the apply.
pub async fn foresee(
    cx: &Context<Gitops>,
    plan: &mut Foresight<Tenant>,
    repository: Option<&Repository>,
) -> Result<(), Problem> {
    if plan.is_known(VALUES) && plan.want().secrets_wo.is_none() {
        plan.set(DELIVERED, None::<Delivered>);
        return Ok(());
    }
    let print = plan.prior().and_then(|prior| prior.status.delivered_secrets.as_ref());
    let print = print.map(|delivered| delivered.fingerprint.clone()).filter(|print| !print.is_empty());
    let Some(print) = print.filter(|_| plan.is_known(VALUES) || plan.want().secrets_wo_revision.is_some())
    else {
        plan.unknown(DELIVERED);
        return Ok(());
    };
    if plan.has_changes() || plan.want().secrets_wo_revision.is_some() {
        // Only the number counts; with any other change they are compared when they are written.
        return Ok(());
    }
    let Some(repository) = repository else { return Ok(()) };
    match told(cx, plan, repository, &print).await {
        Ok(Told::Same) => {}
        Ok(Told::Other) => plan.unknown(DELIVERED),
        Ok(Told::Nothing) => cx.warn(untold(VALUES)),
        Err(why) => {
            let detail = format!(
                "Whether the configured secrets are those of the tenant could not be found out, so no change is planned for them.\n\n{}. {}",
                why.summary, why.detail
            );
            cx.warn(Problem::warning("The secrets of the tenant cannot be read", detail).at(VALUES));
        }
    }
    Ok(())
}

/// Whether the secrets that are there are those that are configured.
async fn told(
    cx: &Context<Gitops>,
    plan: &Foresight<Tenant>,
    repository: &Repository,
    print: &str,
) -> Result<Told, Problem> {
    let (id, want, task) = (plan.id(), plan.want(), task(cx));
    let home = home(id, want, repository);
    if settings(want).git {
        let tree = repository.glance(&task).await.at("git")?;
        let Some((file, _)) = file(&tree, &path(&home)?) else { return Ok(Told::Other) };
        let outside = cx.provider().fingerprint_key();
        return Ok(renewed(file.tell(print, &plain(&home, want)?, outside), print, outside));
    }
    let (settings, delivery) = (settings(want), Delivery { cx, task: &task, id, home: &home });
    let key = delivery.injected(&settings.name).key(want.kubernetes.as_ref()).await?;
    let wanted = key.zip(data(want).ok()).map(|(key, data)| secrets::fingerprint(&key, &data));
    Ok(if wanted.as_deref() == Some(print) { Told::Same } else { Told::Other })
}
