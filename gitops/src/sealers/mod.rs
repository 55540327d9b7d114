//! The controllers of Sealed Secrets in clusters: their newest certificates.
//!
//! A controller is asked as `kubeseal` does, through the API server, which finds its Service and passes the request on:
//! nothing else needs to be reachable. Several that ask for one certificate within 30 s share the answer. Nothing is
//! written, and nothing that a controller says is believed but that this is the certificate to seal for.

mod error;
#[cfg(test)]
mod tests;

pub use error::{Error, Why};

use crate::seal::Certificate;
use crate::task::Interrupted;
use crate::wait::{Backoff, Outage, brief};
use crate::{Task, cluster::Cluster};
use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a certificate is taken for the newest: controllers make a new one every 30 days.
const FRESH: Duration = Duration::from_secs(30);
/// How long a controller that does not answer is asked again: it may be starting.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
const MAX: u64 = 64 << 10;

/// The Service of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What one controller said last, locked while it is asked.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Certificate)>>>;

/// The controllers that one provider asks.
#[derive(Default)]
pub struct Sealers(Mutex<HashMap<(String, Place), Slot>>);

impl Sealers {
    /// The certificate of the controller at `place` in `cluster`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn certificate(
        &self,
        task: &Task,
        cluster: &Cluster,
        place: &Place,
    ) -> Result<Certificate, Error> {
        let failed = |why| Error { place: place.clone(), why };
        let interrupted = |source| failed(Why::Interrupted(source));
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry((cluster.uid().to_owned(), place.clone())).or_default().clone()
        };
        let mut slot = task.run(slot.lock()).await.map_err(interrupted)?;
        if let Some((_, certificate)) = slot.as_ref().filter(|(asked, _)| asked.elapsed() < FRESH) {
            return Ok(certificate.clone());
        }
        let asked = Instant::now();
        let text = ask(task, cluster, place).await.map_err(failed)?;
        let certificate = Certificate::parse(&text).map_err(|error| failed(Why::Answer(error)))?;
        *slot = Some((asked, certificate.clone()));
        Ok(certificate)
    }
}

/// The answer of the controller, which may be starting. A Service that is not there is none that starts.
async fn ask(task: &Task, cluster: &Cluster, place: &Place) -> Result<String, Why> {
    let patience = task.within(PATIENCE);
    let (mut backoff, mut outage) = (Backoff::default(), Outage::default());
    let mut last: Option<kube::Error> = None;
    loop {
        match patience.run(fetch(cluster, place)).await {
            Ok(Ok(text)) => return Ok(text),
            Ok(Err(kube::Error::Api(status))) if status.code == 404 => return Err(Why::Absent),
            Ok(Err(error)) if outage.explains(&error) => last = Some(error),
            Ok(Err(error)) => return Err(refused(&error)),
            Err(source) => return Err(gave_up(task, last, source)),
        }
        if let Err(source) = patience.run(backoff.pause()).await {
            return Err(gave_up(task, last, source));
        }
    }
}

/// The task's own end is said as such; else the controller had its minute.
fn gave_up(task: &Task, last: Option<kube::Error>, source: Interrupted) -> Why {
    match (task.check(), last) {
        (Ok(()), Some(error)) => refused(&error),
        _ => Why::Interrupted(source),
    }
}

fn refused(error: &kube::Error) -> Why {
    let code = match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    };
    Why::Refused { code, said: brief(error) }
}

/// The port is that which the Service names first, as for `kubeseal`.
async fn fetch(cluster: &Cluster, Place { namespace, name }: &Place) -> kube::Result<String> {
    let services: Api<Service> = Api::namespaced(cluster.client(), namespace);
    let service = services.get(name).await?;
    let ports = service.spec.and_then(|spec| spec.ports).unwrap_or_default();
    let port = ports.first().and_then(|port| port.name.clone()).unwrap_or_default();
    let path = format!("/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/cert.pem");
    let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    let mut text = Vec::new();
    let answer = Box::pin(cluster.client().request_stream(request).await?);
    answer.take(MAX).read_to_end(&mut text).await.map_err(kube::Error::ReadEvents)?;
    // What is no text is no certificate either.
    Ok(String::from_utf8_lossy(&text).into_owned())
}
