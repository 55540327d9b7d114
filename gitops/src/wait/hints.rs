//! Watches that hint at a change, so that a wait looks at once instead of at its next poll.
//!
//! A hint carries nothing. A watch that cannot be had (no right to watch, 410, a lost connection) is silence for a
//! while: the poll goes on.

use super::clock;
use futures::{Stream, StreamExt, stream::BoxStream};
use kube::api::{Api, DynamicObject, WatchEvent, WatchParams};
use std::time::Duration;

/// How long a watch is left alone after it broke.
const BROKEN: Duration = Duration::from_secs(2);

/// Hints of changes to watched objects.
pub struct Hints {
    watches: Vec<BoxStream<'static, ()>>,
}

impl Hints {
    /// No hints: only the poll.
    pub fn none() -> Self {
        Self { watches: vec![] }
    }

    /// Hints of the object `name` of `api`.
    pub fn object(api: &Api<DynamicObject>, name: &str) -> Self {
        Self::none().and(api, WatchParams::default().fields(&format!("metadata.name={name}")))
    }

    /// Hints of every object of `api`.
    pub fn all(api: &Api<DynamicObject>) -> Self {
        Self::none().and(api, WatchParams::default())
    }

    /// These, and those of `api` that `params` selects.
    pub fn and(mut self, api: &Api<DynamicObject>, params: WatchParams) -> Self {
        // 290 s is the longest that the client allows.
        self.watches.push(changes(api.clone(), params.timeout(290)).boxed());
        self
    }

    /// Returns when something changed, and never where there is nothing to watch.
    pub async fn changed(&mut self) {
        if self.watches.is_empty() {
            std::future::pending::<()>().await;
        }
        futures::future::select_all(self.watches.iter_mut().map(StreamExt::next)).await;
    }
}

/// One item for each event; without end.
fn changes(api: Api<DynamicObject>, params: WatchParams) -> impl Stream<Item = ()> + Send {
    // Version 0: the watch begins with what the server has in its cache, which is a hint that costs one look.
    futures::stream::unfold(
        None::<BoxStream<'static, kube::Result<WatchEvent<DynamicObject>>>>,
        move |mut open| {
            let (api, params) = (api.clone(), params.clone());
            async move {
                loop {
                    let Some(stream) = &mut open else {
                        match api.watch(&params, "0").await {
                            Ok(stream) => open = Some(stream.boxed()),
                            Err(_) => clock::pause(BROKEN).await,
                        }
                        continue;
                    };
                    match stream.next().await {
                        Some(Ok(WatchEvent::Bookmark(_))) => {}
                        Some(Ok(WatchEvent::Error(_)) | Err(_)) => {
                            open = None;
                            clock::pause(BROKEN).await;
                        }
                        Some(Ok(_)) => return Some(((), open)),
                        None => {
                            open = None;
                            clock::pause(BROKEN).await;
                        }
                    }
                }
            }
        },
    )
}
