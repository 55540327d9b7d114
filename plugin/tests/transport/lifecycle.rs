//! How a provider ends, and what may and may not end it.

use crate::host::{Provider, shutdown, signal, soon};
use crate::line::Line;
use futures::poll;
use std::pin::pin;
use tfplugin_proto::goplugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin_proto::goplugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin_proto::health::HealthCheckRequest;
use tfplugin_proto::health::health_check_response::ServingStatus;
use tfplugin_proto::health::health_client::HealthClient;
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;
use tfplugin_proto::tfplugin6::{
    apply_resource_change, configure_provider, get_provider_schema, stop_provider,
};
use tonic::transport::Channel;

async fn healthy(channel: &Channel) {
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let answer = soon("health", HealthClient::new(channel.clone()).check(request)).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn health_is_watched_until_the_end() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut client = HealthClient::new(channel.clone());
    for (service, expected) in [
        ("", ServingStatus::Serving),
        ("plugin", ServingStatus::Serving),
        ("other", ServingStatus::ServiceUnknown),
    ] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut watch = client.watch(request).await.unwrap().into_inner();
        let first = soon("the status", watch.message()).await.unwrap().unwrap();
        assert_eq!(first.status(), expected, "{service:?}");
        assert!(poll!(pin!(watch.message())).is_pending(), "{service:?} does not change");
    }
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let mut watch = client.watch(request).await.unwrap().into_inner();
    soon("the status", watch.message()).await.unwrap();
    shutdown(&channel).await;
    assert!(soon("the stream's end", watch.message()).await.unwrap().is_none());
    drop((watch, client, channel));
    assert_eq!(provider.gone().await.0.code(), Some(0));
}

#[tokio::test]
async fn shutdown_ends_it_and_its_streams() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let offers = futures::stream::pending();
    let mut broker = GrpcBrokerClient::new(channel.clone()).start_stream(offers).await.unwrap().into_inner();
    {
        let (mut said, mut offered) = (pin!(stdio.message()), pin!(broker.message()));
        assert!(poll!(&mut said).is_pending() && poll!(&mut offered).is_pending());
        healthy(&channel).await;
        assert!(poll!(&mut said).is_pending() && poll!(&mut offered).is_pending());
    }
    shutdown(&channel).await;
    assert!(soon("the stream's end", stdio.message()).await.unwrap().is_none());
    assert!(soon("the stream's end", broker.message()).await.unwrap().is_none());
    drop((stdio, broker, channel));
    let (status, out, log) = provider.gone().await;
    assert_eq!((status.code(), out.as_str(), log.as_str()), (Some(0), "", ""));
}

#[tokio::test]
async fn shutdown_waits_for_work_that_stops() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    shutdown(&channel).await;
    assert_eq!(line.hear().await.as_deref(), Some("cancelled"));
    line.say("done").await;
    assert_eq!(line.answer().await, [""; 0]);
    assert_eq!(provider.gone().await.0.code(), Some(0));
}

#[tokio::test]
async fn shutdown_does_not_wait_for_work_that_goes_on() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    shutdown(&channel).await;
    assert_eq!(line.hear().await.as_deref(), Some("cancelled"));
    assert_eq!(provider.gone().await.0.code(), Some(0));
}

#[tokio::test]
async fn it_leaves_when_its_host_is_killed() {
    let provider = Provider::start().await;
    healthy(&provider.connect().await).await; // The connection is dropped here.
    assert_eq!(provider.gone().await.0.code(), Some(0));
}

#[tokio::test]
async fn work_outlives_a_killed_host() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    line.apply.abort();
    drop(channel);
    assert_eq!(line.hear().await.as_deref(), Some("cancelled"));
    line.say("done").await;
    assert_eq!(line.hear().await.as_deref(), Some("done"));
    assert_eq!(provider.gone().await.0.code(), Some(0));
}

#[tokio::test]
async fn stop_cancels_work_of_the_run_and_serving_goes_on() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    let mut client = ProviderClient::new(channel.clone());
    let stopped = client.stop_provider(stop_provider::Request {}).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    assert_eq!(line.hear().await.as_deref(), Some("cancelled"));
    line.say("done").await;
    assert_eq!(line.answer().await, [""; 0]);
    // What the host had asked for already when it asked to stop may come after that.
    let mut late = Line::start(&channel).await;
    assert_eq!(late.hear().await.as_deref(), Some("cancelled"));
    late.say("done").await;
    assert_eq!(late.answer().await, [""; 0]);
    // The next run is another matter.
    client.configure_provider(configure_provider::Request::default()).await.unwrap();
    let mut next = Line::start(&channel).await;
    next.say("done").await;
    assert_eq!(next.hear().await.as_deref(), Some("done"));
    assert_eq!(next.answer().await, [""; 0]);
}

#[tokio::test]
async fn an_interrupt_is_left_to_the_host() {
    let mut provider = Provider::with(|command| command.env("TF_LOG", "DEBUG")).await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    signal(provider.id(), "INT").await;
    provider.logs("interrupted").await;
    line.say("done").await;
    assert_eq!(line.hear().await.as_deref(), Some("done"), "the work was not told to stop");
    assert_eq!(line.answer().await, [""; 0]);
    ProviderClient::new(channel).get_provider_schema(get_provider_schema::Request {}).await.unwrap();
}

#[tokio::test]
async fn termination_stops_the_work_and_the_host_hears_of_it() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    signal(provider.id(), "TERM").await;
    assert_eq!(line.hear().await.as_deref(), Some("cancelled"));
    line.say("done").await;
    assert_eq!(line.answer().await, [""; 0]);
    healthy(&channel).await;
}

#[tokio::test]
async fn a_panic_is_a_diagnostic_and_not_a_crash() {
    let mut provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut line = Line::start(&channel).await;
    line.say("panic").await;
    assert_eq!(line.answer().await, ["told to on the line"]);
    let log = provider.logs("").await;
    assert!(
        log.starts_with('{') && log.contains("a request panicked") && log.contains("by_hand.rs"),
        "{log}"
    );
    // What it said may be a value of the user's.
    assert!(!log.contains("told to on the line"), "{log}");
    healthy(&channel).await;
}

#[tokio::test]
async fn a_panic_outside_of_work_is_told_as_a_crash_and_ends_its_request_alone() {
    let mut provider = Provider::start().await;
    let channel = provider.connect().await;
    let type_name = "byhand_crash".to_owned();
    let request = apply_resource_change::Request { type_name, ..Default::default() };
    let mut client = ProviderClient::new(channel.clone());
    soon("the answer", client.apply_resource_change(request)).await.unwrap_err();
    // The whole line: hosts look for how it begins.
    assert_eq!(provider.logs("").await, "panic: asked to crash");
    provider.logs("by_hand.rs").await;
    healthy(&channel).await;
}

#[tokio::test]
async fn a_lost_standard_error_ends_nothing() {
    let mut provider = Provider::with(|command| command.env("TF_LOG", "TRACE")).await;
    let channel = provider.connect().await;
    provider.lose_stderr();
    let mut client = ProviderClient::new(channel.clone());
    for _ in 0..3 {
        client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    }
    let mut line = Line::start(&channel).await;
    line.say("panic").await;
    assert_eq!(line.answer().await, ["told to on the line"]);
    healthy(&channel).await;
}
