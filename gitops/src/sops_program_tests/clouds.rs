//! Files for keys of clouds: the real `sops`, and a stand-in for the services, which speaks their wire. A cloud cannot be had
//! here.
//!
//! AWS KMS: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html>. Vault's transit engine:
//! <https://developer.hashicorp.com/vault/api-docs/secret/transit>.

use super::*;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

const AWS_KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const TOKEN: &str = "s.hunter2hunter2";

/// Both services, at one address: they keep what they encrypt, and give it back to whoever shows where it lies.
struct Cloud {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Cloud {
    /// It ends with the tests.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (closed, asked) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (refuses, log) = (closed.clone(), asked.clone());
        thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().flatten() {
                answer(stream, &mut kept, &log, refuses.load(Ordering::SeqCst));
            }
        });
        Self { address, closed, asked }
    }

    /// `sops` with credentials for both.
    fn program(&self) -> SopsProgram {
        [
            ("AWS_ENDPOINT_URL_KMS", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_MAX_ATTEMPTS", "1".to_owned()),
            ("VAULT_TOKEN", TOKEN.to_owned()),
            ("VAULT_MAX_RETRIES", "0".to_owned()),
        ]
        .into_iter()
        .fold(SopsProgram::default(), |program, (name, value)| program.env(name, value))
    }
}

/// Reads one request, and answers it.
fn answer(mut stream: TcpStream, kept: &mut Vec<Value>, log: &Mutex<Vec<String>>, refuses: bool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut what, mut length, mut target, mut token) = (String::new(), 0, String::new(), String::new());
    reader.read_line(&mut what).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => target = value.to_owned(),
            "x-vault-token" => token = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = what.split(' ').nth(1).unwrap_or_default();
    let call = if target.is_empty() { path.to_owned() } else { target };
    log.lock().unwrap().push(call.clone());
    let (status, told) = match refuses {
        true => {
            ("403 Forbidden", json!({"__type": "AccessDeniedException", "message": "no", "errors": ["no"]}))
        }
        false => ("200 OK", reply(&call, &body, &token, kept)),
    };
    let told = told.to_string();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", told.len());
    stream.write_all((head + &told).as_bytes()).unwrap();
}

fn reply(call: &str, body: &Value, token: &str, kept: &mut Vec<Value>) -> Value {
    let mut keep = |text: &Value| {
        kept.push(text.clone());
        kept.len() - 1
    };
    let vault = || assert_eq!(token, TOKEN);
    match call {
        // A blob is bytes in base64, four digits here: three bytes.
        "TrentService.Encrypt" => {
            assert_eq!(body["KeyId"], AWS_KEY);
            json!({"CiphertextBlob": format!("{:04}", keep(&body["Plaintext"])), "KeyId": AWS_KEY})
        }
        "TrentService.Decrypt" => {
            let place: usize = body["CiphertextBlob"].as_str().unwrap().parse().unwrap();
            json!({"Plaintext": kept[place], "KeyId": AWS_KEY})
        }
        "/v1/transit/encrypt/shop" => {
            vault();
            json!({"data": {"ciphertext": format!("vault:v1:{}", keep(&body["plaintext"]))}})
        }
        "/v1/transit/decrypt/shop" => {
            vault();
            let text = body["ciphertext"].as_str().unwrap();
            let place: usize = text.strip_prefix("vault:v1:").unwrap().parse().unwrap();
            json!({"data": {"plaintext": kept[place]}})
        }
        call => panic!("the services are not asked for {call}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_for_clouds_are_written_opened_and_kept() {
    let Some(rig) = Rig::start().await else { return };
    let cloud = Cloud::start();
    let vault = format!("http://{}/v1/transit/keys/shop", cloud.address);
    let rig = Rig { program: cloud.program(), ..rig };
    let keys = [
        (format!("kms: {AWS_KEY}"), "TrentService", format!("AWS KMS {AWS_KEY}")),
        (format!("hc_vault_transit_uri: {vault}"), "/v1/transit", format!("Vault {vault}")),
    ];
    for (key, service, recipient) in keys {
        cloud.closed.store(false, Ordering::SeqCst);
        let config = format!("creation_rules:\n  - path_regex: ^it\\.\n    {key}\n");
        rig.bare.write("secrets/.sops.yaml", &config).unwrap();
        let wanted = rig.wanted(Format::Yaml, "# note\na: hunter2\n", Last::default());
        let made = rig.make(&wanted).await.unwrap().unwrap();
        assert!(!made.content.contains("hunter2"), "{}", made.content);
        assert_eq!(made.last.recipients, [recipient].into());
        assert_eq!(rig.text(&made, Format::Yaml).await, "# note\na: hunter2\n");
        rig.put(&wanted, &made);

        // Nobody is asked for what is as it was; another value is written where the service opens the file.
        let asked = || cloud.asked.lock().unwrap().iter().filter(|call| call.starts_with(service)).count();
        let before = asked();
        let again = rig.wanted(Format::Yaml, "# note\na: hunter2\n", made.last.clone());
        assert_eq!(rig.make(&again).await.unwrap().unwrap().content, made.content);
        assert_eq!(asked(), before);
        let changed = rig.wanted(Format::Yaml, "a: other\n", made.last.clone());
        let changed = rig.make(&changed).await.unwrap().unwrap();
        assert!(rig.text(&changed, Format::Yaml).await.contains("a: other\n"));
        assert!(asked() > before);

        cloud.closed.store(true, Ordering::SeqCst);
        let error = rig.program.decrypt(&task(), &made.content, Format::Yaml).await.err().unwrap();
        let told = crate::error::chain(&error);
        assert!(told.starts_with("`sops` cannot decrypt the file"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        let refused = rig.make(&rig.wanted(Format::Yaml, "a: hunter3\n", Last::default())).await;
        let told = crate::error::chain(refused.err().unwrap().error());
        assert!(told.starts_with("`sops` cannot") && !told.contains("hunter"), "{told}");
    }
}
