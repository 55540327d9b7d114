//! `gitops_sealed_value`: one value, encrypted for the controller of one cluster, for whoever places it.
//!
//! The ciphertext is in the state, so that the fingerprint of the value, which is there too, needs a key that is not.

use super::sealing::{Controller, Recipient, foresee_key};
use crate::import_id;
use crate::problem::Locate;
use crate::provider::{Gitops, task};
use gitops::cluster::Connection;
use gitops::seal::{self, Scope};
use gitops::secrets::{Data, MAX_SIZE, Missing, Told, delivered_fingerprint, tell};
use gitops::{Secret, names};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tfplugin_rs::{Context, Foresight, Outcome, Prior, Problem, Resource, View};

/// One value, encrypted for the Sealed Secrets controller of one cluster, as by `kubeseal --raw`. `encrypted` goes where
/// a SealedSecret has it; `gitops_sealed_secret` writes to Git by itself.
///
/// The value is write-only: it is in the configuration, and neither in the plan nor in the state. `encrypted` stays as it
/// is until the value, the scope, the namespace, the name or the controller's key has changed.
///
/// That the value changed is seen where `GITOPS_FINGERPRINT_KEY` is set to 32 random bytes in base64
/// (`openssl rand -base64 32`): with the ciphertext in the state there is no other place for a key. Without it, raise
/// `value_wo_revision` with each new value.
///
/// An import takes over what was sealed before: its id is `namespace/name/ciphertext`. Where the value cannot be told to be
/// the same, the apply after it seals anew.
#[derive(JsonSchema)]
pub struct SealedValue;

/// The Secret that the value is for.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
}

/// What is wanted of it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Spec {
    /// Certificate (PEM) of the controller that is to open the value, as `kubeseal --fetch-cert` prints it. No cluster is
    /// needed then. Default: the controller is asked for its newest one.
    pub certificate: Option<String>,
    /// The controller that is asked, where no `certificate` is given. Default: the Service `sealed-secrets-controller`
    /// in `kube-system`.
    pub controller: Option<Controller>,
    /// The cluster of the controller. Default: that of the provider block.
    pub kubernetes: Option<Connection>,
    /// Where the value can be opened: `strict`, in this namespace and under this name; `namespace-wide`, under any name in
    /// this namespace; `cluster-wide`, anywhere. The SealedSecret has to have the same scope.
    #[serde(default)]
    pub scope: Scope,
    /// The value, as text. It must be there and not empty. A missing one fails the plan.
    pub value_wo: Option<Secret<String>>,
    /// A number to raise when the value changed. With it, only the number counts.
    pub value_wo_revision: Option<i64>,
}

/// What was learned.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The value, encrypted.
    pub encrypted: String,
    /// Fingerprint of the controller's key that opens the value, as its log names it. Empty while it is not the one to
    /// seal for.
    pub key_fingerprint: String,
    /// A fingerprint of the value, made with the key in `GITOPS_FINGERPRINT_KEY`. Empty without it.
    pub fingerprint: String,
}

impl Resource for SealedValue {
    const KIND: &'static str = "gitops_sealed_value";
    type Provider = Gitops;
    type Identity = Identity;
    type Spec = Spec;
    type Status = Status;

    fn import_id(id: &Identity) -> String {
        format!("{}/{}", id.namespace, id.name)
    }

    fn parse_import_id(text: &str) -> Result<Identity, Problem> {
        let (namespace, rest) = import_id::namespaced(text, "").map_err(|_| import_id::not_one(IMPORT_ID))?;
        let (name, sealed) = rest.split_once('/').ok_or_else(|| import_id::not_one(IMPORT_ID))?;
        seal::check(sealed).whole()?;
        Ok(Identity { namespace, name: name.to_owned() })
    }

    fn import_hints(text: &str) -> Vec<(&'static str, String)> {
        text.splitn(3, '/').nth(2).map(|sealed| (ENCRYPTED, sealed.to_owned())).into_iter().collect()
    }

    fn validate(id: &View<Identity>, spec: &View<Spec>) -> Vec<Problem> {
        let (id, mut problems) = (id.get(), spec.get().recipient().problems());
        problems.extend(names::namespace(&id.namespace).at("namespace").err());
        problems.extend(names::object(&id.name, "Secret").at("name").err());
        problems.extend(value(spec.get()).err());
        problems
    }

    async fn foresee(cx: &Context<Gitops>, plan: &mut Foresight<Self>) -> Result<(), Problem> {
        foresee_key(cx, plan, Spec::recipient, |status| &status.key_fingerprint)?;
        let Some(Prior { status, .. }) = plan.prior() else { return Ok(()) };
        if plan.has_changes() || plan.want().value_wo_revision.is_some() {
            return Ok(());
        }
        if !plan.is_known("value_wo") {
            plan.unknown("fingerprint");
            return Ok(());
        }
        match told(cx, status, plan.want()) {
            Told::Same => {}
            Told::Other => plan.unknown("fingerprint"),
            Told::Nothing => cx.warn(untold()),
        }
        Ok(())
    }

    async fn apply(
        cx: &Context<Gitops>,
        id: &Identity,
        prior: Option<Prior<Spec, Status>>,
        want: &Spec,
    ) -> Outcome<Status> {
        sealed(cx, id, prior.as_ref(), want).await.into()
    }

