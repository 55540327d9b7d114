//! Who puts something into a namespace, and who removes it, in this process.
//!
//! Secrets of one namespace are written and deleted at the same time. One that is written while the namespace is found
//! empty and removed would go with it. So whoever writes stays, together with all others who write, and whoever removes
//! the namespace is alone.

use gitops::cluster::Cluster;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The namespaces that this process writes to.
#[derive(Default)]
pub struct Namespaces(Mutex<BTreeMap<(String, String), Arc<Place>>>);

impl Namespaces {
    /// A namespace of a cluster.
    pub fn at(&self, cluster: &Cluster, namespace: &str) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry((cluster.uid().to_owned(), namespace.to_owned())).or_default().clone()
    }
}

/// One namespace.
#[derive(Default)]
pub struct Place {
    present: Arc<RwLock<()>>,
    leaving: AtomicUsize,
}

impl Place {
    /// Keeps the namespace until the answer is dropped.
    pub async fn stay(&self) -> OwnedRwLockReadGuard<()> {
        self.present.clone().read_owned().await
    }

    /// Says that something is about to be deleted, and the namespace with it if it was the last.
    pub fn leave(self: &Arc<Self>) -> Leaving {
        self.leaving.fetch_add(1, Ordering::SeqCst);
        Leaving(self.clone())
    }
}

/// One who leaves a namespace.
pub struct Leaving(Arc<Place>);

impl Leaving {
    /// The namespace for this one alone; `None` where others are about to leave it too, who will look for themselves:
    /// to find out whether a namespace is empty takes a list of everything.
    pub async fn last(self) -> Option<OwnedRwLockWriteGuard<()>> {
        let place = self.0.clone();
        drop(self);
        match place.leaving.load(Ordering::SeqCst) {
            0 => Some(place.present.clone().write_owned().await),
            _ => None,
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leaving.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn who_removes_the_namespace_is_alone() {
        let place = Arc::new(Place::default());
        let (one, two) = (place.stay().await, place.stay().await);
        let mut last = pin!(place.leave().last());
        assert!(poll(last.as_mut()).is_none(), "two are putting something into it");
        drop((one, two));
        let alone = poll(last.as_mut()).flatten().expect("nobody is there any more");
        let mut stay = pin!(place.stay());
        assert!(poll(stay.as_mut()).is_none(), "it is being removed");
        drop(alone);
        assert!(poll(stay.as_mut()).is_some());
    }

    #[tokio::test]
    async fn of_many_who_leave_the_last_one_looks() {
        let place = Arc::new(Place::default());
        let (one, two, failed) = (place.leave(), place.leave(), place.leave());
        assert!(one.last().await.is_none());
        drop(failed);
        assert!(two.last().await.is_some());
    }
}
