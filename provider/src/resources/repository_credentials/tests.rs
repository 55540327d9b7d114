//! What the Secret of a repository shows, and which Secret it is.

use super::known::Known;
use super::*;
use gitops::argo::repository::SecretType;
use gitops::secrets::{Key, object};
use serde_json::json;
use tfplugin_rs::resource::erase;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
const ACCOUNT: &str = r#"{"type": "service_account", "client_email": "argocd@shop.example", "private_key": "-----BEGIN PRIVATE KEY-----"}"#;
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

fn id(url: &str) -> Identity {
    Identity { namespace: "argocd".into(), url: url.into() }
}

fn spec(more: &Json) -> Spec {
    serde_json::from_value(more.clone()).unwrap()
}

/// The Secret as the cluster has it after it was written.
fn written(id: &Identity, spec: &Spec, key: &Key) -> Json {
    let wanted = Wanted {
        namespace: id.namespace.clone(),
        name: Repository::secret_name(&id.url),
        kind: String::new(),
        labels: [(SECRET_TYPE.to_owned(), spec.secret_type.label().to_owned())].into(),
        annotations: Default::default(),
        immutable: false,
        data: data(id, spec).ok().unwrap(),
    };
    object(&wanted, key).into_value()
}

const SHOP: &str = "https://git.example.com/acme/shop.git";

#[test]
fn what_was_written_reads_as_it_was_configured() {
    let key = Key::generate().unwrap();
    let app = json!({"id": 7, "installation_id": 8, "private_key_wo": KEY, "base_url": ""});
    let client = json!({"certificate": CERTIFICATE, "key_wo": KEY});
    let principal = json!({
        "tenant_id": "t", "client_id": "c", "client_secret_wo": "hunter2", "active_directory_endpoint": ""
    });
    let cases = [
        (SHOP, json!({"username": "argocd", "password_wo": "hunter2", "project": "", "insecure": true})),
        (SHOP, json!({"github_app": app, "proxy": "http://proxy.example", "credentials_wo_revision": 3})),
        (SHOP, json!({"tls_client": client, "take_ownership": true, "enable_lfs": true})),
        ("git@git.example.com:acme/shop.git", json!({"ssh_private_key_wo": KEY, "project": "shop"})),
        ("https://git.example.com/acme", json!({"secret_type": "repo-creds", "bearer_token_wo": "hunter2"})),
        ("registry.example.com/charts", json!({"type": "helm", "enable_oci": true, "name": "charts"})),
        ("oci://registry.example.com/shop", json!({"type": "oci"})),
        ("oci://registry.example.com/shop", json!({"type": "oci", "insecure_oci_force_http": true})),
        (SHOP, json!({"depth": 1, "webhook_manifest_cache_warm_disabled": true})),
        (SHOP, json!({"gcp_service_account_key_wo": ACCOUNT})),
        (SHOP, json!({"azure_service_principal": principal, "secret_type": "repo-creds"})),
        ("https://charts.example.com", json!({"use_azure_workload_identity": true, "type": "helm"})),
    ];
    for (url, more) in cases {
        let (id, spec) = (id(url), spec(&more));
        let live = written(&id, &spec, &key);
        let fingerprint = secrets::fingerprint(&key, &data(&id, &spec).ok().unwrap());
        assert_eq!(status_of(&live).fingerprint, fingerprint, "{more}");
        let before = serde_json::to_value(&spec).unwrap();
        let read = serde_json::to_value(spec_of(&live, Some(spec))).unwrap();
        assert_eq!(read, before, "{more}");
        assert!(!read.to_string().contains("hunter2"), "{read}");
    }
}

/// What somebody changed by hand shows: what can be seen in its attribute, what cannot in the fingerprint.
#[test]
fn a_change_by_hand_shows() {
    let key = Key::generate().unwrap();
    let (id, one) = (id(SHOP), spec(&json!({"username": "argocd", "password_wo": "one"})));
    let fingerprint = status_of(&written(&id, &one, &key)).fingerprint;
    let two = spec(&json!({"username": "other", "password_wo": "one", "project": "shop"}));
    let live = written(&id, &two, &key);
    let read = spec_of(&live, Some(one));
    assert_eq!((read.username.as_deref(), read.project.as_deref()), (Some("other"), Some("shop")));
    assert_ne!(status_of(&live).fingerprint, fingerprint);
    let rotated = spec(&json!({"username": "argocd", "password_wo": "two"}));
    assert_ne!(status_of(&written(&id, &rotated, &key)).fingerprint, fingerprint);
    for labels in [json!({}), json!({SECRET_TYPE: "cluster"})] {
        let mut unseen = written(&id, &rotated, &key);
        unseen["metadata"]["labels"] = labels;
        assert_eq!(status_of(&unseen).fingerprint, "", "Argo CD does not find it");
    }
}

