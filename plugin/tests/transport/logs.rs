//! What reaches the host's log.

use crate::host::{Provider, shutdown};
use serde_json::Value;
use tfplugin_proto::tfplugin6::get_provider_schema;
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;

/// All that a provider logs in a short life with `variables`.
async fn log(variables: &[(&str, &str)]) -> Vec<Value> {
    let provider = Provider::with(|command| command.envs(variables.iter().copied())).await;
    let channel = provider.connect().await;
    let mut client = ProviderClient::new(channel.clone());
    client.get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    shutdown(&channel).await;
    drop((client, channel));
    let (_status, _out, log) = provider.gone().await;
    assert!(log.is_empty() || log.ends_with('\n'), "{log:?}");
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Whether `time` looks like `2006-01-02T15:04:05.000000Z`.
fn is_timestamp(time: &str) -> bool {
    let shape = time.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(b"0000-00-00T00:00:00.000000Z".iter().copied())
}

#[tokio::test]
async fn each_line_is_what_the_host_parses() {
    let lines = log(&[("TF_LOG", "TRACE")]).await;
    let said: Vec<_> = lines.iter().map(|line| line["@message"].as_str().unwrap()).collect();
    assert_eq!(said, ["asked for the schema", "the provider ends"]);
    for line in &lines {
        let [time, level, module] =
            ["@timestamp", "@level", "@module"].map(|key| line[key].as_str().unwrap());
        assert!(is_timestamp(time), "{line}");
        assert!(["trace", "debug", "info", "warn", "error"].contains(&level), "{line}");
        assert!(["by_hand", "tfplugin_rs.serve.life"].contains(&module), "{line}");
    }
    assert_eq!(lines[0]["tf_rpc"], "GetProviderSchema");
}

#[tokio::test]
async fn the_nearest_variable_decides() {
    let cases: [(&[(&str, &str)], usize); 5] = [
        (&[], 0),
        (&[("TF_LOG", "INFO")], 1),
        (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "INFO")], 1),
        (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "TRACE"), ("TF_LOG_PROVIDER_BYHAND", "OFF")], 0),
        (&[("TF_LOG_PROVIDER_OTHER", "TRACE")], 0),
    ];
    for (variables, expected) in cases {
        assert_eq!(log(variables).await.len(), expected, "{variables:?}");
    }
}
