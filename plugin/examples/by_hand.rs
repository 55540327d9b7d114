//! A provider written on the generated trait, without anything of this crate but the transport.
//!
//! `byhand_note` keeps a text in Terraform's state. `byhand_line` reports on a TCP connection how its apply fares and
//! does what it is told there: the tests of the transport hold the other end. `byhand_crash`, which is in no schema,
//! panics outside of [`Work`], where no provider should.

use std::process::ExitCode;
use tfplugin_proto::tfplugin6::provider_server::Provider;
use tfplugin_proto::tfplugin6::*;
use tfplugin_rs::serve::{self, Options, Work};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

fn main() -> ExitCode {
    let options = Options::new("registry.terraform.io/tfplugin-rs/byhand").log_target("by_hand");
    serve::run(options, |work| ByHand { work })
}

struct ByHand {
    work: Work,
}

#[tonic::async_trait]
impl Provider for ByHand {
    async fn get_provider_schema(
        &self,
        _request: Request<get_provider_schema::Request>,
    ) -> Result<Response<get_provider_schema::Response>, Status> {
        tracing::info!(tf_rpc = "GetProviderSchema", "asked for the schema");
        let resources = [("byhand_note", "text"), ("byhand_line", "address")];
        let resources = resources.map(|(name, attribute)| (name.to_owned(), schema(&[attribute])));
        Ok(Response::new(get_provider_schema::Response {
            provider: Some(schema(&[])),
            resource_schemas: resources.into(),
            ..Default::default()
        }))
    }

    async fn validate_provider_config(
        &self,
        _request: Request<validate_provider_config::Request>,
    ) -> Result<Response<validate_provider_config::Response>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn validate_resource_config(
        &self,
        _request: Request<validate_resource_config::Request>,
    ) -> Result<Response<validate_resource_config::Response>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn configure_provider(
        &self,
        _request: Request<configure_provider::Request>,
    ) -> Result<Response<configure_provider::Response>, Status> {
        self.work.begin();
        Ok(Response::new(Default::default()))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<upgrade_resource_state::Request>,
    ) -> Result<Response<upgrade_resource_state::Response>, Status> {
        let json = request.into_inner().raw_state.unwrap_or_default().json;
        let upgraded_state = Some(DynamicValue { json, ..Default::default() });
        Ok(Response::new(upgrade_resource_state::Response { upgraded_state, ..Default::default() }))
    }

    async fn read_resource(
        &self,
        request: Request<read_resource::Request>,
    ) -> Result<Response<read_resource::Response>, Status> {
        let new_state = request.into_inner().current_state;
        Ok(Response::new(read_resource::Response { new_state, ..Default::default() }))
    }

    async fn plan_resource_change(
        &self,
        request: Request<plan_resource_change::Request>,
    ) -> Result<Response<plan_resource_change::Response>, Status> {
        let planned_state = request.into_inner().proposed_new_state;
        Ok(Response::new(plan_resource_change::Response { planned_state, ..Default::default() }))
    }

    async fn apply_resource_change(
        &self,
        request: Request<apply_resource_change::Request>,
    ) -> Result<Response<apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        if request.type_name == "byhand_crash" {
            panic!("asked to crash");
        }
        let mut response = apply_resource_change::Response::default();
        if request.type_name == "byhand_line" {
            let address = address(&request)?;
            let line = hold(address, self.work.cancellation());
            let failure = match self.work.run(line).await {
                Ok(held) => held.err().map(|error| error.to_string()),
                Err(panicked) => Some(panicked.to_string()),
            };
            response.diagnostics = failure.into_iter().map(error).collect();
        }
        response.new_state = request.planned_state;
        Ok(Response::new(response))
    }

    async fn stop_provider(
        &self,
        _request: Request<stop_provider::Request>,
    ) -> Result<Response<stop_provider::Response>, Status> {
        self.work.stop();
        Ok(Response::new(Default::default()))
    }
}

/// A schema of required strings.
fn schema(names: &[&str]) -> Schema {
    let attribute = |name: &&str| schema::Attribute {
        name: (*name).to_owned(),
        r#type: br#""string""#.to_vec(),
        required: true,
        ..Default::default()
    };
    let attributes = names.iter().map(attribute).collect();
    Schema { version: 0, block: Some(schema::Block { attributes, ..Default::default() }) }
}

fn error(summary: String) -> Diagnostic {
    Diagnostic { severity: diagnostic::Severity::Error.into(), summary, ..Default::default() }
}

/// The address in the planned state, which the tests send as JSON.
fn address(request: &apply_resource_change::Request) -> Result<String, Status> {
    let json = request.planned_state.as_ref().map(|state| state.json.as_slice()).unwrap_or_default();
    let state: serde_json::Value =
        serde_json::from_slice(json).map_err(|error| Status::invalid_argument(error.to_string()))?;
    Ok(state["address"].as_str().unwrap_or_default().to_owned())
}

/// Says `started` on the line, `cancelled` when cancelled, and repeats `done`, its last word. Panics if told `panic`.
async fn hold(address: String, cancel: CancellationToken) -> std::io::Result<()> {
    let (read, mut write) = TcpStream::connect(address).await?.into_split();
    let mut words = BufReader::new(read).lines();
    write.write_all(b"started\n").await?;
    let mut told = false;
    loop {
        let word = tokio::select! {
            () = cancel.cancelled(), if !told => {
                told = true;
                write.write_all(b"cancelled\n").await?;
                continue;
            }
            word = words.next_line() => word?,
        };
        match word.as_deref() {
            Some("panic") => panic!("told to on the line"),
            Some("done") => return write.write_all(b"done\n").await,
            Some(_) => {}
            None => return Ok(()),
        }
    }
}
