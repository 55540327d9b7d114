//! Reads, as a refresh of many tenants makes them.

use super::*;
use std::iter;

/// Whoever plans hundreds of tenants does not ask the server hundreds of times.
#[tokio::test(flavor = "multi_thread")]
async fn many_reads_of_a_run_are_one_look_at_the_branch() {
    let rig = Rig::with_chart().await;
    let spec = wanting(&rig, json!({}));
    let ids: Vec<_> = (0..50).map(|number| Identity { tenant_id: format!("t{number}") }).collect();
    let cx = rig.context();
    let made = ids.iter().map(|id| Tenant::apply(&cx, id, None, &spec));
    let made = futures::future::join_all(made).await;

    let next = rig.context();
    rig.server.take_requests();
    // One after the other: those that come together share a look anyway.
    for (id, outcome) in iter::zip(&ids, &made) {
        let last = prior(&spec, outcome.status().expect("a tenant"));
        assert!(Tenant::read(&next, id, last).await.unwrap().is_some(), "{}", id.tenant_id);
    }
    let requests = rig.server.take_requests();
    let looks = requests.iter().filter(|request| request.query.contains("git-upload-pack")).count();
    assert_eq!(looks, 1);
}
