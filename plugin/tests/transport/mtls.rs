//! Who is let in: the host that started the provider, and nobody else.

use crate::host::{Provider, soon};
use crate::identity::{Identity, client};
use futures::poll;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, SupportedProtocolVersion};
use std::io;
use std::pin::pin;
use tfplugin_proto::tfplugin6::get_provider_schema;
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The preface of HTTP/2 and empty settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The type of the frame that a server begins with.
const SETTINGS: u8 = 4;

/// The type of the first HTTP/2 frame that the provider sends to `identity`.
async fn first_frame(
    provider: &Provider,
    identity: Option<&Identity>,
    version: &'static SupportedProtocolVersion,
) -> io::Result<u8> {
    let client = client(&provider.handshake.certificate, identity, &[version]);
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = client.connect(name, provider.dial().await).await?;
    // In TLS 1.3 the provider may have hung up by now; what it said is still to be read.
    drop(stream.write_all(HELLO).await);
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    Ok(head[3])
}

/// The alert that ended a connection.
fn alert(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

#[tokio::test]
async fn nobody_but_the_host_is_let_in() {
    for version in [&TLS13, &TLS12] {
        let provider = Provider::start().await;
        let (host, other) = (provider.identity.clone(), Identity::of_a_host());
        let wrong_key = host.with_key_of(&other);
        let cases = [
            ("another certificate", Some(&other), Err(Some(AlertDescription::AccessDenied))),
            ("the certificate without its key", Some(&wrong_key), Err(Some(AlertDescription::DecryptError))),
            ("no certificate", None, Err(Some(AlertDescription::CertificateRequired))),
            ("the host", Some(&host), Ok(SETTINGS)),
        ];
        for (who, identity, expected) in cases {
            let frame = soon(who, first_frame(&provider, identity, version)).await;
            assert_eq!(frame.as_ref().copied().map_err(alert), expected, "{who}, {version:?}: {frame:?}");
        }
    }
}

#[tokio::test]
async fn plain_text_is_refused() {
    let mut provider = Provider::with(|command| command.env("TF_LOG", "WARN")).await;
    let mut stream = provider.dial().await;
    stream.write_all(HELLO).await.unwrap();
    let mut answer = Vec::new();
    // An alert at most, and then the end.
    drop(soon("the end", stream.read_to_end(&mut answer)).await);
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    provider.logs("refused a connection").await;
    // The host still comes in.
    let mut client = ProviderClient::new(provider.connect().await);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
}

#[tokio::test]
async fn silence_holds_nobody_up() {
    let provider = Provider::start().await;
    let mut silent = provider.dial().await;
    let mut client = ProviderClient::new(provider.connect().await);
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    // The host did not wait for the provider to lose patience with the silent one.
    assert!(poll!(pin!(silent.read_u8())).is_pending());
}
