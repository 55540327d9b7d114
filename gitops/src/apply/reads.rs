//! Reads of single objects that come in great numbers, answered from a few lists.
//!
//! A plan of a thousand Secrets reads each of them. After the first few reads of a kind in a namespace, what carries
//! an owner's mark there is listed, and a read that follows soon takes its object out of the list. Only what is in a
//! list is believed: an object that is not is read by itself, and so is everything where listing is not allowed.

use super::kinds::{Kinds, Served};
use super::write::{read, stripped};
use super::{Error, OWNER};
use crate::{Task, cluster::Cluster, manifest::Id, manifest::Object};
use kube::api::{ApiResource, DynamicObject, ListParams, TypeMeta};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many reads are no crowd.
const FEW: usize = 20;
/// How old a list may be: a read that is answered from it might as well have come that much earlier.
const FRESH: Duration = Duration::from_secs(2);
/// Objects in one answer of the server. An object has up to 1.5 MiB.
const PAGE: u32 = 100;
/// Answers in one list: what they hold is in memory at once.
const PAGES: usize = 20;

/// The reads of one provider.
#[derive(Default)]
pub struct Reads {
    crowds: Mutex<HashMap<Place, Arc<tokio::sync::Mutex<Crowd>>>>,
}

/// A cluster's UID, a kind with its version, and a namespace.
type Place = (String, ApiResource, Option<String>);

/// What is known of one place.
#[derive(Default)]
struct Crowd {
    /// Reads since the last list.
    reads: usize,
    /// When the list was asked for, and what of it was not yet read, by name.
    listed: Option<(Instant, HashMap<String, DynamicObject>)>,
    refused: bool,
}

impl Reads {
    /// An object, as it is now or was up to 2 s ago; `None` where it is not there. Of any owner, without what `kubectl`
    /// remembers in annotations. What a list said of an object is said once: who reads it again asks the cluster.
    ///
    /// # Errors
    ///
    /// [`Error`]; a kind that the cluster does not serve is [`Error::UnknownKind`], not "not there".
    pub async fn read(
        &self,
        task: &Task,
        cluster: &Cluster,
        object: &Object,
    ) -> Result<Option<DynamicObject>, Error> {
        let client = cluster.client();
        let (id, served) = (object.id(), Kinds::new(client.clone(), &[]).of(task, object).await?);
        let place = (cluster.uid().to_owned(), served.resource.clone(), id.namespace.clone());
        let crowd =
            self.crowds.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default().clone();
        match listed(task, &client, &served, &id, &crowd).await? {
            Some(live) => Ok(Some(live)),
            None => read(task, &client, &served, &id).await,
        }
    }
}

/// The object, if a list has it. Makes a list where there is a crowd; others of the crowd wait for it.
async fn listed(
    task: &Task,
    client: &kube::Client,
    served: &Served,
    id: &Id,
    crowd: &tokio::sync::Mutex<Crowd>,
) -> Result<Option<DynamicObject>, Error> {
    let waited = task.run(crowd.lock()).await;
    let interrupted = |source| Error::Interrupted { action: "read", object: id.clone(), source };
    let mut crowd = waited.map_err(interrupted)?;
    crowd.listed.take_if(|(asked, _)| asked.elapsed() > FRESH);
    crowd.reads += 1;
    if crowd.listed.is_none() && !crowd.refused && crowd.reads > FEW {
        let asked = Instant::now();
        match task.run(list(client, served, id)).await.map_err(interrupted)? {
            Ok(objects) => (crowd.listed, crowd.reads) = (Some((asked, objects)), 0),
            Err(error) => {
                tracing::debug!(%error, kind = id.kind, "objects are read one by one: they cannot be listed");
                crowd.refused = true;
            }
        }
    }
    Ok(crowd.listed.as_mut().and_then(|(_, objects)| objects.remove(&id.name)))
}

