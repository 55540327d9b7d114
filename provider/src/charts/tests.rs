//! Versions of charts, found on the loopback, kept, and refused.

use super::*;
use crate::resources::rig::{Rig, shown};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const INDEX: &str =
    "entries: {shop: [{version: 1.3.0-rc.1}, {version: 1.2.4}, {version: 1.2.3}, {version: 1.1.0}]}";

fn context() -> Context<Gitops> {
    let gitops = Gitops::in_environment(&[]).unwrap();
    Context::new(Arc::new(gitops), Default::default(), Duration::from_secs(60))
}

fn chart(repo_url: &str, version: Option<&str>) -> ChartSpec {
    let chart = json!({"repo_url": repo_url, "name": "shop", "version": version});
    serde_json::from_value(chart).unwrap()
}

async fn settled_at(
    cx: &Context<Gitops>,
    chart: &ChartSpec,
    pinned: Option<&Pinned>,
) -> Result<Option<String>, Problem> {
    let settled = settle(cx, &crate::provider::task(cx), chart, pinned, &Path::from("chart")).await?;
    Ok(settled.version)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_stays_while_it_is_asked_for() {
    let (there, cx) = (Rig::helm(INDEX).await, context());
    let pinned = |version: &str| Pinned::of(Some(&chart(&there, None)), Some(&version.to_owned())).unwrap();
    let cases = [
        (None, None, "1.2.4"),
        (None, Some("1.1.0"), "1.1.0"),
        (None, Some("9.9.9"), "9.9.9"), // It was there once, and nobody asked for another.
        (Some("~1.2"), Some("1.2.3"), "1.2.3"),
        (Some("~1.2"), Some("1.1.0"), "1.2.4"),
        (Some("1.2.3"), Some("1.2.4"), "1.2.3"),
        (Some("1.2.3"), None, "1.2.3"),
        (Some("v1.2.3"), None, "v1.2.3"), // As it was written.
    ];
    for (asked, before, expected) in cases {
        let before = before.map(pinned);
        let found = settled_at(&cx, &chart(&there, asked), before.as_ref()).await.unwrap();
        assert_eq!(found.as_deref(), Some(expected), "{asked:?} {before:?}");
    }
    // Another repository, or another chart, is another matter; a chart that lies in Git has no index.
    let elsewhere = Pinned { repo_url: "https://charts.example".into(), ..pinned("1.1.0") };
    let found = settled_at(&cx, &chart(&there, None), Some(&elsewhere)).await.unwrap();
    assert_eq!(found.as_deref(), Some("1.2.4"));
    let own = ChartSpec { path: Some("charts/shop".into()), ..ChartSpec::default() };
    assert_eq!(settled_at(&cx, &own, None).await.unwrap(), None);
    // What is kept asks nobody.
    let nowhere = "http://127.0.0.1:1";
    let kept = Pinned::of(Some(&chart(nowhere, None)), Some(&"1.0.0".to_owned()));
    for asked in [None, Some("1.0.0"), Some("^1")] {
        let found = settled_at(&cx, &chart(nowhere, asked), kept.as_ref()).await.unwrap();
        assert_eq!(found.as_deref(), Some("1.0.0"), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages() {
    let (there, denied, cx) = (Rig::helm(INDEX).await, Rig::helm("").await, context());
    let mut told = Vec::new();
    for chart in [
        chart(&there, Some("1.2.5")),
        chart(&there, Some("~2")),
        ChartSpec { name: Some("shops".into()), ..chart(&there, None) },
        chart(&denied, None),
    ] {
        told.push(shown(&[settled_at(&cx, &chart, None).await.unwrap_err()]));
    }
    // A version that is named needs nobody's word.
    let named = settled_at(&cx, &chart(&denied, Some("1.0.0")), None).await.unwrap();
    assert_eq!(named.as_deref(), Some("1.0.0"));
    let registry = chart("127.0.0.1:1/charts", Some("1.0.0"));
    assert_eq!(settled_at(&cx, &registry, None).await.unwrap().as_deref(), Some("1.0.0"));
    let error = cx.provider().charts.version(&crate::provider::task(&cx), &denied, "shop", &Asked::Any).await;
    told.push(shown(&[unchecked(&error.unwrap_err(), "shop", "1.0.0")]));
    let text =
        told.join("\n\n").replace(&there, "http://charts.example").replace(&denied, "http://private.example");
    insta::assert_snapshot!(text, @"
    chart.version: The chart `shop` of `http://charts.example` has no version `1.2.5`
    Near it are `1.3.0-rc.1`, `1.2.4`, `1.2.3`, `1.1.0`.

    chart.version: The chart `shop` of `http://charts.example` has no version in the range `~2`
    Near it are `1.3.0-rc.1`, `1.2.4`, `1.2.3`, `1.1.0`.

    chart.name: The Helm repository `http://charts.example` has no chart `shops`
    It has `shop`.

    chart.repo_url: The versions of the charts in `http://private.example` could not be read
    Caused by: failed to download `http://private.example/index.yaml`: the server answered 401 Unauthorized

    It wants credentials, and those are Argo CD's alone: name the `version` exactly.

    : The version of the chart was not checked
    The versions of the charts in `http://private.example` could not be read.
    Caused by: failed to download `http://private.example/index.yaml`: the server answered 401 Unauthorized

    Whether there is a version `1.0.0` of `shop` shows when Argo CD looks.
    ");
}
