//! The services that go-plugin expects next to the provider's own.

use crate::serve::life::{End, Life};
use futures::stream::{self, StreamExt};
use tfplugin_proto::goplugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use tfplugin_proto::goplugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use tfplugin_proto::goplugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use tfplugin_proto::goplugin::{ConnInfo, Empty, StdioData};
use tfplugin_proto::health::health_check_response::ServingStatus;
use tfplugin_proto::health::health_server::{Health, HealthServer};
use tfplugin_proto::health::{HealthCheckRequest, HealthCheckResponse};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

/// Implements go-plugin's services on the life of the process.
struct GoPlugin(Life);

/// Ends the process when asked to.
pub(super) fn controller(life: &Life) -> GrpcControllerServer<impl GrpcController> {
    GrpcControllerServer::new(GoPlugin(life.clone()))
}

/// Keeps the host's stream open. There is nothing to send: standard error reaches the host by itself, and standard
/// output is for the handshake alone.
pub(super) fn stdio(life: &Life) -> GrpcStdioServer<impl GrpcStdio> {
    GrpcStdioServer::new(GoPlugin(life.clone()))
}

/// Keeps the host's stream open. Neither side ever asks for a further connection.
pub(super) fn broker(life: &Life) -> GrpcBrokerServer<impl GrpcBroker> {
    GrpcBrokerServer::new(GoPlugin(life.clone()))
}

/// Says that the plugin is up.
pub(super) fn health(life: &Life) -> HealthServer<impl Health> {
    HealthServer::new(GoPlugin(life.clone()))
}

#[tonic::async_trait]
impl GrpcController for GoPlugin {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.end(End::Shutdown);
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for GoPlugin {
    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let silence = stream::pending().take_until(self.0.clone().ended());
        Ok(Response::new(Box::pin(silence)))
    }
}

#[tonic::async_trait]
impl GrpcBroker for GoPlugin {
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let mut offers = request.into_inner();
        let closed = async move { while let Ok(Some(_)) = offers.message().await {} };
        let silence = stream::pending().take_until(closed).take_until(self.0.clone().ended());
        Ok(Response::new(Box::pin(silence)))
    }
}

/// The status of `service`; empty stands for the whole server, and `plugin` is go-plugin's name.
fn status(service: &str) -> HealthCheckResponse {
    let status = match service {
        "" | "plugin" => ServingStatus::Serving,
        _ => ServingStatus::ServiceUnknown,
    };
    HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl Health for GoPlugin {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match status(&request.get_ref().service) {
            up if up.status() == ServingStatus::Serving => Ok(Response::new(up)),
            _ => Err(Status::not_found("no such service")),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let now = status(&request.get_ref().service);
        let unchanged = stream::pending().take_until(self.0.clone().ended());
        Ok(Response::new(Box::pin(stream::iter([Ok(now)]).chain(unchanged))))
    }
}
