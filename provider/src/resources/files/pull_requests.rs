//! The life of a set of files on a protected branch: what the state says while a pull request is open, merged, or closed.

use super::super::rig::{PASSWORD, Rig};
use super::shape::{Identity, Spec, Status};
use super::*;
use gitops_acceptance_tests::forge::{Dialect, Forge, How};
use serde_json::json;
use std::time::Duration;

/// A repository and its forge.
struct Place {
    rig: Rig,
    forge: Forge,
}

impl Place {
    async fn start(dialect: Dialect) -> Self {
        let rig = Rig::start_as("acme/p.git").await;
        let forge = Forge::start(dialect, rig.bare.clone(), "acme/p", PASSWORD).await.unwrap();
        Self { rig, forge }
    }

    /// What an operation of another run is given.
    fn context(&self, waits: bool) -> Context<Gitops> {
        self.context_for(waits, Duration::from_secs(60))
    }

    fn context_for(&self, waits: bool, limit: Duration) -> Context<Gitops> {
        let name = if self.forge.api().ends_with("v4") { "gitlab" } else { "github" };
        let wanted = json!({"forge": name, "api_url": self.forge.api(), "wait_for_merge": waits});
        let settings = json!({"write_mode": "pull_request", "pull_request": wanted});
        self.rig.context_of(PASSWORD, serde_json::from_value(settings).unwrap(), limit)
    }

    fn spec(&self, content: &str) -> Spec {
        serde_json::from_value(self.rig.attributes("main", json!({"files": {"a.txt": content}}))).unwrap()
    }

    async fn apply(&self, prior: Option<Prior<Spec, Status>>, want: &Spec) -> Status {
        let outcome = Files::apply(&self.context(false), &id(), prior, want).await;
        assert_eq!(outcome.problems(), []);
        outcome.status().unwrap().clone()
    }

    async fn read(&self, spec: &Spec, status: &Status) -> Option<(Spec, Status)> {
        Files::read(&self.context(false), &id(), prior(spec, status)).await.unwrap()
    }
}

fn id() -> Identity {
    Identity { name: "set".to_owned() }
}

fn prior(spec: &Spec, status: &Status) -> Option<Prior<Spec, Status>> {
    Some(Prior { spec: spec.clone(), status: status.clone() })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_there_and_what_was_closed_is_not() {
    for dialect in [Dialect::Github, Dialect::Gitlab] {
        let place = Place::start(dialect).await;
        let (one, two) = (place.spec("one\n"), place.spec("two\n"));
        let made = place.apply(None, &one).await;
        // The state keeps what was delivered: the plan is empty.
        let (seen, status) = place.read(&one, &made).await.unwrap();
        assert_eq!(
            (seen.files, &status.commit, &status.digests),
            (one.files.clone(), &made.commit, &made.digests)
        );
        // An apply of the same, whose state was lost, goes on.
        assert_eq!(place.apply(None, &one).await.commit, made.commit);
        place.forge.merge(1, How::Squash, true).unwrap();
        let (_, status) = place.read(&one, &made).await.unwrap();
        assert_eq!((status.commit, status.digests), (made.commit.clone(), made.digests.clone()));

        // An update that is closed shows as what the branch says.
        let updated = place.apply(prior(&one, &made), &two).await;
        assert_eq!(place.read(&two, &updated).await.unwrap().0.files, two.files);
        place.forge.close(2).unwrap();
        let (seen, status) = place.read(&two, &updated).await.unwrap();
        assert_eq!((seen.files, status.commit.as_str()), (one.files.clone(), ""));

        // What is destroyed goes when that is merged.
        Files::delete(&place.context(false), &id(), prior(&one, &made).unwrap()).await.unwrap();
        assert_eq!(place.rig.bare.read("a.txt").as_deref(), Some("one"));
        assert!(place.read(&one, &made).await.is_none());
        place.forge.merge(3, How::Merge, true).unwrap();
        assert_eq!(place.rig.files(), Vec::<String>::new());
        assert!(place.read(&one, &made).await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_was_not_merged_in_time_stores_nothing_and_is_gone_on_with() {
    let place = Place::start(Dialect::Gitlab).await;
    let spec = place.spec("one\n");
    // A busy machine may need longer until the request is open.
    let mut patience = [1, 5, 25, 60].map(Duration::from_secs).into_iter();
    let outcome = loop {
        let cx = place.context_for(true, patience.next().expect("no request was opened"));
        let outcome = Files::apply(&cx, &id(), None, &spec).await;
        assert!(outcome.status().is_none());
        if !place.forge.pulls().is_empty() {
            break outcome;
        }
    };
    let [problem] = outcome.problems() else { panic!("{:?}", outcome.problems()) };
    assert!(problem.summary.contains(&place.forge.page(1)), "{}", problem.summary);

    place.forge.take_calls();
    let cx = place.context(true);
    let id = id();
    let again = Files::apply(&cx, &id, None, &spec);
    let person = async {
        while !place.forge.take_calls().iter().any(|call| call.ends_with("/merge_requests/1")) {
            tokio::task::yield_now().await;
        }
        place.forge.merge(1, How::Merge, true).unwrap()
    };
    let (outcome, merged) = tokio::join!(again, person);
    assert_eq!((outcome.status().unwrap().commit.as_str(), place.forge.pulls().len()), (merged.as_str(), 1));
}
