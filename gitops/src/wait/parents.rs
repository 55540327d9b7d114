//! Applications that make others from Git, as all those see them who wait for what they make.
//!
//! Hundreds of tenants arrive through one Application. If each of them read it, and asked Argo CD to look at it again,
//! Argo CD would do nothing else, and the tenants would not arrive. So each read, each list and each question serves all
//! who wait in the same namespace of the same cluster, be it for Applications that come or for some that go.

use super::delivery::{AGAIN, LOOK};
use crate::Task;
use crate::apply;
use crate::argo::REFRESH;
use crate::argo::status::Status;
use crate::cluster::found;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long after a question the next one waits, for those who began to wait after it was asked: most of a crowd has
/// come by then.
const GATHER: Duration = Duration::from_secs(2);

/// How many may wait for ends and each read their own: a list has all Applications, most of which stay.
const FEW: usize = 4;

/// An Application as it was at one moment.
pub struct Seen {
    /// Its JSON.
    pub app: Value,
    /// What that says.
    pub status: Status,
}

impl Seen {
    fn new(live: DynamicObject) -> Self {
        let app = serde_json::to_value(live).unwrap_or_default();
        Self { status: Status::of(&app), app }
    }
}

/// What is known of the Applications of one cluster, by namespace.
#[derive(Default)]
pub struct Parents(Mutex<HashMap<String, Arc<Place>>>);

/// One namespace. Who reads holds the lock meanwhile, so that the others wait for the answer.
#[derive(Default)]
pub struct Place {
    known: tokio::sync::Mutex<Known>,
    ends: tokio::sync::Mutex<Option<(Instant, HashMap<String, ObjectMeta>)>>,
    asked: Mutex<HashMap<String, Instant>>,
    leaving: Arc<()>,
}

/// Says that somebody waits for the end of an Application, for as long as it lives.
pub struct Leaving {
    begun: Instant,
    _one: Arc<()>,
}

#[derive(Default)]
struct Known {
    all: Option<(Instant, Arc<Vec<Seen>>)>,
    single: HashMap<String, (Instant, Option<Arc<Seen>>)>,
}

impl Parents {
    /// A namespace.
    pub fn at(&self, namespace: &str) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry(namespace.to_owned()).or_default().clone()
    }
}

impl Place {
    /// All Applications, as they were up to 1 s ago.
    ///
    /// # Errors
    ///
    /// What the API server answers.
    pub async fn all(&self, api: &Api<DynamicObject>) -> Result<Arc<Vec<Seen>>, kube::Error> {
        let mut known = self.known.lock().await;
        if let Some((_, all)) = known.all.as_ref().filter(|(at, _)| at.elapsed() < LOOK) {
            return Ok(all.clone());
        }
        let now = Instant::now();
        let listed = api.list(&ListParams::default()).await?.items;
        let all = Arc::new(listed.into_iter().map(Seen::new).collect::<Vec<_>>());
        known.all = Some((now, all.clone()));
        Ok(all)
    }

    /// One Application, as it was up to 1 s ago, but not before the last question; `None` where there is none.
    ///
    /// # Errors
    ///
    /// What the API server answers.
    pub async fn one(&self, api: &Api<DynamicObject>, name: &str) -> Result<Option<Arc<Seen>>, kube::Error> {
        let mut known = self.known.lock().await;
        let asked = self.asked(name);
        let fresh = |at: &Instant| at.elapsed() < LOOK && asked.is_none_or(|asked| *at > asked);
        if let Some((_, seen)) = known.single.get(name).filter(|(at, _)| fresh(at)) {
            return Ok(seen.clone());
        }
        let now = Instant::now();
        let seen = found(api.get(name)).await?.map(|live| Arc::new(Seen::new(live)));
        known.single.insert(name.to_owned(), (now, seen.clone()));
        Ok(seen)
    }

    /// Somebody begins to wait for the end of an Application.
    pub fn leaving(&self) -> Leaving {
        Leaving { begun: Instant::now(), _one: self.leaving.clone() }
    }

    /// The metadata of an Application that is to go, as it was up to 1 s ago, but not before `wait` began; `None` where
    /// it is gone. Where many wait for ends, one list says it to all of them.
    ///
    /// # Errors
    ///
    /// What the API server answers.
    pub async fn left(
        &self,
        api: &Api<DynamicObject>,
        name: &str,
        wait: &Leaving,
    ) -> Result<Option<ObjectMeta>, kube::Error> {
        // One count is that of this place itself.
        if Arc::strong_count(&self.leaving) <= FEW + 1 {
            return Ok(found(api.get_metadata(name)).await?.map(|live| live.metadata));
        }
        let mut ends = self.ends.lock().await;
        let fresh = |at: &Instant| at.elapsed() < LOOK && *at >= wait.begun;
        if let Some((_, there)) = ends.as_ref().filter(|(at, _)| fresh(at)) {
            return Ok(there.get(name).cloned());
        }
        let now = Instant::now();
        let listed = api.list_metadata(&ListParams::default()).await?.items.into_iter();
        let there: HashMap<_, _> =
            listed.filter_map(|live| Some((live.metadata.name.clone()?, live.metadata))).collect();
        let answer = there.get(name).cloned();
        *ends = Some((now, there));
        Ok(answer)
    }

    /// When Argo CD was last asked to look at this Application.
    pub fn asked(&self, name: &str) -> Option<Instant> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Asks Argo CD to look at the Application, for somebody who waits since `begun`, if it is time to.
    pub async fn ask(&self, task: &Task, client: &kube::Client, namespace: &str, name: &str, begun: Instant) {
        let before = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let before = asked.get(name).copied();
            if !due(before, begun) {
                return;
            }
            // Nobody else asks while this question is on its way.
            asked.insert(name.to_owned(), Instant::now());
            before
        };
        if let Err(error) = apply::annotate(task, client, namespace, name, REFRESH, "normal").await {
            tracing::warn!(application = name, %error, "could not ask Argo CD to refresh");
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            match before {
                Some(at) => asked.insert(name.to_owned(), at),
                None => asked.remove(name),
            };
        }
    }
}

/// Whether Argo CD is to be asked for somebody who waits since `begun`, where it was last asked at `asked`.
fn due(asked: Option<Instant>, begun: Instant) -> bool {
    let Some(asked) = asked else { return true };
    asked.elapsed() >= AGAIN || (asked < begun && asked.elapsed() >= GATHER)
}

#[cfg(test)]
#[path = "parents_tests.rs"]
mod tests;