    async fn read(
        cx: &Context<Gitops>,
        _: &Identity,
        last: Option<Prior<Spec, Status>>,
    ) -> Result<Option<(Spec, Status)>, Problem> {
        let Some(Prior { spec, mut status }) = last else { return Ok(Some(import(cx))) };
        if spec.recipient().has_moved_on(cx, &task(cx), &status.key_fingerprint).await {
            status.key_fingerprint = String::new();
        }
        Ok(Some((spec, status)))
    }

    async fn delete(_: &Context<Gitops>, _: &Identity, _: Prior<Spec, Status>) -> Result<(), Problem> {
        Ok(())
    }
}

/// The hint of an import that has the ciphertext.
const ENCRYPTED: &str = "encrypted";
const IMPORT_ID: &str = "The import id is `namespace/name/ciphertext`, such as `shop/app-secrets/AgBx…`.";

impl Spec {
    /// What it says of whom it seals for.
    fn recipient(&self) -> Recipient<'_> {
        Recipient {
            certificate: self.certificate.as_deref(),
            controller: self.controller.as_ref(),
            kubernetes: self.kubernetes.as_ref(),
        }
    }

    /// The value under the one key that fingerprints of single values have.
    fn data(&self) -> Secret<Data> {
        let value = self.value_wo.as_ref().map(|value| value.expose().clone().into_bytes());
        Secret::new(Data([(String::new(), value.unwrap_or_default())].into()))
    }
}

/// The value, which must be there and not empty, and not more than a Secret holds.
fn value(spec: &Spec) -> Result<&[u8], Problem> {
    let refused = |summary: &str, detail: &str| Err(Problem::error(summary, detail).at("value_wo"));
    match spec.value_wo.as_ref().map(|value| value.expose().as_bytes()) {
        None => refused("There is no value", Missing::HINT),
        // Where there is but one value, it is required.
        Some([]) => refused("The value is empty", Missing::HINT),
        Some(value) if value.len() > MAX_SIZE => {
            refused("The value is larger than the 1 MiB that a Secret holds", "Split it.")
        }
        Some(value) => Ok(value),
    }
}

/// The ciphertext under the same key.
fn keyed(sealed: &str) -> BTreeMap<String, String> {
    [(String::new(), sealed.to_owned())].into()
}

/// What the fingerprint says of the configured value. Without a key from outside there is none.
fn told(cx: &Context<Gitops>, status: &Status, want: &Spec) -> Told {
    match (status.fingerprint.is_empty(), cx.provider().fingerprint_key()) {
        (true, None) => Told::Nothing,
        (true, Some(_)) => Told::Other,
        (false, key) => tell(&status.fingerprint, &want.data(), &keyed(&status.encrypted), key),
    }
}

fn untold() -> Problem {
    let detail = "The ciphertext is in the state, and so would be whatever tells one value from another: with short values anybody could try them. So nothing is stored that tells, and no change is planned for the value. Set `value_wo_revision` and raise it with each new value, or set `GITOPS_FINGERPRINT_KEY`, always to the same key.";
    Problem::warning("Whether the value changed cannot be told", detail).at("value_wo")
}

/// The value sealed: as it is, where nothing has changed, and else anew.
async fn sealed(
    cx: &Context<Gitops>,
    id: &Identity,
    prior: Option<&Prior<Spec, Status>>,
    want: &Spec,
) -> Result<Status, Problem> {
    let task = task(cx);
    let recipient = want.recipient();
    let certificate = recipient.certificate(cx, &task).await?;
    let outside = cx.provider().fingerprint_key();
    let key_fingerprint = certificate.fingerprint().to_owned();
    let fits = |prior: &&Prior<Spec, Status>| {
        prior.status.key_fingerprint == key_fingerprint && prior.spec.scope == want.scope
    };
    let same = prior.filter(fits).filter(|Prior { spec, status }| match want.value_wo_revision {
        Some(revision) => spec.value_wo_revision == Some(revision),
        None => !status.fingerprint.is_empty() && told(cx, status, want) == Told::Same,
    });
    let encrypted = match same {
        Some(prior) => prior.status.encrypted.clone(),
        None => {
            recipient.refuse_expired(&certificate)?;
            seal::seal(&certificate, want.scope, &id.namespace, &id.name, value(want)?).whole()?
        }
    };
    let fingerprint =
        outside.map(|_| delivered_fingerprint(&want.data(), &keyed(&encrypted), outside)).unwrap_or_default();
    Ok(Status { encrypted, key_fingerprint, fingerprint })
}

/// What was sealed before, of which only the ciphertext is known; nothing where the import does not name it.
fn import(cx: &Context<Gitops>) -> (Spec, Status) {
    let spec = Spec {
        certificate: None,
        controller: None,
        kubernetes: None,
        scope: Scope::default(),
        value_wo: None,
        value_wo_revision: None,
    };
    let encrypted = cx.imported(ENCRYPTED).unwrap_or_default().to_owned();
    (spec, Status { encrypted, key_fingerprint: String::new(), fingerprint: String::new() })
}

#[cfg(test)]
#[path = "sealed_value_tests.rs"]
mod tests;
