//! The UID of a cluster: who asks for it, who waits for whose answer, and for how long.

use super::{ANSWER_TIMEOUT, Error, Ready, tls};
use crate::Task;
use crate::task::{Interrupted, human};
use crate::wait::{Backoff, Outage};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use std::time::Duration;
use tokio::time::Instant;

/// How long a cluster that has answered before is asked again.
const OUTAGE: Duration = Duration::from_secs(60);

/// What a cluster said when it was asked for its UID; locked while one asks and others wait for the answer.
#[derive(Default)]
pub(super) struct Told {
    /// When it was asked last, and what it told.
    uid: Option<(Instant, String)>,
    /// It failed the last time: whoever wants to know asks for themselves, so that nobody waits in line behind a
    /// server that hangs.
    failed: bool,
}

impl Ready {
    /// UID of the cluster, which it has told less than `trust` ago, or tells now, or tells somebody else who asked after
    /// this call began.
    pub(super) async fn uid(&self, task: &Task, trust: Duration) -> Result<String, Error> {
        let began = Instant::now();
        let told = task.run(self.told.lock()).await?;
        match &told.uid {
            Some((asked, uid)) if *asked >= began || asked.elapsed() < trust => return Ok(uid.clone()),
            _ => {}
        }
        let (asked, known) = (Instant::now(), told.uid.is_some());
        let held = (!told.failed).then_some(told); // who comes meanwhile waits for the answer
        let answer = self.ask(task, known).await;
        let mut told = match held {
            Some(told) => told,
            None => task.run(self.told.lock()).await?,
        };
        if matches!(answer, Err(Error::Interrupted(_))) {
            return answer; // it says nothing about the cluster
        }
        // Who asked later may have been answered sooner.
        if told.uid.as_ref().is_none_or(|(before, _)| *before < asked) {
            told.failed = answer.is_err();
            if let Ok(uid) = &answer {
                told.uid = Some((asked, uid.clone()));
            }
        }
        answer
    }

    /// Asks, and asks again where the cluster is `known` to answer and does not.
    async fn ask(&self, task: &Task, known: bool) -> Result<String, Error> {
        let host = || self.host.to_string();
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let (patience, mut backoff, mut outage) =
            (task.within(OUTAGE), Backoff::default(), Outage::default());
        outage.over(); // it has answered before, or is not asked again
        let namespace = loop {
            let error = match task.within(ANSWER_TIMEOUT).run(namespaces.get("kube-system")).await {
                Ok(Ok(namespace)) => break namespace,
                Ok(Err(error)) => error,
                Err(Interrupted::TimedOut { limit }) => {
                    let why = format!("no answer within {}", human(limit));
                    return Err(Error::Unreachable { host: host(), why });
                }
                Err(cancelled) => return Err(cancelled.into()),
            };
            let (away, error) = (outage.explains(&error), tls::diagnose(&self.host, error));
            let ours = matches!(error, Error::Credentials { .. } | Error::Exec { .. } | Error::Tls { .. });
            if !known || !away || ours || patience.run(backoff.pause()).await.is_err() {
                task.check()?;
                return Err(error);
            }
        };
        let why = || "the namespace `kube-system` has no UID".to_owned();
        namespace.metadata.uid.ok_or_else(|| Error::NotKubernetes { host: host(), why: why() })
    }
}
