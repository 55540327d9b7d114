//! Work in flight, held on a line: `byhand_line` of the example.

use crate::host::soon;
use tfplugin_proto::tfplugin6::DynamicValue;
use tfplugin_proto::tfplugin6::apply_resource_change::Request;
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::Channel;

/// Work in flight: an apply of `byhand_line`, and the other end of its line.
pub(crate) struct Line {
    words: Lines<BufReader<TcpStream>>,
    /// The answer to the apply.
    pub(crate) apply: tokio::task::JoinHandle<Result<Vec<String>, tonic::Status>>,
}

impl Line {
    /// Applies, and waits until the work says that it has started.
    pub(crate) async fn start(channel: &Channel) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = serde_json::json!({ "address": listener.local_addr().unwrap().to_string() });
        let planned_state = Some(DynamicValue { json: state.to_string().into_bytes(), ..Default::default() });
        let request = Request { type_name: "byhand_line".to_owned(), planned_state, ..Default::default() };
        let mut client = ProviderClient::new(channel.clone());
        let apply = tokio::spawn(async move {
            let response = client.apply_resource_change(request).await?.into_inner();
            Ok(response.diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect())
        });
        let (stream, _peer) = soon("the line", listener.accept()).await.unwrap();
        let mut line = Self { words: BufReader::new(stream).lines(), apply };
        assert_eq!(line.hear().await.as_deref(), Some("started"));
        line
    }

    /// The next word of the work; `None` if it is no more.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        soon("a word on the line", self.words.next_line()).await.unwrap_or_default()
    }

    /// Tells the work something.
    pub(crate) async fn say(&mut self, word: &str) {
        self.words.get_mut().get_mut().write_all(format!("{word}\n").as_bytes()).await.unwrap();
    }

    /// The diagnostics of the apply.
    pub(crate) async fn answer(self) -> Vec<String> {
        soon("the answer", self.apply).await.unwrap().unwrap()
    }
}
