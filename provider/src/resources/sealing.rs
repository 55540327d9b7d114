//! For whom values are sealed: a certificate that is given, or that of a controller in a cluster.

use crate::defaults;
use crate::problem::{Locate, problem};
use crate::provider::{Gitops, warn_of_environment};
use gitops::Task;
use gitops::cluster::Connection;
use gitops::seal::Certificate;
use gitops::sealers::Place;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use tfplugin_rs::{Context, Foresight, Problem, Resource};

/// The controller of Sealed Secrets in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Namespace of its Service.
    #[serde(default = "defaults::kube_system")]
    pub namespace: String,
    /// Name of its Service.
    #[serde(default = "defaults::sealed_secrets_controller")]
    pub name: String,
}

/// What a spec says of whom it seals for.
#[derive(Clone, Copy, PartialEq)]
pub struct Recipient<'a> {
    /// `certificate`.
    pub certificate: Option<&'a str>,
    /// `controller`.
    pub controller: Option<&'a Controller>,
    /// `kubernetes`.
    pub kubernetes: Option<&'a Connection>,
}

/// The output that says for which key was sealed.
const KEY: &str = "key_fingerprint";

impl Recipient<'_> {
    /// Everything that is wrong with a configuration.
    pub fn problems(self) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(self.given().err());
        if self.certificate.is_some() && self.controller.is_some() {
            let detail = "Give one of the two: the certificate of the controller, or the place where it can be asked for it.";
            problems.push(
                Problem::error("Both `certificate` and `controller` are given", detail).at("controller"),
            );
        }
        problems
    }

    /// The certificate that is configured; `None` where a controller is asked for one.
    pub fn given(self) -> Result<Option<Certificate>, Problem> {
        self.certificate.map(Certificate::parse).transpose().at("certificate")
    }

    /// The certificate to seal for. Whether it has expired is not looked at.
    pub async fn certificate(self, cx: &Context<Gitops>, task: &Task) -> Result<Certificate, Problem> {
        if let Some(certificate) = self.given()? {
            return Ok(certificate);
        }
        let cluster = cx.provider().connect(task, self.kubernetes).await?;
        let place = self.place();
        cx.provider().sealers.certificate(task, &cluster, &place).await.at("controller")
    }

    /// Refuses a certificate of this recipient that has expired, which nothing is sealed for.
    pub fn refuse_expired(self, certificate: &Certificate) -> Result<(), Problem> {
        let checked = certificate.check(SystemTime::now());
        match self.certificate {
            Some(_) => checked.at("certificate"),
            None => checked.map_err(|expired| outlived(&problem(&expired))),
        }
    }

    fn place(self) -> Place {
        let controller = self.controller.cloned();
        let Controller { namespace, name } = controller.unwrap_or_else(|| Controller {
            namespace: defaults::kube_system(),
            name: defaults::sealed_secrets_controller(),
        });
        Place { namespace, name }
    }

    /// Whether the controller has another key than `key` by now. Where it cannot be asked, a warning says so.
    pub async fn has_moved_on(self, cx: &Context<Gitops>, task: &Task, key: &str) -> bool {
        if self.certificate.is_some() || key.is_empty() {
            return false;
        }
        match self.certificate(cx, task).await {
            Ok(certificate) => certificate.fingerprint() != key,
            Err(why) => {
                cx.warn(unasked(&why));
                false
            }
        }
    }
}

fn unasked(why: &Problem) -> Problem {
    let detail = format!(
        "Whether the controller of Sealed Secrets has a new key could not be found out. What is sealed for the old one stays; a controller keeps its old keys.\n\n{}. {}",
        why.summary, why.detail
    );
    Problem::warning("The controller cannot be asked", detail.trim_end()).at("controller")
}

fn outlived(expired: &Problem) -> Problem {
    let detail = "It is the newest that the controller has. Have it make a new key, by its `--key-renew-period`, or make one with `rotation` of a `gitops_sealing_key`.";
    Problem::error(expired.summary.clone(), detail).at("controller")
}

/// Foresees for which key will be sealed. Answers whether that is another one than before, as far as it is known.
///
/// # Errors
///
/// A certificate that something is to be sealed for has expired.
pub fn foresee_key<R: Resource<Provider = Gitops>>(
    cx: &Context<Gitops>,
    plan: &mut Foresight<R>,
    recipient: impl FnOnce(&R::Spec) -> Recipient<'_>,
    key: impl FnOnce(&R::Status) -> &str,
) -> Result<(), Problem> {
    let before = plan.prior().map(|prior| key(&prior.status).to_owned());
    if !plan.is_known("certificate") {
        plan.unknown(KEY);
        return Ok(());
    }
    let recipient = recipient(plan.want());
    let Some(certificate) = recipient.given()? else {
        if plan.is_known("kubernetes") {
            warn_of_environment(cx, recipient.kubernetes);
        }
        if before.is_some_and(|before| before.is_empty()) {
            plan.unknown(KEY);
        }
        return Ok(());
    };
    if let Err(expired) = certificate.check(SystemTime::now()) {
        if before.as_deref() != Some(certificate.fingerprint()) {
            return Err(problem(&expired).at("certificate"));
        }
        cx.warn(stays(&problem(&expired)));
    }
    plan.set(KEY, certificate.fingerprint());
    Ok(())
}

fn stays(expired: &Problem) -> Problem {
    let detail = format!("What is sealed for it stays as it is, and nothing more is.\n\n{}", expired.detail);
    Problem::warning(expired.summary.clone(), detail).at("certificate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rig::shown;
    use gitops::{cluster, seal};

    #[test]
    fn what_is_sealed_already_stays() {
        let away = cluster::Error::Unreachable {
            host: "https://127.0.0.1:1".into(),
            why: "connection refused".into(),
        };
        let expired = seal::Error::Expired { when: "Jan  1 00:00:00 2021 +00:00".into() };
        insta::assert_snapshot!(shown(&[unasked(&problem(&away)), stays(&problem(&expired))]), @"
        controller: The controller cannot be asked
        Whether the controller of Sealed Secrets has a new key could not be found out. What is sealed for the old one stays; a controller keeps its old keys.

        The cluster at `https://127.0.0.1:1` cannot be reached: connection refused. See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
        ---
        certificate: The certificate expired on Jan  1 00:00:00 2021 +00:00
        What is sealed for it stays as it is, and nothing more is.

        The controller makes a new key every 30 days and keeps the old ones: fetch its newest certificate with `kubeseal --fetch-cert`.
        ");
    }
}
