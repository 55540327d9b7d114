//! Manifests of Argo CD that are not what they should be: the plan reads them, and says so.

use super::{plan_errors, resource};
use gitops_acceptance_tests::Case;
use insta::assert_snapshot;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

/// A ConfigMap, which is a manifest.
const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n";

/// From a file and from a server: missing, with another checksum, cut short, a login page, a YAML bomb, no YAML.
pub fn manifests_that_cannot_be_used(case: &Case) {
    let server = Server::start();
    let file = |name: &str| format!("path = \"{name}\"");
    let zeros = "0".repeat(64);
    let url = |path: &str| format!("url = \"http://{}/{path}\", sha256 = \"{zeros}\"", server.address);
    let sources = [
        ("missing", file("missing.yaml")),
        ("checksum", format!("{}, sha256 = \"{zeros}\"", file("good.yaml"))),
        ("page", file("page.yaml")),
        ("bomb", file("bomb.yaml")),
        ("no_yaml", file("broken.yaml")),
        ("empty", file("empty.yaml")),
        ("no_object", file("list.yaml")),
        ("cut_short", url("short")),
        ("signs_in", url("page")),
        ("not_there", url("nothing")),
        ("changed", url("good")),
        ("open", format!("url = \"http://{}/good\"", server.address)),
    ];
    let blocks: String = sources
        .iter()
        .map(|(name, source)| {
            let lines = format!(
                "  namespace = \"{}\"\n  source = {{ manifest = {{ {source} }} }}",
                name.replace('_', "-")
            );
            resource("bootstrap", name, &lines)
        })
        .collect();
    let mut run = case.blocks(&blocks);
    run.write("good.yaml", MANIFEST)
        .write("page.yaml", PAGE)
        .write("bomb.yaml", &bomb())
        .write("broken.yaml", "apiVersion: v1\nkind: [\n")
        .write("empty.yaml", "---\n# nothing\n")
        .write("list.yaml", "- a\n- b\n");
    let errors = plan_errors(&mut run, &[(&server.address, "server"), (&zeros, "000…")]);
    assert_snapshot!("manifests_that_cannot_be_used", errors);
}

/// Nine anchors, each nine times the one before: a gigabyte from half a kilobyte.
fn bomb() -> String {
    let mut text = "a0: &a0 [\"lol\"]\n".to_owned();
    for level in 1..10 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{nine}]\n"));
    }
    text
}

/// A web server that ends its answers early, or has a page where a file should be.
struct Server {
    address: String,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        // It ends with the tests.
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = [0; 2048];
                let read = stream.read(&mut request).unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                // A client that is gone does not listen.
                let _ = stream.write_all(answer(request.split(' ').nth(1).unwrap_or_default()).as_bytes());
            }
        });
        Self { address }
    }
}

fn answer(path: &str) -> String {
    let found = |kind: &str, length: usize, body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    match path {
        "/good" => found("text/yaml", MANIFEST.len(), MANIFEST),
        "/short" => found("text/yaml", 5000, MANIFEST),
        "/page" => found("text/html", PAGE.len(), PAGE),
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
    }
}
