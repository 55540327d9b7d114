//! The names, numbers and types on the wire. They are a contract with every host ever released: a line of this
//! snapshot may be added, never changed.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

fn compile(file: &str) -> FileDescriptorProto {
    let files = protox::compile([file], [concat!(env!("CARGO_MANIFEST_DIR"), "/proto")]).expect("compiles");
    files.file.into_iter().find(|f| f.name() == file).expect("holds the file")
}

/// One line for each field, enum value and RPC.
#[derive(Default)]
struct Lines {
    fields: Vec<String>,
    values: Vec<String>,
    rpcs: Vec<String>,
}

impl Lines {
    fn of(file: &FileDescriptorProto) -> Self {
        let mut lines = Self::default();
        file.enum_type.iter().for_each(|e| lines.enumeration("", e));
        file.message_type.iter().for_each(|m| lines.message("", m));
        for service in &file.service {
            for rpc in &service.method {
                let stream = |on| if on { "stream " } else { "" };
                lines.rpcs.push(format!(
                    "{}.{}({}{}) {}{}",
                    service.name(),
                    rpc.name(),
                    stream(rpc.client_streaming()),
                    rpc.input_type(),
                    stream(rpc.server_streaming()),
                    rpc.output_type(),
                ));
            }
        }
        lines
    }

    fn message(&mut self, prefix: &str, message: &DescriptorProto) {
        let name = format!("{prefix}{}", message.name());
        // A map is a repeated message of its own on the wire; the source has one line for it.
        if !message.options.as_ref().is_some_and(|o| o.map_entry()) {
            self.fields.extend(message.field.iter().map(|f| field(&name, message, f)));
        }
        let inner = format!("{name}.");
        message.enum_type.iter().for_each(|e| self.enumeration(&inner, e));
        message.nested_type.iter().for_each(|m| self.message(&inner, m));
    }

    fn enumeration(&mut self, prefix: &str, of: &EnumDescriptorProto) {
        let line = |v: &prost_types::EnumValueDescriptorProto| {
            format!("{prefix}{}.{} = {}", of.name(), v.name(), v.number())
        };
        self.values.extend(of.value.iter().map(line));
    }

    fn text(&self) -> String {
        [&self.rpcs[..], &self.fields, &self.values].concat().join("\n")
    }
}

fn field(message: &str, of: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let kind = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    let label = match (field.label(), field.proto3_optional(), field.oneof_index) {
        (Label::Repeated, ..) => "repeated ".to_owned(),
        (_, true, _) => "optional ".to_owned(),
        (.., Some(index)) => format!("oneof {} ", of.oneof_decl[index as usize].name()),
        _ => String::new(),
    };
    format!("{message}.{} = {}: {label}{kind}", field.name(), field.number())
}

#[test]
fn tfplugin6_is_complete() {
    let file = compile("tfplugin6.proto");
    let lines = Lines::of(&file);
    assert_eq!(file.package(), "tfplugin6");
    assert_eq!((lines.rpcs.len(), lines.fields.len(), lines.values.len()), (36, 296, 20), "protocol 6.11");
    insta::assert_snapshot!("tfplugin6", lines.text());
}

#[test]
fn go_plugin_services() {
    insta::assert_snapshot!(Lines::of(&compile("goplugin.proto")).text(), @"
    GRPCController.Shutdown(.plugin.Empty) .plugin.Empty
    GRPCBroker.StartStream(stream .plugin.ConnInfo) stream .plugin.ConnInfo
    GRPCStdio.StreamStdio(.google.protobuf.Empty) stream .plugin.StdioData
    ConnInfo.service_id = 1: uint32
    ConnInfo.network = 2: string
    ConnInfo.address = 3: string
    ConnInfo.knock = 4: .plugin.ConnInfo.Knock
    ConnInfo.Knock.knock = 1: bool
    ConnInfo.Knock.ack = 2: bool
    ConnInfo.Knock.error = 3: string
    StdioData.channel = 1: .plugin.StdioData.Channel
    StdioData.data = 2: bytes
    StdioData.Channel.INVALID = 0
    StdioData.Channel.STDOUT = 1
    StdioData.Channel.STDERR = 2
    ");
}

#[test]
fn health_service() {
    insta::assert_snapshot!(Lines::of(&compile("health.proto")).text(), @"
    Health.Check(.grpc.health.v1.HealthCheckRequest) .grpc.health.v1.HealthCheckResponse
    Health.Watch(.grpc.health.v1.HealthCheckRequest) stream .grpc.health.v1.HealthCheckResponse
    HealthCheckRequest.service = 1: string
    HealthCheckResponse.status = 1: .grpc.health.v1.HealthCheckResponse.ServingStatus
    HealthCheckResponse.ServingStatus.UNKNOWN = 0
    HealthCheckResponse.ServingStatus.SERVING = 1
    HealthCheckResponse.ServingStatus.NOT_SERVING = 2
    HealthCheckResponse.ServingStatus.SERVICE_UNKNOWN = 3
    ");
}
