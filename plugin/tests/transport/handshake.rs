//! What is said before the first connection.

use crate::host::{COOKIE, Provider, command, provider};
use crate::identity::Identity;
use prost::Message;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;
use tfplugin_proto::tfplugin6::{DynamicValue, get_provider_schema, read_resource};

#[tokio::test]
async fn started_by_hand_it_explains_itself() {
    for cookie in [None, Some("wrong")] {
        let mut command = command(&provider());
        command.envs(cookie.map(|cookie| ("TF_PLUGIN_MAGIC_COOKIE", cookie)));
        let output = command.output().await.unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()), "{cookie:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r#"
            This is the Terraform provider `registry.terraform.io/tfplugin-rs/byhand`.
            Terraform or OpenTofu starts it; started by hand it does nothing.

            To use it, put this in a configuration and run `terraform init`:

              terraform {
                required_providers {
                  byhand = {
                    source = "tfplugin-rs/byhand"
                  }
                }
              }

            To run it under a debugger, start it with `-debug` and give Terraform the variable it prints.
            "#);
        }
    }
}

#[tokio::test]
async fn a_failed_start_is_told_where_the_host_looks() {
    let mut command = command(&provider());
    command.env("TF_PLUGIN_MAGIC_COOKIE", COOKIE).env("PLUGIN_CLIENT_CERT", "no certificate");
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(out, err);
    insta::assert_snapshot!(out, @"failed to read the host's certificate from PLUGIN_CLIENT_CERT: no items found");
}

#[tokio::test]
async fn a_group_that_the_host_names_reaches_the_socket() {
    let directory = tempfile::tempdir().unwrap().path().metadata();
    // Only root may give a file to a group that it is no member of.
    let group = directory.map(|own| if own.uid() == 0 { 54_321 } else { own.gid() }).unwrap();
    let named = group.to_string();
    let provider = Provider::with(|command| command.env("PLUGIN_UNIX_SOCKET_GROUP", named)).await;
    let socket = Path::new(&provider.handshake.address);
    let of = |path: &Path| path.metadata().map(|file| (file.gid(), file.mode() & 0o777)).unwrap();
    assert_eq!([of(socket.parent().unwrap()), of(socket)], [(group, 0o710), (group, 0o660)]);
    let mut client = ProviderClient::new(provider.connect().await);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
}

#[tokio::test]
async fn a_group_that_is_not_there_is_told_and_no_port_is_opened_instead() {
    let mut command = command(&provider());
    command.env("TF_PLUGIN_MAGIC_COOKIE", COOKIE).env("PLUGIN_CLIENT_CERT", Identity::of_a_host().pem());
    let output = command.env("PLUGIN_UNIX_SOCKET_GROUP", "no such group").output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @"failed to give the socket to the group `no such group` of PLUGIN_UNIX_SOCKET_GROUP: /etc/group has no such name; give its number");
}

#[tokio::test]
async fn the_socket_is_gone_after_the_first_connection() {
    let provider = Provider::start().await;
    assert_eq!(provider.handshake.network, "unix");
    assert!(provider.handshake.address.starts_with(provider.temporary.path().to_str().unwrap()));
    assert!(provider.handshake.certificate.len() > 200, "{} bytes", provider.handshake.certificate.len());
    let channel = provider.connect().await;
    let mut client = ProviderClient::new(channel);
    let schema = client.get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    assert_eq!(schema.resource_schemas.keys().collect::<Vec<_>>(), ["byhand_line", "byhand_note"]);
    assert_eq!(provider.temporary.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn an_rpc_that_is_left_out_is_unimplemented() {
    let provider = Provider::start().await;
    let mut client = ProviderClient::new(provider.connect().await);
    let request = tfplugin_proto::tfplugin6::get_resource_identity_schemas::Request {};
    let status = client.get_resource_identity_schemas(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

#[tokio::test]
async fn without_a_certificate_there_is_no_tls() {
    let provider = Provider::with(|command| command.env_remove("PLUGIN_CLIENT_CERT")).await;
    assert!(provider.handshake.certificate.is_empty());
    let mut client = ProviderClient::new(provider.connect().await);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
}

#[tokio::test]
async fn without_a_place_for_a_socket_there_is_tcp() {
    let provider = Provider::with(|command| command.env("PLUGIN_UNIX_SOCKET_DIR", "/nowhere")).await;
    let port = provider.handshake.address.strip_prefix("127.0.0.1:").unwrap();
    assert_eq!(provider.handshake.network, "tcp");
    assert!((10_000..=25_000).contains(&port.parse().unwrap()), "{port}");
    let mut client = ProviderClient::new(provider.connect().await);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
}

/// The largest message that hosts let through, in bytes.
const LIMIT: usize = 256 << 20;

/// A read that takes `length` bytes on the wire, as its answer does: the provider says the state again.
fn read(length: usize) -> read_resource::Request {
    // Two tags of a byte, and two lengths of four.
    let state = DynamicValue { msgpack: vec![1; length - 10], ..Default::default() };
    let request = read_resource::Request { current_state: Some(state), ..Default::default() };
    assert_eq!(request.encoded_len(), length);
    request
}

#[tokio::test]
async fn a_message_of_256_mib_passes_both_ways_and_no_larger_one() {
    let provider = Provider::start().await;
    let channel = provider.connect().await;
    let mut client = ProviderClient::new(channel).max_decoding_message_size(LIMIT);
    let refused = client.read_resource(read(LIMIT + 1)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::OutOfRange, "{refused:?}");
    let answer = client.read_resource(read(LIMIT)).await.unwrap().into_inner();
    assert!(answer.new_state.is_some_and(|state| state.msgpack == vec![1; LIMIT - 10]));
}