/// What is of any owner of ours in the namespace of `id`, by name; not all of it where there is very much.
async fn list(
    client: &kube::Client,
    served: &Served,
    id: &Id,
) -> kube::Result<HashMap<String, DynamicObject>> {
    let api = served.api(client, id);
    let mut params = ListParams::default().labels(OWNER).limit(PAGE);
    let mut objects = HashMap::new();
    for _ in 0..PAGES {
        let page = api.list(&params).await?;
        objects.extend(page.items.into_iter().map(|mut live| {
            // The items of a list do not say what they are.
            let (api_version, kind) = (served.resource.api_version.clone(), served.resource.kind.clone());
            live.types = Some(TypeMeta { api_version, kind });
            (live.metadata.name.clone().unwrap_or_default(), stripped(live))
        }));
        match page.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) => params = params.continue_token(&next),
            None => break,
        }
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use serde_json::{Value, json};
    use tokio_util::sync::CancellationToken;

    /// A cluster with the Secrets `s0` to `s249`; `s0` bears no mark. `lists` says whether it lists them.
    struct Server {
        cluster: Cluster,
        seen: Arc<Mutex<Vec<String>>>,
        task: Task,
    }

    fn secret(name: &str) -> Value {
        let labels = if name == "s0" { json!({}) } else { json!({ OWNER: "x" }) };
        json!({"metadata": {"name": name, "namespace": "a", "labels": labels}, "data": {"k": "eA=="}})
    }

    fn answer(path: &str, query: &str, lists: bool) -> (u16, Value) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name != "secrets" {
            let found =
                name.strip_prefix('s').and_then(|number| number.parse::<u32>().ok()).is_some_and(|n| n < 250);
            return if found {
                (200, secret(name))
            } else {
                (404, json!({"kind": "Status", "code": 404, "reason": "NotFound"}))
            };
        }
        if !lists {
            return (403, json!({"kind": "Status", "code": 403, "message": "no"}));
        }
        assert!(
            query.contains("labelSelector=gitops-rs.github.io%2Fowner") && query.contains("limit=100"),
            "{query}"
        );
        let from = query.split_once("continue=").map_or(1, |(_, next)| next.parse::<u32>().unwrap());
        let items: Vec<_> = (from..250).take(100).map(|number| secret(&format!("s{number}"))).collect();
        let next = if from + 100 < 250 { (from + 100).to_string() } else { String::new() };
        (200, json!({"metadata": {"continue": next}, "items": items}))
    }

    impl Server {
        fn new(lists: bool) -> Self {
            let seen = Arc::<Mutex<Vec<String>>>::default();
            let log = seen.clone();
            let server = tower::service_fn(move |request: Request<Body>| {
                let (path, query) =
                    (request.uri().path().to_owned(), request.uri().query().unwrap_or_default());
                let (code, body) = answer(&path, query, lists);
                log.lock().unwrap().push(path.rsplit('/').next().unwrap_or_default().to_owned());
                let body = Body::from(body.to_string().into_bytes());
                std::future::ready(Response::builder().status(code).body(body))
            });
            let cluster = Cluster::from_parts(Client::new(server, "default"), "uid");
            Self { cluster, seen, task: Task::new(CancellationToken::new(), Duration::from_secs(20)) }
        }

        async fn read(&self, reads: &Reads, name: &str) -> Option<DynamicObject> {
            let object = Object::reference("v1", "Secret", Some("a"), name);
            reads.read(&self.task, &self.cluster, &object).await.unwrap()
        }

        fn asked(&self, name: &str) -> usize {
            self.seen.lock().unwrap().iter().filter(|seen| *seen == name).count()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_reads_are_few_requests() {
        let (server, reads) = (Server::new(true), Reads::default());
        for number in (0..250).rev() {
            let live = server.read(&reads, &format!("s{number}")).await.unwrap();
            assert_eq!(live.metadata.name, Some(format!("s{number}")));
            assert_eq!(live.data["data"]["k"], "eA==");
        }
        assert_eq!(server.asked("secrets"), 3, "pages");
        assert_eq!(server.asked("s0"), 1, "what bears no mark is not in a list");
        assert_eq!(server.seen.lock().unwrap().len(), FEW + 3 + 1);
        assert!(server.read(&reads, "gone").await.is_none());
        assert!(server.read(&reads, "s7").await.is_some());
        assert_eq!((server.asked("gone"), server.asked("s7")), (1, 1), "a list is not asked twice");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_list_counts_for_nothing() {
        let (server, reads) = (Server::new(true), Reads::default());
        for number in 1..=FEW + 1 {
            server.read(&reads, &format!("s{number}")).await.unwrap();
        }
        assert_eq!(server.asked("secrets"), 3);
        tokio::time::advance(FRESH + Duration::from_millis(1)).await;
        server.read(&reads, "s100").await.unwrap();
        assert_eq!(server.asked("s100"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn where_lists_are_refused_each_is_read() {
        let (server, reads) = (Server::new(false), Reads::default());
        for number in 0..40 {
            server.read(&reads, &format!("s{number}")).await.unwrap();
        }
        assert_eq!((server.asked("secrets"), server.seen.lock().unwrap().len()), (1, 41));
    }
}