/// An import says what it does not keep, and keeps what an older name says.
#[test]
fn what_an_import_leaves_out_is_told() {
    let key = Key::generate().unwrap();
    let (id, one) = (id(SHOP), spec(&json!({"username": "argocd", "password_wo": "one"})));
    let mut live = written(&id, &one, &key);
    assert!(left_out(&Repository::unknown_keys(&live)).is_none());
    live["data"]["insecureIgnoreHostKey"] = json!("dHJ1ZQ==");
    live["data"]["note"] = json!("dHJ1ZQ==");
    assert!(spec_of(&live, None).insecure);
    let warning = left_out(&Repository::unknown_keys(&live)).unwrap();
    insta::assert_snapshot!(format!("{}: {}\n{}", warning.path, warning.summary, warning.detail), @"
    url: The Secret of the repository holds more
    Argo CD 3.5 reads none of these keys, and the next apply removes them:
    - note

    Keep what somebody else needs in a Secret of its own.
    ");
}

fn known(name: &str, ours: bool, project: Option<&str>) -> Known {
    let project = project.map(str::to_owned);
    let repository = Repository { url: SHOP.to_lowercase(), project, ..Repository::default() };
    Known { name: name.into(), ours, repository }
}

#[test]
fn which_secret_it_is() {
    let wanted = Repository { url: SHOP.into(), ..Repository::default() };
    let creds = Repository { secret_type: SecretType::RepoCreds, ..wanted.clone() };
    let of = |before: Option<&str>, take: bool, known: &[Known]| {
        let name = name_among(&id(SHOP), &wanted, before.map(str::to_owned), take, known);
        name.unwrap_or_else(|problem| format!("refused: {}", problem.path))
    };
    let new = Repository::secret_name(SHOP);
    assert_eq!(of(None, false, &[]), new);
    assert_eq!(of(None, false, &[known("theirs", false, Some("web"))]), new, "of another project");
    assert_eq!(of(None, false, &[Known { repository: creds, ..known("creds", false, None) }]), new);
    assert_eq!(of(None, false, &[known("ours", true, None)]), "ours", "made by a run that was killed");
    assert_eq!(of(Some("imported"), true, &[known("imported", false, None)]), "imported");
    assert_eq!(of(None, true, &[known("theirs", false, None)]), "theirs");
    assert_eq!(of(None, false, &[known("theirs", false, None)]), "refused: url");
    assert_eq!(of(None, false, &[known("ours", true, None), known("theirs", false, None)]), "refused: url");
    let two = [known("ours", true, None), known("theirs", false, None)];
    assert_eq!(of(Some("ours"), true, &two), "refused: url", "nothing says which of the two goes");
    let problem = name_among(&id(SHOP), &wanted, None, false, &two[1..]).unwrap_err();
    insta::assert_snapshot!(format!("{}\n{}", problem.summary, problem.detail), @"
    Argo CD knows this repository from somebody else
    It is the Secret `argocd/theirs`. Argo CD takes one of several for the same address, and nobody knows which. Nothing was written. Remove it; or import it, with the id `argocd/https://git.example.com/acme/shop.git`; or set `take_ownership = true`.
    ");
}

#[test]
fn import_ids() {
    let id = RepositoryCredentials::parse_import_id("argocd/git@git.example.com:acme/shop.git").ok().unwrap();
    assert_eq!((id.namespace.as_str(), id.url.as_str()), ("argocd", "git@git.example.com:acme/shop.git"));
    for wrong in ["", "argocd", "argocd/", SHOP] {
        let problem = RepositoryCredentials::parse_import_id(wrong).err().unwrap();
        assert!(problem.detail.contains("argocd/https://git.example.com"), "{wrong}: {}", problem.detail);
    }
}

/// What is wrong is said on the attributes of the resource, and not before all that it depends on is known.
#[test]
fn problems_are_on_attributes() {
    let resource = erase::<RepositoryCredentials>(RepositoryCredentials::KIND).unwrap();
    let refused = |config: Json| {
        let config = resource.upgrade(0, config.to_string().as_bytes()).unwrap();
        let problems = resource.validate(&config);
        problems.iter().map(|problem| problem.path.to_string()).collect::<Vec<_>>()
    };
    let app = json!({"id": 1, "installation_id": 2});
    let config = json!({"namespace": "Argo CD", "url": SHOP, "username": "argocd", "github_app": app});
    assert_eq!(refused(config), ["namespace", "password_wo", "github_app.private_key_wo"]);
    assert_eq!(refused(json!({"url": "shop"})), ["url"]);
}
